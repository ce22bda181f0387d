"""Held mail lives by mail: who hears of it, what their answers do, and the main contact's say."""

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail
from harness.waiting import wait_for

BEN = "ben@desk.example"
TARA = "tara@desk.example"


class HeldCase(DeskCase):
    shares_servers = True

    def hold(self, sender=TARA, proof="none", **fields):
        """A mail that is held, because it only claims to be from a technician."""
        row = self.send(Mail(sender=sender, to=self.desk.address, subject="Keys", **fields), proof)
        self.assertEqual(row["outcome"], "held", row)
        return row

    def state(self, mail):
        return self.desk.rows("select state, outcome, ticket, released_by, dropped_by, is_spam, is_trusted"
                              " from inbound_mail where id = :'v1'", mail)[0]

    def wait_state(self, mail, state):
        return wait_for(f"mail {mail} to be {state}",
                        lambda: self.state(mail) if self.state(mail)["state"] == state else None, 20)


class Decisions(HeldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk.postdesk("technician", "set", BEN, "--lead", "yes")
        cls.desk.lift_limits()
        for name in ("limit-held-hour", "limit-asked-day"):
            cls.desk.postdesk("setting", "set", name, "0")

    def held_and_told(self, **fields):
        """(the row of a held mail, the notice that the lead got)"""
        box = self.box(BEN)
        row = self.hold(**fields)
        return row, box.next("the notice of held mail")[0]

    def test_the_lead_is_told_and_who_it_claims_to_be_is_asked(self):
        tara = self.box(TARA)
        row, notice = self.held_and_told(text="Please send me the keys.\n")
        self.assertIn(f"[held {row['id']}]", post.header(notice, "Subject"))
        self.assertIn("Please send me the keys.", post.text_of(notice))
        self.assertIn("#release", post.text_of(notice))
        question, _ = tara.next("the question")
        self.assertIn("Was this you?", post.header(question, "Subject"))
        self.assertNotIn("Please send me the keys.", post.text_of(question))

    def test_release_by_mail_makes_it_a_note(self):
        row, notice = self.held_and_told()
        box = self.box(BEN)
        answer = self.send(post.reply(notice, BEN, "#release"))
        self.assertEqual(answer["outcome"], "event", answer)
        released = self.wait_state(row["id"], "filed")
        self.assertEqual(released["outcome"], "note")
        self.assertEqual(released["released_by"], f"{BEN}, by mail")
        self.assertIn("is released", post.text_of(box.next("what was done")[0]))

    def test_drop_spam_and_trust(self):
        for command, state, field in (("#drop", "rejected", "dropped_by"), ("#SPAM", "rejected", "is_spam"),
                                      ("#trust", "filed", "is_trusted")):
            with self.subTest(command):
                row, notice = self.held_and_told()
                self.send(post.reply(notice, BEN, f"{command}\n\nRegards"))
                self.assertTrue(self.wait_state(row["id"], state)[field])

    def test_the_second_to_decide_hears_who_was_first(self):
        row, notice = self.held_and_told()
        self.desk.postdesk("held", "drop", str(row["id"]))
        box = self.box(BEN)
        self.send(post.reply(notice, BEN, "#release"))
        said = post.text_of(box.next("who was first")[0])
        self.assertIn("has dropped it on", said)
        self.assertEqual(self.state(row["id"])["state"], "rejected")

    def test_other_words_change_nothing(self):
        row, notice = self.held_and_told()
        box = self.box(BEN)
        self.send(post.reply(notice, BEN, "Please release it."))
        self.assertIn("Nothing has changed", post.text_of(box.next("the hint")[0]))
        self.assertEqual(self.state(row["id"])["state"], "held")

    def test_without_his_own_token_or_proof_nobody_decides(self):
        row, notice = self.held_and_told()
        self.send(post.reply(notice, TARA, "#release"))
        forged = self.send(post.reply(notice, BEN, "#release"), proof="none")
        self.assertEqual(forged["outcome"], "held")
        self.send(post.reply(notice, self.person("any.example"), "#release"), proof="none")
        self.settle()
        self.assertEqual(self.state(row["id"])["state"], "held")

    def test_yes_of_the_one_who_was_asked_releases(self):
        tara = self.box(TARA)
        row, _ = self.held_and_told()
        self.send(post.reply(tara.next("the question")[0], TARA, "Yes"), proof="none")
        self.assertEqual(self.wait_state(row["id"], "filed")["outcome"], "note")

    def test_a_contact_does_not_talk_himself_into_a_strangers_ticket(self):
        row, receipt = self.new_ticket(self.person())
        carl, ben = self.box("carl@other.test"), self.box(BEN)
        self.send(Mail(sender="carl@other.test", to=self.desk.address, subject="Known"))
        carl.next("the receipt"), ben.next("the new ticket")
        forged = self.send(post.reply(receipt, "carl@other.test", "Please pay to me."), proof="fail")
        self.assertEqual((forged["outcome"], forged["ticket"]), ("held", row["ticket"]))
        self.send(post.reply(carl.next("the question")[0], "carl@other.test", "Yes"))
        self.settle()
        self.assertEqual(self.state(forged["id"])["state"], "held")
        self.assertEqual(len(self.comments(row["ticket"])), 1)

    def test_a_machine_that_answers_to_the_digest_opens_no_ticket(self):
        self.hold()
        ben = self.box(BEN)
        self.desk.sql("delete from chore where name = 'held-digest'")
        def is_digest(mail):
            return "wait for a decision" in post.header(mail, "Subject")

        digest = wait_for("the digest", lambda: next(filter(is_digest, ben.newer()), None))
        away = self.send(post.reply(digest, BEN, "I am away.", headers=[("Auto-Submitted", "auto-replied")]))
        self.assertEqual((away["outcome"], away["ticket"]), ("event", None))

    def test_no_drops_it_and_the_lead_hears_of_it(self):
        tara = self.box(TARA)
        row, _ = self.held_and_told()
        ben = self.box(BEN)
        self.send(post.reply(tara.next("the question")[0], TARA, "Nein!"))
        self.wait_state(row["id"], "rejected")
        self.assertIn("did not write it", post.text_of(ben.next("the news")[0]))

    def test_anything_else_changes_nothing_and_goes_to_the_lead(self):
        tara = self.box(TARA)
        row, _ = self.held_and_told()
        question, _ = tara.next("the question")
        away = [("Auto-Submitted", "auto-replied")]
        answers = [(TARA, "No, don't!", []), (TARA, "I am away until Monday.", away),
                   (self.person("any.example"), "Yes", [])]
        for sender, text, headers in answers:
            with self.subTest(text):
                ben = self.box(BEN)
                self.send(post.reply(question, sender, text, headers=headers), proof="none")
                self.assertIn("Nothing has changed", post.text_of(ben.next("the news")[0]))
                self.assertEqual(self.state(row["id"])["state"], "held")


class MainContact(HeldCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.desk.postdesk("contact", "set", "anna@acme.example", "--main-contact", "yes")
        cls.desk.postdesk("customer", "set", "Acme GmbH", "--main-contact-only", "yes")
        cls.desk.lift_limits()

    def ask(self):
        """(a colleague, the row of his mail, the question to the main contact)"""
        anna, colleague = self.box("anna@acme.example"), self.person()
        box = self.box(colleague)
        row = self.send(Mail(sender=colleague, to=self.desk.address, subject="Screen",
                             text="My screen is black.\n"))
        self.assertEqual(row["outcome"], "held", row)
        self.assertIn("waits", post.header(box.next("the notice")[0], "Subject"))
        question, _ = anna.next("the question")
        self.assertIn("My screen is black.", post.text_of(question))
        return colleague, row, question

    def test_the_main_contact_opens_tickets(self):
        self.new_ticket("anna@acme.example")

    def test_yes_admits_the_colleague_who_becomes_the_requester(self):
        colleague, row, question = self.ask()
        box = self.box(colleague)
        self.send(post.reply(question, "anna@acme.example", "ja"), proof="none")
        admitted = self.wait_state(row["id"], "filed")
        self.assertEqual(admitted["outcome"], "new")
        self.assertEqual(self.ticket(admitted["ticket"])["requester_address"], colleague)
        self.assertIn(f"[#{admitted['ticket']}]", post.header(box.next("the receipt")[0], "Subject"))

    def test_no_rejects_it(self):
        _, row, question = self.ask()
        self.send(post.reply(question, "anna@acme.example", "NO"))
        self.wait_state(row["id"], "rejected")

    def test_a_used_question_is_a_place_for_what_came_of_it(self):
        _, row, question = self.ask()
        self.send(post.reply(question, "anna@acme.example", "yes"))
        ticket = self.wait_state(row["id"], "filed")["ticket"]
        again = self.send(post.reply(question, "anna@acme.example", "And please be quick."))
        self.assertEqual((again["outcome"], again["ticket"]), ("public", ticket))

    def test_a_colleagues_yes_admits_nobody(self):
        colleague, row, question = self.ask()
        self.send(post.reply(question, colleague, "yes"))
        self.settle()
        self.assertEqual(self.state(row["id"])["state"], "held")

    def test_time_rejects_it_and_the_colleague_is_told(self):
        colleague, row, _ = self.ask()
        self.desk.postdesk("contact", "add", colleague, "--name", "Colleague", "--confirmed",
                           "--customer", "Acme GmbH")
        box = self.box(colleague)
        self.desk.sql("update inbound_mail set held_until = now() where id = :'v1'", row["id"])
        self.wait_state(row["id"], "rejected")
        self.assertIn("was not taken", post.header(box.next("the news")[0], "Subject"))


class Behalf(DeskCase):
    shares_servers = True

    def test_a_technician_opens_a_ticket_for_a_contact(self):
        max_box = self.box("max@acme.example")
        row = self.send(Mail(sender=BEN, to=self.desk.address, subject="Telephone",
                             text="#for max@acme.example\nHis telephone is dead.\n"))
        self.assertEqual(row["outcome"], "new", row)
        ticket = self.ticket(row["ticket"])
        self.assertEqual((ticket["requester_address"], ticket["customer_name"]),
                         ("max@acme.example", "Acme GmbH"))
        self.settle()
        self.assertEqual(max_box.newer(), [])

    def test_a_forwarded_mail_becomes_its_senders_ticket(self):
        text = ("FYI\n\n---------- Forwarded message ---------\nFrom: Max Roth <max@acme.example>\n"
                "Date: Fri, Nov 20, 2026 at 10:00 AM\nSubject: Telefon tot\nTo: <ben@desk.example>\n\n"
                "Mein Telefon ist tot.\n")
        row = self.send(Mail(sender=BEN, to=self.desk.address, subject="Fwd: Telefon tot", text=text))
        self.assertEqual(self.ticket(row["ticket"])["requester_address"], "max@acme.example")

    def test_a_forward_of_nobody_knows_whom_asks(self):
        box = self.box(BEN)
        row = self.send(Mail(sender=BEN, to=self.desk.address, subject="Fwd: something", text="see below\n"))
        self.assertEqual(self.ticket(row["ticket"])["requester_address"], BEN)
        self.assertIn("#for", post.text_of(box.next("the receipt")[0]))

    def test_copies_join_when_the_customer_is_the_same(self):
        colleague = self.person()
        row = self.send(Mail(sender=self.person(), to=self.desk.address,
                             cc=[colleague, "eve@any.example", BEN], subject="Printer"))
        people = self.desk.rows("select a.address from participant p join person_address a"
                                " on a.person = p.person where p.ticket = :'v1'", row["ticket"])
        self.assertEqual([person["address"] for person in people], [colleague])
        shown = self.desk.value("select to_value from activity where ticket = :'v1' and what = 'copied'",
                                row["ticket"])
        self.assertEqual(shown, f"eve@any.example, {BEN}")

    def test_hidden_fields_do_not_reach_contacts(self):
        anna, ben = self.person(), self.box(BEN)
        _, receipt = self.new_ticket(anna)
        notice, _ = ben.next("the notice")
        box = self.box(anna)
        self.desk.postdesk("field", "set", "technician", "--contacts", "hidden")
        self.desk.postdesk("field", "set", "status", "--contacts", "hidden")
        self.send(post.reply(notice, BEN, "Have you tried to turn it off and on?"))
        answer, _ = box.next("the answer")
        self.assertNotIn("Ben", post.header(answer, "From") + post.text_of(answer))
        self.assertNotIn("Status", post.text_of(answer))
        self.desk.postdesk("field", "set", "technician", "--contacts", "shown")
        self.desk.postdesk("field", "set", "status", "--contacts", "shown")
        box = self.box(anna)
        self.send(post.reply(notice, BEN, "And again?"))
        answer, _ = box.next("the answer")
        self.assertIn("Ben", post.header(answer, "From"))
        self.assertIn("Status: open", post.text_of(answer))
        self.assertTrue(receipt)
