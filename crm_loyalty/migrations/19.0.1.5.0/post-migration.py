from odoo import SUPERUSER_ID, api

# Rules are not updated; the condition is put before what they are by now.
RULES = {
    "crm_customer_own_rule": "company_id",
    "crm_customer_history_own_rule": "customer_id.company_id",
    "crm_customer_purchase_own_rule": "company_id",
}


def migrate(cr, version):
    """Who has not chosen a calendar has none; a pilot closes the customers.

    Gregorian was every user's calendar. The company's own is Gregorian until an
    administrator chooses another one.
    """
    cr.execute(
        "UPDATE res_users SET crm_calendar = NULL WHERE crm_calendar = 'gregorian'"
    )
    env = api.Environment(cr, SUPERUSER_ID, {})
    for name, company in RULES.items():
        rule = env.ref(f"crm_loyalty.{name}", raise_if_not_found=False)
        if rule and "crm_is_open" not in rule.domain_force:
            terms = rule.domain_force.strip().removeprefix("[")
            rule.domain_force = f'[("{company}.crm_is_open", "=", True), {terms}'
