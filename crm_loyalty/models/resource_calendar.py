from datetime import datetime, time, timedelta

import pytz

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..l10n import iran, jalali


class ResourceCalendar(models.Model):
    """Working time: public holidays of Iran, and a day that is closed unplanned."""

    _inherit = "resource.calendar"

    crm_is_iranian = fields.Boolean(
        "Holidays of Iran",
        help="Public holidays of Iran can be added, three Jalali years at a time.",
    )
    crm_is_closed_today = fields.Boolean(
        "Closed Today", compute="_compute_crm_is_closed_today"
    )

    def write(self, vals):
        """Mark the companies whose days begin at another hour now."""
        result = super().write(vals)
        if "tz" in vals:
            # sudo: marking must see companies that the writing user may not
            companies = self.env["res.company"].sudo()
            companies = companies.search([("resource_calendar_id", "in", self.ids)])
            self.env["crm.customer.mark"]._mark(company_ids=companies.ids)
        return result

    # -- days
    def _crm_moments(self, day):
        """First and last moment of a day of this calendar, in UTC as Odoo stores it."""
        self.ensure_one()
        zone = pytz.timezone(self.tz or "UTC")
        start = zone.localize(datetime.combine(day, time.min))
        end = zone.localize(datetime.combine(day + timedelta(1), time.min))
        return tuple(
            moment.astimezone(pytz.utc).replace(tzinfo=None)
            for moment in (start, end - timedelta(seconds=1))
        )

    def _crm_today(self):
        self.ensure_one()
        return fields.Date.context_today(self.with_context(tz=self.tz or "UTC"))

    def _crm_closings(self):
        """``{calendar: days on which everybody is off}``, in one query.

        Leaves of no resource, also those of the whole company without a calendar.
        """
        leaves = self.env["resource.calendar.leaves"].search(
            [("calendar_id", "in", [False, *self.ids]), ("resource_id", "=", False)]
        )
        return {
            calendar: leaves.filtered(
                lambda leave, calendar=calendar: (
                    leave.calendar_id == calendar
                    or not leave.calendar_id
                    and leave.company_id == (calendar.company_id or self.env.company)
                )
            )
            for calendar in self
        }

    @api.depends_context("uid")
    def _compute_crm_is_closed_today(self):
        for calendar, closings in self._crm_closings().items():
            calendar.crm_is_closed_today = calendar._crm_is_off(
                calendar._crm_today(), closings
            )

    def _crm_is_off(self, day, closings):
        """Whether one of some closings takes the whole day."""
        start, end = self._crm_moments(day)
        return any(
            leave.date_from <= start and leave.date_to >= end for leave in closings
        )

    # -- buttons
    def _crm_check_may_close(self):
        """Refuse whoever may not decide for the people of these calendars."""
        self.check_access("read")
        if not self.env.user.has_group("crm_loyalty.group_loyalty_manager"):
            raise AccessError(
                self.env._(
                    "Only loyalty managers change working days. Ask one to do it for "
                    "%(calendar)s.",
                    calendar=", ".join(self.mapped("name")),
                )
            )

    def action_crm_close_today(self):
        """Nobody works today, unplanned."""
        self.ensure_one()
        self._crm_check_may_close()
        today = self._crm_today()
        if not self._crm_is_off(today, self._crm_closings()[self]):
            start, end = self._crm_moments(today)
            # sudo: by Odoo's rules users change their own leaves alone; asked above
            self.env["resource.calendar.leaves"].sudo().create(
                {
                    "name": self.env._("Closed"),
                    "calendar_id": self.id,
                    "company_id": self.company_id.id or self.env.company.id,
                    "date_from": start,
                    "date_to": end,
                    "crm_is_unplanned": True,
                }
            )
        return True

    def action_crm_reopen_today(self):
        """Take back `action_crm_close_today`; planned holidays stay."""
        self.ensure_one()
        self._crm_check_may_close()
        start, end = self._crm_moments(self._crm_today())
        closings = self._crm_closings()[self].filtered(
            lambda leave: (
                leave.crm_is_unplanned
                and (leave.date_from, leave.date_to) == (start, end)
            )
        )
        if not closings:
            raise UserError(
                self.env._(
                    "%(calendar)s is closed today by a planned holiday. Delete that "
                    "one if people work nevertheless.",
                    calendar=self.name,
                )
            )
        # sudo: by Odoo's rules users change their own leaves alone; asked above
        closings.sudo().unlink()
        return True

    def action_crm_add_holidays(self):
        """Add the public holidays of this Jalali year and the next two, once each.

        A day that is off already stays as it is. Returns the list of them.
        """
        self.ensure_one()
        self._crm_check_may_close()
        self._crm_add_holidays(iran.next_years(self._crm_today()))
        return self.action_crm_open_holidays()

    def _crm_add_holidays(self, years):
        """Add missing holidays of some Jalali years; return those added."""
        self.ensure_one()
        closings = self._crm_closings()[self]
        vals_list = []
        for year in years:
            by_day = {}
            for holiday in iran.holidays(year):
                by_day.setdefault(holiday.day, []).append(holiday)
            for day, group in by_day.items():
                if self._crm_is_off(day, closings):
                    continue
                start, end = self._crm_moments(day)
                names = dict.fromkeys(one.name(self.env.lang) for one in group)
                vals_list.append(
                    {
                        "name": " / ".join(names),
                        "calendar_id": self.id,
                        "company_id": self.company_id.id or self.env.company.id,
                        "date_from": start,
                        "date_to": end,
                        "crm_is_to_confirm": not any(one.is_certain for one in group),
                    }
                )
        # sudo: by Odoo's rules users change their own leaves alone; callers ask first
        return self.env["resource.calendar.leaves"].sudo().create(vals_list)

    def action_crm_open_holidays(self):
        """The days on which everybody is off."""
        self.ensure_one()
        action = self.env["ir.actions.actions"]._for_xml_id(
            "crm_loyalty.resource_calendar_leaves_action_holidays"
        )
        action["domain"] = [
            ("calendar_id", "=", self.id),
            ("resource_id", "=", False),
        ]
        action["context"] = {"default_calendar_id": self.id}
        return action

    @api.model
    def _crm_make_iranian(self, company):
        """The company's calendar of Iran: made once, with three years of holidays."""
        calendar = self.search(
            [("company_id", "=", company.id), ("crm_is_iranian", "=", True)], limit=1
        )
        if not calendar:
            names = dict(
                self.env["resource.calendar.attendance"]
                ._fields["dayofweek"]
                ._description_selection(self.env)
            )
            calendar = self.create(
                {
                    "name": self.env._("Iran: Saturday to Wednesday, Thursday Half"),
                    "company_id": company.id,
                    "tz": iran.TIMEZONE,
                    "crm_is_iranian": True,
                    "attendance_ids": [
                        Command.clear(),
                        *(
                            Command.create(
                                {
                                    "name": names[str(day)],
                                    "dayofweek": str(day),
                                    "hour_from": start,
                                    "hour_to": end,
                                    "day_period": "morning"
                                    if start < 12
                                    else "afternoon",
                                }
                            )
                            for day, start, end in iran.WORKING_WEEK
                        ),
                    ],
                }
            )
        calendar._crm_add_holidays(iran.next_years(calendar._crm_today()))
        return calendar


