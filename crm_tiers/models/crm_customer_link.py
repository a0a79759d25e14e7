from odoo import fields, models

from odoo.addons.crm_loyalty.models.crm_customer_link import CUSTOMER_GROUPS


class CrmCustomerLink(models.AbstractModel):
    """Documents show the tier of their customer, with the reader's rights."""

    _inherit = "crm.customer.link"

    customer_tier_id = fields.Many2one(
        string="Customer Tier",
        related="crm_customer_id.tier_id",
        related_sudo=False,
        groups=CUSTOMER_GROUPS,
    )
    customer_tier_color = fields.Integer(
        related="crm_customer_id.tier_id.color",
        related_sudo=False,
        groups=CUSTOMER_GROUPS,
    )
