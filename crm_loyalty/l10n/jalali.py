"""Jalali (Solar Hijri) dates over plain stored ones.

Nothing Jalali is ever stored: a date is a `datetime.date`, shown and typed as a Jalali
one. Year lengths come from the library (jdatetime), once, as a table of first days of
months; a conversion is a look into it.
"""

import bisect
import re
from datetime import timedelta
from functools import cache
from typing import NamedTuple

import jdatetime

from .text import fold

FIRST_YEAR, LAST_YEAR = 1300, 1498
# Twelve names: in Persian, and in Latin letters for every other language.
MONTHS = {
    "fa": (
        "فروردین",
        "اردیبهشت",
        "خرداد",
        "تیر",
        "مرداد",
        "شهریور",
        "مهر",
        "آبان",
        "آذر",
        "دی",
        "بهمن",
        "اسفند",
    ),
    "en": (
        "Farvardin",
        "Ordibehesht",
        "Khordad",
        "Tir",
        "Mordad",
        "Shahrivar",
        "Mehr",
        "Aban",
        "Azar",
        "Dey",
        "Bahman",
        "Esfand",
    ),
}
OTHER_NAMES = (*[None] * 4, "امرداد")  # as some write them
# A Jalali quarter is a season.
SEASONS = {
    "fa": ("بهار", "تابستان", "پاییز", "زمستان"),
    "en": ("Spring", "Summer", "Autumn", "Winter"),
}
WEEKDAYS = {  # from Monday, as Python counts
    "fa": ("دوشنبه", "سه‌شنبه", "چهارشنبه", "پنجشنبه", "جمعه", "شنبه", "یکشنبه"),
    "en": (
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ),
}
# Months of a period; weeks and days are counted in days.
UNIT_MONTHS = {"month": 1, "quarter": 3, "year": 12}

_NUMBERS = re.compile(r"(\d{1,4})\s*[/.\-\s]\s*(\d{1,2})\s*[/.\-\s]\s*(\d{1,4})")
_RUN = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NAMED = re.compile(r"(\d{1,2})\s*([^\W\d]+)\s*(\d{4})")
LONGEST_TEXT = 100


class JalaliError(ValueError):
    """A text or a date that is no Jalali one of the years covered.

    ``key`` says why: ``unreadable``, ``short_year`` (two digits may mean two
    centuries), ``no_month`` (13), ``no_day`` (30 Esfand of a common year), ``range``
    (outside 1300 to 1498).
    """

    def __init__(self, key, **values):
        super().__init__(key, values)
        self.key = key
        self.values = values


class Jalali(NamedTuple):
    """Year, month (1-12) and day (1-31)."""

    year: int
    month: int
    day: int


@cache
def month_starts():
    """First days of all months covered, in order, with the day after the last one.

    :rtype: tuple[date, ...]
    """
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    starts = [
        jdatetime.date(year, month, 1).togregorian()
        for year in years
        for month in range(1, 13)
    ]
    return (*starts, jdatetime.date(LAST_YEAR + 1, 1, 1).togregorian())


def _position(day):
    """Number of the month in which a day lies, counted from 0.

    :raise JalaliError: outside the years covered
    """
    starts = month_starts()
    position = bisect.bisect_right(starts, day) - 1
    if not 0 <= position < len(starts) - 1:
        raise JalaliError("range", first=FIRST_YEAR, last=LAST_YEAR)
    return position


def covers(day):
    """Whether a day lies in the years covered."""
    starts = month_starts()
    return starts[0] <= day < starts[-1]


def from_gregorian(day):
    """The Jalali date of a day.

    :param datetime.date day: a plain date (no datetime)
    :rtype: Jalali
    :raise JalaliError: outside the years covered
    """
    position = _position(day)
    year, month = divmod(position, 12)
    return Jalali(
        FIRST_YEAR + year, month + 1, (day - month_starts()[position]).days + 1
    )


