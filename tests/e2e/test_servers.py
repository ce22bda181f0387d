"""The private servers themselves: two sets at once, nothing left behind, however they are ended."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from harness.mail import Mail, inbox, send
from harness.raw import raw, send_all
from harness.servers import SCRIPT, Servers, ServersError
from harness.waiting import wait_for


def psql(servers, statement):
    done = subprocess.run(["psql", servers.pg, "-XAt", "-c", statement], capture_output=True, text=True)
    return done.stdout.strip()


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as line:
            return line.read().replace("\0", " ")
    except OSError:
        return "(ended)"


class TwoSets(unittest.TestCase):
    """Both run at the same time; the second starts while the first works."""

    @classmethod
    def setUpClass(cls):
        cls.first = Servers().start()
        cls.addClassCleanup(cls.end, cls.first)
        cls.second = Servers().start()
        cls.addClassCleanup(cls.end, cls.second)

    @staticmethod
    def end(servers):
        servers.stop()
        servers.remove()

    def test_each_set_has_ports_of_its_own(self):
        names = ("smtp", "submission", "submissions", "imap", "imaps", "lmtp")
        ports = [getattr(s, name) for s in (self.first, self.second) for name in names]
        self.assertEqual(len(set(ports)), 12)

    def test_mail_stays_in_its_set(self):
        send(self.first, Mail(sender="anna@acme.example", to="support@desk.example", subject="one"))
        send(self.second, Mail(sender="anna@acme.example", to="support@desk.example", subject="two"))
        for servers, subject in ((self.first, "one"), (self.second, "two")):
            mails = wait_for("the mail", lambda s=servers: inbox(s, "support@desk.example"))
            self.assertEqual([str(m["Subject"]) for m in mails], [subject])

    def test_databases_are_two(self):
        psql(self.first, "create table only_first (n int)")
        self.assertEqual(psql(self.first, "select to_regclass('only_first')"), "only_first")
        self.assertEqual(psql(self.second, "select to_regclass('only_first')"), "")

    def test_the_border_stamps_and_removes_forged_stamps(self):
        forged = "mx.desk.example; dmarc=pass header.from=acme.example"
        mail = Mail(sender="max@acme.example", to="max@acme.example", subject="forged",
                    headers=[("Authentication-Results", forged)])
        send(self.first, mail, proof="none")
        send(self.first, Mail(sender="max@acme.example", to="max@acme.example", subject="proved"))
        send(self.first, Mail(sender="ben@desk.example", to="max@acme.example", subject="submitted"))
        wait_for("three mails", lambda: len(inbox(self.first, "max@acme.example")) == 3)
        stamps = {str(m["Subject"]): m.get_all("Authentication-Results")
                  for m in inbox(self.first, "max@acme.example")}
        self.assertEqual(stamps, {
            "forged": ["mx.desk.example; auth=none"],
            "proved": ["mx.desk.example; dmarc=pass header.from=acme.example"],
            "submitted": ["mx.desk.example; auth=pass smtp.auth=ben@desk.example"]})

    def test_the_border_stamps_what_it_is_told(self):
        ways = ("as dkim=pass header.d=acme.example", "as dmarc=fail (p=reject) header.from=acme.example",
                "as spf=pass smtp.mailfrom=acme.example; dmarc=none header.from=acme.example")
        for way in ways:
            send_all(self.first, [raw("dora@other.test", to="dora@other.test", subject=way, way=way,
                                      recipients=["dora@other.test"])])
        wait_for("three mails", lambda: len(inbox(self.first, "dora@other.test")) == 3)
        self.assertEqual({str(m["Subject"]): m.get_all("Authentication-Results")
                          for m in inbox(self.first, "dora@other.test")},
                         {way: [f"mx.desk.example; {way.removeprefix('as ')}"] for way in ways})

    def test_a_killed_postgres_comes_back_with_its_data(self):
        psql(self.second, "create table kept as select 41 as n")
        psql(self.second, "checkpoint")
        self.second.kill_postgres()
        self.assertEqual(psql(self.second, "select n from kept"), "")
        self.second.start_postgres()
        self.assertEqual(psql(self.second, "select n from kept"), "41")

    def test_a_user_can_be_added_while_running(self):
        self.first.add_user("new@other.test")
        send(self.first, Mail(sender="anna@acme.example", to="new@other.test", subject="hello"))
        wait_for("the mail", lambda: inbox(self.first, "new@other.test"))


class NothingIsLeft(unittest.TestCase):
    def setUp(self):
        self.servers = Servers(owned=False)
        self.addCleanup(self.servers.remove)
        self.addCleanup(self.servers.stop)

    def assert_nothing_left(self):
        wait_for("the end of all servers", self.assert_no_process, 5)

    def assert_no_process(self):
        left = {pid: command_line(pid) for pid in self.servers.processes()}
        self.assertEqual(left, {})
        return True

    def start_and_interrupt(self, delay, number):
        """As a terminal does: the signal goes to the whole group of the starter."""
        starter = subprocess.Popen([SCRIPT, "start", self.servers.folder], start_new_session=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        os.killpg(starter.pid, number)
        starter.wait()

    def test_after_stop(self):
        self.servers.start()
        self.assertGreater(len(self.servers.processes()), 10)
        self.servers.stop()
        self.assert_nothing_left()

    def test_after_an_interrupted_start(self):
        for delay in (0.1, 0.3, 0.5, 0.8):
            with self.subTest(delay=delay):
                self.start_and_interrupt(delay, signal.SIGINT)
                self.assert_nothing_left()

    def test_after_a_killed_start_and_a_stop(self):
        for delay in (0.1, 0.3, 0.5, 0.8):
            with self.subTest(delay=delay):
                self.start_and_interrupt(delay, signal.SIGKILL)
                self.servers.stop()
                self.assert_nothing_left()

    def test_a_folder_starts_again_after_a_killed_start(self):
        self.start_and_interrupt(0.4, signal.SIGKILL)
        self.servers.stop()
        self.servers.start()
        self.assertEqual(psql(self.servers, "select 1"), "1")

    def test_when_the_owner_is_killed(self):
        owner = subprocess.Popen(["sleep", "60"])
        self.servers.options = ["--owner", str(owner.pid)]
        self.servers.start()
        self.assertGreater(len(self.servers.processes()), 10)
        owner.kill()
        owner.wait()
        wait_for("the end of all servers", self.assert_no_process, 15)

    def test_when_the_folder_is_removed_and_the_owner_ends(self):
        owner = subprocess.Popen(["sleep", "60"])
        self.servers.options = ["--owner", str(owner.pid)]
        self.servers.start()
        wait_for("a look of the watcher", lambda: time.sleep(1.2) or True)
        shutil.rmtree(self.servers.folder)
        self.addCleanup(self.servers.folder.mkdir)  # for the clean-up that comes after it
        owner.kill()
        owner.wait()
        wait_for("the end of all servers", self.assert_no_process, 15)

    def test_a_foreign_folder_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            (self.servers.folder.__class__(folder) / "file").write_text("mine")
            with self.assertRaisesRegex(ServersError, "not empty"):
                Servers(folder).start()
            self.assertEqual(os.listdir(folder), ["file"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
