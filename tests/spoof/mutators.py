"""mutators - the same mail in other clothes

A neutral one changes nothing that counts: the outcome must be the row's own. The others may make a mail worse (most are
held then), never better: no more rights than the row gives. Each takes a Raw and changes it; False: does not apply.
"""

import base64
import email.header
import email.utils
import quopri
import re

ADDRESSED = ("from", "to", "cc", "reply-to", "sender")
IDS = ("in-reply-to", "references")
TECHNICIAN = "ben@desk.example"


def each(mail, names, change):
    for field in mail.fields:
        if field[0].lower() in names:
            field[1] = change(field[1])


def upper_names(mail):
    for field in mail.fields:
        field[0] = field[0].upper()


def lower_names(mail):
    for field in mail.fields:
        field[0] = field[0].lower()


def odd_names(mail):
    for field in mail.fields:
        field[0] = "".join(c.upper() if i % 2 else c.lower() for i, c in enumerate(field[0]))


def upper_addresses(mail):
    each(mail, ADDRESSED, lambda v: re.sub(r"[\w.+-]+@[\w.-]+", lambda m: m[0].upper(), v))


def folded(mail):
    each(mail, (*ADDRESSED, *IDS, "subject"), lambda v: re.sub(r"(?<=\S) (?=[^\s])", "\r\n ", v))


def folded_at_once(mail):
    """The value begins on the second line; many programs write long ids so."""
    each(mail, (*ADDRESSED, *IDS, "message-id"), lambda v: "\r\n\t" + v.lstrip())


def commented(mail):
    each(mail, ("from", "to"), lambda v: f"(a remark) {v} (another \\) one (and one within))")


def commented_ids(mail):
    if not mail.has("In-Reply-To"):
        return False
    each(mail, IDS, lambda v: f"(your mail of today) {v}")


def comment_in_address(mail):
    each(mail, ("from",), lambda v: v.replace("@", "(at)@(home)"))


def blanks_in_address(mail):
    each(mail, ("from",), lambda v: v.replace("@", " @ "))


def named(mail, name):
    """From with another display name, if it is simply addressed."""
    address = re.fullmatch(r"(?:[^<>,;\"@]*<)?([\w.+-]+@[\w.-]+)>?", mail.get("From").strip(), re.A)
    if not address:
        return False
    mail.set("From", f"{name} <{address[1]}>")


def encoded_q(mail):
    return named(mail, "=?utf-8?q?J=C3=BCrgen_M=C3=BCller?=")


def encoded_b(mail):
    return named(mail, "=?UTF-8?B?" + base64.b64encode(f"Ben <{TECHNICIAN}>".encode()).decode() + "?=")


def raw_utf8(mail):
    return named(mail, "Jürgen Müller")


def long_name(mail):
    return named(mail, "A" * 700)


def quoted_name(mail):
    return named(mail, f'"{TECHNICIAN} \\" (Desk), Support;"')


def subject_b(mail):
    if not mail.get("Subject").isascii() or not mail.get("Subject") or "=?" in mail.get("Subject"):
        return False
    mail.set("Subject", email.header.Header(mail.get("Subject"), "utf-8", maxlinelen=60).encode(linesep="\r\n"))


def backwards(mail):
    mail.fields.reverse()


def sorted_fields(mail):
    mail.fields.sort()


def wrapped_mixed(mail):
    return wrap(mail, "mixed")


def wrapped_alternative(mail):
    return wrap(mail, "alternative")


def wrap(mail, kind):
    if not mail.has("Content-Type") or "multipart" in mail.get("Content-Type"):
        return False
    part = f"Content-Type: {mail.get('Content-Type')}\r\n"
    if mail.has("Content-Transfer-Encoding"):
        part += f"Content-Transfer-Encoding: {mail.get('Content-Transfer-Encoding')}\r\n"
        mail.drop("Content-Transfer-Encoding")
    mail.set("Content-Type", f'multipart/{kind}; boundary="=_b1"')
    html = "<p>Hello,</p><p>please help.</p>"
    mail.body = (f"--=_b1\r\n{part}\r\n{mail.body}\r\n"
                 f"--=_b1\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--=_b1--\r\n")


def plain(mail):
    return mail.get("Content-Type").startswith("text/plain") and not mail.has("Content-Transfer-Encoding")


def in_base64(mail):
    if not plain(mail):
        return False
    mail.set("Content-Transfer-Encoding", "base64")
    mail.body = base64.encodebytes(mail.body.encode("utf-8", "surrogateescape")).decode().replace("\n", "\r\n")


def in_quoted_printable(mail):
    if not plain(mail):
        return False
    mail.set("Content-Transfer-Encoding", "quoted-printable")
    text = mail.body.replace("\r\n", "\n").encode("utf-8", "surrogateescape")
    mail.body = quopri.encodestring(text).decode().replace("\n", "\r\n")


