"""An IMAP server of a few lines, for what no real one does on demand.

    server = FakeImap({1: raw, 2: raw}, refused={2}, without=("UIDPLUS",))

In the clear, one thread a connection, one mailbox: folders are dicts of uid → bytes, deleted says which of them
bear \\Deleted. It can MOVE, UIDPLUS and IDLE; who uses what it is told to be without gets a BAD, and that is kept in
`trespasses`. What it is told to be bad at can be changed at any time: refused (UIDs answered with NO), silent
(UIDs left out of the answer), is_full (no MOVE), is_deaf_after_move (moves, then hangs up without an answer).
"""

import collections
import contextlib
import re
import select
import socketserver
import threading

DATE = b'"05-Jan-2026 10:00:00 +0000"'


class FakeImap:
    def __init__(self, mails, refused=(), silent=(), without=()):
        self.folders = {"INBOX": dict(mails)}
        self.next_uid = {"INBOX": max(mails, default=0) + 1}
        self.refused = set(refused)
        self.silent = set(silent)
        self.without = set(without)
        self.deleted = collections.defaultdict(set)
        self.trespasses = []
        self.is_full = False
        self.is_deaf_after_move = False
        self.commands = []
        self.lock = threading.Lock()
        fake = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    Talk(fake, self.rfile, self.wfile).run()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Session)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def deliver(self, raw):
        with self.lock:
            uid = self.next_uid["INBOX"]
            self.next_uid["INBOX"] += 1
            self.folders["INBOX"][uid] = raw

    def times(self, pattern):
        return sum(re.search(pattern, command) is not None for command in self.commands)


NEEDS = {"UID_MOVE": "MOVE", "UID_EXPUNGE": "UIDPLUS", "IDLE": "IDLE"}


