"""Writing mail as people's programs do, sending it the real way, and reading mailboxes.

Who is believed is decided by the way that a mail takes (tests/servers/lib/postfix.sh):

    proof="login"   submitted with AUTH as the sender         stamp: auth=pass smtp.auth=SENDER
    proof="pass"    at the border, EHLO dmarc-pass.DOMAIN     stamp: dmarc=pass header.from=DOMAIN
    proof="fail"    at the border, EHLO dmarc-fail.DOMAIN     stamp: dmarc=fail header.from=DOMAIN
    proof="none"    at the border, any other EHLO             stamp: auth=none

By default people of the desk log in and all others come from outside with "pass".
"""

import collections
import contextlib
import dataclasses
import email
import email.policy
import email.utils
import imaplib
import re
import smtplib
import ssl
import time
import uuid
from email.message import EmailMessage

from harness.waiting import wait_for

DESK_DOMAIN = "desk.example"

# Ids of ours are long words: with the usual 78 columns Python would write them as encoded words.
POLICY = email.policy.SMTP.clone(max_line_length=900)


@dataclasses.dataclass
class Mail:
    """A mail to be sent. to and cc are one address or a list."""

    sender: str
    to: object
    subject: str = ""
    text: str = "Hello,\r\n\r\nplease help.\r\n"
    name: str = ""
    cc: object = ()
    html: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: str = ""
    headers: list = dataclasses.field(default_factory=list)  # (name, value), put on top
    attachments: list = dataclasses.field(default_factory=list)  # (file name, type, bytes)
    recipients: list = dataclasses.field(default_factory=list)  # of the envelope, if not To and Cc

    def __post_init__(self):
        domain = domain_of(self.sender)
        self.message_id = self.message_id or f"<{uuid.uuid4().hex}@{domain}>"
        self.to = [self.to] if isinstance(self.to, str) else list(self.to)
        self.cc = [self.cc] if isinstance(self.cc, str) else list(self.cc)

    def envelope(self):
        return self.recipients or [*self.to, *self.cc]

    def build(self):
        message = EmailMessage(policy=POLICY)
        for name, value in self.headers:
            message[name] = value
        message["From"] = email.utils.formataddr((self.name, self.sender))
        message["To"] = ", ".join(self.to)
        for name, value in (("Cc", ", ".join(self.cc)), ("In-Reply-To", self.in_reply_to),
                            ("References", self.references), ("Subject", self.subject)):
            if value:
                message[name] = value
        message["Date"] = email.utils.formatdate(localtime=True)
        message["Message-ID"] = self.message_id
        message.set_content(self.text)
        if self.html:
            message.add_alternative(self.html, subtype="html")
        for name, kind, content in self.attachments:
            main, sub = kind.split("/")
            message.add_attachment(content, maintype=main, subtype=sub, filename=name)
        return message

    def __bytes__(self):
        return self.build().as_bytes()


def domain_of(address):
    return address.rpartition("@")[2]


def default_proof(sender):
    return "login" if domain_of(sender) == DESK_DOMAIN else "pass"


def trusted(servers):
    return ssl.create_default_context(cafile=servers.ca)


def submission_session(servers, sender):
    session = smtplib.SMTP(servers.host, servers.submission, local_hostname=domain_of(sender))
    session.starttls(context=trusted(servers))
    session.login(sender, servers.password)
    return session


def border_session(servers, sender, proof):
    hello = "outside.example" if proof == "none" else f"dmarc-{proof}.{domain_of(sender)}"
    return smtplib.SMTP(servers.host, servers.smtp, local_hostname=hello)


def open_session(servers, sender, proof=""):
    """An SMTP session in which any number of this sender's mails may travel."""
    proof = proof or default_proof(sender)
    if proof == "login":
        return submission_session(servers, sender)
    return border_session(servers, sender, proof)


def send(servers, mail, proof=""):
    """Hand one Mail over; gives back its Message-ID."""
    with open_session(servers, mail.sender, proof) as session:
        session.sendmail(mail.sender, mail.envelope(), bytes(mail))
    return mail.message_id


def send_raw(servers, raw, sender, recipients, proof="none"):
    """Bytes as they are, with an envelope sender that may be empty (bounces)."""
    with open_session(servers, sender or "mailer@outside.example", proof) as session:
        session.sendmail(sender, recipients, raw)


@contextlib.contextmanager
def imap_session(servers, address):
    session = imaplib.IMAP4_SSL(servers.host, servers.imaps, ssl_context=trusted(servers),
                                timeout=20)
    try:
        session.login(address, servers.password)
        yield session
    finally:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            session.logout()


