"""Which tier a customer has: plain Python, no Odoo.

This module is the definition. ``crm.customer`` runs the same rule as SQL over the
whole customer base; a property test holds the two equal. It is used as it is to say
what a customer lacks for the next tier.

Figures and minima are numbers in the unit of the figure: company currency for money.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tier:
    """One tier: ``minima`` maps the key of a figure to the least it takes."""

    key: object
    minima: dict = field(default_factory=dict)


def missing(figures, tier):
    """What a customer lacks for a tier.

    :param dict figures: ``{key: number or None}``
    :return: ``{key: how much more it takes}``; a figure nobody knows lacks all
    """
    return {
        key: minimum - (figures.get(key) or 0)
        for key, minimum in tier.minima.items()
        if figures.get(key) is None or figures[key] < minimum
    }


def choose_tier(figures, tiers):
    """The first tier, best first, all of whose minima are met.

    A tier without minima takes nobody: an entry is always said, never assumed.

    :param dict figures: ``{key: number or None}``
    :param tiers: `Tier` objects, best first
    :return: the key of the tier, or ``None``
    """
    for tier in tiers:
        if tier.minima and not missing(figures, tier):
            return tier.key
    return None


def next_tier(current, tiers):
    """The tier above ``current``: the one before it; the last one for who has none.

    :param current: key of a tier or ``None``
    :param tiers: `Tier` objects, best first
    :rtype: Tier or None
    """
    tiers = [tier for tier in tiers if tier.minima]
    keys = [tier.key for tier in tiers]
    place = keys.index(current) if current in keys else len(keys)
    return tiers[place - 1] if place else None
