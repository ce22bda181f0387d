"""Rules that are live, and what they make of mail, of commands and of the time."""

import pathlib
import tempfile
import time

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail
from harness.waiting import wait_for

RULES = r"""
rule "receipt" {
    on    ticket-created
    if    not mail.subject ~ /quiet/
    then  answer receipt
}
rule "no prizes" {
    on    mail-received
    if    mail.subject ~ /^prize/i
    then  spam
}
rule "no newsletters" {
    on    mail-received
    if    mail.subject ~ /newsletter/i
    then  reject rejected
}
rule "look first" {
    on    mail-received
    if    mail.subject ~ /dangerous/ or mail.header.x-scan = "virus"
    then  hold "a scanner found something"
}
rule "orders" {
    on    ticket-created
    if    mail.subject ~ /order (?<order>[0-9]+)/i
    then  set product "order $order"; set priority high; tag order; note "order number $order"
}
rule "first wins" {
    on    ticket-created
    if    mail.subject ~ /order/i
    then  set priority low; set type request
}
rule "printers" {
    on    ticket-created
    if    mail.subject ~ /drucker/i
    then  assign "ben@desk.example"; set group "Print"; answer text "Is it switched on?"
}
rule "by turns" {
    on    ticket-created
    if    mail.subject ~ /turn/
    then  assign round-robin "Net"
}
rule "least" {
    on    ticket-created
    if    mail.subject ~ /loaded/
    then  assign least-loaded "Net"
}
rule "reopen" {
    on    customer-replied
    if    ticket.status in (pending, resolved) and not mail.is-thanks
    then  set status open
}
rule "form" {
    on    mail-received
    if    mail.from = "forms@shop.example"
    then  requester from reply-to; set type request
}
rule "cc the boss" {
    on    ticket-created
    if    mail.subject ~ /boss/
    then  add cc "boss@acme.example"; notify assignee "too late"; notify "ben@desk.example" "the boss reads this"
}
rule "resolved" {
    on    resolved
    then  tag done; answer status-changed
}
rule "closed things" {
    on    status-changed
    if    ticket.status changed from open to pending
    then  note "we wait"
}
rule "runs for minutes" {
    on    ticket-created
    if    mail.subject ~ /hostile/ and mail.body ~ /\w+\d/
    then  tag never
}
rule "waits too long" {
    on    every 1m
    if    ticket.tags = stale and ticket.age >= 1s
    then  set priority critical; untag stale; set group "Net"
}
rule "old ones" {
    on    every 1m
    if    ticket.product = "once" and ticket.status != closed
    then  note "seen by time"
}
"""


