"""One psql that stays: a test asks the database hundreds of times, and a program and a connection for each is most of
what that costs.

Each finds a session as new (DISCARD ALL), and ends with a mark of its own in the answer. What is wrong with it ends psql (ON_ERROR_STOP), and the next
one starts a new one. So does a server that went away: what was asked then is asked once more.
"""

import atexit
import itertools
import subprocess
import tempfile
import threading

GONE = ("connection to server", "server closed the connection", "terminating connection", "no connection to the server")


class PsqlError(RuntimeError):
    """What psql said."""


def quoted(value):
    """As a word of a backslash command."""
    text = str(value).replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{text}'"


class Psql:
    def __init__(self, servers, url=None):
        self.servers = servers
        self.url = url  # another database than the servers'
        self.lock = threading.Lock()
        self.marks = itertools.count(1)
        self.process = None
        atexit.register(self.close)

    def close(self):
        process, self.process = self.process, None
        if process is not None:
            process.stdin.close()
            process.stdout.close()
            process.wait()
            self.errors.close()

    def start(self):
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen(["psql", self.url or self.servers.pg, "-XAtq", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True)

    def ask(self, statement, values):
        """What it printed, without the last line's end."""
        with self.lock:
            is_used = self.process is not None
            try:
                return self.try_once(statement, values)
            except PsqlError as error:
                if not is_used or not any(words in str(error) for words in GONE):
                    raise
            return self.try_once(statement, values)

    def try_once(self, statement, values):
        if self.process is None:
            self.start()
        mark = f"\x01{next(self.marks)}"
        settings = "".join(f"\\set v{i} {quoted(value)}\n" for i, value in enumerate(values, 1))
        lines = []
        try:
            self.process.stdin.write(f"{settings}{statement}\n;\nDISCARD ALL;\n\\echo {quoted(mark)}\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line == f"{mark}\n":
                    return "".join(lines).strip()
                lines.append(line)
        except BrokenPipeError:
            pass
        process, errors = self.process, self.errors
        self.process = None
        process.stdout.close()
        process.wait()
        errors.seek(0)
        said = errors.read().strip()
        errors.close()
        raise PsqlError(said or f"psql ended with {process.returncode}")
