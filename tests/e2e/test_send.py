"""The sender against real and scripted servers: each mail once, whatever dies, refuses or is away."""

import signal
import subprocess
import time
import unittest

from harness.case import build_folder
from harness.desk import Desk, die_with_parent, program
from harness.mail import inbox, text_of
from harness.outlet import Gone, Outlet
from harness.servers import Servers
from harness.waiting import wait_for

TIME_LIMIT = 300
STOP_SECONDS = 10

SETTINGS = """
    truncate outbound_mail, activity, attachment, blob, blob_chunk cascade;
    delete from setting;
    insert into setting values ('retry-first', '200 ms'), ('retry-most', '400 ms');
    update person_address set is_dead = false;
    insert into ticket (id, nonce, mailbox, customer, requester, subject)
    select 12, 1, m.id, p.customer, p.id, 'Printer on fire' from mailbox m, person p
     where p.name = 'Anna Meyer' on conflict do nothing;
    insert into comment (id, ticket, kind, author, body)
    select 5, 12, 'public', id, 'Please pull the plug.' from person where name = 'Ben Huber'
    on conflict do nothing;"""

QUEUE = """
    insert into outbound_mail (id, nonce, mailbox, ticket, comment, notice, recipient, address,
        address_key, domain, is_automatic, is_stranger, message_id, reason)
    select n, 7, m.id, 12, 5, :'v3', p.id, coalesce(nullif(:'v4', ''), a.address), a.address_key,
        'acme.example', true, false, 'mail.' || n || '@desk.example', 'test'
      from generate_series(:'v1'::int, :'v2'::int) n, mailbox m, person p
      join person_address a on a.person = p.id and a.position = 1 where p.name = 'Anna Meyer' and m.address = :'v5';
    notify postdesk_outbound;"""


