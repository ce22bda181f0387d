"""A service unit without systemd: what it says of system calls, credentials and commands, done by hand.

For tests of the installed daemon on machines where no systemd runs. The filter is the unit's own list, as `systemd-analyze
syscall-filter` expands it, with one difference: what the unit refuses with an error ends the process here, so that a
test cannot miss it. The namespaces and mounts of the unit are not made.
"""

import ctypes
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile

from harness.waiting import wait_for

PR_SET_PDEATHSIG = 1
ACT_KILL_PROCESS, ACT_ALLOW = 0x80000000, 0x7FFF0000
EQ, MASKED_EQ, NE = 4, 7, 1  # of scmp_compare
FILTER_OPTIMIZE = 8  # SCMP_FLTATR_CTL_OPTIMIZE
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10}
EAFNOSUPPORT = 97
SANITIZERS = ("ptrace",)  # the leak sanitizer looks at its own process


class Compare(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


def expand(words):
    """The system calls that names and @groups mean."""
    text = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], check=True, text=True,
                          capture_output=True).stdout
    groups, current = {}, []
    for line in text.splitlines():
        line = re.sub(r"\x1b\[[0-9;]*m", "", line)
        if line.startswith("@"):
            current = groups.setdefault(line.strip(), [])
        elif line.startswith("    ") and not line.lstrip().startswith("#"):
            current.append(line.strip())

    def all_of(word):
        if word.startswith("@"):
            return set().union(*(all_of(inner) for inner in groups[word]))
        return {word}
    return set().union(*(all_of(word) for word in words))


class Unit:
    """A unit file. settings: {name: [value, …]}, an empty value forgets those before it, as in systemd."""

    def __init__(self, path):
        self.settings = {}
        for line in pathlib.Path(path).read_text().splitlines():
            name, is_setting, value = line.partition("=")
            if is_setting and not line.startswith(("#", ";")):
                self.settings.setdefault(name.strip(), []).append(value.strip())

    def one(self, name):
        return self.settings[name][-1]

    def allowed(self):
        calls = set()
        for line in self.settings["SystemCallFilter"]:
            words = line.removeprefix("~").split()
            calls = calls - expand(words) if line.startswith("~") else calls | expand(words)
        return calls

    def filter(self, extra=()):
        return Filter(self.allowed() | set(extra), self.one("RestrictAddressFamilies").split())


class Filter:
    """A system-call filter, made now and loaded by load(), in a process that is about to become another program."""

    def __init__(self, calls, families):
        self.library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self.library.seccomp_init.restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(ACT_KILL_PROCESS)))
        self.library.seccomp_attr_set(self.context, FILTER_OPTIMIZE, 2)
        for call in sorted(calls - {"mmap", "mprotect", "pkey_mprotect", "shmat", "socket", "clone", "clone3"}):
            self.allow(call)
        for part in (0, PROT_WRITE, PROT_EXEC):  # MemoryDenyWriteExecute
            self.allow("mmap", Compare(2, MASKED_EQ, PROT_WRITE | PROT_EXEC, part))
        for call in ("mprotect", "pkey_mprotect"):
            self.allow(call, Compare(2, MASKED_EQ, PROT_EXEC, 0))
        self.allow("shmat", Compare(2, MASKED_EQ, SHM_EXEC, 0))
        self.allow("clone", Compare(0, MASKED_EQ, NAMESPACES, 0))  # RestrictNamespaces
        self.rule(0x00050000 | 38, "clone3")  # its flags cannot be seen: ENOSYS, as systemd does
        numbers = [FAMILIES[name] for name in families]
        for number in numbers:
            self.allow("socket", Compare(0, EQ, number, 0))
        for number in set(range(46)) - set(numbers):  # an error, for the C library asks AF_NETLINK and does without
            self.rule(0x00050000 | EAFNOSUPPORT, "socket", Compare(0, EQ, number, 0))

    def allow(self, call, *compare):
        self.rule(ACT_ALLOW, call, *compare)

    def rule(self, action, call, *compare):
        number = self.library.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # none of this machine's
        array = (Compare * max(len(compare), 1))(*compare)
        code = self.library.seccomp_rule_add_array(self.context, ctypes.c_uint32(action), number,
                                                   len(compare), array)
        if code < 0:
            raise OSError(-code, f"no rule for {call}")

    def load(self):
        code = self.library.seccomp_load(self.context)
        if code < 0:
            raise OSError(-code, "the filter cannot be loaded")


