from odoo import models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def write(self, vals):
        """Who leads a team may enter or leave the pilot, and its menu."""
        result = super().write(vals)
        if {"user_id", "active"} & vals.keys():
            self._forget_menus()
        return result

    def _forget_menus(self):
        """Menus are kept per user: have them looked up anew where a pilot goes on."""
        # sudo: whether any company tries it with one of these teams
        companies = self.env["res.company"].sudo()
        if companies.search_count([("crm_pilot_team_ids", "in", self.ids)], limit=1):
            self.env.registry.clear_cache()