def inbox_raw(servers, address, folder="INBOX"):
    """[(uid, bytes)] of a folder in the order of arrival; a folder that is not there is empty."""
    with imap_session(servers, address) as session:
        if session.select(f'"{folder}"', readonly=True)[0] != "OK":
            return []
        answer = session.uid("FETCH", "1:*", "(UID BODY.PEEK[])")[1]
    pairs = [part for part in answer if isinstance(part, tuple)]
    found = [(int(re.search(rb"UID (\d+)", head)[1]), raw) for head, raw in pairs]
    return sorted(found)


def inbox(servers, address, folder="INBOX"):
    """The mails of a folder, parsed, oldest first."""
    return [parse(raw) for _, raw in inbox_raw(servers, address, folder)]


def inbox_count(servers, address):
    """How many mails somebody has: asked so often that a session for each look would be too dear."""
    name, _, domain = address.lower().partition("@")
    folder = servers.folder / "mail" / domain / name / "Maildir"
    return sum(len(list((folder / part).glob("*"))) for part in ("new", "cur"))


class Box:
    """A person's mailbox, read like a person does: what is new since the last look. Seen is a mail, not a place in
    the list: mails of one moment may be listed in another order later."""

    def __init__(self, servers, address):
        self.servers = servers
        self.address = address
        mails = inbox_raw(servers, address) if self.count() > 0 else []
        self.seen = collections.Counter(raw for _, raw in mails)

    def next(self, what="a mail", seconds=20.0):
        """(the oldest mail not yet seen, seconds waited for it)"""
        begun = time.monotonic()
        mails = wait_for(f"{what} in {self.address}", self.newer_raw, seconds)
        self.seen[mails[0]] += 1
        return parse(mails[0]), time.monotonic() - begun

    def newer(self):
        return [parse(raw) for raw in self.newer_raw()]

    def newer_raw(self):
        left, found = self.seen.copy(), []
        mails = inbox_raw(self.servers, self.address) if self.count() > left.total() else []
        for _, raw in mails:
            if left[raw] > 0:
                left[raw] -= 1
            else:
                found.append(raw)
        return found

    def count(self):
        return inbox_count(self.servers, self.address)


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def header(message, name):
    """A header as one line of text, "" where there is none. Folds between ids become one blank."""
    value = message[name]
    return "" if value is None else " ".join(str(value).split())


def text_of(message):
    """The text that a person reads, with LF line ends, flowed lines joined."""
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    text = part.get_content().replace("\r\n", "\n")
    return unfold(text) if part["Content-Type"].params.get("format") == "flowed" else text


def unfold(text):
    """The lines of format=flowed (RFC 3676) as their writer meant them."""
    lines, is_open = [], False
    for line in text.split("\n"):
        is_quote = line.startswith(">")
        line = line.removeprefix(" ")
        if is_open and not is_quote and line != "-- ":
            lines[-1] += line
        else:
            lines.append(line)
        is_open = line.endswith(" ") and line != "-- " and not is_quote
    return "\n".join(lines)


def address_of(message, name="From"):
    return email.utils.parseaddr(header(message, name))[1]


def quoted(message):
    """The original below the answer, as most programs write it."""
    lines = text_of(message).rstrip("\n").split("\n")
    said = f"On {header(message, 'Date')}, {header(message, 'From')} wrote:"
    return "\n".join([said, *(f"> {line}".rstrip() for line in lines)])


def reply(original, sender, text, name="", **changes):
    """An answer as a real program makes it: Reply-To, In-Reply-To, References, Re:, the quote."""
    subject = header(original, "Subject")
    if not subject.lower().startswith("re:"):
        subject = f"Re: {subject}"
    identity = header(original, "Message-ID")
    known = header(original, "References") or header(original, "In-Reply-To")
    fields = {
        "sender": sender, "name": name, "subject": subject, "in_reply_to": identity,
        "to": address_of(original, "Reply-To") or address_of(original),
        "references": f"{known} {identity}".strip(),
        "text": f"{text}\n\n{quoted(original)}\n",
    }
    return Mail(**{**fields, **changes})


def show(message, indent="    "):
    """A mail as people see it."""
    lines = [f"{name + ':':9}{header(message, name)}" for name in ("From", "To", "Cc", "Subject", "Date")
             if header(message, name)]
    lines += ["", *text_of(message).rstrip("\n").split("\n")]
    files = [part.get_filename() or "(without a name)" for part in message.iter_attachments()]
    lines += [f"[attachment: {name}]" for name in files]
    return "\n".join((indent + line).rstrip() for line in lines)


def age(message):
    """Seconds since the mail's Date."""
    return time.time() - email.utils.parsedate_to_datetime(header(message, "Date")).timestamp()
