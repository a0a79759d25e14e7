"""Marked refresh = full refresh = plain Python, on random histories.

CRM_EXAMPLES sets the number of histories.
"""

import os
from datetime import date, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import tagged

from odoo.addons.crm_loyalty import lifecycle
from odoo.addons.crm_loyalty.tests import common

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "12")),
    derandomize=True,
    database=None,
    deadline=None,
)
FIGURES = (
    "stage",
    "phase",
    "purchase_count",
    "purchase_days",
    "first_purchase_date",
    "last_purchase_date",
    "active_until",
    "net_revenue",
    "net_revenue_12m",
    "margin_12m",
    "next_change_date",
)
KINDS = (
    "invoice",
    "euro",
    "import",
    "credit",
    "reset",
    "repost",
    "lead",
    "lose",
    "offer",
)
MORE = ("cancel", "company", "merge", "parent", "cost", "by_hand")
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS + MORE),
        st.integers(0, 2),  # which contact
        st.integers(0, 800),  # days ago
        st.integers(1, 4),  # amount in hundreds
        st.booleans(),  # in the other company
    ),
    min_size=2,
    max_size=12,
)


@tagged("post_install", "-at_install")
class TestRefreshOracle(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.euro = cls.setup_other_currency("EUR")
        cls.companies = cls.company | cls.other_company

    @EXAMPLES
    @given(steps)
    def test_every_way_gives_the_row_of_the_rules(self, history):
        with self.env.cr.savepoint() as savepoint:
            self._check(history)
            savepoint.rollback()
        self.env.invalidate_all(flush=False)

    def _check(self, history):
        self.partners = self.env["res.partner"].create(
            [{"name": str(n), "is_company": n == 0} for n in range(3)]
        )
        self.moves = self.env["account.move"]
        self.leads = self.env["crm.lead"]
        self.orders = self.env["sale.order"]
        # One pass on the way, so that there are rows to change, join and delete.
        for number, step in enumerate(history):
            self._apply(*step)
            if number == len(history) // 2:
                self._refresh_marked()
        self._refresh_marked()
        partners = self.partners.exists()
        for company in self.companies:
            customers = self.env["crm.customer"].with_company(company)
            self.assertEqual(customers._refresh(), 0)
            for partner in partners:
                self._assert_equals_rules(partner, company)

    def _apply(self, kind, contact, days, amount, elsewhere):
        partner = self.partners.exists()
        partner = partner[contact % len(partner)]
        company = self.other_company if elsewhere else self.company
        day = self.today - timedelta(days=days)
        moves = self.moves.filtered(lambda m: m.move_type == "out_invoice")
        posted = moves.filtered(lambda m: m.state == "posted")
        if kind in ("invoice", "euro"):
            values = {"currency_id": self.euro.id} if kind == "euro" else {}
            self.moves |= self._invoice(partner, day, amount * 100, company, **values)
        elif kind == "import":
            self._purchase(partner, day, amount * 100, amount * 10, company)
        elif kind == "credit" and posted:
            self.moves |= self._credit(posted[-1], self.today, amount * 50)
        elif kind == "reset" and posted:
            posted[0].button_draft()
        elif kind == "repost":
            moves.filtered(lambda m: m.state == "draft").action_post()
        elif kind == "cost":
            self.product.standard_price = amount * 7
        else:
            self._apply_other(kind, partner, company, day, amount)

    def _apply_other(self, kind, partner, company, day, amount):
        if kind in ("lead", "lose"):
            values = {"name": "L", "partner_id": partner.id, "company_id": company.id}
            values["type"] = "opportunity" if amount > 2 else "lead"
            lead = self.env["crm.lead"].create(values)
            self.leads |= lead
            if kind == "lose":
                lead.action_set_lost()
        elif kind == "offer":
            self.orders |= self._order(partner, confirm=False)
            self.orders[-1].validity_date = day + timedelta(days=400)
        elif kind == "cancel" and self.orders:
            self.orders[0].write({"state": "cancel", "date_order": day})
        elif kind == "company":
            partner.is_company = not partner.is_company
        elif kind == "parent" and partner != self.partners[0]:
            partner.parent_id = self.partners[0]
        elif kind == "merge" and partner == self.partners[2]:
            pair = partner | self.partners[1]
            if not pair.parent_id:
                self.env["base.partner.merge.automatic.wizard"]._merge(
                    pair.ids, self.partners[1]
                )
        elif kind == "by_hand":
            self._refresh_marked()
            self._customer(partner, company).write(
                {"manual_stage": "advocate", "manual_stage_reason": "Praise"}
            )

    # -- the rules, from the documents themselves
    def _assert_equals_rules(self, partner, company):
        customer = self._customer(partner, company)
        if partner.commercial_partner_id != partner:
            self.assertFalse(customer)
            return
        history = self._history(partner, company, customer)
        facts = history.documents or history.leads or history.quotations
        if facts or customer:
            self.assertEqual(len(customer), 1)
            wanted = lifecycle.classify(history, company._crm_thresholds(), self.today)
            found = {name: customer[name] or None for name in FIGURES}
            for name in FIGURES:
                value = getattr(wanted, name) or None
                if isinstance(value, Decimal):
                    self.assertAlmostEqual(found[name] or 0, float(value), 2, name)
                else:
                    self.assertEqual(found[name], value, name)

    def _history(self, partner, company, customer):
        domain = [("company_id", "=", company.id)]
        inside = [("partner_id.commercial_partner_id", "=", partner.id), *domain]
        costs = self.env["crm.customer.purchase"].search(domain)
        cost = {row.move_id: row.cost for row in costs if row.move_id}
        moves = self.env["account.move"].search(
            [
                ("state", "=", "posted"),
                ("move_type", "in", ("out_invoice", "out_refund")),
                ("commercial_partner_id.commercial_partner_id", "=", partner.id),
                *domain,
            ]
        )
        documents = [
            lifecycle.Document(
                move.id,
                move.invoice_date,
                Decimal(str(move.amount_untaxed_signed)),
                Decimal(str(cost[move])),
                reverses=move.reversed_entry_id.id or None,
                document_amount=Decimal(
                    str(-move.direction_sign * move.amount_untaxed)
                ),
                currency=move.currency_id.id,
            )
            for move in moves
        ]
        documents += [
            lifecycle.Document(
                f"import {row.id}",
                row.date,
                Decimal(str(row.amount)),
                Decimal(str(row.cost)),
            )
            for row in costs
            if not row.move_id and row.contact_id.commercial_partner_id == partner
        ]
        leads = self.env["crm.lead"].with_context(active_test=False).search(inside)
        manual = customer.manual_stage and lifecycle.Manual(
            customer.manual_stage, customer.manual_stage_date
        )
        return lifecycle.History(
            documents,
            [self._lead(lead) for lead in leads],
            [self._offer(order) for order in self.env["sale.order"].search(inside)],
            manual or None,
        )

    def _lead(self, lead):
        state = "lost" if lead.won_status == "lost" else "open"
        closed = self._day_of(lead.date_closed) if state == "lost" else None
        created = self._day_of(lead.create_date)
        return lifecycle.Lead(created, lead.type == "opportunity", state, closed)

    def _offer(self, order):
        created = self._day_of(order.create_date)
        if order.state == "cancel":
            return lifecycle.Quotation(created, self._day_of(order.date_order))
        return lifecycle.Quotation(created, expires=order.validity_date or None)

    def _day_of(self, moment: datetime) -> date:
        """The test companies live in UTC."""
        return moment.date()
