"""An admin's first hour: from an empty database to a desk that works as he wants it, by the command line alone.

No SQL is spoken here, not even by the test: what it wants to know it asks the command line, or reads in mailboxes.
"""

import itertools
import json
import pathlib
import tempfile
import unittest

from harness import mail as post
from harness.case import LOG_LINES, build_folder
from harness.desk import Desk
from harness.mail import Mail
from harness.servers import Servers
from harness.waiting import wait_for

TIME_LIMIT = 300
ANNA, MAX = "anna@acme.example", "max@acme.example"
BEN, TARA = "ben@desk.example", "tara@desk.example"

CUSTOMERS = """\
name;number;rank;language;country;domains
Acme GmbH;K-1001;gold;de;AT;acme.example *.acme.example
Other Ltd;K-1002;silver;en;GB;other.test
"""
CONTACTS = """\
address,first-name,last-name,job-title,phones,main-contact,confirmed
anna@acme.example,Anna,Meyer,Head of IT,+43 1 2345; +43 660 12345,yes,yes
max@acme.example,Max,Roth,,,no,yes
carl@other.test,Carl,Jones,,,no,yes
"""

RULES = r"""
rule "receipt" {
    on    ticket-created
    then  answer receipt
}

rule "orders have their number" {
    on    ticket-created
    if    mail.subject ~ /Auftrag (?<order>[0-9]+)/i
    then  set field order "$order"
}

rule "printers go to Printing" {
    on    ticket-created
    if    mail.subject ~ /drucker|printer/i
    then  set group "Printing"; assign round-robin "Printing"
}

rule "gold is fast" {
    on    ticket-created
    if    customer.rank = "gold"
    then  set priority high
}

test "a printer mail with an order" {
    given   mail from "anna@acme.example" subject "Drucker defekt, Auftrag 4711"
    given   customer.rank "gold"
    expect  group "Printing"; field order "4711"; priority high; answered receipt
}

test "others are not fast" {
    given   mail from "carl@other.test" subject "Screen"
    given   customer.rank "silver"
    expect  priority medium; not fired "printers go to Printing"
}
"""


