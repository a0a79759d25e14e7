"""A database of an earlier version, upgraded as an administrator does."""

import pytest
import test_addons
from throwaway import Database

# The rights of 19.0.1.0.0: accounting rights opened all customers to write as well, and
# loyalty managers were sales managers by their group.
RIGHTS_OF_1_0 = """
env.cr.execute(
    "UPDATE ir_module_module SET latest_version = '19.0.1.0.0'"
    " WHERE name = 'crm_loyalty'")
loyalty = env.ref("crm_loyalty.group_loyalty_manager")
sales = env.ref("sales_team.group_sale_manager")
sales.implied_ids -= loyalty
loyalty.implied_ids = sales
env.ref("crm_loyalty.crm_customer_accounts_rule").unlink()
for group in ("account.group_account_invoice", "account.group_account_readonly"):
    env.ref("crm_loyalty.crm_customer_all_rule").groups |= env.ref(group)
for login, groups in (
        ("old_manager", loyalty), ("old_both",
         env.ref("sales_team.group_sale_salesman")
         | env.ref("account.group_account_invoice"))):
    env["res.users"].create({"name": login, "login": login, "group_ids": groups.ids})
env.cr.commit()
"""
SHOW_RIGHTS = """
users = {name: env["res.users"].search([("login", "=", name)])
         for name in ("old_manager", "old_both")}
customer = env["crm.customer"].search([("user_id", "=", False)], limit=1)
answer = {
    "sales manager": users["old_manager"].has_group("sales_team.group_sale_manager"),
    "configures": users["old_manager"].has_group("crm_loyalty.group_loyalty_manager"),
    "reads": customer.with_user(users["old_both"]).has_access("read"),
    "writes": customer.with_user(users["old_both"]).has_access("write"),
}
"""


@pytest.fixture
def database():
    copy = Database()
    yield copy
    copy.drop()


def test_rights_of_the_first_version(database):
    rights = {"sales manager": True, "configures": True, "reads": True}
    database.odoo("shell", script=test_addons.MAKE_CUSTOMERS)
    database.odoo("shell", script=RIGHTS_OF_1_0)
    assert database.ask(SHOW_RIGHTS) == {**rights, "writes": True}
    test_addons.change_modules(database, "-u", test_addons.OURS)
    assert database.ask(SHOW_RIGHTS) == {**rights, "writes": False}
