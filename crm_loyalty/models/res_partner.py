from odoo import fields, models


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "crm.customer.link", "crm.customer.marker"]
    _customer_partner_path = "commercial_partner_id"
    # A contact shows its profile in the company the user works in.
    _customer_company_field = None

    # Salespeople look up their customers; a moved salesperson moves them.
    user_id = fields.Many2one(index="btree_not_null")

    def write(self, vals):
        if not {"parent_id", "is_company"} & vals.keys():
            return super().write(vals)
        before = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        for partner, old in before.items():
            new = partner.commercial_partner_id
            if old == partner and new != partner:
                # Upkeep by the system: the user need not see all its companies.
                self.env["crm.customer"].sudo()._join_profiles(partner, new)
        return result

    def unlink(self):
        # By the ORM, before the database's cascade: chatter and activities go too.
        profiles = self.env["crm.customer"].sudo().with_context(active_test=False)
        profiles.search([("partner_id", "in", self.ids)]).unlink()
        return super().unlink()
