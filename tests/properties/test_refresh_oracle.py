"""Marked refresh = full refresh = plain Python, on random histories.

The plain rules get documents, leads and offers as Odoo holds them; costs, the customers
that must be there, and days in a company's time zone are worked out here, without SQL.
CRM_EXAMPLES sets the number of histories. With CRM_SHRINK=1 one that fails is made
shorter, which takes minutes.
"""

import os
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty import attribution, lifecycle
from odoo.addons.crm_loyalty.tests import common

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "100")),
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate, *([Phase.shrink] if os.environ.get("CRM_SHRINK") else [])],
)
FIGURES = (
    "stage",
    "phase",
    "purchase_count",
    "purchase_days",
    "first_purchase_date",
    "second_purchase_date",
    "last_purchase_date",
    "active_until",
    "net_revenue",
    "net_revenue_12m",
    "margin_12m",
    "rewarded_referrals",
    "next_change_date",
)
SALES = ("out_invoice", "out_receipt", "out_refund")
# Every kind of step, in an order in which each can be taken once.
KINDS = (
    "invoice",
    "receipt",
    "euro",
    "import",
    "cost",
    "credit",
    "credit_all",
    "reset",
    "repost",
    "back_date",
    "credit_to_another",
    "order",
    "euro_order",
    "deposit",
    "part",
    "rest",
    "lead",
    "opportunity",
    "homeless_lead",
    "touch",
    "answered_order",
    "channel",
    "told",
    "forget",
    "half_life",
    "lose",
    "lose_unsuitable",
    "shelve",
    "reason",
    "restore",
    "win",
    "offer",
    "cancel",
    "salesperson",
    "vendor",
    "company",
    "parent",
    "by_hand",
    "left",
    "merge",
    "home",
    "portal_user",
    "employee",
    "own_company",
    "reward",
)
# Of these most figures come, and each needs another one before it to matter.
DOCUMENTS = ("invoice", "euro", "cost", "credit", "credit_to_another", "parent")
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS) | st.sampled_from(DOCUMENTS),
        st.integers(0, 4),  # which contact
        st.integers(0, 800),  # days ago
        st.integers(1, 4),  # amount in hundreds
        st.booleans(),  # in the other company
    ),
    min_size=3,
    max_size=16,
)


