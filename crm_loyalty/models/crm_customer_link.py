from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_customer import PHASES, STAGES

# Who may see figures of customers on contacts and documents.
CUSTOMER_GROUPS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_invoice,account.group_account_readonly"
)


class CrmCustomerLink(models.AbstractModel):
    """Documents that show the profile of their customer.

    The profile is the one of the document's company, else of the environment's;
    it is read with the reader's own rights: a profile he may not open is empty
    for him, and finds nothing. One query per page, whatever is shown of it.
    """

    _name = "crm.customer.link"
    _description = "Link to the Customer Profile"

    # Path to the commercial partner, over the field of the contact; field of the
    # company or None.
    _customer_partner_path = "partner_id.commercial_partner_id"
    _customer_company_field = "company_id"
    # Flags of the profile that its query brings along: a form asks for them anyway.
    _customer_flags = ()

    crm_customer_id = fields.Many2one(
        comodel_name="crm.customer",
        string="Customer Profile",
        compute="_compute_customer_link",
        search="_search_crm_customer_id",
        groups=CUSTOMER_GROUPS,
    )
    customer_stage = fields.Selection(
        STAGES,
        compute="_compute_customer_link",
        search=lambda self, *condition: self._search_profile("stage", *condition),
        groups=CUSTOMER_GROUPS,
    )
    customer_phase = fields.Selection(
        PHASES,
        compute="_compute_customer_link",
        search=lambda self, *condition: self._search_profile("phase", *condition),
        groups=CUSTOMER_GROUPS,
    )

    @api.model
    def _link_fields(self):
        """``{field here: field of the profile}``: what `_compute_customer_link` shows.

        An upper add-on adds its own; the field of the profile is a stored one, or a
        related one that SQL can follow.
        """
        return {
            "crm_customer_id": "id",
            "customer_stage": "stage",
            "customer_phase": "phase",
        }

    def _customer_company(self):
        """The company whose profile this record shows."""
        company_field = self._customer_company_field
        return (company_field and self[company_field]) or self.env.company

    @api.depends_context("company", "allowed_company_ids", "uid", "lang")
    @api.depends(
        lambda self: [
            path
            for path in (self._customer_partner_path, self._customer_company_field)
            if path and not self._abstract
        ]
    )
    def _compute_customer_link(self):
        contact_field = self._customer_partner_path.partition(".")[0]
        keys = [
            (record[contact_field]._origin.id, record._customer_company().id)
            for record in self
        ]
        profiles = self._read_profiles({contact_id for contact_id, _c in keys})
        names = self._link_fields()
        nothing = (None,) * len(names)
        found = [profiles.get(key, nothing) for key in keys]
        # To assign what is as the cache has it would take longer than to read it.
        for position, name in enumerate(names):
            values = [profile[position] for profile in found]
            self._fields[name]._insert_cache(self, values)

    @api.model
    def _read_profiles(self, contact_ids):
        """``{(contact, company): values of _link_fields}`` the reader may open.

        By SQL, since related fields of the profile, and the commercial partners of
        the contacts, would cost a query each. Flags go to the cache of the profiles.
        """
        contact_ids.discard(False)
        if not contact_ids:
            return {}
        customers = self.env["crm.customer"].with_context(active_test=False)
        query = customers._search(Domain("company_id", "in", self.env.companies.ids))
        if "." in self._customer_partner_path:
            contact = query.join(
                query.table,
                "partner_id",
                "res_partner",
                "commercial_partner_id",
                "contact",
            )
            commercial = self.env["res.partner"]._fields["commercial_partner_id"]
            contact_id = SQL.identifier(contact, "id", to_flush=commercial)
        else:
            # They are commercial partners, as the profiles have them.
            contact_id = SQL.identifier(query.table, "partner_id")
        query.add_where(SQL("%s = ANY(%s)", contact_id, list(contact_ids)))
        names = ("company_id", *self._link_fields().values(), "id")
        rows = self.env.execute_query(
            query.select(
                contact_id,
                *(customers._field_to_sql(query.table, name, query) for name in names),
                *(customers._flag_sql(f, query.table) for f in self._customer_flags),
            )
        )
        end = len(names)
        found = customers.browse(row[end] for row in rows)
        for position, name in enumerate(self._customer_flags, start=end + 1):
            flag = customers._fields[name]
            flag._insert_cache(found, [row[position] for row in rows])
        return {row[:2]: row[2:end] for row in rows}

    def _search_profile(self, name, operator, value):
        """Find records by a field of their profile; ``False`` finds those without."""
        if operator in Domain.NEGATIVE_OPERATORS:
            return NotImplemented
        domain = Domain("crm_customer_id", "any", Domain(name, operator, value))
        if operator == "in" and False in value:
            domain |= Domain("crm_customer_id", "=", False)
        return domain

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
        return customer._get_records_action(context={})
