"""`postdesk doctor` beside a daemon: probes become events, whoever is faster, and the trust is told."""

import json
import re

from harness import mail as post
from harness.case import DeskCase
from harness.outlet import Outlet


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
            self.assertEqual(checks["message-id"]["text"], "the server leaves it as it is")
            self.assertEqual(checks["sub-addresses"]["result"], "well", checks)
        own = self.desk.address
        self.assertEqual(sorted(self.probes()), sorted([
            *[("event", "event", own)] * 4,
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

    def test_a_mailbox_without_subaddresses_is_sent_none(self):
        self.desk.postdesk("mailbox", "set", self.desk.address, "--subaddresses", "no")
        try:
            self.assertNotIn("sub-addresses", self.doctor(0))
        finally:
            self.desk.postdesk("mailbox", "set", self.desk.address, "--subaddresses", "yes")
        self.assertEqual(len(self.probes()), 2)

    def test_a_provider_that_names_mails_anew_and_knows_no_subaddresses_is_told(self):
        own = self.desk.address

        def pass_on(_):
            raw = re.sub(rb"(?im)^Message-ID:[^\r\n]*", b"Message-ID: <%d@provider.example>" % len(provider.mails),
                         provider.mails[-1][2])
            post.send_raw(self.servers, raw, own, [own], "login")
            return "250 2.0.0 Ok"

        with Outlet() as provider:
            provider.on_rcpt = lambda address: "550 5.1.1 no such user" if "+" in address else "250 2.1.5 Ok"
            provider.on_dot = pass_on
            self.desk.postdesk("mailbox", "set", own, "--smtp", f"smtp+insecure://127.0.0.1:{provider.port}")
            try:
                checks = self.doctor(1)
            finally:
                self.desk.postdesk("mailbox", "set", own, "--smtp", self.desk.smtp_url(own))
        self.assertEqual(checks["message-id"]["text"], "the server writes its own over the desk's")
        self.assertIn("550", checks["sub-addresses"]["text"])
        self.assertIn("--subaddresses no", checks["sub-addresses"]["hint"])
        self.assertEqual({state for state, _, _ in self.probes()}, {"event"})

    def test_an_answer_to_a_mail_that_needs_none_is_no_probe(self):
        """Mails of ours that nobody needs to answer bear the same kind of token as a probe; people answer all the same."""
        ours = self.desk.value("select message_id from outbound_mail where notice = 'probe' order by id limit 1")
        row = self.send(post.Mail(sender=self.person(), to=self.desk.address, subject="Re: Your mail", references=f"<{ours}>"))
        self.assertEqual(row["outcome"], "new", row)

    def test_a_stranger_cannot_call_his_mail_a_probe(self):
        """Only an id that was signed for a mail of ours makes a probe."""
        row = self.send(post.Mail(sender=self.person(), to=self.desk.address, subject="postdesk probe (forged)x",
                                  message_id=f"<{'a' * 47}.1@desk.example>"))
        self.assertEqual(row["outcome"], "new")
