"""Mails of 20 MB that cost a parser most, for tests/bench/memory."""

import base64
import random

SIZE = 20_971_520
HEAD = ("From: anna@acme.example\r\nTo: support@desk.example\r\nSubject: {0}\r\n"
        "Message-ID: <{0}@acme.example>\r\nMIME-Version: 1.0\r\n")


def single(name, content_type, body, encoding="8bit"):
    head = HEAD.format(name) + f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return (head.encode() + body)[:SIZE]


def filled(unit, size=SIZE):
    return unit * (size // len(unit))


def encoded(raw, line=True):
    return base64.encodebytes(raw).replace(b"\n", b"\r\n") if line else base64.b64encode(raw)


def json_text():
    return filled(b'{"id": 123456, "name": "J\xc3\xbcrgen", "tags": ["a", "b"], "x": null},\r\n')


def quoted_html():
    return filled(b"<blockquote><p>" + b"word " * 20 + b"</p></blockquote>\r\n")


def deep():
    parts = "".join(f"--b{i}\r\nContent-Type: multipart/mixed; boundary=b{i + 1}\r\n\r\n"
                    for i in range(20000))
    return (HEAD.format("deep") + "Content-Type: multipart/mixed; boundary=b0\r\n\r\n" + parts).encode()


def many_parts():
    body = filled(b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n", 100_000 * 37)
    return HEAD.format("parts").encode() + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + body


def two_texts(kind):
    half = filled(b"word and word\r\n", SIZE // 2 - 1000)
    return (HEAD.format("two").encode() + b"Content-Type: multipart/" + kind.encode() +
            b"; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + half +
            b"\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>" + half + b"\r\n--b--\r\n")[:SIZE]


def mails():
    """(name, bytes)"""
    noise = random.Random(7).randbytes(SIZE)
    words = filled(b"word and word and word, again and again\r\n")
    latin = filled(b"\xe4\xf6\xfc\xdf\xe4\xf6\xfc\xdf \r\n")
    most = SIZE * 19 // 20 * 3 // 4 * 76 // 78 - 1000
    yield "text", single("text", "text/plain; charset=utf-8", words)
    yield "json", single("json", "text/plain; charset=utf-8", json_text())
    yield "flowed", single("flowed", "text/plain; charset=utf-8; format=flowed",
                           filled(b"> > word and word and word \r\n"))
    yield "latin", single("latin", "text/plain; charset=iso-8859-1", latin)
    yield "euro", single("euro", "text/plain; charset=windows-1252", filled(b"\x80" * 70 + b"\r\n"))
    yield "noise", single("noise", "text/plain; charset=utf-8", noise)
    yield "utf16", single("utf16", "text/plain; charset=utf-16",
                          encoded(("äöü wort\r\n" * 2_000_000).encode("utf-16")[:most]), "base64")
    yield "qp", single("qp", "text/plain; charset=utf-8", filled(b"word=C3=BC word word word=\r\n"),
                       "quoted-printable")
    yield "qp-none", single("qpnone", "text/plain; charset=utf-8", words, "quoted-printable")
    yield "one-line", single("line", "application/octet-stream", encoded(noise[:most], False), "base64")
    yield "base64", single("base64", "application/octet-stream", encoded(noise[:most]), "base64")
    yield "base64-text", single("b64text", "text/plain; charset=utf-8", encoded(words[:most]), "base64")
    yield "binary", single("binary", "application/octet-stream", noise)
    yield "html", single("html", "text/html; charset=utf-8",
                         filled(b"<p>word and <b>word</b> &amp; more</p>\r\n"))
    yield "html-words", single("htmlwords", "text/html; charset=utf-8", words)
    yield "html-quotes", single("quotes", "text/html; charset=utf-8", quoted_html())
    yield "html-tags", single("tags", "text/html; charset=utf-8", filled(b"<div><span>"))
    yield "html-entities", single("entities", "text/html; charset=utf-8", filled(b"&uuml;&#8364; "))
    yield "html-latin", single("htmllatin", "text/html; charset=iso-8859-1", latin)
    yield "html-attributes", single("attributes", "text/html; charset=utf-8",
                                    b"<p " + filled(b"a=b ", SIZE - 2000) + b">word</p>")
    yield "uuencode", single("uu", "text/plain", b"begin 644 x.bin\r\n" +
                             filled(b"M" + b"A" * 60 + b"\r\n", SIZE - 1000) + b"`\r\nend\r\n")
    yield "begins", single("begins", "text/plain", filled(b"begin 644 x\r\n"))
    yield "lone-cr", single("cr", "text/plain", filled(b"word\r")).replace(b"\r\n", b"\r")
    yield "deep", deep()
    yield "parts", many_parts()
    yield "two-texts", two_texts("mixed")
    yield "alternative", two_texts("alternative")
    yield "no-header-end", (HEAD.format("none").encode() + filled(b"X-A: b\r\n"))[:SIZE]
