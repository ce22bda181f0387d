"""Versions of rules and notices at a desk that runs: live everywhere at once, or not at all; and what rules call."""

import http.server
import json
import pathlib
import tempfile
import threading

from harness.case import DeskCase
from harness.waiting import wait_for

RULES = """\
rule "printers" {
    on    ticket-created
    if    mail.subject ~ /printer/i
    then  set priority high
}

rule "receipt" {
    on    ticket-created
    then  answer receipt
}
"""
RECEIPT = "Subject: We have it [#{{number}}]\n\nVersion %d of our thanks.\n"


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(json.loads(body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class RuleVersions(DeskCase):
    settings = {"intakes": "2"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="pd-versions-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def write(self, rules, **notices):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.folder))
        (folder / "a.rules").write_text(rules)
        for name, text in notices.items():
            path = folder / "notices/en" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(folder)

    def apply(self, rules, **notices):
        return self.desk.postdesk("rules", "apply", self.write(rules, **notices))

    def priority(self, subject):
        row, receipt = self.new_ticket(self.person(), subject)
        return self.ticket(row["ticket"])["priority"], receipt.get_body().get_content()

    def test_rules_and_notices_are_live_with_the_next_mail_and_go_with_a_rollback(self):
        self.apply("# none but the receipt\n" + RULES[RULES.index('rule "receipt"'):])
        self.assertEqual(self.priority("Printer one")[0], "medium")
        self.apply(RULES, receipt=RECEIPT % 2)
        priority, text = self.priority("Printer two")
        self.assertEqual(priority, "high")
        self.assertIn("Version 2 of our thanks.", text)
        self.assertEqual(self.priority("Nothing of it")[0], "medium")
        self.desk.postdesk("rules", "rollback")
        priority, text = self.priority("Printer three")
        self.assertEqual(priority, "medium")
        self.assertNotIn("of our thanks", text)

    def test_a_wrong_set_changes_nothing_of_what_the_desk_does(self):
        self.apply(RULES, receipt=RECEIPT % 3)
        wrong = [RULES.replace("priority high", "priority hihg"), RULES.replace("mail.subject", "mail.subjct"),
                 RULES.replace("ticket-created", "ticket-create"), RULES + RULES,
                 RULES + 'test "x" { given mail from "a@b.example" subject "Printer" expect priority low }\n']
        for rules in wrong:
            done = self.desk.run("rules", "apply", self.write(rules, receipt=RECEIPT % 4))
            self.assertEqual(done.returncode, 65, done.stdout + done.stderr)
        priority, text = self.priority("Printer four")
        self.assertEqual(priority, "high")
        self.assertIn("Version 3 of our thanks.", text)

    def test_a_template_of_the_version_can_be_an_answer(self):
        self.apply('rule "reset" { on ticket-created if mail.subject ~ /vpn/i then answer vpn-reset }\n',
                   **{"vpn-reset": "Subject: Your VPN [#{{number}}]\n\nPress the button twice, {{recipient}}.\n"})
        anna = self.person()
        self.desk.postdesk("contact", "add", anna, "--name", "Anna", "--confirmed")
        row, answer = self.new_ticket(anna, "VPN is stuck")
        self.assertEqual(answer["Subject"], f"Your VPN [#{row['ticket']}]")
        self.assertIn("Press the button twice", answer.get_body().get_content())
        self.assertIn(("vpn-reset", anna, "sent"), self.outbound(row["id"]))

    def test_what_rules_did_stands_in_the_stats(self):
        self.apply(RULES.replace('"printers"', '"counted printers"'))
        self.priority("Printer five")
        self.priority("Printer six")

        def there():
            rows = self.desk.json("rules", "stats")
            return [row for row in rows if row["rule"] == "counted printers" and row["fired"] == 2]
        row, = wait_for("the sums", there, 20)
        self.assertEqual(row["faults"], 0)
        self.assertTrue(row["last_at"])

    def test_a_rule_calls_a_web_hook(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        server.bodies = []
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.desk.write_secret("hooks", "shared")
        for name, value in (("secret", "hooks"), ("private", "yes"), ("http", "yes")):
            self.desk.postdesk("setting", "set", f"web-hook-{name}", value)
        url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        self.apply(RULES.replace("set priority high", f'set priority high; web-hook "{url}"'))
        row, _ = self.new_ticket(self.person(), "Printer seven")
        body = wait_for("the body", lambda: server.bodies)[0]
        self.assertEqual((body["event"], body["rule"], body["mail"]), ("ticket-created", "printers", row["id"]))
        self.assertEqual(body["ticket"]["number"], row["ticket"])
        self.assertEqual(body["ticket"]["priority"], "high")
        self.assertNotIn("Hello", json.dumps(body))
        wait_for("its end", lambda: self.desk.json("rules", "hooks", "--state", "sent"))
