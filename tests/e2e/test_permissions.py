"""Who may do what by mail: every line of tests/permissions.tsv that speaks of mail, through the real path."""

import pathlib

from harness.case import DeskCase
from harness.rights import Stage, cases_of, read_table

TIME_LIMIT = 600

TABLE = pathlib.Path(__file__).resolve().parents[1] / "permissions.tsv"
ACTORS = ["unknown", "contact", "main-contact", "participant", "ex-participant", "technician-in-group",
          "technician-of-another-group", "lead", "disabled-technician", "machine-mail", "cli-viewer", "cli-operator",
          "cli-admin"]
ACTIONS = ["open a ticket", "public comment", "receive public copies", "read internal notes", "add internal notes",
           "status, fields, assignment, group", "merge, split, link", "add a participant", "remove a participant",
           "change the requester", "admit a colleague's held mail", "release or drop held mail",
           "export or erase a person"]
ADMINISTRATION = "customers, people, mailboxes, rules, keys"
PARTS = ["customers", "people", "mailboxes", "keys"]  # one by one for the command line; rules are files


class Permissions(DeskCase):
    starts_daemon = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage = Stage(cls.servers, cls.desk, cases_of(TABLE))
        try:
            cls.stage.play()
        except BaseException:
            cls.print_log()
            raise

    def check(self, wanted):
        cases = [case for case in self.stage.cases if wanted(case)]
        wrong = [text for text in map(self.stage.complaint, cases) if text]
        self.assertTrue(cases)
        self.assertEqual(wrong, [], f"{len(wrong)} of {len(cases)}:\n" + "\n".join(wrong))

    def test_what_is_allowed_happens(self):
        self.check(lambda case: case.is_allowed)

    def test_what_is_denied_does_not_happen(self):
        self.check(lambda case: not case.is_allowed and not case.is_stripped)

    def test_without_proof_nothing_of_it_happens(self):
        self.check(lambda case: case.is_stripped)

    def test_no_mail_administers(self):
        before, after = self.stage.before[1], self.stage.after[1]
        for name in before:
            self.assertEqual(before[name], after[name], name)

    def test_every_cell_of_the_matrix_has_a_line(self):
        cells = {(actor, action) for _, actor, action, _, _ in read_table(TABLE)}
        missing = [(actor, action) for actor in ACTORS for action in ACTIONS if (actor, action) not in cells]
        for actor in ACTORS:
            parts = PARTS if actor.startswith("cli-") else [ADMINISTRATION]
            missing += [(actor, part) for part in parts if (actor, part) not in cells]
        self.assertEqual(missing, [])
        self.assertEqual({actor for actor, _ in cells}, set(ACTORS))
