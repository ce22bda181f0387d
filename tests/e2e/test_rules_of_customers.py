"""The rules of customers and people: who opens tickets, who belongs together, what a flood becomes, who hears of it."""

import re

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail
from harness.waiting import wait_for

TIME_LIMIT = 400
BEN, TARA = "ben@desk.example", "tara@desk.example"
STAFF = {BEN, TARA}


class RulesCase(DeskCase):
    shares_servers = True

    limits = ()  # those that the class is about stay

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for setting in cls.desk.json("setting", "list"):
            if setting["name"].startswith("limit-") and setting["name"] not in cls.limits:
                cls.desk.postdesk("setting", "set", setting["name"], "0")

    def set(self, name, value):
        """A setting, for this test."""
        before = next(row["value"] for row in self.desk.json("setting", "list") if row["name"] == name)
        self.desk.postdesk("setting", "set", name, value)
        self.addCleanup(self.desk.postdesk, "setting", "set", name, before)

    def customer(self, option, value, back):
        self.desk.postdesk("customer", "set", "Acme GmbH", option, value)
        self.addCleanup(self.desk.postdesk, "customer", "set", "Acme GmbH", option, back)

    def contact(self, *options):
        address = self.person()
        self.desk.postdesk("contact", "add", address, "--name", address.partition("@")[0].title(), "--confirmed",
                           *options)
        return address

    def held_for(self, row):
        return self.desk.value("select held_for from inbound_mail where id = :'v1'", row["id"])

    def told(self, row):
        """[(notice, address)] of what the mail caused."""
        return [(notice, address) for notice, address, _ in self.outbound(row["id"])]

    def say(self, sender, ticket, proof="", text="One more thing.\n", **fields):
        """A mail that only names the ticket in its subject."""
        mail = Mail(sender=sender, to=self.desk.address, subject=f"It prints again [#{ticket}]", text=text, **fields)
        return self.send(mail, proof)

    def parties(self, ticket):
        return {row["address"] for row in self.desk.rows(
            "select a.address from participant p join person_address a on a.person = p.person"
            " where p.ticket = :'v1'", ticket)}


class Opening(RulesCase):
    def test_a_contact_who_makes_no_tickets_by_mail_is_held_and_technicians_are_told(self):
        quiet = self.contact()
        self.desk.postdesk("contact", "set", quiet, "--opens-tickets", "no")
        row = self.send(Mail(sender=quiet, to=self.desk.address, subject="Toner low"))
        self.assertEqual((row["state"], self.held_for(row), row["ticket"]), ("held", "sender", None), row)
        self.settle()
        self.assertEqual(self.told(row), [("held", address) for address in sorted(STAFF)])
        self.desk.postdesk("held", "release", row["id"])
        self.assertEqual(self.desk.wait_decided(self.message_id(row))["outcome"], "new")

    def message_id(self, row):
        return self.desk.value("select message_id from inbound_mail where id = :'v1'", row["id"])

    def test_he_goes_on_writing_where_he_takes_part(self):
        quiet = self.contact()
        opened, _ = self.new_ticket(quiet)
        self.desk.postdesk("contact", "set", quiet, "--opens-tickets", "no")
        self.assertEqual(self.say(quiet, opened["ticket"])["outcome"], "public")
        self.desk.postdesk("contact", "set", quiet, "--opens-tickets", "yes")
        self.new_ticket(quiet)

    def test_a_technician_opens_one_for_him(self):
        quiet = self.contact()
        self.desk.postdesk("contact", "set", quiet, "--opens-tickets", "no")
        row = self.send(Mail(sender=BEN, to=self.desk.address, subject="Toner", text=f"#for {quiet}\nNo toner.\n"))
        self.assertEqual(self.ticket(row["ticket"])["requester_address"], quiet)

    def test_unknown_senders_are_held(self):
        self.set("unknown-senders", "hold")
        for proof in ("none", "pass"):
            with self.subTest(proof):
                row = self.send(Mail(sender=self.person("any.example"), to=self.desk.address, subject="Hello"), proof)
                self.assertEqual((row["state"], self.held_for(row), row["ticket"]), ("held", "sender", None), row)
                self.assertEqual(self.told(row), [("held", address) for address in sorted(STAFF)])
        self.new_ticket(self.contact())
        self.new_ticket(self.person())  # new, but of a customer's domain

    def test_unknown_senders_are_rejected_and_nobody_hears_of_it(self):
        self.set("unknown-senders", "reject")
        for proof in ("none", "pass"):
            with self.subTest(proof):
                row = self.send(Mail(sender=self.person("any.example"), to=self.desk.address, subject="Hello"), proof)
                self.assertEqual((row["state"], row["ticket"], self.told(row)), ("rejected", None, []), row)
        self.new_ticket(self.contact())
        self.new_ticket(self.person())

    def test_who_was_taken_once_goes_on_writing(self):
        stranger = self.person("any.example")
        opened, receipt = self.new_ticket(stranger)
        self.set("unknown-senders", "reject")
        answer = self.send(post.reply(receipt, stranger, "And more."), "none")
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", opened["ticket"]))