def to_gregorian(year, month, day):
    """The day of a Jalali date.

    :rtype: datetime.date
    :raise JalaliError: no such month or day, or outside the years covered
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise JalaliError("range", first=FIRST_YEAR, last=LAST_YEAR)
    if not 1 <= month <= 12:
        raise JalaliError("no_month", month=month)
    length = month_length(year, month)
    if not 1 <= day <= length:
        raise JalaliError("no_day", year=year, month=month, day=day, length=length)
    return month_starts()[(year - FIRST_YEAR) * 12 + month - 1] + timedelta(day - 1)


def month_length(year, month):
    """Days of a month of the years covered."""
    starts = month_starts()
    position = (year - FIRST_YEAR) * 12 + month - 1
    return (starts[position + 1] - starts[position]).days


def is_leap(year):
    """Whether a year covered has 366 days."""
    return month_length(year, 12) == 30


def parse(text):
    """The day of a typed Jalali date.

    Digits of any script; ``1405/1/2``, ``2-1-1405``, ``14050102``, ``2 فروردین 1405``;
    right-to-left marks are ignored.

    :rtype: datetime.date
    :raise JalaliError: see there; never anything else, whatever the text
    """
    if len(text) > LONGEST_TEXT:
        raise JalaliError("unreadable")
    text = fold(text).strip()
    if match := _RUN.fullmatch(text):
        year, month, day = map(int, match.groups())
    elif match := _NUMBERS.fullmatch(text):
        first, month, last = match.groups()
        if len(first) <= 2 and len(last) <= 2:
            raise JalaliError("short_year")
        if len(last) > 2:
            first, last = last, first
        year, month, day = int(first), int(month), int(last)
        if len(first) == 3 or len(last) > 2:
            raise JalaliError("unreadable")
    elif match := _NAMED.fullmatch(text):
        day, year = int(match[1]), int(match[3])
        month = _month_of(match[2])
    else:
        raise JalaliError("unreadable")
    return to_gregorian(year, month, day)


def _month_of(name):
    """Number of a month by its folded name."""
    for names in (*MONTHS.values(), OTHER_NAMES):
        for number, known in enumerate(names, 1):
            if known and fold(known) == name:
                return number
    raise JalaliError("unreadable")


def _language(lang):
    return "fa" if (lang or "").startswith("fa") else "en"


def format_date(day, lang="fa", style="short"):
    """Text of a day.

    :param str style: ``short`` (1405/02/03), ``long`` (3 اردیبهشت 1405) or ``full``
        (with the day of the week)
    :raise JalaliError: outside the years covered
    """
    year, month, number = from_gregorian(day)
    if style == "short":
        return f"{year:04}/{month:02}/{number:02}"
    language = _language(lang)
    text = f"{number} {MONTHS[language][month - 1]} {year}"
    if style == "full":
        text = f"{WEEKDAYS[language][day.weekday()]} {text}"
    return text


def period_label(start, unit, lang="fa"):
    """Label of the period that begins on ``start``; labels sort like their periods.

    1405, 1405/1 بهار (quarter), 1405/02 اردیبهشت (month), 1405/02/03 (day or week).
    """
    year, month, _day = from_gregorian(start)
    language = _language(lang)
    if unit == "year":
        return f"{year:04}"
    if unit == "quarter":
        quarter = (month - 1) // 3
        return f"{year:04}/{quarter + 1} {SEASONS[language][quarter]}"
    if unit == "month":
        return f"{year:04}/{month:02} {MONTHS[language][month - 1]}"
    return format_date(start)


def period_starts(unit):
    """First days of all periods of a unit, in order, with the one after the last.

    :param str unit: ``month``, ``quarter`` or ``year``
    :rtype: tuple[date, ...]
    """
    return month_starts()[:: UNIT_MONTHS[unit]]


def period_start(day, unit):
    """First day of the month, quarter or year in which a day lies."""
    months = UNIT_MONTHS[unit]
    return month_starts()[_position(day) // months * months]


def shift(start, unit, count):
    """First day of the period ``count`` periods after the one that a day lies in.

    :raise JalaliError: when that is outside the years covered
    """
    months = UNIT_MONTHS[unit]
    position = (_position(start) // months + count) * months
    if not 0 <= position < len(month_starts()):
        raise JalaliError("range", first=FIRST_YEAR, last=LAST_YEAR)
    return month_starts()[position]


def same_day_last_year(day):
    """The same day of the year before; 30 Esfand becomes the last day of Esfand."""
    year, month, number = from_gregorian(day)
    return to_gregorian(year - 1, month, min(number, month_length(year - 1, month)))


def year_end(day):
    """Last day of the Jalali year of a day: 19, 20 or 21 March."""
    return shift(day, "year", 1) - timedelta(1)
