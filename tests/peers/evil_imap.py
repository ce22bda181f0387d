"""An IMAP server that misbehaves, in the way that the user name of LOGIN asks for.

The 46 cases of ANSWERS are what it says to the first UID or NOOP command; the cases of COMMANDS
each answer some commands in a way of their own. %T stands for the command's tag. An answer without
%T is the last thing that it says: then it hangs up. Every other command is answered well, for a
folder INBOX with one mail, UID 1.
"""

import ssl
import time

BODY = b"Subject: x\r\n\r\nhello\r\n"
SECOND = 1.0


def nested_structure(depth):
    return (b"* 1 FETCH (UID 1 BODYSTRUCTURE " + b"(" * depth
            + b'"text" "plain" NIL NIL NIL "7bit" 1 1' + b' "mixed")' * (depth - 1)
            + b")\r\n%T OK done\r\n")


def one(item, rest=b"%T OK done\r\n"):
    return b"* 1 FETCH (UID 1 " + item + b")\r\n" + rest


def drip(connection, tag):
    """A byte a second inside a literal."""
    connection.sendall(b"* 1 FETCH (UID 1 BODY[] {30}\r\n")
    for _ in range(30):
        connection.sendall(b"x")
        time.sleep(SECOND)
    connection.sendall(b")\r\n" + tag + b" OK\r\n")


def drip_lines(connection, tag):
    """A line a second, and none that ends the command."""
    for _ in range(30):
        connection.sendall(b"* OK hi\r\n")
        time.sleep(SECOND)
    connection.sendall(tag + b" OK\r\n")


