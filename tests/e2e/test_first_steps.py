"""README's first steps with what `meson install` installs, the daemon as its unit says and under its system-call filter."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from harness import first_steps
from harness.case import build_folder
from harness.desk import children
from harness.servers import Servers
from harness.unit import SANITIZERS, Service

RUNUSER = """#!/bin/sh
# runuser -u USER -- COMMAND: here a login of the database is all there is of a user
user=$2
shift 3
PGUSER=$user exec "$@"
"""


class Here(first_steps.Host):
    """This machine, with all of it below one folder: nobody has to be root."""

    def __init__(self, servers, folder):
        super().__init__(servers)
        self.root = folder
        self.etc = folder / "etc/postdesk"
        self.tools = folder / "tools"
        self.tools.mkdir()
        (self.tools / "runuser").write_text(RUNUSER)
        (self.tools / "runuser").chmod(0o755)
        self.prefix = folder / "usr/local"
        self.socket = servers.folder / "pg"
        self.environment = {
            "PATH": f"{self.tools}:{self.prefix}/bin:{os.environ['PATH']}", "PGHOST": str(self.socket),
            "POSTDESK_CONFIG": str(self.etc / "postdesk.conf"),
            "ASAN_OPTIONS": f"abort_on_error=1:log_path={folder}/sanitizer",
            "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:log_path={folder}/sanitizer"}

    def edit(self, text):
        """The reader's own names in place of those in README, and paths as they are here."""
        for theirs, ours in (("@imap.desk.example ", f"@127.0.0.1:{self.servers.imaps} "),
                             ("@smtp.desk.example ", f"@127.0.0.1:{self.servers.submissions} "),
                             ("/etc/postdesk", str(self.etc)), ("/usr/local/bin", f"{self.prefix}/bin")):
            text = text.replace(theirs, ours)
        return text

    def install(self, words):
        """What the package's scripts would do, with the files that it would hold."""
        subprocess.run(["meson", "install", "-C", build_folder(), "--no-rebuild", "--quiet"], check=True,
                       env={**os.environ, "DESTDIR": str(self.root)}, stdout=subprocess.DEVNULL)
        (self.etc / "secrets").mkdir(parents=True)
        config = (self.prefix / "share/postdesk/postdesk.conf").read_text()
        self.write_config(config.replace("/run/postgresql", str(self.socket)) + f"""
            secrets-dir "{self.etc}/secrets"
            ca-file "{self.servers.ca}"
            poll 200ms
            """)
        subprocess.run(["psql", self.servers.pg, "-Xqc", "create role postgres login superuser"], check=True)

    def write_config(self, text):
        (self.etc / "postdesk.conf").write_text(text)

    def shell(self, command, stdin):
        done = subprocess.run(["sh", "-c", self.edit(command)], input=stdin, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, env={**self.environment, "PGUSER": "root"}, timeout=120)
        return done.returncode, done.stdout

    def make_service(self):
        return Service(self.prefix / "lib/systemd/system/postdeskd.service", self.root, edit=self.edit,
                       environment={**self.environment, "PGUSER": "postdesk"}, extra=SANITIZERS)


class FirstSteps(unittest.TestCase):
    def setUp(self):
        self.servers = Servers()
        self.addCleanup(self.servers.remove)
        self.servers.start()
        self.addCleanup(self.servers.stop)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="pd-steps-"))
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.host = Here(self.servers, folder)
        self.addCleanup(self.host.stop)

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            print(f"---- postdeskd's log, its end ----\n{self.host.log[-4000:]}", flush=True)

    def test_lead_to_the_first_answered_ticket(self):
        first_steps.take(self.host, show=lambda _: None)
        self.assertEqual(len([c for c in first_steps.commands() if c.startswith("systemctl")]), 2)
        self.check_filter()
        self.check_reload()
        self.host.stop()
        self.assertEqual(list(self.host.root.glob("sanitizer*")), [])

    def check_filter(self):
        """All of it happened under the unit's filter, if every process still has one."""
        pid = self.host.service.process.pid
        for process, line in [(pid, "supervisor"), *children(pid)]:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
            self.assertIn("Seccomp:\t2\n", status, line)

    def check_reload(self):
        service, config = self.host.service, self.host.etc / "postdesk.conf"
        good = config.read_text()
        self.host.write_config(good + "intakse 3\n")
        self.assertEqual(service.reload(), 78)
        self.assertIn("intakse", service.log_path.read_text())
        self.host.write_config(good + "intakes 5\n")
        service.heard.clear()
        self.assertEqual(service.reload(), 0)
        first_steps.wait_for("five intakes", lambda: self.intakes(service) == 5, 60)
        first_steps.wait_for("that said", lambda: service.says(r"STATUS=(\d+) of \1 roles run, 1 mailbox$"), 60)

    @staticmethod
    def intakes(service):
        return sum(line.startswith("postdesk-intake:") for _, line in children(service.process.pid))
