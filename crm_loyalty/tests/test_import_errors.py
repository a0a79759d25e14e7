"""Rows of an import that are wrong, and the file in which they come back."""

import base64
import io
from datetime import date, timedelta
from unittest.mock import patch

from openpyxl import load_workbook

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.crm_loyalty import purchase_import
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestErrorFile(common.PurchaseImportCommon):
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
