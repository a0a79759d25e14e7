from odoo import models


class ResourceCalendar(models.Model):
    _inherit = "resource.calendar"

    def write(self, vals):
        """Mark the companies whose days begin at another hour now."""
        result = super().write(vals)
        if "tz" in vals:
            # Marking must see companies that the writing user may not.
            companies = self.env["res.company"].sudo()
            companies = companies.search([("resource_calendar_id", "in", self.ids)])
            self.env["crm.customer.mark"]._mark(company_ids=companies.ids)
        return result
