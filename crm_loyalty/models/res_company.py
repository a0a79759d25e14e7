from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from .. import attribution, lifecycle
from ..l10n import phone

THRESHOLD_FIELDS = {
    f"crm_{name}": name for name in lifecycle.Thresholds.__dataclass_fields__
}
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

    crm_area_code = fields.Char(
        "Area Code",
        help="Of local phone numbers that are written without one, such as 021.",
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
        partners = self.partner_id if "partner_id" in vals else None
        result = super().write(vals)
        if partners is not None:
            self._drop_own_purchases(partners | self.partner_id)
        # The calendar says when a day begins.
        rules = {*THRESHOLD_FIELDS, "crm_attribution_half_life", "resource_calendar_id"}
        if rules & vals.keys():
            self.env["crm.customer.mark"]._mark(company_ids=self.ids)
        return result

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
