import base64
import csv
import io
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

import xlsxwriter
from openpyxl import load_workbook

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import BaseCase, tagged
from odoo.tools import file_open

from odoo.addons.crm_loyalty import lifecycle, purchase_import
from odoo.addons.crm_loyalty.l10n import jalali
from odoo.addons.crm_loyalty.models import (
    crm_customer_purchase_import,
    crm_customer_purchase_import_load,
)
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
            "19.990000000000002": "19.990000000000002",
        }.items():
            with self.subTest(text):
                self.assertEqual(purchase_import.parse_amount(text), Decimal(number))
        for text in (
            "",
            "abc",
            "1e9",
            "1.2.3,4",
            "=1+1",
            "9" * 30,
            ".",
            "-",
            "0." + "9" * 21,
        ):
            with self.subTest(text), self.assertRaises(ValueError):
                purchase_import.parse_amount(text)

    def test_days(self):
        for text in ("2026-03-01", "20260301", "2026/3/1", "2026.03.01"):
            self.assertEqual(purchase_import.parse_day(text), date(2026, 3, 1))
        for text in ("", "2026-02-30", "01/03/2026", "2026-03/01", "202631"):
            with self.subTest(text), self.assertRaises(ValueError):
                purchase_import.parse_day(text)

    def test_days_in_other_formats(self):
        for text, day_format in {
            "31/12/2025": "dmy",
            "12/31/2025": "mdy",
            "2025-12-31": "dmy",
            "31.12.2025 23:59": "dmy",
        }.items():
            with self.subTest(text):
                day = purchase_import.parse_day(text, day_format)
                self.assertEqual(day, date(2025, 12, 31))
        with self.assertRaises(ValueError):
            purchase_import.parse_day("31/12/2025", "mdy")

    def test_the_format_of_days_is_guessed_only_where_they_tell(self):
        for texts, day_format in (
            (["2026-01-02", "20260103", ""], "ymd"),
            (["01/02/2026", "2026-01-02", "31/01/2026"], "dmy"),
            (["01/02/2026", "nothing", "01/31/2026"], "mdy"),
            (["01/02/2026", "2026-01-02"], None),
            (["31/01/2026", "01/31/2026"], None),
            (["nothing"], "ymd"),
        ):
            with self.subTest(texts):
                guess = purchase_import.guess_day_format(texts)
                self.assertEqual(guess, day_format)

    def test_cells_are_clean_text(self):
        self.assertEqual(purchase_import.clean("\u200f۱۲٫۵ "), "12.5")
        self.assertEqual(purchase_import.clean("علی\u200cاکبر"), "علی\u200cاکبر")
        self.assertEqual(purchase_import.clean("a\n\0 b"), "a b")
        self.assertEqual(purchase_import.clean(19.990000000000002), "19.99")
        self.assertEqual(purchase_import.clean(989121234567.0), "989121234567")
        self.assertEqual(purchase_import.clean("a\ud800"), "a?")
        self.assertEqual(len(purchase_import.clean("x" * 10_000)), 1000)
        self.assertEqual(purchase_import.safe_cell("=1+1"), "'=1+1")

    def test_heads_are_known_however_they_are_written(self):
        for head, target in {
            "Customer ID": "partner_ref",
            "كد مشتري": "partner_ref",
            "کد\u200cمشتری": "partner_ref",
            "بهاي تمام\u200cشده": "cost",
            "کدمشتری": "partner_ref",
            "کد ملی": "partner_vat",
            "تلفن همراه": "partner_phone",
            "تاریخ صورتحساب": "date",
            "مبلغ بدون ماليات": "amount",
            "شماره سند": "reference",
            "مشتری": None,
        }.items():
            with self.subTest(head):
                self.assertEqual(purchase_import.guess_target(head), target)

    def test_files(self):
        rows = list(purchase_import.read_rows(b"a;b\n1;2\n\n", "x.csv"))
        self.assertEqual(rows, [(1, ["a", "b"]), (2, ["1", "2"])])
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "workbook"):
            list(purchase_import.read_rows(b"nothing", "x.xlsx"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "empty"):
            list(purchase_import.read_rows(b"\n", "x.csv"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "csv"):
            list(purchase_import.read_rows(b'a,b\n"1,2\n3,4', "x.csv"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "workbook"):
            list(purchase_import.read_rows(b"\xd0\xcf\x11\xe0", "x.xls"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "columns"):
            list(purchase_import.read_rows(b"a," * 300 + b"b", "x.csv"))
        with self.assertRaisesRegex(purchase_import.UnreadableFileError, "encoding"):
            list(purchase_import.read_rows(b"a,b\n1,\0", "x.csv"))
        utf16 = "نام,b".encode("utf-16")
        [(_line, cells)] = purchase_import.read_rows(utf16, "x.csv")
        self.assertEqual(cells, ["نام", "b"])


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

    def _read_error_file(self, record):
        """The cells of the error file, without line numbers of its own."""
        content = base64.b64decode(record.error_file)
        rows = purchase_import.read_rows(content, record.error_file_name)
        return [cells for _line, cells in rows]

    def test_bad_rows_come_back_with_what_to_do(self):
        self._create_customer_contact(ref="TWICE")
        self._create_customer_contact(ref="TWICE")
        self._create_customer_contact(ref="GOOD")
        future = self._today() + timedelta(days=1)
        bad = {
            "TWICE,2026-01-05,10,": "Several contacts",
            "NOBODY,2026-01-05,10,": "No contact",
            "GOOD,2026-02-30,10,": "is no day",
            "GOOD,2026-01-05,=1+1,": "is no amount",
            "GOOD,2026-01-05,,": "is no amount",
            ",2026-01-05,1,": "does not identify",
            f"GOOD,{future},1,": "in the future",
            "GOOD,1804-01-05,1,": "before 1900",
            f"GOOD,2026-01-05,1,{'R' * 201}": "longer than 200",
            f"{'X' * 201},2026-01-05,1,": "longer than 200",
        }
        good = ["GOOD,20260105,7,", "GOOD,2026-01-06,0,", "GOOD,1900-01-01,-1,"]
        record = self._import("\n".join(["customer,date,value,reference", *bad, *good]))
        record.action_check()
        self.assertEqual((record.error_count, record.new_count), (len(bad), 3))
        head, *rows = self._read_error_file(record)
        self.assertEqual(head[:3], ["Line", "What to do", "customer"])
        self.assertEqual(
            [row[0] for row in rows], [str(n + 2) for n in range(len(bad))]
        )
        for row, message in zip(rows, bad.values(), strict=True):
            self.assertIn(message, row[1])
        # As a file it holds no formula.
        self.assertIn(b"'=1+1", base64.b64decode(record.error_file))
        record.action_load()
        self.assertEqual(sorted(record.purchase_ids.mapped("amount")), [-1, 0, 7])
        self._refresh_marked()
        customer = self._customer(record.purchase_ids.contact_id)
        self.assertEqual(customer.purchase_count, 1)  # zero and returns are none
        record.action_undo()

    def test_the_error_file_can_be_mended_and_uploaded_as_it_is(self):
        self._create_customer_contact(phone="+1 202 555 0123")
        text = "phone,date,value\n+1 202 555 0123,2026-01-32,-4\nx,2026-01-05,1"
        for render in (str.encode, self._workbook):
            with self.subTest(render):
                kind = "csv" if render is str.encode else "xlsx"
                record = self._import(render(text), file_name=f"old.{kind}")
                record.action_check()
                self.assertEqual(record.error_file_name, f"errors-old.{kind}")
                rows = self._read_error_file(record)
                self.assertEqual(rows[0][2:], ["phone", "date", "value"])
                self.assertEqual(rows[1][2:], ["+1 202 555 0123", "2026-01-32", "-4"])
                content = base64.b64decode(record.error_file)
                if kind == "xlsx":
                    rows[1][3] = "2026-01-31"
                    mended = self._workbook(rows[:2])
                else:
                    mended = content.replace(b"2026-01-32", b"2026-01-31")
                again = self._load(mended, file_name=record.error_file_name)
                self.assertEqual(again.purchase_ids.amount, -4)
                self.assertEqual(again.purchase_ids.date, date(2026, 1, 31))
                again.action_undo()

    def test_no_cell_of_the_error_workbook_is_a_formula(self):
        cells = ["=1+1", "@x", "=HYPERLINK(0)"]
        text = f"customer,date,value\n{','.join(cells)}"
        record = self._import(self._workbook(text), file_name="a.xlsx")
        record.action_check()
        book = load_workbook(io.BytesIO(base64.b64decode(record.error_file)))
        row = list(book.active.iter_rows(min_row=2))[0]
        self.assertEqual([cell.value for cell in row[2:]], cells)
        self.assertEqual({cell.data_type for cell in row}, {"s"})

    @classmethod
    def _workbook(cls, rows):
        """A workbook of rows, or of the lines of a CSV text; all cells texts."""
        if isinstance(rows, str):
            rows = csv.reader(io.StringIO(rows))
        book = io.BytesIO()
        with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            for number, line in enumerate(rows):
                for column, cell in enumerate(line):
                    sheet.write_string(number, column, cell)
        return book.getvalue()

    @classmethod
    def _today(cls):
        return cls.env["crm.customer"].with_company(cls.company)._today()

    def test_each_company_has_contacts_and_rows_of_its_own(self):
        foreign = self._create_customer_contact(
            ref="C1", company_id=self.other_company.id
        )
        shared = self._create_customer_contact(ref="C2")
        text = "customer,date,value,number\nC1,2026-01-05,1,7\nC2,2026-01-05,1,8"
        record = self._load(text)
        self.assertEqual((record.new_count, record.error_count), (1, 1))
        self.assertEqual(record.purchase_ids.contact_id, shared)
        other_manager = self._user(
            "loyalty_other_manager",
            "sales_team.group_sale_manager",
            self.other_company,
        )
        other = self._load(
            text,
            user=other_manager,
            company_id=self.other_company.id,
            currency_id=self.other_company.currency_id.id,
        )
        self.assertEqual((other.new_count, other.known_count), (2, 0))
        self.assertEqual(other.purchase_ids.contact_id, foreign | shared)
        self.assertEqual(other.purchase_ids.company_id, self.other_company)

    def test_contacts_that_odoo_refuses_are_rows_to_mend(self):
        partners = self.registry["res.partner"]
        create, refusal = partners.create, "This is no reference."

        def refusing(records, vals_list):
            if any(vals.get("ref") == "BAD" for vals in vals_list):
                raise ValidationError(refusal)
            return create(records, vals_list)

        record = self._import(
            "customer,date,value\n"
            + "".join(f"{ref},2026-01-05,1\n" * 2 for ref in ("A1", "A2", "BAD", "A3")),
            create_contacts=True,
        )
        record.action_check()
        self.assertEqual((record.new_count, record.contact_count), (8, 4))
        with patch.object(partners, "create", refusing):
            record.action_load()
        self.assertEqual(
            (record.new_count, record.contact_count, record.error_count), (6, 3, 2)
        )
        self.assertEqual(
            set(record.purchase_ids.contact_id.mapped("ref")), {"A1", "A2", "A3"}
        )
        self.assertIn("no reference", self._read_error_file(record)[2][1])

    def test_a_new_contact_has_the_first_name_the_file_gives(self):
        record = self._load(
            "customer,name,date,value\nX1,,2026-01-05,1\nX1,علی\u200cاکبر,2026-01-06,1",
            create_contacts=True,
        )
        self.assertEqual(record.purchase_ids.contact_id.name, "علی\u200cاکبر")

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

    def test_numbers_of_iranians_are_found_in_any_spelling(self):
        self.company.country_id = self.env.ref("base.ir")
        partner, old = self.env["res.partner"].create(
            [{"name": "A", "vat": "۰۰۷-۶۲۲۹۶۴-۵"}, {"name": "B"}]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET vat = '۱۵۸۳۲۵۰۶۸۹' WHERE id = %s", [old.id]
        )
        # Without its zeros, as a spreadsheet keeps a number.
        record = self._load(
            "vat,date,value\n76229645,2026-01-05,3\n۱۵۸ ۳۲۵ ۰۶۸۹,2026-01-05,4"
        )
        self.assertEqual(record.purchase_ids.contact_id, partner | old)

    def test_contacts_are_found_whatever_keyboard_wrote_them(self):
        partner = self._create_customer_contact(
            name="علی", ref="ك۱۲ A", email="Ali.١@example.com", vat="IR-١٢۳/ك"
        )
        for head, values in {
            "customer": ("ک12 a", "ك١٢  A", "ک\u200c۱۲ a"),
            "email": ("ali.1@example.com", "ALI.۱@example.com"),
            "vat": ("ir123ک", "IR ۱۲٣ ك"),
        }.items():
            with self.subTest(head):
                rows = "".join(f"{value},2026-01-05,3\n" for value in values)
                record = self._load(f"{head},date,value\n{rows}")
                self.assertEqual(record.purchase_ids.contact_id, partner)
                self.assertEqual(len(record.purchase_ids), len(values))
                record.action_undo()

    def test_a_new_contact_keeps_what_its_first_row_has(self):
        record = self._load(
            "customer,name,date,value\nك۱,علي,2026-01-05,3\nک1,علی,2026-01-06,4",
            create_contacts=True,
        )
        contact = record.purchase_ids.contact_id
        self.assertEqual((contact.ref, contact.name), ("ك1", "علي"))

    def test_contacts_are_found_by_each_of_their_phones(self):
        self.company.country_id = self.env.ref("base.ir")
        partner = self._create_customer_contact(phone="۰۹۱۲ ۱۲۳ ۴۵۶۷")
        foreign = self._create_customer_contact(company_id=self.other_company.id)
        self.env["crm.phone.number"].create(
            [
                {"partner_id": partner.id, "number": "021-88776655 داخلی 3"},
                {"partner_id": foreign.id, "number": "021-88776644"},
            ]
        )
        record = self._load(
            "phone,date,value\n۰۰۹۸۹۱۲۱۲۳۴۵۶۷,2026-01-05,3\n02188776655,2026-01-05,4"
        )
        self.assertEqual(record.purchase_ids.contact_id, partner)
        self.assertEqual(len(record.purchase_ids), 2)
        record = self._import("phone,date,value\n02188776644,2026-01-05,3")
        record.action_check()
        self.assertEqual((record.error_count, record.new_count), (1, 0))

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

    def _cdnow(self):
        with file_open("crm_loyalty/demo/cdnow_sample.csv", "rb") as sample:
            return sample.read().decode()

    def test_the_cdnow_sample_gives_what_plain_python_gives(self):
        self._check_cdnow(self._cdnow())

    def test_the_cdnow_sample_with_jalali_dates_and_persian_digits(self):
        head, *lines = self._cdnow().splitlines()
        persian = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")
        rows = []
        for line in lines:
            customer, day, pieces, amount = line.split(",")
            day = jalali.format_date(date.fromisoformat(day))
            written = ",".join((day, pieces, amount)).translate(persian)
            rows.append(f"{customer},\u200f{written}")
        record = self._check_cdnow("\n".join((head, *rows)))
        self.assertEqual(record.date_format, "jalali")

    def _check_cdnow(self, content):
        """Load a writing of the sample; its profiles are those of its rows."""
        usd = self.env.ref("base.USD")
        usd.active = True
        record = self._import(
            content.encode(), create_contacts=True, currency_id=usd.id
        )
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
        rows = csv.DictReader(io.StringIO(self._cdnow()))
        for number, row in enumerate(rows):
            day = purchase_import.parse_day(row["date"])
            amount = Decimal(row["value"])
            document = lifecycle.Document(number, day, amount, cost=None)
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
        return record
