from psycopg2.extras import execute_values

from odoo import fields, models
from odoo.tools import SQL, split_every

from .crm_customer_purchase_import_match import CONTACT_TARGETS

CONTACTS_PER_BATCH = 1000
# From this many contacts on, one refresh of all is cheaper than of the marked.
REFRESH_ALL_FROM = 5000


class CrmCustomerPurchaseImport(models.Model):
    """Loading the good rows, with the contacts that are missing."""

    _inherit = "crm.customer.purchase.import"

    def _load(self):
        """Load the good rows, or nothing."""
        self.ensure_one()
        good, errors, missing = self._prepare()
        self._create_contacts(good, missing)
        self._set_keys(good)
        count = self._insert_rows(good)
        self.write(
            {
                "state": "done",
                "new_count": count,
                "known_count": len(good) - count,
                "contact_count": len(missing),
                "error_count": len(errors),
                "error_file": self._render_errors(errors),
            }
        )
        partner_ids = {row["contact_id"] for row in good}
        if len(partner_ids) < REFRESH_ALL_FROM:
            self.env["crm.customer.mark"]._mark(partner_ids)
        else:
            self.env["crm.customer.mark"]._mark(company_ids=self.company_id.ids)

    def _create_contacts(self, rows, missing):
        """Create the missing contacts in batches, and give their ids to the rows."""
        field = CONTACT_TARGETS[self._contact_target()]
        partners = self.env["res.partner"].with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        created = {}
        batches = split_every(CONTACTS_PER_BATCH, missing.items())
        for number, batch in enumerate(batches):
            values = [
                {"name": row["name"] or row["raw"], field: row["raw"]}
                for _contact, row in batch
            ]
            records = partners.create(values)
            contacts = (contact for contact, _row in batch)
            created |= zip(contacts, records.ids, strict=True)
            records.invalidate_recordset()
            self._show_progress(90 * (number + 1) * CONTACTS_PER_BATCH / len(missing))
        for row in rows:
            if not row.get("contact_id"):
                row["contact_id"] = created[row["contact"]]

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

    def _insert_rows(self, rows):
        """Insert the rows that are not known yet; return their number."""
        rates = self._rates({row["date"] for row in rows})
        digits = self.company_id.currency_id.decimal_places
        cr = self.env.cr
        cr.execute(
            SQL(
                """CREATE TEMPORARY TABLE crm_purchase_rows (
                       contact_id integer, date date, document_amount numeric,
                       cost numeric, rate numeric, reference varchar, key varchar
                   ) ON COMMIT DROP"""
            )
        )
        execute_values(
            cr._obj,
            "INSERT INTO crm_purchase_rows VALUES %s",
            (
                (
                    row["contact_id"],
                    row["date"],
                    row["amount"],
                    row["cost"],
                    rates[row["date"]],
                    row["reference"] or None,
                    row["key"],
                )
                for row in rows
            ),
            page_size=1000,
        )
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_purchase
                       (contact_id, partner_id, company_id, date, amount, cost,
                        document_amount, document_currency_id, is_deposit, reference,
                        import_key, import_id, create_uid, create_date, write_uid,
                        write_date)
                SELECT r.contact_id, p.commercial_partner_id, %(company)s, r.date,
                       ROUND(r.document_amount * r.rate, %(digits)s),
                       ROUND(r.cost * r.rate, %(digits)s),
                       r.document_amount, %(currency)s, FALSE, r.reference,
                       r.key, %(id)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM crm_purchase_rows r
                  JOIN res_partner p ON p.id = r.contact_id
                ON CONFLICT (company_id, import_key) WHERE import_key IS NOT NULL
                DO NOTHING
                """,
                company=self.company_id.id,
                digits=digits,
                currency=self.currency_id.id,
                id=self.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        count = cr.rowcount
        cr.execute(SQL("DROP TABLE crm_purchase_rows"))
        self.env["crm.customer.purchase"].invalidate_model(flush=False)
        return count

    def _rates(self, days):
        """``{day: factor}`` from the file's currency to the company's."""
        company = self.company_id
        return {
            day: self.env["res.currency"]._get_conversion_rate(
                self.currency_id, company.currency_id, company, day
            )
            for day in days
        }
