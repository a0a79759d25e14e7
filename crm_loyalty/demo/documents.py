"""What demo customers asked for, were offered, ordered, were invoiced and paid.

Made with Odoo's own methods, as a user would; the same from run to run, with days
counted back from today.
"""

from datetime import timedelta
from itertools import cycle

from odoo import Command, fields

from .channels import ANSWERS

# What became of every third large customer's opportunity, and of its quotation.
OPPORTUNITIES = (
    "open",
    "offered",
    "won",
    "open",
    "competitor",
    "offered",
    "won",
    "open",
    "expensive",
    "won",
)
# What every other third ordered without one.
ORDERS = (
    "paid",
    "deposit",
    "overdue",
    "part",
    "paid",
    "final",
    "credited",
    "paid",
    "partly_credited",
    "no_order",
    "open",
    "to_invoice",
)
# People who never bought.
STRANGERS = ("asked", "open", "offered", "expired", "competitor", "unsuitable", "past")
STRANGER_COUNT = 28
SHOPS = ("Music Café", "Radio", "Record Library", "Dance School", "Concert Hall")
TOWNS = ("Shiraz", "Tabriz", "Lyon", "Leeds", "Isfahan", "Graz", "Yazd", "Porto")
INVOICED = {
    "won",
    "paid",
    "overdue",
    "deposit",
    "part",
    "final",
    "credited",
    "partly_credited",
}


