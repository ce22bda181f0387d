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

    def test_it_is_set_and_checked(self):
        self.ok(*self.arguments(), "--alias", "Help@desk.example", "--alias", "hilfe@desk.example",
                "--processed", "Erledigt/Grüße", "--oversize", "Groß")
        shown = self.json("mailbox", "show", "1")
        self.assertEqual((shown["aliases"], shown["after_fetch"], shown["processed_folder"], shown["imap_pin"]),
                         (["help@desk.example", "hilfe@desk.example"], "move", "Erledigt/Grüße", None))
        with post.imap_session(self.servers, "support@desk.example") as box:
            self.assertIn(b"Erledigt/Gr&APwA3w-e", b" ".join(box.list()[1]))
        checked = self.json("mailbox", "check", "support@desk.example")
        self.assertTrue(checked["is_well"], checked)
        self.assertEqual([check["what"] for check in checked["checks"]],
                         ["imap", "moving", "removing", "waiting", "junk", "folder", "folder", "folder", "smtp"])
        self.fails(65, *self.arguments("tara@desk.example"), "--no-check", "--alias", "help@desk.example",
                   says="is that of the mailbox \"support@desk.example\"")
        self.fails(65, *self.arguments("hilfe@desk.example"), "--no-check", says="support@desk.example")
        pin = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        self.ok("mailbox", "set", "1", "--imap-pin", f"sha256//{pin}", "--smtp-pin", pin, "--after-fetch", "keep",
                "--alias", "none")
        said = self.desk.run("mailbox", "check", "1")
        self.assertEqual(said.returncode, 1)
        self.assertEqual(said.stdout.count("its public key is not the one that is pinned"), 2, said.stdout)
        host, port = self.servers.host, self.servers
        self.ok("mailbox", "set", "1", "--imap-pin", "none", "--smtp-pin", "none",
                "--imap", f"imap://support%40desk.example@{host}:{port.imap}",
                "--smtp", f"smtp://support%40desk.example@{host}:{port.submission}")
        shown = self.json("mailbox", "show", "1")
        self.assertEqual((shown["imap_security"], shown["smtp_security"], shown["after_fetch"], shown["aliases"],
                          shown["imap_pin"]), ("starttls", "starttls", "keep", [], None))
        self.assertIn("mail stays in INBOX", self.ok("mailbox", "check", "1"))
        changed = {(line["what"], line["field"]) for line in self.json("log", "--object", "mailbox:support@desk.example")}
        self.assertTrue({("changed", "imap-pin"), ("changed", "aliases"), ("changed", "imap-port")} <= changed, changed)

    def test_what_is_typed_wrong_is_refused(self):
        for change, says in [
            (("--imap", "imaps://a:secret@h.example"), "password"),
            (("--imap", "imaps://h.example"), "names no user"),
            (("--imap", "https://h.example"), "no imap server"),
            (("--smtp", "imaps://a@h.example"), "no smtp server"),
            (("--trust", "authserv-id:"), "nothing to trust"),
            (("--trust", "me"), "nothing to trust"),
            (("--secret", "../passwd"), "../passwd"),
            (("--alias", "nonsense"), "no address"),
            (("--after-fetch", "burn"), "move or keep"),
            (("--processed", "all*"), "cannot be moved"),
            (("--processed", "inbox"), "cannot be moved"),
            (("--processed", "Oversize", "--oversize", "Oversize"), "two folders"),
            (("--imap-pin", "sha1:abc"), "is no pin"),
            (("--imap", "imap+insecure://a@mail.example"), "without TLS"),
        ]:
            arguments = self.arguments()
            if change[0] in arguments:
                arguments[arguments.index(change[0]) + 1] = change[1]
            else:
                arguments += change
            self.fails(65, *arguments, "--no-check", says=says)
        self.fails(65, "mailbox", "add", "nonsense", *self.arguments()[3:], says="no address")
        self.assertEqual(self.json("mailbox", "list"), [])
