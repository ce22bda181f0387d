"""Tickets, held mail and explanations, on rows as the daemon leaves them."""

import json
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

ROWS = """
insert into mailbox (address, name, imap_host, imap_port, imap_user, imap_security, smtp_host, smtp_port,
    smtp_security, secret)
values ('support@desk.example', 'Desk', 'h', 1, 'u', 'tls', 'h', 1, 'tls', 's');
insert into customer (name) values ('Acme GmbH'), ('Other');
insert into person (name, is_contact, customer, is_confirmed, is_technician) values
    ('Anna Meyer', true, 1, true, false), ('Max', true, 1, true, false),
    ('Ben Huber', false, null, false, true), ('Tara', false, null, false, true);
insert into person_address (address_key, address, person) values ('anna@acme.example', 'Anna@acme.example', 1),
    ('max@acme.example', 'max@acme.example', 2), ('ben@desk.example', 'ben@desk.example', 3),
    ('tara@desk.example', 'tara@desk.example', 4);
insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw, arrived_at, state,
    decided_at, role, outcome, from_address, from_text, subject, message_id, where_reasons, who_reasons,
    may_reasons, ticket, comment, sender)
select 1, 'INBOX', 7, n, '\\x01' || sha256(convert_to(n::text, 'UTF8')), 100, convert_to('Subject: raw ' || n || E'\\n\\n\\x1b[31mbody', 'UTF8'),
    now(), case n when 1 then 'filed' else 'held' end, now(), 'contact',
    case n when 1 then 'new' else 'held' end, 'anna@acme.example', 'Anna <anna@acme.example>', 'Printer ' || n,
    'id' || n || '@acme.example', '{nothing points to a ticket}', '{contact 1}', '{first,"no proof of mail"}',
    case n when 1 then 1 end, case n when 1 then 1 end, case n when 1 then 1 end
from generate_series(1, 3) n;
insert into ticket (id, nonce, mailbox, customer, requester, subject, opened_by, created_at)
values (nextval('ticket_id'), 5, 1, 1, 1, 'Printer on fire', 1, '2026-01-02 03:04:05Z');
insert into ticket (id, nonce, mailbox, requester, assignee, subject, status)
values (nextval('ticket_id'), 6, 1, 2, 3, 'Second', 'pending');
insert into participant values (1, 2);
insert into comment (id, ticket, kind, author, mail, body) values
    (nextval('comment_id'), 1, 'public', 1, 1, E'Smoke!\\n\\x1b[31mred\\nE-41'),
    (nextval('comment_id'), 2, 'note', 3, null, 'internal');
insert into blob values (sha256('x'), 1);
insert into blob_chunk values (sha256('x'), 0, 'x');
insert into attachment values (1, 0, sha256('x'), 1, 'photo.jpg', 'photo.jpg', 'image/jpeg', '', false);
insert into activity (ticket, what, to_value, person, mail) values (1, 'opened', 'Printer on fire', 1, 1);
insert into outbound_mail (id, nonce, mailbox, ticket, comment, cause, notice, recipient, address, address_key,
    domain, is_automatic, is_stranger, message_id, reply_token, reason, state, ended_at, answer)
values (nextval('outbound_mail_id'), 9, 1, 1, 1, 1, 'receipt', 1, 'Anna@acme.example', 'anna@acme.example',
    'acme.example', true, false, repeat('a', 47) || '.1@desk.example', repeat('a', 47), 'he opened it', 'sent',
    now(), '250 ok');
"""