ANSWERS = {
    "eof_literal": b"* 1 FETCH (UID 1 BODY[] {5000}\r\nabc",
    "lit_4g": b"* 1 FETCH (UID 1 BODY[] {4294967295}\r\nabc",
    "lit_wrap": b"* 1 FETCH (UID 1 BODY[] {4294967300}\r\nabcd)\r\n%T OK done\r\n",
    "lit_neg": b"* 1 FETCH (UID 1 BODY[] {-5}\r\n)\r\n%T OK done\r\n",
    "bs_1k": nested_structure(1000),
    "bs_10k": nested_structure(10000),
    "bs_20k": nested_structure(20000),
    "bs_40k": nested_structure(40000),
    "bs_100k": nested_structure(100000),
    "flags_nested": one(b"FLAGS ((a) (b))"),
    "permflags": b"* OK [PERMANENTFLAGS ((a) \\*)] x\r\n* OK [PERMANENTFLAGS (] x\r\n"
                 b"* OK [PERMANENTFLAGS] x\r\n%T OK [PERMANENTFLAGS (((] done\r\n",
    "nul": b"* 1 FETCH (UID 1\0\0 BODY[] {3}\r\na\0b)\r\n%T OK done\r\n",
    "nul2": one(b"BODY[] {3}\r\na\0b"),
    "nocrlf_50m": b"* OK " + b"A" * 50_000_000,
    "untagged_flood": b"* 1 EXISTS\r\n" * 3_000_000 + b"%T OK done\r\n",
    "wrongtag": b"ZZ99 OK done\r\n",
    "bye": b"* BYE shutting down\r\n",
    "cont": b"+ go ahead\r\n%T OK done\r\n",
    "nilbody": one(b"BODY[] NIL"),
    "envelope": one(b"ENVELOPE (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
    "env_bad": one(b'ENVELOPE ("x" (((("a" NIL "b" "c")))) NIL NIL)'),
    "uid_huge": b"* 1 FETCH (UID 99999999999999 RFC822.SIZE 99999999999999)\r\n%T OK done\r\n",
    "uid_zero": b"* 0 FETCH (UID 0)\r\n%T OK done\r\n",
    "search_1m": b"* SEARCH " + b" ".join(b"%d" % i for i in range(1, 1_000_001))
                 + b"\r\n%T OK done\r\n",
    "status_null": b"* STATUS INBOX ()\r\n* STATUS INBOX (FOO 1)\r\n%T OK done\r\n",
    "list_lit": b'* LIST (\\HasNoChildren) "/" {5}\r\nab/cd\r\n* LIST () NIL INBOX\r\n'
                b"%T OK done\r\n",
    "quoted8": one(b'ENVELOPE ("x" "caf\xe9\xff" NIL NIL NIL NIL NIL NIL NIL NIL)'),
    "barelf": b"* 1 FETCH (UID 1 FLAGS ())\n%T OK done\n",
    "extraparen": b"* 1 FETCH (UID 1 FLAGS ()))\r\n%T OK done\r\n",
    "unknownitem": one(b'X-FOO "bar" FLAGS ()'),
    "emptyline": b"\r\n\r\n\r\n%T OK done\r\n",
    "close": b"",
    "esearch": b'* ESEARCH (TAG "a") UID ALL 1:4\r\n* NOTIFY x\r\n* 5 BLAH\r\n%T OK done\r\n',
    "esearch1": b'* ESEARCH (TAG "a") UID ALL 1:4\r\n%T OK done\r\n',
    "ns_deep": b"* NAMESPACE " + b"(" * 20000 + b"\r\n%T OK done\r\n",
    "ext_deep": one(b'BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 1 1 NIL NIL NIL NIL '
                    + b"(" * 60000 + b"1" + b")" * 60000 + b")"),
    "notext": b"%T OK\r\n",
    "unk": b"* XYZZY foo\r\n%T OK done\r\n",
    "unk5": b"* 5 BLAH\r\n%T OK done\r\n",
    "okcode": b"* OK [XFOO bar baz] hi\r\n* OK [BADCHARSET] hm\r\n%T OK [UNKNOWN-CTE] done\r\n",
    "modseq": b"* 1 FETCH (UID 1 MODSEQ (12121231777) FLAGS (\\Seen))\r\n"
              b"* VANISHED (EARLIER) 1:3\r\n%T OK done\r\n",
    "emailid": one(b"EMAILID (M123) FLAGS ()"),
    "savedate": one(b"SAVEDATE NIL FLAGS ()"),
    "emptyok": b"* OK\r\n* OK \r\n%T OK done\r\n",
    "drip": drip,
    "dripline": drip_lines,
}

SIZE = b"RFC822.SIZE %d INTERNALDATE \"17-Jul-2026 02:44:25 +0200\""


def fetch(uid, item):
    return b"* %d FETCH (UID %d %s)\r\n" % (uid, uid, item)


def literal(text):
    return b"BODY[] {%d}\r\n%s" % (len(text), text)


# "UID FETCH … BODY" is BODY, any other UID FETCH is SIZES; the rest stands under its own word.
COMMANDS = {
    "alert": {"NOOP": b"* OK [ALERT] \r\n%T NO [ALERT] \r\n"},
    "wrong": {"LOGIN": b"%T NO [AUTHENTICATIONFAILED] no\r\n"},
    "plainno": {"LOGIN": b"%T NO no\r\n"},
    "busy": {"LOGIN": b"%T NO [UNAVAILABLE] later\r\n"},
    "expired": {"LOGIN": b"%T NO [EXPIRED] password\r\n"},
    "canary-referred": {"LOGIN": b"%T NO [REFERRAL imap://canary@referred.peers.test/] go there\r\n"},
    "badlogin": {"LOGIN": b"%T BAD what\r\n"},
    "byelogin": {"LOGIN": b"* BYE too many sessions\r\n"},
    "mutecapability": {"CAPABILITY": b"%T OK\r\n"},
    "disabled": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n%T OK\r\n"},
    "novalidity": {"SELECT": b"* 1 EXISTS\r\n%T OK [READ-WRITE] sel\r\n"},
    "nofolder": {"SELECT": b"%T NO [NONEXISTENT] no\r\n"},
    "noperm": {"SELECT": b"%T NO [NOPERM] no\r\n"},
    "readonly": {"SELECT": b"* 1 EXISTS\r\n* OK [UIDVALIDITY 4294967295] x\r\n"
                           b"%T OK [READ-ONLY] sel\r\n"},
    "gone": {"BODY": b"%T OK done\r\n"},
    "notasked": {"BODY": fetch(2, literal(BODY)) + b"%T OK done\r\n",
                 "SIZES": fetch(2, SIZE % 5) + b"%T OK done\r\n"},
    "quoted": {"BODY": fetch(1, b'BODY[] "a\\"b"') + b"%T OK done\r\n"},
    "twice": {"BODY": fetch(1, literal(BODY)) + fetch(1, literal(b"other")) + b"%T OK done\r\n",
              "SIZES": (fetch(1, SIZE % 20) + fetch(1, SIZE % 30)) + b"%T OK done\r\n"},
    "bodyfirst": {"BODY": b"* 1 FETCH (" + literal(BODY) + b" UID 1)\r\n%T OK done\r\n"},
    "toolong": {"BODY": fetch(1, literal(b"x" * 70_000 + b"\r\n")) + b"%T OK done\r\n"},
    "toomany": {"BODY": fetch(1, literal(b"x" * 60_000)) * 100 + b"%T OK done\r\n"},
    "wholehead": {"BODY": fetch(1, b"BODY[]<0> {%d}\r\n%s" % (len(BODY), BODY))
                          + b"%T OK done\r\n"},
    "nosize": {"SIZES": fetch(1, b"FLAGS ()") + b"%T OK done\r\n"},
    "baddate": {"SIZES": fetch(1, b'RFC822.SIZE 9 INTERNALDATE "99-Jul-1026 99:44:25 +0200"')
                + b"%T OK done\r\n"},
    "fetchno": {"BODY": b"%T NO [EXPUNGEISSUED] gone\r\n"},
    "fetchbad": {"BODY": b"%T BAD what\r\n"},
    "many": {"SELECT": b"* 100000 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n%T OK [READ-WRITE] sel\r\n",
             "SEARCH": b"* SEARCH " + b" ".join(b"%d" % i for i in range(10, 200_010, 2))
                       + b"\r\n%T OK done\r\n",
             "SIZES": "window"},
    "moved": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
              "MOVE": b"* OK [COPYUID 9 1,3 7:8] x\r\n* 1 EXPUNGE\r\n%T OK done\r\n"},
    "movedtagged": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
                    "MOVE": b"* 1 EXPUNGE\r\n%T OK [COPYUID 9 1,3 7:8] done\r\n"},
    "moveduneven": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
                    "MOVE": b"* OK [COPYUID 9 1,3 7] x\r\n%T OK done\r\n"},
    "movedhuge": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
                  "MOVE": b"* OK [COPYUID 9 1:4294967295 1:4294967295] x\r\n%T OK done\r\n"},
    "movedother": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
                   "MOVE": b"* OK [COPYUID 9 2,5 7:8] x\r\n%T OK done\r\n"},
    "moveonly": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE\r\n%T OK\r\n"},
    "uidplus": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n%T OK\r\n",
                "COPY": b"%T OK [COPYUID 9 1,3 7:8] done\r\n"},
    "copyfails": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n%T OK\r\n",
                  "COPY": b"%T NO [OVERQUOTA] full\r\n", "STORE": b"", "EXPUNGE": b""},
    "neither": {"COPY": b"", "STORE": b"", "EXPUNGE": b""},
    "notarget": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 MOVE UIDPLUS\r\n%T OK\r\n",
                 "MOVE": b"%T NO [TRYCREATE] no such folder\r\n"},
    "idles": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n%T OK\r\n",
              "IDLE": b"+ idling\r\n* 2 EXISTS\r\n"},
    "idleslater": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n%T OK\r\n", "IDLE": "later"},
    "idlealive": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n%T OK\r\n",
                  "IDLE": b"+ idling\r\n* OK Still here\r\n"},
    "idledrops": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n%T OK\r\n", "IDLE": "drop"},
    "idleno": {"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE\r\n%T OK\r\n", "IDLE": b"%T NO no\r\n"},
    "mutelogout": {"LOGOUT": "mute"},
    "junk": {"LIST": b'* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\HasNoChildren \\Junk) "/" '
                     b'"Unerw&APw-nscht"\r\n%T OK done\r\n'},
    "badjunk": {"LIST": b'* LIST (\\Junk) "/" "&bad"\r\n%T OK done\r\n'},
    "racycreate": {"LIST": b"%T OK done\r\n", "CREATE": b"%T NO [ALREADYEXISTS] there is one\r\n"},
    "createno": {"LIST": b"%T OK done\r\n", "CREATE": b"%T NO [NOPERM] no\r\n"},
}

