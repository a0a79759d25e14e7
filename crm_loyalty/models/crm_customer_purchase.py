from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

SALE_TYPES = ("out_invoice", "out_receipt", "out_refund")


class CrmCustomerPurchase(models.Model):
    """What was sold: one row per posted sales document or imported purchase.

    All facts of the profile come from here. Rows of documents are written and
    removed by `_sync` in the transaction that posts, resets or deletes them. The
    contact of a document is Odoo's stored ``account.move.commercial_partner_id``.
    """

    _name = "crm.customer.purchase"
    _description = "Purchase"
    _inherit = ["crm.customer.link", "crm.jalali.periods"]
    _order = "date desc, id desc"
    _rec_name = "reference"
    _customer_partner_path = "partner_id"
    _shows_money_in_unit = True

    contact_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="cascade", index=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        related="contact_id.commercial_partner_id",
        store=True,
        ondelete="cascade",
        # Merging and deleting contacts look it up in all companies.
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date("Day", required=True, readonly=True)
    amount = fields.Monetary(
        readonly=True,
        help="Untaxed, in company currency; negative for credit notes and returns.",
    )
    cost = fields.Monetary(
        "Cost of Goods",
        readonly=True,
        help="Fixed when the document was posted, in company currency. Unknown where "
        "an imported purchase came without it.",
    )
    # The column holds null for unknown, which the ORM reads as 0.
    is_cost_known = fields.Boolean(
        "Cost Known", compute="_compute_is_cost_known", search="_search_is_cost_known"
    )
    margin = fields.Monetary(
        compute="_compute_margin", help="Empty where the cost is unknown."
    )
    document_amount = fields.Monetary(
        readonly=True, currency_field="document_currency_id"
    )
    document_currency_id = fields.Many2one("res.currency", readonly=True)
    move_id = fields.Many2one(
        "account.move", "Document", readonly=True, ondelete="cascade"
    )
    reversed_move_id = fields.Many2one(
        "account.move",
        "Reversed Document",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    credited_date = fields.Date(
        "Credited in Full On",
        readonly=True,
        help="Day on which the credit notes of this document reached its amount: from "
        "then on it counts as no purchase.",
    )
    order_id = fields.Many2one(
        "sale.order",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The order the document belongs to; of several the one with the lowest "
        "number, so that the document counts once.",
    )
    is_deposit = fields.Boolean("Only a Deposit", readonly=True)
    unit_costs = fields.Json(
        readonly=True,
        help="Cost per unit of measure of each product when the document was posted; "
        "a credit note takes back these costs.",
    )
    reference = fields.Char(readonly=True)
    import_key = fields.Char(
        readonly=True, help="What makes an imported row unique in its company."
    )

    import_id = fields.Many2one(
        "crm.customer.purchase.import",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )

    _move_uniq = models.Constraint(
        "UNIQUE (move_id)", "A document is one row of purchases."
    )
    _import_key_idx = models.UniqueIndex(
        "(company_id, import_key) WHERE import_key IS NOT NULL",
        "This purchase was imported before.",
    )
    # Used by every fact: the rows of a customer, by day, without touching the table.
    _facts_idx = models.Index(
        "(company_id, partner_id, date) INCLUDE"
        " (amount, cost, order_id, is_deposit, reversed_move_id, credited_date)"
    )

    @api.depends("cost")
    def _compute_is_cost_known(self):
        self.flush_recordset(["cost"])
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM crm_customer_purchase
                    WHERE id = ANY(%s) AND cost IS NOT NULL""",
                self.ids,
            )
        )
        known = {row[0] for row in rows}
        for purchase in self:
            purchase.is_cost_known = purchase._origin.id in known

    @api.model
    def _search_is_cost_known(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IS NOT NULL", model._field_to_sql(alias, "cost", query)
            )
        )

    @api.depends("amount", "cost", "is_cost_known")
    def _compute_margin(self):
        for purchase in self:
            known = purchase.is_cost_known
            purchase.margin = purchase.amount - purchase.cost if known else 0

    def action_open_document(self):
        """Open the invoice, receipt or credit note of this row."""
        self.ensure_one()
        if not self.move_id:
            raise UserError(
                self.env._(
                    "%(reference)s was imported: there is no document in Odoo.",
                    reference=self.display_name,
                )
            )
        return self.move_id._get_records_action(context={})

    @api.model_create_multi
    def create(self, vals_list):
        purchases = super().create(vals_list)
        self.env["crm.customer.mark"]._mark(purchases.partner_id.ids)
        return purchases

    def write(self, vals):
        before = self.partner_id.ids
        result = super().write(vals)
        self.env["crm.customer.mark"]._mark({*before, *self.partner_id.ids})
        return result

    def unlink(self):
        partner_ids = self.partner_id.ids
        result = super().unlink()
        self.env["crm.customer.mark"]._mark(partner_ids)
        return result
