"""Working week and public holidays of Iran, for any Jalali year.

Days of the solar year are fixed by law (the act of 1358 on official holidays, with its
later changes). Days of the lunar year follow the moon: they are reckoned by the Umm
al-Qura calendar and in Iran fall on that day or the next, so each is to be confirmed.
"""

from datetime import date
from typing import NamedTuple

from . import jalali

TIMEZONE = "Asia/Tehran"
# Day of the week as Python counts (0 Monday), from and to, in hours: 44 in a week, the
# most that the labour law allows (section 51). Friday is the weekly day of rest.
WORKING_WEEK = (
    *((day, 8.0, 12.0) for day in (5, 6, 0, 1, 2)),
    *((day, 13.0, 17.0) for day in (5, 6, 0, 1, 2)),
    (3, 8.0, 12.0),
)
# (month, day) of the Jalali year: Persian and English name.
SOLAR = {
    (1, 1): ("نوروز", "Nowruz"),
    (1, 2): ("نوروز", "Nowruz"),
    (1, 3): ("نوروز", "Nowruz"),
    (1, 4): ("نوروز", "Nowruz"),
    (1, 12): ("روز جمهوری اسلامی", "Islamic Republic Day"),
    (1, 13): ("روز طبیعت", "Nature Day"),
    (3, 14): ("رحلت امام خمینی", "Passing of Imam Khomeini"),
    (3, 15): ("قیام ۱۵ خرداد", "Uprising of 15 Khordad"),
    (11, 22): ("پیروزی انقلاب اسلامی", "Victory of the Revolution"),
    (12, 29): ("ملی شدن صنعت نفت", "Nationalization of Oil"),
}
# The same of the Hijri year; day 30 is the last of the month, whatever its length.
LUNAR = {
    (1, 9): ("تاسوعا", "Tasua"),
    (1, 10): ("عاشورا", "Ashura"),
    (2, 20): ("اربعین", "Arbaeen"),
    (2, 28): ("رحلت پیامبر", "Passing of the Prophet"),
    (2, 30): ("شهادت امام رضا", "Martyrdom of Imam Reza"),
    (3, 8): ("شهادت امام حسن عسکری", "Martyrdom of Imam Hasan Askari"),
    (3, 17): ("میلاد پیامبر", "Birth of the Prophet"),
    (6, 3): ("شهادت حضرت فاطمه", "Martyrdom of Fatima"),
    (7, 13): ("ولادت امام علی", "Birth of Imam Ali"),
    (7, 27): ("مبعث", "Mab'ath"),
    (8, 15): ("ولادت امام زمان", "Birth of Imam Mahdi"),
    (9, 21): ("شهادت امام علی", "Martyrdom of Imam Ali"),
    (10, 1): ("عید فطر", "Eid al-Fitr"),
    (10, 2): ("عید فطر", "Eid al-Fitr"),
    (10, 25): ("شهادت امام جعفر صادق", "Martyrdom of Imam Sadiq"),
    (12, 10): ("عید قربان", "Eid al-Adha"),
    (12, 18): ("عید غدیر", "Eid al-Ghadir"),
}


class Holiday(NamedTuple):
    """A public holiday; ``is_certain`` is false where the moon decides."""

    day: date
    names: tuple[str, str]
    is_certain: bool

    def name(self, lang):
        """Its name, in Persian or else in English."""
        return self.names[0 if (lang or "").startswith("fa") else 1]


def holidays(year):
    """The public holidays of a Jalali year, by day; one of each kind per day.

    :raise jalali.JalaliError: a year that is not covered
    """
    start = jalali.to_gregorian(year, 1, 1)
    end = jalali.year_end(start)
    found = [
        Holiday(jalali.to_gregorian(year, *month_day), names, True)
        for month_day, names in SOLAR.items()
    ]
    found += [Holiday(day, names, False) for day, names in _lunar_days(start, end)]
    return sorted(found)


def _lunar_days(start, end):
    from hijridate import Gregorian, Hijri  # only who plans holidays pays for it

    years = range(
        Gregorian.fromdate(start).to_hijri().year,
        Gregorian.fromdate(end).to_hijri().year + 1,
    )
    for year in years:
        for (month, number), names in LUNAR.items():
            if number == 30:
                number = Hijri(year, month, 1).month_length()
            day = Hijri(year, month, number).to_gregorian()
            day = date(day.year, day.month, day.day)
            if start <= day <= end:
                yield day, names


def next_years(day, count=3):
    """The Jalali year of a day and those after it, ``count`` in all."""
    first = jalali.from_gregorian(day).year
    return range(first, first + count)
