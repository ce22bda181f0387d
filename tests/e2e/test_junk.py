"""The folder marked Junk: what the desk knows is taken, all else is left there and counted (DESIGN 5)."""

import time

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail
from harness.waiting import wait_for

TIME_LIMIT = 300
FLOOD = 500


class Junk(DeskCase):
    def stamped(self, mail, proof=""):
        """The mail's bytes as they come out of the border: it went to somebody else's mailbox."""
        catcher = self.person("any.example")
        mail.recipients = [catcher]
        post.send(self.servers, mail, proof)
        wait_for("the mail to be stamped", lambda: post.inbox_raw(self.servers, catcher))
        return post.inbox_raw(self.servers, catcher)[0][1]

    def drop_into_junk(self, *raws):
        with post.imap_session(self.servers, self.desk.address) as session:
            for raw in raws:
                self.assertEqual(session.append("Junk", None, None, raw)[0], "OK")

    def junk(self):
        return [raw for _, raw in post.inbox_raw(self.servers, self.desk.address, "Junk")]

    def counted(self):
        """(left, taken) of all days"""
        (row,) = self.desk.rows("select coalesce(sum(mails_left), 0) as left_there,"
                                " coalesce(sum(mails_taken), 0) as taken from junk_day")
        return row["left_there"], row["taken"]

    def wait_left(self, before, count, seconds=30):
        wait_for("the verdict", lambda: self.counted()[0] >= before[0] + count, seconds)

    def check_audit(self):
        self.settle()
        findings = self.desk.run("audit", "--imap")
        self.assertEqual(findings.returncode, 0, findings.stdout)

    # ---- what is taken ----------------------------------------------------------------------

    def test_an_answer_with_a_token_is_taken_and_moved(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna)
        before = self.counted()
        answer = post.reply(receipt, anna, "It ended up in Junk.")
        raw = self.stamped(answer, "none")
        self.drop_into_junk(raw)
        decided = self.desk.wait_decided(answer.message_id, 30)
        self.assertEqual((decided["outcome"], decided["ticket"]), ("public", row["ticket"]))
        self.settle()
        (stored,) = self.desk.rows("select folder, moved_folder from inbound_mail where id = :'v1'",
                                   decided["id"])
        self.assertEqual((stored["folder"], stored["moved_folder"]), ("Junk", "Processed"))
        self.assertNotIn(raw, self.junk())
        self.assertEqual(self.counted(), (before[0], before[1] + 1))
        self.assertEqual(self.desk.rows("select * from junk_mail"), [])
        self.check_audit()

    def test_a_known_contact_is_taken_with_proof_and_left_without(self):
        before = self.counted()
        forged = Mail(sender="anna@acme.example", to=self.desk.address, subject="without proof")
        honest = Mail(sender="anna@acme.example", to=self.desk.address, subject="with proof")
        self.drop_into_junk(self.stamped(forged, "none"), self.stamped(honest, "pass"))
        row = self.desk.wait_decided(honest.message_id, 30)
        self.assertEqual(row["outcome"], "new")
        self.wait_left(before, 1)
        self.assertIsNone(self.desk.decided(forged.message_id))
        self.check_audit()

    def test_a_technicians_answer_is_taken(self):
        ben = self.box("ben@desk.example")
        row, _ = self.new_ticket(self.person())
        notice, _ = ben.next("the notice")
        answer = post.reply(notice, "ben@desk.example", "From Junk.")
        self.drop_into_junk(self.stamped(answer, "login"))
        decided = self.desk.wait_decided(answer.message_id, 30)
        self.assertEqual((decided["outcome"], decided["ticket"]), ("technician", row["ticket"]))

    def test_mail_that_came_while_the_daemon_was_away_is_found(self):
        self.desk.stop()
        mail = Mail(sender="max@acme.example", to=self.desk.address, subject="while away")
        self.drop_into_junk(self.stamped(mail, "pass"))
        self.desk.start()
        self.assertEqual(self.desk.wait_decided(mail.message_id, 30)["outcome"], "new")

    # ---- what is left -----------------------------------------------------------------------

    def test_spam_is_left_and_counted(self):
        before = self.counted()
        spam = [Mail(sender=f"spam{i}@any.example", to=self.desk.address, subject="cheap pills")
                for i in range(3)]
        raws = [self.stamped(mail, "pass") for mail in spam]
        self.drop_into_junk(*raws)
        self.wait_left(before, 3)
        for mail, raw in zip(spam, raws):
            self.assertIsNone(self.desk.decided(mail.message_id))
            self.assertIn(raw, self.junk())
        self.check_audit()

    def test_a_megabyte_of_header_is_left_without_being_read(self):
        before = self.counted()
        raw = self.stamped(Mail(sender="anna@acme.example", to=self.desk.address, subject="long"),
                           "pass")
        filler = b"".join(b"X-Filler: " + b"x" * 900 + b"\r\n" for _ in range(1150))
        self.drop_into_junk(filler + raw)
        self.wait_left(before, 1)
        self.assertEqual(self.desk.rows("select * from junk_mail"), [])

    def test_a_flood_costs_little_and_nothing_of_it_is_fetched(self):
        before = self.counted()
        spam = self.stamped(Mail(sender="flood@any.example", to=self.desk.address, subject="flood",
                                 text="buy " * 5000), "pass")
        head, _, body = spam.partition(b"\r\n\r\n")
        self.desk.stop()
        self.drop_into_junk(*(head + b"\r\nX-Number: %d\r\n\r\n" % i + body for i in range(FLOOD)))
        wanted = Mail(sender="anna@acme.example", to=self.desk.address, subject="in the flood")
        self.drop_into_junk(self.stamped(wanted, "pass"))
        fetched = self.desk.value("select coalesce(sum(fetched), 0) from mailbox_folder")
        begun = time.monotonic()
        self.desk.start()
        self.wait_left(before, FLOOD, 60)
        seconds = time.monotonic() - begun
        self.desk.wait_decided(wanted.message_id, 30)
        self.settle()
        self.assertEqual(self.desk.value("select sum(fetched) from mailbox_folder"), fetched + 1)
        self.assertLess(seconds, 20)

    def test_inbox_is_read_while_junk_is_full(self):
        row, _ = self.new_ticket(self.person())
        self.assertEqual(row["outcome"], "new")
