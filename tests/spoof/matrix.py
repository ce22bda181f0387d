"""matrix - the spoof matrix (THREATS 2) as mails: groups A to E

row(NUMBER, EXPECTED, MAKE): MAKE(world) gives the mail, or several; judge.py says how EXPECTED is written. A row of
several cases has letters (16a, 16b). Written by hand from the table, not from the code.
Not here: 62 (tests/e2e/test_restore.py).
"""

import dataclasses

from harness.raw import raw
from world import FAIL, NONE, PASS, message_id, reply_to, token_of

BEN = "ben@desk.example"
DESK = "support@desk.example"
BORDER = ("Authentication-Results: {id}; {stamp}\r\n"
          "Received: from mail.outside.test (mail.outside.test [192.0.2.9])\r\n"
          "\tby mx.desk.example (Postfix) with ESMTP id 4X9; Sun, 22 Nov 2026 05:00:00 +0000 (UTC)\r\n")
FOREIGN_RECEIVED = ("Received: from pc.evil.test (pc.evil.test [192.0.2.66])\r\n"
                    "\tby mail.outside.test with ESMTP id 7; Sun, 22 Nov 2026 04:59:59 +0000\r\n")


@dataclasses.dataclass
class Row:
    number: str
    expected: object  # one expectation, or one for each mail
    make: object
    is_mutated: bool = True
    check: object = None  # check(world, mails, decisions) -> texts of what is wrong


ROWS = []


def row(number, expected, make, **options):
    ROWS.append(Row(number, expected, make, **options))


# ---- what mails are made of -------------------------------------------------------------------------


def answer(world, number, holder, from_=None, way=None, text="Thank you.\r\n", **options):
    """A reply to what holder (a technician's name, or "contact") got on the ticket of this row."""
    ticket = world.ticket(options.pop("on", number))
    notice = ticket.receipt if holder == "contact" else ticket.notices[holder]
    owner = ticket.contact if holder == "contact" else f"{holder}@desk.example"
    from_ = from_ or owner
    fields = [("In-Reply-To", message_id(notice)), ("References", message_id(notice)), *options.pop("fields", ())]
    options = {"to": reply_to(notice), "recipients": [reply_to(notice)], "subject": "Re: Pool", **options}
    sender = options.pop("sender", owner)
    return raw(from_, fields=fields, way=way or default_way(owner), sender=sender, body=text, **options)


def default_way(address):
    domain = address.rpartition("@")[2]
    return "login" if domain == "desk.example" else PASS.format(domain)


def new(from_, way=NONE, **options):
    return raw(from_, way=way, **options)


def own(holder="ben", **options):
    """ben with his own token, the border as options say."""
    return lambda world: answer(world, "D", holder, **options)


def stamped(stamp, id_="mx.desk.example", below=""):
    """Past the border: ben with his own token below a header block like this."""
    return own(way="lmtp", top=BORDER.format(id=id_, stamp=stamp) + below)


def tagged(world, number, **options):
    ticket = world.ticket(number)
    return raw(options.pop("from_", ticket.contact), subject=f"one more thing [#{ticket.number}]", **options)


# ---- A: controls ------------------------------------------------------------------------------------

row("1", "technician here", lambda w: answer(w, "1", "ben", text="#status pending\r\nDone.\r\n"))
row("2", "public here", lambda w: answer(w, "2", "contact"))
row("3", "new mapped verified", lambda w: new("anna@acme.example", PASS.format("acme.example")))
row("4", "new unmapped unverified", lambda w: new("x@evil.test"))
row("5", "technician here", lambda w: answer(w, "5", "ben", from_="Ben Huber <BEN@Desk.EXAMPLE>"))

# ---- B: forged originator ---------------------------------------------------------------------------

row("6", "held", lambda w: new(BEN))
row("7", "held alert", lambda w: answer(w, "7", "ben", way=FAIL.format("desk.example")))
row("8", "note here alert", lambda w: raw(BEN, subject=f"[#{w.ticket('8').number}] close", way="login", sender=BEN,
                                          body="#close\r\n"))
