"""The kill loop, short (./run faults kill-loop is the long one), and faults that the audit must find."""

import unittest

from harness import mail as post
from harness.case import build_folder
from harness.killing import KillLoop

TIME_LIMIT = 400
KILLS = 25
MAILS = 100
SEED = 7


class Killed(unittest.TestCase):
    def test_nothing_is_lost_and_the_audit_sees_planted_faults(self):
        with KillLoop(build_folder(), KILLS, MAILS, SEED) as loop:
            loop.run()
            print(loop.figures())
            self.assertEqual(loop.check(), [])
            self.assert_the_check_can_fail(loop)
            self.assert_deleted_row_is_found(loop)
            self.assert_moved_mail_is_found(loop)

    def assert_the_check_can_fail(self, loop):
        """A receipt that vanishes from its mailbox is missed."""
        sender, identity = loop.injector.sent[0]
        with post.imap_session(loop.servers, sender) as session:
            session.select("INBOX")
            found = session.uid("SEARCH", "HEADER", "In-Reply-To", f'"{identity}"')[1][0].split()
            self.assertTrue(found)
            for uid in found:
                session.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
            session.expunge()
        self.assertEqual(loop.check_receipts(), [f"{identity}: 0 receipts"])

    def assert_deleted_row_is_found(self, loop):
        mend = loop.plant_deleted_row()
        audit = loop.desk.run("audit", "--imap")
        self.assertNotEqual(audit.returncode, 0, audit.stdout)
        mend()
        self.assertEqual(loop.desk.run("audit", "--imap").returncode, 0)

    def assert_moved_mail_is_found(self, loop):
        loop.plant_moved_mail()
        audit = loop.desk.run("audit", "--imap")
        self.assertNotEqual(audit.returncode, 0, audit.stdout)
