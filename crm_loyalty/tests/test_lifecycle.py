"""The rules of the life cycle as plain Python: examples, and the daily pass."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_loyalty import lifecycle
from odoo.addons.crm_loyalty.lifecycle import (
    Document,
    History,
    Lead,
    Manual,
    Quotation,
    Thresholds,
)

TODAY = date(2026, 6, 15)
T = Thresholds()
EXAMPLES = settings(max_examples=200, derandomize=True, database=None, deadline=None)


def ago(days):
    return TODAY - timedelta(days=days)


def sale(key, day, amount=100, **values):
    values.setdefault("document_amount", Decimal(amount))
    return Document(key, day, Decimal(amount), currency="EUR", **values)


def classify(documents=(), as_of=TODAY, thresholds=T, **parts):
    history = History(documents=list(documents), **parts)
    return lifecycle.classify(history, thresholds, as_of)


days = st.integers(-800, 800).map(ago)


@st.composite
def manuals(draw, values):
    start = draw(days)
    length = draw(st.none() | st.integers(0, 400))
    until = None if length is None else start + timedelta(days=length)
    return Manual(draw(st.sampled_from(values)), start, until)


@st.composite
def histories(draw):
    documents = []
    for key in range(draw(st.integers(0, 6))):
        invoices = [d.key for d in documents if d.reverses is None]
        reverses = draw(st.none() | st.sampled_from(invoices)) if invoices else None
        amount = draw(st.integers(0, 3)) * (100 if reverses is None else -100)
        documents.append(
            sale(
                key,
                draw(days),
                amount,
                order=draw(st.none() | st.integers(1, 2)),
                is_deposit=draw(st.booleans()),
                reverses=reverses,
            )
        )
    leads = []
    for state in draw(
        st.lists(st.sampled_from(["open", "lost", "shelved"]), max_size=3)
    ):
        created = draw(days)
        closed = created + timedelta(days=draw(st.integers(0, 500)))
        leads.append(
            Lead(
                created,
                draw(st.booleans()),
                state,
                closed if state == "lost" else None,
                draw(st.booleans()),
            )
        )
    quotations = []
    for kind in draw(
        st.lists(st.sampled_from(["", "cancelled", "expires"]), max_size=3)
    ):
        created = draw(days)
        end = created + timedelta(days=draw(st.integers(0, 500)))
        quotations.append(Quotation(created, **({kind: end} if kind else {})))
    stages = ["disqualified", "advocate", "partner"]
    invoices = [d.key for d in documents if d.reverses is None]
    elsewhere = st.builds(
        lambda reverses, day, hundreds: sale(
            ("elsewhere", day), day, hundreds * -100, reverses=reverses
        ),
        st.sampled_from(invoices) if invoices else st.none(),
        days,
        st.integers(1, 3),
    )
    return History(
        documents,
        leads,
        quotations,
        draw(st.none() | manuals(stages)),
        draw(st.none() | manuals(["left"])),
        draw(st.lists(elsewhere, max_size=2)),
        draw(st.lists(days, max_size=2)),
    )


@tagged("post_install", "-at_install")
class TestLifecycle(BaseCase):
    def test_limit_of_one_purchase(self):
        self.assertEqual(lifecycle.active_limit([ago(0)], T), 365)
        last = classify([sale(1, ago(365))])
        self.assertEqual((last.stage, last.phase), ("first_time", "active"))
        self.assertEqual(last.active_until, TODAY)
        self.assertEqual(classify([sale(1, ago(366))]).phase, "former")

    def test_limit_of_the_longest_gap(self):
        self.assertEqual(lifecycle.active_limit([ago(400), ago(0)], T), 600)
        self.assertEqual(lifecycle.active_limit([ago(401), ago(0)], T), 601)
        self.assertEqual(lifecycle.active_limit([ago(100), ago(0)], T), 365)

    def test_limit_of_the_rhythm(self):
        def limit(*gaps):
            day, dates = ago(3000), [ago(3000)]
            for gap in gaps:
                day += timedelta(days=gap)
                dates.append(day)
            return lifecycle.active_limit(dates, T)

        self.assertEqual(limit(5, 20, 400), 60)
        self.assertEqual(limit(5, 20, 21, 400), 61)  # 3 x 20.5, days are whole
        self.assertEqual(limit(1, 1, 1), 30)
        self.assertEqual(limit(300, 300, 300), 730)

    def test_stages_by_count(self):
        documents = [sale(n, ago(100 - n)) for n in range(4)]
        for count, stage in enumerate(["suspect", "first_time", "repeat", "repeat"]):
            self.assertEqual(classify(documents[:count]).stage, stage)
        # The rhythm is one day, the window thirty: then no longer regular.
        self.assertEqual(classify(documents, as_of=ago(67)).stage, "regular")
        self.assertEqual(classify(documents, as_of=ago(66)).stage, "repeat")

    def test_many_purchases_on_one_day_have_no_rhythm(self):
        profile = classify([sale(n, ago(200)) for n in range(5)])
        self.assertEqual((profile.purchase_count, profile.purchase_days), (5, 1))
        self.assertEqual(profile.stage, "regular")

    def test_order_counts_once_from_its_first_full_invoice(self):
        documents = [
            sale(1, ago(30), order=7, is_deposit=True),
            sale(2, ago(20), order=7),
            sale(3, ago(10), order=7),
        ]
        profile = classify(documents)
        self.assertEqual(profile.purchase_count, 1)
        self.assertEqual(profile.last_purchase_date, ago(20))
        self.assertEqual(classify(documents[:1]).last_purchase_date, ago(30))

    def test_credit_notes(self):
        invoice = sale(1, ago(30))
        part = sale(2, ago(20), -60, reverses=1)
        rest = sale(3, ago(10), -40, reverses=1)
        profile = classify([invoice, part])
        self.assertEqual((profile.purchase_count, profile.net_revenue), (1, 40))
        profile = classify([invoice, part, rest])
        self.assertEqual((profile.purchase_count, profile.net_revenue), (0, 0))
        self.assertEqual(profile.stage, "suspect")
        # As of the day before the last credit note it still counted.
        self.assertEqual(classify([invoice, part, rest], ago(11)).purchase_count, 1)

    def test_credit_notes_of_another_customer(self):
        invoice = sale(1, ago(30))
        notes = [
            sale(2, ago(-5), -60, reverses=1),
            sale(3, ago(-9), -40, reverses=1),
        ]
        before = classify([invoice], credits_elsewhere=notes)
        self.assertEqual((before.purchase_count, before.net_revenue), (1, 100))
        # Nothing of this customer changes by the first one.
        self.assertEqual(before.next_change_date, ago(-9))
        eve, day = (
            classify([invoice], ago(offset), credits_elsewhere=notes)
            for offset in (-8, -9)
        )
        self.assertEqual((eve.purchase_count, day.purchase_count), (1, 0))
        self.assertEqual(day.net_revenue, 100)

    def test_credit_note_is_compared_in_the_currency_of_the_invoice(self):
        invoice = sale(1, ago(30), 100, document_amount=Decimal(200))
        # Reversed in full at another rate: 200 of the document, 90 of the company.
        credit = sale(2, ago(20), -90, document_amount=Decimal(-200), reverses=1)
        self.assertEqual(classify([invoice, credit]).purchase_count, 0)
        credit.currency = "USD"
        self.assertEqual(classify([invoice, credit]).purchase_count, 1)

    def test_twelve_months_around_29_february(self):
        leap = date(2024, 2, 29)
        self.assertTrue(lifecycle.in_last_year(leap, date(2025, 2, 27)))
        self.assertFalse(lifecycle.in_last_year(leap, date(2025, 2, 28)))
        self.assertTrue(lifecycle.in_last_year(date(2023, 3, 1), leap))
        profile = classify([sale(1, leap)], as_of=leap)
        self.assertEqual(profile.next_change_date, date(2025, 2, 28))

    def test_margin_is_of_the_last_year(self):
        old = sale(1, ago(400), 50, cost=Decimal(10))
        new = sale(2, ago(10), 80, cost=Decimal(30))
        profile = classify([old, new])
        self.assertEqual(profile.net_revenue, 130)
        self.assertEqual(profile.net_revenue_12m, 80)
        self.assertEqual(profile.margin_12m, 50)

    def test_manual_values_hold_on_both_ends(self):
        manual = Manual("partner", ago(10), ago(0))
        for as_of, stage in [
            (ago(11), "suspect"),
            (ago(10), "partner"),
            (ago(0), "partner"),
            (ago(-1), "suspect"),
        ]:
            self.assertEqual(classify(as_of=as_of, manual_stage=manual).stage, stage)
        left = Manual("left", ago(5))
        profile = classify([sale(1, ago(8))], left=left)
        self.assertEqual((profile.stage, profile.phase), ("first_time", "former"))

    def test_lost_offer_is_remembered_for_its_months(self):
        lost = Lead(date(2025, 1, 1), True, "lost", date(2025, 6, 16))
        profile = classify(leads=[lost])
        self.assertEqual((profile.stage, profile.phase), ("prospect", "responder"))
        self.assertEqual(profile.next_change_date, date(2026, 6, 16))
        self.assertEqual(classify(as_of=ago(-1), leads=[lost]).stage, "suspect")

    def test_quotation_is_open_through_its_last_day(self):
        months = replace(T, prospect_months=0)
        offer = Quotation(ago(50), expires=TODAY)
        stage = {
            day: classify(as_of=day, quotations=[offer], thresholds=months).stage
            for day in (TODAY, ago(-1))
        }
        self.assertEqual(stage, {TODAY: "prospect", ago(-1): "suspect"})

    def test_disqualified_only_when_all_leads_are_unsuitable(self):
        bad = Lead(ago(50), False, "lost", ago(40), True)
        good = Lead(ago(50), False, "lost", ago(40), False)
        self.assertEqual(classify(leads=[bad]).stage, "disqualified")
        self.assertEqual(classify(leads=[bad, good]).stage, "suspect")
        bought = [sale(1, ago(3))]
        self.assertEqual(classify(bought, leads=[bad]).stage, "first_time")

    @EXAMPLES
    @given(histories(), st.sampled_from([T, replace(T, prospect_months=0)]))
    def test_nothing_changes_before_next_change_date(self, history, thresholds):
        """What makes the daily pass right: until then every day gives the same."""
        now = lifecycle.classify(history, thresholds, TODAY)
        end = now.next_change_date or ago(-1500)
        self.assertGreater(end, TODAY)
        for offset in range(1, (end - TODAY).days):
            later = lifecycle.classify(history, thresholds, ago(-offset))
            self.assertEqual(later, now, ago(-offset))
