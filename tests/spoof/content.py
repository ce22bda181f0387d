"""content - the spoof matrix as mails: of groups F (machines and loops) and G (content) what the issue names

Not here: 71 and 77 need time and numbers of their own. What a person does in between: afterwards.py.
"""

import uuid

from harness import mail as post
from harness.raw import Raw, raw
from matrix import BORDER, DESK, answer, new, row, with_field
from world import NONE, PASS, bounce_address, message_id

FAR = 'multipart/{kind}; boundary="=_b"'


def multipart(mail, kind, *parts):
    mail.set("Content-Type", f'multipart/{kind}; boundary="=_b"')
    mail.body = "".join(f"--=_b\r\n{part}\r\n" for part in parts) + "--=_b--\r\n"
    return mail


def text_part(text):
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}"


# ---- F: machines and loops --------------------------------------------------------------------------


def report(world, number, to, named=None, address=None):
    """A delivery report on what the contact of this row's ticket got."""
    ticket = world.ticket(number)
    mail = raw("MAILER-DAEMON@mx.acme.example", to=to, subject="Undelivered Mail Returned to Sender", sender="",
               recipients=[to], fields=[("Auto-Submitted", "auto-replied")])
    return multipart(
        mail, "report; report-type=delivery-status", text_part("I could not deliver your mail."),
        "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.acme.example\r\n\r\n"
        f"Final-Recipient: rfc822; {address or ticket.contact}\r\nAction: failed\r\nStatus: 5.1.1\r\n",
        f"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: {named or message_id(ticket.receipt)}\r\n")


row("70", "public here silent", lambda w: answer(w, "70", "contact", fields=[("Auto-Submitted", "auto-replied")]))
row("72", "event", lambda w: report(w, "72", bounce_address(w.ticket("72").receipt)))
row("73-1", "event", lambda w: report(w, "73", DESK))
row("73-2", "event silent", lambda w: report(w, "73", DESK, named=f"<{'a' * 47}.1@desk.example>"))
row("73-3", "event silent", lambda w: report(w, "73", DESK, named="<nothing-of-yours@evil.test>"))
row("73-4", "event silent", lambda w: report(w, "73", DESK, address="somebody-else@acme.example"))
row("73a", ["new unmapped", "new mapped verified linked-to-first"], lambda w: overtaking(), is_mutated=False)


def overtaking():
    """Somebody names the id of a mail to come, and its writer; then that mail comes."""
    identity = f"<{uuid.uuid4().hex}@acme.example>"
    forged = new("x@evil.test", PASS.format("evil.test"), to=f"{DESK}, max@acme.example", recipients=[DESK],
                 subject="Re: Invoices", fields=[("In-Reply-To", identity), ("References", identity)])
    real = new("max@acme.example", PASS.format("acme.example"), subject="Invoices", phase=1).set("Message-ID", identity)
    return [forged, real]


row("74a", "event silent", lambda w: multipart(
    raw("fbl@provider.test", sender="", subject="Abuse report"), "report; report-type=feedback-report",
    text_part("This is a complaint."), "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\n"
    "User-Agent: X/1\r\nVersion: 1\r\n", "Content-Type: text/rfc822-headers\r\n\r\n"
    f"Message-ID: {message_id(w.ticket('74').receipt)}\r\n"))
row("74b", "event silent", lambda w: multipart(
    raw(w.ticket("74").contact, subject="Read: Pool", way=PASS.format("acme.example")),
    "report; report-type=disposition-notification", text_part("It was read."),
    "Content-Type: message/disposition-notification\r\n\r\nReporting-UA: x; y\r\nFinal-Recipient: rfc822; "
    f"{w.ticket('74').contact}\r\nOriginal-Message-ID: {message_id(w.ticket('74').receipt)}\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed\r\n"))
row("74c", "event silent", lambda w: multipart(
    answer(w, "74", "contact"), "alternative", "Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: "
    "reaction\r\n\r\n\U0001f44d\r\n", text_part("Anna reacted to your mail.")))
row("75a", "new mapped", lambda w: listed(new("anna@acme.example", PASS.format("acme.example")), "List-Id",
                                          "<news.acme.example>"), check=lambda w, mails, got: not_answered(got))
row("75b", "new unmapped", lambda w: listed(new("x@list.test"), "Precedence", "bulk"),
    check=lambda w, mails, got: not_answered(got))
row("75c", "new unmapped", lambda w: listed(new("x@list.test"), "Precedence", "list"),
    check=lambda w, mails, got: not_answered(got))
row("76", "held", lambda w: new("anna@acme.example", "lmtp", top=BORDER.format(
    id="mx.desk.example", stamp="dmarc=pass header.from=acme.example") + "".join(
        f"Received: from a{i}.test by b{i}.test; Sun, 22 Nov 2026 04:00:00 +0000\r\n" for i in range(101))),
    is_mutated=False)


def listed(mail, name, value):
    return with_field(mail, name, value)


def not_answered(got):
    return [f"answered: {mail}" for d in got for mail in d["mails"] if mail.endswith(d["from_address"].lower())]


# ---- G: content -------------------------------------------------------------------------------------

