"""The audit: silent on a healthy desk, and each planted fault is found."""

import hashlib
import json
import sys
import time
import urllib.parse

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402
from harness import mail as post  # noqa: E402

ADDRESS = "support@desk.example"


class Audit(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        user = urllib.parse.quote(ADDRESS, safe="")
        host = self.servers.host
        for folder in ("INBOX", "Processed", "Oversize"):
            self.empty(folder)
        self.ok("mailbox", "add", ADDRESS, "--secret", "support", "--take-existing",
                "--imap", f"imaps://{user}@{host}:{self.servers.imaps}",
                "--smtp", f"smtps://{user}@{host}:{self.servers.submissions}")
        self.sql("insert into person (name, is_contact) values ('Anna', true);"
                 "insert into person_address values ('a@acme.example', 'a@acme.example', 1)")

    # ---- the mailbox ------------------------------------------------------------------------

    def empty(self, folder):
        with post.imap_session(self.servers, ADDRESS) as box:
            kind, (count, *_) = box.select(folder)
            if kind == "OK" and int(count):
                box.store("1:*", "+FLAGS", "\\Deleted")
                box.expunge()

    def append(self, folder, text):
        """A mail in a folder; its UID and the folder's UIDVALIDITY."""
        with post.imap_session(self.servers, ADDRESS) as box:
            raw = f"Subject: {text}\r\n\r\n{text}\r\n".encode()
            answer = box.append(folder, "", None, raw)[1][0].decode()
            validity, uid = answer.split("APPENDUID ")[1].split("]")[0].split()
        return int(uid), int(validity)

    def row(self, uid, validity, *, moved=None, state="filed", count=True):
        """What the daemon would have written for it. moved: (folder, uid, uidvalidity)."""
        number = self.sql(f"""
            insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw, arrived_at)
            values (1, 'INBOX', {validity}, {uid}, '\\x01' || sha256('{time.time_ns()}'), 9, 'x', now())
            returning id""")
        if count:
            self.sql(f"""insert into mailbox_folder values (1, 'INBOX', {validity}, {uid}, 1)
                on conflict (mailbox, folder, uidvalidity) do update
                set last_uid = greatest(mailbox_folder.last_uid, {uid}), fetched = mailbox_folder.fetched + 1""")
        if state == "filed":
            self.sql(f"""
                with t as (insert into ticket (nonce, mailbox, requester, subject, opened_by)
                           values (1, 1, 1, 's', {number}) returning id),
                     c as (insert into comment (ticket, kind, author, mail, body)
                           select id, 'public', 1, {number}, 'b' from t returning id, ticket)
                update inbound_mail set state = 'filed', decided_at = now(), ticket = c.ticket, comment = c.id
                from c where inbound_mail.id = {number}""")
        if moved:
            folder, new_uid, new_validity = moved
            self.sql(f"""update inbound_mail set moved_at = now() - interval '2 minutes',
                moved_folder = '{folder}', moved_uid = {new_uid}, moved_uidvalidity = {new_validity}
                where id = {number}""")
        return int(number)

    # ---- what is found ----------------------------------------------------------------------

    def clean(self, *options):
        report = self.json("audit", *options)
        self.assertEqual(report["findings"], [])
        return report

    def found(self, *options):
        """Kinds and texts of the findings, which there must be; in both forms."""
        done = self.desk.run("audit", *options, "--json")
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        report = json.loads(done.stdout)
        text = self.desk.run("audit", *options)
        self.assertEqual((text.returncode, text.stderr), (1, ""))
        lines = [line for line in text.stdout.splitlines() if line.startswith("finding: ")]
        self.assertEqual(lines, ["finding: " + finding["text"] for finding in report["findings"]])
        return [(finding["kind"], finding["text"]) for finding in report["findings"]]

    def test_an_empty_and_a_healthy_desk_are_clean(self):
        self.clean()
        self.clean("--imap")
        waiting = self.append("INBOX", "waiting")
        there = self.append("INBOX", "there")
        gone, validity = self.append("Processed", "gone")
        self.row(there[0], there[1], state="received")
        self.row(waiting[0], waiting[1], moved=None)
        self.row(there[0] + 100, there[1], moved=("Processed", gone, validity))
        report = self.clean("--imap")
        self.assertEqual(report["fetched"], 3)
        self.assertEqual(report["states"], {"filed": 2, "received": 1})
        self.assertEqual(report["warnings"], [])
        self.assertIn("3 fetched; 2 filed + 1 received", self.ok("audit"))

    def test_a_deleted_row_is_found_twice(self):
        uid, validity = self.append("Processed", "row-deleted")
        number = self.row(1, validity, moved=("Processed", uid, validity))
        self.clean("--imap")
        self.sql(f"set session_replication_role = replica; delete from inbound_mail where id = {number};"
                 "delete from comment; delete from ticket")
        kinds = [kind for kind, _ in self.found("--imap")]
        self.assertEqual(kinds, ["conservation", "row-missing"])

    def test_a_mail_moved_without_its_row_is_found(self):
        for folder in ("Processed", "Oversize"):
            uid, _ = self.append(folder, f"planted-{folder}")
            self.assertEqual(self.found("--imap"),
                             [("row-missing", f"{ADDRESS}: the mail with UID {uid} in {folder} has no row")])
            self.empty(folder)

    def test_a_moved_mail_is_known_by_its_fingerprint(self):
        _, validity = self.append("Processed", "by-fingerprint")
        raw = post.inbox_raw(self.servers, ADDRESS, "Processed")[0][1]
        number = self.row(1, validity)
        self.found("--imap")
        # Without COPYUID the row has no new UID: only the text tells that it is this mail.
        digest = hashlib.sha256(raw).hexdigest()  # that of a mail without a Message-ID (gateway/fingerprint)
        self.sql(f"""update inbound_mail set fingerprint = '\\x01{digest}', moved_at = now() - interval '2 minutes',
            moved_folder = 'Processed' where id = {number}""")
        self.clean("--imap")

    def test_a_mail_that_was_passed_over_is_found(self):
        first = self.append("INBOX", "passed-over")
        second = self.append("INBOX", "taken")
        self.row(second[0], second[1])
        ((kind, text),) = self.found("--imap")
        self.assertEqual(kind, "row-missing")
        self.assertIn(f"UID {first[0]} in INBOX was passed over", text)
        self.sql("update mailbox set taken_from = now() + interval '1 minute'")
        self.clean("--imap")  # older than the mailbox: left alone on purpose

    def test_what_others_did_is_a_warning(self):
        uid, validity = self.append("INBOX", "deleted-by-a-person")
        self.row(uid, validity)
        kept, kept_validity = self.append("Processed", "deleted-later")
        self.row(uid + 1000, validity, moved=("Processed", kept, kept_validity))
        self.append("INBOX", "another")
        self.append("INBOX", "one more")
        self.sql("update mailbox_folder set last_uid = 0")
        self.clean("--imap")
        self.empty("INBOX")
        self.empty("Processed")
        report = self.clean("--imap")
        self.assertEqual([w["kind"] for w in report["warnings"]], ["moved-by-others"] * 2)
        self.assertIn("warning: ", self.ok("audit", "--imap"))

    def test_a_mail_that_was_moved_and_is_still_there_is_found(self):
        uid, validity = self.append("INBOX", "not-moved")
        copy, copy_validity = self.append("Processed", "not-moved")
        self.row(uid, validity, moved=("Processed", copy, copy_validity))
        self.assertEqual([kind for kind, _ in self.found("--imap")], ["not-moved"])

    def test_contradictions_are_found(self):
        faults = [
            ("conservation", "update mailbox_folder set fetched = fetched + 1"),
            ("filed-without-comment", "update inbound_mail set comment = null"),
            ("filed-without-ticket", "update inbound_mail set ticket = 99"),
            ("leftovers", "update inbound_mail set state = 'held'"),
            ("raw-lost", "update inbound_mail set raw = null"),
            ("empty-ticket", "insert into ticket (nonce, mailbox, requester, subject) values (1, 1, 1, 's')"),
            ("waits-in", "insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
             " arrived_at, received_at) select 1, 'INBOX', 5, 99, '\\x01' || sha256('w'), 1, 'x', now(),"
             " now() - interval '1 hour'; update mailbox_folder set fetched = fetched + 1"),
            ("filed-twice", "insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
             " arrived_at, state, decided_at, ticket) select mailbox, folder, uidvalidity, 77, fingerprint, bytes,"
             " raw, arrived_at, state, decided_at, ticket from inbound_mail"),
            ("waits-out", self.outbound("receipt", "1 hour")),
            ("note-sent", "update comment set kind = 'note';" + self.outbound("comment-contact", "0 s")),
            ("attachment-lost", "insert into blob values (sha256('y'), 1); insert into attachment"
             " select id, 0, sha256('y'), 1, 'n', 'n', 't', '', false from comment"),
        ]
        self.row(1, 5)
        for kind, fault in faults:
            with self.subTest(kind):
                self.clean()
                self.sql("create schema kept; create table kept.i as table inbound_mail;"
                         "create table kept.f as table mailbox_folder")
                self.sql("set session_replication_role = replica;" + fault)
                self.assertIn(kind, [found for found, _ in self.found()])
                self.sql("""set session_replication_role = replica;
                    delete from inbound_mail; insert into inbound_mail select * from kept.i;
                    delete from mailbox_folder; insert into mailbox_folder select * from kept.f;
                    delete from outbound_mail; delete from attachment; delete from blob;
                    delete from ticket where id not in (select ticket from comment);
                    update comment set kind = 'public'; drop schema kept cascade""")

    @staticmethod
    def outbound(notice, age):
        return f"""insert into outbound_mail (nonce, mailbox, ticket, comment, notice, recipient, address,
            address_key, domain, is_automatic, is_stranger, message_id, reason, next_try_at)
            select 1, 1, ticket, id, '{notice}', 1, 'a@acme.example', 'a@acme.example', 'acme.example', true,
            false, 'x@desk.example', 'r', now() - interval '{age}' from comment"""

    def test_a_mailbox_that_cannot_be_reached_is_no_clean_bill(self):
        self.sql("update mailbox set imap_port = 1")
        self.fails(75, "audit", "--imap", says=f"{ADDRESS}: ")
        self.clean()
