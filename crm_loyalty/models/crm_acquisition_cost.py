from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

BILL_TYPES = ("in_invoice", "in_refund", "in_receipt")


class CrmAcquisitionCost(models.Model):
    """What a channel cost in a period: typed by hand, or a line of a vendor bill.

    A bill's line counts once, with its amount in the books, while its bill is posted.
    """

    _name = "crm.acquisition.cost"
    _description = "Cost of an Acquisition Channel"
    _inherit = ["crm.jalali.periods"]
    _order = "date_from desc, id desc"
    _check_company_auto = True
    _shows_money_in_unit = True

    name = fields.Char("What For")
    channel_id = fields.Many2one(
        "crm.acquisition.channel",
        required=True,
        ondelete="restrict",
        index=True,
        domain="[('company_id', 'in', [False, company_id])]",
        check_company=True,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env.company,
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: fields.Date.context_today(self).replace(day=1),
    )
    date_to = fields.Date(
        "To", required=True, help="The last day of the period; it counts as well."
    )
    amount = fields.Monetary(
        help="Untaxed, in the company's currency. Of a bill's line it is what the "
        "books say."
    )
    move_line_id = fields.Many2one(
        "account.move.line",
        "Bill Line",
        ondelete="cascade",
        index="btree_not_null",
        domain=[
            ("move_id.move_type", "in", BILL_TYPES),
            ("display_type", "=", "product"),
        ],
        check_company=True,
    )
    bill_id = fields.Many2one(related="move_line_id.move_id", string="Vendor Bill")
    counted_amount = fields.Monetary(
        "Cost",
        compute="_compute_counted_amount",
        help="What counts: of a bill's line nothing while its bill is not posted.",
    )

    _move_line_uniq = models.Constraint(
        "UNIQUE (move_line_id)", "A line of a bill is the cost of one channel, once."
    )
    _period_sane = models.Constraint(
        "CHECK (date_from <= date_to)", "A period ends on or after its first day."
    )
    # A year typed in the other calendar is six centuries off.
    _period_short = models.Constraint(
        "CHECK (date_to - date_from <= 3660)",
        "A period of costs is at most 10 years: check the years of its days.",
    )

    @api.depends("amount", "move_line_id.balance", "move_line_id.parent_state")
    def _compute_counted_amount(self):
        for cost in self:
            line = cost.move_line_id
            posted = line.balance if line.parent_state == "posted" else 0
            cost.counted_amount = posted if line else cost.amount

    @api.depends("channel_id", "name", "date_from")
    def _compute_display_name(self):
        for cost in self:
            parts = (cost.channel_id.display_name, cost.name)
            cost.display_name = ": ".join(part for part in parts if part)

    @api.onchange("move_line_id")
    def _onchange_move_line_id(self):
        line = self.move_line_id
        if line:
            day = line.move_id.invoice_date or line.date
            self.update({"date_from": day, "date_to": day, "name": line.name})
            self.amount = line.balance

    @api.constrains("currency_id", "company_id")
    def _check_currency(self):
        for cost in self:
            currency = cost.company_id.currency_id
            if cost.currency_id != currency:
                raise ValidationError(
                    self.env._(
                        "%(cost)s, %(day)s: %(company)s keeps its costs in "
                        "%(currency)s, not in %(wrong)s. Convert the amount.",
                        cost=cost.display_name,
                        day=self.env.user._crm_format_date(cost.date_from),
                        currency=currency.name,
                        company=cost.company_id.name,
                        wrong=cost.currency_id.name,
                    )
                )

    @api.constrains("move_line_id")
    def _check_move_line(self):
        for cost in self:
            move = cost.move_line_id.move_id
            if move and move.move_type not in BILL_TYPES:
                raise ValidationError(
                    self.env._(
                        "%(document)s is no vendor bill. Choose a line of a bill.",
                        document=move.display_name,
                    )
                )

    @api.constrains("channel_id", "company_id", "date_from", "date_to", "move_line_id")
    def _check_overlap(self):
        """Costs typed by hand of one channel do not overlap: each is said once."""
        by_hand = self.filtered(lambda cost: not cost.move_line_id)
        if not by_hand:
            return
        self.flush_model()
        # Two who type at once are served one after the other.
        self.env.execute_query(
            SQL(
                """SELECT id FROM crm_acquisition_channel
                    WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE""",
                by_hand.channel_id.ids,
            )
        )
        # Costs of the same company and channel, which the user may see as well.
        pairs = self.env.execute_query(
            SQL(
                """SELECT c.id, o.id
                     FROM crm_acquisition_cost c
                     JOIN crm_acquisition_cost o
                       ON o.channel_id = c.channel_id AND o.company_id = c.company_id
                      AND o.id <> c.id AND o.move_line_id IS NULL
                      AND o.date_from <= c.date_to AND o.date_to >= c.date_from
                    WHERE c.id = ANY(%s)
                    ORDER BY c.id, o.id LIMIT 1""",
                by_hand.ids,
            )
        )
        for cost, other in pairs:
            cost, other = self.browse(cost), self.browse(other)
            raise ValidationError(
                self.env._(
                    "%(cost)s, %(period)s: costs of %(other_period)s are there "
                    "already. Change that row, or the period.",
                    cost=cost.display_name,
                    period=cost._period_text(),
                    other_period=other._period_text(),
                )
            )

    def _period_text(self):
        show = self.env.user._crm_format_date
        return f"{show(self.date_from)} – {show(self.date_to)}"

    def action_open_bill(self):
        """Open the vendor bill of this cost."""
        self.ensure_one()
        return self.bill_id._get_records_action(context={})


