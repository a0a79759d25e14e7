from odoo import fields, models


class CrmLostReason(models.Model):
    _name = "crm.lost.reason"
    _inherit = ["crm.lost.reason", "crm.customer.marker"]

    is_unsuitable = fields.Boolean(
        "Unsuitable",
        help="Someone who never bought, and all of whose leads were lost for such "
        "reasons, is disqualified.",
    )
    is_to_competitor = fields.Boolean(
        "To a Competitor", help="The deal went to another supplier."
    )
    lead_ids = fields.One2many("crm.lead", "lost_reason_id", "Lost Leads")
