"""A parser that is killed, or that tries to get out: that mail is held, all others are filed.

The parser does it on request (src/jail/misbehave.c): POSTDESK_JAIL_FAULTS=1 and a field in the mail.
"""

from harness import mail as post
from harness.case import DeskCase
from harness.mail import Mail

TIME_LIMIT = 300
# dies or stalls alone: crash, endless loop, memory without end, a stack without end, abort, and what the
# jail forbids
FAULTS = ("crash", "loop", "stall", "grow", "stack", "abort", "open", "socket", "fork", "exec", "map",
          "kill")
GOOD_MAILS = 30


class Poison(DeskCase):
    starts_daemon = False

    def test_the_poisoned_are_held_and_the_others_filed(self):
        """All of them wait when the desk starts: good and bad share batches."""
        self.desk.lift_limits()
        good = [Mail(sender=f"good{n}@any.example", to=self.desk.address, subject=f"good {n}",
                     recipients=[self.desk.address]) for n in range(GOOD_MAILS)]
        bad = [Mail(sender=f"bad-{name}@any.example", to=self.desk.address, subject=name,
                    headers=[("X-Postdesk-Fault", name)]) for name in FAULTS]
        mails = list(good)
        for number, mail in enumerate(bad):
            mails.insert(number * 3, mail)
        for mail in mails:
            post.send(self.servers, mail)
        self.desk.start(POSTDESK_JAIL_FAULTS="1")
        for mail in good:
            self.assertEqual(self.desk.wait_decided(mail.message_id, 200)["state"], "filed")
        post.wait_for("all decisions", lambda: self.held() == len(bad), 200, 0.3)
        self.assertEqual(self.desk.value("select count(*) from inbound_mail"), len(mails))
        self.assert_shown()
        self.assert_it_goes_on()

    def held(self):
        return self.desk.value("select count(*) from inbound_mail where state = 'held'")

    def assert_shown(self):
        """Each says why it is held, and its bytes are kept for a person to look at."""
        rows = self.desk.rows("select id, parser_deaths, may_reasons, outcome, convert_from(raw, 'UTF8')"
                              " as raw from inbound_mail where state = 'held'")
        for row in rows:
            self.assertIn("X-Postdesk-Fault", row["raw"])
            self.assertIn(str(row["id"]), self.desk.postdesk("held", "list"))
            self.assertTrue(self.desk.postdesk("why", row["id"]).strip())

    def assert_it_goes_on(self):
        row, _ = self.new_ticket(self.person())
        self.assertEqual(row["state"], "filed")
        self.assertEqual(self.desk.value("select count(*) from inbound_mail where state = 'received'"), 0)
