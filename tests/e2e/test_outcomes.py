"""What a mail may do follows from proof: the outcomes of the main job, through the real path.

Not the whole spoof matrix; the rows that the main job promises, each with what leaves the desk.
"""

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

SECRET_WORDS = "zebra-quartz-violin"


def delivery_report(original, recipient, to):
    """What a mail server answers when a mailbox does not exist (RFC 3464)."""
    return (
        f"From: MAILER-DAEMON@mx.acme.example\r\nTo: {to}\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nAuto-Submitted: auto-replied\r\n"
        f"Date: {post.email.utils.formatdate()}\r\n"
        f"Message-ID: <{post.uuid.uuid4().hex}@mx.acme.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="=b"\r\n\r\n'
        "--=b\r\nContent-Type: text/plain\r\n\r\nI could not deliver your mail.\r\n"
        "--=b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.acme.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n"
        "--=b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"Message-ID: {post.header(original, 'Message-ID')}\r\n"
        "--=b--\r\n").encode()


class Strangers(DeskCase):
    shares_servers = True

    def test_a_stranger_gets_a_ticket_and_the_fixed_acknowledgement(self):
        stranger = self.person("any.example")
        box = self.box(stranger)
        row = self.send(Mail(sender=stranger, name=SECRET_WORDS, to=self.desk.address,
                             subject=SECRET_WORDS, text=f"{SECRET_WORDS}\n"), proof="none")
        self.assertEqual((row["state"], row["outcome"]), ("filed", "new"))
        self.assertIsNone(self.ticket(row["ticket"])["customer"])
        message, _ = box.next("the acknowledgement")
        self.assertNotIn(SECRET_WORDS, message.as_string())
        self.assertIn(f"#{row['ticket']}", post.header(message, "Subject"))
        self.assertRegex(post.header(message, "Auto-Submitted"), "^auto-")
        self.assertRegex(post.header(message, "Reply-To"), r"support\+[a-z2-7]{47}@")

    def test_the_second_mail_in_a_day_gets_none(self):
        stranger = self.person("any.example")
        first = self.send(Mail(sender=stranger, to=self.desk.address, subject="one"), proof="none")
        second = self.send(Mail(sender=stranger, to=self.desk.address, subject="two"), proof="none")
        self.assertNotEqual(first["ticket"], second["ticket"])
        self.settle()
        states = {state for row in (first, second) for _, address, state in self.outbound(row["id"])
                  if address == stranger}
        self.assertEqual(states, {"sent", "suppressed"})
        self.assertEqual(len(post.inbox(self.servers, stranger)), 1)

    def test_the_acknowledgements_token_works_for_its_owner(self):
        stranger = self.person("any.example")
        box = self.box(stranger)
        row = self.send(Mail(sender=stranger, to=self.desk.address, subject="help"), proof="none")
        answer = post.reply(box.next("the acknowledgement")[0], stranger, "More of it.")
        again = self.send(answer, proof="none")
        self.assertEqual((again["outcome"], again["ticket"]), ("public", row["ticket"]))

    def test_a_strangers_mail_with_somebodys_token_is_for_technicians_only(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna)
        stranger = self.person("any.example")
        answer = self.send(post.reply(receipt, stranger, "I know more."), proof="none")
        self.assertEqual((answer["outcome"], answer["ticket"]), ("unverified", row["ticket"]))
        told = {address for _, address, _ in self.outbound(answer["id"])}
        self.assertEqual(told, {"ben@desk.example", "tara@desk.example"})

    def test_failed_authentication_is_held(self):
        anna = self.person()
        row = self.send(Mail(sender=anna, to=self.desk.address, subject="forged"), proof="fail")
        self.assertEqual((row["state"], row["outcome"]), ("held", "held"))
        told = {address for _, address, _ in self.outbound(row["id"])}
        self.assertEqual(told, {"ben@desk.example", "tara@desk.example"})

    def test_an_ambiguous_sender_is_held(self):
        raw = (b"From: anna@acme.example, ben@desk.example\r\nTo: support@desk.example\r\n"
               b"Subject: two\r\nMessage-ID: <two-senders@acme.example>\r\n\r\nHello\r\n")
        post.send_raw(self.servers, raw, "anna@acme.example", [self.desk.address])
        self.assertEqual(self.desk.wait_decided("two-senders@acme.example")["outcome"], "held")


