"""Roles of the database: what tests/permissions.tsv says of the command line, and what PostgreSQL refuses itself."""

import pathlib
import re
import shlex
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402
from harness.database import Database, DatabaseError  # noqa: E402

TIME_LIMIT = 300
TABLE = pathlib.Path(__file__).parents[1] / "permissions.tsv"
ROLES = ("viewer", "operator", "admin")
EML = b"From: anna@acme.example\r\nTo: support@desk.example\r\nSubject: x\r\nMessage-ID: <a@acme.example>\r\n\r\nHi.\r\n"

# What operators write, and admins do not: by hand, so that a grant too many is seen.
OPERATOR_WRITES = {
    "ticket": "INSERT UPDATE", "participant": "INSERT UPDATE DELETE", "ticket_link": "INSERT UPDATE DELETE",
    "comment": "INSERT", "attachment": "INSERT", "blob": "INSERT", "blob_chunk": "INSERT",
    "thread_key": "INSERT UPDATE", "outbound_mail": "INSERT UPDATE", "activity": "INSERT",
    "inbound_mail": "UPDATE", "group_turn": "INSERT UPDATE", "ticket_words": "UPDATE",
    "web_hook_call": "INSERT", "rule_stat": "INSERT UPDATE",
}
ADMIN_LIMITS = {"schema_migration": "", "secret_column": "", "operator_right": "", "admin_limit": "",
                "activity": "INSERT", "change_log": "", "rule_version": "INSERT", "rule_file": "INSERT"}


def table():
    """(line, actor, action, is_allowed, how) of each row for the command line."""
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            actor, action, expected, how = line.split("\t")
            if actor.startswith("cli-"):
                assert expected in ("allowed", "denied"), line
                yield number, actor.removeprefix("cli-"), action, expected == "allowed", how