GOOD = {
    "LOGIN": b"%T OK in\r\n",
    "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n%T OK\r\n",
    "SELECT": b"* 1 EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n"
              b"%T OK [READ-WRITE] sel\r\n",
    "LIST": b'* LIST () "/" INBOX\r\n%T OK\r\n',
    "LOGOUT": b"* BYE\r\n%T OK\r\n",
    "SIZES": fetch(1, SIZE % len(BODY)) + b"%T OK done\r\n",
    "BODY": fetch(1, literal(BODY)) + b"%T OK done\r\n",
}


def word_of(command, arguments):
    """The key under which a command stands in COMMANDS and GOOD."""
    if command == b"EXAMINE":
        return "SELECT"
    if command != b"UID":
        return command.decode()
    first = arguments.split(None, 1)[0].upper().decode()
    if first != "FETCH":
        return first
    return "BODY" if b"BODY" in arguments else "SIZES"


class Session:
    def __init__(self, connection, options):
        self.connection = connection
        self.case = ""
        self.logins = options["mails"]

    def send(self, answer, tag):
        """False ends the session."""
        self.connection.sendall(answer.replace(b"%T", tag))
        return b"%T" in answer or answer.startswith(b"+")

    def windows(self, arguments, tag):
        first, last = arguments.split()[1].split(b":")
        lines = [fetch(uid, SIZE % uid) for uid in range(int(first), int(last) + 1, 2)]
        self.connection.sendall(b"".join(lines) + tag + b" OK done\r\n")
        return True

    def behave(self, what, tag, arguments):
        if what == "window":
            return self.windows(arguments, tag)
        if what == "later":
            self.connection.sendall(b"+ idling\r\n")
            time.sleep(0.3)
            self.connection.sendall(b"* 2 EXISTS\r\n")
            return True
        if what == "mute":
            time.sleep(30 * SECOND)
        if what == "drop":
            self.connection.sendall(b"+ idling\r\n")
            time.sleep(0.2)
        return False

    def answer(self, tag, command, arguments):
        word = word_of(command, arguments)
        if word == "LOGIN":
            self.case = arguments.split()[0].decode().strip('"')
            (self.logins / f"{self.case}.login").touch()
        if self.case in ANSWERS and (command in (b"UID", b"NOOP")):
            answer = ANSWERS[self.case]
            if callable(answer):
                answer(self.connection, tag)
                return True
            return self.send(answer, tag)
        answer = COMMANDS.get(self.case, {}).get(word, GOOD.get(word, b"%T OK done\r\n"))
        if isinstance(answer, str):
            return self.behave(answer, tag, arguments)
        return self.send(answer, tag)