row("9", "note here", lambda w: answer(w, "9", "contact", from_=BEN, way="login", sender=BEN))
row("10", "held", lambda w: answer(w, "disabled", "dan"))
row("11", "held", lambda w: answer(w, "left", "gil"))
row("12a", "duplicate", lambda w: twice(answer(w, "12", "ben")))
row("12b", "technician here", lambda w: answer(w, "12", "ben", text="Another answer to the same notice.\r\n"))
row("13", "new unmapped", lambda w: new(f'"{BEN}" <x@evil.test>', PASS.format("evil.test")))
row("14", "held", lambda w: new("<=?utf-8?q?ben?=@desk.example>"))
row("15", "held", lambda w: with_field(new("x@evil.test", PASS.format("evil.test")), "From", BEN))
row("16", "held", lambda w: folded_name(new("x@evil.test")))
row("17a", "held", lambda w: with_field(new("ben"), "Sender", BEN))
row("17b", "held", lambda w: with_field(new("<>"), "Sender", BEN))
row("18", "new unmapped", lambda w: with_field(new("x@evil.test", PASS.format("evil.test")), "Resent-From", BEN))
row("19", "held", lambda w: new(f"x@evil.test, {BEN}"))
row("20", "held", lambda w: new("=?utf-8?b?YmVuQGRlc2suZXhhbXBsZQ==?= <x@evil.test>, ben@desk.example"))
row("21", "held", lambda w: new(f"<{BEN}>\\,<x@evil.test>"))
row("22", "held", lambda w: new(f"<x@evil.test>{BEN}"))
row("23", "held", lambda w: new(f"Staff: {BEN};"))
row("24a", "held", lambda w: new("ben\0@desk.example", "lmtp", top=BORDER.format(id="mx.desk.example", stamp="auth=none")))
row("24b", "held", lambda w: new("ben@desk.example\r x@evil.test", "lmtp"))
row("24c", "held", lambda w: new("x@evil.test", "lmtp").set("Message-ID", "<a\r@evil.test>"))
row("24d", "held", lambda w: new("x@evil.test", "lmtp").set("Message-ID", "<a\0@evil.test>"))
row("25", "held", lambda w: new("a@evil.test@desk.example"))
row("26", "new unmapped", lambda w: new(f'"{BEN}"@evil.test', PASS.format("evil.test")))
row("27a", "held", lambda w: new("x").drop("From"))
row("27b", "held", lambda w: new(""))
row("27c", "held", lambda w: new("<>"))
row("28", "new unmapped", lambda w: with_field(new("x@evil.test", PASS.format("evil.test")), "Reply-To", BEN))
row("29", "public here", lambda w: answer(w, "29", "contact", fields=[("Reply-To", "x@evil.test")]))
row("30a", "held", lambda w: new(DESK))
row("30b", "note | new", lambda w: new(DESK, "login", sender=DESK))
row("30c", "event", lambda w: new(DESK, NONE, fields=[]).set("Message-ID", message_id(w.ticket("30").receipt)))
row("31", "held", lambda w: new("anna@acme.example", FAIL.format("acme.example")))
row("32", "new mapped unverified", lambda w: new("anna@acme.example"))


def twice(mail):
    mail.again = True
    return mail


def with_field(mail, name, value):
    mail.fields.append([name, value])
    return mail


def folded_name(mail):
    mail.fields[0] = ["From\r\n ", BEN]
    return mail


# ---- C: look-alikes and mapping ---------------------------------------------------------------------

row("33", "new unmapped", lambda w: new("x@acme.example.evil.test", PASS.format("acme.example.evil.test")))
row("34", "new unmapped", lambda w: new("x@evilacme.example", PASS.format("evilacme.example")))
row("35", "new unmapped", lambda w: new("x@sub.acme.example", PASS.format("sub.acme.example")))
row("36a", "new mapped", lambda w: new("x@xn--bcher-kva.example", PASS.format("xn--bcher-kva.example")))
row("36b", "new mapped", lambda w: new("x@bücher.example", PASS.format("xn--bcher-kva.example")))
row("36c", "new mapped", lambda w: new("x@BÜCHER.example", PASS.format("xn--bcher-kva.example")))
row("37a", "new unmapped", lambda w: new("x@acmé.example", PASS.format("acme.example")))
row("37b", "new unmapped", lambda w: new("x@prınting.example", PASS.format("printing.example")))
row("38", "new unmapped", lambda w: new("x@gmail.com", PASS.format("gmail.com")),
    check=lambda w, mails, got: free_mail_is_refused(w))
row("39", "new unmapped", lambda w: new("ben+tag@desk.example", PASS.format("desk.example")))


