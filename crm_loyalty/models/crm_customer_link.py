from odoo import api, fields, models
from odoo.fields import Domain

# Who may see figures of customers on contacts and documents.
CUSTOMER_GROUPS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_invoice,account.group_account_readonly"
)


class CrmCustomerLink(models.AbstractModel):
    """Documents that show the profile of their customer.

    The profile is the one of the document's company, else of the environment's;
    it is read with the reader's own rights: a profile he may not open is empty
    for him, and finds nothing. One query per page.
    """

    _name = "crm.customer.link"
    _description = "Link to the Customer Profile"

    # Dotted path to the commercial partner; field of the company or None.
    _customer_partner_path = "partner_id.commercial_partner_id"
    _customer_company_field = "company_id"

    crm_customer_id = fields.Many2one(
        comodel_name="crm.customer",
        string="Customer Profile",
        compute="_compute_crm_customer_id",
        search="_search_crm_customer_id",
        groups=CUSTOMER_GROUPS,
    )
    customer_stage = fields.Selection(
        string="Customer Stage",
        related="crm_customer_id.stage",
        related_sudo=False,
        groups=CUSTOMER_GROUPS,
    )
    customer_phase = fields.Selection(
        string="Customer Phase",
        related="crm_customer_id.phase",
        related_sudo=False,
        groups=CUSTOMER_GROUPS,
    )

    def _customer_company(self):
        """The company whose profile this record shows."""
        company_field = self._customer_company_field
        return (company_field and self[company_field]) or self.env.company

    @api.depends_context("company", "allowed_company_ids", "uid")
    @api.depends(
        lambda self: [
            path
            for path in (self._customer_partner_path, self._customer_company_field)
            if path and not self._abstract
        ]
    )
    def _compute_crm_customer_id(self):
        partners = {
            record: record.mapped(self._customer_partner_path)._origin
            for record in self
        }
        customers = self.env["crm.customer"].with_context(active_test=False)
        partner_ids = {partner.id for partner in partners.values() if partner}
        if partner_ids:
            customers = customers.search_fetch(
                Domain("partner_id", "in", partner_ids)
                & Domain("company_id", "in", self.env.companies.ids),
                customers._link_fields(),
                order="id",
            )
        by_key = {
            (customer.partner_id.id, customer.company_id.id): customer
            for customer in customers
        }
        for record in self:
            key = (partners[record].id, record._customer_company().id)
            record.crm_customer_id = by_key.get(key, False)

    def _search_crm_customer_id(self, operator, value):
        """Find records by their profile, company by company of the user."""
        if operator not in ("in", "any"):
            return NotImplemented
        customers = self.env["crm.customer"].with_context(active_test=False)
        if operator == "any":
            return self._customer_domain(customers, Domain(value))
        ids = {item for item in value if item}
        domain = self._customer_domain(customers, Domain("id", "in", ids))
        if len(ids) < len(set(value)):
            domain |= ~self._customer_domain(customers, Domain.TRUE)
        return domain

    def _customer_domain(self, customers, customer_domain):
        """Records whose profile is among ``customers`` that match the domain."""
        domain = Domain.FALSE
        company_field = self._customer_company_field
        companies = self.env.companies if company_field else self.env.company
        for company in companies:
            query = customers._search(
                customer_domain & Domain("company_id", "=", company.id)
            )
            partners = query.subselect(
                customers._field_to_sql(query.table, "partner_id", query)
            )
            condition = Domain(self._customer_partner_path, "in", partners)
            if company_field:
                ids = [company.id]
                if company == self.env.company:
                    ids.append(False)
                condition &= Domain(company_field, "in", ids)
            domain |= condition
        return domain

    def action_open_crm_customer(self):
        """Open the profile of the customer, or say that there is none (yet)."""
        self.ensure_one()
        customer = self.crm_customer_id
        if not customer:
            return self.env["crm.customer"]._action_no_profile()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.customer",
            "res_id": customer.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
