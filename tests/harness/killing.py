"""Mail flows while everything is killed, and afterwards the books must balance.

An injector hands mails to the border and keeps a list of its own; a killer ends by SIGKILL, at random
moments, any role of postdeskd, its supervisor, one backend of PostgreSQL or all of PostgreSQL. When
both are done and the desk has settled, Check compares the list with the database, with what stands
in the mailboxes of all recipients, and with what `postdesk audit --imap` says.
"""

import collections
import os
import random
import signal
import subprocess
import threading
import time

from harness import mail as post
from harness.desk import Desk, children
from harness.servers import Servers
from harness.waiting import wait_for

SENDERS = [f"k{number:02}@any.example" for number in range(20)]
PAUSE_SECONDS = (0.03, 0.3)  # between two kills
SETTLE_SECONDS = 180
# How often each is chosen. A role that does not run at that moment is not counted as killed.
VICTIMS = {"fetch": 4, "intake": 5, "parser": 3, "send": 5, "tend": 1, "supervisor": 2,
           "backend": 2, "postgres": 1}


def role_of(command_line):
    """What a process of postdeskd is, by its name "postdesk-ROLE"; None for the supervisor."""
    name = command_line.partition(":")[0]
    return name.removeprefix("postdesk-") if name.startswith("postdesk-") else None


class Injector(threading.Thread):
    """Sends count mails, as far as may_send says; sent holds their (sender, id)."""

    def __init__(self, servers, count, seed, may_send):
        super().__init__(daemon=True)
        self.servers = servers
        self.count = count
        self.may_send = may_send  # how many by now
        self.chance = random.Random(f"injector {seed}")
        self.sent = []

    def run(self):
        for number in range(self.count):
            while number >= self.may_send():
                time.sleep(0.01)
            sender = self.chance.choice(SENDERS)
            mail = post.Mail(sender=sender, to=Desk.address, subject=f"kill loop {number}",
                             text=f"mail {number}\n" + "words " * self.chance.randrange(2000) + "\n")
            post.send(self.servers, mail)
            self.sent.append((sender, mail.message_id))


