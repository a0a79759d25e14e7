"""What channels cost: typed by hand for a period, or lines of vendor bills."""

from datetime import date

from psycopg2.errors import CheckViolation, UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from .common import CrmLoyaltyCommon


@tagged("post_install", "-at_install")
class TestAcquisitionCost(CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        channels = cls.env["crm.acquisition.channel"]
        cls.fair, cls.online = channels.create([{"name": "Fair"}, {"name": "Online"}])
        cls.vendor = cls.env["res.partner"].create({"name": "Organiser"})

    def _cost(self, first, last, company=None, channel=None, **values):
        company = company or self.company
        return self.env["crm.acquisition.cost"].create(
            {
                "channel_id": (channel or self.fair).id,
                "company_id": company.id,
                "currency_id": company.currency_id.id,
                "date_from": first,
                "date_to": last,
                "amount": 100,
                **values,
            }
        )

    def _bill(self, *amounts, move_type="in_invoice"):
        return self.env["account.move"].create(
            {
                "move_type": move_type,
                "partner_id": self.vendor.id,
                "invoice_date": "2026-01-15",
                "date": "2026-01-15",
                "invoice_line_ids": [
                    Command.create(
                        {"name": f"Stand {amount}", "price_unit": amount, "tax_ids": []}
                    )
                    for amount in amounts
                ],
            }
        )

    def test_costs_by_hand_of_one_channel_do_not_overlap(self):
        self._cost("2026-01-01", "2026-01-31", name="Rent")
        self._cost("2026-02-01", "2026-02-28")
        self._cost("2026-01-01", "2026-01-31", channel=self.online)
        self._cost("2026-01-01", "2026-01-31", company=self.other_company)
        for first, last in (
            ("2026-01-31", "2026-01-31"),
            ("2025-12-01", "2026-01-01"),
            ("2025-01-01", "2027-01-01"),
        ):
            with (
                self.subTest(first),
                self._refuses(r"Fair: Stand, .*2026.* there"),
            ):
                self._cost(first, last, name="Stand")
        # Nor does a row that is changed.
        later = self._cost("2026-03-01", "2026-03-31", name="Stand")
        self._cost("2026-03-31", "2026-04-01", channel=self.online)
        for values in ({"date_from": "2026-02-28"}, {"channel_id": self.online.id}):
            with self.subTest(values), self._refuses("Stand, .* there already"):
                later.write(values)
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._cost("2026-04-02", "2026-04-01")

    def test_costs_are_kept_in_the_currency_of_the_company(self):
        euro = self.env.ref("base.EUR")
        with self._refuses("in USD, not in EUR"):
            self._cost("2026-01-01", "2026-01-31", currency_id=euro.id)
        cost = self._cost("2026-01-01", "2026-01-31")
        with self._refuses("in USD, not in EUR"):
            cost.currency_id = euro

    def test_a_line_of_a_bill_counts_while_the_bill_is_posted(self):
        bill = self._bill(500, 70)
        line = bill.invoice_line_ids[0]
        line.with_user(self.accountant).acquisition_channel_id = self.fair
        cost = line.acquisition_cost_ids
        self.assertRecordValues(
            cost,
            [
                {
                    "channel_id": self.fair.id,
                    "company_id": self.company.id,
                    "date_from": date(2026, 1, 15),
                    "date_to": date(2026, 1, 15),
                    "counted_amount": 0,
                    "name": "Stand 500",
                }
            ],
        )
        bill.action_post()
        self.assertEqual(cost.counted_amount, 500)
        # Typed by hand besides: a bill is another thing.
        self._cost("2026-01-01", "2026-01-31")
        bill.button_draft()
        self.assertEqual(cost.counted_amount, 0)
        line.price_unit = 400
        bill.action_post()
        self.assertEqual(cost.counted_amount, 400)
        self.assertEqual(bill.with_user(self.accountant).acquisition_cost_count, 1)
        # From the bill to its costs, and back.
        action = bill.with_user(self.accountant).action_open_acquisition_costs()
        found = self.env["crm.acquisition.cost"].search(action["domain"])
        self.assertEqual(found, cost)
        action = cost.with_user(self.accountant).action_open_bill()
        self.assertEqual(action["res_id"], bill.id)

    def test_the_accountant_chooses_the_channel_on_the_bill(self):
        bill = self._bill(500)
        with (
            Form(bill.with_user(self.accountant)) as form,
            form.invoice_line_ids.edit(0) as line,
        ):
            line.acquisition_channel_id = self.fair
        cost = bill.invoice_line_ids.acquisition_cost_ids
        self.assertEqual(cost.channel_id, self.fair)
        bill.invoice_line_ids.acquisition_channel_id = self.online
        self.assertEqual(bill.invoice_line_ids.acquisition_cost_ids, cost)
        self.assertEqual(cost.channel_id, self.online)
        bill.invoice_line_ids.acquisition_channel_id = False
        self.assertFalse(cost.exists())

    def test_a_line_counts_once_and_goes_with_its_bill(self):
        bill = self._bill(500)
        line = bill.invoice_line_ids
        line.acquisition_channel_id = self.fair
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self._cost(
                "2026-01-15",
                "2026-01-15",
                channel=self.online,
                move_line_id=line.id,
            )
        cost = line.acquisition_cost_ids
        bill.unlink()
        self.assertFalse(cost.exists())

    def test_a_credit_note_of_a_vendor_lowers_the_cost(self):
        bill = self._bill(30, move_type="in_refund")
        bill.invoice_line_ids.acquisition_channel_id = self.fair
        bill.action_post()
        cost = bill.invoice_line_ids.acquisition_cost_ids
        self.assertEqual(cost.counted_amount, -30)

    def test_only_lines_of_bills_are_costs(self):
        invoice = self._invoice(self.vendor, "2026-01-15", 50)
        with self.assertRaisesRegex(ValidationError, "is no vendor bill"):
            self._cost(
                "2026-01-15",
                "2026-01-15",
                move_line_id=invoice.invoice_line_ids.id,
            )
        self.assertEqual(invoice.acquisition_cost_count, 0)

    def test_salespeople_see_no_costs_and_companies_their_own(self):
        own = self._cost("2026-01-01", "2026-01-31")
        foreign = self._cost("2026-01-01", "2026-01-31", company=self.other_company)
        costs = self.env["crm.acquisition.cost"]
        for user in (self.manager, self.accountant):
            seen = costs.with_user(user).search([("id", "in", (own | foreign).ids)])
            self.assertEqual(seen, own)
        with self.assertRaises(AccessError):
            costs.with_user(self.salesperson).search([])
        action = self.fair.with_user(self.manager).action_open_costs()
        self.assertEqual(costs.with_user(self.manager).search(action["domain"]), own)
