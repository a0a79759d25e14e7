from odoo import api, fields, models


class CrmLeadLost(models.TransientModel):
    """A reason that means "to a competitor" asks to whom."""

    _inherit = "crm.lead.lost"

    is_to_competitor = fields.Boolean(related="lost_reason_id.is_to_competitor")
    competitor_id = fields.Many2one(
        "crm.competitor",
        "Lost To",
        compute="_compute_competitor_id",
        store=True,
        readonly=False,
    )

    @api.depends("lead_ids")
    def _compute_competitor_id(self):
        for wizard in self:
            named = wizard.lead_ids.competitor_id
            wizard.competitor_id = named if len(named) == 1 else False

    def action_lost_reason_apply(self):
        if self.is_to_competitor and self.competitor_id:
            self.lead_ids.competitor_id = self.competitor_id
        return super().action_lost_reason_apply()
