from odoo import models

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
    _inherit = ["account.move", "crm.customer.link"]
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

    def write(self, vals):
        """Write and remove purchases in the transaction that posts or resets."""
        if not PURCHASE_FIELDS & vals.keys():
            return super().write(vals)
        posted = self._posted_documents()
        result = super().write(vals)
        # Not for drafts: posting writes day and number of each before their state.
        (posted | self._posted_documents())._sync_customer_purchases()
        return result

    def _posted_documents(self):
        return self.filtered(lambda move: move.state == "posted")

    def unlink(self):
        # The rows go by the database's cascade; who owned them and what they credited
        # is asked before. Who may delete a document need not be allowed to read
        # purchases.
        purchases = self.env["crm.customer.purchase"].sudo()
        rows = purchases.search([("move_id", "in", self.ids)])
        partner_ids, credited_ids = rows.partner_id.ids, rows.reversed_move_id.ids
        result = super().unlink()
        partner_ids += [row[0] for row in purchases._set_credited_dates(credited_ids)]
        self.env["crm.customer.mark"]._mark(partner_ids)
        return result

    def _sync_customer_purchases(self):
        """Bring the purchases of these documents up to date."""
        documents = self.filtered(lambda move: move.move_type in SALE_TYPES)
        if documents:
            # Whoever may post writes the purchase; only these documents are read.
            self.env["crm.customer.purchase"].sudo()._sync(documents.ids)
