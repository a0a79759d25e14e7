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
        before = {}
        if {"parent_id", "is_company"} & vals.keys():
            before = {partner: partner.commercial_partner_id for partner in self}
        result = super().write(vals)
        for partner, old in before.items():
            new = partner.commercial_partner_id
            if old == partner and new != partner:
                # Upkeep by the system: the user need not see all its companies.
                self.env["crm.customer"].sudo()._join_profiles(partner, new)
        if "tz" in vals:
            self._mark_companies_by_our_time()
        return result

    def _mark_companies_by_our_time(self):
        """Mark the companies that have no calendar to say when their days begin."""
        # Marking must see companies that the writing user may not.
        companies = self.env["res.company"].sudo()
        companies = companies.search(
            [("partner_id", "in", self.ids), ("resource_calendar_id", "=", False)]
        )
        self.env["crm.customer.mark"]._mark(company_ids=companies.ids)

    def unlink(self):
        # By the ORM, before the database's cascade: chatter and activities go too.
        profiles = self.env["crm.customer"].sudo().with_context(active_test=False)
        profiles.search([("partner_id", "in", self.ids)]).unlink()
        return super().unlink()