def free_mail_is_refused(world):
    done = world.desk.run("customer", "domain", "add", "Acme GmbH", "gmail.com")
    return [] if done.returncode == 65 else [f"gmail.com as a customer's domain: exit {done.returncode}"]


# ---- D: Authentication-Results games (ben has his own token in all of them but 40c and 47) -----------

PASSED = "dmarc=pass header.from=desk.example"
row("40a", "held", own(way=NONE, fields=[("Authentication-Results", f"mx.desk.example; {PASSED}")]))
row("40b", "held", own(way="lmtp", top=BORDER.partition("\r\n")[2] + FOREIGN_RECEIVED
                       + f"Authentication-Results: mx.desk.example; {PASSED}\r\n"))
row("40c", "new mapped unverified", lambda w: new("anna@acme.example", NONE, fields=[
    ("Authentication-Results", "mx.desk.example; dmarc=pass header.from=acme.example")]))
row("41", "held", stamped("dmarc=fail (p=reject dis=reject) header.from=desk.example", below=FOREIGN_RECEIVED
                          + f"Authentication-Results: mx.desk.example; {PASSED}\r\n"))
row("42", "held", own(way="lmtp", top=BORDER.format(id="mx.desk.example", stamp=PASSED),
                      recipients=["plain@desk.example"]))
row("43", "held", stamped("dkim=pass header.d=evil.test header.from=desk.example"))
row("44a", "held", stamped(PASSED, "mx.desk.example.evil.test"))
row("44b", "held", stamped(PASSED, '"mx.desk.example"'))
row("44c", "held", stamped(PASSED, "mx.desk.example 2"))
row("44d", "held", stamped(PASSED, "evil.test (mx.desk.example)"))
row("45", "held", stamped("dkim=pass header.d=desk.example header.l=120"))
row("46", "held", own(way="as spf=pass smtp.mailfrom=desk.example"))
row("47", "held", lambda w: new(BEN, "as spf=pass smtp.mailfrom=desk.example"))
row("48a", "held", own(way="as spf=pass smtp.mailfrom=nosuch.desk.example", sender="x@nosuch.desk.example"))
row("48b", "held", own(way=NONE, sender=""))
row("48c", "held", own(way="as spf=none smtp.helo=desk.example", sender='"a b"@desk.example'))
row("49a", "public here", lambda w: answer(w, "49", "contact", way="as arc=pass header.oldest-pass=0; dmarc=none "
                                           "header.from=acme.example", fields=[("List-Id", "<staff.list.test>")]))
row("49b", "held", lambda w: answer(w, "49", "contact", way=FAIL.format("acme.example"),
                                    fields=[("List-Id", "<staff.list.test>")]))
row("49c", "held", stamped("arc=pass (i=1 dmarc=pass fromdomain=desk.example) header.oldest-pass=0; dmarc=none "
                           "header.from=desk.example"))
row("D-a", "technician here", stamped(PASSED))  # a control: such a block is believed
row("D-b", "held", stamped("x=pass (dmarc=pass header.from=desk.example) header.x=y"))
row("D-c", "held", stamped("dmarc=none header.from=desk.example; dkim=pass header.d=evil.test"))
row("D-d", "held", stamped("dmarc=pass header.from=evil.test"))
row("D-e", "held", stamped("dmarc=pass header.from=desk.example.evil.test"))
row("D-f", "held", stamped("auth=pass smtp.auth=tara@desk.example"))
row("D-g", "held", stamped('spf=pass reason="dmarc=pass header.from=desk.example" smtp.mailfrom=evil.test'))
row("D-h", "held", stamped("dkim=fail header.d=desk.example; spf=pass smtp.mailfrom=evil.test"))

GOOGLE = ("Received: by 2002:a05:6402:1 with SMTP id a1; Sun, 22 Nov 2026 05:00:01 -0800 (PST)\r\n"
          "X-Received: by 2002:a17:906:1 with SMTP id b2; Sun, 22 Nov 2026 05:00:01 -0800 (PST)\r\n"
          "ARC-Authentication-Results: i=1; mx.google.com;\r\n       {stamp}\r\n"
          "Return-Path: <ben@desk.example>\r\n"
          "Received: from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41])\r\n"
          "        by mx.google.com with SMTPS id c3; Sun, 22 Nov 2026 05:00:00 -0800 (PST)\r\n"
          "Authentication-Results: mx.google.com;\r\n       {stamp}\r\n")
