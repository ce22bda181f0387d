"""The whole of customers and people: details, several addresses, absences, and the log of all that."""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

CUSTOMER = {"number": "K-1001", "rank": "gold", "phone": "+49 89 1", "fax": "+49 89 2",
            "address": "Hauptstr. 1\nHinterhaus", "postcode": "80331", "city": "München",
            "state": "Bayern", "country": "DE", "language": "de", "notes": "pays late"}
PERSON = {"first-name": "Anna", "last-name": "Meyer", "job-title": "CTO", "language": "fr",
          "notes": "likes\nlists", "zone": "Asia/Tokyo", "signature": "Anna\nHead of IT"}


def options(details):
    return [word for name, value in details.items() for word in ("--" + name, value)]


def keys(details):
    return {name.replace("-", "_"): value for name, value in details.items()}


class Whole(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")

    def log_of(self, thing):
        return [(row["what"], row["field"], row["old"], row["new"])
                for row in self.json("log", "--object", thing)]

    def test_a_customer_has_all_that_a_business_knows(self):
        self.ok("customer", "add", "Acme", "--domain", "acme.example", *options(CUSTOMER))
        shown = self.json("customer", "show", "acme")
        self.assertEqual({key: shown[key] for key in CUSTOMER}, CUSTOMER)
        card = self.ok("customer", "show", "k-1001")
        for value in ("K-1001", "gold", "Hauptstr. 1 Hinterhaus", "München"):
            self.assertIn(value, card)
        new = {key: value.upper() + "x" for key, value in CUSTOMER.items()} | {"language": "it"}
        self.ok("customer", "set", "K-1001", *options(new))
        shown = self.json("customer", "show", "Acme")
        self.assertEqual({key: shown[key] for key in new}, new)
        changes = {field: (old, value) for what, field, old, value in self.log_of("customer:Acme")
                   if what == "changed" and old}
        self.assertEqual(changes, {key: (CUSTOMER[key], new[key]) for key in CUSTOMER})
        self.assertEqual({row["actor"] for row in self.json("log")},
                         {self.sql("select actor from change_log limit 1")})

    def test_an_empty_text_takes_away_and_the_same_text_changes_nothing(self):
        self.ok("customer", "add", "Acme", "--phone", "1", "--rank", "gold")
        count = len(self.log_of("customer:Acme"))
        self.ok("customer", "set", "Acme", "--rank", "gold")
        self.assertEqual(len(self.log_of("customer:Acme")), count)
        self.ok("customer", "set", "Acme", "--phone", "")
        shown = self.json("customer", "show", "Acme")
        self.assertEqual((shown["phone"], shown["rank"]), ("", "gold"))
        self.assertEqual(self.log_of("customer:Acme")[-1], ("changed", "phone", "1", ""))

    def test_details_that_cannot_be(self):
        self.ok("customer", "add", "Acme", "--number", "7")
        self.ok("customer", "add", "Other")
        self.fails(65, "customer", "set", "Other", "--number", "7", says='that of the customer "Acme"')
        self.fails(65, "customer", "add", "Third", "--number", "7", says='that of the customer "Acme"')
        self.fails(1, "customer", "show", "Third", says="no customer")
        self.fails(65, "customer", "set", "Other", "--language", "nl", says="no language", hints="en, de")
        self.fails(65, "customer", "set", "Other", "--city", "x" * 256, says="256 characters")
        self.fails(65, "customer", "set", "Other", "--rnak", "gold", hints='"--rank"')
        self.ok("customer", "set", "Acme", "--number", "7")
        self.ok("contact", "add", "a@acme.example", "--name", "A")
        self.fails(65, "contact", "set", "a@acme.example", "--language", "xx", says="no language")
        phones = [word for i in range(11) for word in ("--phone", str(i))]
        self.fails(65, "contact", "set", "a@acme.example", *phones, says="at most 10")

    def test_a_name_wins_over_a_number_and_that_over_an_id(self):
        self.ok("customer", "add", "One", "--number", "2")
        self.ok("customer", "add", "Two", "--number", "Three")
        self.ok("customer", "add", "Three")
        self.assertEqual(self.json("customer", "show", "2")["name"], "One")
        self.assertEqual(self.json("customer", "show", "three")["name"], "Three")
        self.assertEqual(self.json("customer", "show", "1")["name"], "One")

    def test_customers_are_filtered(self):
        self.ok("customer", "add", "Acme", "--rank", "Gold", "--country", "DE", "--domain", "acme.example")
        self.ok("customer", "add", "Other", "--rank", "silver", "--country", "DE", "--notes", "fears Acme")
        self.ok("customer", "add", "Third", "--city", "Roma")

        def names(*filters):
            return [row["name"] for row in self.json("customer", "list", *filters)]
        self.assertEqual(names("--rank", "gold"), ["Acme"])
        self.assertEqual(names("--country", "de"), ["Acme", "Other"])
        self.assertEqual(names("--country", "de", "--rank", "SILVER"), ["Other"])
        self.assertEqual(names("--search", "ACME"), ["Acme", "Other"])
        self.assertEqual(names("--search", "acme.example"), ["Acme"])
        self.assertEqual(names("--search", "rom"), ["Third"])
        self.assertEqual(names("--main-contact-only"), [])

    def test_a_contact_has_all_that_is_known_of_him(self):
        self.ok("contact", "add", "anna@acme.example", *options(PERSON), "--phone", "+49 1",
                "--phone", "+49 2")
        anna = self.json("contact", "show", "anna@acme.example")
        self.assertEqual({key: anna[key] for key in keys(PERSON)}, keys(PERSON))
        self.assertEqual((anna["name"], anna["phones"]), ("Anna Meyer", ["+49 1", "+49 2"]))
        self.ok("contact", "set", "anna@acme.example", "--last-name", "Huber", "--phone", "+49 3")
        anna = self.json("contact", "show", "anna@acme.example")
        self.assertEqual((anna["name"], anna["phones"]), ("Anna Huber", ["+49 3"]), "the name follows")
        self.ok("contact", "set", "anna@acme.example", "--name", "Dr. Anna Huber")
        self.ok("contact", "set", "anna@acme.example", "--last-name", "Maier", "--phone", "")
        anna = self.json("contact", "show", "anna@acme.example")
        self.assertEqual((anna["name"], anna["phones"]), ("Dr. Anna Huber", []), "a chosen name stays")
        log = self.log_of("contact:anna@acme.example")
        self.assertIn(("changed", "phone", "+49 1, +49 2", "+49 3"), log)
        self.assertIn(("changed", "job-title", "", "CTO"), log)
        self.assertIn(("changed", "name", "Anna Meyer", "Anna Huber"), log)

    def test_zones_and_signatures_that_cannot_be_are_refused(self):
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben", "--signature", "Ben\n\nNetworks")
        self.fails(65, "technician", "set", "ben@desk.example", "--zone", "Europe/Bonn", says="no time zone")
        self.fails(65, "technician", "set", "ben@desk.example", "--signature", "x\n" * 13 + "y", says="at most 1000")
        self.fails(65, "setting", "set", "signature", "x" * 1001, says="at most 1000")
        self.fails(65, "setting", "set", "language", "klingon", says="en|de")
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["zone"], ben["signature"]), ("", "Ben\n\nNetworks"))
        self.ok("setting", "set", "language", "de")
        self.ok("setting", "set", "signature", "Desk GmbH\n+49 89 1")
        self.assertIn(("changed", "signature", "Ben\n\nNetworks", ""),
                      self.ok("technician", "set", "ben@desk.example", "--signature", "")
                      and self.log_of("technician:ben@desk.example"))

    def test_people_are_filtered(self):
        self.ok("group", "add", "Network")
        for person in ("a", "b", "c"):
            self.ok("contact", "add", f"{person}@acme.example", "--name", person.upper(),
                    "--job-title", f"{person}-officer")
            self.ok("technician", "add", f"{person}@desk.example", "--name", "T" + person)
        self.ok("contact", "set", "a@acme.example", "--confirmed", "yes")
        self.ok("contact", "set", "b@acme.example", "--disable")
        self.ok("technician", "set", "a@desk.example", "--group", "network")
        self.ok("technician", "set", "b@desk.example", "--disable")
        today = self.sql("select (now() at time zone 'UTC')::date")
        self.ok("technician", "set", "c@desk.example", "--absent", today)

        def names(*words):
            return [row["name"] for row in self.json(*words)]
        self.assertEqual(names("contact", "list", "--unconfirmed"), ["B", "C"])
        self.assertEqual(names("contact", "list", "--disabled"), ["B"])
        self.assertEqual(names("contact", "list", "--search", "C-OFF"), ["C"])
        self.assertEqual(names("contact", "list", "--search", "b@acme"), ["B"])
        self.assertEqual(names("contact", "list", "--main"), [])
        self.assertEqual(names("technician", "list", "--group", "Network"), ["Ta"])
        self.assertEqual(names("technician", "list", "--disabled"), ["Tb"])
        self.assertEqual(names("technician", "list", "--absent"), ["Tc"])
        self.assertEqual(self.json("technician", "show", "a@desk.example")["groups"], ["Network"])
        self.fails(1, "technician", "list", "--group", "none", says="no group")

    def test_a_group_gets_another_name(self):
        self.ok("group", "add", "Network")
        self.ok("group", "add", "Print")
        self.ok("group", "set", "network", "--name", "NETWORK")
        self.assertEqual(self.json("group", "show", "1")["name"], "NETWORK", "its own name in other letters")
        self.fails(65, "group", "set", "1", "--name", "print", says='there is a group "Print" already')
        self.fails(65, "group", "set", "1", "--name", "", says="1 to 255")
        self.fails(65, "group", "set", "1", says="--name N")
        self.fails(1, "group", "set", "nobody", "--name", "X", says="no group")
        self.assertEqual(self.log_of("group:1"), [("added", None, None, "Network"),
                                                  ("changed", "name", "Network", "NETWORK")])

    def test_an_absence_has_days_and_a_deputy(self):
        for name in ("ben", "clara", "gone"):
            self.ok("technician", "add", f"{name}@desk.example", "--name", name.capitalize())
        self.ok("technician", "set", "gone@desk.example", "--disable")
        self.ok("group", "add", "Network")
        self.ok("group", "member", "add", "Network", "ben@desk.example")
        said = self.ok("technician", "set", "ben@desk.example", "--absent", "2026-12-01..2026-12-14",
                       "--deputy", "clara@desk.example")
        self.assertIn('note: the deputy is not in the group "Network"', said)
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["absent_from"], ben["absent_until"], ben["deputy"], ben["is_absent"]),
                         ("2026-12-01", "2026-12-14", "Clara", False))
        today = self.sql("select (now() at time zone 'UTC')::date")
        self.ok("technician", "set", "clara@desk.example", "--lead", "yes")
        said = self.ok("technician", "set", "ben@desk.example", "--absent", today, "--deputy",
                       "clara@desk.example")
        self.assertNotIn("note:", said, "a lead may act in every group")
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["absent_from"], ben["absent_until"], ben["is_absent"]), (today, today, True))
        self.ok("technician", "set", "ben@desk.example", "--present")
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["absent_from"], ben["deputy"], ben["is_absent"]), (None, None, False))
        log = [row for row in self.log_of("technician:ben@desk.example") if row[1] in ("absent", "deputy")]
        self.assertEqual(log, [
            ("changed", "absent", None, "2026-12-01..2026-12-14"), ("changed", "deputy", None, "Clara"),
            ("changed", "absent", "2026-12-01..2026-12-14", f"{today}..{today}"),
            ("changed", "absent", f"{today}..{today}", None), ("changed", "deputy", "Clara", None)])

    def test_absences_that_cannot_be(self):
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")
        self.ok("contact", "add", "anna@acme.example", "--name", "Anna")
        for words, says in [
            (("--absent", "2026-12-14..2026-12-01"), "ends before it begins"),
            (("--absent", "tomorrow"), "is no day"),
            (("--absent", "2026-12-01..2026-12-32"), "is no day"),
            (("--deputy", "ben@desk.example"), "stands in for somebody who is absent"),
            (("--absent", "2026-12-01", "--deputy", "ben@desk.example"), "his own deputy"),
            (("--absent", "2026-12-01", "--deputy", "anna@acme.example"), "not disabled"),
            (("--absent", "2026-12-01", "--present"), "either --absent or --present"),
        ]:
            self.fails(65, "technician", "set", "ben@desk.example", *words, says=says)
        self.fails(65, "contact", "set", "anna@acme.example", "--absent", "2026-12-01",
                   says="unknown option")
        self.assertIsNone(self.json("technician", "show", "ben@desk.example")["absent_from"])

    def test_the_next_in_turn_is_nobody_who_is_away(self):
        self.ok("group", "add", "Network")
        for name in ("ben", "clara"):
            self.ok("technician", "add", f"{name}@desk.example", "--name", name)
            self.ok("group", "member", "add", "Network", f"{name}@desk.example")
        today = self.sql("select (now() at time zone 'UTC')::date")
        self.ok("technician", "set", "ben@desk.example", "--absent", today)
        picked = {self.sql("select name from group_pick(1, 'round-robin', 0) g join person on id = g")
                  for _ in range(3)}
        self.assertEqual(picked, {"clara"})
        self.ok("technician", "set", "ben@desk.example", "--present")
        picked = {self.sql("select name from group_pick(1, 'round-robin', 0) g join person on id = g")
                  for _ in range(3)}
        self.assertEqual(picked, {"ben", "clara"})
