"""`postdesk doctor` beside a daemon: probes become events, whoever is faster, and the trust is told."""

import json

from harness import mail as post
from harness.case import DeskCase


class Doctor(DeskCase):
    def doctor(self, code, *options):
        done = self.desk.run("doctor", "--json", "--wait", "30", *options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return {row["what"].removeprefix(f"{self.desk.address} "): row for row in json.loads(done.stdout)["checks"]}

    def setUp(self):
        self.before = self.desk.value("select coalesce(max(id), 0) from inbound_mail")

    def probes(self):
        """(state, outcome, From) of each that the daemon took in this test."""
        self.settle()
        rows = self.desk.rows("select state, outcome, from_address from inbound_mail"
                              " where subject like 'postdesk probe%' and id > :'v1' order by id", self.before)
        return [(row["state"], row["outcome"], row["from_address"]) for row in rows]

    def test_probes_are_no_tickets_and_answered_by_nobody(self):
        via = ("--probe-via", f"{self.servers.host}:{self.servers.smtp}")
        for options in ((), via):
            checks = self.doctor(0, *options)
            self.assertEqual(checks["trust"]["text"], "genuine: pass, forged: not pass: the profile holds")
        own = self.desk.address
        self.assertEqual(sorted(self.probes()), sorted([
            ("event", "event", own), ("event", "event", own),
            ("event", "event", "postdesk-probe@example.com"),
            ("event", "event", "postdesk-probe@desk.example")]))
        self.assertEqual(self.desk.value("select count(*) from ticket where subject like '%(genuine)%' or subject like '%(forged)'"), 0)
        self.assertEqual(self.desk.value("select count(*) from outbound_mail where notice = 'probe'"
                                         " and state <> 'suppressed'"), 0)
        self.assertEqual(self.desk.value("select count(*) from outbound_mail o join inbound_mail i on i.id = o.cause"
                                         " where i.subject like 'postdesk probe%' and i.id > :'v1'", self.before), 0)
        self.assertEqual(post.inbox(self.servers, own), [])
        self.assertEqual(self.desk.run("audit", "--imap").returncode, 0)

    def test_a_profile_that_does_not_hold_is_found(self):
        self.desk.postdesk("mailbox", "set", self.desk.address, "--trust", "authserv-id:mx.elsewhere.example",
                           "--own-host", "imap.desk.example", "--own-host", self.servers.authserv)
        try:
            checks = self.doctor(1)
            self.assertIn("can act as anybody", checks["forged probe"]["text"])
            self.assertEqual(checks["trust"]["text"], "the profile does not hold")
        finally:
            self.desk.postdesk("mailbox", "set", self.desk.address, "--trust", f"authserv-id:{self.servers.authserv}",
                               "--own-host", "imap.desk.example")
        self.assertEqual({state for state, _, _ in self.probes()}, {"event"})
        self.assertEqual(self.doctor(0)["trust"]["result"], "well", "the change back holds at once")

    def test_a_stranger_cannot_call_his_mail_a_probe(self):
        """Only an id that was signed for a mail of ours makes a probe."""
        row = self.send(post.Mail(sender=self.person(), to=self.desk.address, subject="postdesk probe (forged)x",
                                  message_id=f"<{'a' * 47}.1@desk.example>"))
        self.assertEqual(row["outcome"], "new")
