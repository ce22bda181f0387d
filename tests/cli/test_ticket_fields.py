"""Fields of tickets: how they are defined, set, and remembered."""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

ROWS = """
insert into mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port,
    smtp_security, secret)
values ('support@desk.example', 'Desk', 'h', 1, 'u', 'tls', 'h', 1, 'tls', 's');
insert into customer (name) values ('Acme GmbH'), ('Other');
insert into person (name, is_contact, customer, is_confirmed, is_technician, is_disabled) values
    ('Anna Meyer', true, 1, true, false, false), ('Max', true, 1, true, false, false),
    ('Ben Huber', false, null, false, true, false), ('Tara', false, null, false, true, false),
    ('Dan', false, null, false, true, true);
insert into person_address (address_key, address, person) values ('anna@acme.example', 'Anna@acme.example', 1),
    ('max@acme.example', 'max@acme.example', 2), ('ben@desk.example', 'ben@desk.example', 3),
    ('tara@desk.example', 'tara@desk.example', 4), ('dan@desk.example', 'dan@desk.example', 5);
insert into technician_group (name) values ('Network'), ('Printers');
insert into group_member (technician_group, technician) values (1, 3), (1, 4), (1, 5);
insert into ticket (id, nonce, mailbox, customer, requester, subject) values
    (nextval('ticket_id'), 5, 1, 1, 1, 'Printer on fire'), (nextval('ticket_id'), 6, 1, 1, 2, 'Second');
"""


