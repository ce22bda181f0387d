"""Customers, people, groups, mailboxes, tickets: changed, and every change recorded."""

import getpass
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402


class Admin(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.ok("customer", "add", "Acme", "--domain", "acme.example")
        self.ok("contact", "add", "anna@acme.example", "--name", "Anna")
        self.ok("contact", "add", "max@acme.example", "--name", "Max")
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")

    def changes(self, *arguments):
        """(object, field, old, new) of each row of the log."""
        return [(row["object"], row["field"], row["old"], row["new"])
                for row in self.json("log", *arguments)]

    def customer(self):
        return self.json("customer", "show", "Acme")

    def contact(self, address="anna@acme.example"):
        return self.json("contact", "show", address)

    # ---- customers --------------------------------------------------------------------------

    def test_only_a_main_contact_who_can_be_reached_allows_main_contact_only(self):
        turn_on = ("customer", "set", "acme", "--main-contact-only", "yes")
        self.fails(65, *turn_on, says="no main contact", hints="--main-contact yes")
        self.ok("contact", "set", "anna@acme.example", "--main-contact", "yes")
        self.ok("contact", "set", "anna@acme.example", "--disable")
        self.fails(65, *turn_on, says="main contact is disabled")
        self.ok("contact", "set", "anna@acme.example", "--enable")
        self.sql("update person_address set is_dead = true where address_key = 'anna@acme.example'")
        self.fails(65, *turn_on, says="no address that takes mail")
        self.assertFalse(self.customer()["is_main_contact_only"])
        self.ok("contact", "address", "add", "anna@acme.example", "anna2@acme.example", "--first")
        self.ok(*turn_on)
        self.assertTrue(self.customer()["is_main_contact_only"])
        self.assertEqual(self.customer()["main_contact"], "Anna")

    def test_while_it_is_on_the_main_contact_stays(self):
        self.ok("customer", "add", "Other")
        self.ok("contact", "set", "anna@acme.example", "--main-contact", "yes")
        self.ok("contact", "address", "add", "anna@acme.example", "anna2@acme.example")
        self.ok("customer", "set", "Acme", "--main-contact-only", "yes")
        self.sql("update person_address set is_dead = true where address_key = 'anna2@acme.example'")
        before = self.contact()
        for arguments in (("set", "anna@acme.example", "--disable"),
                          ("set", "anna@acme.example", "--main-contact", "no"),
                          ("set", "anna@acme.example", "--customer", "Other"),
                          ("set", "anna@acme.example", "--customer", "none"),
                          ("set", "anna@acme.example", "--name", "A", "--disable"),
                          ("address", "remove", "anna@acme.example", "anna@acme.example")):
            self.fails(65, "contact", *arguments, says='only the main contact of "Acme"')
        self.assertEqual(self.contact(), before, "nothing was half changed")
        self.sql("update person set is_disabled = true where name = 'Max'")
        self.fails(65, "contact", "set", "max@acme.example", "--main-contact", "yes", says="disabled")
        self.sql("update person set is_disabled = false where name = 'Max'")
        self.ok("contact", "set", "max@acme.example", "--main-contact", "yes")
        self.assertFalse(self.contact()["is_main_contact"], "another one took his place")
        self.ok("contact", "set", "anna@acme.example", "--disable")
        self.ok("customer", "set", "Acme", "--main-contact-only", "no")
        self.ok("contact", "set", "max@acme.example", "--customer", "Other")
        self.assertFalse(self.contact("max@acme.example")["is_main_contact"])

    def test_a_customer_is_changed(self):
        self.ok("customer", "add", "Other")
        self.assertEqual(self.json("customer", "set", "1", "--name", "Acme GmbH"), {"changed": "Acme GmbH"})
        self.fails(65, "customer", "set", "Acme GmbH", "--name", "OTHER", says="already")
        self.ok("customer", "set", "Acme GmbH", "--name", "ACME GmbH")
        for word in ("yes", "no", "default"):
            self.ok("customer", "set", "acme gmbh", "--colleagues", word)
            self.assertEqual(self.json("customer", "show", "1")["colleagues"], word)
        self.assertEqual(self.sql("select colleagues_take_part is null from customer where id = 1"), "t")
        self.fails(65, "customer", "set", "Other", says="nothing is to be changed", hints="--help")
        self.fails(65, "customer", "set", "Other", "--colleagues", "maybe", says="yes, no or default")
        self.fails(65, "customer", "set", "Other", "--main-contact-only", "1", says="yes or no")
        self.fails(1, "customer", "set", "Nobody", "--name", "X", says='no customer "Nobody"')

    def test_domains_come_and_go(self):
        self.ok("customer", "domain", "add", "Acme", "@*.BÜCHER.example.")
        self.ok("customer", "domain", "add", "Acme", "@Acme2.example")
        self.assertEqual(self.customer()["domains"],
                         ["*.xn--bcher-kva.example", "acme.example", "acme2.example"])
        self.ok("customer", "add", "Other", "--domain", "other.test")
        for domain, says in (("other.test", 'belongs to the customer "Other"'), ("gmail.com", "gmail.com"),
                             ("*.co.uk", "co.uk"), ("com", "com"), ("a b", "a b")):
            self.fails(65, "customer", "domain", "add", "Acme", domain, says=says)
        self.ok("customer", "domain", "remove", "Acme", "*.bücher.example")
        self.fails(1, "customer", "domain", "remove", "Acme", "other.test", says="no domain")
        self.fails(65, "customer", "domain", "put", "Acme", "x.example", says='"add" or "remove"')
        self.assertEqual(self.customer()["domains"], ["acme.example", "acme2.example"])
        self.assertEqual(self.changes("--object", "customer:acme"), [
            ("customer", None, None, "Acme"), ("customer", "domain", None, "acme.example"),
            ("customer", "domain", None, "*.xn--bcher-kva.example"),
            ("customer", "domain", None, "acme2.example"),
            ("customer", "domain", "*.xn--bcher-kva.example", None)])

    # ---- people -----------------------------------------------------------------------------

    def test_contacts_are_changed(self):
        self.ok("contact", "set", "Anna@acme.example", "--name", "Anna M.", "--opens-tickets", "no",
                "--confirmed", "yes", "--customer", "none")
        anna = self.contact()
        self.assertEqual((anna["name"], anna["opens_tickets"], anna["is_confirmed"], anna["customer"]),
                         ("Anna M.", False, True, None))
        self.fails(65, "contact", "set", "anna@acme.example", "--main-contact", "yes", hints="--customer")
        self.ok("contact", "set", "anna@acme.example", "--main-contact", "yes", "--customer", "acme")
        self.assertTrue(self.contact()["is_main_contact"])
        self.assertEqual(self.changes("--object", "contact:anna@acme.example"), [
            ("contact", None, None, "anna@acme.example"), ("contact", "name", "Anna", "Anna M."),
            ("contact", "customer", "Acme", None), ("contact", "opens-tickets", "yes", "no"),
            ("contact", "confirmed", "no", "yes"), ("contact", "customer", None, "Acme"),
            ("contact", "main-contact", "no", "yes")])
        self.fails(65, "contact", "set", "anna@acme.example", says="nothing is to be changed")
        self.fails(65, "contact", "set", "anna@acme.example", "--enable", "--disable", says="either")
        self.fails(1, "contact", "set", "ben@desk.example", "--name", "X", says="no contact")
        self.fails(1, "contact", "set", "nobody@acme.example", "--name", "X", says="nobody")
        self.fails(1, "contact", "set", "anna@acme.example", "--name", "Y", "--customer", "Nobody")
        self.assertEqual(self.contact()["name"], "Anna M.")

    def test_somebody_has_several_addresses(self):
        self.ok("contact", "address", "add", "anna@acme.example", "Anna@home.example")
        self.assertEqual(self.contact()["addresses"], ["anna@acme.example", "Anna@home.example"])
        self.ok("contact", "address", "add", "anna@acme.example", "a@acme.example", "--first")
        self.assertEqual(self.contact()["addresses"],
                         ["a@acme.example", "anna@acme.example", "Anna@home.example"])
        self.ok("contact", "address", "add", "a@acme.example", "anna@home.example", "--first")
        self.assertEqual(self.contact()["addresses"],
                         ["anna@home.example", "a@acme.example", "anna@acme.example"])
        self.fails(65, "contact", "address", "add", "max@acme.example", "a@acme.example",
                   says='belongs to "Anna"')
        self.fails(1, "contact", "address", "remove", "max@acme.example", "a@acme.example")
        self.ok("contact", "address", "remove", "a@acme.example", "A@acme.example")
        self.ok("contact", "address", "remove", "1", "anna@home.example")
        self.fails(65, "contact", "address", "remove", "1", "anna@acme.example", says="only address")
        self.assertEqual(self.contact()["addresses"], ["anna@acme.example"])
        self.sql("update person_address set is_dead = true where address_key = 'anna@acme.example'")
        self.assertTrue(self.contact()["has_dead_address"])
        self.ok("contact", "address", "add", "1", "anna@acme.example")
        self.assertFalse(self.contact()["has_dead_address"])
        self.ok("technician", "address", "add", "ben@desk.example", "ben@home.example")
        self.assertEqual(self.json("technician", "show", "ben@home.example")["name"], "Ben")

    def test_technicians_and_groups(self):
        self.assertEqual(self.json("group", "add", "Network"), {"id": 1, "name": "Network"})
        self.fails(65, "group", "add", "NETWORK", says="already")
        self.ok("group", "add", "Printers")
        self.ok("group", "member", "add", "network", "ben@desk.example")
        self.fails(65, "group", "member", "add", "network", "ben@desk.example", says="member already")
        self.fails(65, "group", "member", "add", "network", "anna@acme.example", says="no technician")
        self.ok("technician", "set", "ben@desk.example", "--name", "Ben H.", "--lead", "yes", "--disable",
                "--group", "Printers", "--not-group", "network")
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["name"], ben["is_lead"], ben["is_disabled"]), ("Ben H.", True, True))
        self.assertEqual([(row["name"], row["members"]) for row in self.json("group", "list")],
                         [("Network", []), ("Printers", ["Ben H."])])
        self.assertEqual([row["address"] for row in self.json("group", "show", "printers")["members"]],
                         ["ben@desk.example"])
        self.fails(1, "group", "member", "remove", "network", "ben@desk.example", says="no member")
        self.ok("group", "member", "remove", "printers", "ben@desk.example")
        self.fails(1, "technician", "set", "ben@desk.example", "--group", "Nowhere", "--lead", "no")
        self.assertTrue(self.json("technician", "show", "ben@desk.example")["is_lead"])
        self.fails(1, "technician", "set", "anna@acme.example", "--lead", "yes", says="no technician")
        self.ok("group", "remove", "Network")
        self.fails(1, "group", "show", "Network", says="no group")
        self.assertEqual(self.changes("--object", "group:1"), [
            ("group", None, None, "Network"), ("group", "member", None, "Ben"),
            ("group", "member", "Ben H.", None), ("group", None, "Network", None)])

    # ---- tickets, mailboxes, settings -------------------------------------------------------

    def add_mailbox(self):
        self.ok("mailbox", "add", "support@desk.example", "--imap", "imaps://u@h.example",
                "--smtp", "smtps://u@h.example", "--secret", "support", "--no-check")

    def test_a_ticket_has_a_group_and_an_assignee(self):
        self.add_mailbox()
        self.sql("insert into ticket (id, nonce, mailbox, requester, subject)"
                 " values (7, 1, 1, 1, 'Printer'), (8, 1, 1, 1, 'Same')")
        self.sql("update ticket set merged_into = 7 where id = 8")
        self.ok("group", "add", "Network")
        self.assertEqual(self.json("ticket", "group", "#8", "network"), {"changed": "7"})
        self.ok("ticket", "group", "7", "Network")
        self.ok("ticket", "assign", "7", "ben@desk.example")
        self.ok("ticket", "assign", "7", "none")
        self.fails(65, "group", "remove", "Network", says="1 tickets", hints="ticket group")
        self.ok("ticket", "group", "7", "none")
        self.ok("group", "remove", "Network")
        self.assertEqual([(row["what"], row["from"], row["to"], row["who"])
                          for row in self.json("ticket", "show", "7")["activities"] if row["rule"] is None],
                         [("grouped", None, "Network", getpass.getuser()),
                          ("assigned", None, "Ben", getpass.getuser()),
                          ("unassigned", "Ben", None, getpass.getuser()),
                          ("ungrouped", "Network", None, getpass.getuser())])
        self.fails(65, "ticket", "assign", "7", "anna@acme.example", says="no technician")
        self.ok("technician", "set", "ben@desk.example", "--disable")
        self.fails(65, "ticket", "assign", "7", "ben@desk.example", says="disabled")
        self.fails(1, "ticket", "assign", "9", "none", says="no ticket 9")
        self.fails(65, "ticket", "group", "x", "none", says="not the number")

    def test_a_ticket_has_a_status_and_participants(self):
        self.add_mailbox()
        self.sql("insert into ticket (id, nonce, mailbox, requester, subject) values (7, 1, 1, 1, 'Printer')")
        self.ok("ticket", "status", "7", "closed")
        self.assertIsNotNone(self.json("ticket", "show", "7")["closed_at"])
        self.ok("ticket", "status", "#7", "pending")
        self.ok("ticket", "status", "7", "pending")
        self.ok("ticket", "participant", "add", "7", "max@acme.example")
        self.ok("ticket", "participant", "add", "7", "max@acme.example")
        ticket = self.json("ticket", "show", "7")
        self.assertEqual((ticket["status"], ticket["closed_at"]), ("pending", None))
        self.assertEqual([row["name"] for row in ticket["participants"]], ["Max"])
        self.ok("ticket", "participant", "remove", "7", "max@acme.example")
        self.fails(1, "ticket", "participant", "remove", "7", "max@acme.example", says="no part")
        self.fails(1, "ticket", "participant", "add", "7", "none", says="nobody")
        self.fails(65, "ticket", "status", "7", "gone")
        self.assertEqual([(row["what"], row["from"], row["to"])
                          for row in self.json("ticket", "show", "7")["activities"] if row["rule"] is None],
                         [("status", "open", "closed"), ("status", "closed", "pending"),
                          ("joined", None, "Max"), ("left", "Max", None)])

    def test_what_a_mailbox_is_trusted_for(self):
        self.add_mailbox()
        said = self.ok("mailbox", "set", "support@desk.example", "--trust", "authserv-id=mx.desk.example",
                       "--own-host", "a.example", "--own-host", "b.example", "--technician-proof", "token")
        self.assertIn("is enough to act as a technician at support@desk.example", said)
        self.assertIn("postdesk doctor", said)
        shown = self.json("mailbox", "show", "1")
        self.assertEqual((shown["trust"], shown["authserv_id"], shown["own_hosts"],
                          shown["technician_proof"], shown["is_enabled"]),
                         ("authserv-id", "mx.desk.example", ["a.example", "b.example"], "token", True))
        self.ok("mailbox", "set", "1", "--trust", "google", "--own-host", "none", "--disable",
                "--subaddresses", "no", "--technician-proof", "auth", "--name", "Help")
        shown = self.json("mailbox", "show", "1")
        self.assertEqual((shown["trust"], shown["authserv_id"], shown["own_hosts"], shown["name"],
                          shown["technician_proof"], shown["is_enabled"], shown["has_subaddresses"]),
                         ("google", None, [], "Help", "auth", False, False))
        for arguments, says in ((("--trust", "authserv-id"), "nothing to trust"),
                                (("--trust", "authserv-id:"), "nothing to trust"),
                                (("--trust", "authserv-idx"), "nothing to trust"),
                                (("--technician-proof", "none"), "auth or token"),
                                (("--subaddresses", "x"), "yes or no"), ((), "nothing is to be changed")):
            self.fails(65, "mailbox", "set", "1", *arguments, says=says)
        self.assertEqual(self.changes("--object", "mailbox:support@desk.example"), [
            ("mailbox", None, None, "support@desk.example"),
            ("mailbox", "technician-proof", "auth", "token"),
            ("mailbox", "trust", "none", "authserv-id:mx.desk.example"),
            ("mailbox", "own-hosts", "", "a.example, b.example"),
            ("mailbox", "name", "support@desk.example", "Help"),
            ("mailbox", "technician-proof", "token", "auth"), ("mailbox", "subaddresses", "yes", "no"),
            ("mailbox", "enabled", "yes", "no"),
            ("mailbox", "trust", "authserv-id:mx.desk.example", "google"),
            ("mailbox", "own-hosts", "a.example, b.example", "")])

    def test_what_contacts_see_of_a_field(self):
        listed = {row["name"]: row["contacts"] for row in self.json("field", "list")}
        self.assertEqual((listed["status"], listed["type"]), ("shown", "hidden"))
        self.ok("field", "set", "type", "--contacts", "editable")
        self.assertEqual(self.json("field", "show", "type")["contacts"], "editable")
        self.fails(65, "field", "set", "type", "--contacts", "seen", says="hidden, shown or editable")
        self.fails(65, "field", "set", "type", says="--contacts")
        self.fails(1, "field", "set", "colour", "--contacts", "shown", says="no field", hints="field list")
        self.assertEqual(self.changes("--object", "field:type"),
                         [("field", "contacts", "hidden", "editable")])

    def test_technicians_who_act_by_mail_and_why_not(self):
        def says():
            (row,) = self.json("technician", "list")
            self.assertEqual(row["acts_by_mail"], row["acts_by_mail_because"].startswith("yes"))
            return row["acts_by_mail_because"]

        self.assertEqual(says(), "no, because no mailbox is enabled")
        self.add_mailbox()
        self.assertEqual(says(), "no, because no mailbox has a trust profile")
        self.ok("mailbox", "set", "1", "--technician-proof", "token")
        self.assertEqual(says(), "yes, at support@desk.example (by token alone)")
        self.ok("mailbox", "set", "1", "--technician-proof", "auth", "--trust", "google")
        self.assertEqual(says(), "yes, at support@desk.example")
        self.assertIn("yes, at support@desk.example", self.ok("technician", "list"))
        self.sql("update person_address set is_dead = true where address_key = 'ben@desk.example'")
        self.assertEqual(says(), "no, because his address takes no mail")
        self.ok("technician", "set", "ben@desk.example", "--disable")
        self.assertEqual(says(), "no, because he is disabled")
        self.ok("technician", "set", "ben@desk.example", "--enable")
        self.ok("technician", "address", "add", "ben@desk.example", "ben@desk.example")
        self.ok("mailbox", "set", "1", "--disable")
        self.assertEqual(says(), "no, because no mailbox is enabled")

    # ---- keys -------------------------------------------------------------------------------

    def place(self, token):
        """Where a mail of Anna with this token would go: a ticket, or "new"."""
        path = self.desk.folder / "token.eml"
        path.write_text(f"From: Anna <anna@acme.example>\r\nTo: support+{token}@desk.example\r\n"
                        "Subject: Re: Printer\r\nMessage-ID: <t@acme.example>\r\n\r\nThanks.\r\n")
        return self.json("why", path)["ticket"]

    def last_token(self):
        self.ok("ticket", "reply", "7", "Hello", "--as", "ben@desk.example")
        return self.sql("select reply_token from outbound_mail where recipient = 1 order by id desc limit 1")

    def test_a_token_lives_as_long_as_its_key(self):
        self.add_mailbox()
        self.sql("insert into ticket (id, nonce, mailbox, requester, subject) values (7, 1, 1, 1, 'Printer')")
        first = self.last_token()
        self.assertEqual(self.place(first), 7)
        self.assertNotEqual(self.place(first[:-9] + "aaaaaaaaa"), 7, "the test can tell a bad one")
        self.assertEqual(self.json("keys", "rotate"), {"slot": 1, "retired": 0})
        second = self.last_token()
        self.assertEqual((self.place(first), self.place(second)), (7, 7))
        self.fails(65, "keys", "rotate", says="ends 1 older key (slot 0 first)", hints="--yes")
        self.assertEqual(self.place(first), 7)
        self.ok("keys", "rotate", "--yes")
        third = self.last_token()
        self.assertNotEqual(self.place(first), 7)
        self.assertEqual((self.place(second), self.place(third)), (7, 7))
        listed = self.json("keys", "list")
        self.assertEqual([(row["slot"], row["signs"]) for row in listed], [(1, False), (2, True)])
        self.assertEqual(set(listed[0]), {"slot", "signs", "created_at"})
        self.ok("keys", "rotate", "--keep")
        self.assertEqual(self.place(second), 7)
        self.fails(65, "keys", "retire", "3", "--yes", says="the one that signs", hints="keys rotate")
        self.fails(65, "keys", "retire", "1", says="answered no more", hints="--yes")
        self.fails(1, "keys", "retire", "9", "--yes", says="no key in slot 9")
        self.fails(65, "keys", "retire", "16", "--yes", says="no slot")
        self.ok("keys", "retire", "1", "--yes")
        self.assertNotEqual(self.place(second), 7)
        self.assertEqual(self.place(third), 7)
        self.assertEqual([(row["object_id"], row["what"], row["old"], row["new"])
                          for row in self.json("log", "--object", "key")],
                         [("1", "added", None, None), ("0", "retired", None, None),
                          ("2", "added", None, None), ("3", "added", None, None),
                          ("1", "retired", None, None)])

    def test_slots_go_round(self):
        secrets = set()
        for turn in range(1, 35):
            self.assertEqual(self.json("keys", "rotate", "--yes")["slot"], turn % 16)
            secrets.add(self.sql("select encode(secret, 'hex') from token_key order by created_at desc limit 1"))
        self.assertEqual(len(secrets), 34)
        self.assertEqual(self.sql("select count(*) from token_key"), "2")
        for _ in range(14):
            self.ok("keys", "rotate", "--keep")
        self.fails(65, "keys", "rotate", "--keep", says="all 16 slots", hints="retire")

    def test_the_log_says_who_did_what(self):
        self.ok("setting", "set", "unknown-senders", "hold")
        self.ok("setting", "set", "unknown-senders", "hold")
        self.fails(65, "setting", "set", "unknown-senders", "x")
        (row,) = self.json("log", "--object", "setting:unknown-senders")
        self.assertEqual((row["actor"], row["role"], row["what"], row["field"], row["old"], row["new"]),
                         (getpass.getuser(), self.sql("select session_user"), "changed", "value", None,
                          "hold"))
        self.assertEqual(len(self.json("log")), 6)
        self.assertEqual(len(self.json("log", "--limit", "2")), 2)
        self.sql("update change_log set at = now() - interval '8 days' where object = 'customer'")
        self.assertEqual(self.json("log", "--object", "customer", "--since", "7d"), [])
        self.assertEqual(len(self.json("log", "--object", "customer", "--since", "2w")), 2)
        self.fails(65, "log", "--since", "soon", says="no time span", hints="7d")
        self.fails(1, "log", "--object", "customer:Nobody", says="no customer")
        self.assertIn("unknown-senders", self.ok("log"))
