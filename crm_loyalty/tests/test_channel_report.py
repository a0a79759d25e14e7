from datetime import timedelta

from dateutil.relativedelta import relativedelta
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_loyalty.attribution import ATTRIBUTIONS

from . import common


@tagged("post_install", "-at_install")
class TestChannelReport(common.ChannelCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Whatever stands in the database already stays out.
        cls.env["crm.acquisition.cost"].search([]).unlink()
        cls.today = cls.env["crm.customer"]._today()

    def _ago(self, **span):
        return str(self.today - relativedelta(**span))

    def _own(self, partners):
        return ("partner_id", "in", partners.ids)

    def test_attributed_revenue_is_revenue_in_every_way(self):
        partners = self._create_customer_contact(name="A", is_company=True)
        partners += self._create_customer_contact(name="B", is_company=True)
        partners += self._create_customer_contact(name="C", is_company=True)
        first, second, _untouched = partners
        for day, channel in (
            ("2025-01-01", self.exhibition),
            ("2025-02-01", self.advertising),
            ("2025-02-20", self.web),
        ):
            self._lead(first, day, channel)
        self._lead(second, "2025-03-01", self.web)
        for number, partner in enumerate(partners, 1):
            self._purchase(partner, "2025-03-01", 100 * number, cost=60 * number)
            self._purchase(partner, "2025-04-01", -10)
        self._lead(first, "2025-05-01", self.web)  # he is a customer already
        self._refresh_marked()
        none = self.env["crm.acquisition.channel"]
        # First touch 100 - 10, of the second 200 - 10, of the third 300 - 10.
        wanted = {
            "first_touch": {self.exhibition: 90, self.web: 190, none: 290},
            "last_touch": {self.web: 280, none: 290},
            "linear": {
                self.exhibition: 30,
                self.advertising: 30,
                self.web: 220,
                none: 290,
            },
            "position_based": {
                self.exhibition: 36,
                self.advertising: 18,
                self.web: 226,
                none: 290,
            },
        }
        for way in ATTRIBUTIONS:
            report = self._report(way)
            revenue = self._sums("revenue", self._own(partners), report=report)
            self.assertAlmostEqual(sum(revenue.values()), 570, 6, way)
            customers = self._sums("customers", self._own(partners), report=report)
            self.assertAlmostEqual(sum(customers.values()), 3, 6, way)
            margin = self._sums("margin", self._own(partners), report=report)
            self.assertAlmostEqual(sum(margin.values()), 210, 6, way)
            if way in wanted:
                self.assertEqual(revenue.keys(), wanted[way].keys())
                for channel, amount in wanted[way].items():
                    self.assertAlmostEqual(revenue[channel], amount, 5, way)
        decayed = self._sums(
            "revenue", self._own(first), report=self._report("time_decay")
        )
        self.assertLess(decayed[self.exhibition], decayed[self.advertising])
        self.assertLess(decayed[self.advertising], decayed[self.web])

    def test_an_unknown_attribution_is_refused(self):
        with self._refuses("no way of attribution", UserError):
            self._report("dark").search_count([])

    def test_leads_and_how_long_they_took(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        lead = self._lead(partner, "2026-03-01", self.web, type="lead")
        deal = self._lead(partner, "2026-03-01", self.web)
        lost = self._lead(partner, "2026-03-01", self.exhibition)
        lost.action_set_lost()
        order = self._order(partner, confirm=False)
        order.opportunity_id = deal
        self._came_on(order, "2026-03-05")
        deal.action_set_won()
        deal.write(
            {
                "date_closed": "2026-03-11 12:00:00",
                "date_conversion": "2026-03-03 12:00",
            }
        )
        own = self._own(partner)
        self.assertEqual(
            self._sums("leads", own), {self.web: 2, self.exhibition: 1}, lead
        )
        self.assertEqual(self._sums("opportunities", own)[self.web], 1)
        self.assertEqual(self._sums("won", own), {self.web: 1})
        self.assertEqual(self._sums("conversion", own), {self.web: 0.5})
        self.assertEqual(self._sums("days_to_opportunity", own), {self.web: 2})
        self.assertEqual(self._sums("days_to_quotation", own), {self.web: 4})
        self.assertEqual(self._sums("days_to_won", own), {self.web: 10})

    def test_days_to_paid_are_told_by_the_bank(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        order = self._order(partner)
        order.opportunity_id = self._lead(partner, "2026-03-01", self.web)
        invoice = order._create_invoices()
        invoice.write({"invoice_date": "2026-03-05", "date": "2026-03-05"})
        invoice.action_post()
        own = self._own(partner)

        def days():
            return self._sums("days_to_paid", own).get(self.web)

        self.assertIsNone(days())
        self._clear(self._pay(invoice, "2026-03-06", 40), "2026-03-10")
        self.assertIsNone(days(), "a part")
        cheque = self._pay(invoice, "2026-03-12")
        self.assertEqual(invoice.payment_state, "paid")
        self.assertIsNone(days(), "a cheque in hand")
        line = self._clear(cheque, "2026-03-31")
        self.assertEqual(days(), 30)
        line.action_undo_reconciliation()
        self.assertIsNone(days(), "undone")

    def test_cost_per_new_customer_and_payback(self):
        partners = self.env["res.partner"]
        for number in range(4):
            partner = self._create_customer_contact(name=f"{number}", is_company=True)
            self._lead(partner, self._ago(months=7), self.web)
            self._purchase(partner, self._ago(months=6), 600, cost=300)
            partners |= partner
        self._refresh_marked()
        self._cost(self.web, self._ago(months=7), self._ago(months=6), 1000)
        web = ("channel_id", "=", self.web.id)
        self.assertAlmostEqual(self._sums("cost", web)[self.web], 1000, 6)
        self.assertAlmostEqual(self._sums("cac", web)[self.web], 250, 6)
        # 300 of margin in six months: 50 a month; 250 are earned in five.
        monthly = self._sums("monthly_margin", web)[self.web] / 4
        self.assertAlmostEqual(monthly, 50, 0)
        self.assertAlmostEqual(self._sums("payback_months", web)[self.web], 5, 0)

    def test_a_ratio_without_anything_below_is_empty(self):
        self._cost(self.web, "2026-03-01", "2026-03-31", 1000)
        rows = self._report()._read_group(
            [("channel_id", "=", self.web.id)], [], ["cac:avg", "conversion:avg"]
        )
        self.assertFalse(any(rows[0]))

    def test_retention_is_of_those_whose_months_are_over(self):
        # Bought again after 3 months; after 15; never; and too young to tell.
        partners = self.env["res.partner"]
        for days in ((20, 17), (20, 5), (20,), (3, 1)):
            partner = self._create_customer_contact(name="P", is_company=True)
            self._lead(partner, self._ago(months=30), self.web)
            for months in days:
                self._purchase(partner, self._ago(months=months), 100)
            partners |= partner
        self._refresh_marked()
        own = self._own(partners)
        self.assertEqual(self._sums("observed", own), {self.web: 3})
        self.assertEqual(self._sums("retained", own), {self.web: 1})
        [retention] = self._sums("retention_12m", own).values()
        self.assertAlmostEqual(retention, 1 / 3, 6)

    def _cost(self, channel, start, end, amount, company=None):
        company = company or self.company
        return self.env["crm.acquisition.cost"].create(
            {
                "channel_id": channel.id,
                "date_from": start,
                "date_to": end,
                "amount": amount,
                "company_id": company.id,
                "currency_id": company.currency_id.id,
            }
        )

    def test_a_months_cost_is_what_fell_into_it(self):
        self._cost(self.web, "2026-01-31", "2026-03-02", 100)  # 1 + 28 + 2 days
        months = self._sums("cost", ("kind", "=", "cost"), by="date:month")
        self.assertEqual(sum(months.values()), 100)
        self.assertEqual(
            {month.month: round(value, 2) for month, value in months.items()},
            {1: 3.23, 2: 90.32, 3: 6.45},
        )
        rows = self._report().search([("kind", "=", "cost")])
        self.assertEqual(len(rows), 31)
        # Each day's part is money, and they add up.
        self.assertTrue(all(round(row.cost, 2) == row.cost for row in rows))

    def test_of_a_cost_counts_what_has_passed(self):
        yesterday = self.today - timedelta(days=1)
        self._cost(self.web, yesterday, self.today + timedelta(days=8), 100)
        self._cost(
            self.exhibition,
            self.today + timedelta(days=1),
            self.today + timedelta(days=9),
            5,
        )
        self.assertEqual(self._sums("cost"), {self.web: 20})

    def test_a_total_of_leads_without_company_has_a_currency(self):
        lead = self._lead(self.env["res.partner"], "2026-03-01", self.web)
        lead.company_id = False
        # As in Odoo, it is open to all companies.
        seen = self._report(user=self.manager)
        web = ("channel_id", "=", self.web.id)
        self.assertEqual(self._sums("leads", web, report=seen), {self.web: 1})
        self._cost(self.web, "2026-03-01", "2026-03-01", 7)
        [group] = self._report().formatted_read_group(
            [("channel_id", "=", self.web.id)],
            [],
            ["cost:sum", "currency_id:array_agg_distinct"],
        )
        self.assertEqual(
            group["currency_id:array_agg_distinct"], self.company.currency_id.ids
        )

    def test_a_bills_line_counts_while_its_bill_is_posted(self):
        bill = self._bill(1000)
        self.assertEqual(self._sums("cost"), {self.web: 1000})
        bill.button_draft()
        self.assertEqual(self._sums("cost"), {})
        bill.action_post()
        self.assertEqual(self._sums("cost"), {self.web: 1000})

    def _bill(self, amount):
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": self._create_customer_contact(name="Agency").id,
                "invoice_date": "2026-03-05",
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Ads",
                            "price_unit": amount,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        bill.action_post()
        bill.invoice_line_ids.acquisition_channel_id = self.web
        return bill

    def test_the_accountant_goes_from_bill_to_cac_and_back(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._lead(partner, "2026-03-01", self.web)
        self._purchase(partner, "2026-03-08", 100)
        self._refresh_marked()
        bill = self._bill(40).with_user(self.accountant)
        action = bill.action_open_acquisition_costs()
        cost = self.env[action["res_model"]].with_user(self.accountant)
        cost = cost.search(action["domain"])
        channel = cost.channel_id
        action = channel.action_open_report()
        report = self._report(user=self.accountant)
        [[cac]] = report._read_group(action["domain"], [], ["cac:avg"])
        self.assertEqual(cac, 40)
        row = report.search([*action["domain"], ("kind", "=", "cost")])
        opened = row.action_open_record()
        self.assertEqual((opened["res_model"], opened["res_id"]), (bill._name, bill.id))
        # Every other kind of row leads somewhere as well.
        rows = self._report().search(action["domain"])
        self.assertEqual(
            {(row.kind, row.action_open_record()["res_model"]) for row in rows},
            {
                ("lead", "crm.lead"),
                ("customer", "crm.customer"),
                ("purchase", "crm.customer.purchase"),
                ("cost", "account.move"),
            },
        )

    # -- who sees what
    def _rows_of(self, user, companies=None):
        """``{(kind, customer's name)}`` in the report of a user."""
        rows = self._report(user=user, companies=companies).search(
            [("channel_id", "in", self.channels.ids)]
        )
        # sudo: a name for the test; who reads the report need not open the contact
        return {(row.kind, row.sudo().partner_id.name or "") for row in rows}

    def test_nobody_sees_what_he_may_not_open(self):
        for name, user in (
            ("Own", self.salesperson),
            ("Foreign", self.colleague),
            ("Nobody's", self.env["res.users"]),
        ):
            partner = self._create_customer_contact(
                name=name, is_company=True, user_id=user.id
            )
            self._lead(partner, "2026-03-01", self.web)
            self._purchase(partner, "2026-03-08", 100)
        self._lead(self.env["res.partner"], "2026-03-02", self.web)
        self._cost(self.web, "2026-03-08", "2026-03-08", 30)
        abroad = self._create_customer_contact(name="Abroad", is_company=True)
        self._lead(abroad, "2026-03-01", self.web, company=self.other_company)
        self._purchase(abroad, "2026-03-08", 100, company=self.other_company)
        self._cost(self.web, "2026-03-08", "2026-03-08", 30, self.other_company)
        self._refresh_marked()

        def rows(kinds, *names):
            return {(kind, name) for kind in kinds for name in names}

        leads, sold = ["lead"], ["customer", "purchase"]
        of_own = rows(leads, "Own", "Nobody's", "") | rows(sold, "Own")
        self.assertEqual(self._rows_of(self.salesperson), of_own)
        # What a leader sees of leads is Odoo's rule.
        of_leader = rows(leads, "Nobody's", "") | rows(sold, "Own")
        self.assertEqual(self._rows_of(self.leader), of_leader)
        names = ("Own", "Foreign", "Nobody's")
        everything = rows(leads, *names, "") | rows(sold, *names)
        seller = self._user("channel_all", "sales_team.group_sale_salesman_all_leads")
        self.assertEqual(self._rows_of(seller), everything)
        costs = {("cost", "")}
        self.assertEqual(self._rows_of(self.manager), everything | costs)
        self.assertEqual(self._rows_of(self.accountant), rows(sold, *names) | costs)
        loyalty = self._user("channel_keeper", "crm_loyalty.group_loyalty_manager")
        self.assertEqual(self._rows_of(loyalty), rows(leads, "Nobody's", "") | costs)
        stranger = self._user("channel_stranger", "base.group_user")
        with self.assertRaises(AccessError):
            self._rows_of(stranger)
        # Totals are of the same rows, and costs are no column of a salesperson's.
        web = ("channel_id", "=", self.web.id)
        own = self._report(user=self.salesperson)
        self.assertEqual(self._sums("revenue", web, report=own), {self.web: 100})
        self.assertNotIn("cost", own.fields_get())
        with self.assertRaises(AccessError):
            own._read_group([], [], ["cac:avg"])
        all_ = self._report(user=self.manager)
        self.assertEqual(self._sums("revenue", web, report=all_), {self.web: 300})
        # A setting opens the customers without a salesperson.
        self.company.crm_show_unassigned = True
        self.assertEqual(
            self._rows_of(self.salesperson), of_own | rows(sold, "Nobody's")
        )
        # A pilot of another team closes customers, not Odoo's leads.
        self.company.crm_pilot_team_ids = self.other_team
        self.assertEqual(
            self._rows_of(self.salesperson), rows(leads, "Own", "Nobody's", "")
        )

    def test_two_companies(self):
        for company in (self.company, self.other_company):
            partner = self._create_customer_contact(name=company.name, is_company=True)
            self._lead(partner, "2026-03-01", self.web, company=company)
            self._purchase(partner, "2026-03-08", 100, company=company)
            self._cost(self.web, "2026-03-08", "2026-03-08", 30, company)
        self._refresh_marked()
        web = ("channel_id", "=", self.web.id)
        companies = self.company | self.other_company
        self.manager.company_ids = companies
        for chosen in (self.company, self.other_company, companies):
            report = self._report(user=self.manager, companies=chosen)
            by_company = self._sums("revenue", web, report=report, by="company_id")
            self.assertEqual(by_company, dict.fromkeys(chosen, 100))
            by_company = self._sums("cost", web, report=report, by="company_id")
            self.assertEqual(by_company, dict.fromkeys(chosen, 30))

    def test_a_group_is_one_query_whatever_the_customers(self):
        def measure():
            report = self._report("linear")
            report.env.flush_all()
            report.env.invalidate_all()
            before = self.env.cr.sql_log_count
            report.formatted_read_group(
                [], ["channel_id"], ["revenue:sum", "cac:avg", "customers:sum"]
            )
            return self.env.cr.sql_log_count - before

        for channel in self.channels:
            self._lead(self.env["res.partner"], "2026-03-01", channel)
        measure()
        few = measure()
        for number in range(20):
            partner = self._create_customer_contact(name=f"{number}", is_company=True)
            self._lead(partner, "2026-03-01", self.channels[number % 3])
            self._purchase(partner, "2026-03-08", 100)
        self._refresh_marked()
        measure()
        self.assertEqual(measure(), few)

    def test_rows_of_two_attributions_are_two_records(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._lead(partner, "2026-03-01", self.web)
        self._lead(partner, "2026-03-03", self.exhibition)
        self._purchase(partner, "2026-03-08", 100)
        self._refresh_marked()
        own = self._own(partner)
        ids = [
            row.id for way in ATTRIBUTIONS for row in self._report(way).search([own])
        ]
        # Two leads, and the customer and his purchase once or by two touches.
        self.assertEqual(len(ids), 2 * (2 + 2) + 3 * (2 + 4))
        self.assertEqual(len(set(ids)), len(ids))

    def test_costs_of_a_mistyped_century_are_refused(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self._cost(self.web, "1404-01-01", "2026-01-01", 1)
        day = self._day("2026-01-01")
        self._cost(self.web, day, day + timedelta(days=3650), 1)
