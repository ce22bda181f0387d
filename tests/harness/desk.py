"""A desk on private servers: its configuration, its people, postdeskd and the command line.

    with Servers() as servers, Desk(servers, build) as desk:
        send(servers, Mail(sender="anna@acme.example", to=desk.address, subject="Printer"))
        wait_for("the ticket", lambda: desk.rows("select * from ticket"))

Demo, tests, fault tests and bench have the same sample people (PEOPLE). Where the programs were built
with sanitizers, a finding of theirs fails the desk's stop().
"""

import ctypes
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

from harness.database import Database, DatabaseError
from harness.waiting import wait_for

CUSTOMERS = [("Acme GmbH", ["acme.example"]), ("Other Ltd", ["other.test"])]
CONTACTS = [("anna@acme.example", "Anna Meyer"), ("max@acme.example", "Max Roth"),
            ("carl@other.test", "Carl Jones")]
TECHNICIANS = [("ben@desk.example", "Ben Huber"), ("tara@desk.example", "Tara Novak")]
ADDRESS = "support@desk.example"
STOP_SECONDS = 10
PR_SET_PDEATHSIG = 1


class DeskError(RuntimeError):
    """A call of the command line failed; the text is what it said, code its exit code."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


def program(build, name):
    """Where meson put a program: it may stand in the folder of its source."""
    build = pathlib.Path(build)
    for path in (build / name, *build.glob(f"*/*/{name}")):
        if path.is_file() and os.access(path, os.X_OK):
            return path
    raise DeskError(f"{build}: no program {name}; build it first")


def die_with_parent():
    """Not even kill -9 of a test leaves its daemon behind."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Desk:
    address = ADDRESS

    def __init__(self, servers, build, folder=None, settings=None, dies_with_us=True):
        self.servers = servers
        self.build = pathlib.Path(build)
        self.is_scratch = folder is None
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="pd-desk-"))
        # with one sender, mails to one person come in the order in which they were queued
        self.settings = {"poll": "200ms", "restart": "50ms", "senders": "1", **(settings or {})}
        self.dies_with_us = dies_with_us
        self.filter = None
        self.daemon = None
        self.database = None  # opened by the first question

    def __enter__(self):
        self.configure()
        self.create()
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.remove()

    # ---- files ------------------------------------------------------------------------------

    @property
    def config_path(self):
        return self.folder / "postdesk.conf"

    @property
    def log_path(self):
        return self.folder / "postdeskd.log"

    def configure(self):
        secrets = self.folder / "secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        secrets.chmod(0o700)
        self.write_secret("support", self.servers.password)
        lines = [f'database "{self.servers.pg}"', f'secrets-dir "{secrets}"',
                 f'ca-file "{self.servers.ca}"']
        lines += [f"{name} {value}" for name, value in self.settings.items()]
        self.config_path.write_text("\n".join(lines) + "\n")

    def write_secret(self, name, value):
        path = self.folder / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(value + "\n")

    def remove(self):
        """Only a folder that we made ourselves."""
        if self.database:
            self.database.close()
        if self.is_scratch:
            shutil.rmtree(self.folder, ignore_errors=True)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # ---- the command line -------------------------------------------------------------------

    def command(self, *arguments):
        return [str(program(self.build, "postdesk")), "--config", str(self.config_path),
                *map(str, arguments)]

    def run(self, *arguments, stdin=None):
        """A CompletedProcess, whatever the exit code."""
        return subprocess.run(self.command(*arguments), input=stdin, capture_output=True, text=True,
                              env=self.environment(), timeout=120)

    def postdesk(self, *arguments, stdin=None):
        """What the command printed; DeskError if it failed."""
        done = self.run(*arguments, stdin=stdin)
        if done.returncode != 0:
            text = done.stderr.strip() or done.stdout.strip()
            raise DeskError(f"postdesk {' '.join(map(str, arguments))}: {text}", done.returncode)
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.postdesk(*arguments, "--json"))

    def environment(self):
        """Sanitizers must fail a test, not only write to a log that nobody reads."""
        return {**os.environ,
                "ASAN_OPTIONS": f"abort_on_error=1:log_path={self.folder}/sanitizer",
                "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:log_path={self.folder}/sanitizer"}

    # ---- the database -----------------------------------------------------------------------

    def rows(self, query, *values):
        """A query's rows as dicts. Values stand as :'v1', :'v2', … in the query."""
        return json.loads(self.sql(f"select coalesce(json_agg(r), '[]') from ({query}) r", *values))

    def value(self, query, *values):
        """The one value of a query of one row and column."""
        (row,) = self.rows(query, *values)
        (value,) = row.values()
        return value

    def sql(self, statement, *values):
        self.database = self.database or Database(self.servers.pg)
        try:
            return self.database.ask(statement, *values)
        except DatabaseError as error:
            raise DeskError(str(error)) from None

    # ---- setting up -------------------------------------------------------------------------

    def create(self):
        """The tables, the sample people and the mailbox."""
        self.postdesk("migrate")
        for name, domains in CUSTOMERS:
            options = [part for domain in domains for part in ("--domain", domain)]
            self.postdesk("customer", "add", name, *options)
        for address, name in CONTACTS:
            self.postdesk("contact", "add", address, "--name", name)
        for address, name in TECHNICIANS:
            self.postdesk("technician", "add", address, "--name", name)
        self.add_mailbox()

    def add_mailbox(self, address=ADDRESS, *options):
        user = urllib.parse.quote(address, safe="")
        host = self.servers.host
        self.postdesk("mailbox", "add", address, "--name", "Desk",
                      "--imap", f"imaps://{user}@{host}:{self.servers.imaps}",
                      "--smtp", self.smtp_url(address),
                      "--secret", "support", "--trust", f"authserv-id:{self.servers.authserv}",
                      "--own-host", "imap.desk.example", *options)

    def smtp_url(self, address):
        """Where a mailbox's mail leaves."""
        user = urllib.parse.quote(address, safe="")
        return f"smtps://{user}@{self.servers.host}:{self.servers.submissions}"

    def lift_limits(self):
        """For tests and bench that send more than people do."""
        for name in ("address-hour", "address-day", "domain-hour", "ticket-hour", "sender-tickets",
                     "strangers-tickets"):
            self.postdesk("setting", "set", f"limit-{name}", "0")

    # ---- postdeskd --------------------------------------------------------------------------

    def confine(self, call_filter):
        """From the next start on postdeskd runs under this filter (harness.unit)."""
        self.filter = call_filter

    def before_exec(self):
        """In the child that becomes postdeskd."""
        if self.dies_with_us:
            die_with_parent()
        if self.filter is not None:
            self.filter.load()

    def start(self, **environment):
        with self.log_path.open("ab") as log:
            self.daemon = subprocess.Popen(
                [program(self.build, "postdeskd"), "--config", self.config_path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                env={**self.environment(), **environment}, preexec_fn=self.before_exec)

    def stop(self):
        """SIGTERM; an AssertionError if it takes too long or a sanitizer has found something."""
        if self.daemon is None:
            return
        daemon, self.daemon = self.daemon, None
        daemon.terminate()
        try:
            daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()
            raise AssertionError(f"postdeskd did not end within {STOP_SECONDS} s of SIGTERM") from None
        assert daemon.returncode == 0, f"postdeskd ended with {daemon.returncode}"
        self.check_sanitizers()

    def check_sanitizers(self):
        for path in sorted(self.folder.glob("sanitizer.*")):
            raise AssertionError(f"{path.name}:\n{path.read_text(errors='replace')[:4000]}")

    def restart(self, **environment):
        self.stop()
        self.start(**environment)

    # ---- what tests wait for ----------------------------------------------------------------

    def settled(self):
        """Nothing waits: no mail to decide on, none to move, none to send."""
        return self.value("""
            select not exists (select from inbound_mail where state = 'received')
               and not exists (select from inbound_mail i join mailbox m on m.id = i.mailbox
                               where i.moved_at is null and m.after_fetch = 'move')
               and not exists (select from outbound_mail where state = 'queued')""")

    def wait_decided(self, message_id, seconds=20.0):
        """The row of inbound_mail for a Message-ID (with or without brackets), once it is decided."""
        return wait_for(f"a decision on {message_id}", lambda: self.decided(message_id), seconds)

    def decided(self, message_id):
        found = self.rows("""
            select id, state, outcome, role, ticket, comment, sender, duplicate_of, subject,
                   where_reasons, who_reasons, may_reasons
              from inbound_mail where message_id = :'v1' and state <> 'received' order by id""",
                          message_id.strip("<>"))
        return found[0] if found else None


def children(pid):
    """[(pid, "NAME: COMMAND LINE")] of all descendants."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            line = (path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            name = (path.parent / "comm").read_text().strip()
        except (OSError, IndexError):
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [(child, f"{name}: {line}"), *children(child)]
    return found
