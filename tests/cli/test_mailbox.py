"""Mailboxes are tried before they are entered."""

import sys
import urllib.parse

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402
from harness import mail as post  # noqa: E402


class Mailbox(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")

    def arguments(self, address="support@desk.example", port=None):
        user = urllib.parse.quote(address, safe="")
        host = self.servers.host
        return ["mailbox", "add", address, "--secret", "support",
                "--imap", f"imaps://{user}@{host}:{port or self.servers.imaps}",
                "--smtp", f"smtps://{user}@{host}:{self.servers.submissions}"]

    def test_it_is_tried_and_gets_its_folders(self):
        self.ok(*self.arguments(), "--name", "Desk", "--trust", "authserv-id:mx.desk.example",
                "--own-host", "a.example", "--own-host", "b.example")
        shown = self.json("mailbox", "show", "Support@desk.example")
        self.assertEqual(
            {key: shown[key] for key in ("id", "address", "name", "imap_host", "imap_port", "imap_user",
                                         "imap_security", "smtp_security", "secret", "trust",
                                         "authserv_id", "own_hosts", "has_subaddresses", "folders")},
            {"id": 1, "address": "support@desk.example", "name": "Desk", "imap_host": "127.0.0.1",
             "imap_port": int(self.servers.imaps), "imap_user": "support@desk.example",
             "imap_security": "tls", "smtp_security": "tls", "secret": "support",
             "trust": "authserv-id", "authserv_id": "mx.desk.example",
             "own_hosts": ["a.example", "b.example"], "has_subaddresses": True, "folders": []})
        self.assertIsNotNone(shown["taken_from"])
        self.assertEqual(len(self.json("mailbox", "list")), 1)
        with post.imap_session(self.servers, "support@desk.example") as box:
            names = b" ".join(box.list()[1])
        self.assertIn(b"Processed", names)
        self.assertIn(b"Oversize", names)
        self.fails(65, *self.arguments(), says="already")
        self.ok(*self.arguments("tara@desk.example"), "--take-existing", "--no-subaddresses")
        tara = self.json("mailbox", "show", "tara@desk.example")
        self.assertIsNone(tara["taken_from"])
        self.assertFalse(tara["has_subaddresses"])

    def test_what_does_not_work_is_not_entered(self):
        self.desk.write_secret("support", "wrong")
        self.fails(77, *self.arguments(), says="127.0.0.1: ")
        self.desk.write_secret("support", self.servers.password)
        self.fails(75, *self.arguments(port=1), says="127.0.0.1: ")
        text = self.desk.config_path.read_text()
        self.desk.config_path.write_text("\n".join(
            line for line in text.split("\n") if not line.startswith("ca-file")))
        self.fails(78, *self.arguments(), says="127.0.0.1: ")  # nobody vouches for the certificate
        self.desk.config_path.write_text(text)
        arguments = self.arguments()
        arguments[arguments.index("support")] = "other"
        self.fails(1, *arguments)  # no such secret
        self.assertEqual(self.json("mailbox", "list"), [])
        self.ok(*self.arguments(port=1), "--no-check")
        self.assertEqual(len(self.json("mailbox", "list")), 1)

    def test_what_is_typed_wrong_is_refused(self):
        for change, says in [
            (("--imap", "imaps://a:secret@h.example"), "password"),
            (("--imap", "imaps://h.example"), "names no user"),
            (("--imap", "https://h.example"), "no imap server"),
            (("--smtp", "imaps://a@h.example"), "no smtp server"),
            (("--trust", "authserv-id:"), "nothing to trust"),
            (("--trust", "me"), "nothing to trust"),
            (("--secret", "../passwd"), "../passwd"),
        ]:
            arguments = self.arguments()
            if change[0] in arguments:
                arguments[arguments.index(change[0]) + 1] = change[1]
            else:
                arguments += change
            self.fails(65, *arguments, "--no-check", says=says)
        self.fails(65, "mailbox", "add", "nonsense", *self.arguments()[3:], says="no address")
        self.assertEqual(self.json("mailbox", "list"), [])
