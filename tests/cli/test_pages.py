"""Manual pages and completion say what --help says, for every command there is."""

import os
import pathlib
import pty
import re
import select
import subprocess
import time
import unittest

BUILD = pathlib.Path(os.environ["POSTDESK_BUILD"])
ZSH_SECONDS = 60


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          stdin=subprocess.DEVNULL).stdout


def words_of(text):
    """Without line ends, indents and a formatter's marks: what is said."""
    text = re.sub(r"\\f[A-Z]|\\&|^\.\w.*$", " ", text, flags=re.M)
    return " ".join(re.sub(r"\\([^e(])", r"\1", text).split())


class Pages(unittest.TestCase):
    def help(self, *words):
        return output_of(BUILD / "postdesk", *words, "--help")

    def commands(self, text):
        """The first words of the entries of a help text."""
        listed = text.split("With every command:")[0]
        return [m[1] for m in re.finditer(r"^  ([a-z][a-z-]*)(?: |$)", listed, re.M)]

    def options(self, text):
        return re.findall(r"^  (--[a-z-]+)", text.split("With every command:")[0], re.M)

    def test_every_command_has_a_page_with_all_of_its_options(self):
        nouns = self.commands(self.help())
        self.assertGreater(len(nouns), 15)
        seen = 0
        overview = words_of((BUILD / "man1/postdesk.1").read_text())
        for noun in nouns:
            page = words_of((BUILD / f"man1/postdesk-{noun}.1").read_text())
            self.assertIn(f"postdesk-{noun}", overview)
            text = self.help(noun)
            verbs = [] if f"usage: postdesk {noun} …" not in text else self.commands(text)
            for verb in [[v] for v in verbs] or [[]]:
                explained = self.help(noun, *verb)
                usage = explained.split("\n")[0].removeprefix("usage: ")
                self.assertIn(" ".join(usage.split()), page)
                for option in self.options(explained):
                    self.assertIn(option, page)
                    seen += 1
        self.assertGreater(seen, 80, "options")

    def test_the_config_page_has_all_settings(self):
        page = words_of((BUILD / "man5/postdesk.conf.5").read_text())
        names = self.commands(output_of(BUILD / "postdesk", "help", "config"))
        self.assertIn("secrets-dir", names)
        for name in names:
            self.assertIn(name, page)

    def test_the_page_of_the_daemon_has_its_options(self):
        page = words_of((BUILD / "postdeskd.8").read_text())
        options = re.findall(r"--[a-z-]+", output_of(BUILD / "postdeskd", "--help"))
        self.assertGreater(len(set(options)), 3)
        for option in options:
            self.assertIn(option, page)


COMPLETIONS = (
    # what is typed, what must be offered, what must not
    ("postdesk ma", {"mailbox"}, {"ticket"}),
    ("postdesk --config /x/y mailb", {"mailbox"}, {"add"}),
    ("postdesk mailbox ", {"add", "list", "show", "set"}, {"mailbox", "reply"}),
    ("postdesk mailbox add --s", {"--smtp", "--secret"}, {"--imap", "--json"}),
    ("postdesk mailbox add x@y.example --secret support --", {"--imap", "--json"}, {"--technician-proof"}),
    ("postdesk customer set Acme --main-contact-only ", {"yes", "no"}, {"default", "--name"}),
    ("postdesk customer set Acme --main-contact-only=y", {"yes"}, {"no"}),
    ("postdesk contact set anna@acme.example --language ", {"en", "de", "fr"}, {"yes"}),
    ("postdesk customer domain ", {"add", "remove"}, {"NAME"}),
    ("postdesk customer domain add ", set(), {"add", "remove"}),
    ("postdesk help mail", {"mailbox"}, {"config"}),
    ("postdesk help c", {"config", "customer", "contact"}, {"mailbox"}),
    ("postdesk why --", {"--json"}, {"--imap"}),
    ("postdesk --config /et", {"/etc"}, {"/tmp"}),
    ("postdesk rules try /et", {"/etc"}, set()),
)

BASH = r"""
shopt -s progcomp
. "$1"
line=$2
read -ra COMP_WORDS <<<"${line//=/ = }"
[[ $line != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
_postdesk
printf '%s\n' "${COMPREPLY[@]}"
"""


class Bash(unittest.TestCase):
    def test_offers_what_fits(self):
        for line, wanted, unwanted in COMPLETIONS:
            offered = set(output_of("bash", "-c", BASH, "bash", BUILD / "postdesk.bash", line).split())
            self.assertLessEqual(wanted, offered, line)
            self.assertFalse(unwanted & offered, f"{line}: {offered}")


class Terminal:
    """A zsh that somebody types into."""

    def __init__(self):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**os.environ, "TERM": "dumb", "COLUMNS": "200"})
        self.pid = pid

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, mark):
        end = time.monotonic() + ZSH_SECONDS
        text = ""
        while not re.search(mark, text):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"zsh did not say {mark}: {text}")
            text += os.read(self.fd, 4096).decode(errors="replace")
        return text

    def close(self):
        os.close(self.fd)
        os.waitpid(self.pid, 0)


class Zsh(unittest.TestCase):
    def test_completes_commands_options_and_their_words(self):
        terminal = Terminal()
        self.addCleanup(terminal.close)
        terminal.type(f"PS1='READY '; stty -echo; fpath=({BUILD} $fpath); autoload -U compinit; "
                      "compinit -u -D; postdesk() { print -r -- \"<$*>\" }; print LO''ADED\n")
        terminal.read_until(r"LOADED")
        for typed, want in (("postdesk mailb\t", "<mailbox>"), ("postdesk mailbox sh\t", "<mailbox show>"),
                            ("postdesk mailbox add a@b --sec\tx", "<mailbox add a@b --secret x>"),
                            ("postdesk customer set A --colleagues def\t", "<customer set A --colleagues default>"),
                            ("postdesk customer domain rem\t", "<customer domain remove>"),
                            ("postdesk rules try /etc/passw\t", "<rules try /etc/passwd>")):
            terminal.type(typed + "\n")
            self.assertIn(want, terminal.read_until(r"<.*?>"), typed)