class FieldTest(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.sql(ROWS)

    def ticket(self, columns, number=1):
        return self.sql(f"select {columns} from ticket where id = {number}")

    def history(self, number=1):
        return self.sql(f"select what, from_value, to_value from activity where ticket = {number} order by id").split("\n")


class Definitions(FieldTest):
    def changes(self, name):
        return [(row["what"], row["field"], row["old"], row["new"])
                for row in self.json("log", "--object", f"field:{name}")]

    def test_a_field_of_each_type(self):
        self.ok("field", "add", "order", "--type", "text")
        self.ok("field", "add", "site", "--type", "choice", "--choices", "north, south", "--contacts", "shown")
        self.ok("field", "add", "seats", "--type", "number", "--required", "yes")
        self.ok("field", "add", "due", "--type", "date")
        listed = {row["name"]: row for row in self.json("field", "list")}
        self.assertEqual(listed["site"], {"name": "site", "type": "choice", "choices": ["north", "south"],
                                          "is_required": False, "contacts": "shown"})
        self.assertTrue(listed["seats"]["is_required"])
        self.assertEqual([row["name"] for row in self.json("field", "list")][-4:], ["due", "order", "seats", "site"])
        self.assertLessEqual({"status", "priority", "impact", "product", "tags", "title", "group", "technician",
                              "customer", "type", "requester", "participants"}, set(listed))
        self.assertEqual(self.changes("site"),
                         [("added", None, None, "choice"), ("changed", "choices", None, "north, south"),
                          ("changed", "contacts", "hidden", "shown")])
        self.assertRegex(self.ok("field", "list"), r"(?m)^site +choice +north, south +no +shown$")

    def test_what_cannot_be_a_field(self):
        for name in ("Order", "2nd", "a b", "none", "tag", "assignee"):
            self.fails(65, "field", "add", name, "--type", "text", says="cannot be")
        self.fails(65, "field", "add", "x", "--type", "colour", says="no type", hints="text, choice, number or date")
        self.fails(65, "field", "add", "x", "--type", "built-in", says="text, choice, number or date")
        self.fails(65, "field", "add", "x", "--type", "choice", says="needs --choices")
        self.fails(65, "field", "add", "x", "--type", "choice", "--choices", "a,,b", says="commas")
        self.fails(65, "field", "add", "x", "--type", "choice", "--choices", "a, a", says="different")
        self.fails(65, "field", "add", "x", "--type", "text", "--choices", "a,b", says="only a field of type choice")
        self.fails(65, "field", "add", "type", "--type", "text", says="already")
        self.ok("field", "add", "x", "--type", "text")
        self.fails(65, "field", "add", "x", "--type", "number", says='a field "x" already')

    def test_it_is_changed(self):
        self.ok("field", "add", "site", "--type", "choice", "--choices", "north,south")
        self.ok("field", "set", "site", "--choices", "north,west", "--required", "yes", "--contacts", "editable")
        shown = self.json("field", "show", "site")
        self.assertEqual(shown, {"name": "site", "type": "choice", "choices": ["north", "west"],
                                 "is_required": True, "contacts": "editable", "tickets": 0})
        self.assertEqual(self.changes("site")[2:],
                         [("changed", "contacts", "hidden", "editable"),
                          ("changed", "choices", "north, south", "north, west"), ("changed", "required", "no", "yes")])
        self.ok("field", "set", "product", "--required", "yes")
        self.fails(65, "field", "set", "priority", "--required", "yes", says="never empty")
        self.fails(65, "field", "set", "product", "--choices", "a", says="no choices")
        self.fails(65, "field", "set", "site", says="say what is to change")
        self.fails(1, "field", "set", "sitte", "--required", "no", says="no field", hints="site")
        self.fails(1, "field", "show", "colour", hints="field list")

    def test_it_is_removed_but_not_by_accident(self):
        self.ok("field", "add", "order", "--type", "text")
        self.ok("ticket", "set", "1", "order=A-17")
        self.assertEqual(self.json("field", "show", "order")["tickets"], 1)
        self.fails(65, "field", "remove", "order", says="1 tickets have a value", hints="--with-values")
        self.fails(65, "field", "remove", "type", says="built in")
        self.fails(1, "field", "remove", "colour")
        self.ok("field", "remove", "order", "--with-values")
        self.assertEqual(self.ticket("custom"), "{}")
        self.assertEqual(self.history(), ["field order||A-17"])
        self.assertEqual(self.changes("order")[-1], ("removed", None, "text", None))

    def test_statuses_of_the_desks_own(self):
        self.ok("field", "status", "add", "parts-ordered", "--maps-to", "pending")
        self.ok("field", "status", "add", "billed", "--maps-to", "closed")
        self.assertEqual(self.json("field", "show", "status")["statuses"],
                         [{"name": "billed", "maps_to": "closed", "tickets": 0},
                          {"name": "parts-ordered", "maps_to": "pending", "tickets": 0}])
        self.assertIn("parts-ordered", self.ok("field", "show", "status"))
        self.ok("ticket", "set", "1", "status=parts-ordered")
        self.assertEqual(self.ticket("status, status_name"), "pending|parts-ordered")
        self.ok("ticket", "status", "2", "billed")
        self.assertEqual(self.ticket("status, status_name, closed_at is not null", 2), "closed|billed|t")
        self.fails(65, "field", "status", "remove", "billed", says='1 tickets are "billed"', hints="--status billed")
        self.ok("ticket", "set", "2", "status=open")
        self.assertEqual(self.ticket("status, status_name, closed_at", 2), "open||")
        self.ok("field", "status", "remove", "billed")
        self.fails(1, "field", "status", "remove", "billed", says="no status")
        self.fails(65, "ticket", "status", "2", "billed", says="no status")
        self.fails(65, "ticket", "set", "1", "status=parts-orderd", hints='did you mean "parts-ordered"')
        self.fails(65, "field", "status", "add", "parts-ordered", "--maps-to", "open", says="already")
        self.fails(65, "field", "status", "add", "open", "--maps-to", "open", says="every desk has")
        self.fails(65, "field", "status", "add", "Parts", "--maps-to", "open", says="cannot be a name")
        self.fails(65, "field", "status", "add", "parts", says="--maps-to pending")
        self.fails(65, "field", "status", "add", "parts", "--maps-to", "parked", says="no status")
        self.assertEqual(self.changes("status"),
                         [("changed", "status", None, "parts-ordered (pending)"), ("changed", "status", None, "billed (closed)"),
                          ("changed", "status", "billed (closed)", None)])


class Set(FieldTest):
    def test_every_field(self):
        self.ok("field", "add", "order", "--type", "text")
        self.ok("field", "add", "seats", "--type", "number")
        self.ok("field", "add", "due", "--type", "date")
        self.ok("field", "add", "site", "--type", "choice", "--choices", "North,South")
        self.ok("ticket", "set", "#1", "status=pending", "type=change", "priority=high", "impact=major", "product=Router X",
                "group=network", "title=Router on fire", "assignee=ben@desk.example", "requester=max@acme.example",
                "customer=Other", "tag+=VIP", "tag+=fire", "order=A=17", "seats=012.50", "due=3.12.2026", "site=north")
        self.assertEqual(self.ticket("status, type, priority, impact, product, technician_group, subject, assignee,"
                                     " requester, customer, tags, custom"),
                         "pending|change|high|major|Router X|1|Router on fire|3|2|2|{fire,vip}|"
                         '{"due": "2026-12-03", "site": "North", "order": "A=17", "seats": "12.5"}')
        self.assertEqual(self.history(),
                         ["type|incident|change", "priority|medium|high", "impact|minor|major", "product||Router X",
                          "grouped||Network", "title|Printer on fire|Router on fire", "assigned||Ben Huber",
                          "requester|Anna Meyer|Max", "customer|Acme GmbH|Other", "tagged||vip", "tagged||fire",
                          "field order||A=17", "field seats||12.5", "field due||2026-12-03", "field site||North",
                          "status|open|pending"])
        self.assertNotEqual(self.sql("select distinct actor from activity"), "")
        self.ok("ticket", "set", "1", "product=", "group=none", "assignee=", "customer=none", "tag-=vip", "order=", "due=")
        self.assertEqual(self.ticket("product, technician_group, assignee, customer, tags, custom"),
                         '||||{fire}|{"site": "North", "seats": "12.5"}')
        self.assertEqual(self.history()[16:],
                         ["product|Router X|", "ungrouped|Network|", "unassigned|Ben Huber|", "customer|Other|",
                          "untagged|vip|", "field order|A=17|", "field due|2026-12-03|"])

    def test_what_is_set_already_is_no_change(self):
        self.assertIn('ticket "1" changed', self.ok("ticket", "set", "1", "priority=medium", "tag-=vip"))
        self.assertEqual(self.history(), [""])
        before = self.ticket("updated_at")
        self.ok("ticket", "set", "1", "priority=medium")
        self.assertEqual(self.ticket("updated_at"), before)

    def test_all_or_nothing(self):
        self.fails(65, "ticket", "set", "1", "priority=high", "impact=huge", says='"huge" is no impact')
        self.fails(65, "ticket", "set", "1", "priority=high", "assignee=dan@desk.example", says="disabled")
        self.fails(1, "ticket", "set", "1", "priority=high", "group=Nobody", says="no group")
        self.assertEqual(self.ticket("priority"), "medium")
        self.assertEqual(self.history(), [""])

    def test_mistakes_are_answered_with_the_nearest(self):
        self.ok("field", "add", "order", "--type", "text")
        self.ok("field", "add", "seats", "--type", "number")
        self.fails(65, "ticket", "set", "1", "priority=hihg", says='"hihg" is no priority', hints='did you mean "high"')
        self.fails(65, "ticket", "set", "1", "priorty=high", says='no field "priorty"', hints='did you mean "priority"')
        self.fails(65, "ticket", "set", "1", "oder=high", hints='did you mean "order"')
        self.fails(65, "ticket", "set", "1", "seats=a lot", says='"a lot" is no number', hints="4.75")
        self.fails(65, "ticket", "set", "1", "tag=vip", says="tag+=vip")
        self.fails(65, "ticket", "set", "1", "tag+=two words", says="cannot be a tag")
        self.fails(65, "ticket", "set", "1", "priority+=high", says="takes one value")
        self.fails(65, "ticket", "set", "1", "high", says="changes nothing", hints="FIELD=VALUE")
        self.fails(65, "ticket", "set", "1", "title=", says="1 to 255")
        self.fails(65, "ticket", "set", "1", "title=" + "x" * 256, says="at most 255")
        self.fails(65, "ticket", "set", "1", "type=problem", "type=change", says="given twice")
        self.fails(65, "ticket", "set", "1", "requester=", says="no such person")
        self.fails(1, "ticket", "set", "1", "requester=nobody@acme.example")
        self.fails(1, "ticket", "set", "99", "priority=high", says="no ticket 99")
        self.assertEqual(self.history(), [""])

    def test_required_fields_come_before_the_end(self):
        self.ok("field", "add", "order", "--type", "text", "--required", "yes")
        self.ok("field", "set", "technician", "--required", "yes")
        for word in ("resolved", "closed"):
            self.fails(65, "ticket", "set", "1", f"status={word}", says="a required field is empty: order, technician")
        self.fails(65, "ticket", "status", "1", "closed", says="order, technician")
        self.ok("ticket", "set", "1", "status=pending")
        self.ok("ticket", "set", "1", "status=resolved", "order=A-17", "assignee=ben@desk.example")
        self.assertEqual(self.ticket("status"), "resolved")
        self.ok("ticket", "set", "1", "status=closed", "order=")

    def test_a_group_chooses(self):
        self.ok("ticket", "set", "1", "assignee=round-robin:Network")
        self.ok("ticket", "set", "2", "assignee=round-robin:network")
        self.assertEqual((self.ticket("assignee"), self.ticket("assignee", 2)), ("3", "4"))
        self.sql("update ticket set assignee = 3 where id = 1; update ticket set assignee = null where id = 2")
        self.ok("ticket", "set", "2", "assignee=least-loaded:Network")
        self.assertEqual(self.ticket("assignee", 2), "4")
        self.fails(65, "ticket", "set", "1", "assignee=round-robin:Printers", says="nobody of the group")
        self.fails(1, "ticket", "set", "1", "assignee=round-robin:Nobody", says="no group")

    def test_a_merged_ticket_is_followed(self):
        self.sql("update ticket set merged_into = 2 where id = 1")
        self.assertEqual(self.json("ticket", "set", "1", "priority=high"), {"changed": "2"})
        self.assertEqual(self.ticket("priority", 2), "high")


class Lists(FieldTest):
    """Four tickets, each different in every field."""

    def setUp(self):
        super().setUp()
        self.ok("field", "add", "order", "--type", "text")
        self.ok("field", "add", "seats", "--type", "number")
        self.ok("field", "status", "add", "parts-ordered", "--maps-to", "pending")
        self.sql("""
            insert into ticket (id, nonce, mailbox, customer, requester, subject) values
                (nextval('ticket_id'), 7, 1, 2, 2, 'Third'), (nextval('ticket_id'), 8, 1, null, 1, 'Fourth');
            insert into comment (ticket, kind, author, body) values
                (1, 'public', 1, E'It smokes.\\nBadly.'), (1, 'note', 3, E'\\x1b[31mBring\\nwater'), (2, 'public', 2, 'Hello');
            update ticket set created_at = now() - interval '3 days', updated_at = now() where id = 1;
            update ticket set created_at = now() - interval '5 hours', updated_at = now() - interval '1 hour',
                source = 'cli', activity_status = 'awaiting-technician', contact_word_at = now() - interval '2 hours'
                where id = 2;
            update ticket set activity_status = 'awaiting-technician', contact_word_at = now() - interval '9 hours'
                where id = 3""")
        self.ok("ticket", "set", "1", "priority=critical", "type=problem", "impact=major", "product=Router X", "group=Network",
                "assignee=ben@desk.example", "tag+=vip", "tag+=fire", "order=A-17", "seats=5")
        self.ok("ticket", "set", "2", "priority=high", "status=parts-ordered", "tag+=vip", "group=Printers", "order=B",
                "assignee=tara@desk.example")
        self.ok("ticket", "set", "4", "status=closed")

    def ids(self, *options):
        return [row["id"] for row in self.json("ticket", "list", *options)]

    def test_what_is_not_closed_newest_first(self):
        self.assertEqual(self.ids(), [3, 2, 1])
        self.assertEqual(self.ids("--status", "all"), [4, 3, 2, 1])
        self.assertEqual(self.ids("--limit", "2"), [3, 2])

    def test_every_filter(self):
        for options, want in [
                (["--status", "closed"], [4]), (["--status", "pending"], [2]), (["--status", "parts-ordered"], [2]),
                (["--status", "open"], [3, 1]), (["--priority", "critical"], [1]), (["--type", "problem"], [1]),
                (["--impact", "major"], [1]), (["--product", "router x"], [1]), (["--group", "network"], [1]),
                (["--group", "none"], [3]), (["--assignee", "Ben@desk.example"], [1]), (["--assignee", "none"], [3]),
                (["--unassigned"], [3]), (["--requester", "max@acme.example"], [3, 2]), (["--customer", "Acme GmbH"], [2, 1]),
                (["--customer", "none", "--status", "all"], [4]), (["--tag", "VIP"], [2, 1]),
                (["--tag", "vip", "--tag", "fire"], [1]), (["--field", "order=A-17"], [1]), (["--field", "seats=05.0"], [1]),
                (["--field", "order=A-17", "--field", "seats=6"], []), (["--field", "order="], [3]),
                (["--title", "PRINTER"], [1]), (["--activity", "awaiting-technician"], [3, 2]), (["--activity", "unread"], []),
                (["--activity", "read"], [1]), (["--source", "cli"], [2]), (["--older", "2d"], [1]), (["--older", "2h"], [2, 1]),
                (["--newer", "2d"], [3, 2]), (["--older", "1h", "--newer", "1d"], [2]),
                (["--priority", "high", "--type", "problem"], [])]:
            with self.subTest(options):
                self.assertEqual(self.ids(*options), want)

    def test_every_order(self):
        for order, want in [("newest", [3, 2, 1]), ("oldest", [1, 2, 3]), ("priority", [1, 2, 3]), ("waiting", [3, 2, 1])]:
            with self.subTest(order):
                self.assertEqual(self.ids("--sort", order), want)
        self.sql("update ticket set updated_at = now() - id * interval '1 day'")
        self.assertEqual(self.ids("--sort", "updated"), [1, 2, 3])

    def test_words_that_no_ticket_has_are_refused(self):
        for code, says, *options in [
                (65, "no status", "--status", "opened"), (65, 'did you mean "high"', "--priority", "hgih"),
                (65, "--type takes incident, problem, request, change", "--type", "x"), (65, "--activity", "--activity", "seen"),
                (65, "--sort takes newest", "--sort", "age"), (65, "--older", "--older", "soon"), (1, "no group", "--group", "X"),
                (1, "no customer", "--customer", "X"), (1, "no field", "--field", "oder=1"), (65, "NAME=VALUE", "--field", "order"),
                (65, "no number", "--field", "seats=many"), (65, "tag", "--tag", "a b"), (65, "0", "--limit", "0")]:
            with self.subTest(options):
                self.fails(code, "ticket", "list", *options, says=says)

    def test_a_line_a_ticket(self):
        lines = self.ok("ticket", "list", "--sort", "oldest").split("\n")
        self.assertRegex(lines[0], "^ID +PRIORITY +STATUS +REQUESTER +ASSIGNEE +AGE +TITLE +NEWEST COMMENT$")
        self.assertRegex(lines[1], r"^ 1 +critical +open +Anna Meyer +Ben Huber +3 d +Printer on fire +\[31mBring water$")
        self.assertRegex(lines[2], "^ 2 +high +parts-ordered +Max +Tara +5 h +Second +Hello$")
        self.assertRegex(lines[3], "^ 3 +medium +open +Max +- +0 min +Third +-$")
        self.assertNotIn("\033", "\n".join(lines))
        self.sql("update comment set body = repeat('word ', 200)")
        for line in self.on_terminal(100, "ticket", "list", NO_COLOR="1").strip().split("\n"):
            self.assertLessEqual(len(line), 100)

    def test_all_fields_for_programs(self):
        row = self.json("ticket", "list", "--status", "parts-ordered")[0]
        self.assertEqual({key: row[key] for key in ("status", "maps_to", "priority", "group", "tags", "fields", "source",
                                                    "activity_status", "newest_comment", "assignee", "product")},
                         {"status": "parts-ordered", "maps_to": "pending", "priority": "high", "group": "Printers", "tags": ["vip"],
                          "fields": {"order": "B"}, "source": "cli", "activity_status": "awaiting-technician",
                          "newest_comment": "Hello", "assignee": "Tara", "product": ""})

    def test_one_is_shown_with_all_its_fields(self):
        text = self.ok("ticket", "show", "1")
        for words in ("Status:            open", "Priority:          critical", "Type:              problem", "Router X", "fire, vip",
                      "order: A-17", "seats: 5", "Network", "It smokes.", "priority"):
            self.assertIn(words, text)
        self.assertEqual(self.json("ticket", "show", "1")["fields"], {"order": "A-17", "seats": "5"})

    def test_a_rules_note_is_shown_as_such(self):
        self.sql("insert into comment (ticket, kind, body, rule) values (1, 'note', 'Call them first.', 'vip')")
        self.assertRegex(self.ok("ticket", "show", "1"), r'(?m)  rule "vip"  note$\n    Call them first\.')

    def test_its_history_says_who_and_why(self):
        self.sql("insert into activity (ticket, what, from_value, to_value, rule) values (3, 'priority', 'low', 'high', 'loud')")
        rows = self.json("ticket", "log", "#2")
        self.assertEqual([(row["what"], row["from"], row["to"]) for row in rows],
                         [("priority", "medium", "high"), ("tagged", None, "vip"), ("grouped", None, "Printers"),
                          ("field order", None, "B"), ("assigned", None, "Tara"), ("status", "open", "parts-ordered")])
        self.assertEqual({(row["mail"], row["rule"]) for row in rows}, {(None, None)})
        self.assertTrue(all(row["who"] and row["at"] for row in rows))
        self.assertRegex(self.ok("ticket", "log", "3"), r"(?m)^\S+ \S+ +priority +low +high +- +- +loud$")
        self.assertRegex(self.ok("ticket", "log", "4"), r"(?m)^.+\n\S+ \S+ +status .*\n(\S+ \S+ +rule .*\n)?\Z")
        self.sql("delete from activity where ticket = 4")
        self.assertEqual(self.ok("ticket", "log", "4"), "none\n")
        self.fails(1, "ticket", "log", "99", says="no ticket 99")

    def test_who_may_work_on_it_has_read_it_by_looking(self):
        self.sql("update ticket set activity_status = 'unread' where id in (1, 3)")
        self.sql("do $$ begin if not exists (select from pg_roles where rolname = 'test_viewer') then"
                 " create role test_viewer login in role postdesk_viewer; end if; end $$")
        owner = self.desk.config_path.read_text()
        self.desk.config_path.write_text(owner.replace("user=test", "user=test_viewer"))
        self.assertEqual(self.json("ticket", "show", "1")["activity_status"], "unread")
        self.assertEqual(self.ids("--activity", "unread"), [3, 1])
        self.desk.config_path.write_text(owner)
        self.assertEqual(self.json("ticket", "show", "1")["activity_status"], "read")
        self.ok("ticket", "log", "3")
        self.assertEqual(self.ids("--activity", "unread"), [3])
        self.ok("ticket", "set", "3", "priority=low")
        self.assertEqual(self.ids("--activity", "unread"), [])
        self.ok("ticket", "show", "2")
        self.assertEqual(self.ticket("activity_status", 2), "awaiting-technician")


class Search(FieldTest):
    def setUp(self):
        super().setUp()
        self.sql("""
            insert into comment (ticket, kind, author, body) values (1, 'public', 1, E'Smoke!\\n\\x1b[31mred\\nE-41');
            update ticket set status = 'closed', closed_at = now() where id = 2;
            insert into ticket_words (ticket, words) select id, setweight(to_tsvector('simple', subject), 'A') from ticket;
            insert into comment_words (comment, ticket, words) select c.id, c.ticket,
                setweight(to_tsvector('simple', t.subject), 'A') || to_tsvector('simple', c.body)
                from comment c join ticket t on t.id = c.ticket""")

    def test_words_are_found_and_marked(self):
        (row,) = self.json("ticket", "search", "printer", "smoke")
        self.assertEqual({key: row[key] for key in ("id", "subject", "status", "priority", "requester", "assignee", "comment")},
                         {"id": 1, "subject": "«Printer» on fire", "status": "open", "priority": "medium",
                          "requester": "Anna Meyer", "assignee": None, "comment": 1})
        self.assertIn("«Smoke»", row["snippet"])
        text = self.ok("ticket", "search", "smoke")
        self.assertRegex(text, "(?m)^ 1 +Printer on fire +open +Anna Meyer +«Smoke»! ")
        self.assertNotIn("\033", text)

    def test_closed_tickets_too_and_nothing_else(self):
        self.assertEqual([row["id"] for row in self.json("ticket", "search", "second or smoke")], [2, 1])
        self.assertEqual([row["id"] for row in self.json("ticket", "search", "second or smoke", "--limit", "1")], [2])
        self.assertEqual(self.json("ticket", "search", "unicorn"), [])
        self.assertEqual(self.ok("ticket", "search", "unicorn"), "none\n")
        self.fails(65, "ticket", "search", "!", says="no word to search for")
        self.fails(65, "ticket", "search", says="missing")
        self.fails(65, "setting", "set", "search-language", "klingon", says="klingon")
