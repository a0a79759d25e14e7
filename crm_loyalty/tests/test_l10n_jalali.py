"""Jalali dates in plain Python, against an algorithm of their own."""

import math
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from odoo.tests import BaseCase

from odoo.addons.crm_loyalty.l10n import jalali

# Periodic terms of the equinox: Meeus, Astronomical Algorithms (1998), table 27.C.
PERIODIC = (
    (485, 324.96, 1934.136),
    (203, 337.23, 32964.467),
    (199, 342.08, 20.186),
    (182, 27.85, 445267.112),
    (156, 73.14, 45036.886),
    (136, 171.52, 22518.443),
    (77, 222.54, 65928.934),
    (74, 296.72, 3034.906),
    (70, 243.58, 9037.513),
    (58, 119.81, 33718.147),
    (52, 297.17, 150.678),
    (50, 21.02, 2281.226),
    (45, 247.54, 29929.562),
    (44, 325.15, 31555.956),
    (29, 60.93, 4443.417),
    (18, 155.12, 67555.328),
    (17, 288.79, 4562.452),
    (16, 198.04, 62894.029),
    (14, 199.76, 31436.921),
    (12, 95.39, 14577.848),
    (12, 287.11, 31931.756),
    (12, 320.81, 34777.259),
    (9, 227.73, 1222.114),
    (8, 15.45, 16859.074),
)
TEHRAN_DAYS = 3.5 / 24  # ahead of universal time


def nowruz(gregorian_year):
    """First day of the Jalali year that begins in March of a Gregorian one.

    As the law of 1304 has it: the day on which the equinox falls before noon in
    Tehran, else the day after it. By the sky alone: no rule of leap years.
    """
    y = (gregorian_year - 2000) / 1000
    jde0 = (
        2451623.80984
        + 365242.37404 * y
        + 0.05169 * y**2
        - 0.00411 * y**3
        - 0.00057 * y**4
    )
    t = (jde0 - 2451545.0) / 36525
    w = math.radians(35999.373 * t - 2.47)
    scale = 1 + 0.0334 * math.cos(w) + 0.0007 * math.cos(2 * w)
    total = sum(a * math.cos(math.radians(b + c * t)) for a, b, c in PERIODIC)
    jde = jde0 + 0.00001 * total / scale
    # Terrestrial to universal time: about a minute and a half, at most three here.
    jd = jde - (62 + 0.33 * (gregorian_year - 2000)) / 86400 + TEHRAN_DAYS
    noon = math.floor(jd)  # a Julian day begins at noon: this is the noon before
    return date.fromordinal(noon - 1721425) + timedelta(1)


