from odoo import SUPERUSER_ID, Command, api


def migrate(cr, version):
    """Accounting rights got a rule of their own, to read; rules are not updated."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    rule = env.ref("crm_loyalty.crm_customer_all_rule", raise_if_not_found=False)
    groups = ("account.group_account_invoice", "account.group_account_readonly")
    if rule:
        rule.groups = [Command.unlink(env.ref(group).id) for group in groups]
