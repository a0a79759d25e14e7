from odoo import models


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = [
        "crm.lead",
        "crm.customer.link",
        "crm.customer.marker",
        "crm.jalali.periods",
    ]