class TestJalali(BaseCase):
    def test_every_day_of_1300_to_1498_is_what_the_sky_says(self):
        day = nowruz(1921)
        for year in range(1300, 1499):
            following = nowruz(year + 622)
            length = (following - day).days
            self.assertEqual(length == 366, jalali.is_leap(year), year)
            expected = [
                (year, month, number)
                for month in range(1, 13)
                for number in range(1, (31 if month < 7 else 30) + 1)
            ][:length]
            for date_of in expected:
                self.assertEqual(jalali.from_gregorian(day), date_of)
                self.assertEqual(jalali.to_gregorian(*date_of), day)
                day += timedelta(1)
            self.assertEqual(day, following)
        self.assertFalse(jalali.covers(day))

    def test_leap_years_of_our_days(self):
        leap = [year for year in range(1390, 1412) if jalali.is_leap(year)]
        self.assertEqual(leap, [1391, 1395, 1399, 1403, 1408])

    def test_typed_in_any_way(self):
        day = date(2026, 4, 23)
        for text in (
            "1405/02/03",
            "1405-2-3",
            "۱۴۰۵/۰۲/۰۳",
            "٣/٢/١٤٠٥",
            "14050203",
            "\u200f۱۴۰۵.۲.۳\u200e",
            " 1405 2 3 ",
            "۳ اردیبهشت ۱۴۰۵",
            "3 ارديبهشت 1405",
            "3 ordibehesht 1405",
        ):
            self.assertEqual(jalali.parse(text), day, text)
        # One month has two names, another is written with or without its madda.
        for text in ("31 مرداد 1405", "31 امرداد 1405"):
            self.assertEqual(jalali.parse(text), date(2026, 8, 22))
        for text in ("1 آبان 1405", "1 ا\u0653بان 1405", "1 ابان 1405"):
            self.assertEqual(jalali.parse(text), date(2026, 10, 23))

    def test_what_is_no_date_says_why(self):
        for text, key in (
            ("1404/12/30", "no_day"),
            ("1404/07/31", "no_day"),
            ("1404/01/00", "no_day"),
            ("1404/13/01", "no_month"),
            ("04/01/02", "short_year"),
            ("2026/03/22", "range"),
            ("1299/12/01", "range"),
            ("1499/01/01", "range"),
            ("1404/1", "unreadable"),
            ("", "unreadable"),
            ("\ud800", "unreadable"),
            ("1" * 10_000, "unreadable"),
            ("3 Brumaire 1405", "unreadable"),
        ):
            with self.assertRaises(jalali.JalaliError) as caught:
                jalali.parse(text)
            self.assertEqual(caught.exception.key, key, text[:20])
        for day in (date(1921, 3, 20), date(2120, 3, 21)):
            with self.assertRaises(jalali.JalaliError):
                jalali.from_gregorian(day)
        self.assertEqual(jalali.from_gregorian(date(1921, 3, 21)), (1300, 1, 1))
        self.assertEqual(jalali.from_gregorian(date(2120, 3, 20)), (1498, 12, 30))

    @given(st.text(max_size=120))
    def test_any_text_is_a_day_or_says_why(self, text):
        try:
            self.assertTrue(jalali.covers(jalali.parse(text)))
        except jalali.JalaliError as error:
            self.assertIn(
                error.key, {"unreadable", "short_year", "no_month", "no_day", "range"}
            )

    @given(st.dates(date(1921, 3, 21), date(2120, 3, 20)))
    def test_what_is_written_is_read_again(self, day):
        for lang in ("fa_IR", "en_US"):
            for style in ("short", "long"):
                self.assertEqual(
                    jalali.parse(jalali.format_date(day, lang, style)), day
                )

    @given(st.dates(date(1925, 3, 22), date(2115, 3, 19)))
    def test_periods_hold_their_days(self, day):
        year, month, _day = jalali.from_gregorian(day)
        for unit, months in jalali.UNIT_MONTHS.items():
            start = jalali.period_start(day, unit)
            following = jalali.shift(day, unit, 1)
            self.assertTrue(start <= day < following)
            self.assertEqual(
                start, jalali.to_gregorian(year, (month - 1) // months * months + 1, 1)
            )
            self.assertEqual(jalali.shift(following, unit, -1), start)
            self.assertLess(
                jalali.period_label(start, unit), jalali.period_label(following, unit)
            )
        self.assertEqual(
            jalali.shift(day, "year", 1) - timedelta(1), jalali.year_end(day)
        )

    def test_labels(self):
        day = date(2026, 4, 21)
        self.assertEqual(jalali.period_label(day, "month"), "1405/02 اردیبهشت")
        self.assertEqual(jalali.period_label(day, "quarter"), "1405/1 بهار")
        self.assertEqual(jalali.period_label(day, "year"), "1405")
        self.assertEqual(
            jalali.period_label(day, "month", "en_US"), "1405/02 Ordibehesht"
        )
        self.assertEqual(
            jalali.format_date(day, "fa_IR", "full"), "سه‌شنبه 1 اردیبهشت 1405"
        )

    def test_the_year_before_a_leap_day(self):
        leap_day = jalali.to_gregorian(1403, 12, 30)
        self.assertEqual(
            jalali.from_gregorian(jalali.same_day_last_year(leap_day)), (1402, 12, 29)
        )
        ends = [
            jalali.year_end(jalali.to_gregorian(y, 6, 1)) for y in (1402, 1403, 1404)
        ]
        self.assertEqual(
            ends, [date(2024, 3, 19), date(2025, 3, 20), date(2026, 3, 20)]
        )
