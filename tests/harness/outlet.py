"""A mail server at the receiving end of the sender, that does as a test says and counts what it took.

    with Outlet() as outlet:
        outlet.on_rcpt = lambda address: "451 4.3.0 later"
        … outlet.ids() …

Plain SMTP on loopback. A handler gives back the answer, or raises Gone to end the connection.
"""

import email
import email.policy
import socket
import threading


class Gone(Exception):
    """End the connection, without another word."""


def agree(*_):
    return "250 2.0.0 Ok"


class Outlet:
    def __init__(self):
        self.on_rcpt = agree  # (address)
        self.on_dot = agree   # (Message-ID), after the mail was counted
        self.mails = []       # (Message-ID, recipient, bytes), in the order of arrival
        self.connections = 0
        self.lock = threading.Lock()
        self.socket = None
        self.port = 0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self.socket = socket.create_server(("127.0.0.1", self.port))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, args=[self.socket], daemon=True).start()

    def stop(self):
        """Refuse connections; those that are open go on."""
        if self.socket is not None:
            self.socket.shutdown(socket.SHUT_RDWR)
            self.socket.close()
            self.socket = None

    def accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                self.connections += 1
            threading.Thread(target=self.talk, args=[connection], daemon=True).start()

    def talk(self, connection):
        with connection, connection.makefile("rb") as lines:
            try:
                self.session(connection, lines)
            except (Gone, OSError):
                pass

    def session(self, connection, lines):
        def say(text):
            connection.sendall(text.encode() + b"\r\n")

        recipient = ""
        say("220 outlet ESMTP")
        while line := lines.readline():
            word = line.split(None, 1)[0].upper() if line.strip() else b""
            if word == b"DATA":
                say("354 go")
                say(self.take(lines, recipient))
            elif word == b"RCPT":
                recipient = line.split(b"<", 1)[1].split(b">", 1)[0].decode()
                say(self.on_rcpt(recipient))
            elif word == b"QUIT":
                say("221 bye")
                return
            else:
                say("250 2.0.0 Ok")

    def take(self, lines, recipient):
        raw = b""
        while (line := lines.readline()) != b".\r\n":
            if not line:
                raise Gone
            raw += line[1:] if line.startswith(b".") else line
        identity = email.message_from_bytes(raw, policy=email.policy.default)["Message-ID"]
        with self.lock:
            self.mails.append((identity.strip("<>"), recipient, raw))
        return self.on_dot(identity.strip("<>"))

    def ids(self):
        with self.lock:
            return [identity for identity, _, _ in self.mails]

    def repeated(self):
        """How many mails came more than once, and how often in all."""
        ids = self.ids()
        return len(ids) - len(set(ids))
