from odoo import api, fields, models
from odoo.tools import SQL

# What is known of a customer is his salespeople's: accountants read figures.
KNOWLEDGE_GROUPS = "sales_team.group_sale_salesman"


class CrmCustomerKnowledge(models.AbstractModel):
    """A row that says something about one customer of one company.

    It hangs on the profile: the record rules of its model follow those of the profile,
    and it goes where the profile goes, by `crm.customer._knowledge_tables`.
    """

    _name = "crm.customer.knowledge"
    _description = "What Is Known of a Customer"
    _inherit = ["crm.jalali.periods"]
    _check_company_auto = True

    customer_id = fields.Many2one(
        "crm.customer", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="customer_id.company_id")
    user_id = fields.Many2one(related="customer_id.user_id", string="Salesperson")

    def write(self, vals):
        result = super().write(vals)
        if "customer_id" in vals:
            # Odoo asks before a change; now the row may be a foreign customer's.
            self.check_access("write")
        return result


class CrmCustomer(models.Model):
    """What is known of a customer stays with the profile, and keeps it."""

    _inherit = "crm.customer"

    @api.model
    def _knowledge_tables(self):
        """``[(table, its column of the profile)]``: rows that say something of it.

        Upper add-ons append theirs: the profile stays while one has a row for it, and
        the rows follow when profiles are joined.
        """
        return []

    @api.model
    def _knowledge_fields(self):
        """Fields of the profile in which users note what they know; no rule reads them.

        Upper add-ons append theirs.
        """
        return set()

    @api.model
    def _has_past_sql(self):
        known = (
            SQL(
                "EXISTS (SELECT FROM %s k WHERE k.%s = own.id)",
                SQL.identifier(table),
                SQL.identifier(column),
            )
            for table, column in self._knowledge_tables()
        )
        return SQL("(%s)", SQL(" OR ").join([super()._has_past_sql(), *known]))

    def _absorb_statements(self, source):
        moves = [
            SQL(
                "UPDATE %(table)s SET %(column)s = %(target)s"
                " WHERE %(column)s = %(source)s",
                table=SQL.identifier(table),
                column=SQL.identifier(column),
                target=self.id,
                source=source.id,
            )
            for table, column in self._knowledge_tables()
        ]
        return [*super()._absorb_statements(source), *moves]
