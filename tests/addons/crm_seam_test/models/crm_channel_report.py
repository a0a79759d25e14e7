from odoo import api, fields, models
from odoo.tools import SQL


class CrmChannelReport(models.Model):
    """A value of new customers, and what it is of their cost."""

    _inherit = "crm.channel.report"

    value = fields.Monetary(readonly=True)
    value_to_cost = fields.Float(readonly=True, aggregator="avg")

    @api.model
    def _customer_rows(self):
        values, source = super()._customer_rows()
        weight = self._weight_sql()
        return {**values, "value": SQL("c.net_revenue * %s", weight)}, source

    @api.model
    def _ratios(self):
        return {**super()._ratios(), "value_to_cost": ("value", "cost")}