class Service:
    """postdeskd as its unit says. root: the folder where the package is installed; user: who it runs as, with root as "/"
    (root needed); edit: what to change in a command or path, for a place that is not the real one."""

    def __init__(self, unit, root, user=None, edit=None, environment=None, extra=()):
        self.unit = Unit(unit)
        self.root = pathlib.Path(root)
        self.user = user
        self.edit = edit or (lambda text: text)
        self.filter = self.unit.filter(extra)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pd-unit-", dir=self.root / "run" if user else None))
        self.folder.chmod(0o755)
        self.environment = {"PATH": os.environ["PATH"], **(environment or {})}
        self.ear = None
        self.process = None
        self.heard = []

    # ---- what systemd does before it starts something ----------------------------------------

    def inside(self, path):
        """How the daemon sees a path of ours."""
        return f"/{path.relative_to(self.root)}" if self.user else str(path)

    def hand_over_credentials(self):
        """A file each; of a folder, each with the folder's name in front."""
        place = self.folder / "credentials"
        place.mkdir()
        for line in self.unit.settings["LoadCredential"]:
            name, _, path = line.partition(":")
            source = pathlib.Path(f"{self.root}{path}" if self.user else self.edit(path))
            files = {f"{name}_{entry.name}": entry for entry in source.iterdir()} if source.is_dir() else {name: source}
            for target, entry in files.items():
                (place / target).write_bytes(entry.read_bytes())
                (place / target).chmod(0o400)
                self.give(place / target)
        place.chmod(0o500)
        self.give(place)
        self.environment["CREDENTIALS_DIRECTORY"] = self.inside(place)

    def give(self, path):
        if self.user:
            os.chown(path, *self.user)

    def listen(self):
        path = self.folder / "notify"
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(path))
        self.give(path)
        self.ear.settimeout(0.05)
        self.environment["NOTIFY_SOCKET"] = self.inside(path)
        self.environment["WATCHDOG_USEC"] = str(int(self.unit.one("WatchdogSec").removesuffix("s")) * 1000000)

    def enter(self):
        """In the child: everything that the unit takes away."""
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if self.user:
            os.chroot(self.root)
            os.chdir("/")
            os.setgroups([])
            os.setgid(self.user[1])
            os.setuid(self.user[0])
        os.umask(int(self.unit.one("UMask"), 8))
        self.filter.load()

    def popen(self, command, output):
        return subprocess.Popen(shlex.split(self.edit(command)), stdin=subprocess.DEVNULL, stdout=output,
                                stderr=output, preexec_fn=self.enter, env=self.environment,
                                start_new_session=True)

    # ---- what an admin asks for ---------------------------------------------------------------

    @property
    def log_path(self):
        return self.folder / "log"

    def start(self, seconds=60):
        self.hand_over_credentials()
        self.listen()
        with self.log_path.open("ab") as log:
            for command in self.unit.settings["ExecStartPre"]:
                code = self.popen(command.removeprefix("-"), log).wait(seconds)
                if code != 0 and not command.startswith("-"):
                    raise AssertionError(f"{command}: {code}\n{self.log_path.read_text()}")
            self.process = self.popen(self.unit.one("ExecStart"), log)
        wait_for("the daemon to be ready", lambda: self.says("READY=1"), seconds)

    def says(self, what):
        """Has it told systemd something that begins so (a pattern)?"""
        while True:
            try:
                self.heard += self.ear.recv(8192).decode().split("\n")
            except TimeoutError:
                break
        if self.process.poll() is not None:
            raise AssertionError(f"postdeskd ended with {self.process.returncode}:\n{self.log_path.read_text()[-4000:]}")
        return any(re.match(what, line) for line in self.heard)

    def reload(self):
        """The exit code of `systemctl reload`; the first command that fails ends it."""
        for command in self.unit.settings["ExecReload"]:
            if "$MAINPID" in command:
                self.process.send_signal(signal.SIGHUP)
                continue
            with self.log_path.open("ab") as log:
                code = self.popen(command, log).wait(60)
            if code != 0:
                return code
        return 0

    def stop(self, seconds=15):
        """The exit code; -9 if it had to be killed."""
        if self.process is None:
            return 0
        self.process.terminate()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()
        finally:
            self.process = None
            self.ear.close()

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)
