import operator as operators

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

COMPARE = {
    "in": lambda found, values: found in values,
    "not in": lambda found, values: found not in values,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}


class AccountPayment(models.Model):
    """A payment that the bank gave back: Odoo's own state, and the day of it."""

    _name = "account.payment"
    _inherit = ["account.payment", "crm.filter.fields"]
    _crm_jalali_dates = ("crm_returned_date",)

    crm_returned_date = fields.Date(
        "Returned On",
        readonly=True,
        copy=False,
        help="Day on which the payment was noted as returned or rejected.",
    )

    # Used by crm.customer._returned_sql: few payments come back.
    _crm_returned_idx = models.Index("(partner_id) WHERE state = 'rejected'")

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        if vals["state"] != "rejected":
            return super().write({**vals, "crm_returned_date": False})
        result = True
        for company, payments in self.grouped("company_id").items():
            day = self.env["crm.customer"].with_company(company)._today()
            values = {**vals, "crm_returned_date": day}
            result = super(AccountPayment, payments).write(values)
        return result

    def action_crm_returned(self):
        """Note that the bank returned these cheques: what they paid is owed again.

        The entry of each is reversed today, so that closed periods stay as they are,
        and the payment gets Odoo's own state of rejected ones.
        """
        self.check_access("write")
        for payment in self:
            if not payment._crm_is_returnable():
                raise UserError(
                    self.env._(
                        "%(payment)s is no payment received from a customer that could "
                        "be returned.",
                        payment=payment.display_name,
                    )
                )
        for company, payments in self.grouped("company_id").items():
            day = self.env["crm.customer"].with_company(company)._today()
            entries = payments.move_id.filtered(lambda move: move.state == "posted")
            values = [
                {
                    "date": day,
                    "ref": self.env._("Returned: %(entry)s", entry=entry.name),
                }
                for entry in entries
            ]
            if entries:
                entries._reverse_moves(values, cancel=True)
            payments.action_reject()
        return True

    def action_crm_cleared(self):
        """Note that the bank has the money of these payments.

        Odoo Community has no screen that matches payments with the bank: a line of the
        bank statement is made today and matched, with the rights of the user.
        """
        self.check_access("write")
        lines = self.env["account.bank.statement.line"]
        for payment in self:
            waiting = payment._crm_waiting_lines()
            if not waiting:
                raise UserError(
                    self.env._(
                        "%(payment)s waits for no money from the bank.",
                        payment=payment.display_name,
                    )
                )
            line = lines.create(payment._prepare_crm_bank_line(waiting))
            counterpart = line.move_id.line_ids.filtered(
                lambda item, waiting=waiting: item.account_id == waiting.account_id
            )
            (waiting | counterpart).reconcile()
        return True

    def _crm_waiting_lines(self):
        """What the payment waits for on its outstanding account."""
        self.ensure_one()
        if not self._crm_is_returnable():
            return self.env["account.move.line"]
        return self.move_id.line_ids.filtered(
            lambda line: (
                line.account_id == self.outstanding_account_id
                and line.account_id.reconcile
                and not line.reconciled
                and line.parent_state == "posted"
            )
        )

    def _prepare_crm_bank_line(self, waiting):
        """Values of the bank statement line by which the rest of a payment came."""
        day = self.env["crm.customer"].with_company(self.company_id)._today()
        rest = sum(waiting.mapped("amount_residual_currency"))
        currency = self.journal_id.currency_id or self.company_id.currency_id
        values = {
            "journal_id": self.journal_id.id,
            "company_id": self.company_id.id,
            "date": day,
            "payment_ref": self.memo or self.name,
            "partner_id": self.partner_id.id,
            "amount": rest,
            "counterpart_account_id": waiting.account_id.id,
        }
        if self.currency_id != currency:
            values |= {
                "amount": self.currency_id._convert(
                    rest, currency, self.company_id, day
                ),
                "foreign_currency_id": self.currency_id.id,
                "amount_currency": rest,
            }
        return values

    def _crm_is_returnable(self):
        self.ensure_one()
        return (
            self.payment_type == "inbound"
            and self.partner_type == "customer"
            and self.state in ("in_process", "paid")
        )


class CrmCustomer(models.Model):
    """Returned cheques as a fact of the customer.

    Salespeople may not open payments: they see how many came back, and when.
    """

    _inherit = "crm.customer"

    returned_payment_count = fields.Integer(
        "Returned Payments",
        compute="_compute_returned_payments",
        search="_search_returned_payment_count",
        help="Cheques and other payments of this customer that the bank returned.",
    )
    last_returned_date = fields.Date(
        "Last Returned",
        compute="_compute_returned_payments",
        search="_search_last_returned_date",
        help="Day on which the last of them was noted.",
    )

    @api.model
    def _returned_sql(self, condition):
        """SELECT of (profile, returned payments, day of the last), where there are any.

        :param SQL condition: over the profile ``c``
        """
        self.env["account.payment"].flush_model(
            ["state", "payment_type", "partner_id", "company_id", "crm_returned_date"]
        )
        return SQL(
            """SELECT c.id, COUNT(*) AS count, MAX(payment.crm_returned_date) AS day
                 FROM account_payment payment
                 JOIN res_partner contact ON contact.id = payment.partner_id
                 JOIN crm_customer c ON c.partner_id = contact.commercial_partner_id
                  AND c.company_id = payment.company_id
                WHERE payment.state = 'rejected' AND payment.payment_type = 'inbound'
                  AND %s
                GROUP BY c.id""",
            condition,
        )

    @api.depends_context("uid")
    def _compute_returned_payments(self):
        found = {}
        if self.ids:
            # The rules of the profile are those of its facts.
            own = self.with_context(active_test=False)._search([("id", "in", self.ids)])
            query = self._returned_sql(SQL("c.id IN %s", own.subselect()))
            found = {row[0]: row[1:] for row in self.env.execute_query(query)}
        for customer in self:
            count, day = found.get(customer._origin.id, (0, False))
            customer.returned_payment_count = count
            customer.last_returned_date = day

    def _search_returned_payment_count(self, operator, value):
        return self._search_returned(operator, value, 1, 0)

    def _search_last_returned_date(self, operator, value):
        if operator in ("in", "not in"):
            value = {day and fields.Date.to_date(day) for day in value}
        else:
            value = fields.Date.to_date(value)
        return self._search_returned(operator, value, 2, False)

    @api.model
    def _search_returned(self, operator, value, column, empty):
        """Find profiles by a column of `_returned_sql`.

        :param empty: what a profile without returned payments has there
        """
        if operator not in COMPARE:
            return NotImplemented

        def matches(found):
            # No day is before or after any day.
            if found is False and operator not in ("in", "not in"):
                return False
            return COMPARE[operator](found, value)

        rows = self.env.execute_query(self._returned_sql(SQL("TRUE")))
        wanted = matches(empty)
        # Those with returned payments are few: the others are told by them.
        ids = [row[0] for row in rows if matches(row[column]) != wanted]
        return Domain("id", "not in" if wanted else "in", ids)

    def action_open_returned_payments(self):
        """Open the payments that the bank returned, for who may read payments."""
        self.ensure_one()
        self.env["account.payment"].check_access("read")
        return self._action_list(
            "account.action_account_payments",
            Domain("partner_id.commercial_partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("payment_type", "=", "inbound")
            & Domain("state", "=", "rejected"),
        )