class FirstHour(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.servers = Servers()
        self.addCleanup(self.servers.remove)
        self.servers.start()
        self.addCleanup(self.servers.stop)
        self.desk = Desk(self.servers, build_folder())
        self.addCleanup(self.desk.remove)
        self.desk.configure()
        folder = tempfile.TemporaryDirectory(prefix="pd-hour-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.versions = itertools.count(1)

    def run(self, result=None):
        bad = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > bad:
            print("\n".join(self.desk.log().splitlines()[-LOG_LINES:]), flush=True)

    def postdesk(self, *words):
        return self.desk.postdesk(*words)

    def refused(self, *words):
        """What is printed and said by a command that is refused for what it was given."""
        done = self.desk.run(*words)
        self.assertEqual(done.returncode, 65, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def rules(self, text):
        """A folder with these rules."""
        return str(pathlib.Path(self.write(f"v{next(self.versions)}/desk.rules", text)).parent)

    def ticket_of(self, subject):
        """The ticket that a mail with this subject opened, once the desk has it."""
        def find():
            return [row for row in self.desk.json("ticket", "list") if row["subject"] == subject]
        (found,) = wait_for(f"the ticket of \"{subject}\"", find)
        return self.desk.json("ticket", "show", found["id"])

    def write_mail(self, sender, subject, **fields):
        post.send(self.servers, Mail(sender=sender, to=self.desk.address, subject=subject, **fields))

    def expect_mail(self, address, part):
        """A mail with this in its subject has come to a mailbox."""
        return wait_for(f"a mail to {address} about {part}", lambda: [
            message for message in post.inbox(self.servers, address) if part in post.header(message, "Subject")])

    # ---- the hour ---------------------------------------------------------------------------

    def test_a_desk_is_made_without_a_word_of_sql(self):
        self.install()
        self.enter_people()
        self.import_companies()
        self.make_rules()
        self.first_ticket()
        self.deputy()
        self.held_mail()
        self.roll_back()
        self.read_the_log()

    def install(self):
        self.postdesk("migrate")
        self.desk.add_mailbox()
        self.assertEqual([row["address"] for row in self.desk.json("mailbox", "list")], [self.desk.address])
        self.desk.start()
        self.addCleanup(self.desk.stop)

    def enter_people(self):
        for name in ("Printing", "Network"):
            self.postdesk("group", "add", name)
        self.postdesk("technician", "add", BEN, "--name", "Ben Huber")
        self.postdesk("technician", "add", TARA, "--first-name", "Tara", "--last-name", "Novak", "--lead")
        for technician in (BEN, TARA):
            self.postdesk("technician", "set", technician, "--group", "Printing")
        self.postdesk("technician", "set", BEN, "--absent", "2000-01-01..2999-12-31", "--deputy", TARA)
        self.postdesk("field", "add", "order", "--type", "text", "--contacts", "shown")
        self.postdesk("calendar", "zone", "Europe/Vienna")
        self.postdesk("calendar", "hours", "mon..fri", "8:00-12:00", "13:00-17:00")
        self.postdesk("calendar", "holiday", "add", "10-26", "Nationalfeiertag")

    def import_companies(self):
        template = self.postdesk("import", "template", "customers")
        for column in CUSTOMERS.split("\n", maxsplit=1)[0].split(";"):
            self.assertIn(column, template)
        wrong = self.write("customers.csv", CUSTOMERS + "Third;K-1001;;xx;;gmail.com\n")
        said = self.refused("import", "customers", wrong)
        for part in ("line 4: ", '"K-1001" stands in line 2', "no language", "gmail.com", "nothing was imported"):
            self.assertIn(part, said)
        self.assertEqual(self.desk.json("customer", "list"), [])
        good = self.write("customers.csv", CUSTOMERS)
        self.assertIn("2 would be added", self.postdesk("import", "customers", good, "--dry-run"))
        self.assertIn("2 added", self.postdesk("import", "customers", good))
        self.assertIn("3 added", self.postdesk("import", "contacts", self.write("contacts.csv", CONTACTS)))
        anna = self.desk.json("contact", "show", ANNA)
        self.assertEqual((anna["name"], anna["customer"], anna["is_main_contact"]), ("Anna Meyer", "Acme GmbH", True))
        self.postdesk("customer", "set", "K-1001", "--city", "Wien")

    def make_rules(self):
        said = self.refused("rules", "check", self.rules(RULES.replace('"Printing"', '"Printign"')))
        self.assertIn("Printing", said, "the nearest group is named")
        wrong = self.rules(RULES.replace('rank = "gold"', 'rank = "silver"'))
        self.assertIn("a printer mail with an order", self.refused("rules", "apply", wrong))
        folder = self.rules(RULES)
        self.postdesk("rules", "check", folder)
        self.postdesk("rules", "test", folder)
        self.postdesk("rules", "apply", folder, "--why", "the first rules")
        self.assertEqual([row["why"] for row in self.desk.json("rules", "history") if row["is_live"]],
                         ["the first rules"])

    def first_ticket(self):
        subject = "Drucker defekt, Auftrag 4711"
        self.write_mail(ANNA, subject)
        ticket = self.ticket_of(subject)
        self.assertEqual((ticket["group"], ticket["priority"], ticket["customer"]), ("Printing", "high", "Acme GmbH"))
        self.assertIn("4711", json.dumps(ticket["fields"]))
        self.assertEqual(ticket["assignee"], "Tara Novak", "Ben is away")
        fired = json.dumps(self.desk.json("ticket", "log", ticket["id"]))
        for rule in ("orders have their number", "printers go to Printing", "gold is fast"):
            self.assertIn(rule, fired)
        self.expect_mail(ANNA, f"#{ticket['id']}")

    def deputy(self):
        """What Ben would get as assignee, Tara gets as well: he is away."""
        subject = "Maus, Auftrag 4712"
        self.write_mail(ANNA, subject)
        number = self.ticket_of(subject)["id"]
        self.postdesk("ticket", "assign", number, BEN)
        (receipt, *_) = self.expect_mail(ANNA, f"#{number}")
        before = len(self.about(TARA, number))
        self.write_mail(ANNA, f"Re: {subject} [#{number}]", in_reply_to=post.header(receipt, "Message-ID"),
                        text="It squeaks.\r\n")
        wait_for("Tara's copy", lambda: len(self.about(TARA, number)) > before)
        squeaks = [row for row in self.desk.json("ticket", "show", number)["mails"]
                   if "deputy" in row.get("reason", "")]
        self.assertEqual([row["to"] for row in squeaks], [TARA])
        wait_for("Ben's own", lambda: self.about(BEN, number))

    def about(self, address, number):
        return [message for message in post.inbox(self.servers, address)
                if f"#{number}" in post.header(message, "Subject")]

    def held_mail(self):
        self.postdesk("setting", "set", "unknown-senders", "hold")
        self.write_mail("eve@stranger.example", "Screen of a stranger")

        def held():
            return [row for row in self.desk.json("held", "list") if row["subject"] == "Screen of a stranger"]
        (mail,) = wait_for("the held mail", held)
        self.postdesk("held", "release", mail["id"])
        ticket = self.ticket_of("Screen of a stranger")
        self.assertEqual((ticket["priority"], ticket["group"]), ("medium", None))
        self.assertEqual(held(), [])

    def roll_back(self):
        changed = RULES.replace("set priority high", "set priority critical").replace(
            "priority high; answered", "priority critical; answered")
        self.postdesk("rules", "apply", self.rules(changed), "--why", "gold is faster")
        self.write_mail(MAX, "Keyboard one")
        self.assertEqual(self.ticket_of("Keyboard one")["priority"], "critical")
        self.postdesk("rules", "rollback")
        self.write_mail(MAX, "Keyboard two")
        self.assertEqual(self.ticket_of("Keyboard two")["priority"], "high")
        self.assertEqual(len(self.desk.json("rules", "history")), 3)

    def read_the_log(self):
        log = self.desk.json("log", "--limit", "1000")
        objects = {row["object"] for row in log}
        for kind in ("mailbox", "group", "technician", "field", "calendar", "import", "customer", "setting"):
            self.assertIn(kind, objects)
        self.assertEqual(len({row["actor"] for row in log}), 1, "all of it by the admin")
        files = [row["object_id"] for row in log if row["object"] == "import"]
        self.assertEqual(files, ["customers.csv", "contacts.csv"])
