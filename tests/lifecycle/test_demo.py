"""The demo that `setup/run` shows: Odoo's own demo data are there before ours."""

import pytest
from throwaway import DemoDatabase

LOGINS = ("sales", "leader", "manager", "accountant", "portal", "admin")

SHOW_PURCHASES = """
from datetime import timedelta
company = env.ref("base.main_company")
yesterday = env["crm.customer"].with_company(company)._today() - timedelta(days=1)
purchases = env["crm.customer.purchase"].search([])
imported = purchases.filtered(lambda row: not row.move_id)
sold = env["account.move"].search_count(
    [("state", "=", "posted"),
     ("move_type", "in", ("out_invoice", "out_receipt", "out_refund"))])
answer = {"imported": len(imported),
          "customers": len(imported.partner_id),
          "age": (yesterday - max(imported.mapped("date"))).days,
          "of documents": len(purchases.move_id) - sold,
          "documents": sold}
"""
REFRESH = """
env["crm.customer.mark"]._process(1_000_000)
answer = [env["crm.customer"].with_company(company)._refresh()
          for company in env["res.company"].search([])]
"""
SHOW_CLASSES = """
customers = env["crm.customer"].search([("company_id", "=", env.company.id)])
answer = {"stages": sorted(set(customers.mapped("stage"))),
          "tiers": len(customers.tier_id),
          "sellers": len(customers.user_id)}
"""
LOG_IN = """
answer = []
for login in %r:
    user = env["res.users"].search([("login", "=", login)])
    secret = {"type": "password", "login": login, "password": login}
    entered = user.with_user(user).authenticate(secret, {"interactive": False})
    customers = env["crm.customer"].with_user(user)
    sees = customers.has_access("read") and customers.search_count([], limit=1)
    answer.append([entered["uid"] == user.id, bool(sees)])
"""


@pytest.fixture(scope="module")
def database():
    made = DemoDatabase()
    yield made
    made.drop()


def test_the_demo_is_whole_on_top_of_odoos_own(database):
    shown = database.ask(SHOW_PURCHASES)
    # Invoices of Odoo's own demo were there before us, and ours came later.
    assert shown.pop("documents") > 100
    assert shown == {
        "imported": 6919,
        "customers": 2357,
        "age": 0,
        "of documents": 0,
    }


def test_the_demo_is_classified_and_shared_out(database):
    classes = database.ask(SHOW_CLASSES)
    assert {"suspect", "prospect", "first_time", "repeat", "regular"} <= {
        *classes["stages"]
    }
    assert classes["tiers"] == 4
    assert classes["sellers"] >= 3
    # Whatever the installation did in one go, a refresh finds nothing to mend.
    assert set(database.ask(REFRESH)) == {0}


def test_each_demo_user_gets_in(database):
    entered = dict(zip(LOGINS, database.ask(LOG_IN % (LOGINS,)), strict=True))
    reader, stranger = [True, True], [True, False]
    assert entered == dict.fromkeys(LOGINS, reader) | {"portal": stranger}
