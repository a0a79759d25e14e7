from odoo import models


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = [
        "sale.order",
        "crm.customer.link",
        "crm.customer.marker",
        "crm.jalali.periods",
    ]

    # A customer's offers for the facts, without a page of the table for each.
    _crm_facts_idx = models.Index(
        "(partner_id, company_id) INCLUDE (state, create_date, date_order,"
        " validity_date)"
    )
