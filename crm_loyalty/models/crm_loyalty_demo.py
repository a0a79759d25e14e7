from odoo import api, models


class CrmCustomerPurchaseImport(models.Model):
    _inherit = "crm.customer.purchase.import"

    @api.model
    def _load_demo(self):
        """Called by the demo data, and by nothing else."""
        # Its code is of no use to a server without demo data.
        from ..demo import cdnow

        cdnow.load(self.env)
