"""Mails as lists of header fields and a body, and many of them on their way at once.

Mail (harness.mail) writes what a good program writes. A Raw may be as broken as one likes: fields stand in the
order and the spelling given, nothing is encoded. way says how it comes to the desk, and so what the border says of it:

    login           submitted with AUTH as the envelope's sender
    as TEXT         at the border, which stamps "mx.desk.example; TEXT": "dmarc=pass header.from=acme.example",
                    with a comment behind the result, or two such clauses; "auth=none" for nothing at all
    lmtp            straight into the mailbox, past the border: the header block is written by hand, as it
                    would stand there
    append          put into the mailbox by IMAP: as another provider's border would have left it, with no
                    Received of our servers on top

Each mail carries "case NUMBER" in its first field or its text, by which its decision is found again.
"""

import copy
import dataclasses
import email.utils
import itertools
import re
import smtplib
import uuid

from harness import mail as post
from harness.waiting import wait_for

NUMBERS = itertools.count(1)
LINE = "\r\n"


@dataclasses.dataclass
class Raw:
    fields: list  # [name, value] in order; value without the line's end
    body: str = "Hello,\r\n\r\nplease help.\r\n"
    way: str = "as auth=none"
    sender: str = "x@evil.test"  # of the envelope
    recipients: list = dataclasses.field(default_factory=lambda: ["support@desk.example"])
    top: str = ""  # a header block above all fields, for lmtp
    case: str = ""
    phase: int = 0  # mails of a later phase are sent when the earlier ones are decided
    again: bool = False  # sent twice
    is_bare: bool = False  # no field is added, not even the case's

    def copy(self):
        return copy.deepcopy(self)

    def get(self, name):
        return next((value for field, value in self.fields if field.lower() == name.lower()), "")

    def has(self, name):
        return any(field.lower() == name.lower() for field, _ in self.fields)

    def set(self, name, value):
        """Change the first field of the name, or put it at the end."""
        for field in self.fields:
            if field[0].lower() == name.lower():
                field[1] = value
                return self
        self.fields.append([name, value])
        return self

    def drop(self, name):
        self.fields = [field for field in self.fields if field[0].lower() != name.lower()]
        return self

    def number(self):
        self.case = f"c{next(NUMBERS):05}"
        return self

    def __bytes__(self):
        fields = [f"{name}:{'' if value.startswith(LINE) else ' '}{value}" for name, value in self.fields]
        if not self.is_bare:
            fields.insert(0, f"X-Case: case {self.case}")
        body = self.body if not self.is_bare else f"{self.body}case {self.case}{LINE}"
        head = "".join(field + LINE for field in fields)
        return (self.top + head + (LINE if fields or self.top else "") + body).encode("utf-8", "surrogateescape")


def raw(from_, to="support@desk.example", subject="Printer", **options):
    """An ordinary mail of one text part; options: fields (put behind), and those of Raw."""
    fields = [["From", from_], ["To", to], ["Subject", subject], ["Date", email.utils.formatdate(localtime=True)],
              ["Message-ID", f"<{uuid.uuid4().hex}@mail.example>"]]
    fields += [list(field) for field in options.pop("fields", ())]
    fields += [["MIME-Version", "1.0"], ["Content-Type", "text/plain; charset=utf-8"]]
    return Raw([field for field in fields if field[1] is not None], **options)


# ---- sending ----------------------------------------------------------------------------------------


class Appending:
    """Looks like an SMTP session."""

    def __init__(self, servers):
        self.servers = servers

    def sendmail(self, _, recipients, content):
        for recipient in recipients:
            with post.imap_session(self.servers, recipient) as session:
                session.append("INBOX", None, None, content)

    def close(self):
        pass


def session_of(servers, mail):
    if mail.way == "append":
        return Appending(servers)
    if mail.way == "lmtp":
        return smtplib.LMTP(servers.host, servers.lmtp, local_hostname="mx.desk.example")
    if mail.way == "login":
        return post.submission_session(servers, mail.sender)
    return smtplib.SMTP(servers.host, servers.smtp, local_hostname=hello_of(mail.way))


def hello_of(way):
    """What tests/servers/lib/postfix.sh makes the stamp from; Postfix lets no blanks into a name."""
    text = way.removeprefix("as ")
    if text == "auth=none":
        return "outside.example"
    clauses = [re.fullmatch(r"(\S+)(?: \((.*)\))? (\S+)", clause.strip()).groups() for clause in text.split(";")]
    return "as!" + "!!".join("!".join(part for part in (result, properties, comment) if part)
                             for result, comment, properties in clauses)


def key_of(mail):
    return mail.way, mail.sender if mail.way == "login" else ""


def send_all(servers, mails):
    """All of them; those of one way travel in one session. A refusal at the border is the sender's: {case: text}."""
    refused = {}
    for _, group in itertools.groupby(sorted(mails, key=key_of), key_of):
        group = list(group)
        session = session_of(servers, group[0])
        try:
            for mail in group:
                for _ in range(2 if mail.again else 1):
                    refused.update(hand_over(session, mail))
        finally:
            session.close()
    return refused


def hand_over(session, mail):
    try:
        session.sendmail(mail.sender, mail.recipients, bytes(mail))
    except smtplib.SMTPResponseException as error:
        session.rset()
        return {mail.case: f"{error.smtp_code} {error.smtp_error!r}"}
    except smtplib.SMTPRecipientsRefused as error:
        return {mail.case: str(error)}
    return {}


# ---- what became of them ----------------------------------------------------------------------------

DECISIONS = r"""
    select m.id, m.state, m.outcome, m.role, m.ticket, t.customer, k.kind, m.from_address,
           array_to_json(m.where_reasons || m.who_reasons || m.may_reasons) as reasons,
           array(select l.other from ticket_link l where l.ticket = m.ticket) as links,
           array(select o.notice || ' ' || o.address_key from outbound_mail o where o.cause = m.id) as mails,
           substring(encode(coalesce(m.raw, (select substring(c.chunk for 20000) from inbound_chunk c
               where c.mail = m.id and c.position = (select min(position) from inbound_chunk where mail = m.id))),
               'escape') from 'case (c[0-9]{5})') as case
      from inbound_mail m left join ticket t on t.id = m.ticket left join comment k on k.mail = m.id
     order by m.id"""


def decisions(desk):
    """{case: [decisions in the order of arrival]}"""
    found = {}
    for row in desk.rows(DECISIONS):
        if row["case"]:
            found.setdefault(row["case"], []).append(row)
    return found


def wait_all_decided(desk, expected, seconds=240):
    """Until as many mails with a case as were sent have come and been decided."""
    def all_decided():
        return desk.rows("select count(*) as n from inbound_mail where state <> 'received'")[0]["n"] >= expected \
            and desk.value("select not exists (select from inbound_mail where state = 'received')")
    wait_for(f"decisions on {expected} mails", all_decided, seconds, every=0.3)
