"""20 MB, in and out: what is larger is not passed on, and whoever wrote it is told (DESIGN 3, 8)."""

import email.utils
import time

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail
from harness.waiting import wait_for

TIME_LIMIT = 300
BORDER = 20_971_520
HEAD = 1_048_576
LINE = "x" * 74 + "\r\n"


def padded(sender, subject, size, to="support@desk.example", text="Please help.", headers=""):
    """A mail of exactly so many bytes: a text and a file of lines, as they are (8bit)."""
    top = (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n{headers}"
           f"Date: {email.utils.formatdate()}\r\nMessage-ID: <{subject}.{time.time_ns()}@test.example>\r\n"
           'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\n'
           f"--=b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
           "--=b\r\nContent-Type: image/png; name=small.png\r\n\r\nPNG\r\n"
           "--=b\r\nContent-Type: application/octet-stream; name=large.bin\r\n"
           "Content-Disposition: attachment\r\n\r\n")
    end = "\r\n--=b--\r\n"
    missing = size - len(top) - len(end)
    filler = LINE * (missing // len(LINE)) + "y" * (missing % len(LINE))
    return (top + filler + end).encode()


def id_of(raw):
    return post.header(post.parse(raw[:4096]), "Message-ID")


class Sizes(DeskCase):
    def put(self, raw):
        """Into the mailbox as it stands, so that its size is exact: the row once it is decided."""
        with post.imap_session(self.servers, self.desk.address) as session:
            self.assertEqual(session.append("INBOX", None, None, raw)[0], "OK")
        return self.desk.wait_decided(id_of(raw), 60)

    def inbound(self, mail):
        (row,) = self.desk.rows("select bytes, raw_complete, moved_folder from inbound_mail"
                                " where id = :'v1'", mail)
        return row

    def files(self, comment):
        return [(row["name"], row["bytes"]) for row in self.desk.rows(
            "select name, bytes from attachment where comment = :'v1' order by position", comment)]

    def moved(self, mail, folder):
        wait_for(f"the move to {folder}", lambda: self.inbound(mail)["moved_folder"] == folder, 30)

    def notices(self, mail):
        return {(notice, address) for notice, address, _ in self.outbound(mail)}

    # ---- in ---------------------------------------------------------------------------------

    def test_mail_up_to_the_border_is_taken_whole(self):
        for size in (BORDER - 1, BORDER):
            with self.subTest(size=size):
                stranger = self.person("any.example")
                row = self.put(padded(stranger, f"whole{size}", size))
                self.assertEqual(row["outcome"], "new")
                stored = self.inbound(row["id"])
                self.assertEqual((stored["bytes"], stored["raw_complete"]), (size, True))
                names = dict(self.files(row["comment"]))
                self.assertGreater(names["large.bin"], size - 2000)
                (comment,) = self.comments(row["ticket"])
                self.assertEqual(comment["body"], "Please help.")
                self.assertIn(("acknowledgement", stranger), self.notices(row["id"]))
                self.moved(row["id"], "Processed")

    def test_one_byte_more_is_cut_and_the_sender_is_told(self):
        stranger = self.person("any.example")
        box = self.box(stranger)
        row = self.put(padded(stranger, "cut", BORDER + 1))
        self.assertEqual(row["outcome"], "new")
        stored = self.inbound(row["id"])
        self.assertEqual((stored["bytes"], stored["raw_complete"]), (BORDER + 1, False))
        self.assertEqual(self.desk.value(
            "select sum(octet_length(chunk)) from inbound_chunk where mail = :'v1'", row["id"]), HEAD)
        (comment,) = self.comments(row["ticket"])
        self.assertEqual(comment["body"], "Please help.\n\nattachments left out: small.png, and more,"
                                          " about 20 MB")
        self.assertEqual(self.files(row["comment"]), [("small.png", 3)])
        self.moved(row["id"], "Oversize")
        told, _ = box.next("that it was too large")
        self.assertIn("larger than the 20 MB", post.text_of(told))
        self.assertIn(str(row["ticket"]), post.text_of(told))
        self.assertNotIn("small.png", post.text_of(told), "a stranger gets none of his words")

    def test_a_contact_is_told_what_was_left_out(self):
        anna = self.person()
        box = self.box(anna)
        raw = padded(anna, "film", 22_000_000)
        post.send_raw(self.servers, raw, anna, [self.desk.address], proof="pass")
        row = self.desk.wait_decided(id_of(raw), 60)
        self.assertEqual(row["outcome"], "new")
        told, _ = box.next("that it was too large")
        self.assertIn("attachments left out: small.png, and more, about 21 MB", post.text_of(told))
        self.assertEqual(post.header(told, "Auto-Submitted"), "auto-replied")
        again = self.send(post.reply(told, anna, "Here is more."))
        self.assertEqual((again["outcome"], again["ticket"]), ("public", row["ticket"]))

    # ---- technicians ------------------------------------------------------------------------

    def ticket_of_ben(self):
        """(the customer, the ticket's number, Ben's notice of it)"""
        self.settle()  # a notice of an earlier ticket must not come now
        ben = self.box("ben@desk.example")
        anna = self.person()
        row, _ = self.new_ticket(anna)
        return anna, row["ticket"], ben.next("the notice")[0]

    def answer(self, notice, size):
        """Ben answers with a file; the decision."""
        reply = post.reply(notice, "ben@desk.example", "See the file.")
        headers = f"In-Reply-To: {reply.in_reply_to}\r\nReferences: {reply.references}\r\n"
        raw = padded("ben@desk.example", "re", size, reply.to[0], "See the file.", headers)
        post.send_raw(self.servers, raw, "ben@desk.example", reply.to, proof="login")
        return self.desk.wait_decided(id_of(raw), 60)

    def test_an_oversize_answer_is_a_note_and_its_author_is_told(self):
        anna, ticket, notice = self.ticket_of_ben()
        ben = self.box("ben@desk.example")
        row = self.answer(notice, 22_000_000)
        self.assertEqual((row["outcome"], row["ticket"]), ("note", ticket))
        told, _ = ben.next("that it was not sent")
        self.assertIn("was not sent to anybody", post.text_of(told))
        self.assertNotIn("See the file.", post.text_of(told))
        self.settle()
        self.assertEqual(self.notices(row["id"]), {("oversize", "ben@desk.example"),
                                                   ("note", "tara@desk.example")})
        self.assertNotIn("See the file.", "".join(map(post.text_of, post.inbox(self.servers, anna))))

    def test_an_answer_that_is_too_large_to_go_out_names_what_to_drop(self):
        anna, ticket, notice = self.ticket_of_ben()
        ben = self.box("ben@desk.example")
        row = self.answer(notice, 17_000_000)
        self.assertEqual((row["outcome"], row["ticket"]), ("note", ticket))
        told, _ = ben.next("that it was not sent")
        self.assertIn("Without these it can be sent: large.bin (16.2 MB)", post.text_of(told))
        self.settle()
        self.assertEqual(self.notices(row["id"]), {("too-large", "ben@desk.example"),
                                                   ("note", "tara@desk.example")})
        self.assertEqual([name for name, _ in self.files(row["comment"])],
                         ["small.png", "large.bin"], "it stands on the ticket, whole")
        again = self.send(post.reply(told, "ben@desk.example", "Without the file, then."))
        self.assertEqual(again["outcome"], "technician")
        self.assertEqual(self.outbound(again["id"])[-1][:2], ("reply", anna))

    def test_an_answer_at_the_border_goes_out_whole(self):
        """What the estimate lets through is really within the limit; one line more is not sent."""
        _, _, notice = self.ticket_of_ben()
        most = 15_272_000
        row = self.answer(notice, most)
        self.assertEqual(row["outcome"], "technician")
        self.settle(60)
        (answer,) = [state for name, _, state in self.outbound(row["id"]) if name == "reply"]
        self.assertEqual(answer, "sent")
        _, _, notice = self.ticket_of_ben()
        self.assertEqual(self.answer(notice, most + 100_000)["outcome"], "note")

    def test_what_goes_out_at_the_border_is_within_the_limit(self):
        anna, _, notice = self.ticket_of_ben()
        box = self.box(anna)
        self.assertEqual(self.answer(notice, 15_272_000)["outcome"], "technician")
        box.next("the answer", 60)
        size = len(post.inbox_raw(self.servers, anna)[-1][1])
        self.assertLess(size, BORDER + 2000, "Received lines may stand above it")
        self.assertGreater(size, BORDER - 200_000)

    def test_a_smaller_limit_of_the_smtp_server_is_learnt_and_obeyed(self):
        self.new_ticket(self.person())
        self.settle()
        announced = int(self.servers.size_limit)
        wait_for("the announced size", lambda: self.desk.value(
            "select send_bytes from mailbox") == announced)
        anna, ticket, notice = self.ticket_of_ben()
        self.settle()
        self.desk.sql("update mailbox set send_bytes = 3000000")  # as if it had said so
        row = self.answer(notice, 2_500_000)
        self.assertEqual((row["outcome"], row["ticket"]), ("note", ticket))

    def test_contacts_files_that_do_not_fit_are_listed(self):
        ben = self.box("ben@desk.example")
        anna = self.person()
        raw = padded(anna, "big", 18_000_000)
        post.send_raw(self.servers, raw, anna, [self.desk.address], proof="pass")
        self.assertEqual(self.desk.wait_decided(id_of(raw), 60)["outcome"], "new")
        notice, _ = ben.next("the notice", 60)
        self.assertIn("Too large for this mail: large.bin (17.1 MB)", post.text_of(notice))
        self.assertEqual([part.get_filename() for part in notice.iter_attachments()], ["small.png"])
