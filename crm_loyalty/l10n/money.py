"""How amounts of money are shown; the ledger knows nothing of it."""

from typing import NamedTuple


class MoneyDisplay(NamedTuple):
    """What a company shows its money in: so many thousand tomans, say.

    :param int currency_id: the currency of the stored amounts
    :param float factor: stored amount of one on the screen; more than 0
    :param str label: the unit, in the reader's language
    :param int digits: decimals that a shown amount is rounded to
    """

    currency_id: int
    factor: float
    label: str
    digits: int

    def shown(self, amount):
        """The number on the screen of a stored amount, not rounded."""
        return amount / self.factor

    def stored(self, number):
        """The amount of a number as people write it, not rounded."""
        return number * self.factor
