from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, format_list

from .crm_customer_knowledge import KNOWLEDGE_GROUPS

# Of the profile: which values a customer has.
VALUES_TABLE = "crm_customer_trait_value_rel"


class CrmCustomerTrait(models.Model):
    """Something a company wants to tell its customers apart by: trade, size, age."""

    _name = "crm.customer.trait"
    _description = "Trait of Customers"
    _inherit = ["crm.write.guard"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Leave empty to have this trait in all companies.",
    )
    value_ids = fields.One2many(
        "crm.customer.trait.value", "trait_id", "Values", copy=True
    )

    @api.constrains("company_id")
    def _check_customers(self):
        self.with_context(active_test=False).value_ids._check_customers()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # The database's cascade removes the values without asking them.
        self.with_context(active_test=False).value_ids._unlink_except_used()


class CrmCustomerTraitValue(models.Model):
    """One answer to what a trait asks: retail, wholesale..."""

    _name = "crm.customer.trait.value"
    _description = "Value of a Trait"
    _inherit = ["crm.write.guard"]
    _order = "trait_id, sequence, id"
    _rec_names_search = ["name", "trait_id.name"]

    trait_id = fields.Many2one(
        "crm.customer.trait", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    @api.depends("name", "trait_id.name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for value in self:
            value.display_name = f"{value.trait_id.name}: {value.name}"

    @api.constrains("trait_id")
    def _check_customers(self):
        self._customers()._check_traits()

    def _customers(self):
        # sudo: a shared trait has customers in all companies; they are checked and
        # counted only
        customers = self.env["crm.customer"].sudo().with_context(active_test=False)
        return customers.search([("trait_value_ids", "in", self.ids)])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for value in self:
            if customers := value._customers():
                raise UserError(
                    self.env._(
                        "%(value)s is noted of %(count)s customers: archive it "
                        "instead.",
                        value=value.display_name,
                        count=len(customers),
                    )
                )


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    trait_value_ids = fields.Many2many(
        "crm.customer.trait.value",
        VALUES_TABLE,
        "customer_id",
        "value_id",
        "Traits",
        domain="['|', ('trait_id.company_id', '=', False),"
        " ('trait_id.company_id', '=', company_id)]",
        groups=KNOWLEDGE_GROUPS,
    )

    @api.onchange("trait_value_ids")
    def _onchange_trait_value_ids(self):
        """Of each trait the value that was chosen last takes the place of others."""
        last = {value._origin.trait_id: value for value in self.trait_value_ids}
        self.trait_value_ids = self.trait_value_ids.browse().concat(*last.values())

    @api.constrains("trait_value_ids")
    def _check_traits(self):
        # sudo: values of companies that the user may not enter are refused as well
        for customer in self.sudo().with_context(active_test=False):
            for trait, values in customer.trait_value_ids.grouped("trait_id").items():
                if len(values) > 1:
                    raise ValidationError(
                        self.env._(
                            "%(customer)s: choose one value of “%(trait)s”, not "
                            "%(values)s.",
                            customer=customer.display_name,
                            trait=trait.name,
                            values=format_list(self.env, values.mapped("name")),
                        )
                    )
                if trait.company_id not in (
                    trait.company_id.browse(),
                    customer.company_id,
                ):
                    raise ValidationError(
                        self.env._(
                            "%(customer)s: “%(trait)s” is a trait of another company.",
                            customer=customer.display_name,
                            trait=trait.name,
                        )
                    )

    @api.model
    def _knowledge_tables(self):
        return [*super()._knowledge_tables(), (VALUES_TABLE, "customer_id")]

    @api.model
    def _knowledge_fields(self):
        return super()._knowledge_fields() | {"trait_value_ids"}

    def _absorb_statements(self, source):
        """Of each trait the survivor keeps its own value."""
        drop = SQL(
            """DELETE FROM %(table)s theirs
                USING crm_customer_trait_value v, %(table)s ours,
                      crm_customer_trait_value own
                WHERE theirs.customer_id = %(source)s AND v.id = theirs.value_id
                  AND ours.customer_id = %(target)s AND own.id = ours.value_id
                  AND own.trait_id = v.trait_id""",
            table=SQL.identifier(VALUES_TABLE),
            source=source.id,
            target=self.id,
        )
        return [drop, *super()._absorb_statements(source)]
