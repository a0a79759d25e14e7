from datetime import datetime, time

from odoo import api, fields, models
from odoo.tools import SQL

from ..l10n import jalali
from .res_company import RULE_FIELDS
from .res_users import CALENDARS


class ResCompany(models.Model):
    """A company's days and years: time zone, calendar, financial year."""

    _inherit = "res.company"

    # Stored, since each refresh of a customer needs it.
    crm_timezone = fields.Char(
        "Time Zone of Days",
        compute="_compute_crm_timezone",
        store=True,
        help="By which a moment belongs to a day: the working calendar's time zone, "
        "else that of the company's contact.",
    )
    crm_jalali_fiscal_year = fields.Boolean(
        "Jalali Financial Year",
        help="The financial year is the Jalali one: it ends on 19, 20 or 21 March, as "
        "the year says. Odoo's own last day is the same in every year.",
    )
    crm_calendar = fields.Selection(
        CALENDARS,
        "Calendar of Users",
        default="gregorian",
        required=True,
        help="Of the company's users who have not chosen one in their preferences.",
    )

    def write(self, vals):
        if vals.get("crm_jalali_fiscal_year"):
            # Where Odoo shows one day for all years: the right one in most of them.
            vals = {"fiscalyear_last_month": "3", "fiscalyear_last_day": 20, **vals}
        return super().write(vals)

    def compute_fiscalyear_dates(self, current_date):
        day = fields.Date.to_date(current_date)
        if not self.crm_jalali_fiscal_year or not jalali.covers(day):
            return super().compute_fiscalyear_dates(current_date)
        start, end = jalali.period_start(day, "year"), jalali.year_end(day)
        if isinstance(current_date, datetime):
            # As Odoo answers: what it is asked with.
            start, end = (datetime.combine(bound, time.min) for bound in (start, end))
        return {"date_from": start, "date_to": end}

    @api.depends("resource_calendar_id.tz", "partner_id.tz")
    def _compute_crm_timezone(self):
        for company in self:
            calendar = company.resource_calendar_id
            company.crm_timezone = calendar.tz or company.partner_id.tz or "UTC"

    def _crm_timezone(self):
        """The company's time zone, for whoever works in it."""
        self.ensure_one()
        # sudo: of a company that the user works in, and nothing else of it
        company = self.sudo()
        # Asked many times for one statement, and fetching what is known takes time.
        if self.id not in company._fields["crm_timezone"]._get_cache(company.env):
            company.fetch(RULE_FIELDS)
        return company.crm_timezone

    @api.model
    def _crm_timezone_sql(self, company_id):
        """`_crm_timezone` of a row's company; without one, of the environment's.

        A constant where all companies agree, as they mostly do: it is read once for
        each of very many rows.

        :param SQL company_id: the company of the row
        """
        # sudo: the time zones of all companies; rows of others are not read by this
        companies = self.sudo().search([])
        companies.fetch(RULE_FIELDS)
        own = self.env.company._crm_timezone()
        others = [
            SQL("WHEN %s THEN %s", company.id, company._crm_timezone())
            for company in companies
            if company._crm_timezone() != own
        ]
        if not others:
            return SQL("%s", own)
        return SQL("CASE %s %s ELSE %s END", company_id, SQL(" ").join(others), own)
