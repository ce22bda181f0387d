"""The role tend: it tells the supervisor which mailboxes are enabled, whatever happens."""

import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))

from harness.waiting import wait_for
from role import RoleTest


class Supervisor:
    """The other end of tend's socket: frames of kind, length, and an array of 64-bit ids."""

    def __init__(self):
        self.ours, self.theirs = socket.socketpair()
        self.ours.settimeout(15)
        self.bytes = b""

    def take(self, count):
        while len(self.bytes) < count:
            more = self.ours.recv(65536)
            assert more, "tend closed its end"
            self.bytes += more
        taken, self.bytes = self.bytes[:count], self.bytes[count:]
        return taken

    def roster(self):
        _, length = struct.unpack("=II", self.take(8))
        return list(struct.unpack(f"={length // 8}q", self.take(length)))

    def wait_roster(self, want):
        wait_for(f"the roster {want}", lambda: self.roster() == want, every=0)

    def close(self):
        self.ours.close()


class Tend(RoleTest):
    def setUp(self):
        self.desk.sql("update mailbox set is_enabled = false")
        self.supervisor = Supervisor()
        self.addCleanup(self.supervisor.close)

    def tend(self):
        theirs = self.supervisor.theirs
        role = self.role("tend", theirs.fileno(), pass_fds=(theirs.fileno(),))
        theirs.close()
        return role

    def test_it_tells_what_there_is_and_what_changes(self):
        tend = self.tend()
        self.supervisor.wait_roster([])
        first, _ = self.mailbox()
        self.supervisor.wait_roster([first])
        second, _ = self.mailbox()
        self.supervisor.wait_roster([first, second])
        self.desk.sql("update mailbox set is_enabled = false where id = :'v1'", first)
        self.supervisor.wait_roster([second])
        tend.stop()

    def test_it_tells_without_the_lease_too(self):
        first = self.tend()
        self.supervisor.wait_roster([])
        first.wait_event("lease.taken")
        self.supervisor = other = Supervisor()
        self.addCleanup(other.close)
        second = self.tend()
        mailbox, _ = self.mailbox()
        other.wait_roster([mailbox])
        self.assertEqual(second.events("lease.taken"), [])
        first.stop()
        second.wait_event("lease.taken", 10)
        second.stop()

    def test_it_lives_through_the_database(self):
        mailbox, _ = self.mailbox()
        tend = self.tend()
        self.supervisor.wait_roster([mailbox])
        self.servers.kill_postgres()
        tend.wait_event("database.lost")
        self.servers.start_postgres()
        tend.wait_event("database.regained", 20)
        another, _ = self.mailbox()
        self.supervisor.wait_roster([mailbox, another])
        self.assertEqual(len(tend.events("database.lost")), 1)
        tend.stop()

    def test_it_ends_when_nobody_listens(self):
        tend = self.tend()
        self.supervisor.wait_roster([])
        self.supervisor.close()
        self.assertEqual(tend.process.wait(10), 75)

    def test_it_ends_at_once_on_sigterm(self):
        tend = self.tend()
        self.supervisor.wait_roster([])
        begun = time.monotonic()
        tend.stop()
        self.assertLess(time.monotonic() - begun, 2)
