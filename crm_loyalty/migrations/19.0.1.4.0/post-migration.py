from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Pages of profiles keep room for updates from this version on."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.customer"]._reserve_space()
