import logging

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import ormcache

_logger = logging.getLogger(__name__)

# What a change of moves customers to other tiers.
RULE_FIELDS = {"active", "sequence"}


class CrmTier(models.Model):
    """A class of customers of one company, reached by thresholds on figures."""

    _name = "crm.tier"
    _description = "Customer Tier"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10, help="The best tier comes first.")
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    threshold_ids = fields.One2many(
        "crm.tier.threshold",
        "tier_id",
        "Thresholds",
        copy=True,
        help="A customer has the first tier all of whose thresholds he reaches. A "
        "tier without thresholds takes nobody.",
    )
    customer_count = fields.Integer("Customers", compute="_compute_customer_count")

    def _compute_customer_count(self):
        counts = dict(
            self.env["crm.customer"]._read_group(
                [("tier_id", "in", self.ids)], ["tier_id"], ["__count"]
            )
        )
        for tier in self:
            tier.customer_count = counts.get(tier, 0)

    @api.model_create_multi
    def create(self, vals_list):
        tiers = super().create(vals_list)
        tiers._mark_companies()
        return tiers

    def write(self, vals):
        moved = vals.get("company_id")
        if moved and any(tier.company_id.id != moved for tier in self):
            raise UserError(
                self.env._(
                    "A tier stays with its company. Create another one in the other "
                    "company."
                )
            )
        if RULE_FIELDS & vals.keys():
            self._mark_companies()
        return super().write(vals)

    def unlink(self):
        self._mark_companies()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        # Customers that the user may not see count as well.
        customers = self.env["crm.customer"].sudo().with_context(active_test=False)
        used = customers.search([("tier_id", "in", self.ids)], limit=1).tier_id
        if used:
            raise UserError(
                self.env._(
                    "%(tier)s has customers and cannot be deleted. Archive it: its "
                    "customers then get the tier that suits them.",
                    tier=used.display_name,
                )
            )

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        if "name" not in (default or {}):
            for tier, vals in zip(self, vals_list, strict=True):
                vals["name"] = self.env._("%s (copy)", tier.name)
        return vals_list

    def _mark_companies(self):
        """Have all customers of these tiers' companies refreshed by the new rules."""
        self.env.registry.clear_cache()
        self.env["crm.customer.mark"]._mark(company_ids=self.company_id.ids)

    def action_open_customers(self):
        """Open the customers of this tier."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_customer_action"
        )
        return {**action, "domain": [("tier_id", "=", self.id)]}

    @api.model
    @ormcache("company.id")
    def _rules(self, company):
        """The rules of a company's tiers as `tier_choice` wants them, best first.

        A tier whose threshold names a figure that nobody provides (the add-on that
        did is gone) is left out: dropping the threshold alone would open the tier.
        """
        # The rules are the company's, whoever asks; they hold no figure of anyone.
        tiers = self.sudo().with_context(active_test=True)
        tiers = tiers.search([("company_id", "=", company.id)])
        known = self.env["crm.customer"]._tier_figures()
        rules = []
        for tier in tiers:
            unknown = set(tier.threshold_ids.mapped("figure")) - known.keys()
            if unknown:
                _logger.info(
                    "Tier %s (%s) is left out: unknown figures %s",
                    tier.name,
                    company.name,
                    ", ".join(sorted(unknown)),
                )
                continue
            minima = {line.figure: line.minimum for line in tier.threshold_ids}
            rules.append((tier.id, minima))
        return rules
