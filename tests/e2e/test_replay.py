"""`postdesk replay`: stored mail under other rules and settings; nothing differs but what the wish concerns."""

import pathlib
import tempfile

from harness.case import DeskCase
from harness.planted import plant, raw_mail, wait_all_decided

RULES = """\
rule "printers" {
    on    ticket-created
    if    mail.subject ~ /printer/i
    then  set type incident; tag "hardware"
}

rule "answers wake" {
    on    customer-replied
    then  set status open
}
"""
MAILS = 300
KINDS = ["Printer jams", "Invoice is wrong", "VPN does not start", "Printer is loud", "Toner is low"]
TABLES = ("inbound_mail", "ticket", "comment", "outbound_mail", "person", "thread_key", "activity",
          "web_hook_call", "rule_version", "change_log")


class Replay(DeskCase):
    settings = {"senders": "0"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="pd-replay-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.desk.lift_limits()
        for address in ("strangers-tickets", "stranger-address-day", "stranger-domain-hour", "stranger-hour"):
            cls.desk.postdesk("setting", "set", f"limit-{address}", "0")
        cls.desk.postdesk("rules", "apply", cls.write(RULES))
        cls.plant_mails()
        cls.change_the_desk()

    @classmethod
    def plant_mails(cls):
        """Tickets of contacts and strangers, then answers to every third."""
        raws, answers = [], []
        for n in range(MAILS):
            sender = f"user{n % 40}@acme.example" if n % 5 else f"somebody{n}@far.test"
            raws.append(raw_mail(cls.desk, sender, f"{KINDS[n % len(KINDS)]} {n}", f"Text of mail {n}.", n))
            if n % 3 == 0:
                answers.append(raw_mail(cls.desk, sender, f"Re: {KINDS[n % len(KINDS)]} {n}", f"One more word on {n}.",
                                        f"{n}-answer", f"In-Reply-To: <planted-{n}@{sender.rpartition('@')[2]}>"))
        plant(cls.desk, raws)
        wait_all_decided(cls.desk)
        cls.desk.sql("update ticket set status = 'pending'")
        plant(cls.desk, answers, MAILS + 1)
        wait_all_decided(cls.desk)
        cls.all = cls.desk.value("select count(*) from inbound_mail where records is not null")

    @classmethod
    def change_the_desk(cls):
        """Nothing is as it was when the mails came."""
        cls.desk.sql("update ticket set status = 'closed', closed_at = now() - interval '90 days',"
                     " priority = 'critical', tags = '{old}' where id % 2 = 0")
        cls.desk.sql("update person set is_disabled = true, is_confirmed = false where id % 3 = 0")
        cls.desk.sql("delete from person_address where person in (select id from person where id % 4 = 0)")
        cls.desk.sql("delete from customer_domain")
        cls.desk.postdesk("technician", "set", "tara@desk.example", "--disable")
        cls.desk.postdesk("contact", "add", "newcomer@other.test", "--name", "Nell New")

    @classmethod
    def write(cls, *texts):
        """A folder of its own with these rule files."""
        folder = pathlib.Path(tempfile.mkdtemp(dir=cls.folder))
        for i, text in enumerate(texts):
            (folder / f"{i}.rules").write_text(text)
        return str(folder)

    def replay(self, *arguments):
        return self.desk.json("replay", *arguments)

    def rules(self, text, *arguments):
        return self.replay("--rules", self.write(text), *arguments)

    def mails(self, where, *values):
        return [row["id"] for row in self.desk.rows(
            f"select id from inbound_mail where {where} order by id", *values)]

    def state(self):
        return [self.desk.value(f"select coalesce(md5(string_agg(t::text, '' order by t::text)), '') from {table} t")
                for table in TABLES]

    def test_under_unchanged_rules_nothing_differs_whatever_became_of_the_desk(self):
        said = self.rules(RULES)
        self.assertEqual(said["differences"], [])
        self.assertEqual((said["different"], said["without_records"], said["unread"], said["faults"]), (0, 0, 0, 0))
        self.assertEqual(said["mails"], self.all)
        self.assertGreaterEqual(said["mails"], MAILS + MAILS // 3)

    def test_that_it_looks_at_the_rules_at_all_is_seen_by_leaving_them_out(self):
        said = self.rules("# none\n")
        fired = self.mails("id in (select mail from activity where rule is not null)")
        self.assertEqual([one["mail"] for one in said["differences"]], fired)
        self.assertGreater(len(fired), MAILS // 3)

    def test_under_one_changed_rule_exactly_the_mails_differ_that_it_concerns(self):
        said = self.rules(RULES.replace("/printer/i", "/printer|toner/i"))
        want = self.mails("subject like 'Toner%'")
        self.assertEqual([one["mail"] for one in said["differences"]], want)
        self.assertGreater(len(want), 50)
        for one in said["differences"]:
            self.assertEqual((one["rules"], one["was"]), (["printers"], []))
            self.assertEqual([line.rpartition(" on ")[0] for line in one["would_be"]],
                             ['set tag "hardware"', 'set type "incident"', 'the rule "printers" fires'])

    def test_a_rule_for_answers_concerns_the_answers(self):
        said = self.rules(RULES.replace("set status open", "set priority high"))
        want = self.mails("subject like 'Re:%' and outcome <> 'new'")
        self.assertEqual([one["mail"] for one in said["differences"]], want)
        self.assertGreater(len(want), 50)
        self.assertIn('set status "open"', said["differences"][0]["was"][0])
        self.assertIn('set priority "high"', said["differences"][0]["would_be"][0])

    def test_a_rule_that_holds_mail_changes_what_becomes_of_it(self):
        said = self.rules(RULES + 'rule "vpn" { on mail-received if mail.subject ~ /^VPN/ then hold }\n')
        self.assertEqual([one["mail"] for one in said["differences"]], self.mails("subject like 'VPN%'"))
        self.assertTrue(any("held" in line for line in said["differences"][0]["would_be"]), said["differences"][0])

    def test_another_order_or_layout_of_the_same_rules_is_no_difference(self):
        first, second = RULES.split("\n\n")
        self.assertEqual(self.replay("--rules", self.write(second, first))["differences"], [])

    def test_what_only_the_new_rules_name_is_looked_up(self):
        said = self.rules(RULES + 'rule "carl hears" { on ticket-created if mail.subject ~ /^Invoice/'
                          ' then add cc "newcomer@other.test" }\n')
        want = self.mails("subject like 'Invoice%' and outcome = 'new'")
        self.assertEqual([one["mail"] for one in said["differences"]], want)
        self.assertTrue(any("newcomer@other.test" in line for line in said["differences"][0]["would_be"]),
                        said["differences"][0])

    def test_a_pattern_that_runs_for_ever_is_counted_as_a_fault(self):
        said = self.rules(RULES + 'rule "slow" { on ticket-created if mail.body ~ /^(([a-z ]+)+)+$/ then tag "x" }\n')
        self.assertEqual(said["mails"], self.all)

    def test_settings_are_tried_in_the_same_way(self):
        strangers = self.mails("from_address like '%@far.test' and outcome = 'new'")
        said = self.replay("--setting", "unknown-senders=hold")
        self.assertEqual([one["mail"] for one in said["differences"]], strangers)
        self.assertEqual(self.replay("--setting", "unknown-senders=ticket")["differences"], [])
        path = self.folder / "settings"
        path.write_text("# tried\nunknown-senders reject\nclosing-limit 5\n")
        said = self.replay("--settings", path)
        self.assertEqual([one["mail"] for one in said["differences"]], strangers)
        self.desk.postdesk("setting", "set", "unknown-senders", "hold")
        try:
            self.assertEqual(self.replay("--setting", "unknown-senders=hold")["differences"], [])
            said = self.replay("--setting", "unknown-senders=ticket")
            self.assertEqual([one["mail"] for one in said["differences"]], strangers)
        finally:
            self.desk.postdesk("setting", "set", "unknown-senders", "ticket")

    def test_after_a_new_version_its_rules_are_what_it_is_compared_with(self):
        changed = RULES.replace("/printer/i", "/printer|toner/i")
        self.desk.postdesk("rules", "apply", self.write(changed))
        try:
            self.assertEqual(self.rules(changed)["differences"], [])
            self.assertEqual([one["mail"] for one in self.rules(RULES)["differences"]],
                             self.mails("subject like 'Toner%'"))
        finally:
            self.desk.postdesk("rules", "rollback")

    def test_it_changes_nothing(self):
        before = self.state()
        self.rules("# none\n")
        self.replay("--setting", "unknown-senders=reject")
        self.assertEqual(self.state(), before)

    def test_since_when_is_the_admins_choice(self):
        ids = self.mails("true")
        self.desk.sql("update inbound_mail set decided_at = now() - interval '40 days' where id <= :'v1'", ids[99])
        try:
            self.assertEqual(self.rules(RULES)["mails"], self.all - 100)
            self.assertEqual(self.rules(RULES, "--since", "50d")["mails"], self.all)
            self.assertEqual(self.rules(RULES, "--since", "all")["mails"], self.all)
        finally:
            self.desk.sql("update inbound_mail set decided_at = now()")

    def test_mail_whose_records_cannot_be_read_is_counted_and_passed_over(self):
        first, second = self.mails("true")[:2]
        self.desk.sql("create table kept as select id, records from inbound_mail where id in (:'v1', :'v2');"
                      " update inbound_mail set records = null where id = :'v1';"
                      " update inbound_mail set records = 'nonsense' where id = :'v2'", first, second)
        try:
            said = self.rules("# none\n")
            self.assertEqual(said["without_records"], 2)
            self.assertNotIn(first, [one["mail"] for one in said["differences"]])
        finally:
            self.desk.sql("update inbound_mail i set records = k.records from kept k where k.id = i.id;"
                          " drop table kept")

    def test_people_read_it_too(self):
        done = self.desk.run("replay", "--rules", self.write(RULES.replace("/printer/i", "/printer|toner/i")))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"(?m)^mail \d+, ticket #\d+: \S+@\S+: Toner is low 4$")
        self.assertRegex(done.stdout, r'(?m)^  \+ set type "incident" on the new ticket  \(rule "printers"\)$')
        self.assertRegex(done.stderr, r"^\d+ mails decided again in \d+\.\d s, \d+ differ\n$")
        done = self.desk.run("replay", "--rules", self.write(RULES))
        self.assertEqual(done.stdout, "")

    def test_it_wants_to_know_what_is_other(self):
        for arguments, code, says in (
                ([], 65, "say what would be other"), (["--setting", "unknown-senders"], 65, "NAME=VALUE"),
                (["--setting", "unknown-sender=hold"], 65, "no setting"),
                (["--settings", "/nowhere"], 1, "could not read"),
                (["--rules", self.write("rule {")], 65, "0.rules:1:"),
                (["--setting", "unknown-senders=hold", "--since", "soon"], 65, "soon")):
            done = self.desk.run("replay", *arguments)
            self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr}")
            self.assertIn(says, done.stderr)
