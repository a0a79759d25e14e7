"""Rules of the customer life cycle: plain Python, no Odoo, no clock.

This module is the definition. ``crm.customer`` runs the same rules as SQL over
the whole customer base; a property test holds the two equal. It is used as it is
to explain one customer.

Dates are ``datetime.date``, money is ``decimal.Decimal`` in company currency,
spans are whole days.
"""

import math
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from statistics import median

from dateutil.relativedelta import relativedelta

# The ladder of `peak_stage`; "disqualified" is a verdict, not a rung.
LADDER = (
    "suspect",
    "prospect",
    "first_time",
    "repeat",
    "regular",
    "advocate",
    "partner",
)

# From this many distinct purchase days on a customer has a rhythm of his own.
RHYTHM_DAYS = 4


@dataclass(frozen=True)
class Thresholds:
    """Settings of a company: counts, days, months and plain factors."""

    regular_purchases: int = 4
    active_days: int = 365
    rhythm_factor: float = 3.0
    rhythm_min_days: int = 30
    rhythm_max_days: int = 730
    gap_factor: float = 1.5
    prospect_months: int = 12


@dataclass
class Document:
    """One row of ``crm.customer.purchase``.

    ``amount`` and ``cost`` are in company currency, negative for credit notes and
    returns; ``document_amount`` is the same amount in the document's currency.
    ``cost`` is None where nobody knows it: the margin leaves the document out.
    ``reverses`` is the key of the document a credit note reverses.
    """

    key: object
    date: date
    amount: Decimal
    cost: Decimal | None = Decimal(0)
    order: object = None
    is_deposit: bool = False
    reverses: object = None
    document_amount: Decimal | None = None
    currency: object = None


@dataclass
class Lead:
    """A lead or opportunity; ``closed`` is the day it was lost, if it was."""

    created: date
    is_opportunity: bool
    state: str  # "open", "lost" or "shelved" (archived without being lost)
    closed: date | None = None
    unsuitable: bool = False


@dataclass
class Quotation:
    """A sales order of any state; ``expires`` only while it is not confirmed."""

    created: date
    cancelled: date | None = None
    expires: date | None = None


@dataclass
class Manual:
    """A value set by hand, in force from ``start`` to ``until`` (both included)."""

    value: str
    start: date
    until: date | None = None

    def holds(self, day):
        return self.start <= day and (self.until is None or day <= self.until)


@dataclass
class History:
    """All that happened with one customer in one company.

    ``rewards``: the days on which he was rewarded for a friend he brought.
    ``credits_elsewhere``: credit notes for documents of this customer that were given
    to others. They take his purchases away, and the money is theirs.
    """

    documents: list[Document] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    quotations: list[Quotation] = field(default_factory=list)
    manual_stage: Manual | None = None
    left: Manual | None = None
    credits_elsewhere: list[Document] = field(default_factory=list)
    rewards: list[date] = field(default_factory=list)


@dataclass
class Profile:
    """What the rules say of one customer as of one day."""

    stage: str
    phase: str
    purchase_count: int
    purchase_days: int
    first_purchase_date: date | None
    second_purchase_date: date | None
    last_purchase_date: date | None
    active_until: date | None
    net_revenue: Decimal
    net_revenue_12m: Decimal
    margin_12m: Decimal
    rewarded_referrals: int
    next_change_date: date | None


def in_last_year(day, as_of):
    """Whether ``day`` lies in the twelve months that end with ``as_of``."""
    return day <= as_of < day + relativedelta(years=1)


def year_start(as_of):
    """The first day that `in_last_year` accepts for ``as_of``."""
    day = as_of - relativedelta(years=1)
    while not in_last_year(day, as_of):
        day += timedelta(days=1)
    return day


