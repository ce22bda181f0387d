"""What admins and the world do to a desk: said clearly and with the remedy, nothing lost, well again without a restart.

Each trouble is made while the desk runs, and a mail is sent meanwhile (or before). Then status and doctor have to name it,
with what to do; when it is mended, the mail is filed and status has nothing to say any more.
"""

import json
import os
import signal
import subprocess

from harness import mail as post
from harness.case import DeskCase
from harness.desk import program
from harness.mail import Mail
from harness.outlet import Outlet
from harness.waiting import wait_for

TIME_LIMIT = 300
RIGHT, TEN_YEARS = "+0000000000     ", "+0315360000     "


class Trouble(DeskCase):
    server_options = ("--durable",)
    starts_daemon = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.clock = cls.desk.folder / "clock"
        cls.clock.write_text(RIGHT)
        shim = cls.desk.folder / "wrong_clock.so"
        source = os.path.join(os.path.dirname(os.path.dirname(__file__)), "harness", "wrong_clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source], check=True)
        checks = cls.desk.environment()["ASAN_OPTIONS"] + ":verify_asan_link_order=0"
        cls.desk.start(LD_PRELOAD=str(shim), WRONG_CLOCK=str(cls.clock), ASAN_OPTIONS=checks)

    def setUp(self):
        self.wait_well()

    # ---- what is looked at ----------------------------------------------------------------------

    def status(self):
        """{what: (gravity, text, hint)}, whatever the exit code."""
        done = self.desk.run("status", "--json")
        self.assertEqual(done.stderr, "")
        return {row["what"]: (row["result"], row["text"], row["hint"])
                for row in json.loads(done.stdout)["troubles"]}

    def wait_well(self):
        wait_for("a desk that is well", lambda: not [said for said in self.status().values() if said[0] != "todo"], 60)

    def wait_trouble(self, what, gravity, says, remedy):
        """Until status names it; then doctor has to, too."""
        def named():
            found = self.status().get(what)
            return found if found and found[0] == gravity and says in found[1] else self.fail(str(self.status()))
        found = wait_for(f"status to name {what}", named, 60)
        self.assertIn(remedy, found[2])
        code = {"todo": 0, "warning": 1, "fault": 2}[gravity]
        self.assertEqual(self.desk.run("status", "--check").returncode, code)
        self.assert_doctor(says, remedy)

    def assert_doctor(self, says, remedy):
        done = self.desk.run("doctor", "--no-probe", "--json")
        found = [row for row in json.loads(done.stdout)["checks"]
                 if row["result"] != "well" and says in row["text"] and remedy in row["hint"]]
        self.assertTrue(found, done.stdout)
        self.assertEqual(done.returncode, 1 if '"result": "fault"' in done.stdout else 0)

    def send_meanwhile(self):
        return post.send(self.servers, Mail(sender="anna@acme.example", to=self.desk.address, subject="meanwhile"))

    def assert_filed(self, message_id):
        self.assertEqual(self.desk.wait_decided(message_id, 60)["outcome"], "new")
        copies = self.desk.value("select count(*) from comment c join inbound_mail i on i.id = c.mail"
                                 " where i.message_id = :'v1'", message_id.strip("<>"))
        self.assertEqual(copies, 1)

    # ---- what is broken -------------------------------------------------------------------------

    def end_sessions(self, *names):
        """Whoever has a mailbox open has to come again."""
        for pid in self.servers.processes():
            try:
                with open(f"/proc/{pid}/comm", encoding="utf-8") as name:
                    if name.read().strip() in ("imap", *names):
                        os.kill(pid, signal.SIGKILL)
            except (FileNotFoundError, ProcessLookupError):
                pass

    def reload_dovecot(self):
        for line in (self.servers.folder / "pids").read_text().splitlines():
            if line.startswith("dovecot "):
                os.kill(int(line.split()[1]), signal.SIGHUP)
        self.end_sessions("imap-login", "smtpd")

    def doctor_without(self, config):
        command = [program(self.desk.build, "postdesk"), "--config", config, "doctor"]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def daemon_without(self, config):
        command = [program(self.desk.build, "postdeskd"), "--config", config]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    def assert_refused(self, config, says):
        """By the command line, a monitor and a daemon that is started with it."""
        for done in (self.doctor_without(config), self.daemon_without(config)):
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn(says, done.stderr.replace("\\\"", "\""))
        status = subprocess.run([program(self.desk.build, "postdesk"), "--config", config, "status", "--check"],
                                capture_output=True, text=True, check=False)
        self.assertEqual(status.returncode, 3)
        self.assertIn(says, status.stdout)

    def test_a_config_that_cannot_be_read(self):
        self.assert_refused(self.desk.folder / "nothing.conf", "nothing.conf")
        self.assert_refused(self.desk.folder, "not a file")

    def test_a_setting_that_is_none(self):
        """The daemon that runs keeps what it has, and follows when it is mended."""
        good = self.desk.config_path.read_text()
        self.addCleanup(self.desk.config_path.write_text, good)
        self.desk.config_path.write_text(good + "intakse 3\n")
        says = f'{len(good.splitlines()) + 1}:1: unknown setting "intakse", did you mean "intakes"?'
        self.assert_refused(self.desk.config_path, says)
        before = self.desk.log()
        os.kill(self.desk.daemon.pid, signal.SIGHUP)
        wait_for("a word on it", lambda: 'did you mean \\"intakes\\"?' in self.desk.log().removeprefix(before))
        self.desk.config_path.write_text(good)
        self.assert_filed(self.send_meanwhile())
        self.wait_well()

    def test_a_database_that_is_away(self):
        self.servers.kill_postgres()
        mail = self.send_meanwhile()
        result, text, _ = self.status()["database"]
        self.assertEqual(result, "fault")
        self.assertIn("could not", text)
        self.assertEqual(self.desk.run("status", "--check").returncode, 2)
        self.assert_doctor(text, "")
        self.servers.start_postgres()
        self.assert_filed(mail)
        self.wait_well()

    def test_a_wrong_password(self):
        self.desk.write_secret("support", "wrong")
        self.addCleanup(self.desk.write_secret, "support", self.servers.password)
        self.end_sessions()
        mail = self.send_meanwhile()
        self.wait_trouble("imap", "fault", "could not log in", 'the secret "support"')
        self.assertNotIn("wrong", self.desk.log())
        self.desk.write_secret("support", self.servers.password)
        self.assert_filed(mail)
        self.wait_well()

    def test_a_certificate_that_has_expired(self):
        pki = self.servers.folder / "pki"
        good = (pki / "server.pem").read_bytes()
        (pki / "old.tmpl").write_text((pki / "server.tmpl").read_text().replace(
            "expiration_days = 30", 'activation_date = "2020-01-01 00:00:00 UTC"\n'
            'expiration_date = "2021-02-03 00:00:00 UTC"'))
        subprocess.run(["certtool", "--generate-certificate", "--load-privkey", "server.key", "--template", "old.tmpl",
                        "--load-ca-certificate", "ca.pem", "--load-ca-privkey", "ca.key", "--outfile", "old.pem"],
                       cwd=pki, check=True, stderr=subprocess.DEVNULL)
        (pki / "server.pem").write_bytes((pki / "old.pem").read_bytes())
        self.reload_dovecot()
        mail = self.send_meanwhile()
        self.wait_trouble("imap", "fault", "it has expired", "it is valid from 2020-01-01 to 2021-02-03")
        (pki / "server.pem").write_bytes(good)
        self.reload_dovecot()
        self.assert_filed(mail)
        self.wait_well()

    def test_a_mailbox_that_was_deleted(self):
        users = self.servers.folder / "users"
        all_users = users.read_text()
        mail = self.send_meanwhile()
        self.assert_filed(mail)
        users.write_text("".join(line for line in all_users.splitlines(True)
                                 if not line.startswith(self.desk.address)))
        wait_for("Dovecot to have read it", lambda: not self.servers.has_user(self.desk.address))
        self.end_sessions()
        self.wait_trouble("imap", "fault", "could not log in", f'is the mailbox of "{self.desk.address}" still there')
        users.write_text(all_users)
        wait_for("Dovecot to have read it", lambda: self.servers.has_user(self.desk.address))
        self.assert_filed(self.send_meanwhile())
        self.wait_well()

    def test_an_inbox_that_is_numbered_anew(self):
        self.assert_filed(self.send_meanwhile())
        local, _, domain = self.desk.address.partition("@")
        maildir = self.servers.folder / "mail" / domain / local / "Maildir"
        for path in [*maildir.glob("dovecot-uid*"), *maildir.glob("dovecot.index*")]:
            path.unlink()
        self.end_sessions()
        self.assert_filed(self.send_meanwhile())
        self.wait_trouble("folder", "todo", "numbered INBOX anew", "audit --imap")
        self.settle()
        self.assertEqual(self.desk.json("audit")["findings"], [])

    def test_an_smtp_server_that_refuses(self):
        """It is away, then it wants no mail yet."""
        before = self.desk.rows("select smtp_host, smtp_port, smtp_user, smtp_security from mailbox")[0]
        outlet = Outlet()
        outlet.start()
        outlet.stop()
        self.addCleanup(outlet.stop)
        self.use_smtp("127.0.0.1", outlet.port, None, "insecure")
        self.addCleanup(self.use_smtp, *before.values())
        self.assert_filed(self.send_meanwhile())
        self.wait_trouble("smtp", "warning", "mail does not leave: could not connect", "")
        outlet.on_rcpt = lambda _: "451 4.3.0 not yet"
        outlet.start()
        wait_for("a mail that waits", lambda: {row["state"] for row in self.desk.json("queue", "list")} == {"deferred"}, 60)
        self.assertIn("451 4.3.0 not yet", self.desk.postdesk("queue", "list"))
        self.assertRegex(self.desk.postdesk("status"), r"(?m)^OUT +\d+ waits?, .*; \d+ deferred")
        outlet.on_rcpt = lambda _: "250 2.1.5 Ok"
        self.desk.postdesk("queue", "retry", "--all")
        self.settle()
        self.assertEqual(outlet.repeated(), 0)
        self.wait_well()

    def use_smtp(self, host, port, user, security):
        self.desk.sql("update mailbox set smtp_host = :'v1', smtp_port = :'v2', smtp_user = nullif(:'v3', ''),"
                      " smtp_security = :'v4'", host, port, user or "", security)

    def test_a_clock_that_is_wrong(self):
        self.clock.write_text(TEN_YEARS)
        self.addCleanup(self.clock.write_text, RIGHT)
        self.end_sessions()
        mail = self.send_meanwhile()
        found = wait_for("both troubles", lambda: [self.status()[what] for what in ("clock", "imap")], 60)
        self.assertEqual([row[0] for row in found], ["fault", "fault"])
        self.assertRegex(found[0][1], r'^the clock of the host ".*" is 36\d\d d ahead of the database\'s$')
        self.assertRegex(found[1][2], r"this host's clock says 203\d-\d\d-\d\d: .* or set the clock$")
        self.assert_doctor(found[0][1], "timedatectl")
        self.clock.write_text(RIGHT)
        self.assert_filed(mail)
        self.wait_well()

    def test_a_disk_that_is_full(self):
        before = self.desk.log().count("event=database.lost")
        self.desk.sql("""
            create function disk_is_full() returns trigger language plpgsql as $$ begin raise exception
            'could not extend file "base/5/16421": No space left on device' using errcode = '53100'; end $$;
            create trigger disk_is_full before insert on inbound_mail execute function disk_is_full()""")
        mail = self.send_meanwhile()
        self.wait_trouble("database", "warning", "No space left on device", "make room on the disk")
        self.assertEqual(self.desk.log().count("event=database.lost"), before + 1, "said once, not with each try")
        self.desk.sql("drop function disk_is_full() cascade")
        self.assert_filed(mail)
        self.wait_well()
