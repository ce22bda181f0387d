"""source - what the lints share: files of the house, C without comments, and findings

A lint takes the root of a tree as its argument (this repository without one), prints a line
"FILE:LINE: what, and how to mend it" for each finding, and exits with 1 if there was any.
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True

COMMENT_OR_STRING = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""", re.S | re.X)


class Lint:
    """Collects findings; root is the tree that is looked at."""

    def __init__(self, arguments):
        here = pathlib.Path(__file__).resolve().parent
        self.root = pathlib.Path(arguments[1]).resolve() if len(arguments) > 1 else here.parents[1]
        self.findings = []

    def files(self, *folders, suffixes=(".c", ".h")):
        """All files below the folders, sorted, as paths relative to the root."""
        found = []
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.is_file() and path.suffix in suffixes:
                    found.append(path.relative_to(self.root))
        return found

    def read(self, path):
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else ""

    def find(self, path, line, what):
        self.findings.append(f"{path}:{line}: {what}")

    def end(self):
        """Print the findings; the exit status of the lint."""
        for finding in self.findings:
            print(finding)
        return 1 if self.findings else 0


def without_comments(text, strings=True):
    """C with comments (and, on demand, what stands in quotes) blanked out; lines stay where they are."""

    def blank(match):
        part = match.group()
        if part[0] == "/" or not strings:
            return re.sub(r"[^\n]", " ", part)
        return part

    return COMMENT_OR_STRING.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def arguments_of(text, opening):
    """The text between the parenthesis at opening and its partner (strings are skipped over)."""
    depth = 0
    position = opening
    while position < len(text):
        match = COMMENT_OR_STRING.match(text, position)
        if match:
            position = match.end()
            continue
        depth += {"(": 1, ")": -1}.get(text[position], 0)
        position += 1
        if depth == 0:
            break
    return text[opening + 1:position - 1]
