"""Reading and normalising files of purchases: plain Python, no Odoo.

Files are read row by row; nothing here holds more than one row. What is wrong with
a cell is a `CellError` with a code; the model turns codes into sentences.
"""

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal
from zipfile import BadZipFile

import openpyxl
import phonenumbers
from openpyxl.utils.exceptions import InvalidFileException

DELIMITERS = ",;\t|"
DIGITS = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩−", "01234567890123456789-")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
LARGEST_AMOUNT = Decimal(10) ** 13
ISO_DATE = re.compile(r"(\d{4})([-/]?)(\d{1,2})\2(\d{1,2})")
AMOUNT = re.compile(r"([+-]?)(\d+|\d{1,3}(?:,\d{3})+)(\.\d+)?")


class CellError(ValueError):
    """A cell that cannot be used; ``code`` says why."""

    def __init__(self, code, value=""):
        super().__init__(f"{code}: {value}")
        self.code = code
        self.value = value


class FileError(ValueError):
    """A file that cannot be read at all."""


def read_rows(content, name):
    """Yield ``(line number, [cells as text])`` of each row that is not empty.

    :param bytes content: a CSV file (UTF-8, UTF-16 or Windows-1256) or an XLSX one
    :param str name: file name; ``.xlsx`` is a workbook, whose first sheet is read
    """
    rows = _xlsx_rows if name.lower().endswith(".xlsx") else _csv_rows
    for line, cells in rows(content):
        cells = [clean(cell) for cell in cells]
        if any(cells):
            yield line, cells


def _encoding(content):
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1256"
    return "utf-8-sig"


def _csv_rows(content):
    text = io.TextIOWrapper(
        io.BytesIO(content), _encoding(content), errors="replace", newline=""
    )
    first = text.readline()
    text.seek(0)
    reader = csv.reader(text, delimiter=max(DELIMITERS, key=first.count))
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise FileError(str(error)) from error


def _xlsx_rows(content):
    try:
        # Cached results are read; no formula is ever worked out here.
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True
        )
    except (BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise FileError(str(error)) from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        for line, cells in enumerate(rows, 1):
            yield line, [_cell_text(cell) for cell in cells]
    finally:
        book.close()


def _cell_text(value):
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value)


def clean(text):
    """Text without blanks around it and without the guard of `guard`."""
    text = text.strip().strip("\u200e\u200f\ufeff").strip()
    if text[:1] == "'" and text[1:2] in FORMULA_STARTS:
        return text[1:]
    return text


def guard(text):
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def parse_amount(text, decimal_mark="."):
    """The number in ``text``: signs, groups of thousands, Persian digits.

    :param str decimal_mark: ``.`` or ``,``; the other one separates thousands
    :rtype: Decimal
    """
    plain = text.translate(DIGITS).replace("٫", decimal_mark)
    plain = re.sub(r"[٬'\s\u00a0\u202f]", "", plain)
    if plain.startswith("(") and plain.endswith(")"):
        plain = f"-{plain[1:-1]}"
    if decimal_mark == ",":
        plain = plain.translate(str.maketrans(",.", ".,"))
    match = AMOUNT.fullmatch(plain)
    if not match:
        raise CellError("amount", text)
    sign, whole, fraction = match.groups()
    amount = Decimal(f"{sign}{whole.replace(',', '')}{fraction or ''}")
    if abs(amount) >= LARGEST_AMOUNT:
        raise CellError("amount", text)
    return amount


def parse_date(text, date_format=None):
    """The day in ``text``: YYYY-MM-DD, YYYY/MM/DD, YYYYMMDD or ``date_format``.

    A time of day after it is left out.
    """
    plain = text.translate(DIGITS)
    day = re.split(r"[T ]", plain, maxsplit=1)[0]
    try:
        match = ISO_DATE.fullmatch(day)
        if match:
            year, _separator, month, number = match.groups()
            parsed = date(int(year), int(month), int(number))
        elif date_format:
            parsed = datetime.strptime(day, date_format).date()
        else:
            raise CellError("date", text)
    except ValueError as error:
        raise CellError("date", text) from error
    if parsed.year < 1900:
        # Most likely a year of another calendar, or of two digits.
        raise CellError("date", text)
    return parsed


def normalise_phone(text, country):
    """``text`` as +<country code><number>.

    :param country: two-letter code for numbers without a country code, or ``None``
    """
    try:
        number = phonenumbers.parse(text.translate(DIGITS), country)
    except phonenumbers.NumberParseException as error:
        raise CellError("phone", text) from error
    if not phonenumbers.is_possible_number(number):
        raise CellError("phone", text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_vat(text):
    """Letters and digits of a tax number, in capitals."""
    return re.sub(r"[^0-9A-Z]", "", text.translate(DIGITS).upper())
