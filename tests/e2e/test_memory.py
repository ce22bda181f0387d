"""Mails of 20 MB at once, four intakes: parsers and all roles stay within their memory (DESIGN 11)."""

import os
import pathlib
import subprocess
import sys
import unittest

from harness.case import build_folder

TIME_LIMIT = 400
ALONE = True
BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench" / "memory"


class Memory(unittest.TestCase):
    def test_everything_is_within_its_budget(self):
        done = subprocess.run([sys.executable, BENCH, build_folder(), "--short"], text=True,
                              env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("roles   peak", done.stdout)
