"""Mail as people's programs really make it: header fields, ids, structure, encodings, quotes, signatures.

    PROGRAMS["thunderbird"].write(sender=…, to=…, subject=…, text=…, original=…) -> Raw

original is the mail that is answered (or forwarded): the program quotes it and refers to it in its own way. What is copied
here was seen in mail from the wild; versions and ids are made up.
"""

import base64
import dataclasses
import email.header
import email.utils
import html
import itertools
import quopri
import random
import textwrap
import uuid

from harness import mail as post
from harness.raw import Raw

CHANCE = random.Random(32044073)  # the same mails each time
SERIAL = itertools.count(1)
LINE = "\r\n"
WORDS = ("Der Drucker im dritten Stock druckt seit heute früh nur noch leere Seiten.",
         "Wir haben Strom und Netz geprüft, beides ist in Ordnung.",
         "Depuis la mise à jour, l'écran reste noir après le démarrage ; avez-vous une idée ?",
         "The VPN drops after about ten minutes, and only on the new laptops.",
         "Könnten Sie bitte nachsehen, ob unser Vertrag den Austausch enthält?",
         "I restarted it twice – no change. The error code is 0x8007000E.",
         "Le technicien est-il disponible jeudi à 14 h ?",
         "Das Postfach von Frau Müßig ist voll, obwohl sie kaum Anhänge hat.")


def digits(count, letters="0123456789abcdef"):
    return "".join(CHANCE.choice(letters) for _ in range(count))


def some_text(at):
    """A few sentences, other ones for each mail, and a number: people never send the same twice."""
    lines = [WORDS[(at + i) % len(WORDS)] for i in range(2 + at % 3)]
    return "\n".join(["Guten Tag,", "", *lines, "", f"Gerät Nr. {next(SERIAL)}", ""])


