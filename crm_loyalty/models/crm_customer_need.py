from odoo import api, fields, models
from odoo.tools import SQL, format_list

from .crm_customer_knowledge import KNOWLEDGE_GROUPS
from .crm_folding import folded_index, folded_search

KINDS = [
    ("need", "Needs"),
    ("like", "Likes"),
    ("dislike", "Dislikes"),
]


class CrmCustomerNeed(models.Model):
    """What a customer needs, likes or dislikes, noted from a conversation."""

    _name = "crm.customer.need"
    _description = "Need of a Customer"
    _inherit = ["crm.customer.knowledge"]
    _order = "priority desc, date desc, id desc"

    name = fields.Char("What", required=True, search=folded_search("name"))
    kind = fields.Selection(KINDS, required=True, default="need")
    priority = fields.Selection(
        [("0", "Normal"), ("1", "Important"), ("2", "Very Important")],
        required=True,
        default="0",
    )
    product_id = fields.Many2one(
        "product.product", check_company=True, index="btree_not_null"
    )
    product_categ_id = fields.Many2one(
        "product.category", "Product Category", index="btree_not_null"
    )
    # The log of interactions will bring the conversation itself.
    source = fields.Char(
        help="Where it was heard: a call, a visit, a letter. An opportunity has its "
        "own field."
    )
    lead_id = fields.Many2one(
        "crm.lead", "Heard In", check_company=True, index="btree_not_null"
    )
    author_id = fields.Many2one(
        "res.users", "Noted By", readonly=True, default=lambda self: self.env.user
    )
    date = fields.Date(
        "Noted On",
        required=True,
        default=lambda self: self.env["crm.customer"]._today(),
    )
    active = fields.Boolean(
        default=True, help="Archive what is no longer true: it stays as it was noted."
    )

    _folded_name_idx = folded_index("name")


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    need_ids = fields.One2many(
        "crm.customer.need", "customer_id", groups=KNOWLEDGE_GROUPS
    )
    has_needs = fields.Boolean(compute="_compute_has_needs", groups=fields.NO_ACCESS)

    @api.model
    def _knowledge_tables(self):
        return [*super()._knowledge_tables(), ("crm_customer_need", "customer_id")]

    @api.model
    def _knowledge_fields(self):
        return super()._knowledge_fields() | {"need_ids"}

    @api.depends("need_ids")
    def _compute_has_needs(self):
        """Of most customers nothing is noted: nothing need be read of them."""
        self._compute_flag("has_needs")

    @api.model
    def _flag_sql(self, name, alias):
        if name != "has_needs":
            return super()._flag_sql(name, alias)
        customer = self.env["crm.customer.need"]._fields["customer_id"]
        return SQL(
            "(SELECT TRUE FROM crm_customer_need n WHERE %s = %s LIMIT 1)",
            SQL.identifier("n", "customer_id", to_flush=customer),
            SQL.identifier(alias, "id"),
        )

    def _known_needs(self, kinds):
        """What these customers need, like or dislike, as far as it still holds.

        One query, whatever the number of customers; with the rights of the
        environment, so whoever decides for all customers asks with ``sudo()``.

        :param kinds: any of ``need``, ``like``, ``dislike``
        :return: ``{customer: crm.customer.need}``, the most important first, with an
            empty recordset for a customer of whom nothing is known
        """
        needs = self.env["crm.customer.need"].with_context(active_test=True)
        known = needs.search_fetch(
            [("customer_id", "in", self.ids), ("kind", "in", list(kinds))],
            ["customer_id", "kind", "name", "priority"],
        )
        by_customer = known.grouped("customer_id")
        return {customer: by_customer.get(customer, needs) for customer in self}


class CrmCustomerLink(models.AbstractModel):
    _inherit = "crm.customer.link"

    customer_needs = fields.Text(
        "Known of the Customer",
        compute="_compute_customer_needs",
        groups=KNOWLEDGE_GROUPS,
    )

    @api.depends_context("company", "allowed_company_ids", "uid", "lang")
    @api.depends("crm_customer_id")
    def _compute_customer_needs(self):
        """A line for each kind, with the reader's rights; one query for all."""
        customers = self.crm_customer_id
        # sudo: a flag tells the same to whoever may open the profile
        customers &= customers.sudo().filtered("has_needs")
        if not customers:
            self.customer_needs = False
            return
        kinds = self.env["crm.customer.need"]._fields["kind"]
        labels = dict(kinds._description_selection(self.env))
        known = customers._known_needs(labels)
        texts = {
            customer: "\n".join(
                f"{labels[kind]}: {format_list(self.env, rows.mapped('name'), 'unit')}"
                for kind, rows in needs.sorted(
                    lambda need: list(labels).index(need.kind)
                )
                .grouped("kind")
                .items()
            )
            for customer, needs in known.items()
        }
        for record in self:
            record.customer_needs = texts.get(record.crm_customer_id)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def action_crm_note_need(self):
        """Note what was heard in this opportunity, on the customer's profile."""
        self.ensure_one()
        customer = self.crm_customer_id
        if not customer:
            return customer._action_no_profile()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What Does the Customer Need?"),
            "res_model": "crm.customer.need",
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_customer_id": customer.id,
                "default_lead_id": self.id,
            },
        }
