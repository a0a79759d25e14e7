from datetime import datetime

from odoo import fields, models

from ..l10n import jalali

CALENDARS = [
    ("gregorian", "Gregorian"),
    ("jalali", "Jalali"),
    ("both", "Jalali and Gregorian"),
]


class ResUsers(models.Model):
    """Users mark customers: who is one of us, and whose contacts are where.

    And each reads dates in the calendar he chose.
    """

    _name = "res.users"
    _inherit = ["res.users", "crm.customer.marker"]

    crm_contact_ids = fields.One2many("res.partner", "user_id", "Own Contacts")
    crm_calendar = fields.Selection(
        CALENDARS,
        "Calendar",
        help="In which calendar the screens, reports and files of customer relations "
        "show dates to you, and in which you type them. What is stored is the same. "
        "Empty: as your company has it.",
    )

    # Odoo names these two properties like constants, which ruff refuses (N802).
    @property
    def SELF_READABLE_FIELDS(self):  # noqa: N802
        return super().SELF_READABLE_FIELDS + ["crm_calendar"]

    # N802: as above
    @property
    def SELF_WRITEABLE_FIELDS(self):  # noqa: N802
        return super().SELF_WRITEABLE_FIELDS + ["crm_calendar"]

    def _crm_calendar(self):
        """The calendar this user reads: his own choice, else his company's.

        :return: a key of `CALENDARS`; visitors without a choice read Gregorian dates
        """
        # sudo: his own preference and his company's, whatever he may read of both
        user = self.sudo()
        if user.crm_calendar or not (user and user._is_internal()):
            return user.crm_calendar or "gregorian"
        return user.company_id.crm_calendar

    def _crm_reads_jalali(self):
        """Whether this user reads Jalali dates, alone or beside Gregorian ones."""
        return self._crm_calendar() in ("jalali", "both")

    def _crm_format_date(self, day, style="short"):
        """A day as this user reads it, for texts made on the server.

        :param datetime.date day: or a moment in the user's own time zone, which is
            shown with its time; or a false value, which gives an empty text
        :param str style: as in `jalali.format_date`; of the Jalali part only
        """
        if not day:
            return ""
        clock = ""
        if isinstance(day, datetime):
            clock = f" {day:%H:%M}"
            day = day.date()
        calendar = self._crm_calendar()
        text = ""
        if calendar != "gregorian" and jalali.covers(day):
            text = jalali.format_date(day, self.env.lang, style) + clock
        if text and calendar == "jalali":
            return text
        gregorian = self.env["ir.qweb.field.date"].value_to_html(day, {})
        return f"{text} ({gregorian})" if text else gregorian + clock