class Technicians(DeskCase):
    shares_servers = True

    def notice(self):
        """(the ticket's row, Ben's notice of it, with his own token)"""
        ben = self.box("ben@desk.example")
        row, _ = self.new_ticket(self.person())
        message, _ = ben.next("the notice")
        return row, message

    def assert_held(self, row):
        self.assertEqual((row["state"], row["outcome"]), ("held", "held"))
        held = self.desk.postdesk("held", "list")
        self.assertIn(str(row["id"]), held)
        self.assertIn("ben@desk.example", held)

    def test_forged_without_token_is_held(self):
        row = self.send(Mail(sender="ben@desk.example", to=self.desk.address, subject="hello"), "none")
        self.assert_held(row)

    def test_forged_with_his_token_is_held(self):
        ticket, notice = self.notice()
        row = self.send(post.reply(notice, "ben@desk.example", "Give me the keys."), "none")
        self.assert_held(row)
        self.assertEqual(len(self.comments(ticket["ticket"])), 1)

    def test_failed_authentication_with_his_token_is_held(self):
        _, notice = self.notice()
        self.assert_held(self.send(post.reply(notice, "ben@desk.example", "x"), "fail"))

    def test_another_technicians_token_is_no_right(self):
        ticket, notice = self.notice()
        row = self.send(post.reply(notice, "tara@desk.example", "I do it."))
        self.assertNotEqual(row["outcome"], "technician")
        self.settle()
        self.assertEqual([c["kind"] for c in self.comments(ticket["ticket"])
                          if c["author"] == "tara@desk.example" and c["kind"] == "public"], [])

    def test_with_token_and_login_he_answers(self):
        ticket, notice = self.notice()
        row = self.send(post.reply(notice, "ben@desk.example", "Done."))
        self.assertEqual((row["outcome"], row["ticket"]), ("technician", ticket["ticket"]))

    def test_the_same_mail_again_is_a_duplicate(self):
        _, notice = self.notice()
        mail = post.reply(notice, "ben@desk.example", "Only once.")
        raw, row = bytes(mail), self.send(mail)
        self.settle()
        with post.open_session(self.servers, mail.sender) as session:
            session.sendmail(mail.sender, mail.envelope(), raw)
        again = post.wait_for("the duplicate", lambda: self.desk.rows(
            "select id, outcome from inbound_mail where duplicate_of = :'v1'", row["id"]))
        self.assertEqual([r["outcome"] for r in again], ["duplicate"])
        self.assertEqual(self.outbound(again[0]["id"]), [])

    def test_held_mail_can_be_seen_and_dropped(self):
        row = self.send(Mail(sender="ben@desk.example", to=self.desk.address, subject="drop me"), "none")
        shown = self.desk.postdesk("held", "show", row["id"])
        self.assertIn("drop me", shown)
        self.desk.postdesk("held", "drop", row["id"])
        state = self.desk.value("select state from inbound_mail where id = :'v1'", row["id"])
        self.assertEqual(state, "rejected")
        self.assertNotIn("drop me", self.desk.postdesk("held", "list"))

    def test_released_it_becomes_a_note_and_reaches_no_contact(self):
        ticket, notice = self.notice()
        row = self.send(post.reply(notice, "ben@desk.example", "Give me the keys."), "none")
        self.desk.postdesk("held", "release", row["id"])
        post.wait_for("the note", lambda: len(self.comments(ticket["ticket"])) == 2)
        self.assertEqual([c["kind"] for c in self.comments(ticket["ticket"])], ["public", "note"])
        self.settle()
        domains = {address.rpartition("@")[2] for _, address, _ in self.outbound(row["id"])}
        self.assertLessEqual(domains, {"desk.example"})


class Contacts(DeskCase):
    shares_servers = True

    def test_with_own_token_a_contact_needs_no_authentication(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna)
        answer = self.send(post.reply(receipt, anna, "More."), "none")
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", row["ticket"]))

    def test_authenticated_without_token_a_reference_is_enough(self):
        anna = self.person()
        mail = Mail(sender=anna, to=self.desk.address, subject="first")
        row = self.send(mail)
        more = Mail(sender=anna, to=self.desk.address, subject="Re: first",
                    in_reply_to=mail.message_id, references=mail.message_id)
        answer = self.send(more)
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", row["ticket"]))

    def test_the_number_in_the_subject_is_enough_for_who_takes_part(self):
        anna = self.person()
        row, _ = self.new_ticket(anna)
        subject = f"one more thing [#{row['ticket']}]"
        answer = self.send(Mail(sender=anna, to=self.desk.address, subject=subject))
        self.assertEqual((answer["outcome"], answer["ticket"]), ("public", row["ticket"]))

    def test_the_number_in_the_subject_gives_an_outsider_nothing(self):
        row, _ = self.new_ticket(self.person())
        outsider = self.person("other.test")
        subject = f"about [#{row['ticket']}]"
        other = self.send(Mail(sender=outsider, to=self.desk.address, subject=subject))
        self.assertEqual(other["outcome"], "new")
        self.assertNotEqual(other["ticket"], row["ticket"])
        linked = self.desk.rows("select other from ticket_link where ticket = :'v1'", other["ticket"])
        self.assertEqual([r["other"] for r in linked], [row["ticket"]])

    def test_the_customer_follows_from_the_domain(self):
        for sender, customer in (("x@other.test", "Other Ltd"), ("x@acme.example.other.example", None),
                                 ("x@sub.acme.example", None), ("x@evilacme.example", None)):
            row = self.send(Mail(sender=sender, to=self.desk.address, subject=f"from {sender}"))
            self.assertEqual(self.ticket(row["ticket"])["customer_name"], customer, sender)

    def test_attachments_are_kept(self):
        anna = self.person()
        content = bytes(range(256)) * 1100  # more than one chunk
        row = self.send(Mail(sender=anna, to=self.desk.address, subject="files",
                             attachments=[("../../etc/passwd", "application/pdf", content)]))
        kept = self.desk.rows("select name, bytes, encode(a.sha256, 'hex') as digest from attachment a"
                              " where comment = :'v1'", row["comment"])
        self.assertEqual([r["bytes"] for r in kept], [len(content)])
        self.assertNotIn("/", kept[0]["name"])
        digest = self.desk.value("select encode(sha256(string_agg(chunk, '' order by position)), 'hex')"
                                 " from blob_chunk where encode(sha256, 'hex') = :'v1'",
                                 kept[0]["digest"])
        self.assertEqual(digest, kept[0]["digest"])

    def test_html_becomes_text(self):
        mail = Mail(sender=self.person(), to=self.desk.address, subject="html").build()
        mail.set_content("<p>Good <b>morning</b></p><script>evil()</script><p>caf&eacute;</p>", "html")
        post.send_raw(self.servers, mail.as_bytes(), "x@acme.example", [self.desk.address])
        row = self.desk.wait_decided(mail["Message-ID"])
        body = self.comments(row["ticket"])[0]["body"]
        self.assertIn("Good morning", body)
        self.assertIn("café", body)
        self.assertNotIn("evil", body)


