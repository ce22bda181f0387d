"""The world is broken for a while: nothing is lost, nothing is doubled, nobody has to restart anything."""

import os
import signal
import time

from harness import mail as post
from harness.case import DeskCase
from harness.desk import children
from harness.killing import role_of
from harness.mail import Mail

TIME_LIMIT = 300


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as name:
            return name.read().strip()
    except OSError:
        return ""


class Recipients(DeskCase):
    def outbound_to(self, address):
        rows = self.desk.rows("select state, attempt, answer from outbound_mail"
                              " where address_key = :'v1'", address)
        return rows[0] if rows else None

    def test_refused_for_good_is_an_event_on_the_ticket(self):
        sender = "refused@acme.example"  # RCPT is answered 550
        row = self.send(Mail(sender=sender, to=self.desk.address, subject="refused"))
        self.assertEqual(row["outcome"], "new")
        sent = post.wait_for("the failure", lambda: self.ended(sender))
        self.assertEqual(sent["state"], "failed")
        self.assertIn("5.1.1", sent["answer"])
        what = self.desk.rows("select what from activity where ticket = :'v1'", row["ticket"])
        self.assertIn("undelivered", [r["what"] for r in what])

    def ended(self, address):
        row = self.outbound_to(address)
        return row if row and row["state"] != "queued" else None

    def test_deferred_is_tried_again_later_and_then_sent(self):
        sender = "deferred@acme.example"  # RCPT is answered 451
        self.servers.add_user(sender)
        self.send(Mail(sender=sender, to=self.desk.address, subject="deferred"))
        post.wait_for("the first answer", lambda: self.outbound_to(sender)["answer"])
        row = self.desk.rows("select state, answer, extract(epoch from next_try_at - now()) as wait"
                             " from outbound_mail where address_key = :'v1'", sender)[0]
        self.assertEqual(row["state"], "queued")
        self.assertIn("4.3.0", row["answer"])
        self.assertTrue(250 < row["wait"] <= 330, row)
        self.stop_deferring()
        post.wait_for("the receipt", lambda: self.hurry(sender), 60, 1)
        self.settle()
        self.assertEqual(len(post.inbox(self.servers, sender)), 1)

    def hurry(self, sender):
        """An smtpd that is connected still has the old table, so one try more may be deferred."""
        self.desk.sql("update outbound_mail set next_try_at = now() where address_key = :'v1'"
                      " and state = 'queued' and lease_until is null", sender)
        return post.inbox(self.servers, sender)

    def stop_deferring(self):
        """Postfix reads the table anew in a new session, once its time has changed and is not just now."""
        table = self.servers.folder / "postfix" / "recipients"
        table.write_text("/^refused@/ 550 5.1.1 No such mailbox\n")
        past = time.time() - 30
        os.utime(table, (past, past))
        for pid in self.servers.processes():
            if name_of(pid) == "smtpd":
                os.kill(pid, signal.SIGTERM)


class Away(DeskCase):
    server_options = ("--durable",)

    def test_the_database_goes_and_comes_back(self):
        self.new_ticket(self.person())
        self.servers.kill_postgres()
        mail = Mail(sender=self.person(), to=self.desk.address, subject="meanwhile")
        post.send(self.servers, mail)
        time.sleep(2)
        self.assertIsNone(self.desk.daemon.poll(), "postdeskd gave up")
        self.servers.start_postgres()
        self.assertEqual(self.desk.wait_decided(mail.message_id, 30)["outcome"], "new")

    def test_the_mail_servers_go_and_come_back(self):
        """Dovecot and Postfix, stopped as a machine that hangs: nothing answers."""
        pids = self.mail_servers()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(2)
            self.assertIsNone(self.desk.daemon.poll(), "postdeskd gave up")
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        self.new_ticket(self.person())

    def mail_servers(self):
        """Everything of the two masters."""
        masters = [line.split()[1] for line in (self.servers.folder / "pids").read_text().splitlines()
                   if line.split()[0] in ("dovecot", "postfix")]
        return [pid for master in masters
                for pid in [int(master), *(child for child, _ in children(int(master)))]]

    def test_a_session_that_ends_is_opened_again(self):
        """Dovecot's imap processes are killed: the mailbox's reader connects anew."""
        for pid in self.servers.processes():
            if name_of(pid) == "imap":
                os.kill(pid, signal.SIGKILL)
        self.new_ticket(self.person())


class Daemon(DeskCase):
    def roles(self):
        return {role_of(line): pid for pid, line in children(self.desk.daemon.pid) if role_of(line)}

    def test_all_roles_run(self):
        post.wait_for("all roles", lambda: {"fetch", "intake", "send", "tend"} <= set(self.roles()))

    def test_a_killed_role_comes_back(self):
        for name in ("fetch", "intake", "send", "tend"):
            pid = post.wait_for(name, lambda n=name: self.roles().get(n))
            os.kill(pid, signal.SIGKILL)
            post.wait_for(f"another {name}", lambda n=name, p=pid: self.roles().get(n) not in (None, p))
        self.new_ticket(self.person())

    def test_sigterm_ends_it_within_ten_seconds_and_leaves_nothing(self):
        pids = [self.desk.daemon.pid, *(pid for pid, _ in children(self.desk.daemon.pid))]
        self.assertGreater(len(pids), 4)
        begun = time.monotonic()
        self.desk.stop()  # fails by itself after ten seconds
        self.assertLess(time.monotonic() - begun, 10)
        time.sleep(0.2)
        self.assertEqual([pid for pid in pids if os.path.exists(f"/proc/{pid}/exe")
                          and "postdeskd" in os.readlink(f"/proc/{pid}/exe")], [])
        self.desk.start()
        self.new_ticket(self.person())

    def test_its_roles_end_when_the_supervisor_is_killed(self):
        pids = [pid for pid, _ in children(self.desk.daemon.pid)]
        self.desk.daemon.kill()
        self.desk.daemon.wait()
        post.wait_for("the end of all roles", lambda: not any(map(self.is_ours, pids)), 12)
        self.desk.daemon = None
        self.desk.start()
        self.new_ticket(self.person())

    @staticmethod
    def is_ours(pid):
        try:
            return "postdeskd" in os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return False

    def test_mail_that_was_there_before_the_mailbox_is_left_alone(self):
        self.servers.add_user("late@desk.example")
        time.sleep(2.5)  # Dovecot rereads its users once a second
        post.send(self.servers, Mail(sender="anna@acme.example", to="late@desk.example", subject="old"))
        post.wait_for("the old mail", lambda: post.inbox_raw(self.servers, "late@desk.example"))
        time.sleep(1.1)  # INTERNALDATE has whole seconds
        self.desk.add_mailbox("late@desk.example")
        mail = Mail(sender="anna@acme.example", to="late@desk.example", subject="young")
        self.send(mail)
        self.settle()
        left = post.inbox(self.servers, "late@desk.example")
        self.assertEqual([post.header(m, "Subject") for m in left], ["old"])
