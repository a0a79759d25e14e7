from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Whether a document is credited in full is stored from this version on."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.customer.purchase"]._set_credited_dates(None)
