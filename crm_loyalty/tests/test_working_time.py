"""Working time: Iran's week and holidays, and a day that is closed unplanned."""

from datetime import date, datetime, timedelta
from unittest.mock import patch

import pytz

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.crm_loyalty.l10n import iran, jalali

from .common import CrmLoyaltyCommon

# Lunar holidays of 1403 as the country kept them (its official calendar of that year).
KEPT_IN_1403 = {
    "Martyrdom of Imam Ali": ["2024-04-01"],
    "Eid al-Fitr": ["2024-04-10", "2024-04-11"],
    "Eid al-Adha": ["2024-06-17"],
    "Eid al-Ghadir": ["2024-06-25"],
    "Tasua": ["2024-07-15"],
    "Ashura": ["2024-07-16"],
    "Arbaeen": ["2024-08-25"],
}


@tagged("post_install", "-at_install")
class TestWorkingTime(CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calendar = cls.env["resource.calendar"]._crm_make_iranian(cls.company)

    def _off(self, calendar=None):
        calendar = calendar or self.calendar
        return calendar._crm_closings()[calendar]

    def test_holidays_of_a_year(self):
        for year in (1405, 1406, 1407):
            found = iran.holidays(year)
            self.assertEqual(found, sorted(found))
            certain = [holiday for holiday in found if holiday.is_certain]
            self.assertEqual(
                [jalali.from_gregorian(holiday.day)[1:] for holiday in certain],
                sorted(iran.SOLAR),
            )
            self.assertTrue(
                all(jalali.from_gregorian(one.day).year == year for one in found)
            )
            # A lunar year is eleven days shorter: most fall once, some twice.
            self.assertIn(len(found) - len(certain), (16, 17, 18))

    def test_the_moon_is_right_to_a_day(self):
        reckoned = {}
        for holiday in iran.holidays(1403):
            reckoned.setdefault(holiday.name("en_US"), []).append(holiday.day)
        for name, days in KEPT_IN_1403.items():
            for day, kept in zip(reckoned[name], days, strict=True):
                self.assertIn(
                    (date.fromisoformat(kept) - day).days, (0, 1), (name, kept)
                )

    def test_the_week_has_44_hours_and_no_friday(self):
        self.assertEqual(self.calendar.tz, "Asia/Tehran")
        hours = {}
        for line in self.calendar.attendance_ids:
            day = int(line.dayofweek)
            hours[day] = hours.get(day, 0) + line.hour_to - line.hour_from
        self.assertEqual(hours, {5: 8, 6: 8, 0: 8, 1: 8, 2: 8, 3: 4})

    def test_nobody_works_on_nowruz(self):
        zone = pytz.timezone("Asia/Tehran")
        nowruz = jalali.to_gregorian(jalali.from_gregorian(date.today()).year, 1, 1)
        start = zone.localize(datetime(nowruz.year, nowruz.month, nowruz.day))
        for days, hours in ((4, 0.0), (0, 0.0)):
            end = start + timedelta(days or 1)
            self.assertEqual(self.calendar.get_work_hours_count(start, end), hours)
        planned = self.calendar.plan_days(1, start, compute_leaves=True)
        day = planned.astimezone(zone).date()
        self.assertGreater(day, nowruz + timedelta(3))
        self.assertNotEqual(day.weekday(), 4)

    def test_holidays_come_once_and_say_what_is_uncertain(self):
        before = self._off()
        year = jalali.from_gregorian(self.calendar._crm_today()).year
        days = {one.day for n in range(3) for one in iran.holidays(year + n)}
        self.assertEqual(len(before), len(days))
        self.calendar.with_user(self.manager).action_crm_add_holidays()
        self.assertEqual(self._off(), before)
        self.assertEqual(
            self.env["resource.calendar"]._crm_make_iranian(self.company), self.calendar
        )
        self.assertEqual(
            before.filtered(lambda leave: leave.crm_day == date(2026, 4, 2))
            .with_context(lang="en_US", tz="America/New_York")
            .crm_jalali_day,
            "Thursday 13 Farvardin 1405",
        )
        unsure = before.filtered("crm_is_to_confirm")
        self.assertTrue(unsure and before - unsure)
        # Each is a whole day of Tehran.
        for leave in before:
            start = pytz.utc.localize(leave.date_from).astimezone(
                pytz.timezone("Asia/Tehran")
            )
            self.assertEqual((start.hour, start.minute), (0, 0))
            self.assertEqual(leave.crm_day, start.date())
            self.assertEqual(
                leave.date_to - leave.date_from,
                timedelta(hours=23, minutes=59, seconds=59),
            )
        moved = unsure[0]
        day = moved.date_from
        moved.with_user(self.manager).action_crm_day_later()
        self.assertEqual(
            (moved.date_from, moved.crm_is_to_confirm), (day + timedelta(1), False)
        )
        unsure[1].with_user(self.manager).action_crm_confirm()
        self.assertFalse(unsure[1].crm_is_to_confirm)

    def test_an_unplanned_closing_is_one_click_and_can_be_taken_back(self):
        # A working day, whatever today is.
        monday = date(2026, 11, 30)
        with patch.object(type(self.calendar), "_crm_today", lambda calendar: monday):
            mine = self.calendar.with_user(self.manager)
            self.assertFalse(mine.crm_is_closed_today)
            mine.action_crm_close_today()
            mine.action_crm_close_today()
            mine.invalidate_recordset()
            self.assertTrue(mine.crm_is_closed_today)
            closings = self._off().filtered("crm_is_unplanned")
            self.assertEqual(len(closings), 1)
            start, end = mine._crm_moments(monday)
            self.assertEqual(
                self.calendar.get_work_hours_count(
                    pytz.utc.localize(start), pytz.utc.localize(end)
                ),
                0,
            )
            mine.action_crm_reopen_today()
            mine.invalidate_recordset()
            self.assertFalse(mine.crm_is_closed_today)
            self.assertFalse(closings.exists())
        nowruz = jalali.to_gregorian(1406, 1, 1)
        with patch.object(type(self.calendar), "_crm_today", lambda calendar: nowruz):
            mine.invalidate_recordset()
            self.assertTrue(mine.crm_is_closed_today)
            with self.assertRaisesRegex(UserError, "planned holiday"):
                mine.action_crm_reopen_today()

    def test_a_day_off_of_the_whole_company_counts(self):
        monday = date(2026, 11, 30)
        start, end = self.calendar._crm_moments(monday)
        off = {
            "name": "Inventory",
            "calendar_id": False,
            "date_from": start,
            "date_to": end,
        }
        leaves = self.env["resource.calendar.leaves"]
        # Odoo works out the company of a day off when it is flushed.
        leaves.with_company(self.other_company).create(off).flush_recordset()
        with patch.object(type(self.calendar), "_crm_today", lambda calendar: monday):
            mine = self.calendar.with_user(self.manager)
            self.assertFalse(mine.crm_is_closed_today)
            leaves.create(off)
            mine.invalidate_recordset()
            self.assertTrue(mine.crm_is_closed_today)
            mine.action_crm_close_today()
            self.assertFalse(self._off().filtered("crm_is_unplanned"))

    def test_only_days_of_everybody_are_confirmed(self):
        resource = self.env["resource.resource"].create(
            {"name": "Van", "calendar_id": self.calendar.id}
        )
        leave = self.env["resource.calendar.leaves"].create(
            {
                "name": "Repair",
                "resource_id": resource.id,
                "date_from": "2026-11-30",
                "date_to": "2026-12-01",
            }
        )
        for action in ("action_crm_confirm", "action_crm_day_later"):
            with self.assertRaisesRegex(UserError, "Only holidays"):
                getattr(leave, action)()

    def test_the_list_of_holidays_is_that_of_the_calendar(self):
        action = self.calendar.with_user(self.manager).action_crm_open_holidays()
        found = self.env["resource.calendar.leaves"].search(action["domain"])
        self.assertEqual(found, self._off())

    def test_others_close_nothing(self):
        for action in (
            "action_crm_close_today",
            "action_crm_reopen_today",
            "action_crm_add_holidays",
        ):
            with self.assertRaises(AccessError):
                getattr(self.calendar.with_user(self.salesperson), action)()
        leave = self._off()[0]
        for action in ("action_crm_confirm", "action_crm_day_later"):
            with self.assertRaises(AccessError):
                getattr(leave.with_user(self.salesperson), action)()

    def test_each_company_has_its_own(self):
        other = self.env["resource.calendar"]._crm_make_iranian(self.other_company)
        self.assertNotEqual(other, self.calendar)
        self.assertEqual(other.company_id, self.other_company)
        self.assertFalse(self._off(other) & self._off())
        mine = self.env["resource.calendar.leaves"].with_user(self.manager)
        self.assertFalse(mine.search([("id", "in", self._off(other).ids)]))

    def test_settings_give_the_company_its_calendar(self):
        self.env.user.group_ids += self.env.ref("base.group_system")
        settings = self.env["res.config.settings"].create({})
        action = settings.action_crm_make_iranian_calendar()
        self.assertEqual(action["res_id"], self.calendar.id)
        self.assertEqual(self.company.resource_calendar_id, self.calendar)
        with self.assertRaises(AccessError):
            settings.with_user(self.manager).action_crm_make_iranian_calendar()
