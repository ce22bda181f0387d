"""What a run costs: CPU by process, memory, and round trips to the database.

All figures come from /proc and from counting, none from the programs that are measured.
"""

import collections
import os
import pathlib
import socket
import struct
import threading

from harness.desk import children
from harness.killing import role_of

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Of a process and of its children that have ended and were waited for; 0 if it is gone."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICKS


def pss_kib(pid):
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def roles_of(desk):
    """{role: [pid]} of postdeskd and all below it; what says no role is its parent's helper."""
    found = collections.defaultdict(list, {"supervisor": [desk.daemon.pid]})
    for pid, line in children(desk.daemon.pid):
        found[role_of(line) or "other"].append(pid)
    return found


def server_of(servers, pid):
    """dovecot or postgres; the folder that a process works in says which."""
    try:
        place = os.readlink(f"/proc/{pid}/cwd").removeprefix(f"{servers.folder}/")
    except OSError:
        return None
    return {"dovecot": "dovecot", "mail": "dovecot", "pg": "postgres"}.get(place.split("/")[0])


class Costs:
    """CPU seconds by name between begin() and now."""

    def __init__(self, servers, desk, others):
        self.servers = servers
        self.desk = desk
        self.others = others  # {name: pid}
        self.before = collections.Counter()
        self.before = self.now()

    def now(self):
        spent = collections.Counter()
        for pid in self.servers.processes():
            name = server_of(self.servers, pid)
            if name:
                spent[name] += cpu_seconds(pid)
        for name, pid in self.others.items():
            spent[name] += cpu_seconds(pid)
        if self.desk.daemon:
            for role, pids in roles_of(self.desk).items():
                spent[role] += sum(map(cpu_seconds, pids))
        return {name: seconds - self.before.get(name, 0) for name, seconds in spent.items()}


class Proxy:
    """Between us and PostgreSQL's socket: counts how often a client waits for an answer.

    One Query, or one Sync, which ends a pipeline, is one round trip (the protocol's messages are a
    type byte and a length; the first message of a connection has no type byte).
    """

    def __init__(self, real, folder):
        self.real = real
        self.round_trips = 0
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.listener.bind(str(folder / ".s.PGSQL.5432"))
        self.listener.listen(50)
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.real)
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source, target, is_from_client):
        pending, is_first = b"", True
        try:
            while data := source.recv(65536):
                target.sendall(data)
                if is_from_client:
                    pending, is_first = self.count(pending + data, is_first)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, data, is_first):
        """Gives back what is left of the last message, and whether the start-up is still to come."""
        while True:
            head = 4 if is_first else 5
            if len(data) < head:
                return data, is_first
            length = struct.unpack(">I", data[head - 4:head])[0] + head - 4
            if len(data) < length:
                return data, is_first
            if not is_first and data[:1] in b"QS":
                with self.lock:
                    self.round_trips += 1
            # requests for TLS or GSS come before the real start-up and have no type byte either
            is_first = is_first and data[4:8] in (b"\x04\xd2\x16/", b"\x04\xd2\x160")
            data = data[length:]