class Killer:
    def __init__(self, servers, desk, seed):
        self.servers = servers
        self.desk = desk
        self.chance = random.Random(f"killer {seed}")
        self.killed = collections.Counter()

    def kill_one(self):
        """One victim, if there is one of that kind at this moment."""
        names, weights = zip(*VICTIMS.items())
        name = self.chance.choices(names, weights)[0]
        if name == "postgres":
            self.servers.kill_postgres()
            time.sleep(self.chance.uniform(0, 0.5))
            self.servers.start_postgres()
            self.killed[name] += 1
        elif name == "supervisor":
            self.kill_supervisor()
        else:
            self.kill_process(name, self.backends() if name == "backend" else self.roles(name))

    def kill_process(self, name, pids):
        if not pids:
            return
        try:
            os.kill(self.chance.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            return
        self.killed[name] += 1

    def kill_supervisor(self):
        """Its roles must end by themselves; a new one is started at once, as systemd would do."""
        self.desk.daemon.kill()
        self.desk.daemon.wait()
        self.killed["supervisor"] += 1
        self.desk.start()

    def roles(self, name):
        return [pid for pid, line in children(self.desk.daemon.pid) if role_of(line) == name]

    def backends(self):
        """PostgreSQL's processes for our connections."""
        found = subprocess.run(["pgrep", "-f", r"^postgres: test postgres"], capture_output=True, text=True)
        ours = set(self.servers.processes())
        return [int(pid) for pid in found.stdout.split() if int(pid) in ours]


class KillLoop:
    """One whole run: `with KillLoop(build, kills, mails, seed) as loop: loop.run(); loop.check()`."""

    def __init__(self, build, kills, mails, seed):
        self.kills = kills
        self.mails = mails
        self.seed = seed
        self.servers = Servers(options=["--durable"])
        self.desk = Desk(self.servers, build, settings={"lease": "6s", "intakes": "2", "senders": "2"})
        self.killer = Killer(self.servers, self.desk, seed)
        self.injector = Injector(self.servers, mails, seed, self.may_send)
        self.seconds = 0.0
        self.second_copies = 0

    def __enter__(self):
        try:
            self.servers.start()
            self.desk.configure()
            self.desk.create()
            # everyone at any.example has a mailbox, so every receipt can be looked at
            self.desk.postdesk("customer", "add", "Any Inc", "--domain", "any.example")
            self.desk.lift_limits()
            self.desk.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            self.desk.stop()
        finally:
            self.servers.stop()
            self.servers.remove()
            self.desk.remove()

    def run(self):
        begun = time.monotonic()
        self.injector.start()
        while self.killer.killed.total() < self.kills or self.injector.is_alive():
            self.killer.kill_one()
            time.sleep(self.killer.chance.uniform(*PAUSE_SECONDS))
        self.injector.join()
        wait_for("the desk to settle after the last kill", self.all_done, SETTLE_SECONDS, 0.2)
        self.seconds = time.monotonic() - begun

    def may_send(self):
        """A few mails with each kill: they flow from the first kill to the last."""
        return self.mails * (self.killer.killed.total() + 1) // self.kills

    def all_done(self):
        """Every mail has arrived here, and nothing waits any more."""
        try:
            return (self.desk.value("select count(*) from inbound_mail") >= self.mails
                    and self.desk.settled())
        except RuntimeError:  # PostgreSQL is just recovering
            return False

    # ---- the books --------------------------------------------------------------------------

    def check(self):
        """A list of what is wrong; empty if the books balance."""
        wrong = []
        wrong += self.check_filed()
        wrong += self.check_sent()
        wrong += self.check_folders()
        audit = self.desk.run("audit", "--imap")
        if audit.returncode != 0:
            wrong.append(f"audit says {audit.returncode}: {audit.stdout}{audit.stderr}")
        if "40P01" in self.servers.log("postgres.out"):
            wrong.append("a deadlock stands in the database's log")
        return wrong

    def check_filed(self):
        """Each injected mail has one row, filed, with a ticket and a comment of its own."""
        rows = collections.defaultdict(list)
        for row in self.desk.rows("""
                select m.message_id, m.state, t.id as ticket, c.id as comment from inbound_mail m
                  left join ticket t on t.opened_by = m.id left join comment c on c.mail = m.id"""):
            rows[row["message_id"]].append(row)
        wrong = []
        for _, identity in self.injector.sent:
            found = rows.pop(identity.strip("<>"), [])
            if len(found) != 1 or found[0]["state"] != "filed" or None in found[0].values():
                wrong.append(f"{identity}: {found or 'no row'}")
        wrong += [f"{identity}: nobody sent it" for identity in rows]
        tickets = self.desk.value("select count(*) from ticket")
        if tickets != self.mails:
            wrong.append(f"{tickets} tickets for {self.mails} mails")
        return wrong

    def check_sent(self):
        """What the rows call sent is in its recipient's mailbox; a second copy has the same id."""
        wrong = []
        rows = self.desk.rows("select message_id, address_key, state, cause, notice from outbound_mail")
        seen = collections.Counter()
        for address in {row["address_key"] for row in rows}:
            for message in post.inbox(self.servers, address):
                seen[(address, post.header(message, "Message-ID").strip("<>"))] += 1
        for row in rows:
            if row["state"] != "sent":
                wrong.append(f"{row['notice']} to {row['address_key']} is {row['state']}")
            elif not seen.pop((row["address_key"], row["message_id"]), 0):
                wrong.append(f"{row['notice']} to {row['address_key']} never came")
        wrong += [f"{address} got {identity}, which is in no row" for address, identity in seen]
        return wrong + self.check_receipts()

    def check_receipts(self):
        """By the injector's list, not by our rows: an answer to each of its mails, of one id."""
        wrong = []
        ids = collections.defaultdict(list)
        for address in SENDERS:
            for message in post.inbox(self.servers, address):
                ids[(address, post.header(message, "In-Reply-To"))].append(message["Message-ID"])
        for key in self.injector.sent:
            copies = ids[key]
            self.second_copies += max(0, len(copies) - 1)
            if len(set(copies)) != 1:
                wrong.append(f"{key[1]}: {len(set(copies))} receipts")
        return wrong

    def check_folders(self):
        counts = {folder: len(post.inbox_raw(self.servers, Desk.address, folder))
                  for folder in ("INBOX", "Processed")}
        if counts != {"INBOX": 0, "Processed": self.mails}:
            return [f"folders hold {counts} for {self.mails} mails"]
        return []

    def figures(self):
        killed = ", ".join(f"{name} {count}" for name, count in sorted(self.killer.killed.items()))
        return (f"{self.killer.killed.total()} kills ({killed}) while {self.mails} mails flowed; "
                f"{self.second_copies} second copies of a receipt; {self.seconds:.0f} s; "
                f"seed {self.seed}")

    # ---- faults that the audit must find ----------------------------------------------------

    def plant_deleted_row(self):
        """A row of a mail that is in Processed vanishes. Gives back what mends it."""
        self.desk.sql("""
            set session_replication_role = replica;
            create table planted as select * from inbound_mail where state = 'filed' order by id limit 1;
            delete from inbound_mail where id in (select id from planted);""")

        def mend():
            self.desk.sql("""
                set session_replication_role = replica;
                insert into inbound_mail select * from planted; drop table planted;""")
        return mend

    def plant_moved_mail(self):
        """A mail goes from INBOX to Processed without a row, while the desk is stopped."""
        self.desk.stop()
        identity = post.send(self.servers, post.Mail(sender=SENDERS[0], to=Desk.address, subject="planted"))
        wait_for("the planted mail", lambda: post.inbox_raw(self.servers, Desk.address))
        ((uid, _),) = post.inbox_raw(self.servers, Desk.address)
        with post.imap_session(self.servers, Desk.address) as session:
            session.select("INBOX")
            session.uid("MOVE", str(uid), "Processed")
        return identity
