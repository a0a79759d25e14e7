from odoo import api, fields, models
from odoo.exceptions import ValidationError


class CrmTierThreshold(models.Model):
    """The least of one figure that a tier takes."""

    _name = "crm.tier.threshold"
    _description = "Threshold of a Customer Tier"
    _order = "tier_id, id"
    _rec_name = "figure"

    tier_id = fields.Many2one("crm.tier", required=True, ondelete="cascade", index=True)
    company_id = fields.Many2one(related="tier_id.company_id", store=True)
    figure = fields.Selection("_selection_figure", required=True)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency",
        help="Of figures that are money; empty for plain numbers.",
    )
    minimum = fields.Float(
        "At Least",
        digits=(16, 2),
        required=True,
        help="In the unit of the figure; money is in the company's currency.",
    )
    minimum_in_words = fields.Char("In Words", compute="_compute_minimum_in_words")

    _tier_figure_uniq = models.Constraint(
        "UNIQUE (tier_id, figure)", "A tier has one threshold on each figure."
    )

    @api.model
    def _selection_figure(self):
        """The figures that the profile offers to rules, by name."""
        customers = self.env["crm.customer"]
        return [
            (key, customers._figure_label(key)) for key in customers._tier_figures()
        ]

    @api.depends("figure", "company_id")
    def _compute_currency(self):
        profile = self.env["crm.customer"]._fields
        for threshold in self:
            field = profile.get(threshold.figure)
            is_money = field is not None and field.type == "monetary"
            company = threshold.company_id or self.env.company
            threshold.currency_id = is_money and company.currency_id

    @api.depends("minimum", "currency_id")
    @api.depends_context("lang", "company")
    def _compute_minimum_in_words(self):
        for threshold in self:
            currency = threshold.currency_id
            company = self.env.company
            threshold.minimum_in_words = (
                company._crm_money_in_words(threshold.minimum, currency)
                if currency
                else False
            )

    @api.constrains("figure", "minimum")
    def _check_figure(self):
        known = self.env["crm.customer"]._tier_figures()
        for threshold in self:
            if threshold.figure not in known:
                raise ValidationError(
                    self.env._(
                        "The figure %(figure)s of tier %(tier)s is unknown: the add-on "
                        "that provides it is not installed.",
                        figure=threshold.figure,
                        tier=threshold.tier_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        thresholds = super().create(vals_list)
        thresholds.tier_id._mark_companies()
        return thresholds

    def write(self, vals):
        result = super().write(vals)
        self.tier_id._mark_companies()
        return result

    def unlink(self):
        self.tier_id._mark_companies()
        return super().unlink()
