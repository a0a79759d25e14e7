import base64
import csv
import io
import random
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools import file_open

from ..demo.documents import Documents

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


class CrmCustomerPurchaseImport(models.Model):
    _inherit = "crm.customer.purchase.import"

    @api.model
    def _load_demo(self):
        """Load the CDNOW sample through the import, its last day yesterday.

        The customers get made-up names and the demo's salespeople, the large ones
        opportunities, orders and invoices.
        """
        company = self.env.ref("base.main_company")
        shift = fields.Date.today() - timedelta(days=1) - LAST_DAY
        record = self.with_company(company).create(
            {
                "file": base64.b64encode(self._demo_file(shift)),
                "file_name": "cdnow_sample.csv",
                "company_id": company.id,
                "currency_id": self.env.ref("base.USD").id,
                "create_contacts": True,
            }
        )
        record.action_check()
        record._load()
        customers = self.env["crm.customer"].with_company(company)
        customers._refresh()
        profiles = customers.search([("partner_id.ref", "=like", "CDNOW-%")])
        self._demo_salespeople(profiles)
        large = profiles.filtered(lambda c: c.net_revenue >= LARGE).partner_id
        documents = Documents(self.env, company)
        documents.make(large.sorted("ref"), self._demo_users())
        customers._refresh()
        self._demo_by_hand(profiles)

    @api.model
    def _demo_file(self, shift):
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

    @api.model
    def _demo_salespeople(self, profiles):
        """Salespeople in turn; by reference, which is the same in every run."""
        partners = profiles.partner_id.sorted("ref")
        partners = partners.with_context(tracking_disable=True)
        users = self._demo_users()
        for number, user in enumerate(users):
            partners[number :: len(users)].user_id = user

    @api.model
    def _demo_users(self):
        return self.env["res.users"].union(
            *(
                self.env.ref(f"crm_loyalty.{name}")
                for name in ("user_sales", "user_sales2", "user_sales3")
            )
        )

    @api.model
    def _demo_by_hand(self, profiles):
        """What only people know of some regular customers."""
        manager = self.env.ref("crm_loyalty.user_manager")
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
