"""A desk without a daemon, for tests of the command line."""

import atexit
import os
import pty
import subprocess
import unittest

from harness.database import Database, DatabaseError
from harness.desk import Desk
from harness.servers import Servers


class CliTest(unittest.TestCase):
    """One set of servers a file; a fresh database and config for each test."""

    servers = None

    @classmethod
    def setUpClass(cls):
        if CliTest.servers is None:
            CliTest.servers = Servers()
            atexit.register(CliTest.servers.__exit__)
            CliTest.servers.__enter__()

    def setUp(self):
        self.desk = Desk(self.servers, os.environ["POSTDESK_BUILD"])
        self.addCleanup(self.desk.remove)
        self.desk.configure()
        name = f"cli_{self.id().rpartition('.')[2]}"[:60]
        self.desk.sql(f"drop database if exists {name} with (force)")
        self.desk.sql(f"create database {name}")
        server = self.servers.pg
        self.servers_pg = server
        self.database = server.replace("/postgres?", f"/{name}?")
        self.assertNotEqual(self.database, server)
        self.session = Database(self.database)
        self.addCleanup(self.session.close)
        text = self.desk.config_path.read_text().replace(server, self.database)
        self.desk.config_path.write_text(text)

    def tearDown(self):
        self.desk.check_sanitizers()

    def ok(self, *arguments, stdin=None):
        """What a command printed that has to succeed."""
        done = self.desk.run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stdout}{done.stderr}")
        self.assertEqual(done.stderr, "", arguments)
        return done.stdout

    def fails(self, code, *arguments, says="", hints="", stdin=None):
        """A command that has to fail with this exit code and say this."""
        done = self.desk.run(*arguments, stdin=stdin)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}")
        first = done.stderr.split("\n", 1)[0]
        self.assertTrue(first.startswith("error: "), f"{arguments}: {done.stderr!r}")
        self.assertIn(says, done.stderr, arguments)
        if hints:
            self.assertRegex(done.stderr, rf"(?m)^hint: .*{hints}", arguments)
        return done.stderr

    def json(self, *arguments):
        return self.desk.json(*arguments)

    def sql(self, statement, *values):
        """On this test's database."""
        try:
            return self.session.ask(statement, *values)
        except DatabaseError as error:
            self.fail(str(error))

    def on_terminal(self, columns, *arguments, **environment):
        """What a command prints on a terminal of so many columns."""
        leader, follower = pty.openpty()
        subprocess.run(["stty", "cols", str(columns)], stdin=follower, check=True)
        with subprocess.Popen(self.desk.command(*arguments), stdout=follower, stdin=follower,
                              env={**self.desk.environment(), "PAGER": "cat", **environment}) as process:
            os.close(follower)
            text = b""
            while True:
                try:
                    part = os.read(leader, 65536)
                except OSError:  # the terminal's other end is closed
                    break
                if not part:
                    break
                text += part
            process.wait()
        os.close(leader)
        self.assertEqual(process.returncode, 0, text)
        return text.decode().replace("\r\n", "\n")
