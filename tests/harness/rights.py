"""rights - the lines of tests/permissions.tsv that speak of mail, played on one desk

Each line that needs a ticket has one of its own, so that what happened can only be its doing. First all tickets are
opened while every actor still has rights: so each holds tokens that really came to his mailbox. Then rights change
(groups, leads, who is disabled, who takes part), and then the attempts are made: rights are those of now.

A line that is allowed is played twice, the second time with the sender's proof stripped: a technician's mail comes
without authentication (his token stays), a contact's without both.
"""

import dataclasses
import re

from harness import mail as post
from harness.mail import Mail
from harness.waiting import wait_for

AUTOMATIC = [("Auto-Submitted", "auto-replied")]
COLLEAGUE, OUTSIDER = "max@acme.example", "carl@other.test"
WRITER = "gus@desk.example"  # the technician who writes what others are to get or not
MAIN = "sam@sole.example"  # of the customer whose main contact alone opens tickets

CONTACTS = {"contact": "anna@acme.example", "main-contact": "mia@acme.example", "participant": "pat@third.test",
            "ex-participant": "eve@fourth.test", "machine-mail": "mona@acme.example"}
TECHNICIANS = {"technician-in-group": "ben@desk.example", "technician-of-another-group": "tara@desk.example",
               "lead": "lea@desk.example", "disabled-technician": "dan@desk.example",
               "machine-mail": "vera@desk.example"}
LOST = {"contact": "tom@trio.example", "main-contact": "dora@duo.example"}  # who were main contacts when they were asked
STAFF_PLACES = ("group's", "taken", "nobody's", "loose")
HELD_VERBS = ("release", "drop", "spam", "trust")

PLACE = r"(?P<place>\S+'s|own|shared|left|taken|loose|forwarded|lost)"
HOW = re.compile(r"(?P<verb>open|echo|comment|copy|read|note|assign|bring|admit|release|drop|spam|trust)"
                 rf"(?: (?P<whom>(?:for )?\S+@\S+))?(?: (?:on |of |into )?{PLACE})?"
                 r"(?P<silent> silent)?(?P<unverified> unverified)?")
WORD = re.compile(rf"(?P<verb>#.*) on {PLACE}")


@dataclasses.dataclass
class Case:
    """A line as it is played; what it said and what came of it is found again by its name."""

    number: int  # of the line
    actor: str
    action: str
    is_allowed: bool
    how: str
    verb: str
    whom: str
    place: str
    is_silent: bool
    is_unverified: bool
    is_stripped: bool = False
    ticket: int = 0
    held: int = 0
    message_id: str = ""

    @property
    def name(self):
        return f"xq{self.number}{'s' if self.is_stripped else ''}xq"

    def __str__(self):
        proof = ", proof stripped" if self.is_stripped else ""
        return f"line {self.number}: {self.actor}: {self.action}: {self.how}{proof}"

    @property
    def is_held_mail(self):
        return self.verb == "admit" or self.verb in HELD_VERBS

    @property
    def needs_ticket(self):
        return self.verb not in ("open", "admit") and self.place != "loose"

    @property
    def is_staff(self):
        """Does a technician try it?"""
        if self.actor == "machine-mail":
            return self.place in STAFF_PLACES or (self.verb, self.place) == ("admit", "other's")
        return self.actor in TECHNICIANS

    @property
    def address(self):
        """Who tries it."""
        if self.place == "lost":
            return LOST[self.actor]
        if self.verb == "admit" and self.place == "colleague's":
            return "cora@sole.example" if self.actor == "contact" else MAIN
        if self.is_staff:
            return TECHNICIANS[self.actor]
        return CONTACTS.get(self.actor, f"{self.name}@any.example")

    @property
    def main_contact(self):
        """Who was asked about a colleague's mail."""
        return self.address if self.place == "lost" else MAIN

    @property
    def requester(self):
        if self.place == "own":
            return self.address
        is_acme = self.place == "colleague's" or self.is_staff
        return COLLEAGUE if is_acme else OUTSIDER

    @property
    def headers(self):
        return AUTOMATIC if self.actor == "machine-mail" else []


def read_table(path):
    """[(number, actor, action, is_allowed, how)] of all lines."""
    found = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            actor, action, expected, how = line.split("\t")
            assert expected in ("allowed", "denied"), line
            found.append((number, actor, action, expected == "allowed", how))
    return found


