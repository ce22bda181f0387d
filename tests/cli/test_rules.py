"""postdesk rules: what is checked, tested, applied and taken back, and by whom."""

import json
import pathlib
import sys
import tempfile

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

GOOD = """\
rule "printers are incidents" {
    on    ticket-created
    if    mail.subject ~ /drucker|printer/i
    then  set type incident
}

test "a printer mail is an incident" {
    given   mail from "anna@acme.example" subject "Drucker defekt"
    expect  type incident
}
"""

# Each is GOOD with one mistake, and what is said of it.
WRONG = {
    "an unknown event": (GOOD.replace("ticket-created", "ticket-creatd"), "a.rules:2:11", "ticket-created"),
    "an unknown field": (GOOD.replace("mail.subject", "mail.subjekt"), "a.rules:3:11", "mail.subject"),
    "an unknown value": (GOOD.replace("set type incident", "set type inzident"), "a.rules:4:20", "incident"),
    "a group that is not there": (GOOD.replace("set type incident", 'set group "Netz"'), "a.rules:4", "Netz"),
    "no end": (GOOD.replace("}\n\ntest", "\ntest"), "a.rules:", ""),
    "a failing test": (GOOD.replace("set type incident", "set type problem"), "a printer mail", ""),
    "two rules of one name": (GOOD + GOOD.split("\n\n", maxsplit=1)[0] + "\n", "a.rules:11:1", "printers"),
}
TESTED = pathlib.Path(__file__).resolve().parent.parent / "rules"  # a provider's rules, and wrong copies of them
NOTICE = "Subject: Danke\n\nWir haben {{subject}} bekommen.\n"