class Mapping(RulesCase):
    def customer_of(self, sender, proof):
        row = self.send(Mail(sender=sender, to=self.desk.address, subject="Whose?"), proof)
        self.assertEqual(row["outcome"], "new", row)
        (comment,) = self.comments(row["ticket"])
        return self.ticket(row["ticket"])["customer_name"], comment["kind"]

    def test_domains_map_without_proof_and_the_comment_is_marked(self):
        self.assertEqual(self.customer_of(self.person(), "none"), ("Acme GmbH", "unverified"))
        self.assertEqual(self.customer_of(self.person(), "pass"), ("Acme GmbH", "public"))

    def test_strict_domains_map_with_proof_only(self):
        self.set("domain-mapping", "strict")
        self.assertEqual(self.customer_of(self.person(), "none"), (None, "unverified"))
        self.assertEqual(self.customer_of(self.person(), "pass"), ("Acme GmbH", "public"))

    def test_strict_and_without_proof_he_is_unknown(self):
        self.set("domain-mapping", "strict")
        self.set("unknown-senders", "hold")
        row = self.send(Mail(sender=self.person(), to=self.desk.address, subject="Hello"), "none")
        self.assertEqual((row["state"], self.held_for(row)), ("held", "sender"))

    def test_strict_and_without_proof_nobody_is_a_colleague(self):
        opened, _ = self.new_ticket(self.person())
        self.set("domain-mapping", "strict")
        row = self.say(self.person(), opened["ticket"], "none")
        self.assertEqual(row["outcome"], "new", row)
        self.assertEqual(self.say(self.person(), opened["ticket"], "pass")["outcome"], "public")


class Colleagues(RulesCase):
    def colleague_says(self):
        """(the outcome, is he a participant now) of a colleague who was handed the receipt."""
        opened, receipt = self.new_ticket(self.person())
        colleague = self.contact()
        row = self.send(post.reply(receipt, colleague, "I have it, too."))
        self.assertEqual(row["ticket"], opened["ticket"])
        return row["outcome"], colleague in self.parties(opened["ticket"])

    def test_colleagues_take_part(self):
        self.assertEqual(self.colleague_says(), ("public", True))

    def test_not_where_the_desk_says_no(self):
        self.set("colleagues-take-part", "no")
        self.assertEqual(self.colleague_says(), ("unverified", False))

    def test_not_where_the_customer_says_no(self):
        self.customer("--colleagues", "no", "default")
        self.assertEqual(self.colleague_says(), ("unverified", False))

    def test_but_where_the_customer_says_yes(self):
        self.set("colleagues-take-part", "no")
        self.customer("--colleagues", "yes", "default")
        self.assertEqual(self.colleague_says(), ("public", True))

    def test_the_main_contact_takes_part_all_the_same(self):
        self.set("colleagues-take-part", "no")
        opened, receipt = self.new_ticket(self.person())
        main = self.contact()
        self.desk.postdesk("contact", "set", main, "--main-contact", "yes")
        self.addCleanup(self.desk.postdesk, "contact", "set", main, "--main-contact", "no")
        self.assertEqual(self.send(post.reply(receipt, main, "Please hurry."))["outcome"], "public")

    def test_the_number_in_the_subject_is_no_way_in(self):
        opened, _ = self.new_ticket(self.person())
        self.set("colleagues-take-part", "no")
        row = self.say(self.contact(), opened["ticket"])
        self.assertEqual(row["outcome"], "new", row)
        self.assertNotEqual(row["ticket"], opened["ticket"])


