import re

from odoo import fields, models
from odoo.tools import date_utils

from .crm_customer_purchase import SALE_TYPES

# What a row of purchases reads of a document after it is posted.
PURCHASE_FIELDS = {
    "state",
    "commercial_partner_id",
    "partner_id",
    "company_id",
    "invoice_date",
    "reversed_entry_id",
}


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.customer.link", "crm.jalali.periods"]
    # Odoo leaves a document with its commercial partner when that gets a parent.
    _customer_partner_path = "commercial_partner_id.commercial_partner_id"

    # Odoo's own contact form sums invoices by this column; so do the profiles.
    _commercial_partner_idx = models.Index("(commercial_partner_id)")

    def _compute_payment_count(self):
        # Odoo's reads the payments: no salesperson could open an invoice of his own.
        if self.env["account.payment"].has_access("read"):
            return super()._compute_payment_count()
        self.payment_count = 0
        return None

    def _get_starting_sequence(self):
        """Of a Jalali financial year: the years in which it begins and ends."""
        sequence = super()._get_starting_sequence()
        if not self.company_id.crm_jalali_fiscal_year:
            return sequence
        day = self.date or self.invoice_date or fields.Date.context_today(self)
        year = self.company_id.compute_fiscalyear_dates(day)
        years = f"/{year['date_from']:%y}-{year['date_to']:%y}/"
        # Odoo's ends on the same day in every year.
        return re.sub(r"/\d\d-\d\d/", years, sequence, count=1)

    def _get_sequence_date_range(self, reset):
        if (
            reset not in ("year_range", "year_range_month")
            or not self.company_id.crm_jalali_fiscal_year
        ):
            return super()._get_sequence_date_range(reset)
        year = self.company_id.compute_fiscalyear_dates(self.date)
        start, end = year["date_from"], year["date_to"]
        if reset == "year_range":
            return start, end, None, None
        # March belongs to two years: its numbers begin anew with the second.
        first, last = date_utils.get_month(self.date)
        return max(start, first), min(end, last), start.year, end.year

    def write(self, vals):
        """Write and remove purchases in the transaction that posts or resets."""
        if not PURCHASE_FIELDS & vals.keys():
            return super().write(vals)
        posted = self._posted_documents()
        result = super().write(vals)
        # Not for drafts: posting writes day and number of each before their state.
        now_posted = posted | self._posted_documents()
        now_posted._sync_customer_purchases(known=bool(posted))
        if "state" in vals:
            self._reconciled_already()._set_customer_paid_dates()
        return result

    def _reconciled_already(self):
        """Those that may be reconciled while they are posted or reset.

        An invoice says so itself, and a new one is not.
        """
        return self.filtered(
            lambda move: (
                move.move_type == "entry"
                or (
                    move.move_type in SALE_TYPES
                    and move.payment_state not in ("not_paid", "blocked")
                )
            )
        )

    def _posted_documents(self):
        return self.filtered(lambda move: move.state == "posted")

    def unlink(self):
        # The rows go by the database's cascade; who owned them and what they credited
        # is asked before.
        # sudo: who may delete a document need not be allowed to read purchases
        purchases = self.env["crm.customer.purchase"].sudo()
        rows = purchases.search([("move_id", "in", self.ids)])
        partner_ids, credited_ids = rows.partner_id.ids, rows.reversed_move_id.ids
        result = super().unlink()
        partner_ids += [row[0] for row in purchases._set_credited_dates(credited_ids)]
        self.env["crm.customer.mark"]._mark(partner_ids)
        return result

    def _sync_customer_purchases(self, known=True):
        """Bring the purchases of these documents up to date.

        :param bool known: whether some of them may have purchases already
        """
        documents = self.filtered(lambda move: move.move_type in SALE_TYPES)
        if documents:
            # sudo: whoever may post writes the purchase; only these documents are read
            purchases = self.env["crm.customer.purchase"].sudo()
            purchases._sync(documents.ids, known=known)

    def _set_customer_paid_dates(self):
        """Note which documents are really paid by now: these, and what these paid."""
        if self:
            # sudo: whoever reconciles writes the day; only these documents are read
            self.env["crm.customer.purchase"].sudo()._set_paid_dates(self.ids)
