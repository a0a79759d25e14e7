from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """The client shows and reads dates and money as the user and his company do.

        And it offers the first steps of companies that have not done them.
        """
        info = super().session_info()
        user = self.env.user
        if user._is_internal():
            info["crm_calendar"] = user._crm_calendar()
            steps = self.env["crm.first.steps"]
            companies = info["user_companies"]["allowed_companies"]
            for company in self.env["res.company"].browse(companies):
                display = company._crm_money_display()
                companies[company.id] |= {
                    "crm_money": display and display._asdict(),
                    "crm_first_steps": steps._is_offered(company),
                }
        return info
