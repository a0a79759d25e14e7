from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """The client shows and reads dates in the user's calendar."""
        info = super().session_info()
        user = self.env.user
        if user._is_internal():
            info["crm_calendar"] = user.crm_calendar
        return info
