from odoo.tools import SQL


def post_init_hook(env):
    """Fill purchases and profiles of a live database, set-based, with progress."""
    env["crm.customer"]._reserve_space()
    env["crm.customer.purchase"]._fill()
    env["crm.customer"]._refresh_all_companies()


def uninstall_hook(env):
    """Drop the function of folded search, with the indexes that use it.

    Last of all: until this transaction ends, the search is still ours.
    """
    env.cr.precommit.add(
        lambda: env.cr.execute(SQL("DROP FUNCTION IF EXISTS crm_fold(text) CASCADE"))
    )