GOOGLE_PASS = ("dkim=pass header.i=@desk.example header.s=s1 header.b=abc;\r\n       spf=pass (google.com: domain of "
               "ben@desk.example designates 209.85.220.41 as permitted sender) smtp.mailfrom=ben@desk.example;\r\n"
               "       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=desk.example")
GOOGLE_NONE = "spf=pass smtp.mailfrom=x@evil.test"
MICROSOFT = ("Authentication-Results: spf=pass (sender IP is 40.107.1.1)\r\n smtp.mailfrom=desk.example; {stamp}\r\n"
             "Received-SPF: Pass (protection.outlook.com: domain of desk.example designates\r\n 40.107.1.1 as "
             "permitted sender) receiver=protection.outlook.com;\r\n"
             "Received: from mail.outside.test (40.107.1.1) by\r\n DB1.mail.protection.outlook.com (10.0.0.1) with "
             "Microsoft SMTP Server; Sun, 22 Nov\r\n 2026 05:00:00 +0000\r\n")
MICROSOFT_PASS = ("dkim=pass (signature was verified)\r\n header.d=desk.example;dmarc=pass action=none\r\n "
                  "header.from=desk.example;compauth=pass reason=100")
MICROSOFT_NONE = "dkim=none (message not\r\n signed) header.d=none;dmarc=none action=none header.from=desk.example;"


def at(mailbox, top):
    return own(way="append", top=top, recipients=[f"{mailbox}@desk.example"])


row("50a", "technician here", at("google", GOOGLE.format(stamp=GOOGLE_PASS)))
row("50b", "held", at("google", GOOGLE.format(stamp=GOOGLE_NONE)))
row("50c", "held", at("google", GOOGLE.format(stamp=GOOGLE_NONE) + FOREIGN_RECEIVED
                      + f"Authentication-Results: mx.google.com; {PASSED}\r\n"))
row("50d", "held", at("google", GOOGLE.format(stamp=GOOGLE_NONE).replace("mx.google.com", "mx.google.com.evil.test")
                      + f"Authentication-Results: mx.google.com; {PASSED}\r\n"))
row("50e", "technician here", at("microsoft", MICROSOFT.format(stamp=MICROSOFT_PASS)))
row("50f", "held", at("microsoft", MICROSOFT.format(stamp=MICROSOFT_NONE)))
row("50g", "held", at("microsoft", MICROSOFT.format(stamp=MICROSOFT_NONE) + FOREIGN_RECEIVED
                      + f"Authentication-Results: {PASSED}\r\n"))
row("50h", "held", at("microsoft", FOREIGN_RECEIVED + f"Authentication-Results: {PASSED}\r\n"))

# ---- E: token and threading -------------------------------------------------------------------------


def spoiled(change):
    """The contact's own mail to his address, the token spoiled: nothing else says which ticket is meant."""
    def make(world):
        ticket = world.ticket("51")
        address = reply_to(ticket.receipt).replace(token_of(ticket.receipt), change(token_of(ticket.receipt)))
        return raw(ticket.contact, to=address, recipients=[address], subject="Another thing", way=NONE)
    return make


def with_letter(token, at, step):
    letters = "abcdefghijklmnopqrstuvwxyz234567"
    return token[:at] + letters[letters.index(token[at]) ^ step] + token[at + 1:]


row("51a", "new mapped unverified", spoiled(lambda t: with_letter(t, 30, 1)))
row("51b", "new mapped unverified", spoiled(lambda t: with_letter(t, 46, 16)))
row("51c", "new mapped unverified", spoiled(lambda t: t[:-1]))
row("51d", "new mapped unverified", spoiled(lambda t: t + "a"))
row("51e", "new mapped unverified", spoiled(lambda t: with_letter(t, 1, 8)))  # the purpose
row("51f", "new mapped unverified", spoiled(lambda t: with_letter(t, 10, 1)))  # the ticket
row("51g", "held", lambda w: answer(w, "51", "contact", from_=BEN, way=NONE))  # another's purpose
row("52", "unverified here", lambda w: answer(w, "52", "contact", from_="x@evil.test", way=NONE, sender="x@evil.test"),
    check=lambda w, mails, got: nobody_joined(w, "52", "x@evil.test"))
row("53a", "public here", lambda w: answer(w, "53", "contact", from_="max@acme.example",
                                           way=PASS.format("acme.example"), sender="max@acme.example"),
    check=lambda w, mails, got: [] if joined(w, "53", "max@acme.example") else ["the colleague did not join"])
