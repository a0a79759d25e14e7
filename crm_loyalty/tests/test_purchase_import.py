import base64
import csv
import io
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

import xlsxwriter

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, tagged
from odoo.tools import file_open

from odoo.addons.crm_loyalty import lifecycle, purchase_import
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestReading(BaseCase):
    def test_amounts(self):
        for text, number in {
            "12": 12,
            "-1,234.50": "-1234.5",
            "1.234,50": "1234.5",
            "1,234": 1234,
            "1,234,567": 1234567,
            "12,5": "12.5",
            ".5": "0.5",
        }.items():
            with self.subTest(text):
                self.assertEqual(purchase_import.parse_amount(text), Decimal(number))
        for text in ("", "abc", "1e9", "1.2.3,4", "=1+1", "9" * 30):
            with self.subTest(text), self.assertRaises(ValueError):
                purchase_import.parse_amount(text)

    def test_days(self):
        for text in ("2026-03-01", "20260301", "2026/3/1", "2026.03.01"):
            self.assertEqual(purchase_import.parse_day(text), date(2026, 3, 1))
        for text in ("", "2026-02-30", "01/03/2026", "2026-03/01", "202631"):
            with self.subTest(text), self.assertRaises(ValueError):
                purchase_import.parse_day(text)

    def test_cells_are_clean_text(self):
        self.assertEqual(purchase_import.clean("\u200f۱۲٫۵ "), "12.5")
        self.assertEqual(purchase_import.clean("a\ud800"), "a?")
        self.assertEqual(len(purchase_import.clean("x" * 10_000)), 1000)
        self.assertEqual(purchase_import.safe_cell("=1+1"), "'=1+1")

    def test_files(self):
        rows = list(purchase_import.read_rows(b"a;b\n1;2\n\n", "x.csv"))
        self.assertEqual(rows, [(1, ["a", "b"]), (2, ["1", "2"])])
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "xlsx"):
            list(purchase_import.read_rows(b"nothing", "x.xlsx"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "empty"):
            list(purchase_import.read_rows(b"\n", "x.csv"))


@tagged("post_install", "-at_install")
class TestPurchaseImport(common.CrmLoyaltyCommon):
    def _import(self, text, user=None, **values):
        content = text if isinstance(text, bytes) else text.encode()
        records = self.env["crm.customer.purchase.import"].with_user(
            user or self.manager
        )
        return records.create(
            {
                "file": base64.b64encode(content),
                "file_name": "purchases.csv",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                **values,
            }
        )

    def _load(self, text, **values):
        record = self._import(text, **values)
        record.action_check()
        record.action_load()
        return record

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

    def test_bad_rows_come_back_with_what_to_do(self):
        self._create_customer_contact(ref="TWICE")
        self._create_customer_contact(ref="TWICE")
        self._create_customer_contact(ref="GOOD")
        record = self._import(
            "customer,date,value\nTWICE,2026-01-05,10\nNOBODY,2026-01-05,10\n"
            "GOOD,2026-02-30,10\nGOOD,2026-01-05,=1+1\n,2026-01-05,1\nGOOD,20260105,7"
        )
        record.action_check()
        self.assertEqual((record.error_count, record.new_count), (5, 1))
        text = base64.b64decode(record.error_file).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual([row[0] for row in rows[1:]], ["2", "3", "4", "5", "6"])
        self.assertIn("Several contacts", rows[1][1])
        self.assertIn("No contact", rows[2][1])
        self.assertIn("is no day", rows[3][1])
        self.assertEqual(rows[4][-1], "'=1+1")
        record.action_load()
        self.assertEqual(record.purchase_ids.amount, 7)

    def test_contacts_are_found_by_each_column(self):
        partner = self._create_customer_contact(
            email="Some.One@Example.com", phone="+1 202 555 0123", vat="US-12 34"
        )
        for head, value in {
            "email": "some.one@example.com",
            "phone": "۰۰1 (202) 555-0123".replace("۰۰", "+"),
            "vat": "us1234",
        }.items():
            with self.subTest(head):
                record = self._load(f"{head},date,value\n{value},2026-01-05,3")
                self.assertEqual(record.purchase_ids.contact_id, partner)
                record.action_undo()

    def test_another_currency_is_converted_at_the_day(self):
        currency = self.setup_other_currency("EUR", rates=[("2026-01-01", 2.0)])
        record = self._load(
            "customer,date,value,cost\nX1,2026-01-05,10,4",
            create_contacts=True,
            currency_id=currency.id,
        )
        row = record.purchase_ids
        self.assertEqual((row.amount, row.cost, row.document_amount), (5, 2, 10))

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

    def test_the_cdnow_sample_gives_what_plain_python_gives(self):
        with file_open("crm_loyalty/demo/cdnow_sample.csv", "rb") as sample:
            content = sample.read()
        usd = self.env.ref("base.USD")
        usd.active = True
        record = self._import(content, create_contacts=True, currency_id=usd.id)
        self.assertEqual(self.company.currency_id, usd)
        record.action_check()
        self.assertEqual((record.new_count, record.error_count), (6919, 0))
        self.assertEqual(record.contact_count, 2357)
        record.action_load()
        self.assertEqual(record.state, "queued")
        record.sudo()._load()
        self.assertEqual((record.new_count, record.known_count), (6919, 0))
        as_of = date(1998, 6, 30)
        self.env["crm.customer"]._refresh(as_of=as_of)
        histories = defaultdict(lifecycle.History)
        rows = csv.DictReader(io.StringIO(content.decode()))
        for number, row in enumerate(rows):
            day = purchase_import.parse_day(row["date"])
            amount = Decimal(row["value"])
            document = lifecycle.Document(number, day, amount)
            histories[row["customer"]].documents.append(document)
        customers = self.env["crm.customer"].search(
            [("partner_id.ref", "=like", "CDNOW-%")]
        )
        self.assertEqual(len(customers), 2357)
        thresholds = self.company._crm_thresholds()
        for customer in customers:
            profile = lifecycle.classify(
                histories[customer.partner_id.ref], thresholds, as_of
            )
            for name, expected in vars(profile).items():
                actual = customer[name]
                if isinstance(expected, Decimal):
                    self.assertAlmostEqual(actual, float(expected), 2)
                else:
                    self.assertEqual(actual or None, expected or None, name)
