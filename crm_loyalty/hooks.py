def post_init_hook(env):
    """Fill purchases and profiles of a live database, set-based, with progress."""
    env["crm.customer"]._reserve_space()
    env["crm.customer.purchase"]._fill()
    env["crm.customer"]._refresh_all_companies()
