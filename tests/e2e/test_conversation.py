"""The main job: a customer's mail becomes a ticket, the technician's mail answers it.

The conversation is held once; the tests look at its mails as people and their programs see them.
"""

import email.utils
import re

from harness import mail as post
from harness.case import DeskCase
from harness.waiting import wait_for

TOKEN = re.compile(r"support\+([a-z2-7]{47})@desk\.example", re.I)


def reply_token(message):
    """The token in the Reply-To address; an AssertionError if there is none."""
    found = TOKEN.search(post.header(message, "Reply-To"))
    assert found, f"no token in Reply-To: {message['Reply-To']}"
    return found[1].lower()


def bounce_token(message):
    """Of the envelope sender, as the mailbox's server recorded it."""
    found = TOKEN.search(post.header(message, "Return-Path"))
    assert found, f"no token in Return-Path: {message['Return-Path']}"
    return found[1].lower()


def ids(message):
    """Every Message-ID that a mail refers to."""
    names = ("In-Reply-To", "References")
    return {word for name in names for word in post.header(message, name).split()}


class Conversation(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna, cls.ben, cls.tara, cls.max = (
            post.Box(cls.servers, a) for a in ("anna@acme.example", "ben@desk.example",
                                               "tara@desk.example", "max@acme.example"))
        cls.first = post.Mail(sender="anna@acme.example", name="Anna Meyer", to=cls.desk.address,
                              subject="Drucker defekt", text="The printer shows E-41.\n")
        cls.opened = cls.deliver(cls.first)
        cls.receipt = cls.anna.next("the receipt")[0]
        cls.notice = cls.ben.next("the notice")[0]
        cls.notice_tara = cls.tara.next("the notice")[0]
        cls.answer = post.reply(cls.notice, "ben@desk.example", "Please open the lower tray.",
                                name="Ben Huber")
        cls.answered = cls.deliver(cls.answer)
        cls.answer_seen = cls.anna.next("the answer")[0]
        cls.assigned_tara = cls.tara.next("that Ben has it")[0]
        cls.thanks = post.reply(cls.answer_seen, "anna@acme.example", "That did it.",
                                name="Anna Meyer")
        cls.thanked = cls.deliver(cls.thanks)
        cls.told = cls.ben.next("the contact's comment")[0]
        wait_for("the desk to settle", cls.desk.settled)

    @classmethod
    def deliver(cls, mail):
        return cls.desk.wait_decided(post.send(cls.servers, mail))

    # ---- the ticket -------------------------------------------------------------------------

    def test_the_three_mails_are_one_ticket(self):
        tickets = [row["ticket"] for row in (self.opened, self.answered, self.thanked)]
        self.assertEqual(tickets, [tickets[0]] * 3)
        self.assertEqual([row["outcome"] for row in (self.opened, self.answered, self.thanked)],
                         ["new", "technician", "public"])

    def test_the_ticket_belongs_to_the_customer_and_to_who_answered_first(self):
        ticket = self.ticket(self.opened["ticket"])
        self.assertEqual(ticket["subject"], "Drucker defekt")
        self.assertEqual(ticket["status"], "open")
        self.assertEqual(ticket["customer_name"], "Acme GmbH")
        self.assertEqual(ticket["requester_address"], "anna@acme.example")
        self.assertEqual(ticket["assignee_address"], "ben@desk.example")

    def test_the_comments_say_who_said_what(self):
        comments = self.comments(self.opened["ticket"])
        self.assertEqual([(c["kind"], c["author"]) for c in comments],
                         [("public", "anna@acme.example"), ("public", "ben@desk.example"),
                          ("public", "anna@acme.example")])
        for comment, words in zip(comments, ("E-41", "lower tray", "That did it")):
            self.assertIn(words, comment["body"])

    # ---- each mail --------------------------------------------------------------------------

    def test_each_copy_has_one_recipient(self):
        for message, recipient in ((self.receipt, "anna@acme.example"),
                                   (self.notice, "ben@desk.example"),
                                   (self.notice_tara, "tara@desk.example"),
                                   (self.answer_seen, "anna@acme.example"),
                                   (self.told, "ben@desk.example")):
            addresses = email.utils.getaddresses(
                message.get_all("To", []) + message.get_all("Cc", []))
            self.assertEqual([address for _, address in addresses], [recipient])

    def test_all_comes_from_the_mailbox_address(self):
        for message in (self.receipt, self.notice, self.answer_seen, self.told):
            self.assertEqual(post.address_of(message), "support@desk.example")

    def test_the_answer_bears_the_technicians_name(self):
        self.assertIn("Ben Huber", post.header(self.answer_seen, "From"))

    def test_replies_go_to_a_token_of_their_reader(self):
        tokens = {reply_token(m) for m in (self.receipt, self.notice, self.notice_tara)}
        self.assertEqual(len(tokens), 3)

    def test_bounces_go_to_another_token(self):
        for message in (self.receipt, self.notice, self.answer_seen, self.told):
            self.assertNotEqual(bounce_token(message), reply_token(message))

    def test_subjects_carry_the_ticket(self):
        number = f"[#{self.opened['ticket']}]"
        for message in (self.receipt, self.notice, self.answer_seen, self.told):
            subject = post.header(message, "Subject")
            self.assertIn(number, subject)
            self.assertIn("Drucker defekt", subject)
            self.assertEqual(subject.count(number), 1)

    def test_automatic_notices_say_so(self):
        """What the desk says by itself; what it carries of people's own words is no automatic mail."""
        self.assertEqual(post.header(self.receipt, "Auto-Submitted"), "auto-replied")
        for message in (self.receipt, self.notice):
            self.assertRegex(post.header(message, "Auto-Submitted"), "^auto-")
            self.assertEqual(post.header(message, "X-Auto-Response-Suppress"), "All")
        for message in (self.answer_seen, self.told):
            self.assertEqual(post.header(message, "Auto-Submitted"), "", "a person wrote it")

    def test_the_others_are_told_who_has_it_now(self):
        self.assertIn("Ben Huber", post.text_of(self.assigned_tara))

    def test_texts_are_told(self):
        self.assertIn("E-41", post.text_of(self.notice))
        self.assertIn("E-41", post.text_of(self.notice_tara))
        self.assertIn("lower tray", post.text_of(self.answer_seen))
        self.assertIn("That did it", post.text_of(self.told))

    def test_mails_have_a_date_and_an_id_each(self):
        messages = (self.receipt, self.notice, self.notice_tara, self.answer_seen, self.told)
        self.assertEqual(len({post.header(m, "Message-ID") for m in messages}), len(messages))
        for message in messages:
            self.assertLess(abs(post.age(message)), 600)

    # ---- conversations in mail programs -----------------------------------------------------

    def test_receipt_and_answer_hang_under_the_customers_mail(self):
        self.assertEqual(post.header(self.receipt, "In-Reply-To"), self.first.message_id)
        self.assertIn(self.first.message_id, ids(self.answer_seen))

    def test_the_technicians_notices_are_one_conversation(self):
        self.assertTrue(ids(self.told) & {post.header(self.notice, "Message-ID"),
                                          self.answer.message_id})

    def test_nobody_gets_anothers_tokens(self):
        secrets = {reply_token(self.notice), bounce_token(self.notice)}
        secrets |= set(re.findall(r"[a-z2-7]{47}", post.header(self.notice, "Message-ID")))
        for message in (self.receipt, self.answer_seen):
            text = message.as_string().lower().replace("=\n", "")
            for secret in secrets:
                self.assertNotIn(secret, text)

    # ---- who gets what ----------------------------------------------------------------------

    def test_the_author_gets_no_copy_and_others_only_what_is_theirs(self):
        rows = self.desk.rows("select c.address_key as address, m.message_id as cause from outbound_mail c"
                              " join inbound_mail m on m.id = c.cause where c.ticket = :'v1'"
                              " order by c.address_key", self.opened["ticket"])
        got = {name: [r["address"] for r in rows if r["cause"] == mail.message_id.strip("<>")]
               for name, mail in (("first", self.first), ("answer", self.answer),
                                  ("thanks", self.thanks))}
        self.assertEqual(got, {
            "first": ["anna@acme.example", "ben@desk.example", "tara@desk.example"],
            "answer": ["anna@acme.example", "tara@desk.example"],
            "thanks": ["ben@desk.example"]})
        self.assertEqual(self.max.newer(), [])

    def test_everything_was_sent_once_and_is_put_away(self):
        states = self.desk.rows("select state, attempt from outbound_mail")
        self.assertEqual({(r["state"], r["attempt"]) for r in states}, {("sent", 1)})
        self.assertEqual(post.inbox(self.servers, self.desk.address), [])
        self.assertEqual(len(post.inbox(self.servers, self.desk.address, "Processed")), 3)

    # ---- the command line on it -------------------------------------------------------------

    def test_ticket_list_and_show_say_it(self):
        listed = self.desk.postdesk("ticket", "list")
        self.assertIn("Drucker defekt", listed)
        shown = self.desk.postdesk("ticket", "show", self.opened["ticket"])
        for words in ("Anna Meyer", "Ben Huber", "E-41", "lower tray", "That did it", "Acme GmbH"):
            self.assertIn(words, shown)

    def test_audit_finds_nothing(self):
        self.desk.postdesk("audit", "--imap")


class ReplyByCommandLine(DeskCase):
    def test_it_reaches_the_requester(self):
        anna = self.person()
        row, _ = self.new_ticket(anna)
        box = self.box(anna)
        self.desk.postdesk("ticket", "reply", row["ticket"], "We are on our way.",
                           "--as", "ben@desk.example")
        message, _ = box.next("the reply")
        self.assertIn("We are on our way.", post.text_of(message))
        answer = self.send(post.reply(message, anna, "Good."))
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", row["ticket"]))


class Participants(DeskCase):
    def test_a_colleague_who_was_in_cc_may_write_and_then_reads_along(self):
        anna, max_ = self.person(), self.person()
        first = post.Mail(sender=anna, to=self.desk.address, cc=[max_], subject="for two")
        row = self.send(first)
        self.settle()
        max_box, ben = self.box(max_), self.box("ben@desk.example")
        own = post.inbox(self.servers, max_)[-1]  # his copy of the mail itself, not of ours
        more = self.send(post.reply(own, max_, "Me too.", to=[self.desk.address], cc=[anna]))
        self.assertEqual((more["outcome"], more["ticket"]), ("public", row["ticket"]))
        told, _ = ben.next("the colleague's words")
        self.assertIn("Me too", post.text_of(told))
        self.send(post.reply(told, "ben@desk.example", "Answer for both."))
        copy, _ = max_box.next("the answer")
        self.assertIn("Answer for both", post.text_of(copy))
        self.assertTrue([m for m in post.inbox(self.servers, anna)
                         if "Answer for both" in post.text_of(m)])
        answer = self.send(post.reply(copy, max_, "Thanks."), "none")  # with a token of his own
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", row["ticket"]))

    def test_a_stranger_in_cc_gets_nothing(self):
        anna, stranger = self.person(), self.person("any.example")
        self.new_ticket(anna, cc=[stranger])
        self.settle()
        rows = self.desk.rows("select id from outbound_mail where address_key = :'v1'", stranger)
        self.assertEqual(rows, [])
