from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import formatLang

# Rows of one kind on a card: it is read while somebody waits on the phone.
ROWS = 3
NEEDS = 5
ACCOUNTING_GROUPS = ("account.group_account_invoice", "account.group_account_readonly")


class CrmCustomer(models.Model):
    """What a salesperson should know of a customer who is on the phone."""

    _inherit = "crm.customer"

    def _caller_card_sections(self):
        """The sections of the caller card of this profile, with the reader's rights.

        An override appends sections, or rows to one it finds by its key. It reads
        with the rights of the environment and leaves out what the reader may not
        read, and makes no query for each row::

            def _caller_card_sections(self):
                section = {
                    "key": "points",
                    "sequence": 45,
                    "title": self.env._("Points"),
                    "rows": [(self.env._("Balance"), "120")],
                }
                return [*super()._caller_card_sections(), section]

        :return: a list of dicts: ``key`` (technical, once), ``sequence`` (own ones are
            10 to 80), ``title``, and ``rows``: pairs (label, text) as the reader reads
            them, days by `_crm_format_date` and amounts by `_crm_format_money`. Both
            are plain text, either may be empty. Without rows a section is not shown.
        """
        self.ensure_one()
        env = self.env
        sections = [
            ("who", 10, env._("Customer"), self._card_who()),
            ("needs", 20, env._("Needs"), self._card_needs()),
            ("open", 30, env._("In Progress"), self._card_open()),
            ("purchases", 40, env._("Last Purchases"), self._card_purchases()),
            ("objective", 50, env._("Objective"), self._card_objective()),
            ("returned", 60, env._("Returned Payments"), self._card_returned()),
            ("balance", 70, env._("Account"), self._card_balance()),
            ("missing", 80, env._("Ask For"), self._card_missing()),
        ]
        names = ("key", "sequence", "title", "rows")
        return [dict(zip(names, section, strict=True)) for section in sections]

    def _caller_card(self):
        """The sections that are shown, in their order."""
        shown = [section for section in self._caller_card_sections() if section["rows"]]
        return sorted(shown, key=lambda section: section["sequence"])

    # -- rows of the sections
    def _card_who(self):
        labels = self.fields_get(
            ["stage", "phase", "user_id", "company_id"], ["string", "selection"]
        )
        rows = [
            (labels[name]["string"], dict(labels[name]["selection"])[self[name]])
            for name in ("stage", "phase")
        ]
        if self.user_id:
            rows.append((labels["user_id"]["string"], self._card_name(self.user_id)))
        if self.env.user.has_group("base.group_multi_company"):
            rows.append((labels["company_id"]["string"], self.company_id.name))
        return rows

    def _card_missing(self):
        if not self.missing_facts:
            return []
        labels = self.fields_get(["missing_facts"], ["string"])
        return [(labels["missing_facts"]["string"], self.missing_facts)]

    def _card_needs(self):
        if not self.env["crm.customer.need"].has_access("read"):
            return []
        kinds = self.env["crm.customer.need"]._fields["kind"]
        labels = dict(kinds._description_selection(self.env))
        known = self._known_needs(labels)[self].grouped("kind")
        rows = []
        for kind in labels:
            lines = self._card_first(known.get(kind, ()), self._card_need, NEEDS)
            # A row each: one may be written from the right, and the next from the left.
            for place, (_label, text) in enumerate(lines):
                rows.append(("" if place else labels[kind], text))
        return rows

    def _card_need(self, need):
        # Stars, as the list of needs has them.
        return "", f"{'★' * int(need.priority)} {need.name}".strip()

    def _card_open(self):
        """Open opportunities and quotations, and what is planned next."""
        contacts = self.env["res.partner"].with_context(active_test=False)
        contacts = contacts.search([("commercial_partner_id", "=", self.partner_id.id)])
        leads = self._card_documents(
            "crm.lead", contacts, Domain("won_status", "=", "pending")
        )
        orders = self._card_documents(
            "sale.order", contacts, Domain("state", "in", ("draft", "sent"))
        )
        return [
            *self._card_first(leads, self._card_lead),
            *self._card_first(orders, self._card_order),
            *self._card_activity(contacts, self, leads, orders),
        ]

    def _card_documents(self, model, contacts, condition):
        documents = self.env[model].with_context(active_test=True)
        if not documents.has_access("read"):
            return documents
        return documents.search(
            Domain("partner_id", "in", contacts.ids)
            & Domain("company_id", "in", [self.company_id.id, False])
            & condition
        )

    def _card_first(self, records, row, limit=ROWS):
        """Rows of the first records, and how many more there are."""
        if not records:
            return []
        rows = [row(record) for record in records[:limit].with_prefetch()]
        if len(records) > limit:
            count = len(records) - limit
            rows.append(("", self.env._("%(count)s more", count=count)))
        return rows

    def _card_lead(self, lead):
        kinds = dict(lead._fields["type"]._description_selection(self.env))
        is_deal = lead.type == "opportunity" and lead.stage_id
        amount = lead.expected_revenue and self._card_money(
            lead.expected_revenue, lead.company_currency
        )
        return (
            lead.stage_id.name if is_deal else kinds[lead.type],
            self._card_joined(lead.name, amount),
        )

    def _card_order(self, order):
        day = fields.Datetime.context_timestamp(order, order.date_order).date()
        return (
            self.env._("Quotation %(number)s", number=order.name),
            self._card_joined(
                self._card_money(order.amount_total, order.currency_id),
                self._card_day(day),
            ),
        )

    def _card_activity(self, *planned_on):
        """The next activity planned on any of these records."""
        activities = self.env["mail.activity"]
        [*documents] = filter(None, planned_on)
        activity = activities.search(
            Domain.OR(
                Domain("res_model", "=", records._name)
                & Domain("res_id", "in", records.ids)
                for records in documents
            ),
            order="date_deadline, id",
            limit=1,
        )
        if not activity:
            return []
        text = self._card_joined(
            self._card_day(activity.date_deadline),
            activity.display_name,
            activity.user_id != self.env.user and self._card_name(activity.user_id),
        )
        return [(self.env._("Next Activity"), text)]

    def _card_purchases(self):
        purchases = self.env["crm.customer.purchase"]
        if not purchases.has_access("read"):
            return []
        last = purchases.search_fetch(
            [
                ("partner_id", "=", self.partner_id.id),
                ("company_id", "=", self.company_id.id),
                ("amount", ">", 0),
            ],
            ["date", "amount"],
            limit=ROWS,
        )
        return [
            (
                self._card_day(purchase.date),
                self._card_money(purchase.amount, self.currency_id),
            )
            for purchase in last
        ]

    def _card_objective(self):
        objectives = self.env["crm.customer.objective"]
        if not objectives.has_access("read"):
            return []
        objective = objectives.search(
            [("customer_id", "=", self.id), ("state", "=", "open")], limit=1
        )
        if not objective:
            return []
        labels = objective.fields_get(["name", "date_end", "progress"], ["string"])
        number = formatLang(self.env, objective.progress, digits=0)
        texts = {
            "name": objective.name,
            "progress": self.env._("%(number)s%%", number=number),
            "date_end": self._card_day(objective.date_end),
        }
        return [(labels[name]["string"], text) for name, text in texts.items() if text]

    def _card_returned(self):
        if not self.returned_payment_count:
            return []
        label = self.fields_get(["last_returned_date"], ["string"])
        return [
            (self.env._("Count"), str(self.returned_payment_count)),
            (
                label["last_returned_date"]["string"],
                self._card_day(self.last_returned_date),
            ),
        ]

    def _card_balance(self):
        """What the customer owes, and how much of it is overdue.

        Odoo's figure on the contact (`res.partner.credit`) adds up the company's
        branches, each of which is a company of its own here.
        """
        # Odoo lets salespeople read the lines of their own invoices: no balance.
        if not any(self.env.user.has_group(group) for group in ACCOUNTING_GROUPS):
            return []
        lines = self.env["account.move.line"]
        owed = (
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("account_type", "=", "asset_receivable")
            & Domain("parent_state", "=", "posted")
            & Domain("reconciled", "=", False)
        )
        today = self.with_company(self.company_id)._today()
        [[balance]] = lines._read_group(owed, [], ["amount_residual:sum"])
        [[overdue]] = lines._read_group(
            owed & Domain("date_maturity", "<", today), [], ["amount_residual:sum"]
        )
        rows = [
            (self.env._("Balance"), self._card_money(balance or 0, self.currency_id))
        ]
        if self.currency_id.compare_amounts(overdue or 0, 0) > 0:
            rows.append(
                (
                    self.env._("Of Which Overdue"),
                    self._card_money(overdue, self.currency_id),
                )
            )
        return rows

    # -- texts
    def _card_day(self, day):
        return self.env.user.with_env(self.env)._crm_format_date(day)

    def _card_money(self, amount, currency):
        # The active company's unit, as on the screens.
        return self.env.company._crm_format_money(amount, currency)

    def _card_name(self, user):
        # sudo: as any screen names a colleague, of another company too
        return user.sudo().name

    def _card_joined(self, *texts):
        return " · ".join(text for text in texts if text)
