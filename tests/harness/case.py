"""DeskCase: a unittest.TestCase with private servers and a running desk for the whole class.

Tests of a class share the desk, so each uses senders and subjects of its own; person() makes them.
When a test fails, the end of postdeskd's log is printed with it.
"""

import atexit
import contextlib
import itertools
import os
import pathlib
import unittest

from harness import mail as post
from harness.desk import Desk
from harness.servers import Servers
from harness.unit import SANITIZERS, Unit
from harness.waiting import TooLong, wait_for

LOG_LINES = 40
QUIET_SECONDS = 3
UNIT = pathlib.Path(__file__).resolve().parent.parent.parent / "systemd/postdeskd.service"
PEOPLE = 50  # with mailboxes made in advance: each addition waits for Dovecot
ANY_DOMAIN = "any.example"  # everyone there has a mailbox (tests/servers/lib/dovecot.sh)


def build_folder():
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    return pathlib.Path(os.environ.get("POSTDESK_BUILD", root / "build"))


def confinement():
    """The system-call filter of the shipped unit: what it refuses fails tests, not hosts."""
    return Unit(UNIT).filter(SANITIZERS)


class DeskCase(unittest.TestCase):
    maxDiff = None
    server_options = ()
    settings = {}  # of the config file
    starts_daemon = True
    shares_servers = False  # with the other classes of the file, which find them as after the start
    shared = None
    newest_desk = None

    @classmethod
    def setUpClass(cls):
        cls.find_servers()
        cls.desk = DeskCase.newest_desk = Desk(cls.servers, build_folder(), settings=cls.settings)
        cls.addClassCleanup(cls.desk.remove)
        cls.desk.configure()
        cls.desk.create()
        cls.numbers = itertools.count(1)
        cls.servers.add_user(*(f"person{n}@acme.example" for n in range(1, PEOPLE)))
        cls.addClassCleanup(cls.desk.stop)
        cls.desk.confine(confinement())
        if cls.starts_daemon:
            cls.desk.start()

    @classmethod
    def find_servers(cls):
        if cls.shares_servers and DeskCase.shared is not None:
            cls.servers = DeskCase.shared
            cls.servers.begin_anew()
            return
        cls.servers = Servers(options=cls.server_options)
        if cls.shares_servers:
            DeskCase.shared = cls.servers
            atexit.register(cls.servers.__exit__)
        else:
            cls.addClassCleanup(cls.servers.__exit__)
        cls.servers.start()

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            self.print_log()

    @classmethod
    def print_log(cls):
        if cls.newest_desk is not None:
            print("---- postdeskd's log, its end ----")
            print("\n".join(cls.newest_desk.log().splitlines()[-LOG_LINES:]), flush=True)

    # ---- people and mails -------------------------------------------------------------------

    def person(self, domain="acme.example"):
        """The address of somebody who has never written before, with a mailbox."""
        address = f"person{next(self.numbers)}@{domain}"
        if domain != ANY_DOMAIN:
            self.servers.add_user(address)
        return address

    def box(self, address):
        """What comes from now on. Mail that is on its way already is let in first, or it would be taken for what a test
        waits for; where the desk does not come to rest, nobody waits for that."""
        with contextlib.suppress(TooLong):
            wait_for("mail to arrive", self.is_quiet, QUIET_SECONDS)
        return post.Box(self.servers, address)

    def is_quiet(self):
        return not self.servers.is_mail_on_its_way() and (self.desk.daemon is None or self.desk.value("""
            select not exists (select from inbound_mail where state = 'received')
               and not exists (select from outbound_mail where state = 'queued' and next_try_at <= now())""")) \
            and not self.servers.is_mail_on_its_way()

    def send(self, mail, proof=""):
        """Send a mail and wait until the desk has decided on it: its row."""
        return self.desk.wait_decided(post.send(self.servers, mail, proof))

    def new_ticket(self, sender, subject="Printer", **fields):
        """(the row of the mail that opened it, the receipt)"""
        box = self.box(sender)
        mail = post.Mail(sender=sender, to=self.desk.address, subject=subject, **fields)
        row = self.send(mail)
        self.assertEqual(row["outcome"], "new", row)
        return row, box.next("the receipt")[0]

    # ---- what is so -------------------------------------------------------------------------

    def settle(self, seconds=30.0):
        """Until nothing is waiting anywhere: then what has not come will not come."""
        wait_for("the desk to settle", self.desk.settled, seconds)

    def outbound(self, mail_id):
        """What was queued because of an inbound mail: [(notice, address, state)], sorted."""
        rows = self.desk.rows("select notice, address, state from outbound_mail"
                              " where cause = :'v1' order by notice, address", mail_id)
        return [(row["notice"], row["address"], row["state"]) for row in rows]

    def comments(self, ticket):
        return self.desk.rows(
            "select c.kind, a.address as author, c.body from comment c"
            " join person_address a on a.person = c.author and a.position = 1"
            " where c.ticket = :'v1' order by c.id", ticket)

    def ticket(self, number):
        (row,) = self.desk.rows(
            "select t.*, r.address as requester_address, a.address as assignee_address, c.name as"
            " customer_name from ticket t"
            " join person_address r on r.person = t.requester and r.position = 1"
            " left join person_address a on a.person = t.assignee and a.position = 1"
            " left join customer c on c.id = t.customer where t.id = :'v1'", number)
        return row
