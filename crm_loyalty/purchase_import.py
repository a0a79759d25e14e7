"""Reading purchase histories from CSV and XLSX: plain Python, no Odoo.

Everything that comes from a file is text until it is parsed here. Amounts are
``decimal.Decimal``, days ``datetime.date``.
"""

import csv
import io
import re
from datetime import date, datetime
from decimal import Decimal
from zipfile import BadZipFile

# Persian and Arabic digits, their decimal and thousands separators.
_PLAIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩٫٬", "01234567890123456789.,")
# Marks that steer the direction of writing, and blanks that do not break.
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MAX_CELL = 1000  # characters; nothing that identifies a purchase is longer

# Column heads that are taken for a target when a file is first read.
KNOWN_HEADS = {
    "partner_ref": ("customer", "customer id", "customer reference", "کد مشتری"),
    "partner_email": ("email", "e-mail", "ایمیل", "رایانامه"),
    "partner_phone": ("phone", "mobile", "telephone", "تلفن", "موبایل"),
    "partner_vat": ("vat", "tax id", "tax number", "کد اقتصادی"),
    "partner_name": ("name", "customer name", "نام", "نام مشتری"),
    "date": ("date", "day", "invoice date", "تاریخ"),
    "amount": ("amount", "value", "total", "untaxed amount", "مبلغ"),
    "cost": ("cost", "cost of goods", "بهای تمام شده"),
    "reference": ("reference", "number", "invoice", "invoice number", "شماره"),
}


class UnreadableFileError(Exception):
    """The file as a whole cannot be read: ``"xlsx"``, ``"encoding"`` or ``"empty"``."""


def clean(value):
    """A cell as text: trimmed, digits plain, invisible marks gone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    text = _INVISIBLE.sub("", str(value)).translate(_PLAIN)
    # A lone surrogate cannot be stored as UTF-8.
    return text.encode(errors="replace").decode().strip()[:MAX_CELL]


def read_rows(content, file_name):
    """Yield ``(line number, [cell text])`` of a CSV or XLSX file, head included.

    :param bytes content: the file
    :raise UnreadableFileError: when it is neither, or has no rows
    """
    is_workbook = content[:4] == b"PK\x03\x04" or file_name.lower().endswith(".xlsx")
    rows = _read_xlsx(content) if is_workbook else _read_csv(content)
    empty = True
    for number, row in enumerate(rows, start=1):
        cells = [clean(cell) for cell in row]
        if any(cells):
            empty = False
            yield number, cells
    if empty:
        raise UnreadableFileError("empty")


def _read_xlsx(content):
    from openpyxl import load_workbook  # only who imports a workbook pays for it
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except (
        BadZipFile,
        InvalidFileException,
        KeyError,
        ValueError,
        IndexError,
    ) as error:
        raise UnreadableFileError("xlsx") from error


def _read_csv(content):
    for encoding in ("utf-8-sig", "cp1256"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableFileError("encoding")
    head = text[:5000].splitlines()[0] if text.strip() else ""
    delimiter = max(",;\t|", key=head.count)
    yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def guess_target(head):
    """The target a column head stands for, or ``None``."""
    head = head.lower()
    for target, heads in KNOWN_HEADS.items():
        if head in heads:
            return target
    return None


def parse_day(text):
    """A day as YYYY-MM-DD, YYYY/MM/DD, YYYY.MM.DD or YYYYMMDD.

    :raise ValueError: when it is none of these, or no day of the calendar
    """
    match = re.fullmatch(r"(\d{4})([-/.]?)(\d{1,2})\2(\d{1,2})", text)
    if not match or (not match[2] and len(text) != 8):
        raise ValueError(text)
    return date(int(match[1]), int(match[3]), int(match[4]))


def parse_amount(text):
    """A decimal number, with or without marks between thousands.

    Of ``.`` and ``,`` the one that comes last and stands once is the decimal point;
    a comma alone before exactly three digits is a mark of thousands.

    :raise ValueError: when it is no number
    """
    match = re.fullmatch(r"([-+\u2212]?)([\d.,]{1,40})", text.replace(" ", ""))
    if not match:
        raise ValueError(text)
    sign, number = match.groups()
    point = max(number, key=lambda c: number.rfind(c) if c in ".," else -1)
    is_thousands = number.count(point) > 1 or (
        point == "," and "." not in number and re.search(r",\d{3}$", number)
    )
    if point in ".," and not is_thousands:
        whole, fraction = number.split(point)
    else:
        whole, fraction = number, ""
    if not re.fullmatch(r"\d{0,15}|\d{1,3}((,\d{3}){1,4}|(\.\d{3}){1,4})", whole):
        raise ValueError(text)
    digits = re.sub("[.,]", "", whole)
    if not re.fullmatch(r"\d{0,10}", fraction) or not digits + fraction:
        raise ValueError(text)
    minus = "" if sign in ("", "+") else "-"
    return Decimal(f"{minus}{digits or 0}.{fraction or 0}")


def safe_cell(text):
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
