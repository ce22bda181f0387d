"""The role fetch and servers that are not at their best: see fake_imap.py."""

import os
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))

from fake_imap import FakeImap
from harness.waiting import wait_for
from role import RoleTest


def mail(number):
    return (f"From: anna@acme.example\r\nMessage-ID: <{number}@acme.example>\r\n\r\n"
            f"This is mail {number}.\r\n").encode()


class OddServers(RoleTest):
    def start(self, fake):
        self.addCleanup(fake.close)
        mailbox, _ = self.mailbox(port=fake.port)
        self.desk.sql("update mailbox set imap_security = 'insecure' where id = :'v1'", mailbox)
        return mailbox, self.role("fetch", mailbox)

    def last_uid(self, mailbox):
        return self.desk.value("select last_uid from mailbox_folder where mailbox = :'v1'"
                               " and folder = 'INBOX'", mailbox)

    def check_refused(self, fake, heal):
        """One of 60 mails is not to be had: the others come, and it comes when it can be had again."""
        mailbox, fetch = self.start(fake)
        self.wait_rows(mailbox, 59)
        self.assertIn("uid=30 ", fetch.wait_event("mail.refused"))
        fake.deliver(mail(61))
        self.wait_rows(mailbox, 60)
        self.assertEqual(self.last_uid(mailbox), 29, "it counts as looked at")
        self.assertEqual(sorted(fake.folders["INBOX"]), [30])
        self.assertEqual((len(fetch.events("mail.refused")), fetch.events("imap.lost")), (1, []))
        fetch.stop()
        heal()
        again = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 61)
        again.stop()
        self.assertEqual((rows[-1]["uid"], self.last_uid(mailbox)), (30, 30))
        self.assertEqual(self.fetched(mailbox), 61)

    def test_a_mail_that_is_refused_stops_no_other(self):
        fake = FakeImap({uid: mail(uid) for uid in range(1, 61)}, refused={30})
        self.check_refused(fake, fake.refused.clear)

    def test_a_mail_that_is_passed_over_in_silence_stops_no_other(self):
        fake = FakeImap({uid: mail(uid) for uid in range(1, 61)}, silent={30})
        self.check_refused(fake, fake.silent.clear)

    def test_a_server_that_does_not_move_is_read_nevertheless(self):
        fake = FakeImap({1: mail(1)})
        fake.is_full = True
        mailbox, fetch = self.start(fake)
        self.assertIn("no room", fetch.wait_event("move.refused"))
        for number in range(2, 5):
            fake.deliver(mail(number))
        wait_for("the rows", lambda: len(self.rows(mailbox, "id")) == 4)
        time.sleep(0.5)
        self.assertEqual((len(fetch.events("move.refused")), fetch.events("imap.lost")), (1, []))
        fake.is_full = False
        self.wait_rows(mailbox, 4)
        fetch.wait_event("move.regained")
        self.assertEqual(len(fake.folders["Processed"]), 4)
        fetch.stop()

    def test_without_new_uids_a_move_is_recorded_all_the_same(self):
        fake = FakeImap({uid: mail(uid) for uid in range(1, 4)}, without=("UIDPLUS",))
        mailbox, fetch = self.start(fake)
        rows = self.wait_rows(mailbox, 3)
        fetch.stop()
        self.assertEqual({(row["moved_folder"], row["moved_uid"]) for row in rows}, {("Processed", None)})
        self.assertEqual(fetch.events("mail.missed"), [])

    def test_a_move_whose_answer_is_lost_is_found_by_fingerprint(self):
        fake = FakeImap({uid: mail(uid) for uid in range(1, 81)})
        fake.is_deaf_after_move = True
        mailbox, fetch = self.start(fake)
        rows = self.wait_rows(mailbox, 80)
        fetch.stop()
        self.assertEqual({row["uid"]: row["moved_uid"] for row in rows}, {uid: uid for uid in range(1, 81)})
        self.assertEqual((fetch.events("mail.missed"), len(fetch.events("imap.lost"))), ([], 1))

    def test_what_others_put_into_the_target_is_not_taken_for_ours(self):
        fake = FakeImap({1: mail(1), 2: mail(2)})
        mailbox, fetch = self.start(fake)
        self.wait_rows(mailbox, 2)
        fake.folders["Processed"][3] = mail(9)
        fake.next_uid["Processed"] = 4
        fake.is_deaf_after_move = True
        fake.deliver(mail(3))
        fake.deliver(mail(4))
        rows = self.wait_rows(mailbox, 4)
        fetch.stop()
        self.assertEqual([row["moved_uid"] for row in rows], [1, 2, 4, 5])

    def test_the_commands_of_an_idle_mailbox_are_few(self):
        fake = FakeImap({1: mail(1)})
        mailbox, fetch = self.start(fake)
        self.wait_rows(mailbox, 1)
        fake.commands.clear()
        time.sleep(2)
        fetch.stop()
        self.assertEqual(fake.times("SELECT|EXAMINE|LIST|MOVE"), 0, fake.commands)
