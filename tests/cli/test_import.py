"""Import and export of customers and contacts."""

import json
import os
import pty
import random
import subprocess
import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402
from harness import sheets  # noqa: E402

ROWS = int(os.environ.get("POSTDESK_IMPORT_ROWS", "6000"))
PLANTED = 37


class Import(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        self.count = 0

    def file(self, contents):
        self.count += 1
        path = self.desk.folder / f"file{self.count}.csv"
        path.write_bytes(contents if isinstance(contents, bytes) else contents.encode())
        return str(path)

    def load(self, kind, contents, *options):
        return self.json("import", kind, self.file(contents), *options)

    def faults(self, kind, contents, *options):
        """[(line, text)] of a file that is refused; nothing is imported."""
        before = self.everything()
        done = self.desk.run("--json", "import", kind, self.file(contents), *options)
        self.assertEqual(done.returncode, 65, done.stdout + done.stderr)
        self.assertIn("nothing was imported", done.stderr)
        self.assertEqual(self.everything(), before)
        return [(fault["line"], fault["text"]) for fault in json.loads(done.stdout)["faults"]]

    def everything(self):
        """What an import could change."""
        return self.sql("select (select md5(string_agg(c::text, ' ' order by id)) from customer c),"
                        " (select md5(string_agg(p::text, ' ' order by id)) from person p),"
                        " (select md5(string_agg(a::text, ' ' order by address_key)) from person_address a),"
                        " (select md5(string_agg(d::text, ' ' order by domain)) from customer_domain d),"
                        " (select count(*) from change_log)")

    def names(self, noun):
        return [row["name"] for row in self.json(noun, "list")]


class Files(Import):
    def test_separators_encodings_line_ends_and_header_spellings(self):
        for contents, encoding in [
            ("name,city\nA,Köln\n", "utf-8"), ("\ufeffname;city\r\nB;Köln\r\n", "utf-8"),
            ("Name\tCITY\rC\tKöln", "utf-8"), ("sep=;\r\nname;city\r\nD;Köln\r\n", "utf-8"),
            ("name;city\nE;Köln \u20ac\n".encode("windows-1252"), "windows-1252"),
            ("city,Main_Contact Only,name\nKöln,no,F\n\n,,\n\n", "utf-8"),
            ('"name","city"\n"G","Köln"\n', "utf-8"),
        ]:
            done = self.load("customers", contents)
            self.assertEqual((done["added"], done["encoding"]), (1, encoding), contents)
        cities = {row["name"]: row["city"] for row in self.json("customer", "list")}
        self.assertEqual(cities, {name: "Köln" for name in "ABCDFG"} | {"E": "Köln €"})

    def test_line_breaks_and_quotation_marks_stay_within_their_cell(self):
        self.load("customers", 'name,address,notes\n"Acme, Inc.","Street 1\r\nHouse ""B""","12"" screen; 5"\n'
                               'Other,"Street ""2"" 3",12" screen\n')
        acme, other = self.json("customer", "list")
        self.assertEqual((acme["name"], acme["address"], acme["notes"]),
                         ("Acme, Inc.", 'Street 1\nHouse "B"', '12" screen; 5'))
        self.assertEqual((other["address"], other["notes"]), ('Street "2" 3', '12" screen'))
        self.assertEqual(self.faults("customers", 'name,notes\nA,"two\nlines"\nB,"x"y\nC,"never closed\nD,x\n'),
                         [(4, "there is text behind a closing quotation mark"),
                          (5, "a quotation mark that is opened in it is never closed")])

    def test_files_that_are_none(self):
        for contents, says in [
            ("name\n".encode("utf-16"), "UTF-16"), ("", "empty"), ("\n\n", "empty"),
        ]:
            self.fails(65, "import", "customers", self.file(contents), says=says)
        self.fails(1, "import", "customers", "/nonexistent.csv", says="could not open")
        self.fails(65, "import", "people", "x", says="unknown import command")

    def test_headers_that_are_wrong(self):
        for header, want in [
            ("name,lanugage", ['unknown column "lanugage": did you mean "language"?']),
            ("name,xyzzyplugh", ['unknown column "xyzzyplugh"']),
            ("number,city", ['the column "name" is missing']),
            ("name,city,City", ['the column "city" is there twice']),
            ("name,,city", ["column 2 has no name"]),
            ("name,citi,contry", ['unknown column "citi": did you mean "city"?',
                                  'unknown column "contry": did you mean "country"?']),
        ]:
            self.assertEqual(self.faults("customers", header + "\nA,B,C\n"), [(1, text) for text in want])

    def test_the_template_is_a_file_that_imports_nothing(self):
        for kind, names in (("customers", sheets.CUSTOMERS), ("contacts", sheets.CONTACTS)):
            text = self.ok("import", "template", kind)
            self.assertEqual(text.splitlines()[0].lstrip("\ufeff").split(","), names)
            self.assertEqual(len(text.splitlines()), 2)
            done = self.load(kind, text)
            self.assertEqual((done["rows"], done["added"]), (0, 0))
        path = self.desk.folder / "template.csv"
        self.ok("import", "template", "customers", "--output", str(path))
        example = path.read_text(encoding="utf-8-sig").replace("# ", "")
        self.assertEqual(self.load("customers", example)["added"], 1, "its example is a good row")
        acme = self.json("customer", "show", "K-1001")
        self.assertEqual((acme["name"], acme["phone"], acme["domains"]),
                         ("Acme GmbH", "+49 89 123456", ["*.acme.example", "acme.example"]))
        example = self.ok("import", "template", "contacts").replace("# ", "")
        self.assertEqual(self.load("contacts", example)["added"], 1)
        anna = self.json("contact", "show", "anna@acme.example")
        self.assertEqual((anna["phones"], anna["is_main_contact"]), (["+49 89 123456-1", "+49 170 1234567"], True))
        self.fails(65, "import", "template", "tickets", says="customers and contacts")

    def test_a_dry_run_says_it_all_and_does_nothing(self):
        before = self.everything()
        done = self.load("customers", "name\nA\nB\n", "--dry-run")
        self.assertEqual((done["added"], done["is_dry_run"]), (2, True))
        self.assertEqual(self.everything(), before)
        self.assertIn("2 would be added", self.ok("import", "customers", self.file("name\nA\nB\n"), "--dry-run"))

    def test_the_standard_input_is_a_file(self):
        self.assertEqual(self.ok("import", "customers", "-", stdin="name\nA\n"),
                         "customers: 1 added, 0 changed, 0 the same\n")

    def test_faults_are_lines_for_people(self):
        done = self.desk.run("import", "customers", self.file("name,language\nA,xx\nB,\nB,\n"))
        self.assertEqual(done.stdout.splitlines(),
                         ['line 2: "xx" is no language that postdesk writes in',
                          'line 4: the name "B" stands in line 3 already'])
        self.assertIn("error: 2 of 3 rows are wrong; nothing was imported", done.stderr)
        self.ok("customer", "add", "C")
        self.fails(65, "import", "customers", self.file("name\nc\n"), hints="--update")


class Customers(Import):
    def test_an_update_changes_what_is_said_and_nothing_else(self):
        self.ok("customer", "add", "Acme", "--number", "1", "--phone", "11", "--city", "Bonn",
                "--domain", "acme.example", "--domain", "old.example")
        self.ok("customer", "add", "Other", "--phone", "22")
        done = self.load("customers", "name,number,phone,domains,rank\nAcme AG,1,,acme.example new.example,gold\n"
                                      "other,,22,,\nNew,,33,new2.example,\n", "--update")
        self.assertEqual((done["added"], done["changed"], done["same"]), (1, 2, 0))
        acme, new, other = self.json("customer", "list")
        self.assertEqual((acme["name"], acme["phone"], acme["city"], acme["rank"], acme["domains"]),
                         ("Acme AG", "", "Bonn", "gold", ["acme.example", "new.example"]))
        self.assertEqual((other["name"], other["phone"]), ("other", "22"))
        self.assertEqual((new["phone"], new["domains"]), ("33", ["new2.example"]))
        log = [(row["field"], row["old"], row["new"]) for row in self.json("log", "--object", "customer:1")][-5:]
        self.assertEqual(log, [("domain", "old.example", None), ("domain", None, "new.example"),
                               ("name", "Acme", "Acme AG"), ("phone", "11", ""), ("rank", "", "gold")])

    def test_what_the_desk_has_already(self):
        self.ok("customer", "add", "Acme", "--number", "1", "--domain", "acme.example")
        self.ok("customer", "add", "Other", "--number", "2")
        self.assertEqual(self.faults("customers", "name,number,domains\nACME,,\nX,2,\nY,,acme.example\n"),
                         [(2, 'there is a customer "Acme" already'), (3, 'there is a customer "Other" already'),
                          (4, 'the domain "acme.example" belongs to the customer "Acme"')])
        self.assertEqual(self.faults("customers", "name,number,domains\nOther,1,\nY,2,acme.example\nOther,,\n",
                                     "--update"),
                         [(2, 'the name "Other" is that of another customer'),
                          (3, 'the domain "acme.example" belongs to the customer "Acme"'),
                          (4, 'it is the customer "Other", as line 3'),
                          (4, 'the name "Other" stands in line 2 already')])

    def test_a_row_that_is_wrong_by_itself_is_compared_as_well(self):
        self.ok("customer", "add", "Acme", "--domain", "acme.example")
        self.assertEqual(self.faults("customers", "name,language,domains\nA,xx,a.example\na,,acme.example a.example\n"
                                                  ",,\nAcme,yy,\n"),
                         [(2, '"xx" is no language that postdesk writes in'),
                          (3, 'the domain "a.example" stands in line 2 already'),
                          (3, 'the domain "acme.example" belongs to the customer "Acme"'),
                          (3, 'the name "a" stands in line 2 already'),
                          (5, '"yy" is no language that postdesk writes in'),
                          (5, 'there is a customer "Acme" already')])

    def test_only_a_main_contact_who_can_be_reached_may_be_the_only_one(self):
        self.ok("customer", "add", "Acme", "--domain", "acme.example")
        text = "name,main-contact-only\nAcme,yes\n"
        self.assertIn("needs a main contact", self.faults("customers", text, "--update")[0][1])
        self.ok("contact", "add", "anna@acme.example", "--name", "Anna", "--main")
        self.assertEqual(self.load("customers", text, "--update")["changed"], 1)
        said = self.faults("contacts", "address,disabled\nanna@acme.example,yes\n", "--update")
        self.assertEqual(said[0][0], 2)
        self.assertIn("none who can be reached", said[0][1])
        self.assertEqual(self.load("contacts", "address,main-contact\nanna@acme.example,no\n"
                                               "ben@acme.example,yes\n".replace("address,", "name,address,")
                                   .replace("\nanna", "\nAnna,anna").replace("\nben", "\nBen,ben"),
                                   "--update")["added"], 1, "another one may take his place")

    def test_the_log_stays_useful(self):
        self.load("customers", "name\n" + "".join(f"C{i}\n" for i in range(300)))
        self.ok("customer", "set", "C7", "--rank", "gold")
        rows = self.json("log")
        self.assertEqual([(row["object"], row["what"], row["field"]) for row in rows],
                         [("import", "imported", None), ("customer", "changed", "rank")])
        self.assertEqual(rows[0]["new"], "customers: 300 added, 0 changed, 0 the same")
        self.assertEqual(rows[0]["object_id"], "file1.csv")
        of_import = self.json("log", "--import", str(rows[0]["id"]), "--limit", "1000")
        self.assertEqual(len(of_import), 301)
        self.assertEqual([row["what"] for row in self.json("log", "--object", "customer:C7")], ["added", "changed"])
        self.assertEqual({row["actor"] for row in of_import}, {rows[1]["actor"]})


class Contacts(Import):
    def setUp(self):
        super().setUp()
        self.ok("customer", "add", "Acme", "--number", "K-1", "--domain", "acme.example", "--domain", "*.acme.example")
        self.ok("customer", "add", "Other")

    def test_a_contact_with_all_that_is_known(self):
        self.load("contacts", "address,other addresses,first name,last name,job title,language,notes,phones,customer,"
                              "main contact,opens tickets,confirmed,disabled\n"
                              "Anna@acme.example,a@x.example; b@x.example,Anna,Meyer,CTO,fr,n,+1; +2,k-1,yes,no,TRUE,no\n")
        anna = self.json("contact", "show", "anna@acme.example")
        self.assertEqual((anna["name"], anna["addresses"], anna["phones"], anna["customer"], anna["language"]),
                         ("Anna Meyer", ["Anna@acme.example", "a@x.example", "b@x.example"], ["+1", "+2"], "Acme", "fr"))
        self.assertEqual((anna["is_main_contact"], anna["opens_tickets"], anna["is_confirmed"], anna["is_disabled"]),
                         (True, False, True, False))

    def test_a_new_contact_gets_the_customer_of_his_domain(self):
        self.load("contacts", "address,name,customer\na@acme.example,A,\nb@it.acme.example,B,\nc@acme.example,C,Other\n"
                              "d@nowhere.example,D,\n")
        self.assertEqual({row["name"]: row["customer"] for row in self.json("contact", "list")},
                         {"A": "Acme", "B": "Acme", "C": "Other", "D": None})

    def test_an_update_finds_a_person_by_any_address(self):
        self.ok("contact", "add", "a@acme.example", "--name", "Dr. A", "--first-name", "A")
        self.ok("contact", "address", "add", "a@acme.example", "b@acme.example")
        self.assertEqual(self.load("contacts", "address,job-title\nB@acme.example,CTO\n", "--update")["changed"], 1)
        anna = self.json("contact", "show", "a@acme.example")
        self.assertEqual((anna["addresses"], anna["job_title"]), (["a@acme.example", "b@acme.example"], "CTO"))
        self.load("contacts", "address,other-addresses,first-name\nb@acme.example,c@acme.example,B\n", "--update")
        anna = self.json("contact", "show", "b@acme.example")
        self.assertEqual((anna["addresses"], anna["name"], anna["first_name"]),
                         (["b@acme.example", "c@acme.example"], "Dr. A", "B"))
        log = [(row["field"], row["old"], row["new"])
               for row in self.json("log", "--object", "contact:b@acme.example")][-2:]
        self.assertEqual(log, [("addresses", "a@acme.example, b@acme.example", "b@acme.example, c@acme.example"),
                               ("first-name", "A", "B")])

    def test_main_contacts_are_one_a_customer(self):
        self.ok("contact", "add", "m@acme.example", "--name", "M", "--main")
        self.assertEqual(self.faults("contacts", "address,name,main-contact,customer\na@acme.example,A,yes,\n"
                                                 "b@x.example,B,yes,other\nc@x.example,C,yes,Other\nd@x.example,D,yes,\n"),
                         [(2, '"Acme" has another main contact: "M"'),
                          (4, '"Other" has its main contact in line 3 already'),
                          (5, "a main contact belongs to a customer")])
        self.load("contacts", "address,name,main-contact,customer\na@acme.example,A,yes,\nm@acme.example,,,Other\n",
                  "--update")
        mains = {row["name"]: (row["customer"], row["is_main_contact"]) for row in self.json("contact", "list")}
        self.assertEqual(mains, {"A": ("Acme", True), "M": ("Other", False)}, "who moves is it no more")

    def test_what_contacts_cannot_be(self):
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")
        self.ok("contact", "add", "x@acme.example", "--name", "X")
        self.ok("contact", "add", "y@acme.example", "--name", "Y")
        self.assertEqual(
            self.faults("contacts", "address,name,other-addresses,customer\nben@desk.example,B,,\nx@acme.example,X,,\n"
                                    "q@acme.example,,,\nz@acme.example,Z,Z@acme.example,None\n"
                                    "r@acme.example,R,x@acme.example y@acme.example,\n"),
            [(2, 'ben@desk.example is that of the technician "Ben", who is no contact'),
             (3, 'x@acme.example is a contact already: "X", number 2'),
             (4, "a name is missing: name, or first-name and last-name"),
             (5, 'there is no customer "None"'),
             (6, 'it is the contact "X", as line 3'),
             (6, 'its addresses belong to several people: "X", number 2; "Y", number 3'),
             (6, 'r@acme.example is a contact already: "X", number 2'),
             (6, "x@acme.example stands in line 3 already")])


class Export(Import):
    NASTY = ["=1+1", "+49 89", "-5", "@sum", "'=x", "'hello", "#1 Plumbing", "a,b;c\td", 'say "x"', "'", "''+"]

    def test_an_import_of_an_export_changes_nothing(self):
        chance = random.Random(7)
        for i, nasty in enumerate(self.NASTY):
            self.ok("customer", "add", "--number", f"{nasty}{i}", "--notes", f"{nasty}\n{nasty}", "--domain",
                    f"c{i}.example", "--domain", f"*.c{i}.example", "--phone", nasty, "--language",
                    chance.choice(["", "de"]), "--", f"{nasty} {i}")
            self.ok("customer", "set", "--colleagues", chance.choice(["yes", "no", "default"]), "--", str(i + 1))
            self.ok("contact", "add", f"a{i}@c{i}.example", "--name", f"{nasty} {i}", "--first-name", nasty,
                    "--phone", "+49, 89", "--phone", nasty.replace(";", ""), "--notes", nasty)
            self.ok("contact", "address", "add", f"a{i}@c{i}.example", f"+{i}@x.example",
                    *(["--first"] if i % 2 else []))
        self.ok("contact", "set", "a1@c1.example", "--main-contact", "yes")
        self.ok("customer", "set", "+49 891", "--main-contact-only", "yes")
        self.ok("contact", "set", "a2@c2.example", "--disable")
        self.ok("contact", "set", "a3@c3.example", "--customer", "none")
        self.ok("technician", "add", "a4@c4.example", "--name", "both")
        before = self.everything()
        for kind in ("customers", "contacts"):
            path = str(self.desk.folder / f"{kind}.csv")
            self.assertEqual(self.ok("export", kind, "--output", path), f"{len(self.NASTY)} {kind} written\n")
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            done = self.json("import", kind, path, "--update")
            self.assertEqual((done["added"], done["changed"], done["same"]), (0, 0, len(self.NASTY)))
        self.assertEqual(self.everything(), before, "not even the log")

    def test_an_export_makes_the_same_desk_anew(self):
        for i, nasty in enumerate(self.NASTY):
            self.ok("customer", "add", "--domain", f"c{i}.example", "--", nasty)
            self.ok("contact", "add", f"a@c{i}.example", "--name", nasty)
        files = {kind: self.ok("export", kind) for kind in ("customers", "contacts")}
        customers, contacts = self.json("customer", "list"), self.json("contact", "list")
        self.sql("truncate customer, person restart identity cascade")
        for kind in ("customers", "contacts"):
            self.load(kind, files[kind])
        for was, now in ((customers, self.json("customer", "list")), (contacts, self.json("contact", "list"))):
            for row in was + now:
                for key in ("id", "created_at", "customer_id"):
                    row.pop(key, None)
            self.assertEqual(was, now)

    def test_no_cell_is_a_formula(self):
        for nasty in self.NASTY:
            self.ok("customer", "add", "--", nasty)
        for line in self.ok("export", "customers").splitlines()[1:]:
            for cell in line.replace('"', "").split(","):
                self.assertNotRegex(cell, "^[=+@\t\r-]")


class Large(Import):
    """As many rows as POSTDESK_IMPORT_ROWS says; tests/bench/import runs 100,000."""

    def known(self):
        self.ok("customer", "add", "Da GmbH", "--domain", "da.example")
        self.ok("contact", "add", "da@da.example", "--name", "Da")
        self.ok("contact", "add", "do@da.example", "--name", "Do")
        self.ok("technician", "add", "ben@desk.example", "--name", "Ben")

    def check(self, kind, names, make, faults):
        path = str(self.desk.folder / f"{kind}.csv")
        wrong = sheets.write(path, names, make, ROWS, faults, PLANTED)
        self.assertEqual(len(wrong), PLANTED)
        before = self.everything()
        done = self.desk.run("--json", "import", kind, path)
        self.assertEqual(done.returncode, 65, done.stdout + done.stderr)
        report = json.loads(done.stdout)
        said = {}
        for fault in report["faults"]:
            said.setdefault(fault["line"], []).append(fault["text"])
        self.assertEqual(sorted(said), sorted(wrong), "exactly those lines")
        self.assertEqual((report["wrong"], report["rows"] <= ROWS), (PLANTED, True))
        for line, says in wrong.items():
            self.assertTrue(any(says in text for text in said[line]), f"line {line}: {says}: {said[line]}")
        self.assertIn(f"{PLANTED} of ", done.stderr)
        self.assertEqual(self.everything(), before, "nothing was imported")
        sheets.write(path, names, make, ROWS)
        done = self.json("import", kind, path)
        self.assertEqual((done["rows"], done["added"]), (ROWS, ROWS))
        self.assertEqual(self.json("import", kind, path, "--update")["same"], ROWS)

    def test_planted_faults_are_found_and_only_they(self):
        self.known()
        self.check("customers", sheets.CUSTOMERS, sheets.customer, sheets.customer_faults())
        self.check("contacts", sheets.CONTACTS, sheets.contact, sheets.contact_faults())
        self.assertEqual(self.sql("select count(*) from customer"), str(ROWS + 1))
        self.assertEqual(self.sql("select count(*) from person where customer is null and is_contact"), "0")

    def test_a_terminal_sees_how_far_it_is(self):
        path = str(self.desk.folder / "customers.csv")
        sheets.write(path, sheets.CUSTOMERS, sheets.customer, 50)
        leader, follower = pty.openpty()
        done = subprocess.run(self.desk.command("import", "customers", path), stderr=follower, check=True,
                              stdout=subprocess.PIPE, env=self.desk.environment())
        os.close(follower)
        said = b""
        while True:
            try:
                said += os.read(leader, 65536)
            except OSError:  # the terminal's other end is closed, and all is read
                break
        os.close(leader)
        self.assertIn(b"reading    [", said)
        self.assertIn(b"100 %", said)
        self.assertTrue(said.endswith(b"\r\x1b[K"), "the line is empty again")
        self.assertEqual(done.stdout, b"customers: 50 added, 0 changed, 0 the same\n")
