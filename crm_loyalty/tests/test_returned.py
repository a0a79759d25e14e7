"""Cheques that the bank returned, as a fact of the customer."""

from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import common


@tagged("post_install", "-at_install")
class TestReturned(common.PaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer_contact(
            name="Payer", is_company=True, user_id=cls.salesperson.id
        )
        cls.contact = cls._create_customer_contact(
            name="Buyer", parent_id=cls.partner.id
        )
        cls.foreign = cls._create_customer_contact(
            name="Foreign", is_company=True, user_id=cls.colleague.id
        )
        cls.invoice = cls._invoice(cls.contact, "2026-03-01", 100)
        cls._invoice(cls.foreign, "2026-03-01", 100)
        cls._refresh_marked()
        cls.customer = cls._customer(cls.partner)
        cls.today = cls.env["crm.customer"]._today()

    def _returned(self, invoice=None, company=None):
        invoice = invoice or self._invoice(
            self.partner, "2026-03-01", 100, company=company
        )
        payment = self._pay(invoice, "2026-03-05")
        payment.action_crm_returned()
        return payment

    def test_an_accountant_notes_it_in_one_click(self):
        cheque = self._pay(self.invoice, "2026-03-05")
        self._clear(cheque, "2026-03-06")
        cheque.with_user(self.accountant).action_crm_returned()
        self.assertRecordValues(
            cheque, [{"state": "rejected", "crm_returned_date": self.today}]
        )
        self.assertEqual(self.invoice.payment_state, "not_paid")
        self.assertEqual(self.invoice.amount_residual, 100)
        self.assertEqual(self._paid_on(self.invoice), "")
        # Its entry stays as it was posted, and is taken back today.
        entry = cheque.move_id
        self.assertEqual((entry.state, str(entry.date)), ("posted", "2026-03-05"))
        self.assertEqual(entry.reversal_move_ids.date, self.today)
        receivable = self._receivable(entry | entry.reversal_move_ids)
        self.assertEqual(sum(receivable.mapped("balance")), 0)
        self.assertEqual(receivable.mapped("reconciled"), [True, True])

    def _payment(self, company=None, **values):
        """A payment that belongs to no document."""
        company = company or self.company
        payment = (
            self.env["account.payment"]
            .with_company(company)
            .create(
                {
                    "payment_type": "inbound",
                    "partner_type": "customer",
                    "partner_id": self.partner.id,
                    "amount": 100,
                    "date": "2026-03-05",
                    **values,
                }
            )
        )
        payment.action_post()
        return payment

    def test_only_a_payment_received_from_a_customer_comes_back(self):
        cheque = self._returned(self.invoice)
        draft = self._payment()
        draft.action_draft()
        for payment in (
            cheque,
            draft,
            self._payment(payment_type="outbound", partner_type="supplier"),
            # Paid back to a customer, and by a vendor.
            self._payment(payment_type="outbound"),
            self._payment(partner_type="supplier"),
        ):
            with self.assertRaisesRegex(UserError, "could be returned"):
                payment.action_crm_returned()
        with self.assertRaises(AccessError):
            self._pay(self.invoice, "2026-03-05").with_user(
                self.salesperson
            ).action_crm_returned()

    def test_a_cheque_that_pays_no_invoice_yet_comes_back(self):
        cheque = self._payment()
        self.assertEqual(cheque.state, "in_process")
        cheque.action_crm_returned()
        self.assertEqual(cheque.state, "rejected")
        self.assertEqual(self.customer.returned_payment_count, 1)

    def test_the_day_is_that_of_the_payments_company(self):
        days = []
        # Never the same day.
        for company, zone in (
            (self.company, "Pacific/Honolulu"),
            (self.other_company, "Pacific/Kiritimati"),
        ):
            calendar = self.company.resource_calendar_id.copy({"tz": zone})
            company.resource_calendar_id = calendar
            days.append(self.env["crm.customer"].with_company(company)._today())
        here, there = days
        self.assertEqual(there - here, timedelta(days=1))
        cheques = self._payment() | self._payment(self.other_company)
        cheques.action_crm_returned()
        self.assertEqual(cheques.mapped("crm_returned_date"), days)
        reversals = cheques.move_id.reversal_move_ids
        self.assertEqual(
            dict(zip(reversals.company_id, reversals.mapped("date"), strict=True)),
            {self.company: here, self.other_company: there},
        )
        cheque = self._payment(self.other_company)
        cheque.with_company(self.company).action_crm_cleared()
        self.assertEqual(cheque.reconciled_statement_line_ids.date, there)

    def test_odoos_own_rejection_counts_too_and_a_reset_takes_it_back(self):
        payment = self._pay(self.invoice, "2026-03-05")
        payment.action_reject()
        self.assertEqual(self.customer.returned_payment_count, 1)
        payment.action_draft()
        self.assertFalse(payment.crm_returned_date)
        self.env.invalidate_all()
        self.assertEqual(self.customer.returned_payment_count, 0)

    def test_payments_of_contacts_below_count_and_payments_to_him_do_not(self):
        self._payment(partner_id=self.contact.id).action_crm_returned()
        older = self._payment()
        older.action_crm_returned()
        older.crm_returned_date = self.today - timedelta(days=1)
        self._payment(payment_type="outbound").action_reject()
        self._payment()
        self.assertRecordValues(
            self.customer,
            [{"returned_payment_count": 2, "last_returned_date": self.today}],
        )
        action = self.customer.action_open_returned_payments()
        payments = self.env["account.payment"].search(action["domain"])
        self.assertEqual(len(payments), 2)
        self.assertIn(older, payments)

    def test_the_profile_shows_it_to_who_may_open_the_profile(self):
        self._returned(self.invoice)
        self._returned(company=self.other_company)
        self._refresh_marked()
        for user in (self.salesperson, self.leader, self.accountant):
            with self.subTest(user.login):
                self.assertRecordValues(
                    self.customer.with_user(user),
                    [{"returned_payment_count": 1, "last_returned_date": self.today}],
                )
        theirs = self._customer(self.partner, self.other_company)
        self.assertEqual(theirs.returned_payment_count, 1)
        foreign = self.customer.with_user(self.colleague)
        self.assertEqual(foreign.returned_payment_count, 0)
        with self.assertRaises(AccessError):
            foreign.read(["returned_payment_count"])
        action = self.customer.with_user(
            self.accountant
        ).action_open_returned_payments()
        payments = self.env["account.payment"].search(action["domain"])
        self.assertEqual(payments.company_id, self.company)
        self.assertEqual(len(payments), 1)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.salesperson).action_open_returned_payments()

    def test_customers_are_found_by_it(self):
        self._returned(self.invoice)
        self._returned()
        good = self._customer(self.foreign)
        both = self.customer | good
        yesterday = self.today - timedelta(days=1)
        for domain, found in (
            ([("returned_payment_count", ">", 0)], self.customer),
            ([("returned_payment_count", ">=", 2)], self.customer),
            ([("returned_payment_count", ">", 2)], good.browse()),
            ([("returned_payment_count", "=", 0)], good),
            ([("returned_payment_count", "!=", 0)], self.customer),
            ([("returned_payment_count", "<", 2)], good),
            ([("last_returned_date", "=", False)], good),
            ([("last_returned_date", "!=", False)], self.customer),
            ([("last_returned_date", ">=", yesterday)], self.customer),
            ([("last_returned_date", "<=", yesterday)], good.browse()),
        ):
            with self.subTest(domain):
                domain = [("id", "in", both.ids), *domain]
                self.assertEqual(self.env["crm.customer"].search(domain), found)

    def test_a_page_costs_one_query(self):
        self._returned(self.invoice)
        customers = self.customer | self._customer(self.foreign)
        self.env.flush_all()
        for page in (self.customer, customers):
            self.env.invalidate_all()
            with self.assertQueryCount(1):
                self.assertEqual(page.mapped("returned_payment_count")[0], 1)