class Rows(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.sql(ROWS)

    def outbound(self):
        return json.loads(self.sql("select coalesce(json_agg(o order by id), '[]') from outbound_mail o"
                                   " where id > 1"))


class Tickets(Rows):
    def ids(self, *options):
        return [row["id"] for row in self.json("ticket", "list", *options)]

    def test_they_are_listed_newest_first(self):
        self.assertEqual(self.ids(), [2, 1])
        self.assertEqual(self.ids("--limit", "1"), [2])
        self.assertEqual(self.ids("--status", "open"), [1])
        self.assertEqual(self.ids("--assignee", "Ben@desk.example"), [2])
        self.assertEqual(self.ids("--assignee", "none"), [1])
        self.assertEqual(self.ids("--customer", "acme gmbh"), [1])
        self.assertEqual(self.ids("--customer", "Other"), [])
        row = self.json("ticket", "list", "--status", "open")[0]
        self.assertEqual((row["subject"], row["customer"], row["requester"], row["assignee"],
                          row["created_at"], row["opened_by"]),
                         ("Printer on fire", "Acme GmbH", "Anna Meyer", None, "2026-01-02T03:04:05Z", 1))
        self.assertIn("Printer on fire", self.ok("ticket", "list"))
        self.fails(65, "ticket", "list", "--status", "opened")
        self.fails(1, "ticket", "list", "--customer", "Nobody")
        self.fails(65, "ticket", "list", "--limit", "0")

    def test_one_is_shown_with_all_that_hangs_on_it(self):
        shown = self.json("ticket", "show", "#1")
        self.assertEqual((shown["id"], shown["subject"], shown["status"]), (1, "Printer on fire", "open"))
        self.assertEqual([p["name"] for p in shown["participants"]], ["Max"])
        (comment,) = shown["comments"]
        self.assertEqual((comment["author"], comment["kind"], comment["mail"]), ("Anna Meyer", "public", 1))
        self.assertEqual([(a["name"], a["bytes"]) for a in comment["attachments"]], [("photo.jpg", 1)])
        self.assertEqual([a["what"] for a in shown["activities"]], ["opened"])
        self.assertEqual([(m["notice"], m["to"], m["state"]) for m in shown["mails"]],
                         [("receipt", "Anna@acme.example", "sent")])
        text = self.ok("ticket", "show", "1")
        for words in ("Ticket 1: Printer on fire", "Anna Meyer <Anna@acme.example>", "E-41", "photo.jpg",
                      "image/jpeg", "receipt", "250 ok", "Acme GmbH", "Max"):
            self.assertIn(words, text)
        self.assertNotIn("\033", text)
        self.assertNotIn("a" * 47, text + json.dumps(shown), "no tokens")
        self.fails(1, "ticket", "show", "99", says="no ticket 99")
        self.fails(65, "ticket", "show", "first", says='"first" is not the number')

    def test_a_reply_goes_to_the_requester_and_assigns(self):
        said = self.json("ticket", "reply", "1", "We are on our way.", "--as", "ben@desk.example")
        self.assertEqual(said["ticket"], 1)
        shown = self.json("ticket", "show", "1")
        self.assertEqual((shown["assignee"], len(shown["comments"])), ("Ben Huber", 2))
        comment = shown["comments"][1]
        self.assertEqual((comment["body"], comment["author"], comment["kind"], comment["mail"]),
                         ("We are on our way.", "Ben Huber", "public", None))
        mails = self.outbound()
        self.assertEqual(said["mails"], len(mails))
        replies = {m["address"] for m in mails if m["notice"] == "reply"}
        self.assertEqual(replies, {"Anna@acme.example", "max@acme.example"})
        self.assertNotIn("ben@desk.example", {m["address"] for m in mails})
        for mail in mails:
            self.assertEqual((mail["ticket"], mail["comment"], mail["state"]), (1, comment["id"], "queued"))
            self.assertRegex(mail["reply_token"], "^[a-z2-7]{47}$")
        actors = self.sql("select distinct actor from activity where what in ('commented', 'assigned')")
        self.assertNotEqual(actors, "")

    def test_whose_reply_it_is_must_be_known(self):
        self.fails(65, "ticket", "reply", "1", "x", says="2 technicians", hints="--as")
        self.fails(65, "ticket", "reply", "1", "x", "--as", "anna@acme.example", says="technician")
        self.fails(1, "ticket", "reply", "1", "x", "--as", "nobody@desk.example")
        self.fails(1, "ticket", "reply", "99", "x", "--as", "ben@desk.example", says="no ticket 99")
        self.assertEqual(self.outbound(), [])
        self.ok("ticket", "reply", "2", "the assignee's")
        self.assertEqual(self.json("ticket", "show", "2")["comments"][-1]["author"], "Ben Huber")

    def test_a_note_is_for_technicians_only_and_assigns_nothing(self):
        said = self.json("ticket", "note", "2", "He is in a hurry.", "--as", "tara@desk.example")
        self.assertEqual(said["ticket"], 2)
        comment = self.json("ticket", "show", "2")["comments"][-1]
        self.assertEqual((comment["kind"], comment["body"], comment["author"]), ("note", "He is in a hurry.", "Tara"))
        self.assertEqual([(m["notice"], m["address"]) for m in self.outbound()], [("note", "ben@desk.example")])
        self.ok("ticket", "note", "1", "Look at this.", "--as", "tara@desk.example")
        ticket = self.json("ticket", "show", "1")
        self.assertIsNone(ticket["assignee"])
        self.assertTrue(all("@desk.example" in m["address"] for m in self.outbound()), self.outbound())
        self.fails(65, "ticket", "note", "1", "x", "--as", "anna@acme.example", says="technician")

    def test_the_text_may_come_from_standard_input(self):
        self.ok("ticket", "reply", "2", stdin="line one\r\nline two\n\n")
        self.ok("ticket", "reply", "2", "-", stdin="again\n")
        self.assertEqual([c["body"] for c in self.json("ticket", "show", "2")["comments"][-2:]],
                         ["line one\nline two", "again"])
        self.fails(65, "ticket", "reply", "2", stdin=" \n", says="no text")
        self.fails(65, "ticket", "reply", "2", stdin="x" * 65537, says="at most 65536")

    def test_a_merged_ticket_is_followed(self):
        self.sql("update ticket set merged_into = 2 where id = 1")
        self.assertEqual(self.json("ticket", "reply", "1", "x", "--as", "ben@desk.example")["ticket"], 2)
        self.assertIn("Merged into ticket 2", self.ok("ticket", "show", "1"))


class Held(Rows):
    def test_they_are_listed_with_the_reason(self):
        rows = self.json("held", "list")
        self.assertEqual([(row["id"], row["subject"], row["why"], row["from"]) for row in rows],
                         [(2, "Printer 2", "no proof of mail", "Anna <anna@acme.example>"),
                          (3, "Printer 3", "no proof of mail", "Anna <anna@acme.example>")])
        self.assertIn("no proof of mail", self.ok("held", "list"))

    def test_one_is_shown_with_its_beginning(self):
        text = self.ok("held", "show", "2")
        for words in ("Mail 2", "Printer 2", "no proof of mail", "Subject: raw 2"):
            self.assertIn(words, text)
        self.assertNotIn("\033", text)
        self.assertIn("Subject: raw 2", self.json("held", "show", "2")["raw"])
        self.fails(1, "held", "show", "99", says="no mail 99")

    def test_release_lets_it_be_decided_again(self):
        self.sql("update inbound_mail set parser_deaths = 2, attempt = 3 where id = 2")
        self.ok("held", "release", "2")
        row = self.sql("select state, attempt, parser_deaths, decided_at is null, released_by <> ''"
                       " from inbound_mail where id = 2")
        self.assertEqual(row, "received|0|0|t|t")
        said = self.fails(1, "held", "release", "2", says="mail 2 is not held: ")
        self.assertRegex(said, r"released it at \d{4}-\d\d-\d\d \d\d:\d\d UTC, it is received now")
        self.fails(1, "held", "drop", "2", says="released it")
        self.assertEqual([row["id"] for row in self.json("held", "list")], [3])

    def test_drop_rejects_it_for_good(self):
        self.ok("held", "drop", "3")
        self.assertEqual(self.sql("select state, outcome from inbound_mail where id = 3"), "rejected|rejected")
        self.assertRegex(self.json("why", "3")["reasons"][-1], "^may: dropped by .")
        self.fails(1, "held", "drop", "3", says="dropped it")
        self.fails(1, "held", "release", "1", says="mail 1 is not held, it is filed")
        self.fails(1, "held", "release", "99", says="no mail 99")
        self.fails(65, "held", "release", "x")

    def test_of_two_people_one_wins(self):
        import concurrent.futures
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda verb: self.desk.run("held", verb, "2"),
                                 ["release", "drop", "release", "drop"]))
        self.assertEqual(sorted(d.returncode for d in done), [0, 1, 1, 1])


