"""tests/servers as an object: `with Servers() as servers:`.

The scratch folder is a new one below $TMPDIR unless a folder is given. The servers are told to end
when this process does (--owner), so that not even kill -9 of a test run leaves one behind.
"""

import contextlib
import imaplib
import os
import pathlib
import shutil
import ssl
import subprocess
import tempfile

from harness.database import Database
from harness.waiting import wait_for

SCRIPT = pathlib.Path(__file__).resolve().parent.parent / "servers" / "servers"


class ServersError(RuntimeError):
    pass


class Servers:
    """Ports are ints: smtp, submission, submissions, imap, imaps, lmtp. pg is a connection string."""

    def __init__(self, folder=None, options=(), owned=True):
        self.is_scratch = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="postdesk-e2e-"))
        self.options = list(options)
        if owned:
            self.options += ["--owner", str(os.getpid())]
        if "POSTDESK_CLUSTER" in os.environ:  # harness.suite makes one for all
            self.options += ["--cluster", os.environ["POSTDESK_CLUSTER"]]
        self.env = {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
        self.remove()

    def start(self):
        self.call("start", *self.options, self.folder)
        return self.read_env()

    def stop(self):
        self.call("stop", self.folder)

    def remove(self):
        """Only a folder that we made ourselves."""
        if self.is_scratch:
            shutil.rmtree(self.folder, ignore_errors=True)

    def add_user(self, *addresses):
        """Mailboxes for these addresses, where there are none. Waits until Dovecot knows of them: it
        reads its list only once a second, and would refuse a mail that comes earlier."""
        known = (self.folder / "users").read_text()
        new = [address for address in addresses if f"{address}:" not in known]
        if new:
            self.call("add-user", self.folder, *new)
            wait_for(f"the mailbox of {new[-1]}", lambda: self.has_user(new[-1]), 5)

    def has_user(self, address):
        """Does the mail server let this user in?"""
        context = ssl.create_default_context(cafile=self.ca)
        session = imaplib.IMAP4_SSL(self.host, self.imaps, ssl_context=context, timeout=20)
        try:
            return session.login(address, self.password)
        except imaplib.IMAP4.error:
            return None
        finally:
            session.shutdown()

    def is_mail_on_its_way(self):
        """Is there mail that Postfix has taken and not delivered yet, and that it does not keep for later?"""
        queue = self.folder / "queue"
        return any(any((queue / part).iterdir()) for part in ("maildrop", "incoming", "active"))

    def begin_anew(self):
        """No mail and no desk, as after the start; Postfix and Dovecot know no difference."""
        wait_for("mail to be delivered", lambda: not self.is_mail_on_its_way())
        for domain in (self.folder / "mail").iterdir():
            shutil.rmtree(domain)
        with contextlib.closing(Database(self.pg)) as database:
            database.ask("drop schema public cascade; create schema public; grant usage on schema public to public")

    def kill_postgres(self):
        self.call("kill-postgres", self.folder)

    def start_postgres(self):
        self.call("start-postgres", self.folder)

    def call(self, *arguments):
        """Only their standard error is read: the servers inherit nothing else."""
        done = subprocess.run([SCRIPT, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise ServersError(done.stderr.strip() or f"servers {arguments[0]} failed")

    def read_env(self):
        """DIR/env: lines NAME=VALUE or NAME='VALUE', then an export."""
        for line in (self.folder / "env").read_text().splitlines():
            name, is_setting, value = line.partition("=")
            if is_setting and name.startswith("SRV_"):
                self.env[name[4:].lower()] = value.strip("'")
        return self

    def __getattr__(self, name):
        """servers.smtp, servers.imaps, servers.pg, servers.ca, …: what DIR/env says."""
        try:
            value = self.__dict__["env"][name]
        except KeyError:
            raise AttributeError(name) from None
        return int(value) if value.isdigit() else value

    def log(self, name):
        """The text of DIR/log/NAME; empty where there is none."""
        path = self.folder / "log" / name
        return path.read_text(errors="replace") if path.exists() else ""

    def processes(self):
        """The pids of all processes that work below the folder (zombies have no place to work)."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                place = os.readlink(entry / "cwd")
            except OSError:
                continue
            if place == str(self.folder) or place.startswith(f"{self.folder}/"):
                found.append(int(entry.name))
        return found
