"""A reply never overtakes the mail that it answers into a second ticket.

The two mails come close together, in one batch, through two mailboxes, in either order, the parent an
hour late. Who merely names an id that is to come gains nothing.
"""

import random

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

TIME_LIMIT = 600
SECOND_MAILBOX = "help@desk.example"
PAIRS = 1000
SEED = 20261122


class Pair:
    """A mail with a colleague in Cc, and that colleague's reply to it, sent before he can know us."""

    def __init__(self, number, to=None, parent_to=None):
        domain = "acme.example"
        self.parent = Mail(sender=f"a{number}@{domain}", cc=[f"b{number}@{domain}"],
                           to=parent_to or to or "support@desk.example", subject=f"pair {number}")
        self.reply = Mail(sender=f"b{number}@{domain}", to=to or "support@desk.example",
                          cc=[self.parent.sender], subject=f"Re: pair {number}",
                          in_reply_to=self.parent.message_id, references=self.parent.message_id)
        for mail in (self.parent, self.reply):  # these people have no mailboxes: only the desk gets it
            mail.recipients = list(mail.to)


class Overtaking(DeskCase):
    settings = {"intakes": "4"}
    starts_daemon = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.servers.add_user(SECOND_MAILBOX)
        cls.desk.add_mailbox(SECOND_MAILBOX)
        # Receipts are not what this is about, and the people have no mailboxes.
        cls.desk.lift_limits()
        cls.desk.start()

    def tickets(self, *mails):
        return [self.desk.wait_decided(m.message_id, 60)["ticket"] for m in mails]

    def assert_together(self, *mails):
        tickets = self.tickets(*mails)
        self.assertIsNotNone(tickets[0])
        self.assertEqual(len(set(tickets)), 1, tickets)

    def send_at_once(self, *mails):
        """0 ms apart: each mail is ready in its own session before the first one is let go."""
        sessions = []
        for mail in mails:
            session = post.open_session(self.servers, mail.sender)
            session.ehlo_or_helo_if_needed()
            session.mail(mail.sender)
            for recipient in mail.envelope():
                session.rcpt(recipient)
            sessions.append((session, bytes(mail)))
        for session, raw in sessions:
            session.putcmd("data")
        for session, raw in sessions:
            session.getreply()
        for session, raw in sessions:
            session.send(post.smtplib._quote_periods(raw) + b".\r\n")
        for session, _ in sessions:
            assert session.getreply()[0] == 250
            session.quit()

    def send_while_stopped(self, *mails):
        """They wait together in the mailbox: one batch."""
        self.desk.stop()
        try:
            for mail in mails:
                post.send(self.servers, mail)
            box = {a for m in mails for a in m.to}
            for address in box:
                count = sum(address in m.to for m in mails)
                post.wait_for("all of them", lambda a=address, n=count:
                              post.inbox_count(self.servers, a) >= n)
        finally:
            self.desk.start()

    def new_pair(self, **places):
        return Pair(f"x{next(self.numbers)}", **places)

    def test_at_the_same_moment(self):
        for _ in range(5):
            pair = self.new_pair()
            self.send_at_once(pair.parent, pair.reply)
            self.assert_together(pair.parent, pair.reply)

    def test_at_the_same_moment_in_two_mailboxes(self):
        for _ in range(5):
            pair = self.new_pair(parent_to=SECOND_MAILBOX)
            self.send_at_once(pair.reply, pair.parent)
            self.assert_together(pair.parent, pair.reply)

    def test_in_one_batch(self):
        pair = self.new_pair()
        self.send_while_stopped(pair.parent, pair.reply)
        self.assert_together(pair.parent, pair.reply)

    def test_in_one_batch_the_reply_first(self):
        pair = self.new_pair()
        self.send_while_stopped(pair.reply, pair.parent)
        self.assert_together(pair.parent, pair.reply)

    def test_the_parent_an_hour_late(self):
        pair = self.new_pair()
        ticket = self.tickets_after(pair.reply)
        self.desk.sql("update ticket set created_at = created_at - interval '1 hour',"
                      " updated_at = updated_at - interval '1 hour' where id = :'v1'", ticket)
        self.desk.sql("update inbound_mail set arrived_at = arrived_at - interval '1 hour',"
                      " received_at = received_at - interval '1 hour',"
                      " decided_at = decided_at - interval '1 hour' where ticket = :'v1'", ticket)
        self.assertEqual(self.tickets_after(pair.parent), ticket)
        requester = self.ticket(ticket)["requester_address"]
        self.assertEqual(requester, pair.reply.sender, "the requester stays")
        taking_part = self.desk.rows("select a.address from participant p join person_address a"
                                     " on a.person = p.person where p.ticket = :'v1'", ticket)
        self.assertIn(pair.parent.sender, [r["address"] for r in taking_part])

    def tickets_after(self, mail):
        return self.send(mail)["ticket"]

    def test_three_replies_to_one_unseen_parent(self):
        """All to all, as people answer: each of them stands in the others' Cc."""
        number = next(self.numbers)
        people = [f"{name}x{number}@acme.example" for name in "abcd"]
        parent = Mail(sender=people[0], to=self.desk.address, cc=people[1:], subject="to all",
                      recipients=[self.desk.address])
        replies = [Mail(sender=person, to=self.desk.address, cc=[p for p in people if p != person],
                        subject="Re: to all", in_reply_to=parent.message_id,
                        references=parent.message_id, recipients=[self.desk.address])
                   for person in people[1:]]
        self.send_at_once(*replies)
        self.assert_together(*replies)
        self.send(parent)
        self.assert_together(parent, *replies)

    def test_a_stranger_who_names_an_id_to_come_gets_nothing(self):
        for proof in ("none", "pass"):
            pair = self.new_pair()
            stranger = Mail(sender=f"evil{next(self.numbers)}@any.example", to=self.desk.address,
                            subject="Re: it", in_reply_to=pair.parent.message_id,
                            references=pair.parent.message_id)
            theirs = self.send(stranger, proof)
            ours = self.send(pair.parent)
            self.assertNotEqual(theirs["ticket"], ours["ticket"])
            links = self.desk.rows(
                "select 1 as one from ticket_link where (ticket, other) in ((:'v1', :'v2'), (:'v2', :'v1'))",
                theirs["ticket"], ours["ticket"])
            self.assertEqual(len(links), 1, proof)

    def test_a_forged_colleague_who_names_an_id_to_come_gets_nothing(self):
        pair = self.new_pair()
        self.send(pair.reply, "fail")
        parent = self.send(pair.parent)
        self.assertEqual(parent["outcome"], "new")

    def test_zz_a_thousand_pairs(self):
        """In random order, through both mailboxes, half of them while the desk is stopped."""
        chance = random.Random(SEED)
        pairs = [Pair(number, to=chance.choice([self.desk.address, SECOND_MAILBOX]),
                      parent_to=chance.choice([self.desk.address, SECOND_MAILBOX]))
                 for number in range(PAIRS)]
        mails = [mail for pair in pairs for mail in (pair.parent, pair.reply)]
        chance.shuffle(mails)
        # neighbours: half of the pairs come one directly after the other
        for pair in pairs[:PAIRS // 2]:
            at = mails.index(pair.reply)
            mails.remove(pair.parent)
            mails.insert(chance.choice([max(at - 1, 0), at]), pair.parent)
        self.desk.stop()
        self.send_many(mails[:PAIRS])
        self.desk.start()
        self.send_many(mails[PAIRS:])
        self.wait_all_decided(mails)
        self.check(pairs)

    def send_many(self, mails):
        """One session: the border stamps by domain, and all are of one."""
        with post.open_session(self.servers, mails[0].sender) as session:
            for mail in mails:
                session.sendmail(mail.sender, mail.envelope(), bytes(mail))

    def wait_all_decided(self, mails):
        query = ("select count(*) from inbound_mail where state <> 'received'"
                 " and subject like '%pair %' and subject not like '%pair x%'")
        post.wait_for("all mails", lambda: self.desk.value(query) >= len(mails), 400, 0.5)

    def check(self, pairs):
        rows = self.desk.rows("select message_id, ticket, state from inbound_mail")
        where = {row["message_id"]: (row["ticket"], row["state"]) for row in rows}
        apart = []
        for pair in pairs:
            places = [where.get(m.message_id.strip("<>")) for m in (pair.parent, pair.reply)]
            if None in places or places[0][0] is None or places[0][0] != places[1][0]:
                apart.append((pair.parent.subject, places))
        self.assertEqual(apart[:10], [], f"{len(apart)} of {len(pairs)} pairs (seed {SEED})")
        tickets = {where[pair.parent.message_id.strip('<>')][0] for pair in pairs}
        self.assertEqual(len(tickets), len(pairs))

    @classmethod
    def tearDownClass(cls):
        log = cls.servers.log("postgres.out")
        assert "40P01" not in log, "a deadlock stands in the database's log"