PASSED = BORDER.format(id="mx.desk.example", stamp="dmarc=pass header.from=acme.example")


def by_lmtp(**options):
    return raw("anna@acme.example", way="lmtp", top=PASSED, **options)


def nested(depth):
    mail = by_lmtp(subject="Deep")
    mail.set("Content-Type", 'multipart/mixed; boundary="b0"')
    mail.body = "".join(f'--b{i}\r\nContent-Type: multipart/mixed; boundary="b{i + 1}"\r\n\r\n' for i in range(depth))
    return mail


def many_parts(count):
    mail = by_lmtp(subject="Many")
    mail.set("Content-Type", 'multipart/mixed; boundary="b"')
    mail.body = "--b\r\n\r\nx\r\n" * count + "--b--\r\n"
    return mail


def many_parameters(count):
    mail = by_lmtp(subject="Parameters")
    mail.set("Content-Type", "text/plain" + "".join(f";\r\n name*{i}=a" for i in range(count)))
    return mail


def large_header(count):
    return by_lmtp(subject="Large", fields=[("X-Large", "a" * 900)] * (count // 910))


row("79a", "held", lambda w: nested(1001), is_mutated=False)
row("79b", "held", lambda w: many_parts(100000), is_mutated=False)
row("79c", "held", lambda w: large_header(60 << 20), is_mutated=False)
row("79d", "held", lambda w: many_parameters(100000), is_mutated=False)
row("80a", "new mapped", lambda w: new("max@acme.example", PASS.format("acme.example"), sender="max@acme.example",
                                       subject="=?utf-8?q?Hello=0D=0ABcc:_x@evil.test?="),
    check=lambda w, mails, got: one_header(w))
row("80b", "new mapped", lambda w: new("max@acme.example", PASS.format("acme.example"), sender="max@acme.example",
                                       subject="=?utf-8?b?SGVsbG8NCkJjYzogeEBldmlsLnRlc3QNCg0KYm9keQ==?="),
    check=lambda w, mails, got: one_header(w))


def one_header(world):
    """In nothing that max got a Bcc stands, nor anything of it where a header ends."""
    world.desk.value("select true")
    found = []
    for notice in post.inbox(world.servers, "max@acme.example"):
        if notice["Bcc"] is not None or "\n" in post.header(notice, "Subject"):
            found.append(f"a notice with a second header: {notice['Message-ID']}")
    bad = world.desk.rows("select id from ticket where subject ~ '[\\x01-\\x1f\\x7f]'")
    return found + [f"ticket {r['id']} has a control character in its subject" for r in bad]


row("81a", "new mapped", lambda w: with_text(by_lmtp(), "one \0 two \udcff\udcfe three\r\n"))
row("81b", "new mapped", lambda w: by_lmtp(subject="caf\udce9 \udcff \0 x"))
row("81c", "new mapped", lambda w: with_text(new("anna@acme.example", PASS.format("acme.example")), "bad \udcc3(\r\n"))


def with_text(mail, text):
    mail.body = text
    return mail


NAMES = ("../../etc/passwd", "CON", "invoice\u202efdp.exe", "a" * 4096 + ".pdf", "..\\..\\boot.ini", "x\r\n y.txt", "")
row("82", "new mapped", lambda w: multipart(
    new("anna@acme.example", PASS.format("acme.example")), "mixed", text_part("See the files."),
    *(f"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\ncontent"
      for name in NAMES)), check=lambda w, mails, got: safe_names(w, got), is_mutated=False)


def safe_names(world, got):
    found = []
    for decision in got:
        rows = world.desk.rows("select a.name from attachment a join comment c on c.id = a.comment"
                               " where c.mail = :'v1'", decision["id"])
        if len(rows) != len(NAMES):
            found.append(f"{len(rows)} of {len(NAMES)} files are kept")
        found += [f"unsafe name {name!r}" for name in (r["name"] for r in rows)
                  if "/" in name or "\\" in name or "\u202e" in name or len(name) > 255 or not name
                  or name.upper().split(".")[0] == "CON" or name.startswith(".") or any(c < " " for c in name)]
    return found


HTML = ("<html><body onload=\"alert(1)\"><script>evil()</script><p>Good day</p><img src=\"http://evil.test/pixel.png\">"
        "<form action=\"http://evil.test/\"><input name=q></form><a href=\"javascript:evil()\">here</a></body></html>")
row("83", "new mapped", lambda w: with_text(new("anna@acme.example", PASS.format("acme.example")).set(
    "Content-Type", "text/html; charset=utf-8"), HTML), check=lambda w, mails, got: only_text(w, got))


def only_text(world, got):
    found = []
    for decision in got:
        for comment in world.desk.rows("select body from comment where mail = :'v1'", decision["id"]):
            if "Good day" not in comment["body"] or any(bad in comment["body"] for bad in (
                    "<script", "evil()", "<form", "onload")):
                found.append(f"the comment is {comment['body'][:200]!r}")
    return found


row("86a", "held", lambda w: Raw([], body="\r\njust text\r\n", is_bare=True), is_mutated=False)
row("86b", "held", lambda w: Raw([["X-Only", "this"]], body="", is_bare=True, way=NONE), is_mutated=False)
