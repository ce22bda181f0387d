"""Building a layer's unit tests with some of its files compiled in another way.

For mutants and coverage: one file or a few are compiled alone, everything else is taken from a build folder as it is.
An object that is named before the archive wins over the archive's own.
"""

import shlex
import subprocess


class Workshop:
    """A build folder, and how it compiles and links the tests of a layer."""

    def __init__(self, build, layer):
        self.build, self.program = build, f"tests/unit/unit_{layer}"
        subprocess.run(["ninja", "-C", build, self.program], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run(["ninja", "-C", build, "-t", "commands", self.program], check=True,
                              capture_output=True, text=True)
        self.commands = [line for line in done.stdout.splitlines() if not line.startswith("ninja:")]
        self.linking = shlex.split(next(line for line in self.commands if f" -o {self.program} " in line))

    def compiling(self, path):
        """The words that compile a file of src, without the cache, what is written beside the object, and what only
        costs time."""
        (words,) = [shlex.split(line) for line in self.commands if line.endswith(f" -c ../{path}")]
        kept, skip = [], False
        for word in words[:-2]:
            if skip:
                skip = False
            elif word in ("-MQ", "-MF", "-o"):
                skip = True
            elif word not in ("ccache", "-MD", "-g", "-Werror", "-Winvalid-pch") and \
                    not word.startswith(("-D_FORTIFY_SOURCE", "-O", "-fsanitize")):
                kept.append(word)
        return [*kept, "-O0", "-w"]

    def compile(self, path, source, item, *options):
        """True if source compiles as path would be compiled."""
        words = [*self.compiling(path), *options, "-o", item, "-c", source]
        return subprocess.run(words, cwd=self.build, stderr=subprocess.DEVNULL).returncode == 0

    def link(self, program, items, *options):
        """The tests, with these objects in place of the archive's."""
        place = self.linking.index("-o")
        words = [*self.linking[:place], *options, "-o", program, *items, *self.linking[place + 2:]]
        return subprocess.run(words, cwd=self.build, stderr=subprocess.DEVNULL).returncode == 0
