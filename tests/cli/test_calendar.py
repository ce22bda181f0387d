"""The desk's calendar by the command line: zone, hours, holidays, and the log of them."""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])

from base import CliTest  # noqa: E402

DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class Calendar(CliTest):
    def setUp(self):
        super().setUp()
        self.ok("migrate")

    def hours(self):
        return self.json("calendar", "show")["hours"]

    def test_a_new_desk_works_from_monday_to_friday(self):
        shown = self.json("calendar", "show")
        self.assertEqual(shown["zone"], "UTC")
        self.assertEqual([shown["hours"][day] for day in DAYS], [["09:00-17:00"]] * 5 + [[]] * 2)
        self.assertEqual(shown["holidays"], [])
        text = self.ok("calendar", "show")
        self.assertRegex(text, r"(?m)^Time zone:  UTC$")
        self.assertRegex(text, r"(?m)^Monday      09:00-17:00$")
        self.assertRegex(text, r"(?m)^Sunday      closed$")

    def test_hours_of_several_days_and_spans(self):
        self.ok("calendar", "hours", "mon..thu,SUNDAY", "9-12:30", "13:30-18:00")
        self.ok("calendar", "hours", "fri..sat", "22:00-24:00")
        self.ok("calendar", "hours", "tue", "closed")
        hours = self.hours()
        both = ["09:00-12:30", "13:30-18:00"]
        self.assertEqual([hours[day] for day in DAYS],
                         [both, [], both, both, ["22:00-24:00"], ["22:00-24:00"], both])
        self.ok("calendar", "hours", "sat..mon", "closed")
        self.assertEqual([day for day in DAYS if not self.hours()[day]],
                         ["monday", "tuesday", "saturday", "sunday"])

    def test_hours_that_cannot_be(self):
        before = self.hours()
        for words, says in [
            (("mon", "9:00"), "are no hours"),
            (("mon", "9:00-25:00"), "no time of day"),
            (("mon", "9:00-24:01"), "no time of day"),
            (("mon", "9:5-10:00"), "no time of day"),
            (("mon", "17:00-9:00"), "ends before it begins"),
            (("mon", "9:00-9:00"), "ends before it begins"),
            (("mon", "9:00-12:00", "11:00-13:00"), "begins before"),
            (("mon", "13:00-14:00", "9:00-12:00"), "begins before"),
            (("montag", "9:00-12:00"), "no weekday"),
            (("mon..", "9:00-12:00"), "no weekday"),
            (("mon", "closed", "9:00-12:00"), "are no hours"),
        ]:
            self.fails(65, "calendar", "hours", *words, says=says)
        self.assertEqual(self.hours(), before)

    def test_zones_are_those_that_the_system_knows(self):
        self.ok("calendar", "zone", "Europe/Berlin")
        self.assertEqual(self.json("calendar", "show")["zone"], "Europe/Berlin")
        self.fails(65, "calendar", "zone", "Europe/Berlon", says="no time zone", hints="Europe/Berlin")
        self.assertEqual(self.json("calendar", "show")["zone"], "Europe/Berlin")

    def test_holidays_once_and_every_year(self):
        self.ok("calendar", "holiday", "add", "2026-12-24", "Heiligabend")
        self.ok("calendar", "holiday", "add", "12-25", "Christmas")
        self.ok("calendar", "holiday", "add", "02-29", "Leap day")
        listed = [(row["day"], row["name"], row["is_yearly"])
                  for row in self.json("calendar", "holiday", "list")]
        self.assertEqual(listed, [("02-29", "Leap day", True), ("12-25", "Christmas", True),
                                  ("2026-12-24", "Heiligabend", False)])
        self.fails(65, "calendar", "holiday", "add", "12-25", "Again", says='already: "Christmas"')
        for day in ("2026-02-29", "13-01", "02-30", "24.12.2026", "2026-12-2", "", "1-1"):
            self.fails(65, "calendar", "holiday", "add", day, "X", says="is no day")
        self.fails(65, "calendar", "holiday", "add", "12-26", "", says="1 to 255")
        self.fails(65, "calendar", "holiday", "add", "12-26", says="how the holiday is called")
        self.fails(65, "calendar", "holiday", "rename", "12-25", says='"add" or "remove"')
        self.ok("calendar", "holiday", "remove", "12-25")
        self.fails(1, "calendar", "holiday", "remove", "12-25", says="12-25 is no holiday")
        self.assertIn("Heiligabend", self.ok("calendar", "show"))

    def test_today_as_a_holiday_is_no_working_time(self):
        self.ok("calendar", "hours", "mon..sun", "0-24")
        self.assertTrue(self.json("calendar", "show")["is_working"])
        today = self.sql("select to_char(now() at time zone 'UTC', 'MM-DD')")
        self.ok("calendar", "holiday", "add", today, "Today")
        shown = self.json("calendar", "show")
        self.assertEqual((shown["is_working"], shown["is_holiday"]), (False, True))

    def test_every_change_is_in_the_log(self):
        self.ok("calendar", "zone", "Europe/Paris")
        self.ok("calendar", "hours", "sat", "9-12")
        self.ok("calendar", "hours", "sat", "9-12")
        self.ok("calendar", "holiday", "add", "07-14", "Fête nationale")
        self.ok("calendar", "holiday", "remove", "07-14")
        log = [(row["field"], row["old"], row["new"])
               for row in self.json("log", "--object", "calendar")]
        self.assertEqual(log, [("zone", "UTC", "Europe/Paris"), ("saturday", "closed", "09:00-12:00"),
                               ("holiday", None, "07-14 Fête nationale"),
                               ("holiday", "07-14 Fête nationale", None)])
