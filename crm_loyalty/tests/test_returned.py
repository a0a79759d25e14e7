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

    def test_only_a_payment_received_from_a_customer_comes_back(self):
        cheque = self._returned(self.invoice)
        bill = self._invoice(self.partner, "2026-03-01", 100, move_type="in_invoice")
        for payment in (cheque, self._pay(bill, "2026-03-05")):
            with self.assertRaisesRegex(UserError, "could be returned"):
                payment.action_crm_returned()
        with self.assertRaises(AccessError):
            self._pay(self.invoice, "2026-03-05").with_user(
                self.salesperson
            ).action_crm_returned()

    def test_odoos_own_rejection_counts_too_and_a_reset_takes_it_back(self):
        payment = self._pay(self.invoice, "2026-03-05")
        payment.action_reject()
        self.assertEqual(self.customer.returned_payment_count, 1)
        payment.action_draft()
        self.assertFalse(payment.crm_returned_date)
        self.env.invalidate_all()
        self.assertEqual(self.customer.returned_payment_count, 0)

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