def active_limit(purchase_days, thresholds):
    """Days without a purchase after which a customer is no longer active.

    :param purchase_days: sorted distinct days of purchase, at least one
    """
    gaps = [(later - earlier).days for earlier, later in pairwise(purchase_days)]
    if len(purchase_days) >= RHYTHM_DAYS:
        limit = math.floor(thresholds.rhythm_factor * float(median(gaps)))
        return min(max(limit, thresholds.rhythm_min_days), thresholds.rhythm_max_days)
    longest = max(gaps, default=0)
    return max(thresholds.active_days, math.floor(thresholds.gap_factor * longest))


def credited_dates(history):
    """The day on which the credit notes of a document reached its amount.

    :return: ``{key of the document: day}``
    """
    by_key = {document.key: document for document in history.documents}
    notes = [*history.documents, *history.credits_elsewhere]
    credited, dates = {}, {}
    for credit in sorted(notes, key=lambda note: note.date):
        origin = by_key.get(credit.reverses) if credit.reverses is not None else None
        if origin is None or not origin.amount:
            continue
        wanted = origin.document_amount
        if wanted is None:
            wanted = origin.amount
        if credit.currency == origin.currency and credit.document_amount is not None:
            amount = -credit.document_amount
        else:
            amount = -credit.amount * wanted / origin.amount
        credited[origin.key] = credited.get(origin.key, Decimal(0)) + amount
        if credited[origin.key] >= wanted:
            dates.setdefault(origin.key, credit.date)
    return dates


def counting_documents(history, as_of):
    """Documents up to ``as_of`` that make a purchase.

    They sold something, and were not credited in full by then.
    """
    credited = credited_dates(history)
    return [
        document
        for document in history.documents
        if document.date <= as_of
        and document.amount > 0
        and document.reverses is None
        and credited.get(document.key, date.max) > as_of
    ]


def purchase_dates(history, as_of):
    """One day per purchase: orders once, by their first invoice that is no deposit."""
    dates = []
    orders = {}
    for document in counting_documents(history, as_of):
        if document.order is None:
            dates.append(document.date)
        else:
            orders.setdefault(document.order, []).append(document)
    for invoices in orders.values():
        full = [invoice.date for invoice in invoices if not invoice.is_deposit]
        dates.append(min(full or [invoice.date for invoice in invoices]))
    return sorted(dates)


@dataclass
class Offers:
    """What leads and quotations say as of a day; ``changes``: when they turn."""

    is_open: bool = False
    lost_dates: list[date] = field(default_factory=list)
    changes: list[date] = field(default_factory=list)

    def see_lead(self, lead, as_of):
        """Take one lead or opportunity into account."""
        if lead.created > as_of:
            self.changes.append(lead.created)
            return
        is_lost = lead.state == "lost" and lead.closed <= as_of
        if lead.closed and lead.closed > as_of:
            self.changes.append(lead.closed)
        if not lead.is_opportunity:
            return
        if is_lost:
            self.lost_dates.append(lead.closed)
        elif lead.state != "shelved":
            self.is_open = True

    def see_quotation(self, quotation, as_of):
        """Take one quotation or order into account."""
        if quotation.created > as_of:
            self.changes.append(quotation.created)
            return
        lost = quotation.cancelled or quotation.expires
        # An offer expires after its last day; a cancellation counts at once.
        end = lost if quotation.cancelled or not lost else lost + timedelta(days=1)
        if end and end <= as_of:
            self.lost_dates.append(lost)
            return
        self.is_open = True
        if end:
            self.changes.append(end)


def see_offers(history, as_of):
    """The offers of a customer as of a day.

    :rtype: Offers
    """
    offers = Offers()
    for lead in history.leads:
        offers.see_lead(lead, as_of)
    for quotation in history.quotations:
        offers.see_quotation(quotation, as_of)
    return offers


def _manual_changes(history):
    for value in (history.manual_stage, history.left):
        if value:
            yield value.start
            if value.until:
                yield value.until + timedelta(days=1)


