from odoo import api, fields, models
from odoo.fields import Domain


class ResCompany(models.Model):
    """Teams that try the customer profiles before the others do."""

    _inherit = "res.company"

    crm_pilot_team_ids = fields.Many2many(
        "crm.team",
        "crm_pilot_team_rel",
        "company_id",
        "team_id",
        "Pilot Teams",
        domain="[('company_id', 'in', (id, False))]",
        help="While there are any, only these teams' members and leaders, beside those "
        "who see all customers anyway, see customer profiles in this company.",
    )
    crm_is_open = fields.Boolean(
        "Customers Are Open to Me",
        compute="_compute_crm_is_open",
        compute_sudo=True,
        search="_search_crm_is_open",
    )

    def write(self, vals):
        result = super().write(vals)
        if "crm_pilot_team_ids" in vals:
            # Who has the menu of customers is kept with the menus.
            self.env.registry.clear_cache()
        return result

    @api.depends(
        "crm_pilot_team_ids.user_id", "crm_pilot_team_ids.crm_team_member_ids.user_id"
    )
    @api.depends_context("uid")
    def _compute_crm_is_open(self):
        open_companies = self.filtered_domain(self._crm_open_domain())
        for company in self:
            company.crm_is_open = company in open_companies

    @api.model
    def _search_crm_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return self._crm_open_domain() if True in value else ~self._crm_open_domain()

    @api.model
    def _crm_open_domain(self):
        """Companies without a pilot, or with the user in one of its teams.

        Archived teams and memberships count for nothing, however this is evaluated.
        """
        is_active = Domain("active", "=", True)
        is_mine = Domain("user_id", "=", self.env.uid)
        team = is_mine | Domain("crm_team_member_ids", "any", is_mine & is_active)
        return Domain("crm_pilot_team_ids", "not any", is_active) | Domain(
            "crm_pilot_team_ids", "any", is_active & team
        )
