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

# The schema before 19.0.1.7.0: the time zone was read of calendar and contact.
TIME_ZONES_OF_1_6 = """
own = env["resource.calendar"].create({"name": "Far", "tz": "Pacific/Kiritimati"})
companies = env["res.company"].create(
    [{"name": "By " + name} for name in ("calendar", "contact", "nothing")])
companies[0].resource_calendar_id = own
companies[1:].resource_calendar_id = False
companies.partner_id.tz = False
(companies[0] | companies[1]).partner_id.tz = "Asia/Tehran"
env.flush_all()
env.cr.execute("ALTER TABLE res_company DROP COLUMN crm_timezone")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.6.0'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""
SHOW_TIME_ZONES = """
companies = env["res.company"].search([("name", "=like", "By %")], order="name")
answer = companies.mapped("crm_timezone")
"""

# The schema before 19.0.1.8.0: the referrer's customer was looked up.
REFERRALS_OF_1_7 = """
company = env["res.partner"].create({"name": "Bringer", "is_company": True})
person = env["res.partner"].create({"name": "P", "parent_id": company.id})
friends = env["res.partner"].create(
    [{"name": "Brought " + name, "is_company": True, "referred_by_id": by}
     for name, by in (("by a company", company.id), ("by a person", person.id),
                      ("by one who left", person.id))])
env["crm.customer"]._refresh()
referrals = env["crm.referral"].search([("friend_id", "in", friends.ids)])
assert len(referrals) == 3
env.flush_all()
env.cr.execute("UPDATE crm_referral SET referrer_id = NULL WHERE friend_id = %s",
               [friends[2].id])
env.cr.execute("ALTER TABLE crm_referral DROP COLUMN referrer_customer_id")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.7.0'"
               " WHERE name = 'crm_loyalty'")
# The upgrade is another process: it must find the old schema.
env.cr.commit()
"""
SHOW_REFERRALS = """
referrals = env["crm.referral"].search(
    [("friend_id.name", "=like", "Brought %")], order="id")
answer = [[row.referrer_customer_id.name, row.referrer_id.name] for row in referrals]
answer.append(referrals[0].referrer_customer_id.brought_count)
"""

# The schema before 19.0.1.3.0: no day of credit, and a narrower index of facts.
SCHEMA_OF_1_2 = """
env.flush_all()
env.cr.execute("DROP INDEX crm_customer_purchase_facts_idx")
env.cr.execute("ALTER TABLE crm_customer_purchase DROP COLUMN credited_date")
env.cr.execute(
    "CREATE INDEX crm_customer_purchase_facts_idx ON crm_customer_purchase"
    " (company_id, partner_id, date) INCLUDE (amount, cost)")
env.cr.execute(
    "COMMENT ON INDEX crm_customer_purchase_facts_idx IS"
    " '(company_id, partner_id, date) INCLUDE (amount, cost)'")
