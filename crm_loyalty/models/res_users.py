from odoo import fields, models


class ResUsers(models.Model):
    """Users mark customers: who is one of us, and whose contacts are where."""

    _name = "res.users"
    _inherit = ["res.users", "crm.customer.marker"]

    crm_contact_ids = fields.One2many("res.partner", "user_id", "Own Contacts")