class SendCase(unittest.TestCase):
    maxDiff = None
    config = {"lease": "6s", "poll": "100ms"}
    server_options = ()

    @classmethod
    def setUpClass(cls):
        cls.servers = Servers(options=cls.server_options)
        cls.addClassCleanup(cls.servers.remove)
        cls.servers.start()
        cls.addClassCleanup(cls.servers.stop)
        cls.desk = Desk(cls.servers, build_folder(), settings=cls.config)
        cls.addClassCleanup(cls.desk.remove)
        cls.desk.configure()
        cls.desk.create()

    def setUp(self):
        self.desk.sql(SETTINGS)
        self.log = self.desk.folder / f"{self.id()}.log"
        self.senders = []
        self.addCleanup(self.stop_all)
        self.outlet = Outlet()
        self.outlet.start()
        self.addCleanup(self.outlet.stop)
        self.use_port(self.outlet.port)

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad and self.log.exists():
            print("\n".join(self.log.read_text(errors="replace").splitlines()[-30:]), flush=True)

    def use_port(self, port):
        self.desk.sql("update mailbox set smtp_host = '127.0.0.1', smtp_port = :'v1', smtp_user = null,"
                      " smtp_security = 'insecure'", port)

    # ---- the role ---------------------------------------------------------------------------

    def start(self, fault="", index=0):
        with self.log.open("ab") as log:
            sender = subprocess.Popen(
                [program(build_folder(), "postdeskd"), "--config", self.desk.config_path,
                 "--role", "send", "--index", str(index)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                env={**self.desk.environment(), "POSTDESK_FAULT": fault})
        self.senders.append(sender)
        return sender

    def stop(self, sender):
        sender.terminate()
        self.assertEqual(sender.wait(STOP_SECONDS), 0)

    def stop_all(self):
        for sender in self.senders:
            if sender.poll() is None:
                self.stop(sender)
        self.desk.check_sanitizers()

    def queue(self, first, last, notice="receipt", address="", mailbox="support@desk.example"):
        self.desk.sql(QUEUE, first, last, notice, address, mailbox)

    def rows(self, columns):
        return [tuple(row.values()) for row in self.desk.rows(
            f"select {columns} from outbound_mail order by id")]

    def wait_ended(self, seconds=30.0):
        wait_for("every mail to end", lambda: self.desk.value(
            "select not exists (select from outbound_mail where state = 'queued')"), seconds)

    def events(self, name):
        return [line for line in self.log.read_text().splitlines() if f"event={name} " in line]


class EachMailOnce(SendCase):
    def test_two_senders_share_the_queue_over_one_connection_each(self):
        for index in range(2):
            self.start(index=index)
        self.queue(1, 500)
        self.wait_ended()
        self.assertEqual(len(self.outlet.ids()), 500)
        self.assertEqual(self.outlet.repeated(), 0)
        self.assertLessEqual(self.outlet.connections, 2)
        self.assertEqual(set(self.rows("state, attempt, answer, lease_holder")),
                         {("sent", 1, "250 2.0.0 Ok", None)})

    def test_a_kill_repeats_at_most_the_mail_that_was_under_way(self):
        for point, may_repeat in (("send.before_dot", 0), ("send.after_dot", 1),
                                  ("send.before_result", 1)):
            with self.subTest(point):
                self.desk.sql(SETTINGS)
                self.outlet.mails.clear()
                self.queue(1, 30)
                killed = self.start(fault=f"{point}:10:kill")
                self.assertEqual(killed.wait(20), -signal.SIGKILL)
                before = len(self.outlet.ids())
                self.desk.sql("update outbound_mail set lease_until = now()")
                follower = self.start()
                self.wait_ended()
                self.stop(follower)
                self.assertEqual(len(set(self.outlet.ids())), 30)
                self.assertLessEqual(self.outlet.repeated(), may_repeat)
                self.assertGreaterEqual(before, 9)

    def test_kills_at_any_moment(self):
        self.queue(1, 300)
        kills = 0
        self.outlet.on_dot = lambda _: time.sleep(0.005) or "250 2.0.0 Ok"
        for delay in range(12):
            sender = self.start()
            wait_for("some mails", lambda n=len(self.outlet.ids()): len(self.outlet.ids()) > n + 5)
            time.sleep(delay * 0.007)
            sender.send_signal(signal.SIGKILL)
            sender.wait()
            kills += 1
            self.desk.sql("update outbound_mail set lease_until = now()")
        self.start()
        self.wait_ended()
        self.assertEqual(len(set(self.outlet.ids())), 300)
        self.assertLessEqual(self.outlet.repeated(), kills)

    def test_every_fault_point_may_fail_once(self):
        for number in range(1, 25):
            self.desk.sql(SETTINGS)
            self.outlet.mails.clear()
            self.queue(1, 3)
            sender = self.start(fault=f"*:{number}:fail")
            self.wait_ended()
            self.stop(sender)
            self.assertEqual(len(set(self.outlet.ids())), 3, f"pass {number}")
            self.assertLessEqual(self.outlet.repeated(), 1, f"pass {number}")
        self.assertGreaterEqual(len(self.events("database.lost")), 9, "that many passes did fail")

    def test_sigterm_gives_back_what_was_not_begun(self):
        self.outlet.on_dot = lambda _: time.sleep(0.2) or "250 2.0.0 Ok"
        self.queue(1, 50)
        sender = self.start()
        wait_for("some mails", lambda: len(self.outlet.ids()) >= 3)
        begun = time.monotonic()
        self.stop(sender)
        self.assertLess(time.monotonic() - begun, 3)
        sent = len(self.outlet.ids())
        states = self.desk.rows("select state, lease_holder, count(*) from outbound_mail"
                                " group by 1, 2 order by 1")
        self.assertEqual([tuple(row.values()) for row in states],
                         [("queued", None, 50 - sent), ("sent", None, sent)])


class KilledDatabase(SendCase):
    server_options = ("--durable",)  # else it forgets what it has committed

    def test_a_killed_database_repeats_at_most_one_mail(self):
        self.queue(1, 200)
        self.outlet.on_dot = lambda _: time.sleep(0.003) or "250 2.0.0 Ok"
        self.start()
        wait_for("some mails", lambda: len(self.outlet.ids()) > 40)
        self.servers.kill_postgres()
        time.sleep(0.3)
        self.servers.start_postgres()
        self.wait_ended(60)
        self.assertEqual(len(set(self.outlet.ids())), 200)
        self.assertLessEqual(self.outlet.repeated(), 1)
        self.assertIn(len(self.events("database.lost")), (1, 2), "again where the cause has changed")
        self.assertEqual(len(self.events("database.regained")), 1)


class Answers(SendCase):
    def test_a_refused_recipient_is_an_event_and_the_author_is_told(self):
        self.outlet.on_rcpt = lambda address: (
            "550 5.1.1 <anna@acme.example> no such user" if address.startswith("anna")
            else "250 2.1.5 Ok")
        self.start()
        self.queue(1, 1, notice="reply")
        self.wait_ended()
        answer = "550 5.1.1 <anna@acme.example> no such user"
        self.assertEqual(self.rows("notice, address, state, attempt, answer"), [
            ("reply", "anna@acme.example", "failed", 1, answer),
            ("undelivered", "ben@desk.example", "sent", 1, "250 2.0.0 Ok")])
        self.assertEqual(self.desk.value("select concat_ws('|', ticket, what, to_value, outbound)"
                                         " from activity where outbound = 1"),
                         f"12|undelivered|{answer}|1")
        self.assertTrue(self.desk.value("select is_dead from person_address"
                                        " where address_key = 'anna@acme.example'"))
        text = self.outlet.mails[-1][2].decode()
        self.assertIn("did not reach Anna Meyer <anna@acme.example>", text)
        self.assertIn("550 5.1.1", text)
        self.assertIn("Please pull the plug.", text)
        self.assertEqual(len(self.events("outbound.failed")), 1)
        self.assertNotIn("anna@", self.log.read_text())

    def test_a_refusal_for_another_reason_leaves_the_address_alone(self):
        self.outlet.on_rcpt = lambda _: "550 5.7.1 not from you"
        self.start()
        self.queue(1, 1)
        self.wait_ended()
        self.assertEqual(self.rows("state, answer"), [("failed", "550 5.7.1 not from you")])
        self.assertFalse(self.desk.value("select bool_or(is_dead) from person_address"))

    def test_a_deferred_mail_is_tried_again(self):
        tries = []

        def on_rcpt(_):
            tries.append(time.monotonic())
            return "451 4.3.0 later" if len(tries) < 4 else "250 2.1.5 Ok"

        self.outlet.on_rcpt = on_rcpt
        self.start()
        self.queue(1, 1)
        self.wait_ended()
        self.assertEqual(self.rows("state, attempt, answer"), [("sent", 4, "250 2.0.0 Ok")])
        waits = [later - before for before, later in zip(tries, tries[1:])]
        for wait, least in zip(waits, (0.2, 0.4, 0.4), strict=True):
            self.assertGreaterEqual(wait, least)
        self.assertEqual(len(self.events("outbound.deferred")), 3)

    def test_one_recipients_trouble_is_not_anothers(self):
        self.outlet.on_rcpt = lambda address: (
            "451 4.3.0 later" if address == "slow@acme.example" else "250 2.1.5 Ok")
        self.queue(1, 1, address="slow@acme.example")
        self.queue(2, 20)
        self.start()
        wait_for("the others", lambda: len(self.outlet.ids()) == 19)
        self.assertLessEqual(self.outlet.connections, 2, "a refusal ends a session at most")

    def test_it_gives_up_at_last(self):
        self.desk.sql("insert into setting values ('retry-give-up', '1 s')")
        self.outlet.on_rcpt = lambda _: "451 4.3.0 later"
        self.start()
        self.queue(1, 1, notice="reply")
        wait_for("the end", lambda: self.rows("state")[0] == ("failed",))
        (answer,), *_ = self.rows("answer")
        self.assertRegex(answer, r"^given up after \d+ s: 451 4.3.0 later$")
        self.assertEqual([row[0] for row in self.rows("notice")], ["reply", "undelivered"])

    def test_no_answer_to_the_final_dot_means_again_under_the_same_id(self):
        calls = []

        def on_dot(identity):
            calls.append(identity)
            if len(calls) == 1:
                raise Gone
            return "250 2.0.0 Ok"

        self.outlet.on_dot = on_dot
        self.start()
        self.queue(1, 1)
        self.wait_ended()
        self.assertEqual(calls, ["mail.1@desk.example"] * 2)
        self.assertEqual(self.rows("state, attempt"), [("sent", 2)])
        self.assertEqual(self.outlet.mails[0][2], self.outlet.mails[1][2], "byte for byte")

    def test_what_cannot_be_written_fails_and_the_others_leave(self):
        self.queue(1, 1, notice="new-ticket")  # not for a contact
        self.queue(2, 2, address="anna smith@acme.example")
        self.queue(3, 3)
        self.start()
        self.wait_ended()
        self.assertEqual([row[0] for row in self.rows("state")], ["failed", "failed", "sent"])
        self.assertEqual(self.outlet.ids(), ["mail.3@desk.example"])

    def test_an_answer_that_outlasts_the_lease_is_believed(self):
        self.outlet.on_dot = lambda _: time.sleep(7) or "250 2.0.0 Ok"
        for index in range(2):
            self.start(index=index)
        self.queue(1, 1)
        self.wait_ended(60)
        self.assertEqual(self.rows("state, answer"), [("sent", "250 2.0.0 Ok")])
        self.assertLessEqual(self.outlet.repeated(), 1)


class Outages(SendCase):
    def test_a_server_that_is_away_counts_against_no_mail(self):
        self.outlet.stop()
        self.start()
        self.queue(1, 20)
        wait_for("the outage", lambda: self.events("smtp.failed"))
        time.sleep(1.5)
        self.assertEqual(set(self.rows("state, attempt, lease_holder")), {("queued", 0, None)})
        self.outlet.start()
        self.wait_ended()
        self.assertEqual(len(self.outlet.ids()), 20)
        self.assertEqual(self.outlet.repeated(), 0)
        self.assertEqual(len(self.events("smtp.failed")), 1)
        self.assertEqual(len(self.events("smtp.recovered")), 1)

    def test_another_mailbox_goes_on(self):
        closed = Outlet()
        closed.start()
        closed.stop()
        self.desk.sql("""
            insert into mailbox (address, name, imap_host, imap_port, imap_user, imap_security,
                smtp_host, smtp_port, smtp_security, secret)
            values ('away@desk.example', 'Away', 'localhost', 1, 'x', 'tls', '127.0.0.1', :'v1',
                'insecure', 'support') on conflict (address) do nothing""", closed.port)
        self.addCleanup(self.desk.sql, "delete from outbound_mail; delete from mailbox"
                        " where address = 'away@desk.example'")
        self.queue(1, 100, mailbox="away@desk.example")
        self.queue(101, 200)
        self.start()
        wait_for("the mails of the other", lambda: set(self.rows("id <= 100, state"))
                 == {(True, "queued"), (False, "sent")})
        self.assertEqual(len(self.outlet.ids()), 100)


class RealServers(SendCase):
    def use_port(self, port):
        self.desk.sql("update mailbox set smtp_host = :'v1', smtp_port = :'v2', smtp_user = address,"
                      " smtp_security = 'tls'", self.servers.host, self.servers.submissions)

    def test_an_answer_with_a_file_arrives(self):
        content = b"0123456789abcdef" * 20000
        self.desk.sql("""
            with file as (select convert_to(repeat('0123456789abcdef', 20000), 'UTF8') as bytes),
            made as (insert into blob select sha256(bytes), 320000 from file returning sha256)
            insert into attachment select 5, 1, sha256, 320000, 'plan.bin', 'plan.bin',
                'application/octet-stream', '', false from made;
            insert into blob_chunk
            select b.sha256, n, substr(convert_to(repeat('0123456789abcdef', 20000), 'UTF8'),
                1 + n * 262144, 262144) from blob b, generate_series(0, 1) n""")
        self.desk.postdesk("contact", "set", "anna@acme.example", "--language", "de")
        self.desk.postdesk("technician", "set", "ben@desk.example", "--signature", "Ben\nhttps://desk.example/?a=1&b=2")
        self.desk.postdesk("setting", "set", "signature", "Desk GmbH, München")
        self.start()
        self.queue(1, 1, notice="reply")
        (mail,) = wait_for("the mail", lambda: [mail for mail in inbox(self.servers, "anna@acme.example")
                                                if "Ben" in mail["From"]])
        self.assertEqual(mail["From"], '"Ben Huber (Desk)" <support@desk.example>')
        self.assertEqual(mail["To"], "Anna Meyer <anna@acme.example>")
        self.assertEqual(mail["Reply-To"], "Desk #12 <support@desk.example>")
        self.assertEqual(mail["Subject"], "Re: [#12] Printer on fire")
        self.assertEqual(mail["Message-ID"], "<mail.1@desk.example>")
        self.assertEqual(mail["Auto-Submitted"], "auto-generated", "the row says so")
        self.assertTrue(text_of(mail).startswith("Please pull the plug.\n\n-- \n"))
        self.assertIn("\nBen\nhttps://desk.example/?a=1&b=2\nDesk GmbH, München\n\nTicket #12\n", text_of(mail))
        self.assertIn("Anhang: plan.bin (313 KB)", text_of(mail))
        page = mail.get_body(("html",)).get_content().replace("\r\n", "\n")
        self.assertIn("<p>Please pull the plug.</p>\n<div style=", page)
        self.assertIn(">https://desk.example/?a=1&amp;b=2</a><br>\nDesk GmbH, M&#252;nchen</p>\n", page)
        (part,) = mail.iter_attachments()
        self.assertEqual(part.get_filename(), "plan.bin")
        self.assertEqual(part.get_content(), content)

    def test_a_refused_login_is_somebodys_work_and_costs_no_mail(self):
        self.desk.write_secret("support", "wrong")
        self.addCleanup(self.desk.write_secret, "support", self.servers.password)
        sender = self.start()
        self.queue(1, 3)
        wait_for("the refusal", lambda: self.events("smtp.failed"))
        self.assertIn("status=denied", self.events("smtp.failed")[0])
        self.assertTrue(self.events("smtp.failed")[0].startswith("<3>"), "an error")
        self.assertNotIn("wrong", self.log.read_text())
        self.stop(sender)
        self.assertEqual(set(self.rows("state, attempt, lease_holder")), {("queued", 0, None)})
        self.desk.write_secret("support", self.servers.password)
        self.start()
        self.wait_ended()
