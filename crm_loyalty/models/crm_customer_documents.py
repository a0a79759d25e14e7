from typing import NamedTuple

from odoo import api, fields, models
from odoo.fields import Domain

from .. import lifecycle
from .crm_customer_purchase import SALE_TYPES


class Documents(NamedTuple):
    """One kind of document that the profile counts and opens."""

    model: str
    partner_path: str
    condition: Domain
    action: str  # Odoo's own, whose views are opened
    context: dict


# Documents without a company count in every company's profile of the contact.
DOCUMENTS = {
    "lead_count": Documents(
        "crm.lead",
        "partner_id.commercial_partner_id",
        Domain.TRUE,
        "crm.crm_lead_opportunities",
        {},
    ),
    "order_count": Documents(
        "sale.order",
        "partner_id.commercial_partner_id",
        Domain.TRUE,
        "sale.action_orders",
        {},
    ),
    "invoice_count": Documents(
        "account.move",
        # Odoo leaves a document with its commercial partner when that gets a parent.
        "commercial_partner_id.commercial_partner_id",
        Domain("state", "=", "posted") & Domain("move_type", "in", SALE_TYPES),
        "account.action_move_out_invoice_type",
        {"default_move_type": "out_invoice"},
    ),
}


class CrmCustomer(models.Model):
    """The documents behind the figures, as far as the reader may open them."""

    _inherit = "crm.customer"

    lead_count = fields.Integer("Opportunities", compute="_compute_document_counts")
    order_count = fields.Integer(
        "Quotations and Orders", compute="_compute_document_counts"
    )
    invoice_count = fields.Integer("Invoices", compute="_compute_document_counts")
    cost_unknown_12m = fields.Monetary(
        "Revenue of Unknown Cost",
        compute="_compute_cost_unknown_12m",
        currency_field="currency_id",
        help="Purchases of the last 12 months whose cost of goods nobody knows, such "
        "as imported ones. The margin leaves them out.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_document_counts(self):
        """What each reader may open: the rules of those documents are Odoo's own."""
        for name in DOCUMENTS:
            for company, customers in self.grouped("company_id").items():
                counts = customers._count_documents(name, company)
                for customer in customers:
                    customer[name] = counts.get(customer.partner_id, 0)

    def _count_documents(self, name, company):
        """``{commercial partner: number}`` of one kind of document."""
        kind = DOCUMENTS[name]
        documents = self.env[kind.model].with_context(active_test=False)
        if not documents.has_access("read"):
            return {}
        domain = self._documents_domain(name, self.partner_id.ids, company)
        return dict(documents._read_group(domain, [kind.partner_path], ["__count"]))

    @api.model
    def _documents_domain(self, name, partner_ids, company):
        kind = DOCUMENTS[name]
        return (
            Domain(kind.partner_path, "in", partner_ids)
            & Domain("company_id", "in", [company.id, False])
            & kind.condition
        )

    @api.depends("net_revenue_12m")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_cost_unknown_12m(self):
        for company, customers in self.grouped("company_id").items():
            day = self.with_company(company)._today()
            amounts = dict(
                self.env["crm.customer.purchase"]._read_group(
                    [
                        ("partner_id", "in", customers.partner_id.ids),
                        ("company_id", "=", company.id),
                        ("date", ">=", lifecycle.year_start(day)),
                        ("date", "<=", day),
                        ("is_cost_known", "=", False),
                    ],
                    ["partner_id"],
                    ["amount:sum"],
                )
            )
            for customer in customers:
                customer.cost_unknown_12m = amounts.get(customer.partner_id, 0)

    # -- actions
    @api.model
    def _action_no_profile(self):
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "There is no customer profile you may open for this contact. New "
                    "profiles appear within a minute; internal users and pure vendors "
                    "have none."
                ),
            },
        }

    def action_open_partner(self):
        """Open the contact."""
        self.ensure_one()
        return self.partner_id._get_records_action(context={})

    def action_open_purchases(self):
        """Open the purchases the figures come from."""
        return self._action_list(
            "crm_loyalty.crm_customer_purchase_action",
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("company_id", "=", self.company_id.id),
        )

    def action_open_history(self):
        """Open all changes of this profile."""
        return self._action_list(
            "crm_loyalty.crm_customer_history_action",
            Domain("customer_id", "in", self.ids),
        )

    def action_open_invoices(self):
        """Open the customer's posted invoices, receipts and credit notes."""
        return self._action_documents("invoice_count")

    def action_open_orders(self):
        """Open the customer's quotations and orders, cancelled ones included."""
        return self._action_documents("order_count")

    def action_open_leads(self):
        """Open the customer's leads and opportunities, lost ones included."""
        return self._action_documents("lead_count")

    def _action_documents(self, name):
        domain = self._documents_domain(name, self.partner_id.ids, self.company_id)
        return self._action_list(
            DOCUMENTS[name].action, domain, DOCUMENTS[name].context
        )

    def _action_list(self, action_name, domain, context=None):
        """An action on these documents alone, its list first, no filter preset."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(action_name)
        views = [view for view in action["views"] if view[1] in ("list", "form")]
        return {
            **action,
            "domain": list(domain),
            "context": {"create": False, "active_test": False, **(context or {})},
            "views": sorted(views, key=lambda view: view[1] != "list"),
            "view_mode": "list,form",
        }
