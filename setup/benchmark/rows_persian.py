"""Rows on the Persian ground: calendars."""

from datetime import date, timedelta

from . import measure, orm
from .table import Row

VALUES = 100_000


def calendar(count):
    """Grouping of all purchases by Jalali and by Gregorian periods; conversions."""
    for unit in ("month", "year"):

        def group(jalali_periods, unit=unit):
            with orm.environment("bench") as env:
                purchases = env["crm.customer.purchase"].with_context(
                    crm_jalali_periods=jalali_periods
                )
                with measure.timed() as spent:
                    purchases.formatted_read_group(
                        [], [f"date:{unit}"], ["__count", "amount:sum"]
                    )
            return spent.seconds

        runs = (lambda: group(True), lambda: group(False))
        measure.rounds(1, *runs)
        ours, odoo = measure.rounds(count * 2, *runs)
        yield Row(
            f"all purchases by Jalali {unit} / by Gregorian {unit}",
            measure.median(ours),
            measure.median(odoo),
            measure.paired_ratio(ours, odoo),
            "<= 1.2",
        )

    import jdatetime

    from odoo.addons.crm_loyalty.l10n import jalali

    first = date(1990, 1, 1)
    days = [first + timedelta(n * 7919 % 20_000) for n in range(VALUES)]

    def ours():
        for day in days:
            jalali.from_gregorian(day)

    def library():
        for day in days:
            jdatetime.date.fromgregorian(date=day)

    times, floors = measure.rounds(count, ours, library)
    yield Row(
        f"conversion of {VALUES:,} days / the library's own call",
        measure.median(times),
        measure.median(floors),
        measure.paired_ratio(times, floors),
    )
