from odoo import models


class ResLang(models.Model):
    _inherit = "res.lang"

    def write(self, vals):
        """Name the default tiers in a language that is used from now on."""
        result = super().write(vals)
        if vals.get("active"):
            self.env["res.company"]._name_default_tiers(self.mapped("code"))
        return result
