"""What a file may hold, whatever it is, against the reading of an import."""

import csv
import io
import os
from datetime import date
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_loyalty import purchase_import
from odoo.addons.crm_loyalty.l10n import jalali

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "200")),
    derandomize=True,
    database=None,
    deadline=None,
)
# Hypothesis leaves out lone surrogates by itself.
TEXTS = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("0123456789۰۱٢٣.,٫٬-+/\u2212\u200f\u202b\u200c\u00a0 'eE=@\ud800"),
)
FORMATS = st.sampled_from(sorted(purchase_import.DAY_FORMATS))
# Both calendars can write them.
DAYS = st.dates(date(1921, 3, 21), date(2120, 3, 20))


@tagged("post_install", "-at_install")
class TestImportTexts(BaseCase):
    @EXAMPLES
    @given(TEXTS)
    @example("x" * 10_000)
    @example("9" * 10_000)
    @example("\u200f" * 10_000 + "1")
    def test_an_amount_is_a_number_or_no_value(self, text):
        for candidate in (text, purchase_import.clean(text)):
            try:
                amount = purchase_import.parse_amount(candidate)
            except ValueError:
                continue
            self.assertIsInstance(amount, Decimal)
            self.assertTrue(amount.is_finite())

    @EXAMPLES
    @given(TEXTS, FORMATS)
    @example("0000-00-00", "ymd")
    @example("2026-13-45", "ymd")
    def test_a_day_is_a_day_or_no_value(self, text, day_format):
        for candidate in (text, purchase_import.clean(text)):
            try:
                day = purchase_import.parse_day(candidate, day_format)
            except ValueError:
                continue
            self.assertIsInstance(day, date)
        self.assertIn(
            purchase_import.guess_day_format([text]),
            {None, *purchase_import.DAY_FORMATS},
        )

    def _write(self, day, day_format):
        if day_format == "jalali":
            return jalali.format_date(day)
        parts = {"y": f"{day.year:04}", "m": f"{day.month:02}", "d": f"{day.day}"}
        return "/".join(parts[part] for part in day_format)

    @EXAMPLES
    @given(st.lists(DAYS, min_size=1), FORMATS)
    def test_a_guessed_format_reads_the_days_as_they_were_written(
        self, days, day_format
    ):
        texts = [self._write(day, day_format) for day in days]
        guess = purchase_import.guess_day_format(texts)
        if guess is None:
            self.assertNotEqual(day_format, "jalali")
            self.assertTrue(all(day.day <= 12 for day in days))
        else:
            read = [purchase_import.parse_day(text, guess) for text in texts]
            self.assertEqual(read, days)

    @EXAMPLES
    @given(TEXTS)
    @example("x" * 10_000)
    @example("'" + "=1")
    def test_a_cell_can_be_stored_and_comes_back_as_it_went(self, text):
        cell = purchase_import.clean(text)
        self.assertLessEqual(len(cell), purchase_import.MAX_CELL)
        self.assertNotIn("\0", cell)
        cell.encode()  # no lone surrogate
        safe = purchase_import.safe_cell(cell)
        self.assertFalse(safe.startswith(("=", "+", "-", "@", "\t", "\r")))
        if len(safe) <= purchase_import.MAX_CELL:
            self.assertEqual(purchase_import.clean(safe), cell)

    @EXAMPLES
    @given(st.lists(st.lists(TEXTS, min_size=2, max_size=4), min_size=1))
    def test_a_csv_file_is_read_as_it_was_written(self, rows):
        # What is written is clean, so that only the format can change it.
        rows = [[purchase_import.clean(cell) for cell in row] for row in rows]
        text = io.StringIO()
        csv.writer(text).writerows([["a", "b", "c", "d"], *rows])
        content = text.getvalue().encode("utf-8-sig")
        read = list(purchase_import.read_rows(content, "x.csv"))[1:]
        wanted = []
        for number, row in enumerate(rows, start=2):
            while row and not row[-1]:
                row.pop()
            if row:
                wanted.append((number, [purchase_import.clean(c) for c in row]))
        self.assertEqual(read, wanted)

    @EXAMPLES
    @given(st.binary(), st.sampled_from(["x.csv", "x.xlsx"]))
    @example(b"PK\x03\x04", "x.csv")
    @example(b"\xff\xfe\x00", "x.csv")
    @example(b'a,b\n"1', "x.csv")
    def test_any_file_is_read_or_refused(self, content, name):
        try:
            for _line, cells in purchase_import.read_rows(content, name):
                self.assertTrue(all(isinstance(cell, str) for cell in cells))
        except purchase_import.UnreadableFileError as error:
            self.assertIn(
                str(error), {"workbook", "csv", "encoding", "columns", "empty"}
            )
