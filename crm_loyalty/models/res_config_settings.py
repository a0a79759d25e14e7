from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crm_regular_purchases = fields.Integer(
        related="company_id.crm_regular_purchases", readonly=False
    )
    crm_active_days = fields.Integer(
        related="company_id.crm_active_days", readonly=False
    )
    crm_rhythm_factor = fields.Float(
        related="company_id.crm_rhythm_factor", readonly=False
    )
    crm_rhythm_min_days = fields.Integer(
        related="company_id.crm_rhythm_min_days", readonly=False
    )
    crm_rhythm_max_days = fields.Integer(
        related="company_id.crm_rhythm_max_days", readonly=False
    )
    crm_gap_factor = fields.Float(related="company_id.crm_gap_factor", readonly=False)
    crm_prospect_months = fields.Integer(
        related="company_id.crm_prospect_months", readonly=False
    )
    crm_show_unassigned = fields.Boolean(
        related="company_id.crm_show_unassigned", readonly=False
    )
    crm_jalali_fiscal_year = fields.Boolean(
        related="company_id.crm_jalali_fiscal_year", readonly=False
    )
