"""The rules of a managed-service provider (tests/rules/msp), applied to a desk; wrong copies of them are refused."""

import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

RULES = pathlib.Path(__file__).resolve().parents[1] / "rules"
GROUPS = ("service", "network", "server", "telephony", "datev", "onboarding", "backoffice")
FIELDS = (("order", "text"), ("device", "text"), ("host", "text"), ("seats", "number"), ("starts", "date"))


class PracticeTest(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")
        for group in GROUPS:
            self.ok("group", "add", group)
        for name in ("ben", "carla", "dirk"):
            self.ok("technician", "add", f"{name}@desk.example", "--name", name.title())
        for name, kind in FIELDS:
            self.ok("field", "add", name, "--type", kind)
        self.ok("field", "add", "site", "--type", "choice", "--choices", "berlin,hamburg,home")
        for status in ("waiting-vendor", "on-site"):
            self.ok("field", "status", "add", status, "--maps-to", "pending")
        folder = tempfile.TemporaryDirectory(prefix="pd-practice-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def live(self):
        return [row["version"] for row in self.json("rules", "history") if row["is_live"]]

    def copy(self, name):
        shutil.copytree(RULES / "msp", self.folder / name)
        return self.folder / name

    def test_they_are_applied_and_wrong_copies_leave_them_live(self):
        self.ok("rules", "apply", str(RULES / "msp"))
        live = self.live()
        shown = self.ok("rules", "show")
        wrong = sorted((RULES / "wrong").glob("*.rules"))
        self.assertGreaterEqual(len(wrong), 5)
        for path in wrong:
            with self.subTest(path.name):
                folder = self.copy(path.stem)
                text = path.read_text()
                for other in folder.glob("*.rules"):  # the one that it is a changed copy of
                    if other.read_text().split("\n", 1)[0] == text.split("\n", 2)[1]:
                        other.write_text(text)
                test = text.split("\n", 1)[0].removeprefix("# refused by: ")
                done = self.desk.run("rules", "apply", str(folder))
                self.assertEqual(done.returncode, 65)
                self.assertIn(test, done.stdout)
                self.assertIn("nothing was applied", done.stderr)
                self.assertEqual(self.live(), live)
                self.assertEqual(self.ok("rules", "show"), shown)
        self.assertEqual(len(self.json("rules", "history")), 1)

    def test_the_presets_are_applied_to_a_desk_that_has_nothing(self):
        folder = self.folder / "presets"
        folder.mkdir()
        shutil.copy(RULES.parents[1] / "rules" / "default.rules", folder / "default.rules")
        self.ok("rules", "apply", str(folder))