class SeveralAddresses(RulesCase):
    def two_addresses(self):
        first, second = self.contact(), self.person("other.test")
        self.desk.postdesk("contact", "address", "add", first, second)
        return first, second

    def test_he_is_one_person_and_answers_go_to_the_first(self):
        first, second = self.two_addresses()
        ben, at_first, at_second = self.box(BEN), self.box(first), self.box(second)
        row = self.send(Mail(sender=second, to=self.desk.address, subject="From the road"))
        ticket = self.ticket(row["ticket"])
        self.assertEqual((ticket["requester_address"], ticket["customer_name"]), (first, "Acme GmbH"))
        self.send(post.reply(ben.next("the notice")[0], BEN, "Look behind it."))
        answers = wait_for("the answer", lambda: [m for m in at_first.newer() if "Look behind it." in post.text_of(m)])
        self.assertEqual(len(answers), 1)
        self.settle()
        self.assertFalse([m for m in at_second.newer() if "Look behind it." in post.text_of(m)])

    def test_he_takes_part_with_both(self):
        first, second = self.two_addresses()
        opened, receipt = self.new_ticket(first)
        for sender, proof in ((first, "none"), (second, "none"), (second, "pass")):
            row = self.send(post.reply(receipt, sender, f"From {sender}, {proof}."), proof)
            self.assertEqual((row["outcome"], row["ticket"]), ("public", opened["ticket"]), sender)
            self.assertEqual(self.say(sender, opened["ticket"])["outcome"], "public")
        self.assertEqual({comment["author"] for comment in self.comments(opened["ticket"])}, {first})
        self.assertEqual(self.parties(opened["ticket"]), set())

    def test_an_address_that_was_taken_away_is_nobodys(self):
        first, second = self.two_addresses()
        opened, receipt = self.new_ticket(first)
        self.desk.postdesk("contact", "address", "remove", first, second)
        self.assertEqual(self.send(post.reply(receipt, second, "Me again."))["outcome"], "unverified")


