"""status and queue: what needs a person comes first, and what he can do about mail that waits. Without a daemon."""

import json
import os
import re
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

ANNA = "anna@acme.example"
AT_WORK = """insert into lease (name, holder, until) values ('tend', 'x', now() + interval '1 h'),
    ('fetch:1', 'x', now() + interval '1 h')"""


class Status(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.sql("""insert into mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host,
            smtp_port, smtp_security, secret) values ('support@desk.example', 'Desk', 'localhost', 993, 'u', 'tls',
            'localhost', 465, 'tls', 'support')""")

    def check(self, code, says=""):
        """What a monitor sees."""
        done = self.desk.run("status", "--check")
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[code]
        self.assertTrue(done.stdout.startswith(f"POSTDESK {word} - "), done.stdout)
        self.assertIn(says, done.stdout)
        return done.stdout

    def well(self):
        self.sql(AT_WORK)
        self.say("imap", "well", certificate_until="now() + interval '90 days'")

    def say(self, thing, state, says="", since="now()", **columns):
        names = "".join(f", {name}" for name in columns)
        values = "".join(f", {value}" for value in columns.values())
        self.sql(f"""insert into health (mailbox, thing, state, says, since{names})
            values (1, '{thing}', '{state}', '{says}', {since}{values}) on conflict (mailbox, thing) do update
            set state = excluded.state, says = excluded.says, since = excluded.since""")

    def troubles(self):
        return [(row["result"], row["what"]) for row in self.json("status")["troubles"]]

    def mail_out(self, address=ANNA, state="queued", age="1 min", attempt=0):
        ended = "now()" if state in ("sent", "failed") else "null"
        why = "'limit-address-hour'" if state == "suppressed" else "null"
        return int(self.sql(f"""insert into outbound_mail (nonce, mailbox, notice, address, address_key, domain,
            is_automatic, is_stranger, message_id, reason, queued_at, next_try_at, state, ended_at, attempt,
            suppressed_by, answer) values (1, 1, 'receipt', '{address}', '{address}', 'acme.example', true, false,
            gen_random_uuid(), 'r', now() - interval '{age}', now() + interval '4 min', '{state}', {ended},
            {attempt}, {why}, '451 4.3.0 later') returning id"""))

    def mail_in(self, state, age):
        self.sql(f"""insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,
            arrived_at, received_at, state, decided_at) values (1, 'INBOX', 7, (select count(*) + 1 from
            inbound_mail), '\\x01' || sha256('x'), 1, 'x', now(), now() - interval '{age}', '{state}',
            {"null" if state == "received" else "now()"})""")

    # ---- status ---------------------------------------------------------------------------------

    def test_a_desk_that_is_well(self):
        self.well()
        self.assertIn("1 mailbox | in=0 in_oldest=0s held=0 out=0", self.check(0))
        self.assertEqual(self.troubles(), [])
        text = self.ok("status")
        self.assertTrue(text.startswith("● the desk is well\n\nMAILBOX"), text)
        self.assertRegex(text, r"support@desk\.example +reading +- +0 +(89|90) d")

    def test_each_trouble_is_named_with_its_remedy(self):
        self.well()
        cases = (
            ("update lease set until = now() - interval '1 s' where name = 'tend'", 2, "postdeskd",
             "systemctl start postdeskd"),
            ("update lease set until = now() - interval '1 s' where name = 'fetch:1'", 1, "imap", "journalctl"),
            ("update health set state = 'lasting', says = 'wrong password'", 2, "imap", ""),
            ("update health set state = 'passing', says = 'no route'", 1, "imap", ""),
            ("update health set state = 'passing', says = 'no route', since = now() - interval '10 min'", 2, "imap",
             ""),
            ("update health set state = 'lasting', thing = 'move', says = 'quota'", 1, "move", ""),
            ("update health set certificate_until = now() + interval '10 days 12 h'", 1, "certificate", "renewed"),
            ("update health set certificate_until = now() + interval '36 h 30 min'", 2, "certificate", "renewed"),
            ("update health set skew_us = 90000000", 1, "clock", "timedatectl"),
            ("update health set skew_us = -900000000", 2, "clock", "timedatectl"),
            ("insert into measure values ('unaccounted', 3)", 2, "conservation", "audit --imap"),
            ("insert into mailbox_folder (mailbox, folder, uidvalidity, first_at) values"
             " (1, 'INBOX', 1, now() - interval '1 year'), (1, 'INBOX', 2, now())", 0, "folder", "audit --imap"),
            ("update mailbox set is_enabled = false", 0, "mailboxes", "mailbox add"),
            ("insert into rule_stat (version, rule, worker, fault_at) values (1, 'r', 'a', now())", 1, "rules",
             "rules stats"),
            ("with p as (insert into person (name, is_technician) values ('Ben', true) returning id) insert into"
             " person_address select 'b@x.example', 'b@x.example', id, 1, true from p", 1, "technician",
             "technician address"),
        )
        for statement, code, what, remedy in cases:
            with self.subTest(statement):
                self.sql("create schema kept; create table kept.h as table health; create table kept.l as table lease")
                self.sql(statement)
                self.check(code, "" if code == 0 else f"{what}: ")
                (found,) = self.json("status")["troubles"]
                self.assertEqual(found["what"], what)
                self.assertIn(remedy, found["hint"])
                self.assertIn(found["text"], self.ok("status"))
                self.sql("""delete from health; insert into health select * from kept.h; delete from lease;
                    insert into lease select * from kept.l; drop schema kept cascade; truncate measure, rule_stat;
                    delete from mailbox_folder; update mailbox set is_enabled = true; delete from person""")
                self.check(0)

    def test_mail_that_waits_is_judged_by_its_age(self):
        self.well()
        for state, age, code in (("received", "5 s", 0), ("received", "2 min", 1), ("received", "1 h", 2),
                                 ("held", "1 h", 0), ("held", "3 days", 1)):
            with self.subTest((state, age)):
                self.mail_in(state, age)
                self.check(code)
                self.sql("delete from inbound_mail")
        self.mail_out()
        self.check(0)
        self.sql("update outbound_mail set next_try_at = now() - interval '6 min'")
        self.check(2, "should have been sent")

    def test_the_worst_comes_first_and_all_are_told(self):
        self.well()
        self.mail_in("held", "1 h")
        self.say("move", "passing", "quota | full")
        self.say("smtp", "lasting", "login refused", "now() - interval '3 h'")
        self.assertEqual(self.troubles(), [("fault", "smtp"), ("warning", "move"), ("todo", "held")])
        lines = self.check(2, "smtp: mail does not leave: login refused (3 h) (and 1 more)").splitlines()
        self.assertEqual(lines[0].count("|"), 1, "one bar begins the numbers")
        self.assertEqual(lines[1], "support@desk.example move: mail is read, but stays in INBOX: quota / full (0 s)")
        text = self.ok("status")
        self.assertLess(text.index("FAULT"), text.index("WARNING"))
        self.assertIn("TODO     held: 1 mail is held and waits for a person (60 min)\n         → postdesk held list", text)

    def test_a_word_on_sending_is_forgotten_when_nothing_is_to_be_sent(self):
        self.well()
        self.say("smtp", "lasting", "login refused", "now() - interval '3 h'")
        self.sql("update health set said_at = now() - interval '1 h' where thing = 'smtp'")
        self.check(0)
        self.mail_out()
        self.check(2, "login refused")

    def test_what_cannot_be_found_out(self):
        config = self.desk.config_path
        text = config.read_text()
        config.write_text('database "host=/nonexistent dbname=x user=x"\n')
        self.check(2, "database: could not")
        self.assertEqual(self.desk.run("status").returncode, 75)
        self.assertIn("FAULT    database: could not", self.desk.run("status").stdout)
        config.write_text("nonsense 1\n")
        self.check(3, "unknown setting")
        config.unlink()
        self.check(3)
        config.write_text(text)
        self.sql("delete from schema_migration where version > 1")
        self.check(2, "schema")

    def test_colours_stand_on_terminals_only_and_not_where_they_are_unwanted(self):
        self.well()
        self.say("smtp", "lasting", "login refused")
        self.assertNotIn("\033", self.ok("status"))
        self.assertIn("\033[1;31mFAULT", self.on_terminal(100, "status", TERM="xterm"))
        for unwanted in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
            self.assertNotIn("\033", self.on_terminal(100, "status", **unwanted))

    def queue_on_terminal(self, **environment):
        """Without colours, and without the mail's age, which goes on."""
        return re.sub(r"\b[0-9]+ s\b", "N s", self.on_terminal(100, "queue", "list", NO_COLOR="1", **environment))

    def test_long_output_goes_through_the_pager_of_a_terminal(self):
        self.mail_out("a" * 60 + "@acme.example")
        paged = self.on_terminal(100, "queue", "list", PAGER="sed s/^/PAGED:/", TERM="xterm")
        self.assertTrue(paged.startswith("PAGED:\033[1mMAIL"), paged)
        self.assertTrue(all(line.startswith("PAGED:") for line in paged.splitlines()), paged)
        plain = self.queue_on_terminal()
        self.assertEqual(self.queue_on_terminal(PAGER="sed s/^/P:/").replace("P:", ""),
                         plain, "as wide, and all of it")
        self.assertLessEqual(max(map(len, plain.splitlines())), 100)
        for unwanted in ({"PAGER": "/nonexistent/pager"}, {"PAGER": ""},
                         {"PAGER": "sed s/^/P:/", "POSTDESK_PAGER": "cat"}):
            self.assertEqual(self.queue_on_terminal(**unwanted), plain)
        self.assertNotIn("P:", self.on_terminal(100, "queue", "list", "--json", PAGER="sed s/^/P:/"))

    # ---- queue ----------------------------------------------------------------------------------

    def states(self, *options):
        return {row["mail"]: row["state"] for row in self.json("queue", "list", *options)}

    def test_what_waits_is_listed_oldest_first_with_sums(self):
        self.assertEqual(self.ok("queue", "list"), "none\n")
        first, second = self.mail_out(age="3 h", attempt=2), self.mail_out("max@acme.example")
        self.assertEqual(self.states(), {first: "deferred", second: "waiting"})
        text = self.ok("queue", "list")
        self.assertRegex(text, rf"(?m)^ +{first}  deferred  3 h +{ANNA} +receipt +- +2 .* 451 4\.3\.0 later$")
        self.assertTrue(text.endswith("\n2 mails wait: 1 deferred\n"), text)
        self.assertEqual(self.states("--to", "MAX@acme.example"), {second: "waiting"})
        self.assertEqual(self.states("--mailbox", "other@desk.example"), {})
        failed, stopped = self.mail_out(state="failed"), self.mail_out(state="suppressed")
        self.assertEqual(self.states("--failed"), {failed: "failed"})
        (row,) = self.json("queue", "list", "--state", "suppressed")
        self.assertEqual((row["mail"], row["says"]), (stopped, "limit-address-hour"))
        self.fails(65, "queue", "list", "--state", "lost", hints="failed, suppressed")

    def test_held_back_then_released_then_dropped(self):
        mail = self.mail_out(attempt=1)
        self.assertEqual(self.ok("queue", "hold", mail), "1 mail held back\n")
        self.assertEqual(self.states(), {mail: "held"})
        self.assertIn("held back by ", self.json("queue", "list")[0]["says"])
        self.assertEqual(self.sql("select next_try_at = 'infinity' from outbound_mail"), "t", "no sender takes it")
        self.fails(65, "queue", "hold", mail, says="held back already")
        self.fails(65, "queue", "retry", mail, says="release it")
        self.assertIn("1 mail out is held back by a person", self.ok("status"))
        self.assertEqual(self.json("queue", "release", mail), {"mails": 1})
        self.assertEqual(self.states(), {mail: "deferred"})
        self.fails(65, "queue", "release", mail, says="nobody holds it back")
        self.ok("queue", "hold", "--all")
        self.ok("queue", "drop", mail)
        self.assertEqual(self.states(), {})
        self.assertRegex(self.json("queue", "list", "--state", "suppressed")[0]["says"], "^dropped by ")
        self.fails(65, "queue", "drop", mail, says="it was suppressed")
        self.assertEqual([row["what"] for row in self.json("log", "--object", "mail out")],
                         ["mail-held-back", "mail-released", "mail-held-back", "mail-dropped"])

    def test_tried_again_now_and_given_up_as_late_as_a_new_one(self):
        waiting = self.mail_out(age="4 days", attempt=7)
        failed = self.mail_out(state="failed", age="6 days", attempt=9)
        self.ok("queue", "retry", "--all")
        self.assertEqual(self.states("--failed"), {failed: "failed"})
        self.ok("queue", "retry", "--failed")
        rows = self.sql("""select id, attempt, next_try_at <= now(), now() - tried_from < interval '1 min',
            now() - queued_at > interval '3 days', ended_at is null from outbound_mail order by id""")
        self.assertEqual(rows, f"{waiting}|7|t|t|t|t\n{failed}|0|t|t|t|t")

    def test_a_mail_that_a_sender_has_is_left_to_him(self):
        mail, other = self.mail_out(), self.mail_out()
        self.sql(f"""update outbound_mail set lease_holder = 'x', lease_until = now() + interval '1 min'
            where id = {mail}""")
        self.assertEqual(self.states(), {mail: "sending", other: "waiting"})
        for move in ("hold", "drop"):
            self.fails(75, "queue", move, other, mail, says="being sent just now")
            self.assertEqual(self.states(), {mail: "sending", other: "waiting"}, "all or none")
        self.assertEqual(self.json("queue", "drop", "--all"), {"mails": 1})
        self.assertEqual(self.states(), {mail: "sending"})

    def test_which_mails_has_to_be_said(self):
        mail = self.mail_out()
        for words in ((), (mail, "--all"), ("--to", ANNA)):
            self.fails(65, "queue", "drop", *words, says="name the mails, or say --all")
        self.fails(65, "queue", "drop", "x", says="not the number of a mail out")
        self.fails(1, "queue", "drop", mail, 4711, says="there is no mail out 4711")
        self.assertEqual(self.states(), {mail: "waiting"})

    def test_with_a_ticket_it_stands_in_its_history(self):
        self.ok("contact", "add", ANNA, "--name", "Anna")
        ticket = self.sql("""insert into ticket (nonce, mailbox, requester, subject) select 1, 1, id, 's' from person
            returning id""")
        mail = self.mail_out()
        self.sql(f"update outbound_mail set ticket = {ticket}")
        self.ok("queue", "drop", mail)
        (line,) = self.json("ticket", "log", ticket)
        self.assertEqual((line["what"], line["to"]), ("mail-dropped", ANNA))
        self.assertEqual(json.loads(self.ok("log", "--json")), self.json("log"))
        self.assertNotIn("mail out", self.ok("log"))

    # ---- metrics --------------------------------------------------------------------------------

    SAMPLE = re.compile(r'^(postdesk_[a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+)\})? (-?\d+)$')

    def samples(self, text):
        """{NAME{LABELS}: value}, where every line is of the exposition format and each name is introduced once."""
        found, types, name = {}, {}, None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                name = line.split(" ", 3)[2]
                self.assertNotIn(name, types)
            elif line.startswith("# TYPE "):
                self.assertEqual(line.split()[2], name)
                types[name] = line.split()[3]
                self.assertEqual(types[name] == "counter", name.endswith("_total"), name)
            else:
                match = self.SAMPLE.match(line)
                self.assertTrue(match and match[1] == name, line)
                found[line.rpartition(" ")[0]] = int(match[3])
        self.assertTrue(text.endswith("\n"))
        return found

    def test_numbers_for_prometheus(self):
        self.well()
        self.mail_out(attempt=1)
        self.mail_in("held", "2 h")
        self.sql(r"""update mailbox set address = E'a"b\\c@desk.example'; insert into measure (name, value) values
            ('decisions filed new', 7), ('unaccounted', 2), ('counted to', 9)""")
        found = self.samples(self.ok("metrics"))
        for name, value in {
                "postdesk_up": 1, "postdesk_daemon_up": 1, 'postdesk_outbox_messages{state="deferred"}': 1,
                "postdesk_quarantine_messages": 1, "postdesk_mail_unaccounted": 2,
                'postdesk_mail_decisions_total{decision="filed",outcome="new"}': 7,
                r'postdesk_mailbox_up{mailbox="a\"b\\c@desk.example",thing="imap"}': 1,
                'postdesk_troubles{gravity="fault"}': 1}.items():
            self.assertEqual(found.get(name), value, f"{name}: {found}")
        self.assertAlmostEqual(found["postdesk_quarantine_oldest_age_seconds"], 7200, delta=60)
        path = self.desk.folder / "postdesk.prom"
        self.assertEqual(self.ok("metrics", "--textfile", path), "")
        self.assertEqual(self.samples(path.read_text()).keys(), found.keys())
        self.assertEqual({row["name"] for row in self.json("metrics") if row["samples"]},
                         {name.partition("{")[0] for name in found})
        self.fails(75, "metrics", "--textfile", self.desk.folder / "nowhere" / "x", says="could not write")
        self.assertEqual([name for name in os.listdir(self.desk.folder) if "prom" in name], ["postdesk.prom"])
        self.desk.config_path.write_text('database "host=/nonexistent dbname=x user=x"\n')
        self.fails(75, "metrics", "--textfile", path)
        self.assertEqual(self.samples(path.read_text())["postdesk_up"], 0, "a file that says so")
