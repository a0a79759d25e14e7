import base64
import csv
import io
import random
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.tools import file_open

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
LARGE = 200  # untaxed, in USD: the upper sixth of the sample


class CrmCustomerPurchaseImport(models.Model):
    _inherit = "crm.customer.purchase.import"

    @api.model
    def _load_demo(self):
        """Load the CDNOW sample through the import, its last day yesterday.

        The customers get made-up names and the demo's salespeople; every third of the
        large ones an opportunity.
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
        self._demo_salespeople(profiles.sorted("id"))
        large = profiles.filtered(lambda c: c.net_revenue >= LARGE)
        self._demo_leads(large.sorted("id"))
        customers._refresh()

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
        users = [
            self.env.ref("crm_loyalty.user_sales"),
            self.env.ref("crm_loyalty.user_sales2"),
        ]
        for number, user in enumerate(users):
            partners = profiles[number :: len(users)].partner_id
            partners.with_context(tracking_disable=True).user_id = user

    @api.model
    def _demo_leads(self, profiles):
        stages = self.env["crm.stage"].search([("is_won", "=", False)])
        leads = self.env["crm.lead"].with_context(tracking_disable=True)
        leads.create(
            [
                {
                    "name": f"{profile.partner_id.name}: collection",
                    "type": "opportunity",
                    "partner_id": profile.partner_id.id,
                    "user_id": profile.partner_id.user_id.id,
                    "team_id": profile.partner_id.user_id.sale_team_id.id,
                    "stage_id": stages[number % len(stages)].id,
                    "expected_revenue": 50 + 10 * (number % 20),
                }
                for number, profile in enumerate(profiles[::3])
            ]
        )
