"""Real purchases, spread over channels: attributed revenue is revenue, in every way."""

import random
from datetime import datetime, time, timedelta
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.attribution import ATTRIBUTIONS
from odoo.addons.crm_loyalty.demo import cdnow
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestAttributedRevenue(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        purchases = cls.env["crm.customer.purchase.import"].create(
            {
                "file": cdnow.base64.b64encode(cdnow._file(timedelta(0))),
                "file_name": "cdnow_sample.csv",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "create_contacts": True,
            }
        )
        purchases.action_check()
        purchases._load()
        cls.customers = cls.env["crm.customer"]
        cls.customers._refresh()
        cls.profiles = cls.customers.search([("partner_id.ref", "=like", "CDNOW-%")])
        cls.channels = cls.env["crm.acquisition.channel"].create(
            [{"name": f"Channel {number}"} for number in range(5)]
        )
        cls._spread()

    @classmethod
    def _spread(cls):
        """From no touch to six for each customer, before and after he first bought."""
        chance = random.Random(40_20_40)
        rows = []
        for profile in cls.profiles.filtered("first_purchase_date").sorted("id"):
            for _touch in range(chance.randrange(7)):
                ago = timedelta(days=chance.randrange(-60, 200))
                day = profile.first_purchase_date - ago
                channel = chance.choice(cls.channels)
                rows.append((profile.partner_id.id, channel.id, day))
        # Leads by the thousand: in one statement, as of their days.
        cls.env.cr.execute(
            SQL(
                """INSERT INTO crm_lead
                          (name, type, active, won_status, partner_id, company_id,
                           acquisition_channel_id, create_date)
                   SELECT 'Deal', 'lead', TRUE, 'pending', partner_id, %s,
                          channel_id, day
                     FROM (VALUES %s) AS touch (partner_id, channel_id, day)""",
                cls.company.id,
                SQL(", ").join(
                    SQL("(%s, %s, %s)", *row[:2], datetime.combine(row[2], time(12)))
                    for row in rows
                ),
            )
        )
        cls.env["res.partner"]._acquire(cls.profiles.partner_id.ids)
        cls.customers._refresh()

    def test_attributed_revenue_is_revenue(self):
        partner_ids = self.profiles.partner_id.ids
        self.assertEqual(len(partner_ids), 2357)
        revenue = sum(map(Decimal, self._amounts()))
        # Who only got something for nothing is no new customer.
        customers = len(self.profiles.filtered("first_purchase_date"))
        own = [("partner_id", "in", partner_ids)]
        seen = set()
        for way in ATTRIBUTIONS:
            report = self.env["crm.channel.report"].with_context(crm_attribution=way)
            rows = report._read_group(
                own, ["channel_id"], ["revenue:sum", "customers:sum"]
            )
            self.assertEqual(len(rows), 6, way)  # five channels, and none
            self.assertAlmostEqual(
                sum(amount for _channel, amount, _number in rows),
                float(revenue),
                4,
                way,
            )
            self.assertAlmostEqual(
                sum(number for _channel, _amount, number in rows), customers, 4, way
            )
            seen.add(tuple(round(amount, 2) for _channel, amount, _number in rows))
            # To the last digit; Odoo reads amounts as floats.
            [[exact]] = self.env.execute_query(
                SQL(
                    "SELECT SUM(revenue)::text FROM (%s) report"
                    " WHERE partner_id = ANY(%s)",
                    report._table_query,
                    partner_ids,
                )
            )
            self.assertEqual(Decimal(exact), revenue, way)
        self.assertEqual(len(seen), len(ATTRIBUTIONS), "ways that make no difference")

    def _amounts(self):
        text = cdnow._file(timedelta(0)).decode()
        return [row["value"] for row in cdnow.csv.DictReader(cdnow.io.StringIO(text))]
