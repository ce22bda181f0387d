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

    def test_it_counts_and_clears_away(self):
        mailbox, _ = self.mailbox()
        self.desk.sql("""
            delete from chore; delete from measure;
            insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw, arrived_at,
                received_at, state, outcome, decided_at)
            select :'v1', 'INBOX', 9, n, '\\x01' || sha256(n::text::bytea), 1, 'x', now(),
                now() - interval '1 hour', case when n = 4 then 'received' else 'rejected' end,
                case when n < 4 then 'rejected' end, case when n <> 4 then now() end
            from generate_series(1, 6) n order by n;
            insert into web_hook_call (rule, event, url, body, state, ended_at) values
                ('old', 'e', 'u', '{}', 'sent', now() - interval '31 days'),
                ('young', 'e', 'u', '{}', 'failed', now() - interval '29 days'),
                ('waits', 'e', 'u', '{}', 'queued', null);
            insert into rule_version values (1, now() - interval '1 year', 'x', '', null, false),
                (2, now() - interval '200 days', 'x', '', null, false), (3, now(), 'x', '', null, true);
            insert into rule_stat (version, rule, worker, last_at) values
                (1, 'old', 'w', now() - interval '201 days'), (2, 'late', 'w', now() - interval '10 days'),
                (3, 'live', 'w', now() - interval '1 year')""", mailbox)
        tend = self.tend()
        wait_for("the chores", lambda: self.desk.value("select count(*) = 3 from chore where name in"
                                                       " ('count', 'account', 'clean')"))
        measures = {row["name"]: row["value"] for row in self.desk.rows("select name, value from measure")}
        self.assertEqual(measures["decisions rejected rejected"], 3, "up to the first that is not decided")
        self.assertEqual(measures["unaccounted"], 6, "nobody counted them as fetched")
        self.assertEqual([row["rule"] for row in self.desk.rows("select rule from web_hook_call order by id")],
                         ["young", "waits"])
        self.assertEqual([row["rule"] for row in self.desk.rows("select rule from rule_stat order by version")],
                         ["late", "live"])
        self.desk.sql("update inbound_mail set state = 'rejected', decided_at = now() where state = 'received';"
                      "delete from chore where name = 'count'")
        wait_for("the others", lambda: self.desk.value("select sum(value) = 6 from measure where name like 'decisions %'"))
        tend.stop()
        self.desk.sql("delete from inbound_mail; delete from measure; delete from web_hook_call;"
                      " delete from rule_stat; delete from rule_version")
