"""A role of the daemon on private servers, without the daemon: for the tests beside this file."""

import os
import pathlib
import re
import signal
import subprocess
import unittest

from harness.desk import Desk, die_with_parent
from harness.mail import imap_session
from harness.servers import Servers
from harness.waiting import wait_for

SETTINGS = {"poll": "50ms", "restart": "50ms", "log-level": "debug"}
SECRET = "secret"


class Role:
    """A process that runs one role; stop() fails the test on a bad end or a sanitizer's word."""

    def __init__(self, desk, *arguments, config=None, pass_fds=(), **environment):
        program = desk.build / "tests" / "gateway" / "gateway_role"
        self.desk = desk
        self.log_path = desk.folder / f"role-{os.urandom(4).hex()}.log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [program, config or desk.config_path, *map(str, arguments)], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, pass_fds=pass_fds, preexec_fn=die_with_parent,
                env={**desk.environment(), **environment})

    def log(self):
        return self.log_path.read_text(errors="replace")

    def events(self, name):
        return re.findall(rf"event={re.escape(name)}(?: .*)?$", self.log(), re.M)

    def wait_event(self, name, seconds=15.0):
        return wait_for(f"{name} in the log of the role", lambda: self.events(name), seconds)[0]

    def is_running(self):
        return self.process.poll() is None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait_killed(self, seconds=20.0):
        """It kills itself at a fault point."""
        code = self.process.wait(seconds)
        assert code == -signal.SIGKILL, f"ended with {code}:\n{self.log()}"

    def stop(self, code=0):
        self.process.terminate()
        got = self.process.wait(10)
        assert got == code, f"ended with {got}:\n{self.log()}"
        self.desk.check_sanitizers()

    def end(self):
        if self.is_running():
            self.kill()


class RoleTest(unittest.TestCase):
    """One set of servers and one database a class; each test makes mailboxes of its own."""

    @classmethod
    def setUpClass(cls):
        cls.servers = Servers(options=["--durable"]).start()  # what was committed outlives its death
        cls.addClassCleanup(cls.close_servers)
        cls.desk = Desk(cls.servers, pathlib.Path(os.environ["POSTDESK_BUILD"]), settings=SETTINGS)
        cls.addClassCleanup(cls.desk.remove)
        cls.desk.configure()
        cls.desk.write_secret("support", SECRET)
        Role(cls.desk, "migrate").process.wait(30)
        cls.count = 0

    @classmethod
    def close_servers(cls):
        cls.servers.stop()
        cls.servers.remove()

    def run(self, result=None):
        """Whoever reads of a failure wants to know what the roles said."""
        self.roles = []
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for role in self.roles:
                print(f"---- {self.id()}: {role.log_path.name}", *role.log().splitlines()[-25:], sep="\n")

    def role(self, *arguments, **environment):
        role = Role(self.desk, *arguments, **environment)
        self.roles.append(role)
        self.addCleanup(role.end)
        return role

    def other_config(self, **settings):
        """A config file beside the desk's own, in which these are different."""
        lines = self.desk.config_path.read_text().splitlines()
        kept = [line for line in lines if line.split()[0] not in settings]
        path = self.desk.folder / f"other-{os.urandom(4).hex()}.conf"
        path.write_text("\n".join([*kept, *(f"{key} {value}" for key, value in settings.items())]) + "\n")
        return path

    def mailbox(self, port=None, secret="support", taken_from=None):
        """(id, address) of a new mailbox; everyone at any.example exists at the servers."""
        type(self).count += 1
        address = f"box{self.count}-{os.getpid()}@any.example"
        made = int(self.desk.sql("""
            insert into mailbox (address, name, imap_host, imap_port, imap_user, imap_security,
                                 smtp_host, smtp_port, smtp_security, secret, taken_from)
            values (:'v1', 'Desk', '127.0.0.1', :'v2', :'v1', 'tls', '127.0.0.1', 1, 'tls', :'v3',
                    nullif(:'v4', '')::timestamptz) returning id""",
            address, port or self.servers.imaps, secret, taken_from or ""))
        return made, address

    def append(self, address, *raws, date=None, folder="INBOX"):
        """Into the folder itself, past SMTP; as fast as Dovecot writes files."""
        with imap_session(self.servers, address) as session:
            for raw in raws:
                answer = session.append(folder, None, date, raw)
                assert answer[0] == "OK", answer

    def rows(self, mailbox, columns="*"):
        return self.desk.rows(f"select {columns} from inbound_mail where mailbox = :'v1' order by id",
                              mailbox)

    def wait_rows(self, mailbox, count, seconds=20.0):
        def enough():
            rows = self.rows(mailbox, "id, uid, uidvalidity, bytes, raw_complete, moved_at,"
                                      " moved_folder, moved_uid")
            assert len(rows) == count, f"{len(rows)} rows"
            assert all(row["moved_at"] for row in rows), "not all are moved"
            return rows
        return wait_for(f"{count} rows", enough, seconds)

    def fetched(self, mailbox):
        return self.desk.value("select coalesce(sum(fetched), 0) from mailbox_folder"
                               " where mailbox = :'v1'", mailbox)
