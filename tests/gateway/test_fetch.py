"""The role fetch against real Postfix, Dovecot and PostgreSQL, broken in every way that is known."""

import contextlib
import hashlib
import imaplib
import os
import pathlib
import shutil
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))

from harness.mail import Mail, imap_session, inbox_raw, send
from harness.waiting import wait_for
from role import RoleTest

TIME_LIMIT = 300
OVERSIZE = 20_971_520
HEAD = 1_048_576


def mail(number, size=0, identity=True):
    lines = [f"From: anna@acme.example", f"Subject: mail {number}",
             "Date: Mon, 05 Jan 2026 10:00:00 +0000"]
    if identity:
        lines.append(f"Message-ID: <{number}.{os.getpid()}@acme.example>")
    text = "\r\n".join([*lines, "", f"This is mail {number}.", ""]).encode()
    filler = b"x" * 70 + b"\r\n"
    missing = max(0, size - len(text))
    return text + filler * (missing // len(filler)) + b"y" * (missing % len(filler))


class Proxy:
    """A TCP server in front of Dovecot whose cable can be pulled."""

    def __init__(self, port, host="127.0.0.1"):
        self.target = port
        self.is_up = True
        self.pairs = []
        self.accepted = 0
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if not self.is_up:
                    client.close()
                    continue
                self.accepted += 1
                server = socket.create_connection(("127.0.0.1", self.target))
                self.pairs.append((client, server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self.pump, args=ends, daemon=True).start()

    @staticmethod
    def pump(source, drain):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                drain.sendall(data)
        for end in (source, drain):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        self.is_up = False
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def mend(self):
        self.is_up = True

    def close(self):
        self.cut()
        self.listener.close()


class Fetch(RoleTest):
    def uids(self, address, folder):
        return [uid for uid, _ in inbox_raw(self.servers, address, folder)]

    def check_clean(self, mailbox, address, raws, folder="Processed"):
        """Every mail once in the database and once in the folder, and the two know each other."""
        rows = self.wait_rows(mailbox, len(raws))
        self.assertEqual(self.uids(address, "INBOX"), [])
        there = dict(inbox_raw(self.servers, address, folder))
        self.assertEqual(sorted(there.values()), sorted(raws))
        stored = self.desk.rows("select moved_uid, encode(sha256(raw), 'hex') as digest"
                                "  from inbound_mail where mailbox = :'v1'", mailbox)
        self.assertEqual({row["moved_uid"]: row["digest"] for row in stored},
                         {uid: hashlib.sha256(raw).hexdigest() for uid, raw in there.items()})
        self.assertEqual(self.fetched(mailbox), len(raws))
        return rows

    # ---- the way of a mail ----------------------------------------------------------------

    def test_mail_over_smtp_becomes_rows_and_is_moved(self):
        mailbox, address = self.mailbox()
        fetch = self.role("fetch", mailbox)
        with self.subTest("while it waits"):
            fetch.wait_event("imap.opened")
            for i in range(3):
                send(self.servers, Mail(sender="anna@acme.example", to=address, subject=f"mail {i}"))
            rows = self.wait_rows(mailbox, 3)
        self.assertEqual({row["moved_folder"] for row in rows}, {"Processed"})
        there = dict(inbox_raw(self.servers, address, "Processed"))
        stored = {row["moved_uid"]: row for row in rows}
        self.assertEqual(set(stored), set(there))
        for uid, raw in there.items():
            self.assertEqual(stored[uid]["bytes"], len(raw))
        self.assertEqual(self.desk.value("select count(distinct fingerprint) from inbound_mail"
                                         " where mailbox = :'v1'", mailbox), 3)
        fetch.stop()
        self.assertEqual(self.desk.value("select until < now() from lease where name = :'v1'",
                                         f"fetch:{mailbox}"), True, "the lease was not let go")

    def test_raw_mail_arrives_octet_by_octet(self):
        mailbox, address = self.mailbox()
        raws = [mail(1), mail(2, 300_000), mail(3, 9_000_000),
                b"From: x\r\n\r\n" + bytes(set(range(1, 256)) - set(b"\r\n")) + b"\r\n"]
        self.append(address, *raws)
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, len(raws))
        for row, raw in zip(rows, raws):
            got = self.desk.value("""
                select encode(sha256(coalesce(raw, (select string_agg(chunk, '' order by position)
                                                      from inbound_chunk where mail = i.id))), 'hex')
                  from inbound_mail i where id = :'v1'""", row["id"])
            self.assertEqual(got, hashlib.sha256(raw).hexdigest(), f"{len(raw)} bytes")
            self.assertTrue(row["raw_complete"])
        fetch.stop()

    def test_more_than_one_move_at_once(self):
        mailbox, address = self.mailbox()
        raws = [mail(i) for i in range(1, 2302)]
        self.fill(address, raws)
        fetch = self.role("fetch", mailbox)
        self.wait_rows(mailbox, len(raws), 60)
        fetch.stop()
        self.check_clean(mailbox, address, raws)
        uids = [row["uid"] for row in self.rows(mailbox, "uid")]
        self.assertEqual(uids, sorted(uids), "the rows are not in the order of arrival")

    def fill(self, address, raws):
        """Files into the Maildir, before the server looks."""
        with imap_session(self.servers, address) as session:
            session.select("INBOX")  # makes it
        name, _, domain = address.partition("@")
        new = self.servers.folder / "mail" / domain / name / "Maildir" / "new"
        for i, raw in enumerate(raws):
            path = new / f"{1_700_000_000 + i}.M{i}P1.test"
            path.write_bytes(raw)
            shutil.chown(path, self.servers.folder.owner())

    def test_oversize_mail_leaves_its_head(self):
        mailbox, address = self.mailbox()
        raws = [mail(1), mail(2, OVERSIZE + 1), mail(3, OVERSIZE), mail(4)]
        self.append(address, *raws)
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 4, 60)
        fetch.stop()
        self.assertEqual([row["raw_complete"] for row in rows], [True, False, True, True])
        self.assertEqual([row["bytes"] for row in rows], [len(raw) for raw in raws])
        self.assertEqual([row["moved_folder"] for row in rows],
                         ["Processed", "Oversize", "Processed", "Processed"])
        head = self.desk.value("""
            select encode(sha256(string_agg(chunk, '' order by position)), 'hex')
              from inbound_chunk where mail = :'v1'""", rows[1]["id"])
        self.assertEqual(head, hashlib.sha256(raws[1][:HEAD]).hexdigest())
        self.assertEqual(self.uids(address, "Oversize"), [rows[1]["moved_uid"]])

    def test_old_mail_is_left_alone(self):
        moment = 1_767_600_000  # 2026-01-05 08:00:00 UTC
        mailbox, address = self.mailbox(taken_from="2026-01-05 08:00:00.7+00")
        for i, seconds in enumerate((-86400, -1, 0, 1)):
            self.append(address, mail(i), date=imaplib.Time2Internaldate(moment + seconds))
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 2)
        self.assertEqual([row["uid"] for row in rows], [3, 4], "the second of the moment is taken")
        self.assertEqual(self.uids(address, "INBOX"), [1, 2])
        self.assertEqual(self.desk.value("select last_uid from mailbox_folder where mailbox = :'v1'"
                                         " and folder = 'INBOX'", mailbox), 4)
        fetch.stop()
        again = self.role("fetch", mailbox)
        again.wait_event("imap.opened")
        self.append(address, mail(5))
        self.wait_rows(mailbox, 3)
        again.stop()
        self.assertEqual(again.events("mail.left_alone"), [], "it was looked at again")

    def test_an_inbox_of_old_mail_alone(self):
        mailbox, address = self.mailbox(taken_from="2026-01-05 08:00:00+00")
        self.append(address, mail(1), date=imaplib.Time2Internaldate(1_700_000_000))
        fetch = self.role("fetch", mailbox)
        wait_for("last_uid", lambda: self.desk.rows(
            "select 1 from mailbox_folder where mailbox = :'v1' and last_uid = 1", mailbox))
        fetch.stop()
        self.assertEqual(self.rows(mailbox, "id"), [])

    # ---- a folder that changes under it -----------------------------------------------------

    def test_a_new_uidvalidity_is_a_new_folder(self):
        mailbox, address = self.mailbox(taken_from="2026-01-05 08:00:00+00")
        self.append(address, mail(1), mail(2))
        fetch = self.role("fetch", mailbox)
        first = self.wait_rows(mailbox, 2)
        fetch.stop()
        self.renumber(address, [mail(8), mail(2), mail(9)])
        self.append(address, mail(10), date=imaplib.Time2Internaldate(1_700_000_000))
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 5)
        fetch.stop()
        self.assertNotEqual(rows[-1]["uidvalidity"], first[0]["uidvalidity"])
        self.assertEqual(len(fetch.events("folder.renumbered")), 1)
        self.assertEqual(self.fetched(mailbox), 5)
        self.assertEqual(len(self.uids(address, "INBOX")), 1, "what is old stays")
        self.assertEqual(self.desk.value("""
            select count(*) from (select from inbound_mail where mailbox = :'v1'
             group by fingerprint having count(*) = 2) twins""", mailbox), 1)

    def test_rows_of_a_folder_that_is_no_more_wait_for_no_move(self):
        mailbox, address = self.mailbox()
        self.append(address, mail(1))
        self.role("fetch", mailbox, POSTDESK_FAULT="fetch.before_move:1:kill").wait_killed()
        self.renumber(address, [mail(1)])
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 2)
        fetch.stop()
        self.assertEqual([row["moved_folder"] for row in rows], [None, "Processed"])

    def renumber(self, address, raws):
        """The INBOX is removed on disk and made anew, as after a restore of the mail server."""
        name, _, domain = address.partition("@")
        maildir = self.servers.folder / "mail" / domain / name / "Maildir"
        for path in [*maildir.glob("dovecot*"), *maildir.glob("cur/*"), *maildir.glob("new/*")]:
            path.unlink()
        time.sleep(1.1)  # Dovecot takes UIDVALIDITY from the clock
        self.append(address, *raws)

    def test_mail_moved_by_others_is_a_warning(self):
        mailbox, address = self.mailbox()
        self.append(address, mail(1), mail(2), mail(3))
        self.role("fetch", mailbox, POSTDESK_FAULT="fetch.before_move:1:kill").wait_killed()
        with imap_session(self.servers, address) as session:
            session.select("INBOX")
            session.uid("MOVE", "2", "Archive")
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 3)
        fetch.stop()
        self.assertEqual([row["moved_folder"] for row in rows], ["Processed", None, "Processed"])
        self.assertIn("mails=1 uid=2", fetch.events("mail.missed")[0])

    def test_mail_that_vanishes_while_it_is_fetched(self):
        mailbox, address = self.mailbox()
        fetch = self.role("fetch", mailbox)
        fetch.wait_event("imap.opened")
        raws = [mail(i) for i in range(200)]
        stop = threading.Event()

        def thief():
            with imap_session(self.servers, address) as session:
                session.select("INBOX")
                while not stop.is_set():
                    session.uid("MOVE", "3:*", "Archive")

        thread = threading.Thread(target=thief)
        thread.start()
        try:
            self.append(address, *raws)
            wait_for("an empty INBOX", lambda: not self.uids(address, "INBOX"), 30)
        finally:
            stop.set()
            thread.join()
        self.append(address, mail("last"))
        wait_for("the last mail", lambda: mail("last") in dict(
            inbox_raw(self.servers, address, "Processed")).values())
        wait_for("all to be moved or known as gone", lambda: all(
            row["moved_at"] for row in self.rows(mailbox, "moved_at")), 30)
        fetch.stop()
        stolen, kept = (dict(inbox_raw(self.servers, address, folder))
                        for folder in ("Archive", "Processed"))
        # Dovecot gives both a copy where two sessions move one mail at the same moment.
        self.assertEqual({*stolen.values(), *kept.values()}, {*raws, mail("last")})
        self.assertEqual([row for row in self.rows(mailbox, "moved_at") if not row["moved_at"]], [])
        self.assertGreaterEqual(len(self.rows(mailbox, "id")), len(kept))
        self.assertEqual(fetch.events("mail.refused"), [])

    def test_a_target_folder_that_was_removed_is_made_again(self):
        mailbox, address = self.mailbox()
        fetch = self.role("fetch", mailbox)
        fetch.wait_event("imap.opened")
        with imap_session(self.servers, address) as session:
            self.assertEqual(session.delete("Processed")[0], "OK")
        self.append(address, mail(1))
        rows = self.wait_rows(mailbox, 1)
        fetch.stop()
        self.assertEqual(rows[0]["moved_folder"], "Processed")

    # ---- deaths -----------------------------------------------------------------------------

    def test_killed_at_every_point_it_files_each_mail_once(self):
        raws = [mail(i) for i in range(120)]
        for point in ("before_commit", "after_commit", "before_move", "after_move"):
            for nth in (1, 2) if "commit" in point else (1,):
                with self.subTest(f"{point}:{nth}"):
                    mailbox, address = self.mailbox()
                    self.append(address, *raws)
                    fault = f"fetch.{point}:{nth}:kill"
                    self.role("fetch", mailbox, POSTDESK_FAULT=fault).wait_killed()
                    begun = time.monotonic()
                    fetch = self.role("fetch", mailbox)
                    self.check_clean(mailbox, address, raws)
                    self.assertLess(time.monotonic() - begun, 10, "it waited for the dead one's lease")
                    fetch.stop()
                    self.assertEqual(fetch.events("mail.missed"), [])

    def test_every_failing_point_is_tried_again(self):
        raws = [mail(i) for i in range(120)]
        for point in ("before_commit", "after_commit", "before_move", "after_move"):
            with self.subTest(point):
                mailbox, address = self.mailbox()
                self.append(address, *raws)
                fetch = self.role("fetch", mailbox, POSTDESK_FAULT=f"fetch.{point}:1:fail")
                self.check_clean(mailbox, address, raws)
                self.assertEqual((len(fetch.events("imap.lost")) + len(fetch.events("database.lost")),
                                  len(fetch.events("mail.missed"))), (1, 0), fetch.log())
                fetch.stop()

    def test_an_oversize_mail_whose_move_was_not_recorded(self):
        mailbox, address = self.mailbox()
        self.append(address, mail(1, OVERSIZE + 5))
        self.role("fetch", mailbox, POSTDESK_FAULT="fetch.after_move:1:kill").wait_killed()
        fetch = self.role("fetch", mailbox)
        rows = self.wait_rows(mailbox, 1)
        fetch.stop()
        self.assertEqual((rows[0]["moved_folder"], rows[0]["moved_uid"]), ("Oversize", 1))

    def test_killed_again_and_again_while_mail_comes(self):
        mailbox, address = self.mailbox()
        raws = [mail(i, 2000) for i in range(400)]
        done = threading.Event()

        def deliver():
            for at in range(0, len(raws), 10):
                self.append(address, *raws[at:at + 10])
            done.set()

        thread = threading.Thread(target=deliver)
        thread.start()
        kills = 0
        while not done.is_set() or kills < 12:
            fetch = self.role("fetch", mailbox)
            time.sleep(0.15 + 0.05 * (kills % 5))
            fetch.kill()
            kills += 1
        thread.join()
        fetch = self.role("fetch", mailbox)
        self.check_clean(mailbox, address, raws)
        fetch.stop()

    # ---- outages ----------------------------------------------------------------------------

    def test_the_mail_server_goes_and_comes_back(self):
        proxy = Proxy(self.servers.imaps)
        self.addCleanup(proxy.close)
        mailbox, address = self.mailbox(port=proxy.port)
        fetch = self.role("fetch", mailbox)
        fetch.wait_event("imap.opened")
        proxy.cut()
        fetch.wait_event("imap.lost")
        self.append(address, mail(1))
        time.sleep(0.5)
        self.assertEqual(len(fetch.events("imap.lost")), 1, "one line an outage")
        proxy.mend()
        self.wait_rows(mailbox, 1)
        fetch.wait_event("imap.regained")
        self.assertEqual(len(fetch.events("imap.opened")), 2)
        fetch.stop()

    def test_a_cable_pulled_in_the_middle_of_the_work(self):
        proxy = Proxy(self.servers.imaps)
        self.addCleanup(proxy.close)
        mailbox, address = self.mailbox(port=proxy.port)
        raws = [mail(i, 6000) for i in range(1500)]
        self.fill(address, raws)
        fetch = self.role("fetch", mailbox)
        for _ in range(6):
            accepted = proxy.accepted
            wait_for("a session", lambda: proxy.accepted > accepted or self.is_done(mailbox, raws))
            time.sleep(0.25)
            proxy.cut()
            proxy.mend()
        self.wait_rows(mailbox, len(raws), 60)
        fetch.stop()
        self.check_clean(mailbox, address, raws)

    def is_done(self, mailbox, raws):
        return len(self.rows(mailbox, "id")) == len(raws)

    def test_the_database_goes_and_comes_back(self):
        mailbox, address = self.mailbox()
        fetch = self.role("fetch", mailbox)
        fetch.wait_event("imap.opened")
        self.append(address, mail(1))
        self.wait_rows(mailbox, 1)
        self.servers.kill_postgres()
        self.append(address, mail(2))
        fetch.wait_event("database.lost")
        self.servers.start_postgres()
        self.wait_rows(mailbox, 2, 30)
        fetch.wait_event("database.regained")
        # Once; a commit that was under way at that moment has its own word for it.
        lost = [line for line in fetch.events("database.lost") if "uncertain" not in str(line)]
        self.assertLessEqual(len(lost), 1, fetch.log())
        fetch.stop()
        self.check_clean(mailbox, address, [mail(1), mail(2)])

    def test_a_wrong_password_is_said_once_and_not_tried_again_and_again(self):
        proxy = Proxy(self.servers.imaps)
        self.addCleanup(proxy.close)
        mailbox, address = self.mailbox(port=proxy.port, secret="other")
        self.desk.write_secret("other", "wrong")
        self.append(address, mail(1))
        fetch = self.role("fetch", mailbox)
        line = fetch.wait_event("imap.lost")
        self.assertIn("denied", line)
        self.assertIn("app password", line, "no hint")
        self.assertNotIn("wrong", line.replace("status", ""), "the password is in the log")
        time.sleep(1)
        self.assertEqual((len(fetch.events("imap.lost")), proxy.accepted), (1, 1))
        self.desk.write_secret("other", "secret")
        self.desk.sql("notify postdesk_mailbox")  # what a change by the command line does
        self.wait_rows(mailbox, 1)
        fetch.stop()

    def test_without_its_secret_it_says_so_and_goes_on(self):
        mailbox, _ = self.mailbox(secret="nowhere")
        fetch = self.role("fetch", mailbox)
        self.assertIn("nowhere", fetch.wait_event("imap.lost"))
        self.assertTrue(fetch.is_running())
        fetch.stop()

    def test_a_certificate_for_another_name_is_refused(self):
        mailbox, address = self.mailbox()
        self.append(address, mail(1))
        proxy = Proxy(self.servers.imaps, host="127.0.0.2")
        self.addCleanup(proxy.close)
        self.desk.sql("update mailbox set imap_host = '127.0.0.2', imap_port = :'v1' where id = :'v2'",
                      proxy.port, mailbox)
        fetch = self.role("fetch", mailbox)
        line = fetch.wait_event("imap.lost")
        self.assertIn("certificate", line)
        self.assertIn("status=fatal", line)
        fetch.stop()
        self.assertEqual(self.rows(mailbox, "id"), [])

    # ---- leases -----------------------------------------------------------------------------

    def test_a_second_fetch_stands_by_and_takes_over(self):
        mailbox, address = self.mailbox()
        first = self.role("fetch", mailbox)
        first.wait_event("imap.opened")
        second = self.role("fetch", mailbox)
        second.wait_event("lease.awaited")
        self.append(address, mail(1))
        self.wait_rows(mailbox, 1)
        self.assertEqual(second.events("imap.opened"), [])
        first.stop()
        second.wait_event("lease.taken")
        self.append(address, mail(2))
        self.wait_rows(mailbox, 2)
        self.assertEqual(len(second.events("lease.awaited")), 1)
        second.stop()
        self.assertEqual(self.desk.value("select epoch from lease where name = :'v1'",
                                         f"fetch:{mailbox}"), 2)

    def test_who_has_lost_the_lease_stops(self):
        mailbox, address = self.mailbox()
        fetch = self.role("fetch", mailbox)
        fetch.wait_event("imap.opened")
        self.desk.sql("""update lease set holder = 'elsewhere', epoch = epoch + 1,
                         until = now() + interval '9 s' where name = :'v1'""", f"fetch:{mailbox}")
        fetch.wait_event("lease.lost", 10)
        self.append(address, mail(1))
        time.sleep(1)
        self.assertEqual(self.rows(mailbox, "id"), [], "it goes on without the lease")
        fetch.wait_event("lease.taken", 15)
        self.wait_rows(mailbox, 1)
        fetch.stop()

    # ---- the end ----------------------------------------------------------------------------

    def test_sigterm_ends_it_in_the_middle_of_the_work(self):
        mailbox, address = self.mailbox()
        raws = [mail(i, 6000) for i in range(1500)]
        self.fill(address, raws)
        for _ in range(3):
            fetch = self.role("fetch", mailbox)
            fetch.wait_event("imap.opened")
            begun = time.monotonic()
            fetch.stop()
            self.assertLess(time.monotonic() - begun, 3)
        fetch = self.role("fetch", mailbox)
        self.wait_rows(mailbox, len(raws), 60)
        fetch.stop()
        self.check_clean(mailbox, address, raws)

    def test_a_disabled_mailbox_is_not_read(self):
        mailbox, address = self.mailbox()
        self.append(address, mail(1))
        self.desk.sql("update mailbox set is_enabled = false where id = :'v1'", mailbox)
        fetch = self.role("fetch", mailbox)
        self.assertEqual(fetch.process.wait(10), 1)
        self.assertEqual(self.rows(mailbox, "id"), [])

    def test_delivered_mail_is_committed_soon(self):
        """The whole way: the server's own delay counts, too (Dovecot: half a second before IDLE tells)."""
        for how, limit in (("50ms", 1.0), ("1s", 2.5)):  # NOOP, IDLE
            with self.subTest(poll=how):
                mailbox, address = self.mailbox()
                fetch = self.role("fetch", mailbox, config=self.other_config(poll=how))
                fetch.wait_event("imap.opened")
                waited = []
                for i in range(5):
                    time.sleep(0.7 * (how == "1s"))  # so that it idles
                    begun = time.monotonic()
                    self.append(address, mail(i))
                    wait_for("the row", lambda: len(self.rows(mailbox, "id")) == i + 1, every=0.005)
                    waited.append(time.monotonic() - begun)
                self.wait_rows(mailbox, 5)
                fetch.stop()
                self.assertLess(sorted(waited)[2], limit, waited)