class RulesTest(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        folder = tempfile.TemporaryDirectory(prefix="pd-rules-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, files, into="rules"):
        folder = self.folder / into
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return str(folder)

    def live(self):
        return [row["version"] for row in self.json("rules", "history") if row["is_live"]]

    def apply(self, files, *more):
        return self.ok("rules", "apply", self.write(files, f"v{len(list(self.folder.iterdir()))}"), *more)

    # ---- check and test ---------------------------------------------------------------------

    def test_check_says_how_much_is_right(self):
        said = self.ok("rules", "check", self.write({"a.rules": GOOD, "notices/de/receipt.txt": NOTICE}))
        self.assertEqual(said, "1 rule in 2 files, no errors\n")
        self.assertEqual(self.json("rules", "check", str(self.folder / "rules")),
                         {"errors": [], "rules": 1, "files": 2})

    def test_check_tells_every_mistake_at_once_with_its_place(self):
        wrong = GOOD.replace("mail.subject", "mail.subjekt").replace("ticket-created", "ticket-creatd")
        folder = self.write({"a.rules": wrong, "b.rules": "rule {", "notices/de/receipt.txt": "{{subjekt}}"})
        said = self.fails(65, "rules", "check", folder)
        lines = said.strip().splitlines()
        self.assertTrue(all(line.startswith("error: ") for line in lines), said)
        for place in ("a.rules:2:", "a.rules:3:", "b.rules:1:", "notices/de/receipt.txt:1"):
            self.assertTrue(any(line.startswith(f"error: {place}") for line in lines), (place, said))
        done = self.desk.run("rules", "check", folder, "--json")
        self.assertEqual(done.returncode, 65)
        self.assertEqual(len(json.loads(done.stdout)["errors"]), len(lines))

    def test_check_knows_the_names_of_the_desk(self):
        rule = GOOD.replace("set type incident", 'set group "Network"')
        rule = rule[:rule.index("test")]
        folder = self.write({"a.rules": rule})
        self.fails(65, "rules", "check", folder, says="Network")
        self.ok("group", "add", "Network")
        self.ok("rules", "check", folder)

    def test_files_that_are_none_of_it_are_refused(self):
        for name in ("printers.rule", "sub/a.rules", "notices/receipt.txt", "notices/eng/a.txt", "A.rules"):
            with self.subTest(name):
                folder = self.write({"a.rules": GOOD, name: GOOD}, name.replace("/", "-"))
                self.fails(65, "rules", "check", folder, says="is no rule file", hints="NAME.rules")

    def test_what_editors_and_readers_leave_is_passed_over(self):
        folder = self.write({"a.rules": GOOD, ".git/config": "x", "a.rules~": "rule {", "README.md": "hello",
                             "notices/.swp": "x"})
        self.ok("rules", "check", folder)

    def test_a_folder_that_is_empty_or_missing_is_no_set_of_rules(self):
        self.fails(1, "rules", "check", str(self.folder / "nowhere"), says="there is no folder")
        (self.folder / "empty").mkdir()
        self.fails(65, "rules", "apply", str(self.folder / "empty"), says="no rule file", hints="rules show")

    def test_bytes_that_are_no_text_are_refused(self):
        folder = self.write({"a.rules": GOOD})
        for bad in (b"\xff\xfe", b"a\0b"):
            (pathlib.Path(folder) / "b.rules").write_bytes(bad)
            self.fails(65, "rules", "check", folder, says="no UTF-8 text")
        (pathlib.Path(folder) / "b.rules").write_bytes(b"#" * 1048577)
        self.fails(65, "rules", "check", folder, says="larger than")

    def test_without_a_folder_the_one_of_the_config_is_taken(self):
        text = self.desk.config_path.read_text()
        self.desk.config_path.write_text(f'{text}rules-dir "{self.write({"a.rules": GOOD})}"\n')
        self.assertIn("1 rule", self.ok("rules", "check"))
        self.assertIn("version 1 is live", self.ok("rules", "apply"))

    def test_test_runs_the_tests_and_says_why_not(self):
        folder = self.write({"a.rules": GOOD})
        said = self.ok("rules", "test", folder)
        self.assertIn("ok      a printer mail is an incident (a.rules:7)", said)
        self.assertTrue(said.endswith("1 passed, 0 failed\n"), said)
        folder = self.write({"a.rules": WRONG["a failing test"][0]}, "bad")
        done = self.desk.run("rules", "test", folder)
        self.assertEqual(done.returncode, 65)
        self.assertIn("FAILED  a printer mail is an incident", done.stdout)
        self.assertIn("problem", done.stdout)
        self.assertIn("0 passed, 1 failed", done.stdout)
        done = self.desk.run("rules", "test", folder, "--json")
        result, = json.loads(done.stdout)
        self.assertEqual((result["passed"], result["place"]), (False, "a.rules:7"))
        self.assertTrue(result["why_not"])

    # ---- apply ------------------------------------------------------------------------------

    def test_the_programs_own_rules_are_live_at_first(self):
        self.assertEqual(self.json("rules", "history"), [])
        shown = self.json("rules", "show")
        self.assertEqual((shown["version"], [file["file"] for file in shown["files"]]), (0, ["default.rules"]))

    def test_the_programs_own_rules_are_good_ones(self):
        folder = str(self.folder / "own")
        self.ok("rules", "show", "--output", folder, "--notices")
        self.ok("rules", "check", folder)
        self.ok("rules", "test", folder)
        self.assertTrue((self.folder / "own/notices/en/receipt.txt").is_file())

    def test_apply_makes_a_version_and_says_what_it_changes(self):
        said = self.apply({"a.rules": GOOD}, "--why", "printers")
        self.assertIn("version 1 is live, after version 0", said)
        self.assertIn("added    a.rules (+10 -0)", said)
        self.assertIn("removed  default.rules", said)
        self.apply({"a.rules": GOOD.replace("|printer/i", "/i"), "notices/de/receipt.txt": NOTICE})
        one, two = self.json("rules", "history")
        self.assertEqual((one["version"], one["why"], one["is_live"], one["files"], one["notices"]),
                         (1, "printers", False, 1, 0))
        self.assertEqual((two["version"], two["is_live"], two["notices"]), (2, True, 1))
        logged = self.json("log", "--object", "rules")
        self.assertEqual([(row["what"], row["old"], row["new"]) for row in logged],
                         [("applied", "0", "1"), ("applied", "1", "2")])

    def test_applying_the_same_again_makes_no_version(self):
        self.apply({"a.rules": GOOD})
        self.assertIn("nothing has changed: version 1 stays live", self.apply({"a.rules": GOOD}))
        self.assertEqual(self.live(), [1])

    def test_a_wrong_set_is_refused_and_what_is_live_stays(self):
        self.apply({"a.rules": GOOD})
        before = self.sql("select md5(string_agg(t::text, ',' order by t::text)) from rule_file t")
        for name, (text, place, hint) in WRONG.items():
            with self.subTest(name):
                folder = self.write({"a.rules": text}, name.replace(" ", "-"))
                done = self.desk.run("rules", "apply", folder)
                self.assertEqual(done.returncode, 65, done.stdout + done.stderr)
                self.assertIn(place, done.stdout + done.stderr)
                self.assertIn(hint, done.stdout + done.stderr)
                self.assertEqual(self.live(), [1])
        self.assertEqual(self.sql("select count(*) from rule_version"), "1")
        self.assertEqual(
            self.sql("select md5(string_agg(t::text, ',' order by t::text)) from rule_file t"), before)

    def test_a_wrong_notice_is_refused_too(self):
        folder = self.write({"a.rules": GOOD, "notices/en/receipt.txt": "Subject: x\n\n{{#if subject}}\n"})
        self.fails(65, "rules", "apply", folder, says="notices/en/receipt.txt:")
        self.assertEqual(self.live(), [])

    def make_providers_desk(self):
        """What the rules of tests/rules/msp name."""
        for group in "service network server telephony datev onboarding backoffice".split():
            self.sql(f"insert into technician_group (name) values ('{group}')")
        for person in ("ben", "carla", "dirk"):
            self.ok("technician", "add", f"{person}@desk.example", "--name", person)
        self.sql("insert into ticket_status values ('waiting-vendor', 'pending'), ('on-site', 'open');"
                 "insert into field (name, contacts, kind, choices) values ('order', 'hidden', 'text', '{}'),"
                 " ('device', 'hidden', 'text', '{}'), ('host', 'hidden', 'text', '{}'),"
                 " ('site', 'hidden', 'choice', '{berlin,hamburg,home}'), ('seats', 'hidden', 'number', '{}'),"
                 " ('starts', 'hidden', 'date', '{}')")

    def test_a_providers_rules_are_applied_and_every_wrong_copy_is_refused(self):
        self.make_providers_desk()
        good = {path.name: path.read_text() for path in (TESTED / "msp").glob("*.rules")}
        good |= {f"notices/en/{name}.txt": NOTICE.replace("{{subject}}", "x") for name in ("after-hours", "vpn-reset")}
        self.assertIn("version 1 is live", self.apply(good))
        wrong = sorted((TESTED / "wrong").glob("*.rules"))
        self.assertGreaterEqual(len(wrong), 5)
        before = self.json("rules", "show")
        for path in wrong:
            with self.subTest(path.name):
                text = path.read_text()
                lines = set(text.splitlines())
                copied = max((name for name in good if name.endswith(".rules")),
                             key=lambda name: len(lines & set(good[name].splitlines())))
                folder = self.write({**good, copied: text}, path.stem)
                done = self.desk.run("rules", "apply", folder)
                self.assertEqual(done.returncode, 65, done.stdout + done.stderr)
                self.assertIn("FAILED", done.stdout)
                self.assertIn("nothing was applied", done.stderr)
                self.assertEqual(self.live(), [1])
        self.assertEqual(self.json("rules", "show"), before)

    # ---- the past ---------------------------------------------------------------------------

    def test_diff_shows_what_changed_between_versions(self):
        self.apply({"a.rules": GOOD})
        self.apply({"a.rules": GOOD.replace("|printer/i", "/i"), "b.rules": "# more\n"})
        said = self.ok("rules", "diff")
        self.assertIn("-    if    mail.subject ~ /drucker|printer/i\n+    if    mail.subject ~ /drucker/i\n", said)
        self.assertIn("--- /dev/null\n+++ b.rules\n@@ -0,0 +1 @@\n+# more", said)
        self.assertIn("+    if    mail.subject ~ /drucker|printer/i", self.ok("rules", "diff", "2", "1"))
        self.assertIn("are the same", self.ok("rules", "diff", "2"))
        self.assertIn("/dev/null", self.ok("rules", "diff", "0", "1"))
        changes = self.json("rules", "diff", "1", "2")["changes"]
        self.assertEqual([(one["file"], one["what"], one["added"], one["removed"]) for one in changes],
                         [("a.rules", "changed", 1, 1), ("b.rules", "added", 1, 0)])
        self.fails(1, "rules", "diff", "9", says="no version 9")
        self.fails(65, "rules", "diff", "one")

    def test_rollback_is_a_new_version_with_an_old_content(self):
        self.fails(1, "rules", "rollback", says="no version was ever applied")
        self.apply({"a.rules": GOOD})
        self.apply({"a.rules": GOOD, "b.rules": "# more\n"})
        said = self.ok("rules", "rollback")
        self.assertIn("version 3 is live, after version 2", said)
        self.assertIn("removed  b.rules", said)
        self.assertEqual(self.live(), [3])
        self.assertEqual(self.json("rules", "history")[2]["restores"], 1)
        self.assertIn("are the same", self.ok("rules", "diff", "1", "3"))
        self.assertIn("version 4 is live", self.ok("rules", "rollback", "0"))
        self.assertEqual([file["file"] for file in self.json("rules", "show")["files"]], ["default.rules"])
        self.assertIn("nothing has changed", self.ok("rules", "rollback", "0"))
        self.fails(1, "rules", "rollback", "9", says="no version 9")

    def test_rollback_works_although_the_desk_has_lost_a_name(self):
        self.ok("group", "add", "Network")
        rule = 'rule "all" {\n    on ticket-created\n    then set group "Network"\n}\n'
        self.apply({"a.rules": rule})
        self.apply({"a.rules": "# none\n"})
        self.ok("group", "remove", "Network")
        self.assertIn("version 3 is live", self.ok("rules", "rollback", "1"))

    def test_show_writes_what_apply_takes(self):
        files = {"a.rules": GOOD, "notices/de/receipt.txt": NOTICE}
        self.apply(files)
        self.apply({"a.rules": "# nothing\n"})
        out = self.folder / "out"
        self.assertIn("2 files written", self.ok("rules", "show", "1", "--output", str(out)))
        for name, text in files.items():
            self.assertEqual((out / name).read_text(), text)
        self.fails(65, "rules", "show", "--output", str(out), says="something is in")
        self.assertIn("version 3 is live", self.ok("rules", "apply", str(out)))
        self.assertIn("set type incident", self.ok("rules", "show"))

    # ---- what they do -----------------------------------------------------------------------

    def test_stats_add_up_what_the_processes_saw(self):
        self.apply({"a.rules": GOOD})
        self.sql("insert into rule_stat (version, rule, worker, fired, faults, runs, cost_us, last_fault, fault_at)"
                 " values (1, 'printers', 'h intake 0', 2, 1, 9, 90, 'too slow', now()),"
                 " (1, 'printers', 'h intake 1', 3, 0, 1, 10, null, null), (2, 'other', 'h', 1, 0, 1, 1, null, null)")
        row, = self.json("rules", "stats")
        self.assertEqual((row["rule"], row["fired"], row["faults"], row["runs"], row["cost_us"], row["last_fault"]),
                         ("printers", 5, 1, 10, 100, "too slow"))
        self.assertIn("too slow", self.ok("rules", "stats", "1"))
        self.assertEqual(len(self.json("rules", "stats", "2")), 1)

    def test_hooks_are_listed_and_tried_again(self):
        self.sql("insert into web_hook_call (rule, event, url, body, state, ended_at, answer) values"
                 " ('tell', 'resolved', 'https://a.example/', '{}', 'failed', now(), '404 no'),"
                 " ('tell', 'resolved', 'https://b.example/', '{}', 'sent', now(), '200 ok'),"
                 " ('tell', 'resolved', 'https://c.example/', '{}', 'queued', null, null)")
        self.assertEqual([row["state"] for row in self.json("rules", "hooks")], ["failed", "sent", "queued"])
        failed, = self.json("rules", "hooks", "list", "--state", "failed")
        self.assertEqual((failed["answer"], failed["url"]), ("404 no", "https://a.example/"))
        self.ok("rules", "hooks", "retry", str(failed["call"]))
        self.assertEqual(self.json("rules", "hooks", "--state", "failed"), [])
        self.fails(65, "rules", "hooks", "retry", str(failed["call"] + 1), says="was sent")
        self.fails(1, "rules", "hooks", "retry", "99")
        self.fails(65, "rules", "hooks", "retry", says="say which call")
        self.fails(65, "rules", "hooks", "--state", "lost", says="none of")
        self.fails(65, "rules", "hooks", "drop", says="list")
