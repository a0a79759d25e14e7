"""Thresholds of the customer stages by trade: plain Python, no Odoo.

A preset is a start, not a truth: the page *First Steps* shows how many customers fall
into each stage with it, and every value may be changed there. What differs between
trades is the rhythm of buying, so each value says which rhythm it stands for.
"""

from .lifecycle import Thresholds

PRESETS = {
    # Shops and web shops: weeks to months between purchases, many buy only once.
    "shop": Thresholds(
        # One or two may be chance or a season; five are a habit.
        regular_purchases=5,
        # Who lets two seasons pass without buying has found another shop.
        active_days=180,
        # Households buy unevenly: three usual gaps, before it means something.
        rhythm_factor=3.0,
        # A month without buying (a journey, the holidays) says nothing.
        rhythm_min_days=30,
        # Who buys once a year, before New Year, may come some weeks later.
        rhythm_max_days=400,
        # Two or three purchases say little: half as long again as the longest gap.
        gap_factor=1.5,
        # What is asked in a shop is bought within a season, or elsewhere.
        prospect_months=3,
    ),
    # Distribution to shops: orders by the round, every one to four weeks.
    "distribution": Thresholds(
        # Two months of weekly rounds: the shop has us among its suppliers.
        regular_purchases=8,
        # A new shop that skips two months of rounds buys from somebody else.
        active_days=60,
        # One round is skipped for a full store, three for another supplier.
        rhythm_factor=3.0,
        # Three weekly rounds; less would take the closing of New Year for a loss.
        rhythm_min_days=21,
        # A seasonal shop is closed for half a year, none for longer.
        rhythm_max_days=180,
        # The first orders are for trial and come unevenly.
        gap_factor=2.0,
        # An offer to a shop is taken on one of the next rounds, or is void.
        prospect_months=3,
    ),
    # Services on demand (repair, maintenance, consulting, care): some months to a year.
    "services": Thresholds(
        # Need arises rarely; who came three times has no other provider.
        regular_purchases=3,
        # A yearly service is due within a year, and is called for some weeks late.
        active_days=400,
        # Needs come by themselves, so two and a half usual gaps are a sign.
        rhythm_factor=2.5,
        # Monthly services stop over holidays and journeys.
        rhythm_min_days=60,
        # Two yearly services left out.
        rhythm_max_days=730,
        gap_factor=1.5,
        # The need behind an estimate lasts half a year, or somebody else met it.
        prospect_months=6,
    ),
    # Makers that sell to businesses: few large orders, by budget and production.
    "industry": Thresholds(
        # A first order, its repetition, and two budgets after it.
        regular_purchases=4,
        # A budget year, and half of the next one until it is approved.
        active_days=540,
        # Stocks cover an order or two; after three gaps another maker delivers.
        rhythm_factor=3.0,
        # Monthly call-offs pause with the production for a month.
        rhythm_min_days=60,
        # Investment goods: three years.
        rhythm_max_days=1095,
        # A second order often waits for the next project, and the third for longer.
        gap_factor=2.0,
        # A lost offer comes back with the budget after next.
        prospect_months=18,
    ),
    # Projects and yearly contracts; the instalments of an order are one purchase.
    "contract": Thresholds(
        # The first contract and two renewals.
        regular_purchases=3,
        # A contract year, and three months in which renewals are signed late.
        active_days=455,
        # A yearly renewal half a year late is none.
        rhythm_factor=1.5,
        # Instalments invoiced without an order come by the quarter.
        rhythm_min_days=120,
        # Contracts of three years are the longest usual ones.
        rhythm_max_days=1095,
        gap_factor=1.5,
        # A lost tender is invited again after a contract of one or two years.
        prospect_months=24,
    ),
}
