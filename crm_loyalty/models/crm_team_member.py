from odoo import api, models


class CrmTeamMember(models.Model):
    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        """Who joins a team may enter the pilot; as in `crm.team.write`."""
        members = super().create(vals_list)
        members.crm_team_id._forget_menus()
        return members

    def write(self, vals):
        """Who joins or leaves a team may enter or leave the pilot."""
        teams = self.crm_team_id
        result = super().write(vals)
        (teams | self.crm_team_id)._forget_menus()
        return result

    def unlink(self):
        """Who leaves a team may leave the pilot."""
        teams = self.crm_team_id
        result = super().unlink()
        teams._forget_menus()
        return result