@dataclasses.dataclass
class Program:
    name: str
    identity: object  # domain -> Message-ID
    before: list  # fields at the top and at the end of the header
    behind: list
    order: str  # of the fields that all write
    kind: str  # plain, flowed, alternative, html
    charset: str
    encoding: str  # 7bit, 8bit, quoted-printable, base64
    prefix: str  # of an answer's subject
    quote: str  # attribution, block or original
    references: str  # all, last, none
    signature: str = ""
    is_below: bool = False  # the answer stands below the quote
    is_encoded_word_b: bool = False
    boundary: str = "----=_Part"

    # ---- a whole mail -----------------------------------------------------------------------

    def write(self, sender, to, subject="", text="", name="", original=None, cc=(), is_forward=False,
              files=(), recipients=None, fields=()):
        body = self.text_of(text, original, is_forward)
        values = {
            "From": f"{self.display(name)} <{sender}>" if name else sender,
            "To": ", ".join([to] if isinstance(to, str) else to),
            "Cc": ", ".join(cc),
            "Subject": self.word(subject),
            "Date": email.utils.format_datetime(email.utils.localtime()),
            "Message-ID": self.identity(post.domain_of(sender)),
            **self.thread(None if is_forward else original),
        }
        head = [*self.before]
        head += [(field, values[field]) for field in self.order.split() if values.get(field)]
        head += [*fields, *self.behind]
        if not any(field.lower() == "mime-version" for field, _ in head):
            head.append(("MIME-Version", "1.0"))
        content, lines = self.content(body, files)
        head += content
        addressed = [to] if isinstance(to, str) else list(to)
        return Raw([list(field) for field in head], body=lines, sender=sender,
                   recipients=recipients or [a for a in (email.utils.parseaddr(x)[1] for x in (*addressed, *cc))])

    def reply(self, original, sender, text, to=None, subject=None, **options):
        old = post.header(original, "Subject")
        plain = old if old.lower()[:3] not in ("re:", "aw:") else old[3:].lstrip()
        target = post.header(original, "Reply-To") or post.header(original, "From")
        return self.write(sender, to or email.utils.parseaddr(target)[1],
                          f"{self.prefix} {plain}" if subject is None else subject, text, original=original, **options)

    # ---- header -----------------------------------------------------------------------------

    def display(self, name):
        if name.isascii():
            return f'"{name}"' if "," in name or self.name.startswith("outlook") else name
        return self.word(name)

    def word(self, text):
        if text.isascii():
            return textwrap.fill(text, 74, subsequent_indent=" ", break_long_words=False).replace("\n", LINE)
        if self.is_encoded_word_b:
            pieces = textwrap.wrap(text, 20, drop_whitespace=False)
            return f"{LINE} ".join(f"=?UTF-8?B?{base64.b64encode(piece.encode()).decode()}?=" for piece in pieces)
        for charset in (self.charset, "utf-8"):
            try:
                return email.header.Header(text, charset).encode(maxlinelen=70, linesep=LINE)
            except UnicodeEncodeError:
                continue
        raise ValueError(text)

    def thread(self, original):
        if original is None or self.references == "none":
            return {}
        identity = post.header(original, "Message-ID")
        known = post.header(original, "References").split()
        every = [*known, identity] if self.references == "all" else [identity]
        return {"In-Reply-To": identity, "References": f"{LINE} ".join(every)}

    # ---- text -------------------------------------------------------------------------------

    def text_of(self, text, original, is_forward):
        """(plain text, the quoted part alone)"""
        signature = f"\n{self.signature}\n" if self.signature else ""
        if original is None:
            return f"{text}{signature}", ""
        quoted = self.forwarded(original) if is_forward else self.quoted(original)
        if self.is_below and not is_forward:
            return f"{quoted}\n\n{text}{signature}", quoted
        return f"{text}{signature}\n{quoted}\n", quoted

    def lines_of(self, original):
        return post.text_of(original).rstrip("\n").split("\n")

    def quoted(self, original):
        who, when = post.header(original, "From"), post.header(original, "Date")
        lines = self.lines_of(original)
        if self.quote == "attribution":
            said = {"apple": f"Am {when} schrieb {who}:", "gmail": f"On {when} {who} wrote:",
                    "thunderbird": f"Am {when} schrieb {who.split('<')[0].strip()}:"}
            first = said.get(self.name.split("-")[0], f"Le {when}, {who} a écrit :")
            return "\n".join([textwrap.fill(first, 76), "", *(f"> {line}".rstrip() for line in lines)])
        head = [f"Von: {who}", f"Gesendet: {when}", f"An: {post.header(original, 'To')}",
                f"Betreff: {post.header(original, 'Subject')}", ""]
        mark = {"block": "________________________________",
                "original": "-----Ursprüngliche Nachricht-----"}[self.quote]
        return "\n".join([mark, *head, *lines])

    def forwarded(self, original):
        head = [f"From: {post.header(original, 'From')}", f"Date: {post.header(original, 'Date')}",
                f"Subject: {post.header(original, 'Subject')}", f"To: {post.header(original, 'To')}", ""]
        return "\n".join(["---------- Forwarded message ---------", *head, *self.lines_of(original)])

    # ---- body -------------------------------------------------------------------------------

    def content(self, body, files):
        text, quoted = body
        if self.kind in ("plain", "flowed"):
            first = self.part("plain", self.flow(text) if self.kind == "flowed" else text)
        elif self.kind == "html":
            first = self.part("html", self.as_html(text, quoted))
        else:
            first = self.multipart("alternative", [self.part("plain", text), self.part("html", self.as_html(text, quoted))])
        inline = [file for file in files if file[3]]
        others = [file for file in files if not file[3]]
        if inline and self.kind in ("alternative", "html"):
            first = self.multipart("related", [first, *map(self.file, inline)])
            inline = []
        if inline or others:
            first = self.multipart("mixed", [first, *map(self.file, [*inline, *others])])
        return first

    def part(self, kind, text):
        charset = self.charset
        try:
            content = text.encode(charset)
        except UnicodeEncodeError:
            charset, content = "utf-8", text.encode()
        encoding = self.encoding
        if encoding in ("7bit", "8bit") and charset == "us-ascii":
            encoding = "7bit"
        elif encoding == "7bit":
            encoding = "quoted-printable"
        if encoding == "base64":
            coded = base64.encodebytes(content.replace(b"\n", b"\r\n")).decode()
        elif encoding == "quoted-printable":
            coded = quopri.encodestring(content).decode()
        else:
            coded = content.decode(charset)
        flowed = "; format=flowed" if self.kind == "flowed" and kind == "plain" else ""
        coded = coded.rstrip("\n").replace("\n", LINE) + LINE
        if encoding == "8bit" and charset != "utf-8":
            coded = coded.encode(charset).decode("utf-8", "surrogateescape")
        return [("Content-Type", f"text/{kind}; charset={charset}{flowed}"),
                ("Content-Transfer-Encoding", encoding)], coded

    def multipart(self, kind, parts):
        boundary = f"{self.boundary}{digits(20)}"
        lines = []
        for head, body in parts:
            lines += [f"--{boundary}{LINE}", *(f"{n}: {v}{LINE}" for n, v in head), LINE, body, LINE]
        return [("Content-Type", f'multipart/{kind};{LINE}\tboundary="{boundary}"')], \
            "".join(lines) + f"--{boundary}--{LINE}"

    def file(self, file):
        name, kind, content, is_inline = file
        name = self.word(name)
        head = [("Content-Type", f'{kind}; name="{name}"'), ("Content-Transfer-Encoding", "base64"),
                ("Content-Disposition", f'{"inline" if is_inline else "attachment"}; filename="{name}"')]
        if is_inline:
            head.append(("Content-ID", f"<{name}@{digits(8)}>"))
        if kind == "message/rfc822":
            head = [("Content-Type", f'{kind}; name="{name}"'), ("Content-Disposition", f'attachment; filename="{name}"')]
            return head, content.decode("utf-8", "surrogateescape")
        return head, base64.encodebytes(content).decode().replace("\n", LINE)

    @staticmethod
    def flow(text):
        """RFC 3676: soft line ends carry a blank; quotes and signature marks stay."""
        lines = []
        for line in text.split("\n"):
            if line.startswith(">") or line == "-- " or len(line) < 72:
                lines.append(f" {line}" if line.startswith(("From ", " ")) else line)
            else:
                wrapped = textwrap.wrap(line, 70, break_long_words=False)
                lines += [f"{part} " for part in wrapped[:-1]] + wrapped[-1:]
        return "\n".join(lines)

    def as_html(self, text, quoted):
        own = text.replace(quoted, "") if quoted else text
        lines = "".join(f"<div>{html.escape(line) or '<br>'}</div>" for line in own.split("\n"))
        if quoted:
            old = "<br>".join(html.escape(line.removeprefix("> ")) for line in quoted.split("\n"))
            box = '<blockquote type="cite">' if "apple" in self.name else '<blockquote class="gmail_quote">'
            lines += f"{box}{old}</blockquote>" if self.quote == "attribution" else \
                f'<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">{old}</div>'
        return f'<html><head><meta charset="{self.charset}"></head><body>{lines}</body></html>'


