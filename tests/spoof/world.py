"""world - the desk that the matrix is played on, and what its people have got from it before

Each row that needs a ticket takes one of its own from a pool. All tokens are taken from notices that really came to
their owners' mailboxes. evil.test is the attacker's; gil has left the group of "his" ticket, dan was disabled.
"""

import re
import time
import urllib.parse

from harness import mail as post
from harness.raw import decisions, raw, send_all, wait_all_decided
from harness.waiting import wait_for

POOL = 44
STAFF = ("ben", "tara", "dan", "gil")
PASS = "as dmarc=pass header.from={}"
NONE = "as auth=none"
FAIL = "as dmarc=fail (p=reject) header.from={}"
OUTSIDERS = ("x@evil.test", "x@acme.example.evil.test", "x@evilacme.example", "x@sub.acme.example",
             "x@list.test", "verify@vendor.test", "max@acme.example", "rosa@acme.example")


class Ticket:
    """number, whose it is, and what its people hold of it."""

    def __init__(self, number, contact, opening, receipt, notices):
        self.number, self.contact, self.opening = number, contact, opening
        self.receipt, self.notices = receipt, notices


def reply_to(notice):
    return post.address_of(notice, "Reply-To")


def message_id(notice):
    return post.header(notice, "Message-ID")


def bounce_address(notice):
    return post.header(notice, "Return-Path").strip("<>")


def token_of(notice):
    return re.search(r"\+([a-z2-7]{47})@", reply_to(notice))[1]


class World:
    def __init__(self, servers, desk):
        self.servers, self.desk = servers, desk
        self.free = []
        self.taken = {}
        self.sent = 0
        self.missing = []  # what could not be prepared: rows that need it fail

    def prepare(self):
        desk = self.desk
        contacts = [f"c{n}@acme.example" for n in range(POOL)]
        self.servers.add_user(*contacts, *OUTSIDERS, *(f"{name}@desk.example" for name in STAFF),
                              "plain@desk.example", "google@desk.example", "microsoft@desk.example")
        for name in ("dan", "gil"):
            desk.postdesk("technician", "add", f"{name}@desk.example", "--name", name.title())
        for domain in ("xn--bcher-kva.example", "printing.example"):
            desk.postdesk("customer", "domain", "add", "Acme GmbH", domain)
        desk.lift_limits()
        self.lift_floods()
        for name, trust in (("plain", "none"), ("google", "google"), ("microsoft", "microsoft365")):
            self.add_mailbox(f"{name}@desk.example", trust)
        desk.start()
        mails = [raw(f"C{n} <{c}>", subject=f"Pool {n}", sender=c, way=PASS.format("acme.example")).number()
                 for n, c in enumerate(contacts)]
        self.send(mails)
        wait_for("the notices", desk.settled, 60)
        wait_for("all of them in their mailboxes", lambda: self.have_come(mails), 30, every=0.5)
        self.collect(mails)
        self.retire()
        self.make_note()

    def lift_floods(self):
        """Each row is sent many times by the same people."""
        for setting in self.desk.json("setting", "list"):
            if re.search(r"flood|tickets|asked", setting["name"]):
                self.desk.postdesk("setting", "set", setting["name"], "0")

    def add_mailbox(self, address, trust):
        user, host = urllib.parse.quote(address, safe=""), self.servers.host
        try:
            self.desk.postdesk("mailbox", "add", address, "--name", "Other",
                               "--imap", f"imaps://{user}@{host}:{self.servers.imaps}",
                               "--smtp", f"smtps://{user}@{host}:{self.servers.submissions}",
                               "--secret", "support", "--trust", trust, "--own-host", "imap.desk.example")
        except RuntimeError as error:
            self.missing.append(f"mailbox {address} with --trust {trust}: {error}")

    def send(self, mails):
        refused = send_all(self.servers, mails)
        self.sent += sum((2 if mail.again else 1) * len(mail.recipients) for mail in mails
                         if mail.case not in refused)
        wait_all_decided(self.desk, self.sent)
        # What came back to the desk by itself counts above, too: each has to be there.
        cases = {mail.case for mail in mails if mail.case not in refused}
        wait_for("each of the mails", lambda: cases <= set(decisions(self.desk)), 60, every=0.5)
        return refused

    def have_come(self, mails):
        """One notice a ticket in each technician's mailbox, one receipt in the last contacts'."""
        return all(post.inbox_count(self.servers, f"{name}@desk.example") >= POOL for name in STAFF) and \
            all(post.inbox_count(self.servers, mail.sender) for mail in mails)

    def collect(self, mails):
        """The receipts of the contacts, the notices of the technicians."""
        notices = {}
        for name in STAFF:
            for notice in post.inbox(self.servers, f"{name}@desk.example"):
                number = re.search(r"#(\d+)", post.header(notice, "Subject"))
                if number:
                    notices.setdefault(int(number[1]), {})[name] = notice
        for mail in mails:
            receipt = post.inbox(self.servers, mail.sender)[-1]
            number = int(re.search(r"#(\d+)", post.header(receipt, "Subject"))[1])
            self.free.append(Ticket(number, mail.sender, mail, receipt, notices.get(number, {})))
        self.free.reverse()

    def ticket(self, name):
        """The same ticket for the same name."""
        if name not in self.taken:
            ticket = self.free.pop()
            if {"ben", "tara", "dan", "gil"} - set(ticket.notices):
                self.missing.append(f"notices of ticket {ticket.number}")
            self.taken[name] = ticket
        return self.taken[name]

    def retire(self):
        """dan is disabled, gil leaves the group of his ticket, some tickets are closed."""
        desk = self.desk
        desk.postdesk("group", "add", "Networks")
        desk.postdesk("group", "member", "add", "Networks", "gil@desk.example")
        desk.postdesk("group", "member", "add", "Networks", "ben@desk.example")
        desk.postdesk("ticket", "group", self.ticket("left").number, "Networks")
        desk.postdesk("group", "member", "remove", "Networks", "gil@desk.example")
        self.ticket("disabled")
        desk.postdesk("technician", "set", "dan@desk.example", "--disable")
        desk.sql("update ticket set status = 'closed', closed_at = now() - interval '60 days' where id = :'v1'",
                 self.ticket("closed").number)
        desk.sql("update ticket set status = 'resolved' where id = :'v1'", self.ticket("resolved").number)

    def make_note(self):
        """tara answers, authenticated, with ben's token: a note, and ben's notice of it bears a note's token."""
        ticket = self.ticket("note")
        known = {message_id(m) for m in post.inbox(self.servers, "ben@desk.example")}
        notice = ticket.notices["ben"]
        self.send([raw("tara@desk.example", to=reply_to(notice), subject="Re: a note", way="login",
                       sender="tara@desk.example", recipients=[reply_to(notice)],
                       fields=[("In-Reply-To", message_id(notice))]).number()])
        wait_for("the notices", self.desk.settled, 60)
        time.sleep(1)  # from the desk's server to the mailboxes
        new = [m for name in ("ben", "tara") for m in post.inbox(self.servers, f"{name}@desk.example")
               if message_id(m) not in known and message_id(m) not in
               {message_id(n) for n in ticket.notices.values()} and f"#{ticket.number}" in post.header(m, "Subject")]
        self.note_notices = [(post.header(m, "Delivered-To") or "ben@desk.example", m) for m in new]
        if not new:
            self.missing.append("a note's notice (rows 67)")
