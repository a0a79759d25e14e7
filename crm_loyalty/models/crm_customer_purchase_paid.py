from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomerPurchase(models.Model):
    """When a document was really paid: by money in hand, not by a promise of it.

    Odoo Community calls an invoice paid as soon as a payment is registered. Here the
    money is followed to where it came in: a line of a bank statement, or an entry on
    the account of a bank or a till.
    """

    _inherit = "crm.customer.purchase"

    paid_date = fields.Date(
        "Paid On",
        readonly=True,
        help="Day on which the document was paid in full with money that has come in: "
        "matched with the bank, or cash. A cheque in hand is no money yet, and a "
        "credit note is none.",
    )

    @api.model
    def _set_paid_dates(self, move_ids=None):
        """Note on documents the day on which they were really paid in full.

        :param move_ids: documents, and entries that may have paid some; ``None`` means
            all documents
        :return: list of (customer, company, document, day or ``None``) of the rows that
            were written
        """
        self._flush_reconciliations()
        document_ids = None
        if move_ids is None:
            # Compiling this long expression costs more than it saves.
            self.env.cr.execute(SQL("SET LOCAL jit = off"))
        else:
            document_ids = self._documents_paid_through(move_ids)
            if not document_ids:
                return []
        changed = self.env.execute_query(self._paid_dates_sql(document_ids))
        if changed:
            self.invalidate_model(["paid_date"], flush=False)
            self._mark_friends({row[0] for row in changed})
        return changed

    @api.model
    def _mark_friends(self, partner_ids):
        """Mark the customers whom somebody brought: payment earns that one a reward."""
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM res_partner
                    WHERE id = ANY(%s) AND referred_by_id IS NOT NULL
                    UNION
                   SELECT friend_id FROM crm_referral WHERE friend_id = ANY(%s)""",
                list(partner_ids),
                list(partner_ids),
            )
        )
        self.env["crm.customer.mark"]._mark(row[0] for row in rows)

    @api.model
    def _flush_reconciliations(self):
        """Write what the statements below read, and no more: they stand in Odoo's own
        reconciliation, in the middle of which totals are not yet worth computing.
        """
        for model, names in {
            "account.partial.reconcile": [
                "debit_move_id",
                "credit_move_id",
                "debit_amount_currency",
                "max_date",
                "exchange_move_id",
            ],
            "account.move.line": [
                "move_id",
                "account_id",
                "balance",
                "amount_currency",
                "currency_id",
            ],
            "account.move": [
                "state",
                "move_type",
                "statement_line_id",
                "origin_payment_id",
            ],
            "account.payment": ["journal_id", "payment_method_line_id"],
            "account.payment.method.line": ["payment_account_id"],
            "account.account": ["account_type", "reconcile"],
            "account.journal": ["type"],
        }.items():
            self.env[model].flush_model(names)
        self.flush_model()

    @api.model
    def _documents_paid_through(self, move_ids):
        """Ids of the documents among these entries, or paid by them, however far.

        A line of a bank statement pays a payment, and that an invoice.
        """
        if not move_ids:
            return []
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE above (move_id) AS (
                    SELECT UNNEST(%s)
                     UNION
                    SELECT debit.move_id
                      FROM above
                      JOIN account_move_line credit ON credit.move_id = above.move_id
                      JOIN account_partial_reconcile part
                        ON part.credit_move_id = credit.id
                      JOIN account_move_line debit ON debit.id = part.debit_move_id
                )
                SELECT p.move_id
                  FROM above
                  JOIN crm_customer_purchase p ON p.move_id = above.move_id
                """,
                list(move_ids),
            )
        )
        return [row[0] for row in rows]

    @api.model
    def _paid_dates_sql(self, document_ids):
        """UPDATE of the days that differ; returns the rows of `_set_paid_dates`.

        ``source`` are the entries that a document's money came through, from that
        which its receivable is reconciled with down to the bank. An entry is *money*
        where it came in, *passes* it on where all that it waits for has come in, is
        *neutral* where it is a credit note or a difference of exchange, or a promise.
        """
        documents = SQL("p.move_id IS NOT NULL AND p.document_amount > 0")
        if document_ids is not None:
            documents = SQL("%s AND p.move_id = ANY(%s)", documents, document_ids)
        return SQL(
            """
            WITH RECURSIVE document AS (
                SELECT p.id, p.move_id FROM crm_customer_purchase p WHERE %(documents)s
            ), owed AS (
                SELECT document.id AS document_id, line.id AS line_id, line.move_id,
                       %(is_settled)s AS is_settled
                  FROM document
                  JOIN account_move_line line ON line.move_id = document.move_id
                  JOIN account_account account ON account.id = line.account_id
                   AND account.account_type = 'asset_receivable'
                  JOIN res_currency currency ON currency.id = line.currency_id
                 WHERE line.balance > 0
            ), settled AS (
                SELECT document_id FROM owed
                 GROUP BY document_id HAVING BOOL_AND(is_settled)
            ), source (document_id, move_id, day) AS (
                SELECT owed.document_id, credit.move_id, part.max_date
                  FROM settled
                  JOIN owed ON owed.document_id = settled.document_id
                  JOIN account_partial_reconcile part
                    ON part.debit_move_id = owed.line_id
                  JOIN account_move_line credit ON credit.id = part.credit_move_id
                   AND credit.move_id <> owed.move_id
                 UNION
                SELECT source.document_id, credit.move_id,
                       GREATEST(source.day, part.max_date)
                  FROM source
                  JOIN account_move move ON move.id = source.move_id
                   AND move.move_type = 'entry' AND move.statement_line_id IS NULL
                  JOIN account_move_line line ON line.move_id = move.id
                   AND line.balance > 0
                  JOIN account_account account ON account.id = line.account_id
                   AND account.account_type NOT IN %(personal)s
                  JOIN account_partial_reconcile part ON part.debit_move_id = line.id
                  JOIN account_move_line credit ON credit.id = part.credit_move_id
                   AND credit.move_id <> move.id
            ), entry AS (
                SELECT move.id,
                       move.state = 'posted' AND %(is_money)s AS is_money,
                       move.state = 'posted' AND %(passes)s AS passes,
                       move.state = 'posted' AND %(is_neutral)s AS is_neutral
                  FROM (SELECT DISTINCT move_id FROM source) needed
                  JOIN account_move move ON move.id = needed.move_id
            ), paid AS (
                SELECT source.document_id,
                       MAX(source.day) FILTER (WHERE NOT entry.is_exchange) AS day
                  FROM source
                  JOIN (SELECT entry.*, NOT entry.is_money AND %(is_exchange)s
                                        AS is_exchange
                          FROM entry) entry ON entry.id = source.move_id
                 GROUP BY source.document_id
                HAVING BOOL_AND(entry.is_money OR entry.passes OR entry.is_neutral)
                   AND BOOL_OR(entry.is_money)
            )
            UPDATE crm_customer_purchase purchase
               SET paid_date = wanted.day
              FROM (
                   SELECT document.id, paid.day
                     FROM document LEFT JOIN paid ON paid.document_id = document.id
                   ) wanted
             WHERE wanted.id = purchase.id
               AND purchase.paid_date IS DISTINCT FROM wanted.day
         RETURNING purchase.partner_id, purchase.company_id, purchase.move_id,
                   purchase.paid_date
            """,
            documents=documents,
            is_settled=self._is_settled_sql(),
            personal=("asset_receivable", "liability_payable"),
            is_money=self._is_money_sql(),
            passes=self._passes_money_sql(),
            is_neutral=SQL(
                "(move.move_type IN ('out_invoice', 'out_receipt', 'out_refund')"
                " OR EXISTS (SELECT FROM account_partial_reconcile x"
                " WHERE x.exchange_move_id = move.id))"
            ),
            is_exchange=SQL(
                "EXISTS (SELECT FROM account_partial_reconcile x"
                " WHERE x.exchange_move_id = entry.id)"
            ),
        )

    @api.model
    def _is_settled_sql(self):
        """Whether nothing is left of the debit ``line``, in its own ``currency``.

        From the reconciliations themselves: Odoo's residuals follow them later.
        """
        return SQL(
            """(ABS(line.amount_currency - COALESCE(
                    (SELECT SUM(x.debit_amount_currency)
                       FROM account_partial_reconcile x
                      WHERE x.debit_move_id = line.id), 0)) < currency.rounding / 2)"""
        )

    @api.model
    def _is_money_sql(self):
        """Whether the entry ``move`` brought money into a bank or a till.

        A payment in cash is money at once, unless its method of payment names an
        account on which it waits, such as cheques in a drawer.
        """
        return SQL(
            """(move.statement_line_id IS NOT NULL
                OR EXISTS (
                    SELECT FROM account_move_line line
                      JOIN account_account account ON account.id = line.account_id
                     WHERE line.move_id = move.id AND line.balance > 0
                       AND account.account_type = 'asset_cash')
                OR EXISTS (
                    SELECT FROM account_payment payment
                      JOIN account_journal journal ON journal.id = payment.journal_id
                      JOIN account_payment_method_line method
                        ON method.id = payment.payment_method_line_id
                     WHERE payment.id = move.origin_payment_id
                       AND journal.type = 'cash'
                       AND method.payment_account_id IS NULL))"""
        )

    @api.model
    def _passes_money_sql(self):
        """Whether all that the entry ``move`` waits for has been reconciled.

        An entry that charges a customer again, as that of a returned cheque does,
        waits for the customer.
        """
        return SQL(
            """(move.move_type = 'entry' AND COALESCE((
                SELECT BOOL_AND(account.account_type NOT IN %(personal)s
                                AND %(is_settled)s)
                  FROM account_move_line line
                  JOIN account_account account ON account.id = line.account_id
                   AND account.reconcile
                  JOIN res_currency currency ON currency.id = line.currency_id
                 WHERE line.move_id = move.id AND line.balance > 0), FALSE))""",
            personal=("asset_receivable", "liability_payable"),
            is_settled=self._is_settled_sql(),
        )


class AccountPartialReconcile(models.Model):
    _inherit = "account.partial.reconcile"

    @api.model_create_multi
    def create(self, vals_list):
        partials = super().create(vals_list)
        partials._crm_paid_moves()._set_customer_paid_dates()
        return partials

    def write(self, vals):
        result = super().write(vals)
        # Which entry is but a difference of exchange is told after it is reconciled.
        if "exchange_move_id" in vals:
            self._crm_paid_moves()._set_customer_paid_dates()
        return result

    def unlink(self):
        # Of what was paid through several entries, each removed link is named by its
        # own entry, and from there on upwards the links are still there.
        moves = self._crm_paid_moves()
        result = super().unlink()
        moves._set_customer_paid_dates()
        return result

    def _crm_paid_moves(self):
        """The entries of which something was paid by these reconciliations."""
        return self.debit_move_id.move_id
