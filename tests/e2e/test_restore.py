"""Tokens from before a restore, and from before a change of keys, fit nothing (THREATS 2, row 62).

A dump is made, the desk goes on and gives tokens for new tickets, the dump is put back: then the next tickets get the
same numbers again, and people with the same numbers write them. Everything that was given in between is out there.
"""

import subprocess

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

TICKETS = 6


class Restore(DeskCase):
    def dump(self):
        done = subprocess.run(["pg_dump", "--dbname", self.servers.pg, "--schema", "public"], capture_output=True, check=True)
        return done.stdout

    def put_back(self, dump):
        """As an admin does it: everything away, then what the dump holds."""
        self.desk.sql("drop schema public cascade")
        done = subprocess.run(["psql", self.servers.pg, "-Xq", "-v", "ON_ERROR_STOP=1"], input=dump,
                              capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[-500:])

    def open_tickets(self, count):
        """[(number, sender, receipt, ben's notice)] of new tickets."""
        found = []
        for _ in range(count):
            ben = self.box("ben@desk.example")
            sender = self.person()
            row, receipt = self.new_ticket(sender, subject=f"ticket of {sender}")
            notice, _ = ben.next("the notice")
            found.append((row["ticket"], sender, receipt, notice))
        return found

    def why(self, mail, proof):
        """What the desk would do with a mail that bears this stamp."""
        stamp = {"pass": f"dmarc=pass header.from={post.domain_of(mail.sender)}", "none": "auth=none"}[proof]
        path = self.desk.folder / "old.eml"
        path.write_bytes(f"Authentication-Results: mx.desk.example; {stamp}\r\n"
                         "Received: from outside.example by mx.desk.example (Postfix); "
                         f"{post.email.utils.formatdate()}\r\n".encode() + bytes(mail))
        return self.desk.json("why", path)

    def old_mails(self, given):
        """Answers with all that was given: in the address and in the ids, apart and together."""
        for number, sender, receipt, notice in given:
            for original, who in ((receipt, sender), (notice, "ben@desk.example")):
                own = post.header(original, "Message-ID")  # and no id of the contact's, which the desk knows as well
                yield number, "address and ids", post.reply(original, who, "An answer.", references=own)
                yield number, "address alone", post.reply(original, who, "An answer.", in_reply_to="", references="",
                                                          subject="Another thing")
                yield number, "ids alone", post.reply(original, who, "An answer.", to=self.desk.address,
                                                      references=own)
            bounce = post.header(receipt, "Return-Path").strip("<>")
            yield number, "bounce address", Mail(sender=sender, to=bounce, subject="Undelivered",
                                                 headers=[("Auto-Submitted", "auto-replied")])

    def accepted(self, given, outcomes):
        """The mails whose token still says something to the desk."""
        found, tried = [], 0
        for number, how, mail in self.old_mails(given):
            mail.subject = mail.subject.replace(f"[#{number}]", "")  # or the number would say it
            for proof in ("pass", "none"):
                said = self.why(mail, proof)
                tried += 1
                if said["ticket"] == number or said["outcome"] in outcomes:
                    found.append((number, mail.sender, how, proof, said["outcome"], said["ticket"]))
        self.assertGreaterEqual(tried, 14 * len(given))
        return found

    def test_tokens_from_before_a_restore_fit_nothing(self):
        kept = self.open_tickets(2)
        self.settle()
        self.desk.stop()
        dump = self.dump()
        self.desk.start()
        given = self.open_tickets(TICKETS)
        self.settle()
        self.assertTrue(self.accepted(given, ()), "the test cannot fail: these tokens are good now")
        self.desk.stop()
        self.put_back(dump)
        self.desk.start()
        again = self.open_tickets(TICKETS)
        self.assertEqual([number for number, *_ in again], [number for number, *_ in given],
                         "the numbers have to be given again, or nothing is shown")
        self.assertEqual(self.accepted(given, ("technician", "public", "note", "event")), [])
        self.assertTrue(self.accepted(kept[:1], ()), "tokens from before the dump are good")
        self.really_sent(given[0], again[0])

    def really_sent(self, old, new):
        """And once the whole way: the old token's owner, authenticated, and the technician."""
        number, sender, receipt, notice = old
        for original, who in ((receipt, sender), (notice, "ben@desk.example")):
            mail = post.reply(original, who, "From before.", subject="Re: from before")
            row = self.send(mail)
            self.assertEqual(row["outcome"], "new", row)
            self.assertNotEqual(row["ticket"], number)
        self.assertEqual(len(self.comments(new[0])), 1)

    def test_tokens_of_a_key_that_is_gone_fit_nothing(self):
        given = self.open_tickets(1)
        self.settle()
        self.desk.postdesk("keys", "rotate", "--yes")
        self.assertTrue(self.accepted(given, ()), "the older of two keys still fits")
        self.desk.postdesk("keys", "rotate", "--yes")
        self.assertEqual(self.accepted(given, ("technician", "public", "note", "event")), [])
        fresh = self.open_tickets(1)
        self.assertTrue(self.accepted(fresh, ()), "the new key fits")
