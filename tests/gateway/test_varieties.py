"""The role fetch and the servers that people have: every set of abilities, every way to treat fetched mail.

The servers are fake_imap.py's, which answers BAD to what it is told to be without and remembers that it was asked.
"""

import itertools
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))

from fake_imap import FakeImap
from harness.waiting import wait_for
from role import RoleTest

ABILITIES = ("MOVE", "UIDPLUS", "IDLE")


def mail(number):
    return (f"From: anna@acme.example\r\nMessage-ID: <{number}@acme.example>\r\n\r\n"
            f"This is mail {number}.\r\n").encode()


class Varieties(RoleTest):
    def start(self, fake, **columns):
        self.addCleanup(fake.close)
        mailbox, _ = self.mailbox(port=fake.port)
        self.set(mailbox, imap_security="insecure", **columns)
        return mailbox, self.role("fetch", mailbox)

    def set(self, mailbox, **columns):
        for column, value in columns.items():
            self.desk.sql(f"update mailbox set {column} = :'v2' where id = :'v1'", mailbox, value)
        self.desk.sql("notify postdesk_mailbox")

    def wait_stored(self, mailbox, count):
        wait_for(f"{count} rows", lambda: len(self.rows(mailbox, "id")) == count, 60)
        self.assertEqual(self.fetched(mailbox), count)

    def check_variety(self, variety, after_fetch, without):
        fake, mailbox, logs = variety
        if fake.is_emptied:
            self.assertEqual((len(fake.folders["INBOX"]), len(fake.folders["Processed"])), (0, 5))
        else:
            self.assertEqual(sorted(fake.folders["INBOX"]), [1, 2, 3, 4, 5])
            self.assertEqual(fake.deleted["INBOX"], {2})
        self.assertEqual(fake.trespasses, [])
        self.assertEqual(fake.times("^EXPUNGE"), 0, "others' deleted mail")
        self.assertEqual(fake.times("^IDLE") > 0, "IDLE" not in without)
        log = "".join(logs)
        self.assertNotIn("imap.lost", log)
        self.assertEqual("move.refused" in log, after_fetch == "move" and not fake.is_emptied)

    def test_every_set_of_abilities_will_do(self):
        sets = [subset for size in range(4) for subset in itertools.combinations(ABILITIES, size)]
        ways = list(itertools.product(("move", "keep"), sets))
        varieties = []
        for after_fetch, without in ways:
            fake = FakeImap({uid: mail(uid) for uid in range(1, 4)}, without=without)
            fake.deleted["INBOX"].add(2)  # by a person, who may want it back
            fake.is_emptied = after_fetch == "move" and not {"MOVE", "UIDPLUS"} <= set(without)
            self.addCleanup(fake.close)
            mailbox, _ = self.mailbox(port=fake.port)
            self.set(mailbox, imap_security="insecure", after_fetch=after_fetch)
            varieties.append((fake, mailbox, []))
        self.run_all(varieties, 3, 4)
        self.run_all(varieties, 4, 5)  # what they know stands in the database
        for variety, (after_fetch, without) in zip(varieties, ways):
            with self.subTest(without=without, after_fetch=after_fetch):
                self.check_variety(variety, after_fetch, without)

    def run_all(self, varieties, before, after):
        """A role each, all at once; a mail comes while they wait."""
        config = self.other_config(poll="1s")  # below a second nobody uses IDLE
        roles = [self.role("fetch", mailbox, config=config) for _, mailbox, _ in varieties]
        for role, (_, mailbox, _) in zip(roles, varieties):
            role.wait_event("imap.opened", 60)
            self.wait_stored(mailbox, before)
        for fake, _, _ in varieties:
            fake.deliver(mail(after))
        for role, (fake, mailbox, logs) in zip(roles, varieties):
            self.wait_stored(mailbox, after)
            if fake.is_emptied:
                self.wait_rows(mailbox, after, 60)
            role.stop()
            logs.append(role.log())

    def test_folders_are_named_in_utf_8(self):
        fake = FakeImap({1: mail(1)})
        mailbox, fetch = self.start(fake, processed_folder="Erledigt/Grüße & 日本", oversize_folder="Übergroß")
        rows = self.wait_rows(mailbox, 1)
        fetch.stop()
        self.assertEqual(rows[0]["moved_folder"], "Erledigt/Grüße & 日本")
        self.assertEqual(set(fake.folders), {"INBOX", "Erledigt/Gr&APwA3w-e &- &ZeVnLA-", "&ANw-bergro&AN8-"})
        self.assertEqual(len(fake.folders["Erledigt/Gr&APwA3w-e &- &ZeVnLA-"]), 1)

    def test_a_mailbox_can_change_its_mind(self):
        fake = FakeImap({1: mail(1)})
        mailbox, fetch = self.start(fake, after_fetch="keep")
        self.wait_stored(mailbox, 1)
        self.assertEqual(sorted(fake.folders), ["INBOX"])
        self.set(mailbox, after_fetch="move")
        self.wait_rows(mailbox, 1)
        self.assertEqual((fake.folders["INBOX"], len(fake.folders["Processed"])), ({}, 1))
        self.set(mailbox, after_fetch="keep")
        wait_for("the new session", lambda: len(fetch.events("mailbox.changed")) == 2)
        fake.deliver(mail(2))
        self.wait_stored(mailbox, 2)
        fetch.stop()
        self.assertEqual(sorted(fake.folders["INBOX"]), [2])

    def age(self, mailbox, days, *uids):
        self.desk.sql("update inbound_mail set moved_at = now() - make_interval(days => :'v2'::int), state = 'rejected',"
                      " decided_at = now() where mailbox = :'v1' and uid = any(:'v3'::int8[])",
                      mailbox, days, "{" + ",".join(map(str, uids)) + "}")

    def cleaned(self, without=()):
        """Six mails: two processed long ago, one of another's, one not decided; a person's own and a deleted one."""
        fake = FakeImap({uid: mail(uid) for uid in range(1, 7)}, without=without)
        mailbox, fetch = self.start(fake)
        self.wait_rows(mailbox, 6)
        fetch.stop()
        there = fake.folders["Processed"]
        there[90] = mail(90)
        there[91] = mail(91)
        fake.deleted["Processed"] |= {6, 91}
        self.age(mailbox, 31, 1, 2, 4)
        self.age(mailbox, 29, 3)
        self.desk.sql("update inbound_mail set moved_at = now() - interval '40 days' where mailbox = :'v1' and uid = 5",
                      mailbox)  # and still received
        again = self.role("fetch", mailbox)
        again.wait_event("imap.opened")
        return fake, mailbox, again

    def test_processed_mail_leaves_after_its_days(self):
        fake, mailbox, fetch = self.cleaned()
        self.assertIn("mails=3", fetch.wait_event("mail.removed"))
        fake.deliver(mail(7))
        self.wait_rows(mailbox, 7)  # and INBOX is open again
        fetch.stop()
        self.assertEqual(sorted(set(fake.folders["Processed"]) - {90, 91}), [3, 5, 6, 7])
        self.assertEqual(fake.deleted["Processed"], {6, 91}, "what people have marked stays")
        self.assertEqual({row["uid"] for row in self.rows(mailbox, "uid, moved_uid") if row["moved_uid"] is None}, {1, 2, 4})
        self.assertEqual(fake.times("^EXPUNGE"), 0)
        fake.commands.clear()
        self.role("fetch", mailbox).wait_event("imap.opened")
        fake.deliver(mail(8))
        self.wait_rows(mailbox, 8)
        self.assertEqual(fake.times("EXPUNGE|SELECT .*Processed"), 0, "nobody looks where nothing is due")

    def test_without_uidplus_nothing_is_ever_removed(self):
        fake, mailbox, fetch = self.cleaned(without=("UIDPLUS",))
        fake.deliver(mail(7))
        self.wait_rows(mailbox, 7)
        fetch.stop()
        self.assertEqual(fake.times("EXPUNGE"), 0)
        self.assertEqual(len(fake.folders["Processed"]), 9)

    def test_for_ever_is_an_answer_too(self):
        self.desk.sql("insert into setting (name, value) values ('processed-days', '0')")
        self.addCleanup(self.desk.sql, "delete from setting where name = 'processed-days'")
        fake, mailbox, fetch = self.cleaned()
        fake.deliver(mail(7))
        self.wait_rows(mailbox, 7)
        fetch.stop()
        self.assertEqual(fake.times("EXPUNGE"), 0)
