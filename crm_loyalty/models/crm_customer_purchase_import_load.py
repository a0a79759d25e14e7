from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL, split_every

from .crm_customer_purchase_import_match import CONTACT_TARGETS

LOAD_LOCK = 1_668_445_549  # key of the advisory lock on loading
CONTACTS_PER_BATCH = 1000
# From this many contacts on, one refresh of all is cheaper than of the marked.
REFRESH_ALL_FROM = 5000


class CrmCustomerPurchaseImport(models.Model):
    """Loading the good rows, with the contacts that are missing."""

    _inherit = "crm.customer.purchase.import"

    @api.model
    def _lock_loading(self):
        """Take the lock on loading until the end of the transaction.

        One for all companies: the contacts that a load creates are shared.

        :return: whether nobody else holds it
        """
        [[locked]] = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(%s)", LOAD_LOCK)
        )
        return locked

    @api.model
    def _end_loading(self):
        """Make sure that no other load ended since this transaction began.

        What it created would be invisible here, and be created a second time. A row
        that each load writes makes PostgreSQL refuse the later one, which is then
        started anew. At the end, so that others who write that row hardly wait.
        """
        self.env.cr.execute(
            SQL(
                """UPDATE res_company SET write_date = write_date
                    WHERE id = (SELECT MIN(id) FROM res_company)"""
            )
        )

    def _load(self):
        """Load the good rows, or nothing; the caller holds the lock on loading."""
        self.ensure_one()
        errors = self._prepare_rows()
        contact_count = self._create_contacts(errors)
        row_count, new_count, partner_ids = self._insert_rows()
        self._write_results(
            {
                "state": "done",
                "failure": False,
                "new_count": new_count,
                "known_count": row_count - new_count,
                "contact_count": contact_count,
                **self._error_values(errors),
            }
        )
        self._mark_customers(partner_ids)
        self._end_loading()

    def _take_back(self):
        """Remove the purchases of this import; set-based, there may be many."""
        rows = self.env.execute_query(
            SQL(
                "DELETE FROM crm_customer_purchase WHERE import_id = %s"
                " RETURNING partner_id",
                self.id,
            )
        )
        self.env["crm.customer.purchase"].invalidate_model(flush=False)
        self._write_results({"state": "undone"})
        self._mark_customers({partner_id for (partner_id,) in rows})
        self._end_loading()

    def _mark_customers(self, partner_ids):
        marks = self.env["crm.customer.mark"]
        if len(partner_ids) < REFRESH_ALL_FROM:
            marks._mark(partner_ids)
        else:
            # A shared contact without facts has its row elsewhere until it buys here;
            # also in companies that the user may not enter.
            marks._mark(company_ids=self.env["res.company"].sudo().search([]).ids)

    def _create_contacts(self, errors):
        """Create the missing contacts in batches; return their number.

        :param dict errors: gets the rows of contacts that Odoo refuses
        """
        missing = self.env.execute_query(
            SQL(
                """SELECT contact, raw, COALESCE(name, raw)
                     FROM crm_purchase_contacts c
                    WHERE contact_id IS NULL
                      AND EXISTS (SELECT FROM crm_purchase_rows r
                                   WHERE r.contact = c.contact)
                    ORDER BY line"""
            )
        )
        field = CONTACT_TARGETS[self._contact_target()]
        count = 0
        for number, batch in enumerate(split_every(CONTACTS_PER_BATCH, missing, list)):
            values = {
                contact: {"name": name, field: raw} for contact, raw, name in batch
            }
            created = self._create_batch(values, errors)
            self.env.cr.execute(
                SQL(
                    """UPDATE crm_purchase_contacts c SET contact_id = new.id
                         FROM UNNEST(%s::varchar[], %s::integer[]) new (contact, id)
                        WHERE new.contact = c.contact""",
                    list(created),
                    list(created.values()),
                )
            )
            count += len(created)
            done = (number + 1) * CONTACTS_PER_BATCH / len(missing)
            self._show_progress(25 + 65 * done)
        return count

    def _create_batch(self, values, errors):
        """Create contacts; of those that Odoo refuses, the rows are errors.

        :param dict values: ``{what names it: values}``
        :return: ``{what names it: id}``
        """
        partners = self.env["res.partner"].with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        try:
            with self.env.cr.savepoint():
                records = partners.create(list(values.values()))
        except ValidationError as error:
            if len(values) > 1:
                # By halves, until the refused ones stand alone.
                items = list(values.items())
                half = len(items) // 2
                first = self._create_batch(dict(items[:half]), errors)
                return first | self._create_batch(dict(items[half:]), errors)
            for (line,) in self.env.execute_query(
                SQL(
                    "DELETE FROM crm_purchase_rows WHERE contact = ANY(%s)"
                    " RETURNING line",
                    list(values),
                )
            ):
                errors[line] = str(error)
            return {}
        created = dict(zip(values, records.ids, strict=True))
        self.env.invalidate_all()  # or the memory grows with the contacts
        return created

    def _show_progress(self, percent):
        """Tell users how far the job is, from outside of its one transaction.

        The job itself writes its row only at the end, so that this may.
        """
        if self.state != "queued":
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "UPDATE crm_customer_purchase_import_column SET progress = %s"
                    " WHERE import_id = %s AND number = 0",
                    min(percent, 99),
                    self.id,
                )
            )

    def _insert_rows(self):
        """Insert the rows that are not known yet.

        :return: number of rows of the file, number inserted, ids of their customers
        """
        self._make_rates_table()
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        [[row_count, new_count, partner_ids]] = self.env.execute_query(
            SQL(
                """
                WITH keyed AS (%(keyed)s), inserted AS (
                    INSERT INTO crm_customer_purchase
                           (contact_id, partner_id, company_id, date, amount, cost,
                            document_amount, document_currency_id, is_deposit,
                            reference, import_key, import_id, create_uid, create_date,
                            write_uid, write_date)
                    SELECT r.contact_id, p.commercial_partner_id, %(company)s, r.date,
                           ROUND(r.amount * rate.factor, %(digits)s),
                           ROUND(r.cost * rate.factor, %(digits)s),
                           r.amount, %(currency)s, FALSE, r.reference,
                           r.key, %(id)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                      FROM keyed r
                      JOIN res_partner p ON p.id = r.contact_id
                      JOIN crm_purchase_rates rate ON rate.date = r.date
                     ORDER BY r.line
                    ON CONFLICT (company_id, import_key) WHERE import_key IS NOT NULL
                    DO NOTHING
                 RETURNING partner_id)
                SELECT (SELECT COUNT(*) FROM crm_purchase_rows), COUNT(*),
                       ARRAY_AGG(DISTINCT partner_id)
                  FROM inserted
                """,
                keyed=self._keyed_rows_sql(),
                company=self.company_id.id,
                digits=self.company_id.currency_id.decimal_places,
                currency=self.currency_id.id,
                id=self.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.env["crm.customer.purchase"].invalidate_model(flush=False)
        return row_count, new_count, set(partner_ids or ())

    def _make_rates_table(self):
        """The factor of each day from the file's currency to the company's."""
        company = self.company_id
        days = self.env.execute_query(
            SQL("SELECT DISTINCT date FROM crm_purchase_rows")
        )
        factors = [
            self.env["res.currency"]._get_conversion_rate(
                self.currency_id, company.currency_id, company, day
            )
            for (day,) in days
        ]
        self.env.cr.execute(
            SQL(
                """
                DROP TABLE IF EXISTS pg_temp.crm_purchase_rates;
                CREATE TEMPORARY TABLE crm_purchase_rates ON COMMIT DROP AS
                SELECT * FROM UNNEST(%s::date[], %s::numeric[]) rate (date, factor);
                ANALYZE crm_purchase_rates
                """,
                [day for (day,) in days],
                factors,
            )
        )