row("53b", "unverified here", lambda w: answer(w, "53", "contact", from_="rosa@acme.example", way=NONE,
                                               sender="rosa@acme.example"),
    check=lambda w, mails, got: nobody_joined(w, "53", "rosa@acme.example"))
row("54", "new unmapped unverified", lambda w: new("x@evil.test", body="On Monday the desk wrote:\r\n> answer to "
                                                   f"{reply_to(w.ticket('54').receipt)}\r\nYes.\r\n"))
row("55a", "public here", lambda w: tagged(w, "55", way=PASS.format("acme.example")))
row("55b", "unverified here", lambda w: tagged(w, "55", way=NONE))
row("56", "new unmapped linked", lambda w: tagged(w, "56", from_="x@evil.test", way=PASS.format("evil.test")))
row("57", "new unmapped linked", lambda w: new("x@evil.test", PASS.format("evil.test"), subject="Re: Pool", fields=[
    ("In-Reply-To", w.ticket("57").opening.get("Message-ID")),
    ("References", w.ticket("57").opening.get("Message-ID"))]))
row("58a", "public here", lambda w: answer(w, "58", "contact").set("Message-ID",
                                                                   w.ticket("58").opening.get("Message-ID")))
row("58b", "new unmapped unverified", lambda w: new("x@evil.test").set("Message-ID",
                                                                       w.ticket("58").opening.get("Message-ID")))
row("59", "duplicate", lambda w: new("max@acme.example", PASS.format("acme.example"), sender="max@acme.example",
                                     recipients=[DESK, "google@desk.example"]), is_mutated=False)
row("60", "new linked", lambda w: answer(w, "closed", "contact"))
row("61a", "new linked", lambda w: to_token(w, "resolved"))
row("61b", "public here", lambda w: to_token(w, "61"))
row("63", "public here", lambda w: answer(w, "63", "contact", text="#close\r\nStatus: resolved\r\nThanks\r\n"))
row("64a", "technician here", lambda w: answer(w, "64", "ben", text="Done.\r\n> #close\r\n> more\r\n"))
row("64b", "technician here", lambda w: answer(w, "64", "ben", text="Done.\r\n\r\n-- \r\n#close\r\n"))
row("65", "public here", lambda w: answer(w, "65", "contact", fields=[
    ("X-Postdesk-Status", "closed"), ("X-OTRS-State", "closed"), ("X-Zammad-Ticket-State", "closed")]))
row("66", "public here", lambda w: answer(w, "66", "contact", fields=[("Cc", "x@evil.test")]),
    check=lambda w, mails, got: nobody_joined(w, "66", "x@evil.test"))
row("67", "note", lambda w: to_note(w))
row("68", "new unmapped | unverified here", lambda w: raw(
    "verify@vendor.test", to=reply_to(w.ticket("68").receipt), recipients=[reply_to(w.ticket("68").receipt)],
    sender="verify@vendor.test", subject="Confirm your address", way=PASS.format("vendor.test")),
    check=lambda w, mails, got: [f"{mail} heard of it" for d in got for mail in d["mails"]
                                 if mail.endswith("@acme.example")])
row("69a", "public here", lambda w: answer(w, "69", "ben", from_=w.ticket("69").contact,
                                           way=PASS.format("acme.example"), sender=w.ticket("69").contact))
row("69b", "unverified here", lambda w: answer(w, "69", "ben", from_=w.ticket("69").contact, way=NONE,
                                               sender=w.ticket("69").contact))


def to_token(world, name):
    """An address book's memory: the token's address, no reference of ours, another subject."""
    ticket = world.ticket(name)
    address = reply_to(ticket.receipt)
    return raw(ticket.contact, to=address, recipients=[address], subject="Something else altogether",
               way=PASS.format("acme.example"), sender=ticket.contact)


def to_note(world):
    owner, notice = world.note_notices[0]
    owner = owner.strip("<>")
    return raw(owner, to=reply_to(notice), recipients=[reply_to(notice)], subject="Re: a note", way="login", sender=owner,
               fields=[("In-Reply-To", message_id(notice)), ("References", message_id(notice))])


def joined(world, name, address):
    return world.desk.rows("select from participant p join person_address a using (person) where p.ticket = :'v1'"
                           " and a.address_key = :'v2'", world.ticket(name).number, address)


def nobody_joined(world, name, address):
    return [f"{address} was added to the ticket"] if joined(world, name, address) else []
