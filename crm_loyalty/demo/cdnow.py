"""Customers of the demo: the CDNOW sample, loaded through the import.

They get made-up names and the demo's salespeople, the large ones opportunities, orders
and invoices. Its last day becomes yesterday.
"""

import base64
import csv
import io
import random
from datetime import date, timedelta

from odoo import fields
from odoo.tools import file_open

from . import channels
from .documents import Documents

SAMPLE = "crm_loyalty/demo/cdnow_sample.csv"
LAST_DAY = date(1998, 6, 30)
GIVEN = (
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Emma",
    "Omid",
    "Mina",
    "Kaveh",
    "Leila",
    "Reza",
)
FAMILY = ("Adler", "Brook", "Carter", "Dorn", "Frost", "Karimi", "Rahimi", "Moradi")
LARGE = 200  # untaxed, in USD: the upper eighth of the sample


def load(env):
    """Load the sample into the main company, with what became of its customers."""
    company = env.ref("base.main_company")
    imports = env["crm.customer.purchase.import"].with_company(company)
    if not imports._lock_loading():
        raise RuntimeError("A file of purchases is being loaded: try again afterwards.")
    shift = fields.Date.today() - timedelta(days=1) - LAST_DAY
    record = imports.create(
        {
            "file": base64.b64encode(_file(shift)),
            "file_name": "cdnow_sample.csv",
            "company_id": company.id,
            "currency_id": env.ref("base.USD").id,
            "create_contacts": True,
        }
    )
    record.action_check()
    record._load()
    customers = env["crm.customer"].with_company(company)
    customers._refresh()
    profiles = customers.search([("partner_id.ref", "=like", "CDNOW-%")])
    salespeople = env["res.users"].union(
        *(
            env.ref(f"crm_loyalty.{name}")
            for name in ("user_sales", "user_sales2", "user_sales3")
        )
    )
    _share_out(profiles, salespeople)
    channels.spread(env, profiles)
    large = profiles.filtered(lambda c: c.net_revenue >= LARGE).partner_id
    Documents(env, company).make(large.sorted("ref"), salespeople)
    customers._refresh()
    _set_by_hand(profiles, env.ref("crm_loyalty.user_manager"))


def _file(shift):
    """The sample with shifted days and made-up names."""
    chance = random.Random(1997)
    names, text = {}, io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["customer", "name", "date", "value"])
    with file_open(SAMPLE) as sample:
        for row in csv.DictReader(sample):
            key = row["customer"]
            if key not in names:
                number = key.removeprefix("CDNOW-")
                given, family = chance.choice(GIVEN), chance.choice(FAMILY)
                names[key] = f"{given} {family} {number}"
            day = fields.Date.to_date(row["date"])
            writer.writerow([key, names[key], day + shift, row["value"]])
    return text.getvalue().encode()


def _share_out(profiles, salespeople):
    """Salespeople in turn; by reference, which is the same in every run."""
    partners = profiles.partner_id.sorted("ref")
    partners = partners.with_context(tracking_disable=True)
    for number, user in enumerate(salespeople):
        partners[number :: len(salespeople)].user_id = user


def _set_by_hand(profiles, manager):
    """What only people know of some regular customers."""
    regular = profiles.filtered(lambda c: c.stage == "regular")
    regular = regular.sorted(lambda c: c.partner_id.ref).with_user(manager)
    today = fields.Date.today()
    for number, values in enumerate(
        (
            {
                "manual_stage": "partner",
                "manual_stage_reason": "Sells our albums in his own shop",
            },
            {
                "manual_stage": "advocate",
                "manual_stage_reason": "Brought three friends this year",
                "manual_stage_until": today + timedelta(days=365),
            },
            {
                "manual_stage": "advocate",
                "manual_stage_reason": "Writes about us in her column",
            },
            {
                "left_date": today - timedelta(days=20),
                "left_reason": "Moved abroad",
            },
        )
    ):
        regular[number].write(values)
