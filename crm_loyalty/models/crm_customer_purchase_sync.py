import logging

from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from .crm_customer_purchase import SALE_TYPES

_logger = logging.getLogger(__name__)


class CrmCustomerPurchase(models.Model):
    """Purchases follow the posted documents, in sets."""

    _inherit = "crm.customer.purchase"

    def _fill(self):
        """First fill on a live database: all posted documents, set-based.

        The rows are made in a temporary table of the same name, which PostgreSQL takes
        before the real one, and go over when they are complete, each customer's
        together. So the days of credit and payment, that most rows get, leave no dead
        rows behind, and the indexes are built in their order.
        """
        _logger.info("Filling purchases from posted documents...")
        self.env.flush_all()
        cr = self.env.cr
        [[schema]] = self.env.execute_query(SQL("SELECT CURRENT_SCHEMA"))
        made = SQL.identifier("pg_temp", self._table)
        real = SQL.identifier(schema, self._table)
        cr.execute(SQL("CREATE TABLE %s (LIKE %s INCLUDING DEFAULTS)", made, real))
        columns = SQL(", ").join(map(SQL.identifier, table_columns(cr, self._table)))
        # Demo data has posted documents before.
        cr.execute(
            SQL(
                """WITH known AS (DELETE FROM %s RETURNING *)
                   INSERT INTO %s (%s) SELECT %s FROM known""",
                real,
                made,
                columns,
                columns,
            )
        )
        # A refresh of all customers follows: no need to mark each.
        # sudo: all companies' documents are read and written; a number is returned
        purchases = self.sudo()
        count = purchases._sync(keep_unit_costs=False, mark=False, known=False)
        purchases._set_paid_dates()
        cr.execute(
            SQL(
                """INSERT INTO %(real)s (%(columns)s)
                   SELECT %(columns)s FROM %(made)s
                    ORDER BY company_id, partner_id, date, id""",
                real=real,
                columns=columns,
                made=made,
            )
        )
        cr.execute(SQL("DROP TABLE %s", made))
        cr.execute(SQL("ANALYZE %s", real))
        self.invalidate_model(flush=False)
        _logger.info("%s purchases filled", count)

    @api.model
    def _check(self):
        """Compare all rows with their documents; return how many were mended."""
        return self._sync() + len(self._set_paid_dates())

    @api.model
    def _sync(self, move_ids=None, keep_unit_costs=True, mark=True, known=True):
        """Make the rows of documents what the documents say.

        The cost of a row that stays is never touched. Marks the customers of all
        rows that were added, changed or removed.

        :param move_ids: ids of `account.move` to look at; ``None`` means all
        :param bool keep_unit_costs: store the unit costs of each product, for later
            credit notes; without them a credit note takes back a share of the cost
        :param bool mark: have the customers refreshed
        :param bool known: whether some of the documents may have rows already
        :return: number of rows that were written
        """
        self.env["account.move"].flush_model()
        self.env["account.move.line"].flush_model()
        self.env["sale.order.line"].flush_model()
        self.env["sale.order"].flush_model()
        self.env["product.product"].flush_model()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        self.env["res.company"].flush_model(["partner_id"])
        self.flush_model()
        if move_ids is None:
            # Compiling these long expressions costs more than it saves.
            self.env.cr.execute(SQL("SET LOCAL jit = off"))
        touched = []
        if known:
            touched = self._follow_contacts(move_ids) + self._delete_stale(move_ids)
        present = set(SALE_TYPES)
        if move_ids is not None:
            present = set(self.env["account.move"].browse(move_ids).mapped("move_type"))
        # Credit notes after invoices: they take back the cost of what they reverse.
        for move_types in (("out_invoice", "out_receipt"), ("out_refund",)):
            if present.intersection(move_types):
                touched += self._insert_documents(move_types, move_ids, keep_unit_costs)
        credited = {move_id for _partner, move_id in touched if move_id}
        if move_ids is None:
            credited = None
            # After a first fill nothing is known yet of the table that is joined.
            self.env.cr.execute("ANALYZE crm_customer_purchase")
        touched += self._set_credited_dates(credited)
        if touched:
            self.invalidate_model(flush=False)
        if touched and mark:
            self.env["crm.customer.mark"]._mark({row[0] for row in touched})
        return len(touched)

    @api.model
    def _moves_sql(self, move_ids):
        if move_ids is None:
            return SQL("TRUE")
        return SQL("m.id = ANY(%s)", list(move_ids))

    @api.model
    def _is_sale_sql(self):
        """Whether the document m is a row here; sales to own companies are none."""
        return SQL(
            """(m.state = 'posted' AND m.move_type IN %s
                AND NOT EXISTS (SELECT FROM res_company own
                                 WHERE own.partner_id = m.commercial_partner_id))""",
            SALE_TYPES,
        )

    @api.model
    def _follow_contacts(self, move_ids):
        """Take the rows of documents along that got another customer.

        Odoo gives them to the commercial parent that their contact gets. Nothing is
        posted anew: their cost stays.

        :return: list of (customer, None), of those who lost a row and those who got it
        """
        rows = self.env.execute_query(
            SQL(
                """
                UPDATE crm_customer_purchase p
                   SET contact_id = cp.id, partner_id = cp.commercial_partner_id
                  FROM crm_customer_purchase before, account_move m, res_partner cp
                 WHERE before.id = p.id AND m.id = p.move_id
                   AND cp.id = m.commercial_partner_id AND cp.id <> p.contact_id
                   AND %(moves)s AND %(is_sale)s
             RETURNING before.partner_id, p.partner_id
                """,
                moves=self._moves_sql(move_ids),
                is_sale=self._is_sale_sql(),
            )
        )
        return [(customer, None) for row in rows for customer in row]

    @api.model
    def _delete_stale(self, move_ids):
        """Remove rows whose document is posted no longer, or says otherwise.

        :return: list of (customer, document that the row credited)
        """
        return self.env.execute_query(
            SQL(
                """
                DELETE FROM crm_customer_purchase p
                 USING account_move m
                 WHERE m.id = p.move_id AND %(moves)s
                   AND NOT (%(is_sale)s
                            AND m.company_id = p.company_id
                            AND m.commercial_partner_id = p.contact_id
                            AND m.invoice_date = p.date
                            AND m.amount_untaxed_signed = p.amount
                            AND (m.move_type <> 'out_refund'
                                 OR m.reversed_entry_id
                                    IS NOT DISTINCT FROM p.reversed_move_id))
             RETURNING p.partner_id, p.reversed_move_id
                """,
                moves=self._moves_sql(move_ids),
                is_sale=self._is_sale_sql(),
            )
        )

    @api.model
    def _insert_documents(self, move_types, move_ids, keep_unit_costs):
        """Add the rows that are missing; cost is computed here and only here.

        Cost of a line = quantity x ``purchase_price`` of its order line (order
        currency, at the order's own rate), else x the product's cost in the
        document's company. A credit note with ``reversed_entry_id`` takes the unit
        costs of what it reverses, else the share of its amount.

        :return: list of (customer, document of which the credit has changed)
        """
        statement = SQL(
            """
            WITH missing AS (
                SELECT m.id, m.name, m.move_type, m.company_id, m.invoice_date,
                       m.commercial_partner_id, m.reversed_entry_id, m.currency_id,
                       m.amount_untaxed, m.amount_untaxed_signed,
                       cp.commercial_partner_id AS customer_id,
                       origin.cost AS origin_cost, origin.amount AS origin_amount,
                       origin.unit_costs AS origin_unit_costs,
                       currency.decimal_places
                  FROM account_move m
                  JOIN res_partner cp ON cp.id = m.commercial_partner_id
                  JOIN res_company company ON company.id = m.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                  LEFT JOIN crm_customer_purchase origin
                         ON origin.move_id = m.reversed_entry_id
                        AND m.move_type = 'out_refund'
                 WHERE %(moves)s AND %(is_sale)s
                   AND m.move_type IN %(move_types)s
                   AND NOT EXISTS (SELECT FROM crm_customer_purchase p
                                    WHERE p.move_id = m.id)
            )
            INSERT INTO crm_customer_purchase
                   (contact_id, partner_id, company_id, date, amount, cost,
                    document_amount, document_currency_id, move_id,
                    reversed_move_id, order_id, is_deposit, unit_costs, reference,
                    create_uid, create_date, write_uid, write_date)
            SELECT m.commercial_partner_id, m.customer_id, m.company_id,
                   m.invoice_date, m.amount_untaxed_signed,
                   ROUND(CASE
                       WHEN m.origin_cost IS NOT NULL
                            AND m.origin_unit_costs IS NULL
                            AND m.origin_amount <> 0
                       THEN m.origin_cost * m.amount_untaxed_signed
                            / m.origin_amount
                       WHEN m.move_type = 'out_refund'
                       THEN -COALESCE(cost.cost, 0)
                       ELSE COALESCE(cost.cost, 0) END, m.decimal_places),
                   CASE WHEN m.move_type = 'out_refund' THEN -m.amount_untaxed
                        ELSE m.amount_untaxed END,
                   m.currency_id, m.id,
                   CASE WHEN m.move_type = 'out_refund'
                        THEN m.reversed_entry_id END,
                   cost.order_id, COALESCE(cost.is_deposit, FALSE),
                   cost.unit_costs, m.name,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM missing m
             -- Document by document: no estimate of a table that is just being
             -- filled can make it more than one look at the lines of each.
             CROSS JOIN LATERAL (
                   SELECT MIN(sold.order_id) AS order_id,
                          BOOL_AND(sold.is_downpayment IS TRUE) AS is_deposit,
                          SUM(line.quantity * unit.cost) AS cost,
                          %(unit_costs)s AS unit_costs
                     FROM (SELECT l.id, l.product_id,
                                  l.quantity * COALESCE(line_uom.factor, 1)
                                      / COALESCE(uom.factor, 1) AS quantity,
                                  product.standard_price,
                                  uom.factor AS uom_factor
                             FROM account_move_line l
                             LEFT JOIN product_product product
                                    ON product.id = l.product_id
                             LEFT JOIN product_template template
                                    ON template.id = product.product_tmpl_id
                             LEFT JOIN uom_uom uom ON uom.id = template.uom_id
                             LEFT JOIN uom_uom line_uom
                                    ON line_uom.id = l.product_uom_id
                            WHERE l.move_id = m.id
                              AND l.display_type = 'product') line
                     LEFT JOIN LATERAL (
                          SELECT o.id AS order_id,
                                 ol.is_downpayment IS TRUE AS is_downpayment,
                                 (ol.purchase_price
                                  / COALESCE(NULLIF(o.currency_rate, 0), 1)
                                  * COALESCE(line.uom_factor, 1)
                                  / COALESCE(ol_uom.factor, 1))::numeric
                                     AS unit_cost
                            FROM sale_order_line_invoice_rel rel
                            JOIN sale_order_line ol ON ol.id = rel.order_line_id
                            JOIN sale_order o ON o.id = ol.order_id
                            LEFT JOIN uom_uom ol_uom
                                   ON ol_uom.id = ol.product_uom_id
                           WHERE rel.invoice_line_id = line.id
                           ORDER BY ol.id
                           LIMIT 1) sold ON TRUE
                    CROSS JOIN LATERAL (
                          SELECT COALESCE(
                              (m.origin_unit_costs
                               ->> line.product_id::text)::numeric,
                              sold.unit_cost,
                              (line.standard_price
                               ->> m.company_id::text)::numeric,
                              0) AS cost) unit
                   ) cost
             RETURNING partner_id, COALESCE(reversed_move_id, %(credited)s)
            """,
            moves=self._moves_sql(move_ids),
            is_sale=self._is_sale_sql(),
            move_types=tuple(move_types),
            # Of all documents the days of credit are set anyway; looking each up
            # while the table grows can take a scan of it per row.
            credited=SQL("NULL")
            if move_ids is None
            else SQL(
                """(SELECT MIN(c.reversed_move_id) FROM crm_customer_purchase c
                     WHERE c.reversed_move_id = crm_customer_purchase.move_id)"""
            ),
            unit_costs=SQL(
                "JSONB_OBJECT_AGG(line.product_id, unit.cost)"
                " FILTER (WHERE line.product_id IS NOT NULL)"
            )
            if keep_unit_costs
            else SQL("NULL::jsonb"),
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )
        if move_ids is None:
            return self.env.execute_query(statement)
        customers = self.env["crm.customer"]
        rows = self.env.execute_query(customers._planned_for_some(statement))
        customers._plan_as_usual()
        return rows

    @api.model
    def _set_credited_dates(self, move_ids):
        """Note on documents the day on which their credit notes reached them.

        Untaxed amounts are compared in the document's currency; a credit note in
        another one counts by its share in company currency.

        :param move_ids: documents whose credit has changed; ``None`` means all
        :return: list of (customer, document) of the rows that were written
        """
        if move_ids is not None and not move_ids:
            return []
        everything = move_ids is None
        ids = None if everything else list(move_ids)
        return self.env.execute_query(
            SQL(
                """
                WITH credit AS (
                    SELECT o.id, o.document_amount, c.date,
                           SUM(CASE WHEN c.document_currency_id = o.document_currency_id
                                    THEN -c.document_amount
                                    ELSE -c.amount * o.document_amount
                                         / NULLIF(o.amount, 0)
                               END) OVER (PARTITION BY o.id ORDER BY c.date) AS total
                      FROM crm_customer_purchase c
                      JOIN crm_customer_purchase o
                        ON o.move_id = c.reversed_move_id
                       AND o.company_id = c.company_id
                     WHERE %(credits)s
                ), reached AS (
                    SELECT id, MIN(date) FILTER (WHERE total >= document_amount) AS day
                      FROM credit
                     GROUP BY id
                )
                UPDATE crm_customer_purchase document
                   SET credited_date = wanted.day
                  FROM (
                       SELECT o.id, reached.day
                         FROM crm_customer_purchase o
                         LEFT JOIN reached ON reached.id = o.id
                        WHERE %(documents)s
                       ) wanted
                 WHERE wanted.id = document.id
                   AND document.credited_date IS DISTINCT FROM wanted.day
             RETURNING document.partner_id, document.move_id
                """,
                credits=SQL("c.reversed_move_id IS NOT NULL")
                if everything
                else SQL("c.reversed_move_id = ANY(%s)", ids),
                documents=SQL("o.credited_date IS DISTINCT FROM reached.day")
                if everything
                else SQL("o.move_id = ANY(%s)", ids),
            )
        )