class Roles(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        for role in ROLES:
            self.sql(f"do $$ begin if not exists (select from pg_roles where rolname = 'test_{role}') then"
                     f" create role test_{role} login in role postdesk_{role}; end if; end $$")
        self.sql("do $$ begin if not exists (select from pg_roles where rolname = 'test_stranger') then"
                 " create role test_stranger login; end if; end $$")
        self.ok("customer", "add", "Acme", "--domain", "acme.example")
        self.ok("contact", "add", "anna@acme.example", "--name", "Anna")
        self.ok("contact", "add", "max@acme.example", "--name", "Max")
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")
        self.ok("technician", "add", "tara@desk.example", "--name", "Tara")
        self.ok("group", "add", "Network")
        self.ok("mailbox", "add", "support@desk.example", "--imap", "imaps://u@h.example",
                "--smtp", "smtps://u@h.example", "--secret", "support", "--no-check")
        self.sql("insert into ticket (id, nonce, mailbox, requester, subject)"
                 " values (7, 1, 1, 1, 'Printer'), (8, 1, 1, 1, 'Other');"
                 " insert into comment (ticket, kind, author, body) values (7, 'public', 1, 'x'), (8, 'note', 1, 'x')")
        self.owner = self.desk.config_path.read_text()
        self.eml = self.desk.folder / "mail.eml"
        self.eml.write_bytes(EML)
        self.rules = self.desk.folder / "rules"
        self.rules.mkdir()
        (self.rules / "a.rules").write_text("# none\n")
        self.count = 0
        self.sessions = {}

    def log_in(self, role):
        """Be somebody else from the next command on."""
        text = self.owner if role == "owner" else self.owner.replace("user=test", f"user=test_{role}")
        self.assertEqual(role != "owner", text != self.owner)
        self.desk.config_path.write_text(text)

    def sql_as(self, role, statement):
        """(is it allowed, what PostgreSQL complains of); nothing stays."""
        if role not in self.sessions:
            self.sessions[role] = Database(self.database.replace("user=test", f"user=test_{role}"))
            self.addCleanup(self.sessions[role].close)
        try:
            self.sessions[role].ask(f"begin; {statement}; rollback")
        except DatabaseError as error:
            return False, str(error)
        return True, ""

    def held_mail(self):
        """A mail that waits, counted as fetch counts: the audit has nothing to say."""
        self.sql("insert into mailbox_folder values (1, 'INBOX', 1, 1, 1) on conflict"
                 " (mailbox, folder, uidvalidity) do update set fetched = mailbox_folder.fetched + 1")
        return self.sql("insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
                        " arrived_at, state, decided_at, outcome, where_reasons, who_reasons, may_reasons)"
                        f" values (1, 'INBOX', 1, {1000 + self.count}, '\\x01'::bytea || sha256('{self.count}'), 5,"
                        " 'Hello', now(), 'held', now(), 'held', '{}', '{}', '{}') returning id")

    def sheet(self, header, row):
        """The path of a file with one row."""
        path = self.desk.folder / f"{header.split(',')[0]}.csv"
        path.write_text(f"{header}\n{row}\n")
        return str(path)

    def fill(self, how):
        """What a row's {words} stand for; things that are used up are made anew."""
        self.count += 1
        if "{group}" in how:
            self.sql(f"insert into technician_group (name) values ('Gone{self.count}')")
        if "Staffed" in how:
            self.sql(f"with g as (insert into technician_group (name) values ('Staffed-{self.count}') returning id)"
                     " insert into group_member (technician_group, technician) select g.id, p.id from g, person p"
                     " where p.is_technician")
        if "{gone_field}" in how:
            self.sql(f"insert into field (name, contacts, kind) values ('gone{self.count}', 'hidden', 'text')")
        if "{gone_status}" in how:
            self.sql(f"insert into ticket_status values ('gone{self.count}', 'open')")
        if "{technician}" in how:
            self.sql("delete from group_member")
        if "domain remove" in how:
            self.sql("insert into customer_domain values ('acme.example', 1) on conflict do nothing")
        if "{old_key}" in how:
            self.sql("delete from token_key where slot = 15;"
                     " insert into token_key values (15, sha256('x'), '2020-01-01')")
        if "rule" in how:
            self.sql("insert into rule_version (id, made_by, is_live)"
                     " select 1, 'x', true where not exists (select from rule_version)")
        if "participant remove" in how:
            self.sql("insert into participant (ticket, person) values (7, 2) on conflict do nothing")
        if "into participant" in how:
            self.sql("delete from participant")
        if "mailbox check" in how:
            server = self.servers
            self.sql(f"update mailbox set imap_host = '{server.host}', imap_port = {server.imaps},"
                     f" imap_user = 'support@desk.example', smtp_host = '{server.host}',"
                     f" smtp_port = {server.submissions}, smtp_user = 'support@desk.example', after_fetch = 'keep'")
        self.sql(f"update mailbox set is_enabled = {'doctor' not in how}")  # its servers do not exist
        values = {"old_key": "15", "ticket": "7", "other": "8", "n": str(self.count), "eml": str(self.eml), "nobody": "999",
                  "group": f"Gone{self.count}", "gone_field": f"gone{self.count}", "gone_status": f"gone{self.count}",
                  "technician": "tara@desk.example",
                  "day": f"{2000 + self.count}-01-01",
                  "customers": self.sheet("name", f"Imported {self.count}"),
                  "contacts": self.sheet("address,name", f"i{self.count}@acme.example,I")}
        values["rules"] = str(self.rules)
        if "{call}" in how:
            values["call"] = self.sql("insert into web_hook_call (rule, event, url, body) values"
                                      " ('x', 'resolved', 'https://a.example/', '{}') returning id")
        if "{held}" in how or "{mail}" in how:
            values["held"] = values["mail"] = self.held_mail()
        return re.sub(r"\{(\w+)\}", lambda match: values[match.group(1)], how)

    def test_each_row_of_the_table(self):
        wrong = []
        for number, role, action, is_allowed, how in table():
            kind, _, text = self.fill(how).partition(": ")
            if kind == "cli":
                self.log_in(role)
                done = self.desk.run(*shlex.split(text))
                code, said = done.returncode, done.stdout + done.stderr
                good = code == 0 if is_allowed else code == 77 and "this needs the role" in said \
                    and re.search(r"(?m)^hint: ", said)
                self.log_in("owner")
            else:
                code, said = self.sql_as(role, text)
                good = code if is_allowed else not code and re.search("permission denied|must be owner", said)
            if not good:
                wrong.append(f"line {number}: {role} {action}: {how}: expected "
                             f"{'allowed' if is_allowed else 'denied'}, got {code}: {said.strip()}")
        self.assertEqual(wrong, [], "\n".join(wrong))

    def test_every_command_stands_in_the_table(self):
        tested = {(role, how.removeprefix("cli: ")) for _, role, _, _, how in table() if how.startswith("cli: ")}
        nouns = re.findall(r"(?m)^  (\w+) ", self.ok("--help").split("With every command")[0])
        self.assertGreater(len(nouns), 10)
        for noun in nouns:
            verbs = re.findall(r"(?m)^  (\w+)\b", self.ok(noun, "--help").split("With every command")[0])
            usage = self.ok(noun, "--help").split("\n")[0]
            commands = [f"{noun} {verb}" for verb in verbs] if usage.endswith("…") else [noun]
            for command in commands:
                for role in ROLES:
                    self.assertTrue(any(who == role and f"{how} ".startswith(command + " ") for who, how in tested),
                                    f"{role}: {command} is in no row of permissions.tsv")

    def test_the_database_grants_no_more_than_that(self):
        for role in ROLES:
            rows = self.sql(f"""
                select c.relname, string_agg(p, ' ' order by n) from pg_class c
                cross join unnest(array['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'])
                with ordinality as x (p, n)
                where relkind = 'r' and relnamespace = 'public'::regnamespace
                and has_table_privilege('test_{role}', c.oid, p) group by 1""")
            got = dict(line.split("|") for line in rows.splitlines())
            tables = self.sql("select relname from pg_class where relkind = 'r' and"
                              " relnamespace = 'public'::regnamespace").split("\n")
            self.assertGreater(len(tables), 20)
            if role == "admin":
                want = {name: ADMIN_LIMITS.get(name, "INSERT UPDATE DELETE") for name in tables}
            else:
                want = OPERATOR_WRITES if role == "operator" else {}
            self.assertEqual(got, {name: rights for name, rights in want.items() if rights}, role)

    def test_it_is_said_what_is_missing(self):
        self.log_in("viewer")
        self.fails(77, "customer", "add", "X", hints='GRANT postdesk_admin TO "test_viewer"',
                   says='this needs the role admin; you are viewer (database login "test_viewer")')
        self.fails(77, "migrate", says="this needs the role owner", hints="login that owns")
        self.log_in("stranger")
        self.fails(77, "ticket", "list", says='login "test_stranger" has none', hints="GRANT postdesk_viewer")
        self.assertIn("Needs the role admin.", self.ok("customer", "add", "--help"))
        self.log_in("admin")
        self.ok("customer", "add", "Other")
        self.log_in("owner")
        self.assertEqual(self.json("log", "--object", "customer:Other")[0]["role"], "test_admin")

    def test_later_tables_and_columns_are_granted_by_the_next_migrate(self):
        self.sql("create table later (a int); alter table ticket add later int; alter table ticket add hush int;"
                 " insert into secret_column values ('ticket', 'hush');"
                 " insert into operator_right values ('later', 'INSERT')")
        self.assertFalse(self.sql_as("viewer", "select later from ticket")[0])
        self.ok("migrate")
        for role, statement, is_allowed in [
            ("viewer", "select later from ticket", True), ("viewer", "select hush from ticket", False),
            ("viewer", "select a from later", True), ("viewer", "insert into later values (1)", False),
            ("operator", "select hush from ticket", True), ("operator", "insert into later values (1)", True),
            ("operator", "delete from later", False), ("admin", "delete from later", True)]:
            may, said = self.sql_as(role, statement)
            self.assertEqual(may, is_allowed, f"{role}: {statement}: {said}")

    def test_an_owner_who_may_make_no_roles_gets_a_hint(self):
        name = self.sql("select current_database()") + "_p"
        self.sql("do $$ begin if not exists (select from pg_roles where rolname = 'test_plain') then"
                 " create role test_plain login; end if; end $$")
        self.desk.sql(f"drop database if exists {name} with (force)")
        self.desk.sql(f"create database {name} owner test_plain")
        self.desk.config_path.write_text(re.sub(r"///\w+\?", f"///{name}?", self.owner).replace(
            "user=test", "user=test_plain"))
        self.ok("migrate")
        self.ok("customer", "add", "Acme")
        self.desk.sql("alter role postdesk_admin rename to postdesk_hidden")
        try:
            done = self.desk.run("migrate")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("roles for the command line could not be made", done.stderr)
            self.assertRegex(done.stderr, "(?m)^hint: .*CREATE ROLE postdesk_viewer")
            self.ok("customer", "list")
        finally:
            self.desk.sql("alter role postdesk_hidden rename to postdesk_admin")
        self.ok("migrate")
