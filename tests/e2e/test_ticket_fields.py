"""What a ticket knows of itself while people write: whose word is next, how often was spoken, and its words."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness import mail as post  # noqa: E402
from harness.case import DeskCase  # noqa: E402
from harness.waiting import wait_for  # noqa: E402

BEN = "ben@desk.example"


class TicketFields(DeskCase):
    def opened(self, **fields):
        """(a contact, the number of his ticket, his receipt, what Ben got about it)"""
        sender = self.person()
        row, receipt = self.new_ticket(sender, **fields)

        def notices():
            return [mail for mail in post.inbox(self.servers, BEN)
                    if f"[#{row['ticket']}]" in post.header(mail, "Subject")]

        return sender, row["ticket"], receipt, wait_for("the notice", notices)[0]

    def history(self, number):
        """What people did: what rules said about it is left out."""
        return [row for row in self.desk.json("ticket", "log", number) if row["rule"] is None]

    def state(self, number):
        row = self.ticket(number)
        return row["activity_status"], row["comments"], row["contact_word_at"], row["technician_word_at"]

    def test_who_has_the_next_word(self):
        sender, number, receipt, notice = self.opened()
        status, comments, contact, technician = self.state(number)
        self.assertEqual((status, comments, technician), ("unread", 1, None))
        self.assertEqual(contact, self.ticket(number)["created_at"])

        self.desk.postdesk("ticket", "show", number)
        self.assertEqual(self.state(number), ("read", 1, contact, None))

        answered = self.send(post.reply(notice, BEN, "Please open the lower tray."))
        self.assertEqual((answered["ticket"], answered["outcome"]), (number, "technician"))
        status, comments, still, technician = self.state(number)
        self.assertEqual((status, comments, still), ("awaiting-contact", 2, contact))
        self.assertGreater(technician, contact)

        self.send(post.reply(receipt, sender, "That did not help."))
        status, comments, contact, still = self.state(number)
        self.assertEqual((status, comments, still), ("awaiting-technician", 3, technician))
        self.assertGreater(contact, technician)
        self.assertEqual(self.ticket(number)["status"], "open")

        self.desk.postdesk("ticket", "show", number)
        self.assertEqual(self.state(number)[0], "awaiting-technician", "looking is no word")
        self.desk.postdesk("ticket", "reply", number, "Then we will come.", "--as", BEN)
        self.assertEqual(self.state(number)[:2], ("awaiting-contact", 4))

    def test_a_technicians_first_act_makes_it_read(self):
        _, number, _, _ = self.opened()
        self.desk.postdesk("ticket", "set", number, "priority=high")
        self.assertEqual(self.state(number)[0], "read")
        self.assertEqual([row["what"] for row in self.history(number)], ["opened", "priority"])

    def test_a_contacts_answer_changes_no_status_unless_a_rule_says_so(self):
        sender, number, receipt, notice = self.opened()
        self.send(post.reply(notice, BEN, "Done."))
        for word in ("pending", "resolved"):
            self.desk.postdesk("ticket", "set", number, f"status={word}")
            self.send(post.reply(receipt, sender, f"Is it {word}?"))
        changes = [(row["to"], row["rule"]) for row in self.desk.json("ticket", "log", number) if row["what"] == "status"]
        self.assertEqual([to for to, rule in changes if rule is None], ["pending", "resolved"])
        self.assertEqual({to for to, rule in changes if rule is not None}, {"open"}, "the preset reopens")
        self.assertEqual(self.state(number)[0], "awaiting-technician")

    def test_an_automatic_answer_is_nobodys_word(self):
        sender, number, receipt, notice = self.opened()
        self.send(post.reply(notice, BEN, "Please call us."))
        before = self.state(number)
        away = post.reply(receipt, sender, "I am away.", headers=[("Auto-Submitted", "auto-replied")])
        self.send(away)
        after = self.state(number)
        self.assertEqual((after[0], after[2:]), ("awaiting-contact", before[2:]))

    def test_who_answers_first_is_assigned_and_it_is_remembered(self):
        _, number, _, notice = self.opened()
        answered = self.send(post.reply(notice, BEN, "I have it."))
        rows = {row["what"]: row for row in self.history(number)}
        self.assertEqual(list(rows), ["opened", "commented", "assigned"])
        self.assertEqual((rows["assigned"]["from"], rows["assigned"]["to"], rows["assigned"]["who"],
                          rows["assigned"]["mail"]), (None, "Ben Huber", "Ben Huber", answered["id"]))

    def test_what_was_written_is_found_soon(self):
        _, number, _, notice = self.opened(subject="Zebra broken", text="It has lost its stripes.\n")
        self.send(post.reply(notice, BEN, "Paint new ones."))

        def found(*words):
            return [row["id"] for row in self.desk.json("ticket", "search", *words)]

        wait_for("the words of the answer", lambda: found("zebra", "paint") == [number])
        self.assertEqual(found("stripes -paint"), [number])
        self.assertEqual(found("zebras"), [])
        self.desk.postdesk("setting", "set", "search-language", "english")
        wait_for("word forms", lambda: found("zebras", "stripe") == [number])
        self.assertIn("«Zebra» broken", self.desk.postdesk("ticket", "search", "zebras"))
        self.desk.postdesk("ticket", "set", number, "title=Giraffe broken")
        wait_for("the new title", lambda: found("giraffe", "paint") == [number])
        self.assertEqual(found("zebra stripes -paint"), [], "only the answer quotes it")
