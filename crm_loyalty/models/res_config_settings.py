from odoo import api, fields, models
from odoo.exceptions import AccessError


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
    crm_attribution_half_life = fields.Integer(
        related="company_id.crm_attribution_half_life", readonly=False
    )
    crm_show_unassigned = fields.Boolean(
        related="company_id.crm_show_unassigned", readonly=False
    )
    crm_resource_calendar_id = fields.Many2one(
        related="company_id.resource_calendar_id", readonly=False
    )
    crm_referral_reward = fields.Selection(
        related="company_id.crm_referral_reward", readonly=False
    )
    crm_referral_program_id = fields.Many2one(
        related="company_id.crm_referral_program_id", readonly=False
    )
    crm_referral_points = fields.Integer(
        related="company_id.crm_referral_points", readonly=False
    )
    crm_area_code = fields.Char(related="company_id.crm_area_code", readonly=False)
    crm_money_unit_id = fields.Many2one(
        related="company_id.crm_money_unit_id", readonly=False
    )
    crm_money_scale = fields.Selection(
        related="company_id.crm_money_scale", readonly=False
    )
    crm_money_example = fields.Char(
        "Example of Money", compute="_compute_crm_money_example"
    )
    crm_jalali_fiscal_year = fields.Boolean(
        related="company_id.crm_jalali_fiscal_year", readonly=False
    )

    @api.depends("company_id", "crm_money_unit_id", "crm_money_scale")
    def _compute_crm_money_example(self):
        for settings in self:
            settings.crm_money_example = settings.company_id._crm_money_example(
                settings.crm_money_unit_id, settings.crm_money_scale
            )

    def action_crm_make_iranian_calendar(self):
        """Give the company the calendar of Iran, and show it."""
        self.ensure_one()
        # As `set_values`: settings are for whoever may open this form.
        if not self.env.user._is_admin():
            raise AccessError(self.env._("Only administrators change the settings."))
        calendar = self.env["resource.calendar"]._crm_make_iranian(self.company_id)
        self.company_id.resource_calendar_id = calendar
        return calendar._get_records_action(context={})
