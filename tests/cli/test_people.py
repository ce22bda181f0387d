"""migrate, customers, contacts, technicians, settings, help, and how errors look."""

import pathlib
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

SCHEMA = sorted(path.name for path in (pathlib.Path(__file__).parents[2] / "sql").glob("*.sql"))


class Migrate(CliTest):
    def test_everything_but_migrate_wants_the_schema(self):
        self.fails(78, "customer", "list", says="0001_desk.sql is missing", hints="postdesk migrate")
        self.assertEqual(self.ok("migrate", "--dry-run"), "".join(f"pending {name}\n" for name in SCHEMA))
        self.assertEqual(self.json("migrate"), {"applied": SCHEMA})
        self.assertEqual(self.ok("migrate"), "the schema is up to date\n")
        self.assertEqual(self.ok("customer", "list"), "none\n")
        self.assertEqual(self.json("customer", "list"), [])

    def test_a_database_that_does_not_fit_is_left_alone(self):
        self.ok("migrate")
        self.sql("insert into schema_migration values (9000, '9000_moon.sql', sha256('x'))")
        self.fails(78, "migrate", says="newer than this program (9000_moon.sql)")
        self.fails(78, "customer", "list", says="newer than this program")

    def test_without_a_database_there_is_a_hint(self):
        self.desk.config_path.write_text('database "host=/nonexistent dbname=x user=x"\n')
        self.fails(75, "customer", "list", says="could not connect", hints="is PostgreSQL running")
        self.desk.config_path.write_text("databas x\nintakes many\n")
        said = self.fails(78, "customer", "list")
        self.assertIn("detail: ", said, "each mistake of the config has its line")
        self.desk.config_path.unlink()
        self.fails(78, "customer", "list")


