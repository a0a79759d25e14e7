from odoo import api, fields, models

from odoo.addons.crm_loyalty.models.crm_customer_link import CUSTOMER_GROUPS


class CrmCustomerLink(models.AbstractModel):
    """Documents show the tier of their customer, with the reader's rights."""

    _inherit = "crm.customer.link"

    customer_tier_id = fields.Many2one(
        comodel_name="crm.tier",
        compute="_compute_customer_link",
        search=lambda self, *condition: self._search_profile("tier_id", *condition),
        groups=CUSTOMER_GROUPS,
    )
    # What badges show: a many2one would cost a page a second query for its names.
    customer_tier_name = fields.Char(
        "Tier", compute="_compute_customer_link", groups=CUSTOMER_GROUPS
    )
    customer_tier_color = fields.Integer(
        compute="_compute_customer_link", groups=CUSTOMER_GROUPS
    )

    @api.model
    def _link_fields(self):
        return {
            **super()._link_fields(),
            "customer_tier_id": "tier_id",
            "customer_tier_name": "tier_name",
            "customer_tier_color": "tier_color",
        }
