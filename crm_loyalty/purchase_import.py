"""Reading purchase histories from CSV and XLSX: plain Python, no Odoo.

Everything that comes from a file is text until it is parsed here. Amounts are
``decimal.Decimal``, days ``datetime.date``.
"""

import csv
import io
import logging
import re
from datetime import date, datetime
from decimal import Decimal

from .l10n import jalali
from .l10n.text import fold, western_digits

_logger = logging.getLogger(__name__)

# Persian and Arabic decimal and thousands separators.
_SEPARATORS = str.maketrans("٫٬", ".,")
# Control characters, and marks that steer the direction of writing. Half-spaces stay:
# Persian names have them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
MAX_CELL = 1000  # characters kept of a cell
MAX_TEXT = 200  # of what is stored: contact, name, number of the document
MAX_COLUMNS = 200

# Column heads that are taken for a target when a file is first read.
KNOWN_HEADS = {
    "partner_ref": (
        "customer",
        "customer id",
        "customer reference",
        "کد مشتری",
        "شناسه مشتری",
        "کد طرف حساب",
    ),
    "partner_email": ("email", "e-mail", "ایمیل", "رایانامه", "پست الکترونیک"),
    "partner_phone": (
        "phone",
        "mobile",
        "telephone",
        "تلفن",
        "موبایل",
        "تلفن همراه",
        "شماره تلفن",
    ),
    "partner_vat": (
        "vat",
        "tax id",
        "tax number",
        "کد اقتصادی",
        "شماره اقتصادی",
        "شناسه ملی",
        "کد ملی",
        "شماره مالیاتی",
    ),
    "partner_name": ("name", "customer name", "نام", "نام مشتری"),
    "date": (
        "date",
        "day",
        "invoice date",
        "تاریخ",
        "روز",
        "تاریخ سند",
        "تاریخ فاکتور",
        "تاریخ صورتحساب",
    ),
    "amount": (
        "amount",
        "value",
        "total",
        "untaxed amount",
        "مبلغ",
        "مبلغ بدون مالیات",
    ),
    "cost": ("cost", "cost of goods", "بهای تمام شده", "بهای تمام شده کالا"),
    "reference": (
        "reference",
        "number",
        "invoice",
        "invoice number",
        "شماره",
        "شماره سند",
        "شماره فاکتور",
        "شماره صورتحساب",
    ),
}


class UnreadableFileError(Exception):
    """The file as a whole cannot be read.

    Its text says why: ``"workbook"``, ``"csv"``, ``"encoding"``, ``"columns"`` or
    ``"empty"``.
    """


