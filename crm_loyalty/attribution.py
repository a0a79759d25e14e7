"""How much of a customer each channel brought: plain Python, no Odoo, no clock.

This module is the definition. `crm.customer.touch` runs the same rules as SQL over the
whole customer base; a property test holds the two equal.

The five ways are the usual ones of multi-touch attribution: first and last touch,
linear and position-based (40/20/40, "U-shaped") as web analytics tools know them, time
decay with a half-life: a touch counts half as much as one that many days later.

A weight is a share of the customer, 0 to 1, a ``decimal.Decimal`` of nine places. The
weights of a customer add up to exactly 1 in each way: what rounding leaves over is the
first touch's, by time decay the last one's, which weighs most.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

PLACES = 9
QUANTUM = Decimal(1).scaleb(-PLACES)

# Way of attribution: what users read.
ATTRIBUTIONS = ("first_touch", "last_touch", "linear", "position_based", "time_decay")

HALF_LIFE_DAYS = 30
# Shares of the first and of the last touch; the others share the rest.
POSITION_ENDS = 0.4
# Beyond so many half-lives a touch has no part that could be told from 0.
MOST_HALF_LIVES = 1000


@dataclass(frozen=True)
class Touch:
    """A lead, an order, or what somebody was told: the customer came by a channel.

    ``rank`` orders the touches of one customer; any value that compares.
    """

    date: date
    channel: object
    rank: object = 0
    is_told: bool = False


def in_order(touches):
    """Touches from the first to the last. What somebody was told comes first."""
    return sorted(touches, key=lambda touch: (not touch.is_told, touch.rank))


def path(touches, first_purchase_date=None):
    """The touches that brought the customer, in order.

    Those up to the day of the first purchase: what comes later brought no new
    customer. Where all came later, the first one stands alone; of a customer who has
    not bought yet, all count.

    :param touches: of one customer in one company, in any order
    :param datetime.date first_purchase_date: ``None`` where nothing was bought yet
    """
    touches = in_order(touches)
    return [
        touch
        for place, touch in enumerate(touches)
        if place == 0
        or touch.is_told
        or first_purchase_date is None
        or touch.date <= first_purchase_date
    ]


def weights(days, attribution, half_life=HALF_LIFE_DAYS):
    """Weights of the touches of one path, in its order; empty for an empty path.

    :param days: days of the touches (``datetime.date``), from the first to the last
    :param str attribution: one of `ATTRIBUTIONS`
    :param float half_life: days, for time decay
    :return: list of Decimal that adds up to 1
    """
    number = len(days)
    if not number:
        return []
    shares = _SHARES[attribution](days, half_life)
    rounded = [round(Decimal(share), PLACES) for share in shares]
    rounded[-1 if attribution == "time_decay" else 0] += 1 - sum(rounded)
    return rounded


def _first_touch(days, _half_life):
    return [float(place == 0) for place in range(len(days))]


def _last_touch(days, _half_life):
    return _first_touch(days, _half_life)[::-1]


def _linear(days, _half_life):
    return [1 / len(days)] * len(days)


def _position_based(days, half_life):
    number = len(days)
    if number < 3:
        return _linear(days, half_life)
    middle = (1 - 2 * POSITION_ENDS) / (number - 2)
    return [POSITION_ENDS, *[middle] * (number - 2), POSITION_ENDS]


def _time_decay(days, half_life):
    last = max(days)
    parts = [
        2.0 ** -min((last - day).days / half_life, MOST_HALF_LIVES) for day in days
    ]
    return [part / sum(parts) for part in parts]


_SHARES = {
    "first_touch": _first_touch,
    "last_touch": _last_touch,
    "linear": _linear,
    "position_based": _position_based,
    "time_decay": _time_decay,
}