class AccountMoveLine(models.Model):
    """A line of a vendor bill is the cost of a channel, if the accountant says so."""

    _inherit = "account.move.line"

    acquisition_cost_ids = fields.One2many(
        "crm.acquisition.cost",
        "move_line_id",
        "Costs of Channels",
        groups="account.group_account_invoice,account.group_account_readonly",
    )
    acquisition_channel_id = fields.Many2one(
        "crm.acquisition.channel",
        compute="_compute_acquisition_channel_id",
        inverse="_inverse_acquisition_channel_id",
        domain="[('company_id', 'in', [False, company_id])]",
        groups="account.group_account_invoice,account.group_account_readonly",
        help="The channel of customers that this line paid for.",
    )

    @api.depends("acquisition_cost_ids.channel_id")
    def _compute_acquisition_channel_id(self):
        for line in self:
            line.acquisition_channel_id = line.acquisition_cost_ids.channel_id

    def _inverse_acquisition_channel_id(self):
        for line in self:
            channel, cost = line.acquisition_channel_id, line.acquisition_cost_ids
            if channel and cost:
                cost.channel_id = channel
            elif channel:
                day = line.move_id.invoice_date or line.date
                cost.create(
                    {
                        "channel_id": channel.id,
                        "company_id": line.company_id.id,
                        "currency_id": line.company_id.currency_id.id,
                        "move_line_id": line.id,
                        "name": line.name,
                        "date_from": day,
                        "date_to": day,
                    }
                )
            else:
                cost.unlink()


class AccountMove(models.Model):
    _inherit = "account.move"

    acquisition_cost_count = fields.Integer(
        "Costs of Channels",
        compute="_compute_acquisition_cost_count",
        groups="account.group_account_invoice,account.group_account_readonly",
    )

    @api.depends("line_ids.acquisition_cost_ids")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_acquisition_cost_count(self):
        bills = self.filtered(lambda move: move.move_type in BILL_TYPES)
        costs = self.env["crm.acquisition.cost"]
        if bills:  # an invoice pays nothing for it
            costs = costs.search([("move_line_id.move_id", "in", bills.ids)])
        counts = Counter(cost.bill_id for cost in costs)
        for move in self:
            move.acquisition_cost_count = counts[move]

    def action_open_acquisition_costs(self):
        """Open the costs of channels that lines of this bill are."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_acquisition_cost_action"
        )
        return {**action, "domain": [("move_line_id.move_id", "=", self.id)]}