@tagged("post_install", "-at_install")
class TestRefreshOracle(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.euro = cls.setup_other_currency("EUR")
        cls.euro_prices = cls.env["product.pricelist"].create(
            {"name": "Euro", "currency_id": cls.euro.id, "company_id": False}
        )
        cls.product.invoice_policy = "order"
        cls.reason = cls.env["crm.lost.reason"].create({"name": "No budget"})
        cls.unsuitable = cls.env["crm.lost.reason"].create(
            {"name": "No need", "is_unsuitable": True}
        )
        cls.won = cls.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        cls.other_salesperson = cls._user(
            "oracle_elsewhere", "sales_team.group_sale_salesman", cls.other_company
        )
        # Most of the time it is another day there.
        cls.other_company.resource_calendar_id.tz = "Pacific/Kiritimati"
        cls.first_company = cls.env["res.company"].search([], order="id", limit=1)
        cls.channels = cls.env["crm.acquisition.channel"].create(
            [{"name": name} for name in ("Exhibition", "Advertising", "Referral")]
        )

    @EXAMPLES
    @given(steps)
    def test_every_way_gives_the_row_of_the_rules(self, history):
        with self.env.cr.savepoint() as savepoint:
            self._begin()
            # One pass on the way, so that there are rows to change, join and delete.
            for number, step in enumerate(history):
                self._try(*step)
                if number == len(history) // 2:
                    self._refresh_marked()
            self._check()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)

    def test_every_kind_of_step_can_be_taken(self):
        """Else the property would prove less than it seems to."""
        for elsewhere in (False, True):
            with self.env.cr.savepoint() as savepoint:
                self._begin()
                contacts = iter(range(1000))
                for kind in KINDS:
                    with self.subTest(kind, elsewhere=elsewhere):
                        turns = (
                            self._try(kind, next(contacts), 40, 3, elsewhere)
                            for _ in self.partners
                        )
                        self.assertTrue(any(turns), "cannot be taken")
                        self._check()
                savepoint.rollback()
            self.env.invalidate_all(flush=False)

    # -- histories
    def _begin(self):
        holding, *others = self.env["res.partner"].create(
            [
                {"name": "Holding", "is_company": True},
                {"name": "Shared"},
                {"name": "Sold by one", "user_id": self.salesperson.id},
                {"name": "At home", "company_id": self.company.id},
            ]
        )
        below = self.env["res.partner"].create(
            {"name": "Below", "parent_id": holding.id}
        )
        self.partners = holding.union(*others, below)
        self.moves = self.env["account.move"]
        self.leads = self.env["crm.lead"]
        self.orders = self.env["sale.order"]
        # Worked out when documents are posted and order lines made.
        self.costs = {}
        self.unit_costs = {}
        self.order_costs = {}

    def _try(self, kind, contact, days, amount, elsewhere):
        """Take one step; return whether it could be taken."""
        partners = self.partners.exists()
        partner = partners[contact % len(partners)]
        company = self.other_company if elsewhere else self.company
        step = getattr(self, f"_step_{kind}")
        try:
            with self.env.cr.savepoint():
                day = self.today - timedelta(days=days)
                return bool(step(partner.with_company(company), company, day, amount))
        except UserError:
            # Odoo refuses it: the contact has another company, is a user, ...
            self.env.invalidate_all(flush=False)
            return False

    def _of(self, records, company, **values):
        records = records.exists().filtered(lambda r: r.company_id == company)
        for name, value in values.items():
            records = records.filtered(lambda r, n=name, v=value: r[n] == v)
        return records

    def _post(self, moves):
        """Post, and note what the goods cost just now."""
        for move in moves:
            move.action_post()
            self.moves |= move
            self._note_costs(move)
        return moves

    def _note_costs(self, move):
        origin = move.reversed_entry_id
        units = {}
        cost = Decimal(0)
        for line in move.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        ):
            order_line = line.sale_line_ids.sorted("id")[:1]
            unit = Decimal(
                str(line.product_id.with_company(move.company_id).standard_price)
            )
            if order_line:
                # What a deposit is for costs when it is delivered.
                unit = self.order_costs.get(order_line.id, Decimal(0))
            if origin.state == "posted":
                unit = self.unit_costs[origin.id].get(line.product_id.id, unit)
            units[line.product_id.id] = unit
            cost += unit * Decimal(str(line.quantity))
        self.costs[move.id] = -cost if move.move_type == "out_refund" else cost
        self.unit_costs[move.id] = units

    def _step_invoice(self, partner, company, day, amount, **values):
        return self._post(
            self._invoice(partner, day, amount * 100, company, post=False, **values)
        )

    def _step_receipt(self, *step):
        return self._step_invoice(*step, move_type="out_receipt")

    def _step_euro(self, *step):
        return self._step_invoice(*step, currency_id=self.euro.id)

    def _step_import(self, partner, company, day, amount):
        return self._purchase(partner, day, amount * 100, amount * 10, company)

    def _step_cost(self, partner, company, day, amount):
        self.product.with_company(company).standard_price = amount * 7
        return True

    def _step_credit(self, partner, company, day, amount):
        [origin] = self._of(
            self.moves, company, state="posted", move_type="out_invoice"
        )[-1:] or [None]
        return origin and self._credit_of(origin, amount * 50)

    def _step_credit_all(self, partner, company, day, amount):
        origin = self._of(self.moves, company, state="posted", move_type="out_invoice")
        return origin and self._credit_of(origin[-1], None)

    def _step_credit_to_another(self, partner, company, day, amount):
        """Some of it or all, today or on a day soon to come: the next to matter."""
        origin = self._of(
            self.moves, company, state="posted", move_type="out_invoice"
        ).filtered(lambda m: m.commercial_partner_id != partner.commercial_partner_id)
        return origin and self._credit_of(
            origin[-1],
            None if amount > 2 else amount * 50,
            self.today + timedelta(days=(self.today - day).days % 30),
            partner,
        )

    def _credit_of(self, origin, amount, day=None, partner=None):
        day = day or self.today
        credit = origin._reverse_moves([{"invoice_date": day, "date": day}])
        credit.partner_id = partner or origin.partner_id
        # The first line alone: an order's other ones take a deposit back.
        if amount is not None:
            credit.invoice_line_ids[:1].price_unit = amount
        return self._post(credit)

    def _step_reset(self, partner, company, day, amount):
        move = self._of(self.moves, company, state="posted")[:1]
        move.button_draft()
        return move

    def _step_repost(self, partner, company, day, amount):
        return self._post(self._of(self.moves, company, state="draft"))

    def _step_back_date(self, partner, company, day, amount):
        move = self._of(self.moves, company, state="posted")[-1:]
        move.button_draft()
        move.write({"invoice_date": day, "date": day})
        return self._post(move)

    # orders
    def _step_order(self, partner, company, day, amount, **values):
        order = self._offer_to(partner, company, **values)
        order.action_confirm()
        return order

    def _step_euro_order(self, *step):
        return self._step_order(*step, pricelist_id=self.euro_prices.id)

    def _offer_to(self, partner, company, **values):
        line = {
            "product_id": self.product.id,
            "product_uom_qty": 2,
            "price_unit": 100,
            "tax_ids": [],
        }
        order = (
            self.env["sale.order"]
            .with_company(company)
            .create(
                {
                    "partner_id": partner.id,
                    "company_id": company.id,
                    "order_line": [Command.create(line)],
                    **values,
                }
            )
        )
        cost = self.product.with_company(company).standard_price
        self.order_costs[order.order_line.id] = Decimal(str(cost))
        self.orders |= order
        return order

    def _step_deposit(self, partner, company, day, amount):
        order = self._of(self.orders, company, state="sale")[-1:]
        if not order:
            return False
        wizard = self.env["sale.advance.payment.inv"].with_company(company)
        wizard = wizard.create(
            {
                "advance_payment_method": "percentage",
                "amount": 30,
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        return self._post_of(wizard._create_invoices(order), day)

    def _step_part(self, partner, company, day, amount):
        order = self._of(self.orders, company, state="sale")[-1:]
        if not order:
            return False
        invoice = order._create_invoices(final=False)
        invoice.invoice_line_ids[:1].quantity = 1
        return self._post_of(invoice, day)

    def _step_rest(self, partner, company, day, amount):
        order = self._of(self.orders, company, state="sale")[-1:]
        return order and self._post_of(order._create_invoices(final=True), day)

    def _post_of(self, invoices, day):
        invoices.invoice_date = day
        return self._post(invoices)

    # leads and offers
    def _step_opportunity(self, partner, company, day, amount, **values):
        values = {
            "name": "Deal",
            "type": "opportunity",
            "partner_id": partner.id,
            "company_id": company.id,
            **values,
        }
        self.leads |= self.env["crm.lead"].create(values)
        return self.leads[-1]

    def _step_lead(self, *step):
        return self._step_opportunity(*step, type="lead")

    def _step_homeless_lead(self, *step):
        nobodys = {"company_id": False, "user_id": False, "team_id": False}
        return self._step_opportunity(*step, **nobodys)

    # touches
    def _step_touch(self, partner, company, day, amount, **values):
        """A lead by a channel, of that day; Odoo itself knows today alone."""
        channel = self.channels[amount % 3]
        lead = self._step_opportunity(
            partner, company, day, amount, acquisition_channel_id=channel.id, **values
        )
        self._came_on(lead, day)
        return lead

    def _step_answered_order(self, partner, company, day, amount):
        """An order of the last opportunity, which is its touch; or one of its own."""
        lead = self._of(self.leads, company)[-1:]
        channel = {} if lead else {"acquisition_channel_id": self.channels[0].id}
        order = self._offer_to(partner, company, opportunity_id=lead.id, **channel)
        self._came_on(order, day)
        return order

    def _came_on(self, document, day):
        document.flush_recordset()
        moment = datetime.combine(day, time(22, 0))
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = %s",
                SQL.identifier(document._table),
                moment,
                document.id,
            )
        )
        document.invalidate_recordset(["create_date"])
        self.env["res.partner"]._acquire(document.partner_id.ids)

    def _step_channel(self, partner, company, day, amount):
        lead = self._of(self.leads, company)[-1:]
        lead.acquisition_channel_id = self.channels[amount % 3]
        return lead

    def _step_told(self, partner, company, day, amount):
        return partner.commercial_partner_id.write(
            {
                "acquisition_channel_id": self.channels[amount % 3].id,
                "acquisition_date": day,
            }
        )

    def _step_forget(self, partner, company, day, amount):
        """Delete the first lead, or ask the touches again how the contact came."""
        if amount > 2:
            return partner.commercial_partner_id.write(
                {"acquisition_channel_id": False}
            )
        lead = self._of(self.leads, company)[:1]
        return bool(lead) and lead.unlink()

    def _step_half_life(self, partner, company, day, amount):
        company.crm_attribution_half_life = amount * 20
        return True

    def _open_leads(self):
        return self.leads.exists().filtered(lambda lead: lead.active)

    def _step_lose(self, partner, company, day, amount, reason=None):
        lead = self._open_leads()[:1]
        reason = reason or self.reason
        lead.action_set_lost(lost_reason_id=reason.id)
        if amount > 2:
            lead.date_closed = datetime.combine(day, time(22, 30))
        return lead

    def _step_lose_unsuitable(self, *step):
        return self._step_lose(*step, reason=self.unsuitable)

    def _step_reason(self, partner, company, day, amount):
        self.reason.is_unsuitable = not self.reason.is_unsuitable
        return True

    def _step_win(self, partner, company, day, amount):
        lead = self._open_leads()[-1:]
        lead.action_set_won()
        return lead

    def _step_shelve(self, partner, company, day, amount):
        lead = self._open_leads()[-1:]
        lead.write({"active": False, "probability": 20})
        return lead

    def _step_restore(self, partner, company, day, amount):
        lead = (self.leads.exists() - self._open_leads())[:1]
        lead.action_unarchive()
        return lead

    def _step_offer(self, partner, company, day, amount):
        order = self._offer_to(partner, company)
        order.validity_date = day + timedelta(days=400)
        return order

    def _step_cancel(self, partner, company, day, amount):
        order = self._of(self.orders, company)[:1]
        order.write({"state": "cancel", "date_order": day})
        return order

    # contacts
    def _step_salesperson(self, partner, company, day, amount):
        users = {1: False, 2: self.salesperson.id, 3: self.other_salesperson.id}
        partner.user_id = users.get(amount, False)
        return partner.user_id

    def _step_vendor(self, partner, company, day, amount):
        partner.supplier_rank += 1
        return True

    def _step_company(self, partner, company, day, amount):
        partner.is_company = not partner.is_company
        return True

    def _step_parent(self, partner, company, day, amount):
        parent = self.partners.exists()[amount % 4]
        if self._own(partner):
            return False
        if partner.parent_id:
            partner.parent_id = False
        elif parent != partner:
            partner.parent_id = parent
        return True

    def _step_merge(self, partner, company, day, amount):
        pair = partner | self.partners.exists()[amount % 4]
        if len(pair) < 2 or pair.user_ids or self._own(pair):
            return False
        self.env["base.partner.merge.automatic.wizard"]._merge(pair.ids, pair[1])
        return True

    def _step_home(self, partner, company, day, amount):
        partner.company_id = False if partner.company_id else company
        return True

    def _step_portal_user(self, partner, company, day, amount):
        return self._make_user(partner, company, "base.group_portal")

    def _step_employee(self, partner, company, day, amount):
        return self._make_user(partner, company, "base.group_user")

    def _make_user(self, partner, company, group):
        if partner.user_ids:
            return False
        return self.env["res.users"].create(
            {
                "login": f"oracle_{partner.id}",
                "partner_id": partner.id,
                "company_id": company.id,
                "company_ids": [Command.set(company.ids)],
                "group_ids": [Command.set(self.env.ref(group).ids)],
            }
        )

    def _step_own_company(self, partner, company, day, amount):
        # One that stops being ours gets its purchases at the cost of that day.
        if partner.parent_id or partner.child_ids or self._own(self.partners.exists()):
            return False
        company.partner_id = partner
        return True

    def _step_by_hand(self, partner, company, day, amount):
        return self._set_by_hand(
            partner,
            company,
            {"manual_stage": "advocate", "manual_stage_reason": "Praise"},
        )

    def _step_reward(self, partner, company, day, amount):
        """One who brought a friend is rewarded for it, or the reward taken back."""
        friend = self.partners.exists()[amount % 4].commercial_partner_id
        known = self.env["crm.referral"].search(
            [("friend_id", "=", friend.id), ("company_id", "=", company.id)]
        )
        values = {
            "referrer_id": partner.id,
            "state": "taken_back" if known.state == "rewarded" else "rewarded",
            "rewarded_date": day,
        }
        if known:
            return known.write(values)
        return self.env["crm.referral"].create(
            {
                "friend_id": friend.id,
                "company_id": company.id,
                "date": fields.Datetime.now(),
                **values,
            }
        )

    def _step_left(self, partner, company, day, amount):
        until = self.today + timedelta(days=90) if amount > 2 else False
        return self._set_by_hand(
            partner,
            company,
            {"left_date": day, "left_until": until, "left_reason": "Says so"},
        )

    def _set_by_hand(self, partner, company, values):
        self._refresh_marked()
        customer = self._customer(partner.commercial_partner_id, company)
        return customer and customer.write(values)

    # -- the rules, from the documents themselves
    def _check(self):
        self._refresh_marked()
        companies = self.env["res.company"].search([])
        for company in companies:
            customers = self.env["crm.customer"].with_company(company)
            self.assertEqual(customers._refresh(), 0)
        for partner in self.partners.exists():
            for company in companies:
                self._assert_equals_rules(partner, company)

    def _assert_equals_rules(self, partner, company):
        customer = self._customer(partner, company)
        history = self._history(partner, company, customer)
        is_due = self._is_due(partner, company, customer, history)
        self.assertEqual(len(customer), is_due, (partner.name, company.name))
        if not is_due:
            return
        today = datetime.now(self._zone(company)).date()
        wanted = lifecycle.classify(history, company._crm_thresholds(), today)
        for name in FIGURES:
            value = getattr(wanted, name) or None
            if isinstance(value, Decimal):
                self.assertAlmostEqual(customer[name], float(value), 2, name)
            else:
                self.assertEqual(customer[name] or None, value, name)

        self._assert_equals_attribution(customer, partner, company, wanted)

    def _assert_equals_attribution(self, customer, partner, company, profile):
        touches = self._touches(customer, partner, company)
        path = attribution.path(touches, profile.first_purchase_date)
        rows = customer.touch_ids.sorted("place")
        self.assertEqual(
            [(row.channel_id, row.date) for row in rows],
            [(t.channel, t.date) for t in attribution.in_order(touches)],
        )
        self.assertEqual(rows.mapped("place"), list(range(1, len(rows) + 1)))
        on_path = rows.filtered("is_on_path")
        self.assertEqual(on_path, rows[: len(path)])
        days = [touch.date for touch in path]
        for way in attribution.ATTRIBUTIONS:
            shares = attribution.weights(
                days, way, half_life=company.crm_attribution_half_life
            )
            for row, share in zip(on_path, shares, strict=True):
                self.assertAlmostEqual(row[way], float(share), 8, way)
        # To the last digit, in the database.
        columns = SQL(", ").join(
            SQL("SUM(%s)", SQL.identifier(way)) for way in attribution.ATTRIBUTIONS
        )
        [sums] = self.env.execute_query(
            SQL(
                "SELECT %s FROM crm_customer_touch WHERE customer_id = %s",
                columns,
                customer.id,
            )
        )
        self.assertEqual(sums, ((1 if rows else None),) * len(sums))

    def _touches(self, customer, partner, company):
        inside = [("partner_id.commercial_partner_id", "=", partner.id)]
        came = [("acquisition_channel_id", "!=", False)]
        leads = self.env["crm.lead"].with_context(active_test=False)
        leads = leads.search(inside + came).filtered(
            lambda lead: (lead.company_id or self._home(partner)) == company
        )
        orders = self.env["sale.order"].search(
            [*inside, *came, ("company_id", "=", company.id)]
        )
        orders = orders.filtered(
            lambda order: (
                order.opportunity_id.acquisition_channel_id
                != order.acquisition_channel_id
                or order.opportunity_id.partner_id.commercial_partner_id != partner
            )
        )
        touches = [
            attribution.Touch(
                self._day_of(record.create_date, company),
                record.acquisition_channel_id,
                (record.create_date, number, record.id),
            )
            for number, records in enumerate((leads, orders))
            for record in records
        ]
        known = partner.acquisition_channel_id
        if known and (partner.acquisition_by_hand or not touches):
            day = partner.acquisition_date
            touches.append(attribution.Touch(day, known, is_told=True))
        return touches

    def _own(self, partners):
        return partners & self.env["res.company"].search([]).partner_id

    def _is_due(self, partner, company, customer, history):
        """Whether the contact has a profile in the company."""
        if partner.commercial_partner_id != partner or self._own(partner):
            return False
        users = partner.with_context(active_test=False).user_ids
        if any(user._is_internal() for user in users):
            return False
        if self._has_facts(history) or customer.history_ids or customer.message_ids:
            return True
        if partner.supplier_rank and not partner.customer_rank:
            return False
        if partner.company_id:
            return partner.company_id == company
        if self._home(partner) != company:
            return False
        others = self.env["res.company"].search([]) - company
        return not any(
            self._has_facts(
                self._history(partner, other, self._customer(partner, other))
            )
            for other in others
        )

    def _has_facts(self, history):
        return any(
            (
                history.documents,
                history.leads,
                history.quotations,
                history.manual_stage,
                history.left,
            )
        )

    def _home(self, partner):
        """Where a contact counts that nothing ties to a company."""
        return partner.company_id or partner.user_id.company_id or self.first_company

    def _history(self, partner, company, customer):
        inside = [("partner_id.commercial_partner_id", "=", partner.id)]
        leads = self.env["crm.lead"].with_context(active_test=False).search(inside)
        orders = self.env["sale.order"].search(inside)
        manual = customer.manual_stage and lifecycle.Manual(
            customer.manual_stage, customer.manual_stage_date
        )
        left = customer.left_date and lifecycle.Manual(
            "left", customer.left_date, customer.left_until or None
        )
        return lifecycle.History(
            self._documents(partner, company),
            [
                self._lead(lead, company)
                for lead in leads
                if (lead.company_id or self._home(partner)) == company
            ],
            [
                self._offer(order, company)
                for order in orders
                if order.company_id == company
            ],
            manual or None,
            left or None,
            self._credits_elsewhere(partner, company),
            self._rewards(partner, company),
        )

    def _rewards(self, partner, company):
        rewarded = self.env["crm.referral"].search(
            [
                ("referrer_id.commercial_partner_id", "=", partner.id),
                ("company_id", "=", company.id),
                ("state", "=", "rewarded"),
            ]
        )
        return rewarded.mapped("rewarded_date")

    def _documents(self, partner, company):
        if self._own(partner):
            return []
        moves = self._sales(
            company, ("commercial_partner_id.commercial_partner_id", "=", partner.id)
        )
        imports = self.env["crm.customer.purchase"].search(
            [("move_id", "=", False), ("company_id", "=", company.id)]
        )
        return [self._document(move) for move in moves] + [
            lifecycle.Document(
                f"import {row.id}",
                row.date,
                Decimal(str(row.amount)),
                Decimal(str(row.cost)),
            )
            for row in imports
            if row.contact_id.commercial_partner_id == partner
        ]

    def _credits_elsewhere(self, partner, company):
        path = "commercial_partner_id.commercial_partner_id"
        credits_ = self._sales(
            company,
            (f"reversed_entry_id.{path}", "=", partner.id),
            (path, "!=", partner.id),
        )
        return [
            self._document(move)
            for move in credits_
            if not self._own(move.commercial_partner_id)
        ]

    def _sales(self, company, *domain):
        return self.env["account.move"].search(
            [
                ("state", "=", "posted"),
                ("move_type", "in", SALES),
                ("company_id", "=", company.id),
                *domain,
            ]
        )

    def _document(self, move):
        lines = move.invoice_line_ids.filtered(lambda x: x.display_type == "product")
        order_lines = [line.sale_line_ids.sorted("id")[:1] for line in lines]
        orders = [line.order_id.id for line in order_lines if line]
        return lifecycle.Document(
            move.id,
            move.invoice_date,
            Decimal(str(move.amount_untaxed_signed)),
            self.costs[move.id],
            order=min(orders, default=None),
            is_deposit=all(line.is_downpayment for line in order_lines),
            reverses=move.reversed_entry_id.id or None,
            document_amount=Decimal(str(-move.direction_sign * move.amount_untaxed)),
            currency=move.currency_id.id,
        )

    def _lead(self, lead, company):
        if not lead.active and lead.probability == 0:
            state = "lost"
        elif lead.active or (lead.probability == 100 and lead.stage_id.is_won):
            state = "open"
        else:
            state = "shelved"
        closed = self._day_of(lead.date_closed or lead.create_date, company)
        return lifecycle.Lead(
            self._day_of(lead.create_date, company),
            lead.type == "opportunity",
            state,
            closed if state == "lost" else None,
            lead.lost_reason_id.is_unsuitable,
        )

    def _offer(self, order, company):
        created = self._day_of(order.create_date, company)
        if order.state == "cancel":
            return lifecycle.Quotation(created, self._day_of(order.date_order, company))
        if order.state == "sale":
            return lifecycle.Quotation(created)
        return lifecycle.Quotation(created, expires=order.validity_date or None)

    def _zone(self, company):
        return ZoneInfo(company.resource_calendar_id.tz)

    def _day_of(self, moment, company):
        return moment.replace(tzinfo=UTC).astimezone(self._zone(company)).date()
