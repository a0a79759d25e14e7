def post_init_hook(env):
    """Give every company the default tiers, and every customer his tier."""
    env["res.company"].search([])._create_default_tiers()
    env["crm.customer"]._refresh_all_companies()
