from datetime import datetime, time

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL, formatLang

from .. import attribution, lifecycle
from ..l10n import jalali, phone
from ..l10n.money import MoneyDisplay
from .crm_money_unit import in_words
from .crm_referral import REWARDS
from .res_users import CALENDARS

THRESHOLD_FIELDS = {
    f"crm_{name}": name for name in lifecycle.Thresholds.__dataclass_fields__
}
MONEY_SCALES = [("1", "Single"), ("1000", "Thousands"), ("1000000", "Millions")]
# What thresholds must be, over their fields: for the table, and for values to try.
THRESHOLDS_SANE = """crm_regular_purchases > 0 AND crm_active_days > 0
    AND crm_rhythm_factor > 0 AND crm_rhythm_factor <= 100
    AND crm_gap_factor > 0 AND crm_gap_factor <= 100
    AND crm_rhythm_min_days BETWEEN 0 AND crm_rhythm_max_days
    AND crm_rhythm_max_days <= 36500 AND crm_active_days <= 36500
    AND crm_prospect_months BETWEEN 0 AND 1200"""
# What a refresh reads of a company; it has a hundred fields more.
RULE_FIELDS = [
    *THRESHOLD_FIELDS,
    "crm_attribution_half_life",
    "crm_timezone",
    "currency_id",
]