def forged_stamp(mail):
    """Below the real one; the border takes what bears its own name away, and lmtp mails keep it."""
    domain = email.utils.parseaddr(mail.get("From"))[1].rpartition("@")[2] or "desk.example"
    if mail.way == "lmtp":
        mail.fields.insert(0, ["Received", "from evil.test by evil.test; Sun, 22 Nov 2026 05:00:00 +0000"])
    mail.fields.insert(1, ["Authentication-Results", f"mx.desk.example; dmarc=pass header.from={domain}"])


def foreign_stamp(mail):
    mail.fields.insert(0, ["Authentication-Results", "mx.google.com; dkim=pass header.d=desk.example; "
                                                     "dmarc=pass header.from=desk.example"])


def foreign_arc(mail):
    mail.fields.insert(0, ["ARC-Authentication-Results", "i=1; mx.desk.example; dmarc=pass header.from=desk.example"])


def evil_fields(mail):
    mail.fields[0:0] = [["X-Postdesk-Ticket", "1"], ["X-Postdesk-Role", "technician"], ["X-OTRS-Queue", "x"],
                        ["X-Zammad-Ticket-State", "closed"], ["X-Original-From", TECHNICIAN],
                        ["X-Sender", TECHNICIAN], ["Delivered-To", TECHNICIAN]]


def reply_to_technician(mail):
    if mail.has("Reply-To"):
        return False
    mail.set("Reply-To", TECHNICIAN)


def sender_technician(mail):
    mail.set("Sender", TECHNICIAN)


def resent(mail):
    mail.fields[0:0] = [["Resent-From", TECHNICIAN], ["Resent-To", "support@desk.example"],
                        ["Resent-Date", email.utils.formatdate()]]


def two_froms(mail):
    mail.fields.append(["From", mail.get("From")])


def second_from_technician(mail):
    mail.fields.append(["From", TECHNICIAN])


def first_from_technician(mail):
    mail.fields.insert(0, ["From", TECHNICIAN])


def two_subjects(mail):
    mail.fields.append(["Subject", "Re: [#1] another"])


def two_ids(mail):
    mail.fields.append(["Message-ID", "<another@evil.test>"])


def two_references(mail):
    each(mail, (), str)
    mail.fields.append(["References", "<another@evil.test> <one-more@evil.test>"])


def two_tos(mail):
    mail.fields.append(["To", "somebody@any.example"])  # whom a technician names takes part


def blank_before_colon(mail):
    for field in mail.fields:
        if field[0].lower() in ("from", "subject"):
            field[0] += " "


def quoted_local(mail):
    each(mail, ("from",), lambda v: re.sub(r"([\w.+-]+)@", r'"\1"@', v, count=1))


def dot_behind_domain(mail):
    each(mail, ("from",), lambda v: re.sub(r"@([\w.-]+)", r"@\1.", v, count=1))


def group_syntax(mail):
    each(mail, ("from",), lambda v: f"Staff: {v};")


def invisible(mail):
    each(mail, ("from",), lambda v: v.replace("@", "@\u200b"))


def full_width(mail):
    each(mail, ("from",), lambda v: v.replace("@", "\uff20"))


def mail_in_mail(mail):
    """Forwarded as an attachment, fields and all."""
    if not plain(mail):
        return False
    inner = (f"From: {TECHNICIAN}\r\nTo: support@desk.example\r\nSubject: inner\r\n"
             f"In-Reply-To: {mail.get('In-Reply-To')}\r\n\r\n#close\r\n")
    mail.set("Content-Type", 'multipart/mixed; boundary="=_b2"')
    mail.body = (f"--=_b2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{mail.body}\r\n"
                 f"--=_b2\r\nContent-Type: message/rfc822\r\n\r\n{inner}\r\n--=_b2--\r\n")


NEUTRAL = [upper_names, lower_names, odd_names, upper_addresses, folded, folded_at_once, commented, commented_ids,
           encoded_q, encoded_b, raw_utf8, quoted_name, subject_b, backwards, sorted_fields,
           wrapped_mixed, wrapped_alternative, in_base64, in_quoted_printable, forged_stamp, foreign_stamp,
           foreign_arc, evil_fields, reply_to_technician, resent]
WORSE = [comment_in_address, blanks_in_address, long_name, sender_technician, two_froms, second_from_technician,
         first_from_technician, two_subjects, two_ids, two_references, two_tos, blank_before_colon, quoted_local,
         dot_behind_domain, group_syntax, invisible, full_width, mail_in_mail]


def variants(mail, at, neutral, worse):
    """[(name, is neutral, Raw)]: so many of each kind, other ones for each mail (at: its place in the table)."""
    found = []
    for kinds, is_neutral, wanted in ((NEUTRAL, True, neutral), (WORSE, False, worse)):
        made = 0
        for i in range(len(kinds)):
            mutate = kinds[(at * wanted + i) % len(kinds)]
            changed = mail.copy()
            if made < wanted and mutate(changed) is not False:
                found.append((mutate.__name__.replace("_", " "), is_neutral, changed))
                made += 1
    return found