def clean(value):
    """A cell as text: trimmed, digits plain, invisible marks gone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.date()
    elif isinstance(value, float):
        # As a spreadsheet shows it: 19.99, not 19.990000000000002 or 2e+16.
        value = format(Decimal(f"{value:.15g}"), "f")
    text = str(value)
    if not text.isascii():
        # A lone surrogate cannot be stored as UTF-8.
        text = western_digits(text.encode(errors="replace").decode())
        text = text.translate(_SEPARATORS)
    text = " ".join(_INVISIBLE.sub("", text).split())
    if text.startswith("'") and text[1:].startswith(_FORMULA):
        text = text[1:]  # what `safe_cell` put before it
    return text[:MAX_CELL].rstrip()


def is_workbook(content, file_name):
    """Whether the file is, or calls itself, a workbook rather than CSV."""
    old_workbook = content[:4] == b"\xd0\xcf\x11\xe0"
    return (
        content[:4] == b"PK\x03\x04"
        or old_workbook
        or file_name.lower().endswith(".xlsx")
    )


def read_rows(content, file_name):
    """Yield ``(line number, [cell text])`` of a CSV or XLSX file, head included.

    :param bytes content: the file
    :raise UnreadableFileError: when it is neither, or has no rows
    """
    read = _read_xlsx if is_workbook(content, file_name) else _read_csv
    empty = True
    for number, row in enumerate(read(content), start=1):
        cells = [clean(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if len(cells) > MAX_COLUMNS:
            raise UnreadableFileError("columns")
        if cells:
            empty = False
            yield number, cells
    if empty:
        raise UnreadableFileError("empty")


def _read_xlsx(content):
    from openpyxl import load_workbook  # only who imports a workbook pays for it

    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        yield from book.worksheets[0].iter_rows(values_only=True)
    except Exception as error:
        # A damaged workbook fails in openpyxl, its XML parser or zlib, each with
        # exceptions of its own.
        _logger.info("Unreadable workbook", exc_info=True)
        raise UnreadableFileError("workbook") from error


def _read_csv(content):
    is_utf16 = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if is_utf16 else ("utf-8-sig", "cp1256"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableFileError("encoding")
    if "\0" in text:
        raise UnreadableFileError("encoding")
    head = text[:5000].lstrip().split("\n", 1)[0]
    delimiter = max(",;\t|", key=head.count)
    lines = io.StringIO(text, newline="")
    try:
        # Strict: a quotation mark that is never closed swallows the rows after it.
        yield from csv.reader(lines, delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise UnreadableFileError("csv") from error


def guess_target(head):
    """The target a column head stands for, or ``None``."""
    head = _comparable(head)
    for target, heads in KNOWN_HEADS.items():
        if head in map(_comparable, heads):
            return target
    return None


def _comparable(head):
    # Some write a blank where others have a half-space or nothing.
    return fold(head).replace(" ", "")


_YEAR, _MONTH, _DAY = r"(?P<y>\d{4})", r"(?P<m>\d{1,2})", r"(?P<d>\d{1,2})"
_MARK, _SAME_MARK = r"(?P<mark>[-/.])", r"(?P=mark)"
_TIME = re.compile(r"[ T]\d{1,2}:\d\d(:\d\d(\.\d{1,6})?)?$", re.ASCII)


def _gregorian(*parts):
    """A function that reads days of one order of day, month and year."""
    pattern = re.compile("".join(parts), re.ASCII)

    def read(text):
        if re.fullmatch(r"\d{8}", text, re.ASCII):
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        match = pattern.fullmatch(text)
        # Nobody sold anything to today's customers in the Middle Ages: such a year is
        # a Jalali one.
        if not match or jalali.FIRST_YEAR <= int(match["y"]) <= jalali.LAST_YEAR:
            raise ValueError(text)
        return date(int(match["y"]), int(match["m"]), int(match["d"]))

    return read


# The one list of ways to write a day, each a function that reads a text or raises
# ValueError. A new way, of another calendar too, is an entry here and a choice in the
# field `date_format`.
DAY_FORMATS = {
    "ymd": _gregorian(_YEAR, _MARK, _MONTH, _SAME_MARK, _DAY),
    "dmy": _gregorian(_DAY, _MARK, _MONTH, _SAME_MARK, _YEAR),
    "mdy": _gregorian(_MONTH, _MARK, _DAY, _SAME_MARK, _YEAR),
    "jalali": jalali.parse,
}
# Read whatever the format: the date cells of a workbook come like this.
ISO = "ymd"


def _read_day(text, day_format):
    """The day, or ``None`` when it is not written in this format."""
    try:
        return DAY_FORMATS[day_format](_TIME.sub("", text))
    except ValueError:
        return None


def parse_day(text, day_format=ISO):
    """A day in one of ``DAY_FORMATS``, or as YYYY-MM-DD; a time after it is ignored.

    :raise ValueError: when it is neither, or no day of the calendar
    """
    day = _read_day(text, day_format) or _read_day(text, ISO)
    if not day:
        raise ValueError(text)
    return day


def guess_day_format(texts):
    """The format of a column of days, or ``None`` when they do not tell.

    They tell when some day can be read in one format only, and no other day only in
    another. What is no day in any format is left out.
    """
    certain, is_open = set(), False
    for text in texts:
        if _read_day(text, ISO):
            continue
        readings = {name for name in DAY_FORMATS if _read_day(text, name)}
        if len(readings) == 1:
            certain |= readings
        elif readings:
            is_open = True
    if certain or is_open:
        return certain.pop() if len(certain) == 1 else None
    return ISO


def parse_amount(text):
    """A decimal number, with or without marks between thousands.

    Of ``.`` and ``,`` the one that comes last and stands once is the decimal point;
    a comma alone before exactly three digits is a mark of thousands.

    :raise ValueError: when it is no number
    """
    text = text.replace(" ", "").replace("\u200c", "")
    match = re.fullmatch(r"([-+\u2212]?)([0-9.,]{1,40})", text)
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
    if not re.fullmatch(r"\d{0,20}", fraction) or not digits + fraction:
        raise ValueError(text)
    minus = "" if sign in ("", "+") else "-"
    return Decimal(f"{minus}{digits or 0}.{fraction or 0}")


def safe_cell(text):
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