class ResCompany(models.Model):
    """Thresholds of the life cycle, one set per company."""

    _name = "res.company"
    _inherit = ["res.company", "crm.customer.marker"]

    crm_regular_purchases = fields.Integer(
        "Regular From", default=4, help="Purchases from which a customer is regular."
    )
    crm_active_days = fields.Integer(
        "Active Window",
        default=365,
        help="Days a customer stays active who has no rhythm of his own yet (fewer "
        "than 4 days of purchase).",
    )
    crm_rhythm_factor = fields.Float(
        "Rhythm Factor",
        default=3.0,
        help="With 4 or more days of purchase a customer stays active for this many "
        "times the median gap between them.",
    )
    crm_rhythm_min_days = fields.Integer("Shortest Rhythm Window", default=30)
    crm_rhythm_max_days = fields.Integer("Longest Rhythm Window", default=730)
    crm_gap_factor = fields.Float(
        "Gap Factor",
        default=1.5,
        help="With 2 or 3 days of purchase a customer stays active for this many times "
        "the longest gap, if that is more than the active window.",
    )
    crm_prospect_months = fields.Integer(
        "Prospect After a Lost Offer",
        default=12,
        help="Months for which someone who never bought stays a prospect after his "
        "last opportunity or quotation was lost.",
    )
    crm_show_unassigned = fields.Boolean(
        "Unassigned Customers",
        help="Salespeople also see the customers that have no salesperson.",
    )

    crm_referral_reward = fields.Selection(
        REWARDS,
        "Reward for Referrals",
        default="none",
        required=True,
        help="What a customer gets for a friend he brought, once the friend's first "
        "invoice is really paid.",
    )
    crm_referral_program_id = fields.Many2one(
        "loyalty.program",
        "Program of Referral Rewards",
        ondelete="restrict",
        help="The loyalty program whose points are given, or the coupon program.",
    )
    crm_referral_points = fields.Integer(
        "Points for a Referral", default=100, help="Whole points for each friend."
    )

    # Stored, since each refresh of a customer needs it.
    crm_timezone = fields.Char(
        "Time Zone of Days",
        compute="_compute_crm_timezone",
        store=True,
        help="By which a moment belongs to a day: the working calendar's time zone, "
        "else that of the company's contact.",
    )
    crm_area_code = fields.Char(
        "Area Code",
        help="Of local phone numbers that are written without one, such as 021.",
    )
    crm_jalali_fiscal_year = fields.Boolean(
        "Jalali Financial Year",
        help="The financial year is the Jalali one: it ends on 19, 20 or 21 March, as "
        "the year says. Odoo's own last day is the same in every year.",
    )
    crm_money_unit_id = fields.Many2one(
        "crm.money.unit",
        "Money Is Shown In",
        domain="[('currency_id', '=', currency_id)]",
        ondelete="restrict",
        help="The unit of amounts on screens, in reports and files of customers. "
        "Empty: the company's currency. Stored amounts stay in the currency.",
    )
    crm_money_scale = fields.Selection(
        MONEY_SCALES,
        "Scale of Money",
        default="1",
        required=True,
        help="Large amounts are easier to read in thousands or millions of the unit.",
    )
    crm_calendar = fields.Selection(
        CALENDARS,
        "Calendar of Users",
        default="gregorian",
        required=True,
        help="Of the company's users who have not chosen one in their preferences.",
    )
    crm_pilot_team_ids = fields.Many2many(
        "crm.team",
        "crm_pilot_team_rel",
        "company_id",
        "team_id",
        "Pilot Teams",
        domain="[('company_id', 'in', (id, False))]",
        help="While there are any, only these teams' members and leaders, beside those "
        "who see all customers anyway, see customer profiles in this company.",
    )
    crm_is_open = fields.Boolean(
        "Customers Are Open to Me",
        compute="_compute_crm_is_open",
        compute_sudo=True,
        search="_search_crm_is_open",
    )
    crm_attribution_half_life = fields.Integer(
        "Half-Life of Touches",
        default=attribution.HALF_LIFE_DAYS,
        required=True,
        help="Days after which a touch counts half as much, where touches are weighed "
        "by time decay.",
    )
    crm_first_steps_done = fields.Boolean("First Steps Done")

    _crm_thresholds_sane = models.Constraint(
        f"CHECK ({THRESHOLDS_SANE})",
        "Thresholds of customer stages must be positive, at most 100 years or 100 "
        "times, and the shortest rhythm window no longer than the longest.",
    )

    _crm_half_life_sane = models.Constraint(
        "CHECK (crm_attribution_half_life BETWEEN 1 AND 3650)",
        "The half-life of touches must be from 1 day to 10 years.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        # A contact that becomes a company of ours is a customer no longer.
        self._drop_own_purchases(companies.partner_id)
        return companies

    def write(self, vals):
        if vals.get("crm_jalali_fiscal_year"):
            # Where Odoo shows one day for all years: the right one in most of them.
            vals = {"fiscalyear_last_month": "3", "fiscalyear_last_day": 20, **vals}
        partners = self.partner_id if "partner_id" in vals else None
        result = super().write(vals)
        if partners is not None:
            self._drop_own_purchases(partners | self.partner_id)
        if "crm_pilot_team_ids" in vals:
            # Who has the menu of customers is kept with the menus.
            self.env.registry.clear_cache()
        # The calendar says when a day begins.
        rules = {*THRESHOLD_FIELDS, "crm_attribution_half_life", "resource_calendar_id"}
        if rules & vals.keys():
            self.env["crm.customer.mark"]._mark(company_ids=self.ids)
        return result

    def compute_fiscalyear_dates(self, current_date):
        day = fields.Date.to_date(current_date)
        if not self.crm_jalali_fiscal_year or not jalali.covers(day):
            return super().compute_fiscalyear_dates(current_date)
        start, end = jalali.period_start(day, "year"), jalali.year_end(day)
        if isinstance(current_date, datetime):
            # As Odoo answers: what it is asked with.
            start, end = (datetime.combine(bound, time.min) for bound in (start, end))
        return {"date_from": start, "date_to": end}

    def _drop_own_purchases(self, partners):
        """Bring purchases of contacts that are, or were, own companies up to date."""
        # sudo: upkeep of the whole system; the documents may lie in other companies
        moves = self.env["account.move"].sudo()
        moves = moves.search([("commercial_partner_id", "in", partners.ids)])
        moves._sync_customer_purchases()

    def _crm_thresholds(self):
        """The settings of this company, for the rules in `lifecycle`.

        :rtype: lifecycle.Thresholds
        """
        self.ensure_one()
        self.fetch(RULE_FIELDS)
        return lifecycle.Thresholds(
            **{name: self[field] for field, name in THRESHOLD_FIELDS.items()}
        )

    @api.depends(
        "crm_pilot_team_ids.user_id", "crm_pilot_team_ids.crm_team_member_ids.user_id"
    )
    @api.depends_context("uid")
    def _compute_crm_is_open(self):
        open_companies = self.filtered_domain(self._crm_open_domain())
        for company in self:
            company.crm_is_open = company in open_companies

    @api.model
    def _search_crm_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._crm_open_domain() if True in value else ~self._crm_open_domain()

    @api.model
    def _crm_open_domain(self):
        """Companies without a pilot, or with the user in one of its teams.

        Archived teams and memberships count for nothing, however this is evaluated.
        """
        is_active = Domain("active", "=", True)
        is_mine = Domain("user_id", "=", self.env.uid)
        team = is_mine | Domain("crm_team_member_ids", "any", is_mine & is_active)
        return Domain("crm_pilot_team_ids", "not any", is_active) | Domain(
            "crm_pilot_team_ids", "any", is_active & team
        )

    @api.model
    def _crm_are_sane(self, thresholds):
        """Whether a company would take these thresholds, by its own constraint."""
        columns = SQL(", ").join(
            SQL("%s AS %s", getattr(thresholds, name), SQL.identifier(field))
            for field, name in THRESHOLD_FIELDS.items()
        )
        [[sane]] = self.env.execute_query(
            SQL("SELECT %s FROM (SELECT %s) company", SQL(THRESHOLDS_SANE), columns)
        )
        return sane

    @api.constrains("crm_area_code")
    def _check_crm_area_code(self):
        for company in self:
            code = phone.clean(company.crm_area_code or "").strip()
            if code and not (code.isdecimal() and 0 < len(code.lstrip("0")) <= 5):
                raise ValidationError(
                    self.env._(
                        "“%(code)s” is no area code. Write its digits, such as 021.",
                        code=code[:20],
                    )
                )

    def _crm_area_code(self, country):
        """The area code of local numbers, with its 0, or ``""``.

        :param country: of the number; another one's numbers have no part in it
        """
        # sudo: whoever formats a number, visitors of a website too, needs it
        company = self.sudo()
        if not company.crm_area_code or company.country_id != country:
            return ""
        return f"0{phone.clean(company.crm_area_code).strip().lstrip('0')}"

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

    @api.constrains(
        "crm_referral_reward", "crm_referral_program_id", "crm_referral_points"
    )
    def _check_crm_referral_reward(self):
        types = {"points": "loyalty", "coupon": "coupons"}
        # sudo: a shared program may be of a company that the user may not enter
        for company in self.sudo():
            wanted = types.get(company.crm_referral_reward)
            program = company.crm_referral_program_id
            if not wanted:
                continue
            if program.program_type != wanted:
                raise ValidationError(
                    self.env._(
                        "%(company)s: choose a program of loyalty cards for points, or "
                        "of coupons for coupons, as the reward of referrals.",
                        company=company.name,
                    )
                )
            if program.company_id and program.company_id not in (
                company | company.parent_ids
            ):
                raise ValidationError(
                    self.env._(
                        "%(company)s: the program %(program)s is of another company.",
                        company=company.name,
                        program=program.name,
                    )
                )
            if wanted == "loyalty" and company.crm_referral_points <= 0:
                raise ValidationError(
                    self.env._(
                        "%(company)s: a referral earns at least one point.",
                        company=company.name,
                    )
                )

    @api.constrains("currency_id", "crm_money_unit_id")
    def _check_crm_money_unit(self):
        for company in self:
            unit = company.crm_money_unit_id
            if unit and unit.currency_id != company.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(company)s keeps its books in %(currency)s: its money is "
                        "not shown in %(unit)s, a unit of %(other)s. Choose another.",
                        company=company.name,
                        currency=company.currency_id.name,
                        unit=unit.name,
                        other=unit.currency_id.name,
                    )
                )

    def _crm_money_display(self):
        """How this company's money is shown, in the reader's language.

        :rtype: MoneyDisplay
        :return: ``None`` where amounts are shown as Odoo shows them
        """
        self.ensure_one()
        unit, scale = self.crm_money_unit_id, int(self.crm_money_scale)
        if not unit and scale == 1:
            return None
        currency = self.currency_id
        label = unit.name or currency.symbol or currency.name
        digits = unit.decimal_places if unit else currency.decimal_places
        if scale == 1000:
            label, digits = self.env._("thousand %(unit)s", unit=label), 1
        elif scale == 1000000:
            label, digits = self.env._("million %(unit)s", unit=label), 2
        return MoneyDisplay(currency.id, (unit.factor or 1) * scale, label, digits)

    def _crm_format_money(self, amount, currency):
        """An amount as text, the way this company shows money of ``currency``."""
        display = self._crm_money_display()
        if not display or display.currency_id != currency.id:
            return currency.format(amount)
        number = formatLang(self.env, display.shown(amount), digits=display.digits)
        return f"{number}\N{NO-BREAK SPACE}{display.label}"

    def _crm_money_example(self, unit, scale):
        """What a unit and a scale would make of an amount, as a sentence."""
        currency, amount = self.currency_id, 123_456_789
        chosen = self.new(
            {
                "currency_id": currency.id,
                "crm_money_unit_id": unit.id,
                "crm_money_scale": scale,
            }
        )
        return self.env._(
            "%(stored)s is shown as %(shown)s",
            stored=currency.format(amount),
            shown=chosen._crm_format_money(amount, currency),
        )

    def _crm_money_in_words(self, amount, currency):
        """An amount in words of the reader's language; ``""`` where it has none.

        Words name the company's unit without its scale: “two million toman”.
        """
        self.ensure_one()
        unit = self.crm_money_unit_id
        if unit and unit.currency_id == currency:
            digits = unit.decimal_places
            return in_words(self.env, amount / unit.factor, digits, unit.name)
        return in_words(self.env, amount, currency.decimal_places, currency.name)