class People(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")

    def test_customers_and_their_domains(self):
        self.ok("customer", "add", "Acme GmbH", "--domain", "@acme.example", "--domain", "*.acme.example")
        self.assertEqual(self.json("customer", "add", "Bücher", "--domain", "bücher.example"),
                         {"id": 2, "name": "Bücher"})
        rows = self.json("customer", "list")
        self.assertEqual([(row["id"], row["name"], row["domains"], row["contacts"]) for row in rows],
                         [(1, "Acme GmbH", ["*.acme.example", "acme.example"], 0),
                          (2, "Bücher", ["xn--bcher-kva.example"], 0)])
        self.assertRegex(rows[0]["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(self.json("customer", "show", "ACME gmbh"), rows[0])
        self.assertEqual(self.json("customer", "show", "2")["name"], "Bücher")
        self.fails(1, "customer", "show", "nobody", says='no customer "nobody"')

    def test_customers_that_cannot_be(self):
        self.ok("customer", "add", "Acme", "--domain", "acme.example")
        for arguments, says in [
            (("ACME",), "already"),
            (("Other", "--domain", "ACME.example."), 'belongs to the customer "Acme"'),
            (("Other", "--domain", "gmail.com"), "gmail.com"),
            (("Other", "--domain", "co.uk"), "co.uk"),
            (("Other", "--domain", "not a domain"), "not a domain"),
            (("",), "1 to 255"),
        ]:
            self.fails(65, "customer", "add", *arguments, says=says)
        self.assertEqual(len(self.json("customer", "list")), 1, "nothing was half entered")

    def test_contacts_belong_to_the_customer_of_their_domain(self):
        self.ok("customer", "add", "Acme", "--domain", "acme.example", "--domain", "*.acme.example")
        self.ok("customer", "add", "Other")
        self.ok("contact", "add", "Anna@Acme.example", "--name", "Anna Meyer")
        self.ok("contact", "add", "b@it.acme.example", "--name", "B", "--main", "--confirmed")
        self.ok("contact", "add", "c@acme.example", "--name", "C", "--customer", "other")
        self.ok("contact", "add", "d@nowhere.example", "--name", "D")
        people = {row["address"]: row for row in self.json("contact", "list")}
        self.assertEqual({address: row["customer"] for address, row in people.items()},
                         {"Anna@acme.example": "Acme", "b@it.acme.example": "Acme",
                          "c@acme.example": "Other", "d@nowhere.example": None})
        self.assertTrue(people["b@it.acme.example"]["is_main_contact"])
        self.assertTrue(people["b@it.acme.example"]["is_confirmed"])
        self.assertFalse(people["Anna@acme.example"]["is_confirmed"])
        self.assertEqual([row["name"] for row in self.json("contact", "list", "--customer", "Acme")],
                         ["Anna Meyer", "B"])
        self.assertEqual(self.json("contact", "show", "anna@ACME.example")["name"], "Anna Meyer")
        self.fails(65, "contact", "add", "anna@acme.example", "--name", "X", says="contact already")
        self.fails(65, "contact", "add", "e@acme.example", "--name", "E", "--main",
                   says='main contact already: "B"')
        self.fails(65, "contact", "add", "e@nowhere.example", "--name", "E", "--main",
                   hints="--customer")
        self.fails(1, "contact", "add", "e@acme.example", "--name", "E", "--customer", "X")
        self.fails(65, "contact", "add", "no address", "--name", "E", says="no address")
        self.fails(65, "contact", "add", "e@acme.example", says="--name NAME")

    def test_somebody_may_be_contact_and_technician(self):
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben Huber", "--lead")
        self.ok("contact", "add", "ben@desk.example", "--name", "Benjamin")
        ben = self.json("technician", "show", "ben@desk.example")
        self.assertEqual((ben["name"], ben["is_lead"], ben["is_contact"]), ("Ben Huber", True, True))
        self.assertEqual(self.json("contact", "show", str(ben["id"])), ben)
        self.ok("contact", "add", "anna@acme.example", "--name", "Anna")
        self.fails(1, "technician", "show", "anna@acme.example", says="no technician")
        self.fails(65, "technician", "add", "ben@desk.example", "--name", "B", says="technician already")

    def test_settings(self):
        listed = {row["name"]: row for row in self.json("setting", "list")}
        self.assertEqual(listed["unknown-senders"]["value"], "ticket")
        self.assertIsNone(listed["unknown-senders"]["changed_at"])
        self.ok("setting", "set", "unknown-senders", "hold")
        listed = {row["name"]: row for row in self.json("setting", "list")}
        self.assertEqual(listed["unknown-senders"]["value"], "hold")
        self.assertIsNotNone(listed["unknown-senders"]["changed_at"])
        self.fails(65, "setting", "set", "unknown-sender", "hold", hints="unknown-senders")
        self.fails(65, "setting", "set", "unknown-senders", "perhaps")
        self.assertEqual(self.sql("select count(*) from setting"), "1")


class Looks(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")

    def test_help_is_everywhere(self):
        general = self.ok("--help")
        for noun in ("migrate", "customer", "contact", "technician", "mailbox", "setting", "help"):
            self.assertIn(f"\n  {noun} ", general)
            self.assertIn("usage: postdesk " + noun, self.ok(noun, "--help"))
            self.assertEqual(self.ok("help", noun), self.ok(noun, "--help"))
        self.assertIn("--domain D", self.ok("customer", "add", "--help"))
        self.assertIn("database URL", self.ok("help", "config"))
        self.assertIn("unknown-senders ticket|hold|reject", self.ok("help", "settings"))
        self.assertRegex(self.ok("--version"), r"^postdesk \d+\.\d+\.\d+\n$")

    def test_words_that_are_none_get_the_nearest(self):
        self.fails(65, "custmer", "list", hints='"customer"')
        self.fails(65, "customer", "lst", hints='"list"')
        self.fails(65, "customer", "add", "X", "--domian", "x.example", hints='"--domain"')
        self.fails(65, hints="--help")
        self.fails(65, "customer", hints="customer --help")
        self.fails(65, "help", "custmer", hints='"customer"')

    def test_tables_fit_the_terminal(self):
        self.ok("customer", "add", "Acme " + "x" * 200, "--domain", "acme.example")
        self.ok("customer", "add", "東京" * 40, "--domain", "tokyo.example")
        wide = self.ok("customer", "list")
        self.assertIn("x" * 200, wide, "nothing is cut where no terminal is")
        for columns in (60, 80, 120):
            lines = self.on_terminal(columns, "customer", "list", NO_COLOR="1").splitlines()
            self.assertEqual(len(lines), 3)
            for line in lines:
                width = sum(2 if ord(c) > 0x2E80 else 1 for c in line)
                self.assertLessEqual(width, columns, line)
            self.assertIn("…", lines[1])
        self.assertIn("\033[1m", self.on_terminal(80, "customer", "list"))
        self.assertNotIn("\033", self.on_terminal(80, "customer", "list", NO_COLOR="1"))
        self.assertNotIn("\033", wide)

    def test_a_strangers_name_does_not_write_on_the_terminal(self):
        self.sql("insert into person (name, is_contact) values (E'\\x1b[31mred\\nline\\u202egnp', true);"
                 "insert into person_address select 'a@b.example', 'a@b.example', id from person")
        for text in (self.ok("contact", "list"), self.ok("contact", "show", "a@b.example")):
            self.assertNotIn("\033", text)
            self.assertNotIn("\u202e", text)
            self.assertIn("[31mred line gnp", text)
        self.assertEqual(self.json("contact", "list")[0]["name"], "\x1b[31mred\nline\u202egnp")