class ResourceCalendarLeaves(models.Model):
    _name = "resource.calendar.leaves"
    _inherit = ["resource.calendar.leaves", "crm.jalali.periods"]

    crm_is_to_confirm = fields.Boolean(
        "To Be Confirmed", help="The moon decides: this day, or the day after it."
    )
    crm_is_unplanned = fields.Boolean("Unplanned", readonly=True)
    crm_day = fields.Date("Day", compute="_compute_crm_day")
    crm_jalali_day = fields.Char("Jalali Day", compute="_compute_crm_day")

    @api.depends("date_from", "calendar_id.tz")
    @api.depends_context("lang")
    def _compute_crm_day(self):
        """The day in the calendar's own time zone, wherever the reader is."""
        for leave in self:
            day = leave.date_from and (
                fields.Datetime.context_timestamp(
                    leave.with_context(tz=leave.calendar_id.tz or "UTC"),
                    leave.date_from,
                ).date()
            )
            leave.crm_day = day
            is_covered = day and jalali.covers(day)
            leave.crm_jalali_day = is_covered and jalali.format_date(
                day, self.env.lang, "full"
            )

    def action_crm_confirm(self):
        """These days are certain now."""
        self._crm_check_may_change()
        # sudo: by Odoo's rules users change their own leaves alone; asked above
        self.sudo().crm_is_to_confirm = False

    def _crm_check_may_change(self):
        """These are days of everybody, and the user decides for them."""
        self.check_access("read")
        if self.resource_id or not all(leave.calendar_id for leave in self):
            raise UserError(
                self.env._("Only holidays of a calendar can be confirmed here.")
            )
        self.calendar_id._crm_check_may_close()

    def action_crm_day_later(self):
        """The moon came a day later; the day is certain now."""
        self._crm_check_may_change()
        # sudo: by Odoo's rules users change their own leaves alone; asked above
        for leave in self.sudo():
            leave.write(
                {
                    "date_from": leave.date_from + timedelta(1),
                    "date_to": leave.date_to + timedelta(1),
                    "crm_is_to_confirm": False,
                }
            )