class BothAtOnce(RulesCase):
    """Somebody who is contact and technician."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk.postdesk("technician", "add", "anna@acme.example", "--name", "Anna Meyer")
        cls.anna = "anna@acme.example"

    def own_ticket(self):
        tara = self.box(TARA)
        opened, receipt = self.new_ticket(self.anna)
        self.assertEqual(self.ticket(opened["ticket"])["requester_address"], self.anna)
        return opened["ticket"], receipt, tara.next("the notice")[0]

    def test_in_her_own_ticket_she_is_a_contact(self):
        ticket, receipt, notice = self.own_ticket()
        answer = self.send(post.reply(receipt, self.anna, "It is worse now."), "none")
        self.assertEqual((answer["outcome"], answer["role"], answer["ticket"]), ("public", "contact", ticket))
        self.assertIsNone(self.ticket(ticket)["assignee"])

    def test_notes_in_her_own_ticket_are_not_for_her(self):
        ticket, receipt, notice = self.own_ticket()
        row = self.say(TARA, ticket, text="She has broken it herself.\n")
        self.assertEqual(row["outcome"], "note")
        self.settle()
        self.assertIn(("note", BEN), self.told(row))
        self.assertNotIn(self.anna, {address for _, address in self.told(row)})

    def test_in_another_ticket_she_is_a_technician(self):
        box = self.box(self.anna)
        opened, _ = self.new_ticket(self.person())
        notice, _ = box.next("the notice")
        forged = self.send(post.reply(notice, self.anna, "Give me the keys."), "none")
        self.assertEqual(forged["outcome"], "held")
        row = self.send(post.reply(notice, self.anna, "Have you tried another cable?"))
        self.assertEqual((row["outcome"], row["role"]), ("technician", "technician"))
        self.assertEqual(self.ticket(opened["ticket"])["assignee_address"], self.anna)

    def test_assigned_to_her_own_ticket_she_is_a_technician_on_it(self):
        ticket, _, _ = self.own_ticket()
        self.desk.postdesk("ticket", "assign", ticket, self.anna)
        row = self.say(self.anna, ticket, text="I did it myself.\n")
        self.assertEqual((row["outcome"], row["role"]), ("note", "technician"))


class Copies(RulesCase):
    def test_a_technician_whom_a_contact_copies_is_shown_on_the_ticket(self):
        anna = self.person()
        opened = self.send(Mail(sender=anna, to=self.desk.address, cc=[BEN], subject="Printer"))
        again = self.say(anna, opened["ticket"], cc=[TARA], recipients=[self.desk.address])
        self.assertEqual(again["outcome"], "public")
        shown = self.desk.json("ticket", "show", opened["ticket"])
        copied = [(line["to"], line["mail"]) for line in shown["activities"] if line["what"] == "copied"]
        self.assertEqual(copied, [(BEN, opened["id"]), (TARA, again["id"])])
        self.assertEqual((shown["participants"], shown["assignee"]), ([], None))
        text = self.desk.postdesk("ticket", "show", opened["ticket"])
        for address in (BEN, TARA):
            self.assertRegex(text, rf"\bcopied\b.*{re.escape(address)}\b")


class Floods(RulesCase):
    limits = ("limit-sender-tickets", "limit-strangers-tickets")

    def burst(self, mails, proof):
        """{outcome: how many} of mails that come in one session."""
        with post.open_session(self.servers, mails[0].sender, proof) as session:
            for mail in mails:
                session.sendmail(mail.sender, mail.envelope(), bytes(mail))
        rows = [self.desk.wait_decided(mail.message_id, 60) for mail in mails]
        self.settle()
        return {outcome: [row for row in rows if row["outcome"] == outcome] for outcome in ("new", "held")}

    def digest(self, box):
        """What the next digest says."""
        self.desk.sql("update chore set done_at = now() - interval '2 days' where name = 'held-digest'")
        while True:  # other mail about what is held may still be on its way
            message, _ = box.next("the digest")
            if post.header(message, "Subject").startswith("[held] "):
                return message

    def test_30_mails_of_one_sender_are_20_tickets_and_one_line_of_the_digest(self):
        sender = self.contact()
        mails = [Mail(sender=sender, to=self.desk.address, subject=f"Alarm {n}") for n in range(30)]
        rows = self.burst(mails, "pass")
        self.assertEqual({outcome: len(found) for outcome, found in rows.items()}, {"new": 20, "held": 10})
        self.assertEqual({self.held_for(row) for row in rows["held"]}, {"flood"})
        first = min(row["id"] for row in rows["held"])
        text = post.text_of(self.digest(self.box(BEN)))
        self.assertRegex(text, rf"(?m)^ +10 +mails of .*flood.*, from number {first} on$")
        self.assertNotIn("Alarm", text)
        self.assertEqual(len(re.findall("(?m)^ +[0-9]+ ", text)), 1, text)
        self.new_ticket(self.contact())  # others go on
        self.desk.sql("update inbound_mail set state = 'rejected', outcome = 'rejected' where state = 'held'")

    def test_strangers_share_one_budget(self):
        """Counts may overrun by the mails that are decided at the same time."""
        mails = [Mail(sender=f"s{n}@any.example", to=self.desk.address, subject=f"Buy {n}") for n in range(40)]
        rows = self.burst(mails[:30], "none")
        self.assertGreaterEqual(len(rows["new"]), 20)
        rows = self.burst(mails[30:], "none")
        self.assertEqual({outcome: len(found) for outcome, found in rows.items()}, {"new": 0, "held": 10})
        self.assertEqual({self.held_for(row) for row in rows["held"]}, {"flood"})
        self.new_ticket(self.contact())
        self.desk.sql("update inbound_mail set state = 'rejected', outcome = 'rejected' where state = 'held'")


class Digest(RulesCase):
    def hold(self, subject, sender=TARA, **fields):
        row = self.send(Mail(sender=sender, to=self.desk.address, subject=subject, **fields), "none")
        self.assertEqual(row["outcome"], "held", row)
        return row

    def make_due(self):
        self.desk.sql("update chore set done_at = now() - interval '2 days' where name = 'held-digest'")
        wait_for("the chore", lambda: self.desk.value(
            "select done_at > now() - interval '1 hour' from chore where name = 'held-digest'"))
        self.settle()

    def digests(self):
        """[(address, text)] of all digests that were sent so far, oldest first."""
        rows = self.desk.rows("select address from outbound_mail where notice = 'held-digest' order by id")
        found = {}
        for address in {row["address"] for row in rows}:
            count = sum(row["address"] == address for row in rows)
            found[address] = wait_for("the digests", lambda a=address, n=count: (
                lambda mails: mails if len(mails) == n else None)(
                    [m for m in post.inbox(self.servers, a) if post.header(m, "Subject").startswith("[held] ")]))
        return found

    def test_the_digest(self):
        """One desk and one day: in order."""
        with self.subTest("nothing waits: nothing is said"):
            self.make_due()
            self.assertEqual(self.digests(), {})
        row = self.hold("Keys, please", text="Where are the keys?\n")
        machine = self.hold("Cron", headers=[("Auto-Submitted", "auto-generated")])
        self.settle()
        with self.subTest("machine mail tells nobody but the digest"):
            self.assertEqual(self.told(machine), [])
        with self.subTest("not before a day is over"):
            self.assertEqual(self.digests(), {})
        self.make_due()
        with self.subTest("without a lead all technicians get it"):
            digests = self.digests()
            self.assertEqual({address: len(mails) for address, mails in digests.items()}, {BEN: 1, TARA: 1})
            message = digests[BEN][0]
            text = post.text_of(message)
            self.assertEqual(post.header(message, "Subject"), "[held] 2 mails wait for a decision")
            self.assertRegex(text, rf"(?m)^ +{row['id']}  .*{TARA}.*: Keys, please$")
            self.assertRegex(text, rf"(?m)^ +{machine['id']}  .*{TARA}.*: Cron$")
            self.assertNotIn("Where are the keys?", text)
            self.assertRegex(post.header(message, "Auto-Submitted"), "^auto-")
        with self.subTest("once a day"):
            self.desk.sql("update chore set done_at = now() - interval '23 hours' where name = 'held-digest'")
            self.hold("Once more")
            self.settle()
            self.assertEqual(len(self.digests()[BEN]), 1)
        self.desk.postdesk("technician", "set", BEN, "--lead", "yes")
        self.desk.postdesk("held", "drop", machine["id"])
        self.make_due()
        with self.subTest("a lead gets it, others do not, and what was decided is gone"):
            digests = self.digests()
            self.assertEqual({address: len(mails) for address, mails in digests.items()}, {BEN: 2, TARA: 1})
            text = post.text_of(digests[BEN][-1])
            self.assertIn("Once more", text)
            self.assertNotIn("Cron", text)
        with self.subTest("an answer to it decides nothing"):
            self.send(post.reply(digests[BEN][-1], BEN, "#release"))
            self.settle()
            self.assertEqual(self.desk.value("select count(*) from inbound_mail where state = 'held'"), 2)


class JunkDigest(RulesCase):
    def test_junk_alone_is_worth_a_digest(self):
        box = self.box(BEN)
        self.desk.sql("insert into junk_day (mailbox, day, mails_left) select id, current_date - 1, 7 from mailbox")
        self.desk.sql("update chore set done_at = now() - interval '2 days' where name = 'held-digest'")
        self.assertIn("7 mails were left alone", post.text_of(box.next("the digest")[0]))
