"""What providers do to mail: several mailboxes, aliases, no sub-addresses, Message-IDs that are written anew.

support@desk.example has aliases and takes sub-addresses; office@any.example has none of both, is read and sent from
by STARTTLS, and its mail stays in INBOX. What its provider does to ids of mails that leave is done here, to the mail
as the reader gets it.
"""

import itertools
import re
import urllib.parse

from harness import mail as post
from harness.case import DeskCase

OFFICE = "office@any.example"
ALIASES = ("help@desk.example", "hilfe@desk.example")
TOKEN = re.compile(r"\b([a-z2-7]{47})\b", re.I)


class Providers(DeskCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ids = itertools.count(1)
        cls.desk.postdesk("mailbox", "set", cls.desk.address, "--alias", ALIASES[0], "--alias", ALIASES[1])
        user, host = urllib.parse.quote(OFFICE, safe=""), cls.servers.host
        cls.desk.postdesk("mailbox", "add", OFFICE, "--name", "Office", "--secret", "support",
                          "--imap", f"imap://{user}@{host}:{cls.servers.imap}",
                          "--smtp", f"smtp://{user}@{host}:{cls.servers.submission}",
                          "--trust", f"authserv-id:{cls.servers.authserv}", "--own-host", "imap.desk.example",
                          "--no-subaddresses", "--after-fetch", "keep")

    def rewritten(self, message):
        """As a provider passes it on that gives every mail an id of its own."""
        del message["Message-ID"]
        message["Message-ID"] = f"<0100-{next(self.ids)}@mailer.provider.example>"
        return message

    # ---- aliases ------------------------------------------------------------------------------

    def test_mail_to_an_alias_is_mail_to_the_mailbox(self):
        sender = self.person()
        box = self.box(sender)
        row = self.send(post.Mail(sender=sender, to="Help@Desk.Example", cc=ALIASES[1], subject="By alias",
                                  recipients=[self.desk.address]))
        self.assertEqual(row["outcome"], "new", row)
        receipt = box.next("the receipt")[0]
        self.assertEqual(post.address_of(receipt), self.desk.address)
        token = TOKEN.search(post.header(receipt, "Reply-To"))[1]
        answer = post.reply(receipt, sender, "And more.", to=f"help+{token}@desk.example", in_reply_to="",
                            references="", subject="No tag", recipients=[self.desk.address])
        again = self.send(answer)
        self.assertEqual((again["ticket"], again["outcome"]), (row["ticket"], "public"), again)
        parties = self.desk.value("select count(*) from participant p join person_address a on a.person = p.person"
                                  " where p.ticket = :'v1' and a.address = any(:'v2'::text[])",
                                  row["ticket"], "{" + ",".join(ALIASES) + "}")
        self.assertEqual(parties, 0, "the desk takes part in its own ticket")

    def test_mail_from_an_alias_is_mail_from_the_desk(self):
        row = self.send(post.Mail(sender=ALIASES[0], to=self.desk.address, subject="From us"), proof="none")
        self.assertEqual(row["state"], "held", row)
        self.settle()
        sent = self.desk.rows("select address from outbound_mail where cause = :'v1'", row["id"])
        self.assertFalse({line["address"] for line in sent} & set(ALIASES), sent)

    # ---- without sub-addresses ----------------------------------------------------------------

    def test_a_conversation_survives_ids_that_are_written_anew(self):
        anna = self.person()
        hers, his = self.box(anna), self.box("ben@desk.example")
        mail = post.Mail(sender=anna, to=OFFICE, subject="Monitor dunkel")
        opened = self.send(mail)
        self.assertEqual(opened["outcome"], "new", opened)
        receipt = self.rewritten(hers.next("the receipt")[0])
        self.assertEqual(post.address_of(receipt, "Reply-To"), OFFICE)
        self.assertEqual(post.header(receipt, "Return-Path").strip("<>"), OFFICE)
        self.assertEqual(post.header(receipt, "In-Reply-To"), mail.message_id)

        notice = self.rewritten(his.next("the notice")[0])
        answered = self.send(post.reply(notice, "ben@desk.example", "Please press the button."))
        self.assertEqual((answered["ticket"], answered["outcome"]), (opened["ticket"], "technician"), answered)
        said = self.rewritten(hers.next("the answer")[0])

        more = self.send(post.reply(said, anna, "It works.", subject="Danke"))
        self.assertEqual((more["ticket"], more["outcome"]), (opened["ticket"], "public"), more)

        learnt = self.send(post.Mail(sender=anna, to=OFFICE, subject="Noch etwas", references="",
                                     in_reply_to=post.header(said, "Message-ID")))
        self.assertEqual((learnt["ticket"], learnt["outcome"]), (opened["ticket"], "public"), learnt)

    # ---- both ---------------------------------------------------------------------------------

    def test_each_mailbox_is_treated_in_its_own_way(self):
        sender = self.person()
        at = {}
        for address in (self.desk.address, OFFICE):
            box = self.box(sender)
            mail = post.Mail(sender=sender, to=address, subject=f"For {address}")
            self.send(mail)
            self.assertEqual(post.address_of(box.next("the receipt")[0]), address)
            at[address] = mail.message_id
        self.settle()
        stays = {str(mail["Message-ID"]) for mail in post.inbox(self.servers, OFFICE)}
        gone = {str(mail["Message-ID"]) for mail in post.inbox(self.servers, self.desk.address, "Processed")}
        self.assertIn(at[OFFICE], stays)
        self.assertIn(at[self.desk.address], gone)
        self.desk.postdesk("audit", "--imap")  # has nothing to find
