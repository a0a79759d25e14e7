"""Installing, extending, upgrading and uninstalling, on a database of its own.

Runs Odoo as a process on a copy of the database the tests started from: what is tested
is what an administrator does.
"""

import pytest
from throwaway import Database

OURS = ("crm_loyalty", "crm_tiers")

MAKE_CUSTOMERS = """
company = env.company
partners = env["res.partner"].create(
    [{"name": name, "is_company": True, "company_id": company.id}
     for name in ("Three persons", "One person")])
for partner, persons in zip(partners, (3, 1)):
    partner.child_ids = [(0, 0, {"name": f"P{n}"}) for n in range(persons)]
env["crm.customer.purchase"].create(
    [{"contact_id": partner.id, "company_id": company.id, "amount": 100,
      "document_amount": 100, "date": env["crm.customer"]._today(),
      "document_currency_id": company.currency_id.id} for partner in partners])
env["crm.customer"]._refresh()
env.cr.commit()
"""
SHOW_CUSTOMERS = """
rows = env["crm.customer"].search([("purchase_count", ">", 0)], order="id")
answer = [[row.partner_id.name, row.stage, row.purchase_count] +
          ([row.person_count] if "person_count" in row._fields else [])
          for row in rows]
answer.append(env["crm.customer"]._refresh())
"""
CODE_OF_DEMO = """
import sys
demo = "odoo.addons.crm_loyalty.demo"
answer = [name for name in sys.modules if name.startswith(demo)]
"""
LEFTOVERS = """
env.cr.execute(
    '''SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public'
          AND (table_name ~ '^crm_(caller|customer|tier|profile|seam)'
               OR table_name <> 'crm_lead' AND column_name ~ '^crm_[a-z]+_'
               AND table_name IN ('res_company', 'res_partner')
               OR column_name IN ('is_unsuitable', 'is_to_competitor'))
        UNION ALL
       SELECT indexname FROM pg_indexes
        WHERE indexname ~ 'commercial_partner_idx$|_folded_'
        UNION ALL
       SELECT proname FROM pg_proc WHERE proname ~ '^crm_'
        UNION ALL
       SELECT model || ' ' || module || '.' || name FROM ir_model_data
        WHERE module IN ('crm_loyalty', 'crm_tiers', 'crm_seam_test')
        UNION ALL
       SELECT 'cron ' || id FROM ir_cron c WHERE NOT EXISTS (
           SELECT FROM ir_act_server s WHERE s.id = c.ir_actions_server_id)''')
answer = sorted(row[0] for row in env.cr.fetchall())
"""

SHOW_VALUE = """
customer = env["crm.customer"].search([("net_revenue", ">", 0)], limit=1)
channel = env["crm.acquisition.channel"].create({"name": "C"})
customer.partner_id.acquisition_channel_id = channel
env["crm.customer"]._refresh()
day = customer.first_purchase_date
env["crm.acquisition.cost"].create(
    {"channel_id": channel.id, "date_from": day, "date_to": day, "amount": 50})
[row] = env["crm.channel.report"]._read_group(
    [("channel_id", "=", channel.id)], [], ["value:sum", "value_to_cost:avg"])
answer = list(row)
"""
SHOW_CARD = """
customer = env["crm.customer"].search([("purchase_count", ">", 0)], order="id", limit=1)
card = env["crm.caller.card"].create({"partner_id": customer.partner_id.id}).card
answer = [[item["key"], item["rows"]] for item in customer._caller_card()][:2]
answer.append("Contact Persons" in card)
"""


def change_modules(database, option, names):
    """Install (``-i``) or upgrade (``-u``); warnings about us are failures."""
    log = database.odoo(option, ",".join(names), "--stop-after-init").stderr
    ours = [line for line in log.splitlines() if "crm_" in line]
    assert not ours, "\n".join(ours)


@pytest.fixture(scope="module")
def database():
    copy = Database()
    yield copy
    copy.drop()


def test_an_addon_extends_upgrades_and_all_leave_nothing_behind(database):
    # A server has no use for the code of the demo.
    assert database.ask(CODE_OF_DEMO) == []
    database.odoo("shell", script=MAKE_CUSTOMERS)
    plain = [["Three persons", "first_time", 1], ["One person", "first_time", 1], 0]
    assert database.ask(SHOW_CUSTOMERS) == plain

    # An upper add-on brings one fact, one column and one stage condition.
    change_modules(database, "-i", ["crm_seam_test"])
    assert database.ask(SHOW_CUSTOMERS)[-1] > 0
    extended = [["Three persons", "advocate", 1, 3], ["One person", "first_time", 1, 1]]
    fill = 'env["crm.customer"]._refresh()\nenv.cr.commit()\n'
    database.odoo("shell", script=fill)
    assert database.ask(SHOW_CUSTOMERS) == [*extended, 0]

    # The channel report has its figure and its ratio as well.
    [value, ratio] = database.ask(SHOW_VALUE)
    assert value > 0
    assert ratio == value / 50

    # So has the caller card its section, in its place.
    [[first, _rows], second, *shown] = database.ask(SHOW_CARD)
    assert (first, second) == ("who", ["persons", [["Number", "3"]]])
    assert shown == [True]

    # Upgrading changes no row.
    change_modules(database, "-u", OURS)
    assert database.ask(SHOW_CUSTOMERS) == [*extended, 0]

    # Uninstalling the upper one takes its fact along, and no customer.
    uninstall = """
env["ir.module.module"].search([("name", "=", %r)]).button_immediate_uninstall()
answer = True
"""
    database.ask(uninstall % "crm_seam_test")
    database.odoo("shell", script=fill)
    assert database.ask(SHOW_CUSTOMERS) == plain

    for name in reversed(OURS):
        database.ask(uninstall % name)
    assert database.ask(LEFTOVERS) == []