def cases_of(path):
    """The cases of mail, those without proof included."""
    cases = []
    for number, actor, action, is_allowed, how in read_table(path):
        kind, _, text = how.partition(": ")
        if kind not in ("mail", "word"):
            continue
        match = (WORD if kind == "word" else HOW).fullmatch(text)
        assert match, f"line {number}: {how}"
        words = match.groupdict()
        case = Case(number, actor, action, is_allowed, how, words["verb"], words.get("whom") or "",
                    words["place"] or "", bool(words.get("silent")), bool(words.get("unverified")))
        cases.append(case)
        if is_allowed and can_be_stripped(case):
            cases.append(dataclasses.replace(case, is_allowed=False, is_stripped=True))
    return cases


def can_be_stripped(case):
    """What technicians hear of weak mail is no right: it comes marked, or as held mail."""
    is_heard = case.verb == "read" or (case.verb == "copy" and case.is_staff)
    return not is_heard and not case.is_unverified


class Stage:
    """The desk, the mailboxes, and what every case has sent."""

    def __init__(self, servers, desk, cases):
        self.servers, self.desk, self.cases = servers, desk, cases
        self.boxes = {}  # address: [mails]
        self.own_copies = {}  # (address, ticket or name of the case): [mails of the desk]
        self.failed = []

    # ---- sending and waiting ----------------------------------------------------------------

    def send(self, mails):
        """[(Mail, proof)], those of one way in one session; waits until all is decided and has come."""
        ways = {}
        for mail, proof in mails:
            proof = proof or post.default_proof(mail.sender)
            party = mail.sender if proof == "login" else post.domain_of(mail.sender)
            ways.setdefault((proof, party), []).append(mail)
        for (proof, _), group in ways.items():
            with post.open_session(self.servers, group[0].sender, proof) as session:
                for mail in group:
                    session.sendmail(mail.sender, mail.envelope(), bytes(mail))
        ids = [mail.message_id.strip("<>") for mail, _ in mails]
        wait_for("decisions", lambda: self.decided() >= set(ids), 120, every=0.3)
        self.rest()

    def decided(self):
        return {row["message_id"] for row in self.desk.rows(
            "select message_id from inbound_mail where state <> 'received' and message_id is not null")}

    def rest(self):
        """Until nothing waits, and what was sent lies in the mailboxes."""
        wait_for("the desk to settle", self.desk.settled, 120, every=0.3)
        wait_for("all mails in their mailboxes", self.has_come, 60, every=0.5)

    def has_come(self):
        sent = self.desk.rows("select address, count(*) as n from outbound_mail where state = 'sent' group by 1")
        return all(post.inbox_count(self.servers, row["address"]) >= row["n"] for row in sent)

    def read_boxes(self):
        """Everybody's mailbox, and by ticket or case what came there from the desk."""
        addresses = [row["address"] for row in self.desk.rows("select distinct address from outbound_mail")]
        self.boxes = {address: post.inbox(self.servers, address) for address in addresses}
        self.own_copies = {}
        for address, mails in self.boxes.items():
            for mail in mails:
                for key in self.keys_of(mail):
                    self.own_copies.setdefault((address, key), []).append(mail)

    @staticmethod
    def keys_of(mail):
        tag = re.search(r"\[#(\d+)\]", post.header(mail, "Subject"))
        names = re.findall(r"xq\d+s?xq", post.header(mail, "Subject") + post.text_of(mail))
        return {*([int(tag[1])] if tag else []), *names}

    # ---- the desk before rights change ------------------------------------------------------

    def prepare(self):
        desk = self.desk
        people = [("mia@acme.example", "Mia"), ("mona@acme.example", "Mona"), ("rosa@acme.example", "Rosa"),
                  ("pat@third.test", "Pat"), ("paul@third.test", "Paul"), ("eve@fourth.test", "Eve"),
                  ("ella@fourth.test", "Ella"), (MAIN, "Sam"), ("cora@sole.example", "Cora"),
                  ("cleo@sole.example", "Cleo"), ("dora@duo.example", "Dora"), ("cleo@duo.example", "Cleo"),
                  ("tom@trio.example", "Tom"), ("cleo@trio.example", "Cleo")]
        staff = ["lea@desk.example", "dan@desk.example", "vera@desk.example", WRITER]
        self.servers.add_user(*(address for address, _ in people), *staff, "max@acme.example", "anna@acme.example",
                              OUTSIDER)
        for name, domain in (("Third", "third.test"), ("Fourth", "fourth.test"), ("Sole", "sole.example"), ("Duo", "duo.example"),
                             ("Trio", "trio.example")):
            desk.postdesk("customer", "add", name, "--domain", domain)
        for address, name in people:
            desk.postdesk("contact", "add", address, "--name", name, "--confirmed")
        for address in staff:
            desk.postdesk("technician", "add", address, "--name", address.partition("@")[0].title())
        for name in ("Network", "Printers"):
            desk.postdesk("group", "add", name)
        desk.postdesk("contact", "set", "mia@acme.example", "--main-contact", "yes")
        for customer, address in (("Sole", MAIN), ("Duo", LOST["main-contact"]), ("Trio", LOST["contact"])):
            desk.postdesk("contact", "set", address, "--main-contact", "yes")
            desk.postdesk("customer", "set", customer, "--main-contact-only", "yes")
        desk.postdesk("setting", "set", "assign-on-reply", "no")
        for setting in desk.json("setting", "list"):
            if setting["name"].startswith("limit-"):
                desk.postdesk("setting", "set", setting["name"], "0")

    def open_tickets(self):
        mails = [(Mail(sender=case.requester, to=self.desk.address, subject=f"Case {case.name}",
                       message_id=f"<{case.name}.opening@case.example>"), "pass")
                 for case in self.cases if case.needs_ticket]
        self.send(mails)
        for row in self.desk.rows("select ticket, subject from inbound_mail where ticket is not null"):
            for case in self.cases:
                if row["subject"] == f"Case {case.name}":
                    case.ticket = row["ticket"]
        missing = [str(case) for case in self.cases if case.needs_ticket and case.ticket == 0]
        assert not missing, missing
        self.read_boxes()

    def hand_out_tokens(self):
        """Who takes part gets a token by an answer; strangers have said something in the ticket; mails are held."""
        mails = []
        for case in self.cases:
            if case.place in ("shared", "left"):
                self.desk.postdesk("ticket", "participant", "add", case.ticket, case.address)
            if case.place in ("shared", "left") or case.action == "remove a participant":
                mails.append((post.reply(self.copy(WRITER, case), WRITER, "An answer."), ""))
            if case.action == "remove a participant" and "pat@" in case.verb and case.place != "left":
                self.desk.postdesk("ticket", "participant", "add", case.ticket, "pat@third.test")
            if case.actor == "unknown" and case.needs_ticket:
                mails.append((post.reply(self.copy(case.requester, case), case.address, "I know more."), "pass"))
            if case.is_held_mail:
                mails.append(self.to_be_held(case))
        self.send(mails)
        self.find_held()
        self.read_boxes()

    def to_be_held(self, case):
        """Somebody in the name of a technician, or a colleague of the main contact."""
        tag = f" [#{case.ticket}]" if case.ticket else ""
        sender, proof = (WRITER, "none")
        if case.verb == "admit":
            sender, proof = f"cleo@{post.domain_of(case.main_contact)}", "pass"
        return Mail(sender=sender, to=self.desk.address, subject=f"Waits {case.name}{tag}", text=f"{case.name}\n",
                    message_id=f"<{case.name}.held@case.example>"), proof

    def find_held(self):
        rows = {row["message_id"]: row["id"] for row in self.desk.rows(
            "select message_id, id from inbound_mail where state = 'held'")}
        for case in self.cases:
            if case.is_held_mail:
                case.held = rows[f"{case.name}.held@case.example"]

    def ask_technicians(self):
        """The main contact is unclear about a colleague's mail: so technicians hear of it."""
        self.send([(post.reply(self.copy(case.main_contact, case), case.main_contact, "Perhaps."), "pass")
                   for case in self.cases if case.verb == "admit"])
        self.read_boxes()

    def change_rights(self):
        desk = self.desk
        for name in ("ben", "dan", "vera", "gus"):
            desk.postdesk("technician", "set", f"{name}@desk.example", "--group", "Network")
        desk.postdesk("technician", "set", "tara@desk.example", "--group", "Printers")
        desk.postdesk("technician", "set", "lea@desk.example", "--lead", "yes")
        desk.postdesk("technician", "set", "dan@desk.example", "--disable")
        for domain in ("duo.example", "trio.example"):
            desk.postdesk("contact", "set", f"cleo@{domain}", "--main-contact", "yes")
        desk.postdesk("contact", "set", LOST["main-contact"], "--customer", "Fourth", "--main-contact", "yes")
        desk.postdesk("setting", "set", "assign-on-reply", "yes")
        for case in self.cases:
            if case.place in ("group's", "taken") and case.ticket:
                desk.postdesk("ticket", "group", case.ticket, "Network")
                desk.postdesk("ticket", "assign", case.ticket, "none")  # a rule has given it to somebody
            if case.place == "taken":
                desk.postdesk("ticket", "assign", case.ticket, WRITER)
            if case.place == "left":
                desk.postdesk("ticket", "participant", "remove", case.ticket, case.address)

    # ---- attempts ---------------------------------------------------------------------------

    def copy(self, address, case):
        """The newest mail of the desk that somebody has got about the case."""
        key = case.name if case.is_held_mail else case.ticket
        return self.own_copies[address, key][-1]

    def base(self, case):
        """What the actor answers to: his own mail of the desk, or somebody's that was forwarded to him."""
        lenders = [case.address, TECHNICIANS["technician-in-group"]] if case.is_staff else [case.address, case.requester]
        if case.verb == "admit":
            lenders = [case.main_contact] if not case.is_staff else lenders
        elif case.is_held_mail:
            lenders = [case.address, TECHNICIANS["technician-in-group"]]
        if case.place == "forwarded":
            lenders = lenders[1:]
        lender = next(one for one in lenders if (one, case.name if case.is_held_mail else case.ticket)
                      in self.own_copies)
        return self.copy(lender, case)

    def identify(self, case, mail):
        case.message_id = f"{case.name}.attempt@case.example"
        mail.message_id = f"<{case.message_id}>"
        return mail

    def fresh(self, case, sender, text, headers=()):
        """A mail without any token: only the number in the subject says where it belongs."""
        tag = f" [#{case.ticket}]" if case.ticket else ""
        return Mail(sender=sender, to=self.desk.address, subject=f"Case {case.name}{tag}", text=text,
                    headers=list(headers))

    def answer(self, case, text):
        """The actor's best mail, or with the proof stripped."""
        proof = "none" if case.is_stripped else ""
        if case.is_stripped and not case.is_staff:
            mail = self.fresh(case, case.address, text, case.headers)
        else:
            mail = post.reply(self.base(case), case.address, text, headers=case.headers)
        if case.verb == "bring":
            mail.recipients, mail.cc = list(mail.to), [case.whom]
        return self.identify(case, mail), proof

    def others_mail(self, case):
        """What somebody else says, that the actor gets or not: a reply, a requester's comment, a note."""
        proof = "none" if case.is_stripped else ""
        text = f"{case.name}\n"
        if case.verb == "read":
            return self.identify(case, self.fresh(case, WRITER, text)), proof
        writer = case.requester if case.is_staff else WRITER
        return self.identify(case, post.reply(self.copy(writer, case), writer, text)), proof

    def opening(self, case):
        proof = "none" if case.is_stripped or case.is_unverified else ""
        text = f"{'#' + case.whom if case.whom else ''}\n{case.name}\n"
        return self.identify(case, Mail(sender=case.address, to=self.desk.address, subject=f"New {case.name}",
                                        text=text, headers=case.headers)), proof

    def attempt(self, case):
        """(Mail, proof)"""
        if case.verb == "open":
            return self.opening(case)
        if case.verb in ("copy", "read"):
            return self.others_mail(case)
        if case.verb == "note" and case.is_staff:
            proof = "none" if case.is_stripped else ""
            mail = self.fresh(case, case.address, f"{case.name}\n", case.headers)
            return self.identify(case, mail), proof
        if case.verb.startswith("#"):
            other = next(one.ticket for one in self.cases if one.ticket not in (0, case.ticket))
            return self.answer(case, case.verb.replace("; ", "\n").format(other=other) + f"\n{case.name}")
        first = {"note": "#note", "admit": "#release" if case.is_staff else "YES"}
        text = f"#{case.verb}" if case.verb in HELD_VERBS else first.get(case.verb, "")
        return self.answer(case, f"{text}\n{case.name}".strip())

    def play(self):
        self.prepare()
        self.desk.start()
        self.open_tickets()
        self.hand_out_tokens()
        self.ask_technicians()
        self.change_rights()
        self.before = self.tickets(), self.administration()
        self.send([self.attempt(case) for case in self.cases])
        self.after = self.tickets(), self.administration()
        self.read_boxes()
        self.read_results()

    # ---- what came of it --------------------------------------------------------------------

    def tickets(self):
        """{ticket: all that a command could change}"""
        return {row["id"]: row for row in self.desk.rows(
            "select t.id, t.status, t.type, t.subject, t.requester, t.customer, t.technician_group, t.merged_into,"
            " (select array_agg(person order by person) from participant where ticket = t.id) as participants,"
            " (select count(*) from ticket_link where ticket = t.id) as links from ticket t")}

    def administration(self):
        """{table: its rows}: what only admins change."""
        tables = {"customer": "*", "customer_domain": "*", "setting": "*", "token_key": "slot", "field": "*",
                  "technician_group": "*", "group_member": "*", "mailbox": "id, address, trust, technician_proof, is_enabled"}
        found = {name: self.desk.rows(f"select {columns} from {name} order by 1, 2" if columns != "slot" else
                                      "select slot from token_key order by 1") for name, columns in tables.items()}
        found["person"] = self.desk.rows(
            "select p.id, name, customer, is_technician, is_lead, is_disabled, is_main_contact, opens_tickets"
            " from person p where exists (select from person_address a where a.person = p.id and a.address not like"
            " '%@any.example') order by 1")
        return found

    def read_results(self):
        self.mails = {row["message_id"]: row for row in self.desk.rows(
            "select m.message_id, m.id, m.state, m.outcome, m.ticket, c.kind, c.ticket as comment_ticket,"
            " t.requester, array_to_json(m.may_reasons) as reasons from inbound_mail m"
            " left join comment c on c.mail = m.id left join ticket t on t.id = m.ticket"
            " where m.message_id like '%.attempt@case.example'")}
        self.states = {row["id"]: row["state"] for row in self.desk.rows("select id, state from inbound_mail")}
        self.people = {row["address"]: row["person"] for row in self.desk.rows(
            "select address, person from person_address")}
        self.assignees = {row["id"]: row["assignee"] for row in self.desk.rows("select id, assignee from ticket")}
        self.parties = {(row["ticket"], row["person"]) for row in self.desk.rows("select ticket, person from participant")}
        self.causes = {row["cause"] for row in self.desk.rows("select distinct cause from outbound_mail")}

    def happened(self, case):
        """Did it come about?"""
        row = self.mails[case.message_id]
        if case.verb in ("copy", "read"):
            return self.has_read(case.address, case)
        if case.verb == "echo":
            return row["id"] in self.causes
        if case.is_held_mail:
            return self.states[case.held] == ("rejected" if case.verb in ("drop", "spam") else "filed")
        if case.verb == "assign":
            return self.assignees[case.ticket] == self.people.get(case.address, -1)
        if case.verb == "bring":
            return (case.ticket, self.people.get(case.whom)) in self.parties
        if case.verb == "open":
            return self.has_opened(case, row)
        if case.verb.startswith("#"):
            return self.before[0][case.ticket] != self.without(self.after[0][case.ticket], case.address)
        kind = "note" if case.verb == "note" else "public"
        return row["kind"] == kind and row["comment_ticket"] == case.ticket

    def without(self, ticket, address):
        """A ticket but for who joined by writing to it: that is no command's doing."""
        had = self.before[0][ticket["id"]]["participants"] or []
        people = [one for one in ticket["participants"] or [] if one in had or one != self.people.get(address)]
        return {**ticket, "participants": people or None}

    def has_opened(self, case, row):
        """For a stranger's proof is none: his ticket is there all the same, marked."""
        whose = self.people.get(case.whom.removeprefix("for ") or case.address)
        kind = "unverified" if case.is_unverified else "public"
        return row["outcome"] == "new" and row["kind"] == kind and row["requester"] == whose

    def complaint(self, case):
        """What is wrong with a case; "" if it went as the table says."""
        row = self.mails.get(case.message_id)
        if row is None:
            return f"{case}: its mail was not decided"
        said = f"{row['state']}, {row['outcome']}: {row['reasons']}"
        if self.happened(case) != case.is_allowed:
            return f"{case}: expected {'allowed' if case.is_allowed else 'denied'}; {said}"
        if case.is_silent and not case.is_stripped and row["id"] in self.causes:
            return f"{case}: it is not silent; {said}"
        if case.verb == "comment" and not case.is_allowed and self.leaks(case):
            return f"{case}: its text got to {self.leaks(case)}; {said}"
        return ""

    def leaks(self, case):
        """To which contacts the text of a mail went that is nobody's business but the technicians'."""
        return [address for address in self.boxes
                if not address.endswith("@desk.example") and self.has_read(address, case)]

    def has_read(self, address, case):
        """Has he got a mail of the desk with the text of the case? Its subject may stand anywhere."""
        return any(re.search(rf"^\s*{case.name}$", post.text_of(mail), re.M) for mail in self.boxes.get(address, []))
