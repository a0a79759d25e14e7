"""Which tier a customer has: plain Python, no Odoo.

This module is the definition. ``crm.customer`` runs the same rule as SQL over the
whole customer base; a property test holds the two equal. It is used as it is to say
what a customer lacks for the next tier.

A rule is a pair ``(key of the tier, {key of a figure: the least it takes})``; rules
come in a list, best tier first. Figures and minima are numbers in the unit of the
figure: company currency for money.
"""


def missing_for(figures, minima):
    """What a customer lacks for a tier.

    :param dict figures: ``{key: number or None}``
    :param dict minima: ``{key: the least it takes}``
    :return: ``{key: how much more it takes}``; a figure nobody knows lacks all
    """
    return {
        key: minimum - (figures.get(key) or 0)
        for key, minimum in minima.items()
        if figures.get(key) is None or figures[key] < minimum
    }


def choose_tier(figures, rules):
    """The first tier all of whose minima are met, or ``None``.

    A tier without minima takes nobody: an entry is always said, never assumed.
    """
    for key, minima in rules:
        if minima and not missing_for(figures, minima):
            return key
    return None


def next_rule(current, rules):
    """The rule of the tier above ``current``; the last one for who has no tier.

    :param current: key of a tier or ``None``
    :return: a rule, or ``None`` when there is nothing above
    """
    rules = [rule for rule in rules if rule[1]]
    keys = [key for key, _minima in rules]
    place = keys.index(current) if current in keys else len(keys)
    return rules[place - 1] if place else None
