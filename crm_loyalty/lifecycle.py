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

STAGES = (
    "suspect",
    "prospect",
    "disqualified",
    "first_time",
    "repeat",
    "regular",
    "advocate",
    "partner",
)
PHASES = ("prospect", "responder", "active", "former")

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
    ``reverses`` is the key of the document a credit note reverses.
    """

    key: object
    date: date
    amount: Decimal
    cost: Decimal = Decimal(0)
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
    """All that happened with one customer in one company."""

    documents: list[Document] = field(default_factory=list)
    leads: list[Lead] = field(default_factory=list)
    quotations: list[Quotation] = field(default_factory=list)
    manual_stage: Manual | None = None
    left: Manual | None = None


@dataclass
class Profile:
    """What the rules say of one customer as of one day."""

    stage: str
    phase: str
    purchase_count: int
    purchase_days: int
    first_purchase_date: date | None
    last_purchase_date: date | None
    active_until: date | None
    net_revenue: Decimal
    net_revenue_12m: Decimal
    margin_12m: Decimal
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
        return min(
            max(limit, thresholds.rhythm_min_days), thresholds.rhythm_max_days
        )
    longest = max(gaps, default=0)
    return max(thresholds.active_days, math.floor(thresholds.gap_factor * longest))


def counting_documents(documents):
    """Documents that make a purchase: sold something, and not credited in full."""
    by_key = {document.key: document for document in documents}
    credited = {}
    for credit in documents:
        origin = by_key.get(credit.reverses) if credit.reverses is not None else None
        if origin is None or not origin.amount:
            continue
        if credit.currency == origin.currency and credit.document_amount is not None:
            amount = -credit.document_amount
        else:
            amount = -credit.amount * origin.document_amount / origin.amount
        credited[origin.key] = credited.get(origin.key, Decimal(0)) + amount
    return [
        document
        for document in documents
        if document.amount > 0
        and document.reverses is None
        and credited.get(document.key, Decimal(0))
        < (
            document.amount
            if document.document_amount is None
            else document.document_amount
        )
    ]


def purchase_dates(documents):
    """One day per purchase: orders once, by their first invoice that is no deposit."""
    dates = []
    orders = {}
    for document in counting_documents(documents):
        if document.order is None:
            dates.append(document.date)
        else:
            orders.setdefault(document.order, []).append(document)
    for invoices in orders.values():
        full = [invoice.date for invoice in invoices if not invoice.is_deposit]
        dates.append(min(full or [invoice.date for invoice in invoices]))
    return sorted(dates)


def classify(history, thresholds, as_of):
    """Apply all rules of the life cycle to one customer.

    :param History history: everything known, documents after ``as_of`` included
    :param Thresholds thresholds: the settings of the company
    :param datetime.date as_of: documents dated up to this day are seen
    :rtype: Profile
    """
    documents = [d for d in history.documents if d.date <= as_of]
    dates = purchase_dates(documents)
    days = sorted(set(dates))
    last_year = [d for d in documents if in_last_year(d.date, as_of)]
    leads = [lead for lead in history.leads if lead.created <= as_of]
    quotations = [q for q in history.quotations if q.created <= as_of]
    manual = history.manual_stage if history.manual_stage else None
    manual = manual if manual and manual.holds(as_of) else None
    left = history.left if history.left and history.left.holds(as_of) else None

    changes = [d.date for d in history.documents if d.date > as_of]
    changes += [d.date + relativedelta(years=1) for d in last_year]
    changes += [lead.created for lead in history.leads if lead.created > as_of]
    changes += [offer.created for offer in history.quotations if offer.created > as_of]
    for value in (history.manual_stage, history.left):
        if value:
            changes.append(value.start)
            if value.until:
                changes.append(value.until + timedelta(days=1))

    active_until = None
    if days:
        limit = active_limit(days, thresholds)
        active_until = days[-1] + timedelta(days=limit)
        changes.append(active_until + timedelta(days=1))

    opportunities = [lead for lead in leads if lead.is_opportunity]
    is_open, lost_dates = False, []
    for lead in opportunities:
        if lead.state == "open" or (lead.state == "lost" and lead.closed > as_of):
            is_open = True
        elif lead.state == "lost":
            lost_dates.append(lead.closed)
    for quotation in quotations:
        lost = quotation.cancelled or quotation.expires
        # An offer expires after its last day; a cancellation counts at once.
        gone = lost and (lost <= as_of if quotation.cancelled else lost < as_of)
        if gone:
            lost_dates.append(lost)
        else:
            is_open = True
            if lost:
                changes.append(lost if quotation.cancelled else lost + timedelta(1))
    forgotten = None
    if lost_dates:
        forgotten = max(lost_dates) + relativedelta(months=thresholds.prospect_months)
        changes.append(forgotten)
    changes += [lead.closed for lead in leads if lead.closed and lead.closed > as_of]

    if left:
        phase = "former"
    elif days:
        phase = "active" if as_of <= active_until else "former"
    elif opportunities or quotations:
        phase = "responder"
    else:
        phase = "prospect"

    unsuitable = bool(leads) and all(
        lead.state == "lost" and lead.closed <= as_of and lead.unsuitable
        for lead in leads
    )
    if manual and manual.value == "partner":
        stage = "partner"
    elif (manual and manual.value == "disqualified") or (not dates and unsuitable):
        stage = "disqualified"
    elif manual and manual.value == "advocate":
        stage = "advocate"
    elif len(dates) >= thresholds.regular_purchases and phase == "active":
        stage = "regular"
    elif len(dates) >= 2:
        stage = "repeat"
    elif dates:
        stage = "first_time"
    elif is_open or (forgotten and as_of < forgotten):
        stage = "prospect"
    else:
        stage = "suspect"

    return Profile(
        stage=stage,
        phase=phase,
        purchase_count=len(dates),
        purchase_days=len(days),
        first_purchase_date=days[0] if days else None,
        last_purchase_date=days[-1] if days else None,
        active_until=active_until,
        net_revenue=sum((d.amount for d in documents), Decimal(0)),
        net_revenue_12m=sum((d.amount for d in last_year), Decimal(0)),
        margin_12m=sum((d.amount - d.cost for d in last_year), Decimal(0)),
        next_change_date=min((day for day in changes if day > as_of), default=None),
    )