env.cr.execute("UPDATE ir_module_module SET latest_version = '%s'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""

REFRESH_MARKED = """
while env["crm.customer.mark"]._process(5000):
    pass
"""
# 19.0.1.1.0 stored 0 where nobody knew the cost, and counted it in the margin.
OLD_COSTS = """
import base64
company = env.company
day = env["crm.customer"]._today()
files = env["crm.customer.purchase.import"].create(
    [{"file_name": "old.csv", "file": base64.b64encode(head)}
     for head in (b"date,value\\n", b"date,value,cost\\n")])
partners = env["res.partner"].create(
    [{"name": "Old " + name} for name in ("without", "with", "invoiced")])
env["crm.customer.purchase"].create(
    [{"contact_id": partner.id, "company_id": company.id, "date": day, "cost": cost,
      "import_id": file and file.id, "amount": 100, "document_amount": 100,
      "document_currency_id": company.currency_id.id}
     for partner, file, costs in zip(partners, [*files, None], ([0], [0, 60], [0]))
     for cost in costs])
"""
SHOW_COSTS = """
partners = env["res.partner"].search([("name", "=like", "Old %")], order="id")
answer = []
for partner in partners:
    rows = env["crm.customer.purchase"].search(
        [("partner_id", "=", partner.id)], order="id")
    profile = env["crm.customer"].search([("partner_id", "=", partner.id)])
    answer.append([rows.mapped("is_cost_known"), profile.margin_12m])
"""

# Data as version 19.0.1.2.0 left them.
OLD_CREDITS = """
company = env.company
journal = env["account.journal"].create(
    {"name": "Old", "code": "OLD", "type": "general"})
move = {"journal_id": journal.id, "company_id": company.id}
whole, part, whole_credit, part_credit = env["account.move"].create([move] * 4)
partner = env["res.partner"].create({"name": "Old"})
env["crm.customer.purchase"].create(
    [{"contact_id": partner.id, "company_id": company.id, "date": day,
      "move_id": own.id, "reversed_move_id": origin and origin.id, "amount": amount,
      "document_amount": amount, "document_currency_id": company.currency_id.id}
     for own, origin, amount, day in (
         (whole, None, 100, "2025-03-01"), (part, None, 100, "2025-03-01"),
         (whole_credit, whole, -100, "2025-03-09"),
         (part_credit, part, -99, "2025-03-09"))])
"""
SHOW_CREDITS = """
rows = env["crm.customer.purchase"].search(
    [("partner_id.name", "=", "Old")], order="id")
answer = [str(row.credited_date or "") for row in rows]
env.cr.execute(
    "SELECT indexdef FROM pg_indexes"
    " WHERE indexname = 'crm_customer_purchase_facts_idx'")
answer.append("credited_date" in env.cr.fetchone()[0])
"""

# Version 19.0.1.3.0 had indexes on figures and full pages.
OLD_PAGES = """
env.cr.execute("ALTER TABLE crm_customer RESET (fillfactor)")
for name, columns in (
        ("company_revenue_idx", "company_id, net_revenue_12m DESC, id"),
        ("next_change_idx", "company_id, next_change_date")):
    env.cr.execute(f"CREATE INDEX crm_customer_{name} ON crm_customer ({columns})")
    # As Odoo notes the objects that a module has made.
    env.cr.execute(
        "INSERT INTO ir_model_constraint (name, type, model, module, definition)"
        " SELECT %s, 'i', m.id, a.id, %s FROM ir_model m, ir_module_module a"
        "  WHERE m.model = 'crm.customer' AND a.name = 'crm_loyalty'",
        [f"crm_customer_{name}", f"({columns})"])
    env.cr.execute(
        "INSERT INTO ir_model_data (module, name, model, res_id)"
        " SELECT 'crm_loyalty', 'constraint_' || c.name, 'ir.model.constraint', c.id"
        "   FROM ir_model_constraint c WHERE c.name = %s", [f"crm_customer_{name}"])
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.3.0'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""
SHOW_PAGES = """
env.cr.execute("SELECT reloptions FROM pg_class WHERE relname = 'crm_customer'")
answer = [env.cr.fetchone()[0]]
env.cr.execute("SELECT COUNT(*) FROM pg_indexes WHERE tablename = 'crm_customer'"
               " AND (indexname LIKE '%revenue_idx' OR indexname LIKE '%change_idx')")
answer.append(env.cr.fetchone()[0])
"""

# Before 19.0.1.5.0 every user had the Gregorian calendar, and no rule knew of pilots.
OLD_CALENDARS = """
users = env["res.users"].create(
    [{"name": name, "login": name, "crm_calendar": calendar}
     for name, calendar in (("of default", "gregorian"), ("by choice", "jalali"))])
for name in ("crm_customer_own_rule", "crm_customer_history_own_rule",
             "crm_customer_purchase_own_rule"):
    rule = env.ref("crm_loyalty." + name)
    domain = rule.domain_force
    start, end = domain.index("("), domain.index("|") - 1
    rule.domain_force = domain[:start] + domain[end:]
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.4.0'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""
SHOW_CALENDARS = """
users = env["res.users"].search([("login", "in", ["of default", "by choice"])])
rules = [env.ref("crm_loyalty." + name) for name in (
    "crm_customer_own_rule", "crm_customer_history_own_rule",
    "crm_customer_purchase_own_rule")]
answer = [users.sorted("id").mapped("crm_calendar"),
          [eval(rule.domain_force, {"user": env.user})[0][2] for rule in rules
           if "crm_is_open" in rule.domain_force]]
"""


# An invoice that the bank paid before 19.0.1.6.0 noted the day of it.
OLD_PAYMENT = """
from odoo import Command
env["account.chart.template"].try_loading(
    "generic_coa", env.company, install_demo=False)
partner = env["res.partner"].create({"name": "Payer"})
line = {"name": "Goods", "price_unit": 100, "tax_ids": []}
invoice = env["account.move"].create(
    {"move_type": "out_invoice", "partner_id": partner.id,
     "invoice_date": "2026-03-01", "invoice_line_ids": [Command.create(line)]})
invoice.action_post()
owed = invoice.line_ids.filtered(
    lambda line: line.account_id.account_type == "asset_receivable")
bank = env["account.bank.statement.line"].create(
    {"journal_id": env["account.journal"].search([("type", "=", "bank")], limit=1).id,
     "date": "2026-03-07", "payment_ref": "Payer", "amount": 100,
     "counterpart_account_id": owed.account_id.id})
(owed | bank.move_id.line_ids.filtered(
    lambda line: line.account_id == owed.account_id)).reconcile()
env.flush_all()
env.cr.execute("ALTER TABLE crm_customer_purchase DROP COLUMN paid_date")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.5.0'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""
SHOW_PAYMENT = """
rows = env["crm.customer.purchase"].search([("partner_id.name", "=", "Payer")])
answer = [str(day) for day in rows.mapped("paid_date")]
"""

# 19.0.1.5.0 had channels of leads and contacts, no touches and no second purchases.
OLD_CHANNELS = """
company = env.company
channels = env["crm.acquisition.channel"].create([{"name": "A"}, {"name": "B"}])
partner = env["res.partner"].create({"name": "Old", "is_company": True})
env["crm.lead"].create(
    [{"name": "L", "partner_id": partner.id, "company_id": company.id,
      "acquisition_channel_id": channel.id} for channel in channels])
env["crm.customer.purchase"].create(
    [{"contact_id": partner.id, "company_id": company.id, "date": day, "amount": 100,
      "document_amount": 100, "document_currency_id": company.currency_id.id}
     for day in ("2026-03-01", "2026-03-09")])
env["crm.customer"]._refresh()
env.cr.execute("DROP TABLE crm_customer_touch CASCADE")
env.cr.execute("ALTER TABLE crm_customer DROP COLUMN second_purchase_date")
env.cr.execute("ALTER TABLE res_company DROP COLUMN crm_attribution_half_life CASCADE")
env.cr.execute("DELETE FROM crm_customer_mark")
env.cr.execute("UPDATE ir_module_module SET latest_version = '19.0.1.5.0'"
               " WHERE name = 'crm_loyalty'")
env.cr.commit()
"""
SHOW_CHANNELS = """
customer = env["crm.customer"].search([("partner_id.name", "=", "Old")])
answer = [customer.touch_ids.mapped("channel_id.name"),
          # He bought before both: the first stands alone.
          customer.touch_ids.mapped("linear"), str(customer.second_purchase_date),
          customer.company_id.crm_attribution_half_life]
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


def test_files_without_costs_of_when_an_unknown_cost_was_none(database):
    known = [[[True], 100.0], [[True, True], 140.0], [[True], 100.0]]
    database.odoo("shell", script=OLD_COSTS + REFRESH_MARKED + "env.cr.commit()")
    assert database.ask(SHOW_COSTS) == known
    database.odoo("shell", script=SCHEMA_OF_1_2 % "19.0.1.1.0")
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    shown = database.ask(REFRESH_MARKED + SHOW_COSTS)
    assert shown == [[[False], 0.0], *known[1:]]


def test_documents_credited_before_the_day_of_it_was_stored(database):
    database.odoo("shell", script=OLD_CREDITS + SCHEMA_OF_1_2 % "19.0.1.2.0")
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    assert database.ask(SHOW_CREDITS) == ["2025-03-09", "", "", "", True]


def test_companies_of_before_their_time_zone_was_stored(database):
    database.odoo("shell", script=TIME_ZONES_OF_1_6)
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    shown = database.ask(SHOW_TIME_ZONES)
    assert shown == ["Pacific/Kiritimati", "Asia/Tehran", "UTC"]


def test_referrals_of_before_their_referrers_customer_was_stored(database):
    database.odoo("shell", script=REFERRALS_OF_1_7)
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    bringer = ["Bringer", "Bringer"], ["Bringer", "P"], [False, False]
    assert database.ask(SHOW_REFERRALS) == [*bringer, 2]


def test_pages_of_profiles_keep_room(database):
    roomy = [["fillfactor=80"], 0]
    assert database.ask(SHOW_PAGES) == roomy
    database.odoo("shell", script=OLD_PAGES)
    assert database.ask(SHOW_PAGES) == [None, 2]
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    assert database.ask(SHOW_PAGES) == roomy


def test_calendars_and_rules_of_before_the_first_steps(database):
    database.odoo("shell", script=OLD_CALENDARS)
    assert database.ask(SHOW_CALENDARS) == [["gregorian", "jalali"], []]
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    assert database.ask(SHOW_CALENDARS) == [[False, "jalali"], [True] * 3]


def test_touches_of_before_they_were_stored(database):
    database.odoo("shell", script=OLD_CHANNELS)
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    shown = database.ask(REFRESH_MARKED + SHOW_CHANNELS)
    assert shown == [["A", "B"], [1.0, 0.0], "2026-03-09", 30]


def test_documents_paid_before_the_day_of_it_was_stored(database):
    database.odoo("shell", script=OLD_PAYMENT)
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    assert database.ask(SHOW_PAYMENT) == ["2026-03-07"]


# Another folding than that of today, and an index that holds what it said.
OLD_FOLDING = """
name = "res_partner_folded_complete_name_idx"
env.cr.execute("SELECT pg_get_indexdef(%s::regclass), obj_description(%s::regclass)",
               [name, name])
[[definition, comment]] = env.cr.fetchall()
env.cr.execute("DROP INDEX " + name)
env.cr.execute("CREATE OR REPLACE FUNCTION crm_fold(text) RETURNS text LANGUAGE sql"
               " IMMUTABLE PARALLEL SAFE AS 'SELECT $1'")
env.cr.execute(definition)
env.cr.execute("COMMENT ON INDEX " + name + " IS %s", [comment])
env["res.partner"].create({"name": "علي"})
env.cr.commit()
"""
NO_FOLDING = """
env["res.partner"].create({"name": "علي"})
env.flush_all()
env.cr.execute("DROP FUNCTION crm_fold(text) CASCADE")
env.cr.commit()
"""
SHOW_FOLDING = """
# By the index of folded names, or not at all.
env.cr.execute("SET enable_seqscan = off; SET enable_indexscan = off")
answer = [env["res.partner"].search([("complete_name", "ilike", "علی")]).mapped("name")]
env.cr.execute("SELECT indexname FROM pg_indexes WHERE indexname ~ '_folded_'"
               " ORDER BY indexname")
answer.append([row[0] for row in env.cr.fetchall()])
"""


@pytest.mark.parametrize("old", [NO_FOLDING, OLD_FOLDING])
def test_an_upgrade_brings_the_folding_of_today(database, old):
    _found, indexes = database.ask(SHOW_FOLDING)
    assert len(indexes) == 12
    database.odoo("shell", script=old)
    test_addons.change_modules(database, "-u", ["crm_loyalty"])
    assert database.ask(SHOW_FOLDING) == [["علي"], indexes]
