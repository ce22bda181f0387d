"""doctor: is the desk well, and does the trust of its mailboxes hold? Without a daemon."""

import sys
import urllib.parse

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402
from harness import mail as post  # noqa: E402

SUPPORT = "support@desk.example"


class Doctor(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")

    def add_mailbox(self, *options, address=SUPPORT, smtp=None, imap=None):
        user = urllib.parse.quote(address, safe="")
        host = self.servers.host
        self.ok("mailbox", "add", address, "--secret", "support", *options,
                "--imap", f"imaps://{user}@{host}:{imap or self.servers.imaps}",
                "--smtp", f"smtps://{user}@{host}:{smtp or self.servers.submissions}")

    def doctor(self, code, *options):
        """{check: (result, text)} of all checks."""
        done = self.desk.run("doctor", "--json", "--wait", "20", *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "")
        said = __import__("json").loads(done.stdout)
        self.assertEqual(said["is_well"], code == 0)
        return {row["what"].removeprefix(SUPPORT + " "): (row["result"], row["text"], row["hint"])
                for row in said["checks"]}

    def via(self):
        return "--probe-via", f"{self.servers.host}:{self.servers.smtp}"

    def test_a_profile_that_holds(self):
        self.add_mailbox("--trust", f"authserv-id:{self.servers.authserv}",
                         "--own-host", "imap.desk.example")
        for options in ((), self.via()):
            checks = self.doctor(0, *options)
            self.assertEqual({name: check[0] for name, check in checks.items()},
                             {"database": "well", "durability": "warning", "disk": "well", "roles": "well",
                              "clock": "well", "postdeskd": "warning", "imap": "well", "imap certificate": "well",
                              "imap abilities": "well", "folders": "well", "smtp": "well",
                              "smtp certificate": "well", "genuine probe": "well", "forged probe": "well",
                              "message-id": "well", "sub-addresses": "well", "trust": "well"})
            self.assertIn("the profile holds", checks["trust"][1])
            self.assertTrue(checks["genuine probe"][1].startswith("pass: "), checks["genuine probe"])
            self.assertTrue(checks["forged probe"][1].startswith("not pass"), checks["forged probe"])
        self.assertEqual(post.inbox(self.servers, SUPPORT), [], "the probes are gone from INBOX")
        self.assertEqual(self.sql("select count(*) from outbound_mail where state <> 'suppressed'"), "0")
        text = self.ok("doctor")
        self.assertIn("genuine: pass, forged: not pass: the profile holds", text)
        self.assertTrue(text.endswith("\nthe desk can work: 0 faults, 2 warnings\n"), text)
        self.assertIn("WARNING  postdeskd: no daemon is at work on this desk\n         → systemctl status postdeskd", text)

    def test_a_border_that_lets_forged_fields_through(self):
        self.add_mailbox("--trust", "authserv-id:mx.elsewhere.example", "--own-host", "imap.desk.example",
                         "--own-host", self.servers.authserv)
        checks = self.doctor(1, *self.via())
        self.assertEqual(checks["genuine probe"][0], "fault")
        self.assertIn(f'"{self.servers.authserv}"', checks["genuine probe"][1], "what could be trusted")
        self.assertIn("--trust authserv-id:NAME", checks["genuine probe"][2])
        self.assertEqual(checks["forged probe"][0], "fault")
        self.assertIn("can act as anybody", checks["forged probe"][1])
        self.assertIn(f"mailbox set {SUPPORT} --trust none", checks["forged probe"][2])
        self.assertEqual(checks["trust"][:2], ("fault", "the profile does not hold"))
        self.assertEqual(post.inbox(self.servers, SUPPORT), [])

    def test_a_mailbox_without_a_profile(self):
        checks_of = lambda *options: self.doctor(0, *options)  # noqa: E731
        self.assertEqual(checks_of()["mailboxes"][:2], ("warning", "none is enabled"))
        self.add_mailbox()
        checks = checks_of()
        self.assertNotIn("genuine probe", checks)
        self.assertEqual(checks["technicians"][0], "warning")
        self.assertIn("no trust profile", checks["technicians"][1])
        self.assertIn(f'Authentication-Results of "{self.servers.authserv}"',
                      checks_of("--probe")["genuine probe"][1])
        self.ok("mailbox", "set", SUPPORT, "--technician-proof", "token")
        self.assertIn("the token of a mail is enough", checks_of()["technicians"][1])
        self.ok("mailbox", "set", SUPPORT, "--disable")
        self.assertNotIn("imap", checks_of())

    def test_a_database_that_is_away_or_old(self):
        self.sql("delete from schema_migration where version > 1")
        result, text, hint = self.doctor(1)["database"]
        self.assertEqual((result, hint), ("fault", "postdesk migrate"))
        self.assertIn("is missing", text)
        self.desk.config_path.write_text('database "host=/nonexistent dbname=x user=x"\n')
        self.assertEqual(self.doctor(1)["database"][0], "fault")
        self.desk.config_path.unlink()
        self.fails(78, "doctor")

    def test_servers_that_are_away(self):
        self.add_mailbox("--trust", f"authserv-id:{self.servers.authserv}", smtp=1)
        checks = self.doctor(1)
        self.assertEqual((checks["imap"][0], checks["smtp"][0]), ("well", "fault"))
        self.assertNotIn("trust", checks, "nothing is said that was not seen")
        self.desk.write_secret("support", "wrong")
        self.assertEqual(self.doctor(1)["imap"][0], "fault")
        self.assertIn('the secret "support"', self.doctor(1)["imap"][2])
        self.fails(65, "doctor", "--probe-via", "nowhere", says="no HOST:PORT")
        self.fails(65, "doctor", "--wait", "0")

    def test_what_this_host_and_the_database_lack(self):
        self.ok("setting", "set", "web-hook-secret", "hooks")
        self.sql("""create function no_room() returns event_trigger language plpgsql as $$ begin raise exception
            'could not extend file: No space left on device' using errcode = '53100'; end $$;
            create event trigger no_room on ddl_command_start when tag in ('CREATE TABLE AS')
            execute function no_room(); insert into measure values ('unaccounted', 2)""")
        checks = self.doctor(1)
        self.assertEqual(checks["web hooks"][0], "fault")
        self.assertIn('put the secret "hooks" into a file', checks["web hooks"][2])
        self.assertEqual(checks["writing"][0], "fault")
        self.assertIn("make room on the disk", checks["writing"][2])
        self.assertEqual(checks["conservation"][0], "fault")
        self.desk.write_secret("hooks", "x" * 40)
        self.sql("drop event trigger no_room; delete from measure")
        checks = self.doctor(0)
        self.assertEqual(checks["web hooks"][0], "well")
        self.assertNotIn("writing", checks)