def choose_phase(history, days, active_until, as_of):
    """The phase; first match wins.

    :param days: sorted distinct days of purchase up to ``as_of``
    """
    if history.left and history.left.holds(as_of):
        return "former"
    if days:
        return "active" if as_of <= active_until else "former"
    answers = [lead.created for lead in history.leads if lead.is_opportunity]
    answers += [quotation.created for quotation in history.quotations]
    return "responder" if any(day <= as_of for day in answers) else "prospect"


def is_unsuitable(history, as_of):
    """Whether there are leads, and every one was lost as unsuitable."""
    leads = [lead for lead in history.leads if lead.created <= as_of]
    return bool(leads) and all(
        lead.state == "lost" and lead.closed <= as_of and lead.unsuitable
        for lead in leads
    )


def rewarded_days(history, as_of):
    """The days up to ``as_of`` on which the customer was rewarded for a friend."""
    return [day for day in history.rewards if day <= as_of]


def choose_stage(history, count, phase, is_prospect, thresholds, as_of):
    """The stage; first match wins.

    :param int count: purchases up to ``as_of``
    :param bool is_prospect: an offer is open, or was lost not long ago
    """
    manual = history.manual_stage
    rewards = rewarded_days(history, as_of)
    by_hand = manual.value if manual and manual.holds(as_of) else None
    rules = (
        ("partner", by_hand == "partner"),
        (
            "disqualified",
            by_hand == "disqualified" or (not count and is_unsuitable(history, as_of)),
        ),
        (
            "advocate",
            by_hand == "advocate" or (phase == "active" and bool(rewards)),
        ),
        ("regular", count >= thresholds.regular_purchases and phase == "active"),
        ("repeat", count >= 2),
        ("first_time", count == 1),
        ("prospect", is_prospect),
    )
    return next((stage for stage, holds in rules if holds), "suspect")


def classify(history, thresholds, as_of):
    """Apply all rules of the life cycle to one customer.

    :param History history: everything known, documents after ``as_of`` included
    :param Thresholds thresholds: the settings of the company
    :param datetime.date as_of: documents dated up to this day are seen
    :rtype: Profile
    """
    documents = [d for d in history.documents if d.date <= as_of]
    last_year = [d for d in documents if in_last_year(d.date, as_of)]
    dates = purchase_dates(history, as_of)
    days = sorted(set(dates))
    offers = see_offers(history, as_of)

    changes = [d.date for d in history.documents if d.date > as_of]
    changes += credited_dates(history).values()
    changes += history.rewards
    changes += [d.date + relativedelta(years=1) for d in last_year]
    changes += [*offers.changes, *_manual_changes(history)]
    active_until = None
    if days:
        active_until = days[-1] + timedelta(days=active_limit(days, thresholds))
        changes.append(active_until + timedelta(days=1))
    forgotten = None
    if offers.lost_dates:
        months = relativedelta(months=thresholds.prospect_months)
        forgotten = max(offers.lost_dates) + months
        changes.append(forgotten)

    phase = choose_phase(history, days, active_until, as_of)
    is_prospect = offers.is_open or bool(forgotten and as_of < forgotten)
    return Profile(
        stage=choose_stage(history, len(dates), phase, is_prospect, thresholds, as_of),
        phase=phase,
        purchase_count=len(dates),
        purchase_days=len(days),
        first_purchase_date=days[0] if days else None,
        second_purchase_date=dates[1] if len(dates) > 1 else None,
        last_purchase_date=days[-1] if days else None,
        active_until=active_until,
        net_revenue=sum((d.amount for d in documents), Decimal(0)),
        net_revenue_12m=sum((d.amount for d in last_year), Decimal(0)),
        margin_12m=sum(
            (d.amount - d.cost for d in last_year if d.cost is not None), Decimal(0)
        ),
        rewarded_referrals=len(rewarded_days(history, as_of)),
        next_change_date=min((day for day in changes if day > as_of), default=None),
    )