def greet(connection, options):
    if options.get("greeting"):
        connection.sendall(options["greeting"])
    else:
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] hi\r\n")


def serve(connection, options):
    """One connection. options: mails (a folder: USER.login says that somebody tried to log in);
    context and mode ("tls", "starttls"), greeting, starttls (what it answers to that), inject (what comes
    behind the answer), capability (in plain text, with STARTTLS in it), after (the same under TLS)."""
    session = Session(connection, options)
    if options.get("mode") == "tls":
        session.connection = options["context"].wrap_socket(connection, server_side=True)
    greet(session.connection, options)
    lines = session.connection.makefile("rb")
    while line := lines.readline(65536):
        words = line.split(None, 2)
        if words and words[0].upper() == b"DONE":
            session.connection.sendall(done_tag + b" OK done\r\n")
            continue
        tag, command, arguments = (words + [b"", b""])[:3]
        command = command.upper()
        done_tag = tag
        is_secure = isinstance(session.connection, ssl.SSLSocket)
        if command == b"STARTTLS" and "starttls" in options:
            session.connection.sendall(tag + options["starttls"])
        elif command == b"STARTTLS" and options.get("mode") == "starttls":
            session.connection.sendall(tag + b" OK begin\r\n" + options.get("inject", b""))
            session.connection = options["context"].wrap_socket(session.connection,
                                                                server_side=True)
            lines = session.connection.makefile("rb")
        elif command == b"CAPABILITY" and b"STARTTLS" in options.get("capability", b"") and not is_secure:
            session.connection.sendall(options["capability"] + tag + b" OK\r\n")
        elif command == b"CAPABILITY" and "after" in options and is_secure:
            session.connection.sendall(options["after"] + tag + b" OK\r\n")
        elif not session.answer(tag, command, arguments):
            return
