"""`postdesk why`: any mail, filed or in a file, explained: where it belongs, who wrote it, what it may do."""

import json

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

KEYS = {"verdict", "role", "outcome", "ticket", "customer", "reasons", "mails"}


class Why(DeskCase):
    def why_file(self, mail, *options):
        path = self.desk.folder / "mail.eml"
        path.write_bytes(self.stamped(mail))
        return self.desk.json("why", path, *options)

    @staticmethod
    def stamped(mail, stamp=None):
        """As it would stand in the mailbox: with the border's lines on top."""
        stamp = stamp or f"mx.desk.example; dmarc=pass header.from={post.domain_of(mail.sender)}"
        top = (f"Authentication-Results: {stamp}\r\n"
               "Received: from outside.example (outside.example [192.0.2.1])\r\n"
               "\tby mx.desk.example (Postfix) with ESMTP id 1234; "
               f"{post.email.utils.formatdate()}\r\n")
        return top.encode() + bytes(mail)

    def counts(self):
        tables = ("inbound_mail", "ticket", "comment", "outbound_mail", "person", "thread_key", "activity")
        return [self.desk.value(f"select count(*) from {table}") for table in tables]

    def test_a_filed_mail_says_what_was_decided_and_sent(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna, "why me")
        said = self.desk.json("why", row["id"])
        self.assertLessEqual(KEYS, set(said))
        self.assertEqual((said["verdict"], said["outcome"], said["role"]), ("filed", "new", "contact"))
        self.assertEqual(said["ticket"], row["ticket"])
        self.assertEqual(said["customer"], "Acme GmbH")
        self.assertTrue(said["reasons"])
        self.assertIn(anna, json.dumps(said["mails"]))
        text = self.desk.postdesk("why", row["id"])
        for words in (anna, "why me", "Acme GmbH"):
            self.assertIn(words, text)
        self.assertNotRegex(text, "[a-z2-7]{47}")  # tokens are never shown

    def test_a_file_is_decided_against_the_desk_and_changes_nothing(self):
        before = self.counts()
        said = self.why_file(Mail(sender="anna@acme.example", to=self.desk.address, subject="file"))
        self.assertEqual((said["outcome"], said["customer"]), ("new", "Acme GmbH"))
        self.assertEqual(said["ticket"], "new")
        self.assertEqual(self.counts(), before)

    def test_a_file_that_is_filed_already_says_so(self):
        anna = self.person()
        row, _ = self.new_ticket(anna)
        raw = self.desk.value("select convert_from(raw, 'UTF8') from inbound_mail where id = :'v1'", row["id"])
        path = self.desk.folder / "again.eml"
        path.write_bytes(raw.encode())
        text = self.desk.postdesk("why", path)
        self.assertIn(f"already filed as mail {row['id']}", text)
        self.assertEqual(self.desk.json("why", path)["outcome"], "new")  # ignoring itself

    def test_a_forged_technician_in_a_file_is_held(self):
        mail = Mail(sender="ben@desk.example", to=self.desk.address, subject="forged")
        path = self.desk.folder / "forged.eml"
        path.write_bytes(self.stamped(mail, "mx.desk.example; auth=none"))
        self.assertEqual(self.desk.json("why", path)["outcome"], "held")

    def test_what_does_not_exist_is_not_found(self):
        self.assertEqual(self.desk.run("why", "999999").returncode, 1)
        self.assertNotEqual(self.desk.run("why", "/no/such/file.eml").returncode, 0)

    def test_a_file_that_is_no_mail_is_held_not_a_crash(self):
        path = self.desk.folder / "noise.eml"
        path.write_bytes(bytes(range(256)) * 100)
        self.assertEqual(self.desk.json("why", path)["outcome"], "held")

    def try_file(self, rules, mail, *options):
        path = self.desk.folder / "mail.eml"
        path.write_bytes(self.stamped(mail))
        folder = self.desk.folder / "tried"
        folder.mkdir(exist_ok=True)
        (folder / "a.rules").write_text(rules)
        return ["rules", "try", path, "--rules", folder, *options]

    def test_rules_are_tried_on_a_file_with_every_condition_and_action(self):
        before = self.counts()
        mail = Mail(sender="anna@acme.example", to=self.desk.address, subject="Printer on fire")
        command = self.try_file('rule "fire" { on ticket-created if mail.subject ~ /fire/ and mail.size > 1'
                                ' then set priority critical; web-hook "https://pager.example/" }\n'
                                'rule "water" { on ticket-created if mail.subject ~ /water/ then set priority low }\n',
                                mail)
        said = self.desk.json(*command)
        trace = "\n".join(said["trace"])
        for words in ("fire", "water", "Printer on fire", "critical"):
            self.assertIn(words, trace)
        self.assertIn("critical", json.dumps(said["changes"]))
        self.assertNotIn('"low"', json.dumps(said["changes"]))
        text = self.desk.postdesk(*command)
        self.assertIn("What the rules saw and did", text)
        self.assertIn("Who is it?", text)
        self.assertNotRegex(text, "[a-z2-7]{47}")
        self.assertEqual(self.counts(), before)
        self.assertEqual(self.desk.value("select count(*) from web_hook_call"), 0)

    def test_without_a_folder_the_live_rules_are_tried(self):
        path = self.desk.folder / "mail.eml"
        path.write_bytes(self.stamped(Mail(sender="anna@acme.example", to=self.desk.address, subject="x")))
        said = self.desk.json("rules", "try", path)
        self.assertEqual(said["outcome"], "new")
        self.assertIsInstance(said["trace"], list)

    def test_a_mistake_in_the_rules_is_told_before_the_mail_is_read(self):
        done = self.desk.run(*self.try_file("rule {", Mail(sender="a@b.example", to="x@y.example", subject="x")))
        self.assertEqual(done.returncode, 65)
        self.assertIn("a.rules:1:", done.stderr)
