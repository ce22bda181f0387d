"""afterwards - rows of the matrix in which somebody does something in between: 73b and 78

Each gives a text for each mail: what is wrong, or "".
"""

import time

from harness import mail as post
from harness.raw import decisions, raw
from harness.waiting import TooLong, wait_for
from judge import described
from matrix import BEN, answer
from mutators import variants
from world import NONE, message_id, reply_to

LATE_SECONDS = 90  # a sender may have hundreds of mails before it


def decided(world, mails):
    """{case: the newest decision}"""
    def all_found():
        found = decisions(world.desk)
        is_done = all(mail.case in found and found[mail.case][-1]["state"] != "received" for mail in mails)
        return found if is_done else None
    found = wait_for("the decisions", all_found, 60)
    return {mail.case: found[mail.case][-1] for mail in mails}


# ---- 73b: a held mail that claimed to be a technician's, released -----------------------------------


def released_mail(world):
    """It becomes a note, and its command is not run; in other clothes, too."""
    mail = answer(world, "73b", "ben", way=NONE, text="#close\r\nGive me the keys.\r\n")
    mails = [mail, *(variant for _, _, variant in variants(mail, 5, 9, 0))]
    for one in mails:
        one.number().set("Message-ID", f"<{one.case}@desk.example>")
    world.send(mails)
    for got in decided(world, mails).values():
        if got["outcome"] == "held":
            world.desk.postdesk("held", "release", got["id"])
    wait_for("what was released", lambda: world.desk.value(
        "select not exists (select from inbound_mail where state = 'received')"), 60)
    ticket = world.ticket("73b").number
    for got in decided(world, mails).values():
        is_good = got["outcome"] == "note" and got["ticket"] == ticket
        yield "" if is_good else f"mail {got['id']}: expected note in #{ticket}, got {described(got)}: {got['reasons']}"
    status = world.desk.value("select status from ticket where id = :'v1'", ticket)
    yield "" if status == "open" else f"a released mail's command was run: {status}"


# ---- 78: answers to "Was this you?" ----------------------------------------------------------------

NO_YES = (
    ("No, don't!\r\n", ()),
    ("No!\r\nYES\r\n", ()),
    ("Yes, but only on Monday.\r\n", ()),
    ("> Reply YES\r\nWhat is this?\r\n", ()),
    ("YES\r\n", (("Auto-Submitted", "auto-replied"),)),
    ("I am out of the office until Monday. Yes, really.\r\n", (("Auto-Submitted", "auto-replied"),)),
    ("YES\r\n", (("X-Autoreply", "yes"), ("Precedence", "auto_reply"))),
    ("Please look at this.\r\n\r\n---------- Forwarded message ---------\r\nFrom: Desk\r\n\r\nReply YES\r\n", ()),
)


def question(world, at):
    """A mail that claims to be ben's is held; what the desk asks him, really received. (id, notice)"""
    known = {message_id(m) for m in post.inbox(world.servers, BEN)}
    mail = answer(world, "78", "ben", way=NONE, text=f"Give me key {at}.\r\n", on="78").number()
    world.send([mail])
    got = decided(world, [mail])[mail.case]
    try:
        notice = wait_for("the question", lambda: asked(world, got["id"], known), LATE_SECONDS)
    except TooLong:
        return got["id"], None
    return got["id"], notice


def asked(world, held, known):
    ids = {row["message_id"].strip("<>") for row in world.desk.rows(
        "select message_id from outbound_mail where cause = :'v1' and address_key = :'v2'"
        " and notice = 'was-this-you'", held, BEN)}
    return next((m for m in post.inbox(world.servers, BEN)
                 if message_id(m) not in known and message_id(m).strip("<>") in ids), None)


def answered_questions(world):
    # The questions would wait behind what thousands of mails have caused.
    wait_for("the mails before", lambda: world.desk.value(
        "select not exists (select from outbound_mail where state = 'queued' and next_try_at <= now())"), 600, every=0.5)
    for at, (text, fields) in enumerate(NO_YES):
        held, notice = question(world, at)
        if notice is None:
            yield f"mail {held} is held, but ben was not asked whether it was his"
            return
        reply = raw(BEN, to=reply_to(notice), recipients=[reply_to(notice)], way="login", sender=BEN, body=text,
                    subject=f"Re: {post.header(notice, 'Subject')}", fields=[
                        ("In-Reply-To", message_id(notice)), ("References", message_id(notice)), *fields]).number()
        world.send([reply])
        time.sleep(0.3)
        got = decided(world, [reply])[reply.case]
        state = world.desk.value("select state from inbound_mail where id = :'v1'", held)
        told = any(address.endswith("@desk.example") for address in (mail.split(" ", 1)[1] for mail in got["mails"]))
        what = f"answer {text.splitlines()[0]!r} {dict(fields)} (mail {got['id']}: {described(got)})"
        yield "" if state == "held" or (state == "rejected" and text.startswith("No!")) else \
            f"{what}: the held mail {held} is {state}"
        if not fields:
            yield "" if told else f"{what}: nobody was told"