def thread_index():
    return base64.b64encode(bytes(CHANCE.randrange(256) for _ in range(22))).decode()


COMMON = "From To Cc Subject Date Message-ID In-Reply-To References"
EXCHANGE = "From To Cc Subject Date Message-ID References In-Reply-To"
PROGRAMS = {program.name: program for program in (
    Program("gmail-web", lambda d: f"<CA+{digits(44)}@mail.gmail.com>", [("MIME-Version", "1.0")], [],
            "References In-Reply-To From Date Message-ID Subject To Cc", "alternative", "utf-8", "quoted-printable", "Re:",
            "attribution", "all", boundary="000000000000"),
    Program("gmail-android", lambda d: f"<CAF{digits(44)}@mail.gmail.com>", [("MIME-Version", "1.0")], [],
            "References In-Reply-To From Date Message-ID Subject To Cc", "alternative", "utf-8", "base64", "Re:",
            "attribution", "all", boundary="000000000000", is_encoded_word_b=True),
    Program("outlook-desktop", lambda d: f"<{digits(6)}01dc5b{digits(2)}${digits(8)}${digits(8)}$@{d}>", [], [
        ("X-Mailer", "Microsoft Outlook 16.0"), ("Thread-Index", thread_index()), ("Content-Language", "de")],
            EXCHANGE, "alternative", "iso-8859-1", "quoted-printable", "AW:", "original", "all",
            signature="Mit freundlichen Grüßen\n\nAnna Meyer\nAcme GmbH · Hauptstraße 1 · 10115 Berlin",
            boundary="----=_NextPart_000_"),
    Program("outlook-web", lambda d: f"<AM0PR01MB{digits(16)}@AM0PR01MB4321.eurprd01.prod.exchangelabs.com>", [], [
        ("Thread-Topic", "Printer"), ("Thread-Index", thread_index()), ("Accept-Language", "de-DE, en-US"),
        ("Content-Language", "de-DE"), ("X-MS-Has-Attach", ""), ("X-MS-TNEF-Correlator", ""),
        ("x-ms-exchange-messagesentrepresentingtype", "1")],
            EXCHANGE, "alternative", "windows-1252", "quoted-printable", "AW:", "block", "last", boundary="_000_"),
    Program("outlook-ios", lambda d: f"<DB9PR02MB{digits(16)}@DB9PR02MB1234.eurprd02.prod.outlook.com>", [], [
        ("Thread-Index", thread_index()), ("X-MS-Exchange-MessageSentRepresentingType", "1")],
            EXCHANGE, "alternative", "utf-8", "base64", "Re:", "block", "last",
            signature="Outlook für iOS<https://aka.ms/o0ukef> beziehen", boundary="_000_"),
    Program("apple-mail", lambda d: f"<{str(uuid.UUID(int=CHANCE.getrandbits(128))).upper()}@{d}>", [], [
        ("Mime-Version", "1.0 (Mac OS X 16.0 \\(3774.600.62\\))"), ("X-Mailer", "Apple Mail (2.3774.600.62)")],
            "From Subject Date In-Reply-To To Cc References Message-ID", "alternative", "utf-8", "quoted-printable", "Re:",
            "attribution", "all", boundary="Apple-Mail=_"),
    Program("apple-iphone", lambda d: f"<{str(uuid.UUID(int=CHANCE.getrandbits(128))).upper()}@{d}>", [], [
        ("Mime-Version", "1.0 (1.0)"), ("X-Mailer", "iPhone Mail (23A345)")],
            "From Subject Date Message-ID References In-Reply-To To Cc", "plain", "utf-8", "quoted-printable", "Re:",
            "attribution", "all", signature="Von meinem iPhone gesendet", boundary="Apple-Mail-"),
    Program("thunderbird", lambda d: f"<{uuid.UUID(int=CHANCE.getrandbits(128))}@{d}>", [], [
        ("User-Agent", "Mozilla Thunderbird"), ("Content-Language", "de-DE"),
        ("Autocrypt", "addr=anna@acme.example; keydata=\r\n xsDNBGH" + "a" * 60)],
            "Message-ID Date Subject To Cc References From In-Reply-To", "flowed", "utf-8", "8bit", "Re:", "attribution", "all",
            signature="-- \nAnna Meyer, Acme GmbH", is_below=True, boundary="------------"),
    Program("samsung", lambda d: f"<{digits(12, '0123456789')}.{digits(13, '0123456789')}@email.android.com>", [
        ("Importance", "normal")], [("X-Priority", "3")],
            "Date Subject Message-ID From To Cc In-Reply-To References", "alternative", "utf-8", "base64", "Re:", "original",
            "last", signature="Von meinem Samsung Galaxy gesendet.", boundary="--_com.samsung.android.email_"),
    Program("k9", lambda d: f"<{str(uuid.UUID(int=CHANCE.getrandbits(128))).upper()}@{d}>", [], [
        ("User-Agent", "K-9 Mail for Android")],
            COMMON, "plain", "utf-8", "quoted-printable", "Re:", "attribution", "all",
            signature="-- \nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.", boundary="----"),
    Program("roundcube", lambda d: f"<{digits(32)}@{d}>", [("MIME-Version", "1.0")], [
        ("User-Agent", "Roundcube Webmail/1.6.5"), ("X-Sender", "anna@acme.example")],
            "Date From To Cc Subject In-Reply-To References Message-ID", "flowed", "iso-8859-1", "8bit", "Re:",
            "attribution", "all", is_below=True, boundary="=_"),
    Program("gmx-web", lambda d: f"<trinity-{uuid.UUID(int=CHANCE.getrandbits(128))}-1732251234567@3c-app-gmx-bap12>", [
        ("MIME-Version", "1.0")], [("Importance", "normal"), ("Sensitivity", "Normal"), ("X-Priority", "3")],
            "Message-ID From To Cc Subject Date In-Reply-To References", "html", "utf-8", "quoted-printable", "Aw:", "block",
            "last", boundary="abmob-"),
)}
