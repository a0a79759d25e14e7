"""Days that come again every year: plain Python, no Odoo."""

from dateutil.relativedelta import relativedelta


def next_yearly(first, today):
    """The next time, today included, that a day of every year comes.

    29 February comes on 28 February in ordinary years.

    :param datetime.date first: the day as it came first; not before it
    :param datetime.date today:
    :rtype: datetime.date
    """
    if first >= today:
        return first
    years = today.year - first.year
    day = first + relativedelta(years=years)
    return day if day >= today else first + relativedelta(years=years + 1)
