from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Note of every document the day on which it was really paid.

    Touches and second purchases come with a full refresh, after the upgrade.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.customer.purchase"]._set_paid_dates()
    companies = env["res.company"].search([])
    env["crm.customer.mark"]._mark(company_ids=companies.ids)
