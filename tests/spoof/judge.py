"""judge - is what a mail got what the table gives, and is it never more?

An expectation is a list of alternatives, "new mapped unverified | held": an outcome (THREATS 2) and what must be so:

    here                    in the row's own ticket (public, note, unverified and technician always are)
    mapped, unmapped        the new ticket has a customer, or has none
    verified, unverified    kind of the new ticket's first comment
    linked                  the new ticket is linked to the row's own
    silent                  the mail causes no mail at all
    acknowledged            its sender gets the fixed acknowledgement
    alert                   a technician gets a mail because of it

Rights are ordered: what stands in LESS of an outcome is allowed where the outcome is. Technician has all; a note is not
less than a public comment nor the other way round (one is read by technicians only, the other one bears a technician's
authority nowhere).
"""

NOTHING = {"held", "rejected", "event", "duplicate"}
LESS = {
    "technician": NOTHING | {"technician", "public", "note", "unverified", "new"},
    "public": NOTHING | {"public", "unverified", "new"},
    "note": NOTHING | {"note", "unverified", "new"},
    "unverified": NOTHING | {"unverified", "new"},
    "new": NOTHING | {"new"},
    "held": NOTHING,
    "rejected": NOTHING,
    "event": NOTHING,
    "duplicate": NOTHING,
}
IN_A_TICKET = {"technician", "public", "note", "unverified"}
STAFF_DOMAIN = "desk.example"
TO_ITS_SENDER = {"was-this-you", "waits"}  # what the registered address of a held mail's sender may get


def described(got):
    """What became of a mail, in the words of an expectation."""
    words = [got["outcome"] or got["state"]]
    if got["outcome"] == "new":
        words.append("mapped" if got["customer"] else "unmapped")
        words.append("unverified" if got["kind"] == "unverified" else "verified")
        if got["links"]:
            words.append("linked")
    if got["ticket"]:
        words.append(f"in #{got['ticket']}")
    return " ".join(words)


def alternatives(expected):
    return [part.split() for part in expected.split("|")]


def addresses(got):
    return [mail.split(" ", 1) for mail in got["mails"]]


def flag_holds(flag, got, ticket):
    if flag == "here":
        return got["ticket"] == ticket
    if flag == "mapped":
        return got["customer"] is not None
    if flag == "unmapped":
        return got["customer"] is None
    if flag in ("verified", "unverified"):
        return (got["kind"] == "unverified") == (flag == "unverified")
    if flag == "linked":
        return ticket in got["links"]
    if flag == "silent":
        return not got["mails"]
    if flag == "acknowledged":
        return any(notice == "acknowledgement" for notice, _ in addresses(got))
    if flag == "alert":
        return any(address.endswith(f"@{STAFF_DOMAIN}") for _, address in addresses(got))
    raise ValueError(flag)


def is_as_expected(got, expected, ticket):
    return any(got["outcome"] == words[0] and all(flag_holds(flag, got, ticket) for flag in words[1:])
               for words in alternatives(expected))


def is_within(got, words, ticket):
    """Not more rights than this alternative gives."""
    outcome = got["outcome"]
    if outcome not in LESS[words[0]]:
        return False
    if outcome in IN_A_TICKET:
        return got["ticket"] == ticket
    if outcome == "new" and words[0] == "new":
        return not ("unmapped" in words and got["customer"] is not None) and \
            not ("unverified" in words and got["kind"] != "unverified")
    return True


def has_more(got, expected, ticket):
    return not any(is_within(got, words, ticket) for words in alternatives(expected))


def leaks(got):
    """Mails that went to somebody whom this outcome must not reach."""
    found = []
    for notice, address in addresses(got):
        is_staff = address.endswith(f"@{STAFF_DOMAIN}")
        is_sender = address == (got["from_address"] or "").lower()
        if got["outcome"] == "duplicate" and is_sender:  # the copy that was decided first had less evidence
            continue
        if got["outcome"] in ("held", "rejected", "duplicate", "unverified", "note") and not is_staff and \
                not (is_sender and notice in TO_ITS_SENDER):
            found.append(f"{got['outcome']}, but {notice} to {address}")
        elif got["outcome"] == "new" and not is_staff and not is_sender:
            found.append(f"new, but {notice} to {address}")
        elif address.endswith("evil.test") and not is_sender:
            found.append(f"{notice} to the attacker {address}")
    return found