class Rules(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for group, members in (("Print", ["ben"]), ("Net", ["ben", "tara"])):
            cls.desk.postdesk("group", "add", group)
            for member in members:
                cls.desk.postdesk("group", "member", "add", group, f"{member}@desk.example")
        with tempfile.TemporaryDirectory() as place:
            pathlib.Path(place, "desk.rules").write_text(RULES, encoding="utf-8")
            cls.desk.postdesk("rules", "apply", place)

    def open(self, subject, sender=None, **fields):
        sender = sender or self.person()
        return self.send(Mail(sender=sender, to=self.desk.address, subject=subject, **fields))

    def fired(self, number):
        rows = self.desk.rows("select rule from activity where ticket = :'v1' and what = 'rule' order by id",
                              number)
        return [row["rule"] for row in rows]

    def notices(self, row):
        return [(notice, address) for notice, address, _ in self.outbound(row["id"])]

    def test_spam_is_rejected_and_nobody_is_told(self):
        row = self.open("Prize: you won")
        self.assertEqual((row["state"], row["outcome"]), ("rejected", "rejected"))
        self.assertEqual(self.desk.rows("select is_spam from inbound_mail where id = :'v1'",
                                        row["id"])[0]["is_spam"], True)
        self.assertEqual(self.outbound(row["id"]), [])

    def test_a_rejection_tells_a_sender_who_is_proved_and_nobody_else(self):
        anna = self.person()
        self.open("Printer", anna)
        row = self.open("Our Newsletter", anna)
        self.assertEqual(row["state"], "rejected")
        self.assertEqual(self.notices(row), [("rejected", anna)])
        box = self.box(anna)
        wait_for("the rejection", lambda: [m for m in post.inbox(self.servers, anna)
                                           if "was not taken" in post.header(m, "Subject")])
        del box
        row = self.send(Mail(sender=anna, to=self.desk.address, subject="newsletter"), proof="none")
        self.assertEqual((row["state"], self.notices(row)), ("rejected", []))

    def test_held_mail_can_be_released_and_is_not_held_again(self):
        row = self.open("dangerous thing")
        self.assertEqual((row["state"], self.held_for(row)), ("held", "rule"))
        self.assertIn("rule", self.desk.postdesk("held", "list"))
        self.desk.postdesk("held", "release", row["id"])
        row = wait_for("its release", lambda: self.filed(row["id"]))
        self.assertEqual(row["outcome"], "new")

    def held_for(self, row):
        return self.desk.value("select held_for from inbound_mail where id = :'v1'", row["id"])

    def filed(self, mail):
        rows = self.desk.rows("select * from inbound_mail where id = :'v1' and state = 'filed'", mail)
        return rows[0] if rows else None

    def test_a_header_field_can_hold_a_mail(self):
        row = self.open("hello", headers=[("X-Scan", "Virus")])
        self.assertEqual((row["state"], self.held_for(row)), ("held", "rule"))

    def test_fields_tags_and_notes_follow_the_words_of_a_mail(self):
        row = self.open("Order 4711 is late")
        ticket = self.ticket(row["ticket"])
        self.assertEqual((ticket["product"], ticket["priority"], ticket["type"]),
                         ("order 4711", "high", "request"))
        self.assertEqual(ticket["tags"], ["order"])
        notes = self.desk.rows("select body, rule from comment where ticket = :'v1' and author is null",
                               row["ticket"])
        self.assertEqual([(note["body"], note["rule"]) for note in notes],
                         [("order number 4711", "orders")])
        self.assertEqual(self.fired(row["ticket"]), ["receipt", "orders", "first wins"])

    def test_only_the_assignee_hears_of_what_a_rule_assigns(self):
        anna = self.person()
        self.open("hello", anna)
        row = self.open("Drucker defekt", anna)
        ticket = self.ticket(row["ticket"])
        self.assertEqual(ticket["assignee_address"], "ben@desk.example")
        self.assertEqual(self.notices(row), [("new-ticket", "ben@desk.example"), ("receipt", anna),
                                             ("rule-mail", anna)])
        found = wait_for("the answer", lambda: [m for m in self.mails(anna) if "switched on" in post.text_of(m)])
        self.assertIn(f"[#{row['ticket']}]", post.header(found[0], "Subject"))

    def mails(self, address):
        return post.inbox(self.servers, address)

    def test_without_the_receipt_rule_there_is_none(self):
        row = self.open("quiet please")
        self.assertNotIn("receipt", [notice for notice, _ in self.notices(row)])

    def test_turns_go_round(self):
        people = [self.ticket(self.open(f"turn {i}")["ticket"])["assignee_address"] for i in range(4)]
        self.assertEqual(len(set(people)), 2)
        self.assertEqual(people[:2], people[2:])

    def test_a_batch_is_shared_out(self):
        before = self.load()
        anna = [self.person() for _ in range(6)]
        ids = [post.send(self.servers, Mail(sender=who, to=self.desk.address, subject="loaded")) for who in anna]
        for one in ids:
            self.desk.wait_decided(one)
        after = self.load()
        got = [after.get(name, 0) for name in ("ben@desk.example", "tara@desk.example")]
        self.assertEqual(sum(after.values()) - sum(before.values()), 6)
        self.assertLessEqual(abs(got[0] - got[1]), max(abs(before.get("ben@desk.example", 0) -
                                                           before.get("tara@desk.example", 0)) - 6, 2))

    def load(self):
        rows = self.desk.rows("select a.address, count(*) as n from ticket t join person_address a"
                              " on a.person = t.assignee and a.position = 1"
                              " where t.status in ('open', 'pending') group by 1")
        return {row["address"]: int(row["n"]) for row in rows}

    def test_a_reply_opens_a_resolved_ticket_and_thanks_do_not(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna)
        self.desk.postdesk("ticket", "set", row["ticket"], "status=resolved")
        self.assertEqual(self.ticket(row["ticket"])["tags"], ["done"])
        self.send(post.reply(receipt, anna, "Thank you!"))
        self.assertEqual(self.ticket(row["ticket"])["status"], "resolved")
        self.send(post.reply(receipt, anna, "It is broken again."))
        self.assertEqual(self.ticket(row["ticket"])["status"], "open")
        self.assertEqual(self.fired(row["ticket"])[-1], "reopen")
        log = self.desk.rows("select rule, from_value, to_value from activity where ticket = :'v1'"
                             " and what = 'status' order by id", row["ticket"])
        self.assertEqual([(line["rule"], line["from_value"], line["to_value"]) for line in log],
                         [(None, "open", "resolved"), ("reopen", "resolved", "open")])

    def test_a_change_by_command_fires_rules(self):
        anna = self.person()
        row, _ = self.new_ticket(anna)
        self.desk.postdesk("ticket", "set", row["ticket"], "status=pending")
        self.assertEqual(self.fired(row["ticket"])[-1], "closed things")
        self.desk.postdesk("ticket", "set", row["ticket"], "status=pending")
        self.assertEqual(self.fired(row["ticket"]).count("closed things"), 1)
        self.desk.postdesk("ticket", "set", row["ticket"], "status=resolved")
        found = wait_for("the notice", lambda: [m for m in self.mails(anna) if "is now: resolved" in post.text_of(m)])
        self.assertRegex(post.header(found[0], "Auto-Submitted"), "^auto-")

    def test_a_web_form_is_its_writers_ticket(self):
        writer = self.person()
        self.servers.add_user("forms@shop.example")
        row = self.send(Mail(sender="forms@shop.example", to=self.desk.address, subject="contact form",
                             headers=[("Reply-To", writer)]))
        ticket = self.ticket(row["ticket"])
        self.assertEqual((ticket["requester_address"], ticket["type"]), (writer, "request"))
        self.assertIn(("acknowledgement", writer), self.notices(row))
        self.assertNotIn("forms@shop.example", [address for _, address in self.notices(row)])

    def test_people_are_brought_in_and_alerted(self):
        self.servers.add_user("boss@acme.example")
        row = self.open("boss should know")
        parts = self.desk.rows("select a.address from participant p join person_address a on a.person = p.person"
                               " where p.ticket = :'v1'", row["ticket"])
        self.assertIn("boss@acme.example", [part["address"] for part in parts])
        self.assertIn(("rule-alert", "ben@desk.example"), self.notices(row))
        wait_for("the alert", lambda: [m for m in self.mails("ben@desk.example")
                                       if "the boss reads this" in post.text_of(m)])

    def test_a_pattern_that_would_run_for_minutes_costs_little_and_the_mail_is_filed(self):
        row = self.open("hostile words", text="a" * 60000 + "\r\n")
        self.assertEqual((row["state"], row["outcome"]), ("filed", "new"))
        self.assertEqual(self.fired(row["ticket"]), ["receipt"])
        (fault,) = self.desk.rows("select rule, to_value from activity where ticket = :'v1'"
                                  " and what = 'rule-failed'", row["ticket"])
        self.assertEqual(fault["rule"], "runs for minutes")
        self.assertRegex(fault["to_value"], r"desk\.rules:\d+:\d+: .*100 ms")
        self.assertIn("runs for minutes", self.desk.postdesk("why", row["id"]))
        stat = wait_for("the count of the fault", lambda: [
            one for one in self.desk.json("rules", "stats") if one["rule"] == "runs for minutes" and one["faults"]])[0]
        self.assertEqual(stat["fired"], 0)
        # The bound is 100 ms of the processor; this is the wall's clock, on a machine that tests. Unbound it takes 45 s.
        self.assertLess(stat["cost_us"], 2_000_000 * stat["faults"])

    def ask_the_time(self):
        """A tend that starts asks all rules of the time at once, and not after their minute."""
        self.desk.stop()
        self.desk.start()

    def test_time_fires_once_a_ticket_until_the_condition_was_false(self):
        row, _ = self.new_ticket(self.person())
        self.desk.postdesk("ticket", "set", row["ticket"], "product=once", "tag+=stale")
        time.sleep(1)
        self.ask_the_time()
        wait_for("the rules of the time", lambda: sorted(self.fired(row["ticket"]))[:2] == [
            "old ones", "receipt"] and self.ticket(row["ticket"])["priority"] == "critical")
        self.assertEqual(self.ticket(row["ticket"])["tags"], [])
        self.assertEqual(self.desk.json("ticket", "show", row["ticket"])["group"], "Net")
        other, _ = self.new_ticket(self.person())
        self.desk.postdesk("ticket", "set", other["ticket"], "product=once")
        self.ask_the_time()
        wait_for("the second round", lambda: "old ones" in self.fired(other["ticket"]))
        self.assertEqual(self.fired(row["ticket"]).count("old ones"), 1)
        self.desk.postdesk("ticket", "set", row["ticket"], "product=twice")
        self.ask_the_time()
        wait_for("its mark to go", lambda: not self.desk.rows(
            "select 1 as x from rule_fired where ticket = :'v1' and rule = 'old ones'", row["ticket"]))
        self.desk.postdesk("ticket", "set", row["ticket"], "product=once")
        self.ask_the_time()
        wait_for("the second time", lambda: self.fired(row["ticket"]).count("old ones") == 2)

    def test_why_names_the_rules(self):
        row = self.open("Order 99")
        why = self.desk.postdesk("why", row["id"])
        self.assertIn('rule "orders"', why)
