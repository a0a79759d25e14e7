"""Purchases made before Odoo are loaded once, of one company, by who may."""

import base64
import io
from datetime import date, datetime

import xlsxwriter

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.crm_loyalty.models import (
    crm_customer_purchase_import,
    crm_customer_purchase_import_load,
)
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestPurchaseImport(common.PurchaseImportCommon):
    def test_rows_are_loaded_once_equal_ones_too(self):
        text = (
            "customer,date,value\nX1,2026-01-05,10\nX1,2026-01-05,10\nX1,2026-01-06,-4"
        )
        record = self._load(text, create_contacts=True)
        self.assertEqual((record.state, record.new_count), ("done", 3))
        partner = self.env["res.partner"].search([("ref", "=", "X1")])
        self._refresh_marked()
        customer = self._customer(partner)
        self.assertEqual((customer.purchase_count, customer.net_revenue), (2, 16))
        again = self._load(text + "\nX1,2026-01-05,10")
        self.assertEqual((again.new_count, again.known_count), (1, 3))
        again.action_undo()
        self._refresh_marked()
        self.assertEqual(customer.purchase_count, 2)

    def test_a_large_file_has_all_customers_of_all_companies_refreshed(self):
        """Cheaper than each; its contacts may have had their row elsewhere."""
        self.patch(crm_customer_purchase_import_load, "REFRESH_ALL_FROM", 2)
        elsewhere = self._user(
            "import_elsewhere", "sales_team.group_sale_salesman", self.other_company
        )
        first, second = (
            self._create_customer_contact(ref=ref, user_id=elsewhere.id)
            for ref in ("L1", "L2")
        )
        self._refresh_marked()
        nobody = self.env["res.partner"]
        no_company = self.env["res.company"]
        every_company = no_company.search([])

        def marked_and_home():
            """Whole companies and contacts that are marked; then, where the row is."""
            self.env["crm.customer.mark"]._flush_pending()
            marks = self.env["crm.customer.mark"].search([])
            marked = (marks.company_id, marks.partner_id)
            self._refresh_marked()
            rows = self.env["crm.customer"].search([("partner_id", "=", first.id)])
            return (*marked, rows.company_id)

        text = "customer,date,value\nL1,2026-01-05,10\n"
        # Once it has bought, its profile here is kept for its past.
        both = self.company | self.other_company
        small = self._load(text)
        self.assertEqual(marked_and_home(), (no_company, first, self.company))
        small.action_undo()
        self.assertEqual(marked_and_home(), (no_company, first, both))
        large = self._load(text + "L2,2026-01-05,10")
        self.assertEqual(large.purchase_ids.contact_id, first | second)
        self.assertEqual(marked_and_home(), (every_company, nobody, self.company))
        large.action_undo()
        self.assertEqual(marked_and_home(), (every_company, nobody, both))

    def test_ambiguous_days_are_asked_for(self):
        record = self._import(
            "customer,date,value\nX1,01/02/2026,1", create_contacts=True
        )
        with self.assertRaisesRegex(UserError, "Choose the date format"):
            record.action_check()
        record.date_format = "dmy"
        record.action_check()
        record.action_load()
        self.assertEqual(record.purchase_ids.date, date(2026, 2, 1))

    def test_the_format_of_days_is_guessed_anew_for_another_file(self):
        text = "customer,date,value\nX1,%s,1"
        record = self._import(text % "31/01/2026", create_contacts=True)
        record.action_check()
        self.assertEqual((record.date_format, record.error_count), ("dmy", 0))
        record.file = base64.b64encode((text % "01/31/2026").encode())
        self.assertEqual((record.date_format, record.state), (False, "draft"))
        record.action_check()
        self.assertEqual((record.date_format, record.error_count), ("mdy", 0))

    def test_days_before_the_first_rate_are_named(self):
        currency = self.setup_other_currency("EUR", rates=[("2026-01-03", 2.0)])
        rows = "".join(f"X1,2026-01-0{day},10\n" for day in (1, 2, 2, 3))
        values = {"create_contacts": True, "currency_id": currency.id}
        record = self._import("customer,date,value\n" + rows, **values)
        record.action_check()
        for part in ("EUR", "2 days", "01/01/2026", "01/02/2026", "01/03/2026"):
            self.assertIn(part, record.warning)
        late = self._import("customer,date,value\nX1,2026-01-03,10", **values)
        late.action_check()
        self.assertFalse(late.warning)
        currency.rate_ids.unlink()
        late.action_check()
        self.assertIn("no rate at all", late.warning)
        own = self._import("customer,date,value\nX1,2026-01-01,10")
        own.action_check()
        self.assertFalse(own.warning)

    def test_the_first_rows_are_shown_and_cannot_harm(self):
        record = self._import(
            "customer,date,value\n<b onclick=alert(1)>X</b>,2026-01-05,1234.5",
            create_contacts=True,
        )
        record.action_check()
        self.assertIn("1,234.50", record.preview)
        self.assertIn("&lt;b", record.preview)
        self.assertNotIn("<b", record.preview.replace("<tbody", ""))
        self.assertNotIn("Cost of Goods", record.preview)  # the file has none

    def test_a_file_in_toman_becomes_purchases_in_rial(self):
        rial = self.env.ref("base.IRR")
        toman = self.env.ref("crm_loyalty.money_unit_toman")
        text = "customer,date,value,cost\nX1,2026-01-05,1234.7,0.1\nX1,2026-01-06,-4,"
        values = {"create_contacts": True, "currency_id": rial.id}
        rial.rate_ids.create(
            {
                "name": "2026-01-01",
                "currency_id": rial.id,
                "company_id": self.company.id,
                "rate": 1,
            }
        )
        record = self._import(text, money_unit_id=toman.id, **values)
        record.action_check()
        self.assertIn("12,347", record.preview)
        record.action_load()
        self.assertEqual(
            record.purchase_ids.sorted("date").mapped("document_amount"), [12347, -40]
        )
        first = record.purchase_ids.sorted("date")[0]
        self.assertEqual((first.amount, first.cost), (12347, 1))
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            record.money_unit_id = False
        # The same file in rial has other amounts: nothing of it is known.
        other = self._load(text, **values)
        self.assertEqual((other.new_count, other.known_count), (2, 0))
        with self.assertRaisesRegex(ValidationError, "Toman is a unit of IRR"):
            self._import(text, money_unit_id=toman.id)

    def test_what_was_loaded_stays_as_it_is(self):
        text = "customer,date,value\nX1,2026-01-05,1"
        record = self._import(text, create_contacts=True)
        record.action_check()
        record.column_ids[2].target = "cost"
        self.assertEqual(record.state, "draft")
        record.column_ids[2].target = "amount"
        record.action_check()
        record.action_load()
        for change in ({"date_format": "dmy"}, {"create_contacts": False}):
            with self.assertRaisesRegex(UserError, "cannot be changed"):
                record.write(change)
        with self.assertRaisesRegex(UserError, "cannot be changed"):
            record.column_ids[2].target = "cost"
        with self.assertRaisesRegex(UserError, "Take it back first"):
            record.unlink()
        copy = record.copy()
        self.assertEqual((copy.state, copy.new_count), ("draft", 0))
        record.action_undo()
        self.assertFalse(record.purchase_ids)
        record.unlink()

    def test_another_currency_is_converted_at_the_day(self):
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        record = self._load(
            "customer,date,value,cost\nX1,2026-01-05,10,4",
            create_contacts=True,
            currency_id=currency.id,
        )
        row = record.purchase_ids
        self.assertEqual((row.amount, row.cost, row.document_amount), (5, 2, 10))

    def test_no_cost_is_an_unknown_one(self):
        record = self._load(
            "customer,date,value,cost\nX1,2026-01-05,10,\nX1,2026-01-06,10,0",
            create_contacts=True,
        )
        known = record.purchase_ids.sorted("date").mapped("is_cost_known")
        self.assertEqual(known, [False, True])

    def test_a_failure_leaves_nothing_half_loaded(self):
        record = self._import(
            "customer,date,value\nNEW1,2026-01-05,1", create_contacts=True
        )
        record.action_check()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            self.patch(type(record), "_insert_rows", lambda *_: 1 / 0)
            record.action_load()
        self.env.invalidate_all()
        self.assertEqual(record.state, "checked")
        self.assertFalse(self.env["res.partner"].search([("ref", "=", "NEW1")]))

    def test_a_second_attempt_begins_at_nothing(self):
        self.patch(crm_customer_purchase_import, "ROWS_AT_ONCE", 0)
        record = self._load(
            "customer,date,value\nX1,2026-01-05,1", create_contacts=True
        )
        self.assertEqual((record.state, record.progress), ("queued", 0))
        record.column_ids[0].progress = 60
        self.assertEqual(record.progress, 60)
        record.sudo()._fail("Too heavy.")
        record.action_check()
        record.action_load()
        self.assertEqual((record.state, record.progress), ("queued", 0))

    def test_a_workbook_is_read_as_well(self):
        book = io.BytesIO()
        with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            day = workbook.add_format({"num_format": "yyyy-mm-dd"})
            sheet.write_row(0, 0, ["customer", "date", "value"])
            sheet.write_string(1, 0, "X9")
            sheet.write_datetime(1, 1, datetime(2026, 1, 5), day)
            sheet.write_number(1, 2, 12.5)
        record = self._load(
            book.getvalue(), create_contacts=True, file_name="purchases.xlsx"
        )
        row = record.purchase_ids
        self.assertEqual((row.amount, row.date), (12.5, date(2026, 1, 5)))
        record.action_undo()
        again = self._load(
            book.getvalue(),
            create_contacts=True,
            file_name="purchases.xlsx",
            date_format="dmy",
        )
        self.assertEqual(again.purchase_ids.date, date(2026, 1, 5))

    def test_mapping_must_be_complete(self):
        record = self._import("customer,when,value\nX,2026-01-05,1")
        with self.assertRaisesRegex(UserError, "exactly one column"):
            record.action_check()

    def test_only_managers_of_the_company_import(self):
        with self.assertRaises(AccessError):
            self._import("customer,date,value\nX,2026-01-05,1", user=self.salesperson)
        record = self._import("customer,date,value\nX,2026-01-05,1")
        stranger = self._user(
            "loyalty_stranger", "sales_team.group_sale_manager", self.other_company
        )
        with self.assertRaises(AccessError):
            record.with_user(stranger).action_check()