class Talk:
    def __init__(self, fake, lines, out):
        self.fake = fake
        self.lines = lines
        self.out = out
        self.folder = "INBOX"

    def run(self):
        self.say(b"* OK ready")
        for line in self.lines:
            tag, _, rest = line.decode().strip().partition(" ")
            self.fake.commands.append(rest)
            verb, _, arguments = rest.partition(" ")
            if verb.upper() == "UID":
                verb, _, arguments = arguments.partition(" ")
                verb = f"UID_{verb}"
            if verb.upper() == "IDLE" and "IDLE" not in self.fake.without:
                result = self.idle()
            elif verb.upper() in NEEDS and not self.can(NEEDS[verb.upper()]):
                self.fake.trespasses.append(rest)
                result = "BAD unknown"
            else:
                with self.fake.lock:
                    result = getattr(self, f"do_{verb.lower()}", self.unknown)(arguments)
            if result is None:
                return
            self.say(f"{tag} {result}".encode())

    def say(self, line):
        self.out.write(line + b"\r\n")

    def can(self, word):
        return word not in self.fake.without

    def idle(self):
        """New mail is told until DONE comes; looked for ten times a second."""
        self.say(b"+ idling")
        told = len(self.mails())
        while not select.select([self.lines.raw], [], [], 0.1)[0]:
            if len(self.mails()) != told:
                told = len(self.mails())
                self.say(f"* {told} EXISTS".encode())
        line = self.lines.readline()
        return "OK done" if line.strip().upper() == b"DONE" else None

    def unknown(self, _):
        return "BAD unknown"

    def do_capability(self, _):
        words = [word for word in ("IMAP4rev1", "MOVE", "UIDPLUS", "IDLE") if word not in self.fake.without]
        self.say(f"* CAPABILITY {' '.join(words)}".encode())
        return "OK done"

    def do_login(self, _):
        return "OK logged in"

    def do_logout(self, _):
        self.say(b"* BYE")
        return "OK bye"

    def do_list(self, arguments):
        name = re.findall(r'"[^"]*"|\S+', arguments)[-1].strip('"')
        if name in self.fake.folders:
            self.say(f'* LIST () "/" "{name}"'.encode())
        return "OK done"

    def do_create(self, arguments):
        name = arguments.strip('"')
        self.fake.folders[name] = {}
        self.fake.next_uid[name] = 1
        return "OK done"

    def do_select(self, arguments):
        self.folder = arguments.strip('"')
        if self.folder not in self.fake.folders:
            return "NO [NONEXISTENT] no such folder"
        self.do_noop("")
        self.say(b"* OK [UIDVALIDITY 77] valid")
        return "OK [READ-WRITE] done"

    do_examine = do_select

    def do_noop(self, _):
        self.say(f"* {len(self.mails())} EXISTS".encode())
        return "OK done"

    def mails(self):
        return self.fake.folders[self.folder]

    def chosen(self, text):
        """The UIDs that are there, of a sequence set."""
        found = []
        top = max(self.mails(), default=0)
        for part in text.split(","):
            low, _, high = part.partition(":")
            low, high = (top if end == "*" else int(end) for end in (low, high or low))
            found += [uid for uid in sorted(self.mails()) if min(low, high) <= uid <= max(low, high)]
        return found

    def do_uid_fetch(self, arguments):
        chosen, _, what = arguments.partition(" ")
        uids = self.chosen(chosen)
        if "BODY" in what and self.fake.refused & set(uids):
            return "NO it is broken on the disk"
        for uid in uids:
            raw = self.mails()[uid]
            number = sorted(self.mails()).index(uid) + 1
            if "BODY" not in what:
                self.say(b"* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE %s)" % (number, uid, len(raw), DATE))
            elif uid not in self.fake.silent:
                self.say(b"* %d FETCH (UID %d BODY[] {%d}\r\n%s)" % (number, uid, len(raw), raw))
        return "OK done"

    def remove(self, uid):
        self.say(b"* %d EXPUNGE" % (sorted(self.mails()).index(uid) + 1))
        self.fake.deleted[self.folder].discard(uid)
        return self.mails().pop(uid)

    def put(self, target, raw):
        new = self.fake.next_uid[target]
        self.fake.next_uid[target] += 1
        self.fake.folders[target][new] = raw
        return new

    def do_uid_copy(self, arguments):
        chosen, _, target = arguments.partition(" ")
        target = target.strip('"')
        if target not in self.fake.folders:
            return "NO [TRYCREATE] no such folder"
        uids = self.chosen(chosen)
        new = [self.put(target, self.mails()[uid]) for uid in uids]
        if not uids or not self.can("UIDPLUS"):
            return "OK done"
        old, there = (",".join(map(str, part)) for part in (uids, new))
        return f"OK [COPYUID 77 {old} {there}] copied"

    def do_uid_store(self, arguments):
        chosen, _, what = arguments.partition(" ")
        if what.upper() != "+FLAGS.SILENT (\\DELETED)":
            return "BAD what flags"
        self.fake.deleted[self.folder] |= set(self.chosen(chosen))
        return "OK done"

    def do_uid_expunge(self, arguments):
        for uid in sorted(set(self.chosen(arguments)) & self.fake.deleted[self.folder]):
            self.remove(uid)
        return "OK done"

    def do_expunge(self, _):
        for uid in sorted(self.fake.deleted[self.folder]):
            self.remove(uid)
        return "OK done"

    def do_uid_move(self, arguments):
        chosen, _, target = arguments.partition(" ")
        target = target.strip('"')
        if self.fake.is_full:
            return "NO [OVERQUOTA] no room"
        if target not in self.fake.folders:
            return "NO [TRYCREATE] no such folder"
        pairs = [(uid, self.put(target, self.remove(uid))) for uid in self.chosen(chosen)]
        if self.fake.is_deaf_after_move:
            self.fake.is_deaf_after_move = False
            return None
        if pairs and "UIDPLUS" not in self.fake.without:
            old, new = (",".join(str(pair[i]) for pair in pairs) for i in (0, 1))
            self.say(f"* OK [COPYUID 77 {old} {new}] moved".encode())
        return "OK done"