class Documents:
    """Leads, quotations, orders, invoices and payments of the demo customers."""

    def __init__(self, env, company):
        # No e-mails and no log of what nobody did.
        quiet = {
            "tracking_disable": True,
            "mail_create_nolog": True,
            "mail_create_nosubscribe": True,
        }
        self.company = company.with_env(env(context={**env.context, **quiet}))
        self.env = self.company.with_company(company).env
        self.today = fields.Date.context_today(self.company)
        self.moment = fields.Datetime.now()
        self.album = self._ref("crm_loyalty.product_album")
        self.box = self._ref("crm_loyalty.product_box")

    def _ref(self, name):
        return self.env.ref(name)

    def make(self, customers, users):
        """Make all documents.

        :param customers: contacts with many purchases, in a stable order
        :param users: salespeople that get the contacts who never bought
        """
        if not self.company.chart_template:
            # Odoo loads it after all demo data; invoices need it now.
            self.env["account.chart.template"].try_loading(None, self.company)
        customers = customers.with_env(self.env)
        self._reach(customers[::2])
        asked = list(zip(customers[::3], cycle(OPPORTUNITIES), strict=False))
        leads = self._leads(asked)
        orders = self._orders(
            [(partner, kind) for partner, kind in asked if kind != "open"], leads
        )
        direct = list(zip(customers[1::3], cycle(ORDERS), strict=False))
        orders += self._orders([wish for wish in direct if wish[1] != "no_order"])
        self._invoice(orders)
        self._sell_directly([partner for partner, kind in direct if kind == "no_order"])
        self._strangers(users)

    def _reach(self, partners):
        """Give half of them an address, so that some profiles are complete."""
        for number, partner in enumerate(partners):
            partner.write(
                {
                    "email": f"{partner.ref.lower()}@example.com",
                    "phone": f"+1 555 01{number % 100:02}",
                }
            )

    # -- leads
    def _leads(self, wishes):
        """Opportunities of contacts, as ``{contact: lead}``."""
        stages = self.env["crm.stage"].search([("is_won", "=", False)])
        stages_by_kind = {"open": stages[:-1] or stages, "offered": stages[-1:]}
        answers = cycle(self._ref(f"crm_loyalty.answer_{name}") for name in ANSWERS)
        values, ages = [], []
        for number, (partner, kind) in enumerate(wishes):
            choice = stages_by_kind.get(kind, stages)
            ages.append(self._age(number, kind))
            values.append(
                {
                    "name": f"{partner.name}: collection",
                    "type": "lead" if kind == "asked" else "opportunity",
                    "partner_id": partner.id,
                    "user_id": partner.user_id.id,
                    "team_id": partner.user_id.sale_team_id.id,
                    "stage_id": choice[number // 3 % len(choice)].id,
                    "expected_revenue": 60 + 15 * (number % 20),
                    "acquisition_answer_id": next(answers).id,
                    "date_deadline": self.today + timedelta(days=number % 40),
                    # Taken while demo data are loaded; later Odoo sets its own.
                    "create_date": self.moment - timedelta(days=ages[-1]),
                }
            )
        leads = self.env["crm.lead"].create(values)
        self._close(leads, [kind for _partner, kind in wishes], ages)
        self._plan([lead for lead in leads if lead.won_status == "pending"][::3])
        return {lead.partner_id: lead for lead in leads}

    @staticmethod
    def _age(number, kind):
        """How many days ago it began."""
        return 430 + number if kind == "past" else 5 + number * 7 % 80

    def _close(self, leads, kinds, ages):
        """Win and lose leads, some days after they came."""
        lost = {
            "competitor": self._ref("crm_loyalty.lost_reason_competitor"),
            "unsuitable": self._ref("crm_loyalty.lost_reason_unsuitable"),
            "expensive": self._ref("crm.lost_reason_1"),
            "past": self._ref("crm.lost_reason_1"),
        }
        of_kind = {
            kind: self.env["crm.lead"].browse(
                lead.id
                for lead, its_kind in zip(leads, kinds, strict=True)
                if its_kind == kind
            )
            for kind in set(kinds)
        }
        for kind, group in of_kind.items():
            if kind == "won":
                group.action_set_won()
            elif kind in lost:
                group.action_set_lost(lost_reason_id=lost[kind].id)
        for lead, age in zip(leads, ages, strict=True):
            if lead.won_status != "pending":
                lead.date_closed = self.moment - timedelta(days=age - 4)

    def _plan(self, leads):
        """Calls to make, some of them late."""
        for number, lead in enumerate(leads):
            lead.activity_schedule(
                "mail.mail_activity_data_call",
                self.today + timedelta(days=number % 9 - 2),
                user_id=lead.user_id.id,
            )

    # -- quotations and orders
    def _orders(self, wishes, leads=None):
        """Quotations and orders of contacts, as ``[(order, kind)]``."""
        values = []
        for number, (partner, kind) in enumerate(wishes):
            age = self._age(number, kind)
            expired = kind in ("expired", "expensive", "past")
            values.append(
                {
                    "partner_id": partner.id,
                    "user_id": partner.user_id.id,
                    "team_id": partner.user_id.sale_team_id.id,
                    "opportunity_id": leads and leads[partner].id,
                    "payment_term_id": self._term(kind).id,
                    "create_date": self.moment - timedelta(days=age),
                    "date_order": self.moment - timedelta(days=age),
                    "validity_date": self.today
                    + timedelta(days=1 - age if expired else 10 + number % 20),
                    "order_line": [
                        Command.create(
                            {"product_id": product.id, "product_uom_qty": quantity}
                        )
                        for product, quantity in (
                            (self.album, 1 + number % 4),
                            (self.box, 2 + number % 3),
                        )
                    ],
                }
            )
        orders = self.env["sale.order"].create(values)
        kinds = [kind for _partner, kind in wishes]
        self._decide(orders, kinds)
        return list(zip(orders, kinds, strict=True))

    def _term(self, kind):
        if kind == "overdue":
            return self._ref("account.account_payment_term_immediate")
        return self._ref("account.account_payment_term_30days")

    def _decide(self, orders, kinds):
        """Send, confirm and cancel."""
        by_kind = list(zip(orders, kinds, strict=True))

        def chosen(*wanted):
            return orders.browse(order.id for order, kind in by_kind if kind in wanted)

        chosen(
            "open", "offered", "expired", "expensive", "past"
        ).action_quotation_sent()
        chosen("competitor")._action_cancel()
        days = {order: order.date_order for order in orders}
        confirmed = chosen("to_invoice", *INVOICED)
        confirmed.action_confirm()
        for order in confirmed:
            # Odoo takes the moment of the click.
            order.date_order = days[order] + timedelta(days=1)

    # -- invoices
    def _invoice(self, orders):
        """Invoices, credit notes and payments of confirmed orders."""

        def chosen(*kinds):
            found = self.env["sale.order"]
            return found.concat(*(order for order, kind in orders if kind in kinds))

        deposits = self._deposits(chosen("deposit", "part", "final"))
        self._pay(self._post(deposits, 1)[::2])
        partly = chosen("part", "final")
        self._deliver(partly, 1)
        self._post(partly._create_invoices(grouped=True), 2)
        whole = chosen(*INVOICED) - chosen("deposit", "part")
        self._deliver(whole)
        invoices = self._post(whole._create_invoices(grouped=True, final=True), 3)
        credited = chosen("credited", "partly_credited").invoice_ids
        self._pay((invoices - chosen("overdue").invoice_ids - credited)[::2])
        self._credit(chosen("credited").invoice_ids)
        self._credit(chosen("partly_credited").invoice_ids, self.album)

    def _deposits(self, orders):
        """An invoice of 30 % in advance for each order."""
        for order in orders:
            wizard = self.env["sale.advance.payment.inv"].create(
                {
                    "sale_order_ids": [Command.set(order.ids)],
                    "advance_payment_method": "percentage",
                    "amount": 30,
                }
            )
            wizard.create_invoices()
        return orders.invoice_ids

    @staticmethod
    def _deliver(orders, quantity=None):
        """Note what was delivered, all of it by default."""
        for line in orders.order_line:
            if line.product_id.invoice_policy == "delivery":
                line.qty_delivered = quantity or line.product_uom_qty

    def _post(self, invoices, days):
        """Post invoices some days after their orders."""
        for invoice in invoices:
            ordered = min(invoice.line_ids.sale_line_ids.order_id.mapped("date_order"))
            invoice.invoice_date = min(
                ordered.date() + timedelta(days=days), self.today
            )
        invoices.action_post()
        return invoices

    def _sell_directly(self, partners):
        """Invoices without an order, paid at once."""
        invoices = self.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_user_id": partner.user_id.id,
                    "team_id": partner.user_id.sale_team_id.id,
                    "invoice_date": self.today - timedelta(days=12 + number),
                    "invoice_line_ids": [
                        Command.create({"product_id": self.album.id, "quantity": 6})
                    ],
                }
                for number, partner in enumerate(partners)
            ]
        )
        invoices.action_post()
        self._pay(invoices)

    def _pay(self, invoices):
        wizard = self.env["account.payment.register"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        wizard.create({"group_payment": False}).action_create_payments()

    def _credit(self, invoices, product=None):
        """Credit notes over whole invoices, or over one product of each."""
        wizard = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=invoices.ids
        )
        wizard = wizard.create(
            {"journal_id": invoices.journal_id.id, "reason": "Damaged in transit"}
        )
        wizard.refund_moves()
        notes = wizard.new_move_ids
        if product:
            kept = notes.invoice_line_ids.filtered(
                lambda line: line.product_id == product
            )
            (notes.invoice_line_ids - kept).unlink()
        for note in notes:
            day = note.reversed_entry_id.invoice_date + timedelta(days=6)
            note.invoice_date = min(day, self.today)
        notes.action_post()

    # -- people who never bought
    def _strangers(self, users):
        """Contacts with leads and quotations, and nothing bought."""
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"{SHOPS[number % len(SHOPS)]} "
                    f"{TOWNS[number % len(TOWNS)]} {number + 1}",
                    "is_company": True,
                    "user_id": users[number % len(users)].id,
                    "phone": f"+1 555 02{number:02}",
                }
                for number in range(STRANGER_COUNT)
            ]
        )
        wishes = list(zip(partners, cycle(STRANGERS), strict=False))
        leads = self._leads(wishes)
        offered = ("offered", "expired", "competitor", "past")
        self._orders([wish for wish in wishes if wish[1] in offered], leads)
