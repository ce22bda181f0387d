"""Run one file of tests and print a line "RESULT passed|failed NAME SECONDS" for each test.

    python3 -m harness.runner FILE [NAME…]     NAME: Class or Class.test, as unittest takes them

For tests/e2e/run-all, and by hand for a single test. A skipped test counts as failed: a missing
server or a missing program is no pass.
"""

import importlib.util
import pathlib
import signal
import sys
import time
import unittest

from harness.case import DeskCase


class Printing(unittest.TextTestResult):
    """unittest's own result, and a RESULT line a test (subtests count with their test)."""

    def startTest(self, test):
        super().startTest(test)
        self.begun = time.monotonic()
        self.bad_before = self.bad()

    def stopTest(self, test):
        super().stopTest(test)
        verdict = "failed" if self.bad() > self.bad_before else "passed"
        self.say(verdict, test.id(), time.monotonic() - self.begun)

    def addError(self, test, err):
        super().addError(test, err)
        if not isinstance(test, unittest.TestCase):  # setUpClass: none of its tests will run
            DeskCase.print_log()
            self.say("failed", test.id(), 0)

    def bad(self):
        return (len(self.errors) + len(self.failures) + len(self.skipped)
                + len(self.unexpectedSuccesses) + len(self.expectedFailures))

    @staticmethod
    def say(verdict, name, seconds):
        print(f"RESULT {verdict} {name.replace(' ', '_')} {seconds:.2f}", flush=True)


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that cleanups run
    module = load(pathlib.Path(sys.argv[1]).resolve())
    loader = unittest.TestLoader()
    names = sys.argv[2:]
    suite = loader.loadTestsFromNames(names, module) if names else loader.loadTestsFromModule(module)
    runner = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Printing)
    result = runner.run(suite)
    sys.exit(0 if result.wasSuccessful() and not result.bad() else 1)


if __name__ == "__main__":
    main()
