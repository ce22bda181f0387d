"""An SMTP server that does what the addresses of a mail ask for, and keeps what it got.

The name in front of the "@" chooses. A recipient "refused" is answered 550 5.1.1, "deferred" 451,
"wordy" 550 in three lines; every other one 250. What the sender's name does stands in FROM, DATA
and DOT below. A mail is stored in the folder of mails as TOKEN.eml when its final dot came, as
TOKEN.part when the connection ended before it; TOKEN is the value of its header X-Token. TOKEN.talk
holds the commands of its transaction; USER.login says that somebody tried to log in.
"""

import base64
import pathlib
import socket
import time

FROM = {
    "mailno": b"550 5.7.1 not you",
    "maillater": b"450 4.7.1 not now",
    "loginwanted": b"530 5.7.0 log in first",
    "toolarge": b"552 5.3.4 too large",
}
DATA = {"datano": b"554 5.5.1 no", "datalater": b"452 4.3.1 full"}
DOT = {
    "dotno": b"554 5.6.0 spam",
    "dotlater": b"451 4.3.0 later",
    "dotwords": b"250-2.0.0 Ok:\r\n250 2.0.0 queued as 4711",
    "garbage": b"hello there",
    "twodots": b"250 2.0.0 Ok: queued as 1\r\n250 2.0.0 Ok: queued as 2",
}
RCPT = {
    "refused": b"550 5.1.1 no such user",
    "deferred": b"451 4.3.0 try again later",
    "wordy": b"550-5.7.1 This mail\r\n550-5.7.1 looks like spam:\r\n"
             b"550 5.7.1 see https://x.example",
}


def name_in(line):
    """support of "MAIL FROM:<support@desk.example> SIZE=12"."""
    return line.split(b"<", 1)[-1].split(b"@", 1)[0].split(b">", 1)[0].decode("latin-1")


class Gone(Exception):
    pass


class Session:
    def __init__(self, connection, options):
        self.connection = connection
        self.options = options
        self.mails = pathlib.Path(options["mails"])
        self.sender = ""
        self.talk = []
        self.is_secure = False
        self.open()

    def open(self):
        self.lines = self.connection.makefile("rb")

    def say(self, text):
        self.connection.sendall(text + b"\r\n")

    def secure(self):
        self.connection = self.options["context"].wrap_socket(self.connection, server_side=True)
        self.is_secure = True
        self.open()

    def keep(self, lines, ending):
        token = next((line.split(b":", 1)[1].strip().decode() for line in lines
                      if line.lower().startswith(b"x-token:")), "none")
        (self.mails / f"{token}.talk").write_bytes(b"".join(self.talk))
        (self.mails / f"{token}.new").write_bytes(b"".join(lines))
        (self.mails / f"{token}.new").rename(self.mails / f"{token}.{ending}")

    def take_data(self):
        lines = []
        while True:
            line = self.lines.readline()
            if not line:
                self.keep(lines, "part")
                raise Gone
            if line == b".\r\n":
                self.keep(lines, "eml")
                return
            lines.append(line)
            if self.sender == "dropdata" and len(lines) > 100:
                self.keep(lines, "part")
                raise Gone

    def answer_dot(self):
        if self.sender in ("dropdot", "closedot"):
            raise Gone
        if self.sender == "hangdot":
            time.sleep(30)
        if self.sender == "slowdot":
            time.sleep(2)
        if self.sender == "dripdot":
            for byte in b"250 2.0.0 a very slow answer\r\n" * 10:
                self.connection.sendall(bytes([byte]))
                time.sleep(0.3)
        if self.sender == "flooddot":
            while True:
                self.connection.sendall(b"250-and on\r\n" * 1000)
        self.say(DOT.get(self.sender, b"250 2.0.0 Ok: queued as 12345"))
        if self.sender == "hangup":
            raise Gone
        if self.sender == "goodbye":
            self.say(b"421 4.3.2 going down")
            raise Gone

    def do_ehlo(self, _):
        self.talk = []
        words = [b"stub", b"SIZE 10000000", b"8BITMIME", b"ENHANCEDSTATUSCODES"]
        if self.options.get("pipelining"):
            words.append(b"PIPELINING")
        ways = self.options.get("ways_tls" if self.is_secure else "ways", b"GSSAPI NTLM PLAIN LOGIN")
        if ways:
            words.append(b"AUTH " + ways)
        if self.options.get("mode") == "starttls" and not self.is_secure:
            words.append(b"STARTTLS")
        self.connection.sendall(b"".join(b"250-%s\r\n" % word for word in words) + b"250 HELP\r\n")

    def do_starttls(self, _):
        answer = self.options.get("starttls", b"220 go")
        self.connection.sendall(answer + b"\r\n" + self.options.get("inject", b""))
        if answer.startswith(b"2"):
            self.secure()

    def do_auth(self, line):
        words = line.split()
        user = b""
        if words[1].upper() == b"PLAIN":
            if len(words) < 3:
                self.say(b"334 ")
                words.append(self.lines.readline().strip())
            user = base64.b64decode(words[2]).split(b"\0")[1]
        elif words[1].upper() == b"LOGIN":
            self.say(b"334 VXNlcm5hbWU6")
            user = base64.b64decode(self.lines.readline())
            self.say(b"334 UGFzc3dvcmQ6")
            self.lines.readline()
        (self.mails / f"{user.decode()}.login").touch()
        if user == b"busy":
            self.say(b"454 4.7.0 later")
        else:
            is_good = user in (b"good", b"welcome-canary")
            self.say(b"235 2.7.0 in" if is_good else b"535 5.7.8 wrong")

    def do_mail(self, line):
        self.talk = [line]
        self.sender = name_in(line)
        if self.sender == "leave":
            self.say(b"421 4.3.2 going down")
            raise Gone
        if self.sender == "dropmail":
            raise Gone
        self.say(FROM.get(self.sender, b"250 2.1.0 ok"))

    def do_rcpt(self, line):
        self.talk.append(line)
        name = name_in(line)
        if name == "hang":
            time.sleep(30)
        if name == "drop":
            raise Gone
        self.say(RCPT.get(name, b"250 2.1.5 ok"))

    def do_data(self, line):
        self.talk.append(line)
        if self.sender in DATA:
            self.say(DATA[self.sender])
            return
        self.say(b"354 go")
        self.take_data()
        self.answer_dot()

    def run(self):
        if self.options.get("mode") == "tls":
            self.secure()
        greeting = self.options.get("greeting", b"220 stub ESMTP")
        if not greeting:
            time.sleep(30)
        self.say(greeting)
        commands = {b"EHLO": self.do_ehlo, b"HELO": self.do_ehlo, b"STARTTLS": self.do_starttls,
                    b"AUTH": self.do_auth, b"MAIL": self.do_mail, b"RCPT": self.do_rcpt,
                    b"DATA": self.do_data}
        while line := self.lines.readline(65536):
            word = line.split(None, 1)[0].upper() if line.strip() else b""
            if word == b"QUIT":
                if self.sender == "mutequit":
                    time.sleep(30)
                self.say(b"221 bye")
                return
            if word in commands:
                commands[word](line)
            else:
                self.say(b"250 2.0.0 ok")


def serve(connection, options):
    """options: mails (a folder); context and mode ("tls", "starttls"), greeting, starttls (what it answers to
    that), inject (what comes behind the answer), pipelining, ways and ways_tls (of AUTH; b"": none is offered)."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    session = Session(connection, options)
    try:
        session.run()
    except Gone:
        session.connection.close()
