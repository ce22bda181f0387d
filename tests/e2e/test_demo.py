"""The demo as its reader uses it: the first time, a second time, and after every kind of interruption."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from harness.case import build_folder
from harness.servers import Servers
from harness.waiting import wait_for

TIME_LIMIT = 300
DEMO = pathlib.Path(__file__).resolve().parent.parent / "demo" / "demo"
SECONDS = 90


class Demo(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="pd-demo-"))
        self.environment = {**os.environ, "POSTDESK_DEMO_DIR": str(self.place),
                            "POSTDESK_BUILD": str(build_folder())}
        self.addCleanup(self.stop)

    def stop(self):
        self.demo("stop")
        self.assertEqual(self.processes(), [])
        self.assertFalse(self.place.exists())

    def demo(self, *arguments, code=0):
        done = subprocess.run([DEMO, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=SECONDS)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def begin(self, *arguments):
        """In a group of its own, as a shell starts it: signals go to all of it."""
        return subprocess.Popen([DEMO, *arguments], env=self.environment, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)

    def has_lock(self, pid):
        """Before that a signal meets the interpreter as it starts, on a busy machine for a second."""
        lock = str(self.place / "lock")
        for entry in pathlib.Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # closed meanwhile
                if os.readlink(entry) == lock:
                    return True
        return False

    def interrupt(self, number, delay):
        demo = self.begin()
        wait_for("the demo to begin", lambda: self.has_lock(demo.pid), SECONDS)
        time.sleep(delay)
        os.killpg(demo.pid, number)
        said, _ = demo.communicate(timeout=SECONDS)
        self.assertNotIn("Traceback", said)
        return said

    def processes(self):
        """Whatever works below the folder: the servers; and postdeskd with its roles."""
        found = Servers(self.place / "servers", owned=False).processes()
        for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
            try:
                if f"{self.place}/desk" in path.read_text(errors="replace"):
                    found.append(int(path.parent.name))
            except OSError:
                pass
        return found

    def assert_shows_the_job(self, said):
        for words in ("Drucker defekt", "E-41", "open the lower tray", "That did it",
                      "it stands in the ticket", "./run demo stop"):
            self.assertIn(words, said)

    def test_it_shows_the_job_twice_and_lets_one_take_part(self):
        self.assert_shows_the_job(self.demo())
        self.assert_shows_the_job(self.demo())
        tickets = json.loads(self.demo("postdesk", "ticket", "list", "--json"))
        self.assertEqual(len(tickets), 2)
        self.take_part()

    def take_part(self):
        self.demo("send", "--from", "max@acme.example", "Printer again", "It is broken again.")
        wait_for("Ben's notice", lambda: "Printer again" in self.demo("inbox", "ben@desk.example"), 30)
        self.demo("reply", "ben@desk.example", "On my way.")
        wait_for("the answer", lambda: "Ben Huber" in self.demo("inbox", "max@acme.example"), 30)
        number = self.demo("inbox", "max@acme.example").strip().splitlines()[-1].split()[0]
        self.assertIn("On my way.", self.demo("inbox", "max@acme.example", number))
        self.demo("reply", "max@acme.example", number, "Thank you.")
        wait_for("the reply", lambda: "Thank you." in self.demo("postdesk", "ticket", "show", "3"), 30)
        self.assertIn("event=mail.filed", self.demo("log"))
        self.assertIn("postdeskd", self.demo("status"))
        self.assert_says_what_is_wrong()

    def assert_says_what_is_wrong(self):
        for arguments, words in ((("inbox", "ben@desk.example", "99"), "no number 99"),
                                 (("reply", "nobody@acme.example", "x"), "has no mail"),
                                 (("send", "--from", "me@gmail.com", "x", "y"), "stays on this machine")):
            self.assertIn(words, self.demo(*arguments, code=1))
        self.assertIn("no ticket", self.demo("postdesk", "ticket", "show", "99", code=1))

    def test_interrupted_it_says_so_and_works_the_next_time(self):
        for delay in (0.0, 0.3, 1.0, 2.0):
            said = self.interrupt(signal.SIGINT, delay)
            self.assertIn("interrupted", said)
        self.assert_shows_the_job(self.demo())

    def test_killed_it_works_the_next_time(self):
        for delay in (0.3, 1.0, 2.0, 3.5):
            self.interrupt(signal.SIGKILL, delay)
        self.assert_shows_the_job(self.demo())

    def test_without_postdeskd_it_starts_anew(self):
        """As after a restart of the machine: files say that it runs, and it does not."""
        self.demo()
        pid = json.loads((self.place / "daemon.json").read_text())["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_for("the end of postdeskd", lambda: "does not run" in self.demo_status())
        self.assertIn("./run demo", self.demo("inbox", "ben@desk.example", code=1))
        self.assert_shows_the_job(self.demo())

    def demo_status(self):
        return subprocess.run([DEMO, "status"], env=self.environment, capture_output=True,
                              text=True).stdout

    def test_two_at_once_are_one_and_a_refusal(self):
        first = self.begin()
        wait_for("the first", lambda: (self.place / "servers").exists())
        self.assertIn("another demo", self.demo(code=1))
        self.assert_shows_the_job(first.communicate(timeout=SECONDS)[0])

    def test_stop_without_a_start_is_no_error(self):
        self.assertIn("did not run", self.demo("stop"))
        self.assertIn("does not run", self.demo("status", code=1))