class Machines(DeskCase):
    shares_servers = True

    def test_an_automatic_answer_is_filed_and_never_answered(self):
        anna = self.person()
        row, receipt = self.new_ticket(anna)
        away = post.reply(receipt, anna, "I am on holiday.",
                          headers=[("Auto-Submitted", "auto-replied")])
        answer = self.send(away)
        self.assertEqual(answer["ticket"], row["ticket"])
        self.settle()
        self.assertEqual(self.outbound(answer["id"]), [])

    def test_a_new_mail_of_a_machine_gets_no_receipt(self):
        for name, value in (("Auto-Submitted", "auto-generated"), ("Precedence", "bulk"),
                            ("List-Id", "<news.acme.example>")):
            machine = self.person()
            row = self.send(Mail(sender=machine, to=self.desk.address, subject=name,
                                 headers=[(name, value)]))
            self.assertEqual(row["outcome"], "new", name)
            self.settle()
            self.assertNotIn(machine, [a for _, a, _ in self.outbound(row["id"])], name)

    def test_a_report_to_the_bounce_address_is_an_event_and_the_author_is_told(self):
        anna = self.person()
        ben = self.box("ben@desk.example")
        row, _ = self.new_ticket(anna)
        box = self.box(anna)
        notice, _ = ben.next("the notice")
        self.send(post.reply(notice, "ben@desk.example", "An answer that bounces."))
        answer, _ = box.next("the answer")
        bounce_address = post.header(answer, "Return-Path").strip("<>")
        self.assertNotEqual(bounce_address, self.desk.address)
        post.send_raw(self.servers, delivery_report(answer, anna, bounce_address), "", [bounce_address])
        event = post.wait_for("the event", lambda: self.desk.rows(
            "select id, ticket, outcome from inbound_mail where state = 'event'"))
        self.assertEqual([(e["ticket"], e["outcome"]) for e in event], [(row["ticket"], "event")])
        told, _ = ben.next("that his answer came back")
        self.assertIn(anna, post.text_of(told))
        self.assertEqual(post.header(told, "Auto-Submitted"), "auto-generated")

    def test_the_servers_own_bounce_comes_home(self):
        """Nobody has this mailbox: Postfix itself makes the report."""
        nobody = f"nobody{next(self.numbers)}@acme.example"
        row = self.send(Mail(sender=nobody, to=self.desk.address, subject="no mailbox"))
        post.wait_for("the event", lambda: self.desk.rows(
            "select id from inbound_mail where state = 'event' and ticket = :'v1'", row["ticket"]))
        self.settle()

    def test_a_mail_without_any_header_is_held_and_others_go_on(self):
        post.send_raw(self.servers, b"\r\njust text\r\n", "x@acme.example", [self.desk.address])
        held = post.wait_for("the held mail", lambda: self.desk.rows(
            "select id from inbound_mail where state = 'held'"))
        self.assertEqual(len(held), 1)
        self.new_ticket(self.person())


class Floods(DeskCase):
    shares_servers = True

    def test_a_flood_that_says_it_is_machines_is_held_too(self):
        self.desk.postdesk("setting", "set", "limit-strangers-tickets", "3")
        rows = [self.send(Mail(sender=f"bot{n}@any.example", to=self.desk.address, subject=f"Offer {n}",
                               headers=[("Precedence", "bulk")]), proof="none") for n in range(5)]
        self.assertEqual([row["outcome"] for row in rows], ["new"] * 3 + ["held"] * 2)
        known = self.send(Mail(sender="carl@other.test", to=self.desk.address, subject="Backup failed",
                               headers=[("Auto-Submitted", "auto-generated")]))
        self.assertEqual(known["outcome"], "new", known)
