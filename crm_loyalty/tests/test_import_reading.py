"""What an import reads of texts and files: plain Python."""

from datetime import date
from decimal import Decimal

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_loyalty import purchase_import


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
