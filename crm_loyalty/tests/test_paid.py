"""When a document was really paid: what is money, and what is a promise of it."""

import itertools

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from . import common


@tagged("post_install", "-at_install")
class TestPaid(common.PaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer_contact(name="Payer")
        cls.invoice = cls._invoice(cls.partner, "2026-03-01", 100)
        cls.purchases = cls.env["crm.customer.purchase"]

    def _assert_nothing_to_mend(self):
        self.assertEqual(self.purchases._set_paid_dates(), [])

    def test_a_cheque_in_hand_is_no_payment_until_the_bank_has_it(self):
        cheque = self._pay(self.invoice, "2026-03-05")
        # What Odoo Community says of it.
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self._paid_on(self.invoice), "")
        statement_line = self._clear(cheque, "2026-04-20")
        self.assertEqual(self._paid_on(self.invoice), "2026-04-20")
        self._assert_nothing_to_mend()
        statement_line.action_undo_reconciliation()
        self.assertEqual(self._paid_on(self.invoice), "")
        self._assert_nothing_to_mend()

    def test_a_bookkeeper_notes_that_the_bank_has_the_money(self):
        books = self._user("loyalty_bookkeeper", "account.group_account_basic")
        cheque = self._pay(self.invoice, "2026-03-05")
        cheque.with_user(books).action_crm_cleared()
        today = self.env["crm.customer"]._today()
        self.assertEqual(self._paid_on(self.invoice), str(today))
        self.assertTrue(cheque.is_matched)
        line = cheque.reconciled_statement_line_ids
        self.assertRecordValues(line, [{"amount": 100, "date": today}])
        with self._refuses("no money", UserError):
            cheque.with_user(books).action_crm_cleared()
        # What the bank returns after all is owed again.
        cheque.with_user(books).action_crm_returned()
        self.assertEqual(self._paid_on(self.invoice), "")
        other = self._pay(self._invoice(self.partner, "2026-03-01", 9), "2026-03-05")
        for user in (self.salesperson, self.accountant):
            with self.assertRaises(AccessError):
                other.with_user(user).action_crm_cleared()

    def test_the_rest_of_a_cheque_in_a_foreign_currency(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 2.0), ("2026-03-04", 4.0)]
        )
        invoice = self._invoice(
            self.partner, "2026-03-01", 100, currency_id=currency.id
        )
        cheque = self._pay(invoice, "2026-03-05", currency_id=currency.id)
        cheque.action_crm_cleared()
        self.assertTrue(cheque.is_matched)
        line = cheque.reconciled_statement_line_ids
        self.assertRecordValues(line, [{"amount": 25, "amount_currency": 100}])
        self.assertTrue(self._paid_on(invoice))
        self._assert_nothing_to_mend()

    def test_half_a_cheque_is_no_payment(self):
        cheque = self._pay(self.invoice, "2026-03-05")
        self._clear(cheque, "2026-04-20", amount=40)
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_the_bank_pays_an_invoice_directly(self):
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-07")

    def test_money_that_came_before_pays_on_the_day_of_the_invoice(self):
        payment = self._pay(
            self._invoice(self.partner, "2026-01-01", 100), "2026-01-02"
        )
        self._clear(payment, "2026-01-03")
        payment.move_id.line_ids.remove_move_reconcile()
        lines = self._receivable(payment.move_id | self.invoice)
        lines.reconcile()
        self.assertEqual(self._paid_on(self.invoice), "")
        self._clear(payment, "2026-02-03")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-01")

    def test_the_last_part_pays(self):
        self._clear(self._pay(self.invoice, "2026-03-02", 30), "2026-03-03")
        self.assertEqual(self._paid_on(self.invoice), "")
        last = self._pay(self.invoice, "2026-03-04", 70)
        self.assertEqual(self._paid_on(self.invoice), "")
        self._clear(last, "2026-03-09")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-09")

    def test_one_line_of_the_bank_pays_many(self):
        other = self._invoice(self.partner, "2026-03-02", 50)
        payment = self._pay(self.invoice | other, "2026-03-05", group_payment=True)
        self.assertEqual(len(payment), 1)
        self._clear(payment, "2026-03-06")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-06")
        self.assertEqual(self._paid_on(other), "2026-03-06")

    def test_cash_is_money_unless_its_method_names_where_it_waits(self):
        method = self._pay(
            self.invoice, "2026-03-05", 40, kind="cash"
        ).payment_method_line_id
        method.payment_account_id = False
        self._pay(self.invoice, "2026-03-06", 60, kind="cash")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-06")
        method.payment_account_id = self.inbound_payment_method_line.payment_account_id
        # Methods seldom change; the nightly check looks at all of them again.
        self.assertEqual(self.purchases._check(), 1)
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_a_payment_straight_into_the_bank_account_is_money(self):
        bank = self.company_data["default_journal_bank"]
        self.inbound_payment_method_line.payment_account_id = bank.default_account_id
        self._pay(self.invoice, "2026-03-05")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-05")

    def test_a_credit_note_is_no_payment(self):
        self._credit(self.invoice, "2026-03-10")
        # Odoo reconciles it with what it reverses.
        self.assertEqual(self.invoice.amount_residual, 0)
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_what_a_credit_note_left_may_be_paid(self):
        credit = self._credit(self.invoice, "2026-03-10", amount=30)
        self._receivable(self.invoice | credit).reconcile()
        self._clear(self._pay(self.invoice, "2026-03-05"), "2026-03-06")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-10")

    def test_paid_and_then_credited_is_paid_no_more(self):
        payment = self._pay(self.invoice, "2026-03-05")
        self._clear(payment, "2026-03-06")
        credit = self._credit(self.invoice, "2026-03-10")
        self._receivable(payment.move_id).remove_move_reconcile()
        self._receivable(self.invoice | credit).reconcile()
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_a_write_off_is_no_payment(self):
        receivable = self._receivable(self.invoice).account_id
        expense = self.company_data["default_account_expense"]
        entry = self._entry(
            "2026-03-10", (receivable, -100, self.partner), (expense, 100, None)
        )
        self._receivable(self.invoice | entry).reconcile()
        self.assertEqual(self._paid_on(self.invoice), "")
        # Nor is it where the rest came in money.
        rest = self._invoice(self.partner, "2026-03-01", 150)
        self._bank_line(self._receivable(rest), "2026-03-07", 50)
        entry = self._entry(
            "2026-03-10", (receivable, -100, self.partner), (expense, 100, None)
        )
        self._receivable(rest | entry).reconcile()
        self.assertEqual(rest.amount_residual, 0)
        self.assertEqual(self._paid_on(rest), "")

    def test_all_instalments_pay(self):
        term = self.env["account.payment.term"].create(
            {
                "name": "In two parts",
                "line_ids": [
                    Command.create({"value_amount": 50, "nb_days": days})
                    for days in (0, 30)
                ],
            }
        )
        invoice = self._invoice(
            self.partner, "2026-03-01", 100, invoice_payment_term_id=term.id
        )
        first, second = self._receivable(invoice).sorted("date_maturity")
        self._bank_line(first, "2026-03-02")
        self.assertEqual(self._paid_on(invoice), "")
        self._bank_line(second, "2026-04-02")
        self.assertEqual(self._paid_on(invoice), "2026-04-02")

    def test_an_entry_that_is_a_draft_again_paid_nothing(self):
        bank = self.company_data["default_journal_bank"].default_account_id
        receivable = self._receivable(self.invoice).account_id
        entry = self._entry(
            "2026-03-10", (receivable, -100, self.partner), (bank, 100, None)
        )
        self._receivable(self.invoice | entry).reconcile()
        self.assertEqual(self._paid_on(self.invoice), "2026-03-10")
        entry.button_draft()
        self.assertEqual(self._paid_on(self.invoice), "")
        self._assert_nothing_to_mend()

    def _collecting(self, payment):
        """The cheque goes to the bank for collection, as an entry of its own."""
        collecting = self.env["account.account"].create(
            {
                "name": "Cheques in Collection",
                "code": "COLLECT",
                "account_type": "asset_current",
                "reconcile": True,
            }
        )
        waiting = payment.outstanding_account_id
        entry = self._entry(
            "2026-03-20", (collecting, 100, None), (waiting, -100, None)
        )
        (payment.move_id | entry).line_ids.filtered(
            lambda line: line.account_id == waiting
        ).reconcile()
        return entry.line_ids.filtered(lambda line: line.account_id == collecting)

    def test_a_cheque_sent_to_the_bank_is_no_money_yet(self):
        cheque = self._pay(self.invoice, "2026-03-05")
        collected = self._collecting(cheque)
        # Odoo takes the payment for matched.
        self.assertTrue(cheque.is_matched)
        self.assertEqual(self._paid_on(self.invoice), "")
        self._bank_line(collected, "2026-04-01")
        self.assertEqual(self._paid_on(self.invoice), "2026-04-01")

    def test_a_cheque_that_is_charged_again_was_no_payment(self):
        cheque = self._pay(self.invoice, "2026-03-05")
        waiting = cheque.outstanding_account_id
        receivable = self._receivable(self.invoice).account_id
        entry = self._entry(
            "2026-03-20", (receivable, 100, self.partner), (waiting, -100, None)
        )
        (cheque.move_id | entry).line_ids.filtered(
            lambda line: line.account_id == waiting
        ).reconcile()
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_what_was_charged_again_and_written_off_was_no_payment(self):
        """However the charge was settled, the cheque brought no money."""
        self._bank_line(self._receivable(self.invoice), "2026-03-04", 40)
        cheque = self._pay(self.invoice, "2026-03-05")
        waiting = cheque.outstanding_account_id
        receivable = self._receivable(self.invoice).account_id
        charge = self._entry(
            "2026-03-20", (receivable, 60, self.partner), (waiting, -60, None)
        )
        (cheque.move_id | charge).line_ids.filtered(
            lambda line: line.account_id == waiting
        ).reconcile()
        expense = self.company_data["default_account_expense"]
        loss = self._entry(
            "2026-03-25", (expense, 60, None), (receivable, -60, self.partner)
        )
        self._receivable(charge | loss).reconcile()
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_a_cancelled_payment_paid_nothing(self):
        for undo in ("action_draft", "action_cancel", "unlink"):
            with self.subTest(undo):
                invoice = self._invoice(self.partner, "2026-03-01", 100)
                payment = self._pay(invoice, "2026-03-05")
                statement_line = self._clear(payment, "2026-03-06")
                self.assertEqual(self._paid_on(invoice), "2026-03-06")
                getattr(payment, undo)()
                self.assertEqual(self._paid_on(invoice), "")
                self.assertTrue(statement_line.exists())
        self._assert_nothing_to_mend()

    def test_a_deleted_line_of_the_bank_paid_nothing(self):
        line = self._bank_line(self._receivable(self.invoice), "2026-03-07")
        line.unlink()
        self.assertEqual(self._paid_on(self.invoice), "")

    def test_an_invoice_reset_and_posted_again(self):
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        self.invoice.button_draft()
        self.assertFalse(self.purchases.search([("move_id", "=", self.invoice.id)]))
        self.invoice.action_post()
        # Odoo leaves it reconciled.
        self.assertEqual(self.invoice.payment_state, "paid")
        self.assertEqual(self._paid_on(self.invoice), "2026-03-07")
        self._assert_nothing_to_mend()

    def test_a_foreign_currency_and_its_difference_of_exchange(self):
        currency = self.setup_other_currency(
            "EUR", rates=[("2026-01-01", 2.0), ("2026-03-04", 4.0)]
        )
        invoice = self._invoice(
            self.partner, "2026-03-01", 100, currency_id=currency.id
        )
        payment = self._pay(invoice, "2026-03-05", currency_id=currency.id)
        self.assertEqual(self._paid_on(invoice), "")
        exchange = self._receivable(invoice).matched_credit_ids.exchange_move_id
        self.assertTrue(exchange)
        waiting = payment.move_id.line_ids.filtered(lambda line: line.balance > 0)
        self._bank_line(waiting, "2026-03-06")
        self.assertEqual(self._paid_on(invoice), "2026-03-06")
        direct = self._invoice(self.partner, "2026-03-01", 100, currency_id=currency.id)
        foreign = {"foreign_currency_id": currency.id, "amount_currency": 100}
        self._bank_line(self._receivable(direct), "2026-03-08", 25, **foreign)
        self.assertTrue(self._receivable(direct).matched_credit_ids.exchange_move_id)
        self.assertEqual(self._paid_on(direct), "2026-03-08")
        self._assert_nothing_to_mend()

    def test_each_company_for_itself(self):
        theirs = self._invoice(
            self.partner, "2026-03-01", 100, company=self.other_company
        )
        self._bank_line(self._receivable(theirs), "2026-03-08")
        self.assertEqual(self._paid_on(theirs), "2026-03-08")
        self.assertEqual(self._paid_on(self.invoice), "")
        self.assertEqual(
            self.purchases._set_paid_dates((theirs | self.invoice).ids), []
        )

    def test_the_first_fill_finds_the_days(self):
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        self.env.flush_all()
        self.purchases.search([]).unlink()
        self.purchases._fill()
        self.assertEqual(self._paid_on(self.invoice), "2026-03-07")

    def test_the_first_fill_stores_the_rows_of_a_customer_together(self):
        """Not even those that got a day of credit or payment lie elsewhere."""
        other = self._create_customer_contact(name="Other Payer")
        companies = (self.company, self.other_company)
        for day, partner, company in itertools.product(
            ("2026-03-03", "2026-03-02"), (other, self.partner), companies
        ):
            invoice = self._invoice(partner, day, 100, company=company)
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        self._credit(invoice, "2026-03-08")
        self.env.flush_all()
        stored = self._stored_rows()
        self.env.cr.execute("TRUNCATE crm_customer_purchase")
        self.purchases._fill()
        filled = self._stored_rows()
        self.assertEqual(sorted(filled), sorted(stored))
        self.assertEqual([row[:3] for row in filled], sorted(row[:3] for row in filled))
        self.assertIn(invoice.id, [row[3] for row in filled if row[4]])
        self.assertIn(self.invoice.id, [row[3] for row in filled if row[5]])

    def test_the_first_fill_keeps_the_rows_there_are(self):
        """Demo data posts documents before it, and they keep their costs."""
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        self._purchase(self.partner, self._day("2026-03-04"), 10)
        self._purchase(
            self.partner, self._day("2026-03-05"), 10, company=self.other_company
        )
        self.env.flush_all()
        stored = self._stored_rows()
        self.purchases._fill()
        self.assertEqual(
            sorted(map(str, self._stored_rows())), sorted(map(str, stored))
        )

    def _stored_rows(self):
        """Purchases in the order in which they lie in the table."""
        return self.env.execute_query(
            SQL(
                """SELECT company_id, partner_id, date, move_id,
                          credited_date IS NOT NULL, paid_date IS NOT NULL, amount, cost
                     FROM crm_customer_purchase ORDER BY ctid"""
            )
        )

    def test_the_nightly_check_mends_and_marks_nobody(self):
        self._bank_line(self._receivable(self.invoice), "2026-03-07")
        row = self.purchases.search([("move_id", "=", self.invoice.id)])
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_customer_purchase SET paid_date = NULL WHERE id = %s", [row.id]
        )
        changed = self.purchases._set_paid_dates()
        self.assertEqual(
            changed,
            [
                (
                    self.partner.id,
                    self.company.id,
                    self.invoice.id,
                    self._day("2026-03-07"),
                )
            ],
        )

    def test_queries_do_not_grow_with_the_payments(self):
        def queries(count):
            invoices = self.env["account.move"].concat(
                *(
                    self._invoice(self.partner, "2026-03-01", 100)
                    for _number in range(count)
                )
            )
            payment = self._pay(invoices, "2026-03-05", group_payment=True)
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.purchases._set_paid_dates(payment.move_id.ids)
            return self.cr.sql_log_count - before

        self.assertEqual(queries(6), queries(1))

    def test_posting_asks_for_no_payment(self):
        """A new invoice is reconciled with nothing."""
        invoices = self._invoice(self.partner, "2026-03-01", 10, post=False)
        asked = []
        self.patch(
            type(self.purchases),
            "_set_paid_dates",
            lambda purchases, move_ids=None: asked.append(move_ids),
        )
        invoices.action_post()
        self.assertEqual(asked, [])

    def test_a_salesperson_cannot_write_the_day(self):
        purchase = self.purchases.search([("move_id", "=", self.invoice.id)])
        with self.assertRaises(AccessError):
            purchase.with_user(self.salesperson).paid_date = "2026-03-01"
