"""Run the benchmark: see `setup/bench --help`."""

import argparse
import sys

from . import (
    build,
    rows_channels,
    rows_odoo,
    rows_persian,
    rows_purchases,
    rows_read,
    rows_refresh,
    rows_search,
    table,
)

ROWS = {
    "install": rows_purchases.install,
    "fill": rows_purchases.fill,
    "refresh": rows_refresh.full,
    "odoo": rows_odoo.against_odoo,
    "quiet": rows_refresh.quiet,
    "marked": rows_refresh.marked,
    "daily": rows_refresh.daily,
    "growth": rows_refresh.growth,
    "kanban": rows_read.kanban,
    "form": rows_read.form,
    "posting": rows_purchases.posting,
    "import": rows_purchases.import_cdnow,
    "calendar": rows_persian.calendar,
    "search": rows_search.search,
    "channels": rows_channels.channels,
}


def main():
    """Build the databases if needed, run the rows, print the table."""
    parser = argparse.ArgumentParser(
        prog="setup/bench",
        description="Speed of the add-ons on 200,000 customers and 2,000,000 posted "
        "documents. Each measured thing and its floor run in the same call, taking "
        "turns. The databases are built once, and our part of them again whenever the "
        "add-ons change.",
    )
    parser.add_argument(
        "name", nargs="*", choices=[*ROWS, []], help="rows; default all"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="runs of each (default 5)"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="measure the databases as they are, though the add-ons have changed",
    )
    options = parser.parse_args()
    names = options.name or list(ROWS)

    if names == ["install"]:
        build.ensure_stock()
    else:
        build.ensure(keep=options.keep)
        if "growth" in names:
            build.ensure("_quarter", keep=options.keep)
    missed = 0
    table.show(*table.HEADER)
    for name in names:
        for row in ROWS[name](options.rounds):
            table.show(*row.cells())
            missed += row.met() is False
    if missed:
        sys.exit(f"{missed} targets missed")


if __name__ == "__main__":
    main()
