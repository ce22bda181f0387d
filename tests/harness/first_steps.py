"""The first steps of README.md, taken to the letter.

The commands are those of the section "First steps in production", read from README.md itself: what is written there and does not
work fails the test. A Host says what it means to run one on a machine; the people are played here: Anna writes,
Ben answers, Anna has her answer.
"""

import pathlib
import re
import shlex

from harness import mail as post
from harness.waiting import wait_for

README = pathlib.Path(__file__).resolve().parent.parent.parent / "README.md"
SECTION = "## First steps in production"
SUBJECT = "Printer on fire"
ANSWER = "Please open the lower tray and close it again."


def commands(readme=README):
    """The commands of the section in their order, each on one line."""
    section = readme.read_text().split(f"\n{SECTION}\n")[1].split("\n## ")[0]
    lines = [line.removeprefix("    ") for line in re.findall(r"^    .*$", section, re.M)]
    return "\n".join(lines).replace("\\\n", " ").split("\n")


class Host:
    """A machine on which an admin follows the steps."""

    def __init__(self, servers):
        self.servers = servers
        self.service = None
        self.log = ""  # of postdeskd, when it has ended
        self.transcript = []

    def install(self, words):
        """apt install PACKAGES."""
        raise NotImplementedError

    def shell(self, command, stdin):
        """A command of a shell: (exit code, what it said)."""
        raise NotImplementedError

    def make_service(self):
        raise NotImplementedError

    def systemctl(self, verb):
        if verb == "enable":
            self.service = self.make_service()
            self.service.start()
            wait_for("the role of the mailbox", lambda: self.service.says(r"STATUS=(\d+) of \1 roles run, 1 mailbox"), 60)
        elif verb != "status":
            raise AssertionError(f"systemctl {verb} is not a step that is known here")

    def stop(self):
        if self.service is not None:
            service, self.service = self.service, None
            code = service.stop()
            self.log = service.log_path.read_text()
            service.remove()
            if code != 0:
                raise AssertionError(f"postdeskd ended with {code}")

    def follow(self, command):
        """One step; what it printed."""
        words = shlex.split(command)
        if words[0] == "apt":
            self.install(words)
            return ""
        if words[0] == "systemctl":
            self.systemctl(words[1])
            return ""
        asks = f"{self.servers.password}\n" if "/dev/stdin" in words else ""
        code, said = self.shell(command, asks)
        self.transcript.append(f"# {command}\n{said}")
        if code != 0:
            raise AssertionError(f"{command}: exit code {code}\n{said}")
        return said


def take(host, show=print):
    """All steps, and between them the mails: what `ticket show` prints at the end."""
    said, is_answered = "", False
    for command in commands():
        if command.startswith("postdesk ticket") and not is_answered:
            play(host.servers, show)
            is_answered = True
        show(f"# {command}")
        said = host.follow(command)
        show(said.rstrip("\n")) if said else None
        if command == "postdesk ticket list" and SUBJECT not in said:
            raise AssertionError(f"the ticket is not listed:\n{said}")
    if ANSWER not in said:
        raise AssertionError(f"the answer is not in the ticket:\n{said}")


def play(servers, show):
    anna, ben = (post.Box(servers, address) for address in ("anna@acme.example", "ben@desk.example"))
    post.send(servers, post.Mail(
        sender=anna.address, name="Anna Meyer", to="support@desk.example", subject=SUBJECT,
        html="<p>It <b>burns</b>.</p>", attachments=[("error log.txt", "application/octet-stream", b"E-41\n" * 99)]))
    receipt, _ = anna.next("the receipt", 60)
    told, _ = ben.next("the new ticket", 60)
    post.send(servers, post.reply(told, ben.address, ANSWER, name="Ben Huber"))
    answer, seconds = anna.next("the answer", 60)
    for message, want in ((receipt, SUBJECT), (told, SUBJECT), (answer, ANSWER)):
        if want not in post.header(message, "Subject") + post.text_of(message):
            raise AssertionError(f"\"{want}\" is not in\n{post.show(message)}")
    show(f"  (Anna has her answer, {seconds:.1f} s after Ben sent it)")
