"""Mail that is in the database as fetch leaves it, without any server: for tests that need much of it."""

import hashlib

from harness.waiting import wait_for

TOP = ("Authentication-Results: {authserv}; dmarc=pass header.from={domain}\r\n"
       "Received: from outside.example (outside.example [192.0.2.1])\r\n"
       "\tby mx.desk.example (Postfix) with ESMTP id 1234; Sun, 22 Nov 2026 08:00:00 +0000\r\n")


def raw_mail(desk, sender, subject, text, number, *headers):
    """As it would stand in the mailbox; its Message-ID is <planted-NUMBER@…>."""
    domain = sender.rpartition("@")[2]
    lines = [f"From: {sender}", f"To: {desk.address}", f"Subject: {subject}",
             f"Message-ID: <planted-{number}@{domain}>", "Date: Sun, 22 Nov 2026 08:00:00 +0000",
             "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", *headers]
    top = TOP.format(authserv=desk.servers.authserv, domain=domain)
    return (top + "\r\n".join([*lines, "", text, ""])).encode()


def plant(desk, raws, first_uid=1):
    """Rows that wait to be decided."""
    for at in range(0, len(raws), 1000):
        values = []
        for i, raw in enumerate(raws[at:at + 1000]):
            digest = hashlib.sha256(raw).hexdigest()
            values.append(f"(1, 'INBOX', 7, {first_uid + at + i}, '\\x01{digest}', {len(raw)}, '\\x{raw.hex()}',"
                          " now(), now())")
        desk.sql("insert into inbound_mail (mailbox, folder, uidvalidity, uid, fingerprint, bytes, raw,"
                 f" arrived_at, moved_at) values {', '.join(values)}; notify postdesk_inbound")


def wait_all_decided(desk, seconds=60.0):
    wait_for("all decisions", lambda: desk.value("select count(*) = 0 from inbound_mail where state = 'received'"),
             seconds)