class Why(Rows):
    def test_a_mail_of_the_desk(self):
        said = self.json("why", "1")
        self.assertEqual({key: said[key] for key in ("mail", "verdict", "role", "outcome", "ticket", "customer",
                                                     "subject", "sender")},
                         {"mail": 1, "verdict": "filed", "role": "contact", "outcome": "new", "ticket": 1,
                          "customer": "Acme GmbH", "subject": "Printer 1", "sender": "Anna Meyer"})
        self.assertEqual(said["reasons"], ["where: nothing points to a ticket", "who: contact 1", "may: first",
                                           "may: no proof of mail"])
        self.assertEqual([(m["notice"], m["to"], m["state"]) for m in said["mails"]],
                         [("receipt", "Anna@acme.example", "sent")])
        self.assertEqual([c["what"] for c in said["changes"]], ["opened"])
        text = self.ok("why", "1")
        for words in ("Where does it belong?", "Who is it?", "May they?", "no proof of mail", "receipt",
                      "Acme GmbH"):
            self.assertIn(words, text)
        self.assertNotIn("a" * 47, text + json.dumps(said))
        self.fails(1, "why", "99", says="no mail 99")

    def test_a_file(self):
        path = self.desk.folder / "mail.eml"
        path.write_bytes(b"From: Anna <anna@acme.example>\r\nTo: support@desk.example\r\nSubject: from a file\r\n"
                         b"Message-ID: <f@acme.example>\r\nDate: Sun, 22 Nov 2026 01:00:00 +0000\r\n\r\nHello\r\n")
        before = self.sql("select (select count(*) from inbound_mail), (select last_value from ticket_id)")
        said = self.json("why", str(path))
        self.assertIsNone(said["mail"])
        self.assertEqual(said["subject"], "from a file")
        self.assertEqual(said["mailbox"], "support@desk.example")
        self.assertTrue(said["reasons"])
        self.assertLessEqual({"verdict", "role", "outcome", "ticket", "customer", "mails"}, set(said))
        self.assertEqual(self.json("why", str(path), "--mailbox", "support@desk.example"), said)
        self.assertIn("A file, as it would be decided now", self.ok("why", str(path)))
        self.fails(1, "why", str(path), "--mailbox", "other@desk.example", says="no mailbox")
        self.fails(1, "why", "/no/such/file.eml", says="/no/such/file.eml")
        self.fails(65, "why", "/dev/null", says="no file")
        after = self.sql("select (select count(*) from inbound_mail), (select last_value from ticket_id)")
        self.assertEqual(after, before)
