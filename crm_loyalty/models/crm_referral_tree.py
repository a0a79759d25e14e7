from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_referral import STATES

# Deeper than any real tree, and the number by which ids are told apart.
MAX_DEPTH = 100
# Ids of the customers whose trees are wanted; without it all trees are built.
CONTEXT_KEY = "crm_tree_of"


class CrmReferralTree(models.Model):
    """Whom a customer brought, directly and through others, and what they bought since.

    One row per customer above and friend below. It has record rules of its own: those
    of the friend's profile.
    """

    _name = "crm.referral.tree"
    _description = "Referral Tree"
    _inherit = ["crm.customer.link", "crm.jalali.periods"]
    _auto = False
    _order = "sort, id"
    _rec_name = "friend_id"
    _customer_partner_path = "friend_id.commercial_partner_id"
    _shows_money_in_unit = True
    _depends = {
        "crm.referral": [
            "company_id",
            "date",
            "friend_id",
            "referrer_customer_id",
            "referrer_id",
            "state",
        ],
        "crm.customer.purchase": ["amount", "company_id", "date", "partner_id"],
    }

    ancestor_id = fields.Many2one("res.partner", "Brought Above", readonly=True)
    referral_id = fields.Many2one("crm.referral", readonly=True)
    friend_id = fields.Many2one("res.partner", readonly=True)
    referrer_id = fields.Many2one("res.partner", "Brought By", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    depth = fields.Integer("Level", readonly=True, aggregator=None)
    sort = fields.Char(readonly=True)
    name = fields.Char("Who Was Brought", compute="_compute_name")
    date = fields.Datetime("Noted On", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    revenue = fields.Monetary(
        "Revenue Since",
        readonly=True,
        help="Untaxed, net of credit notes, since it was noted who brought the friend.",
    )
    purchase_count = fields.Integer("Invoices Since", readonly=True)
    last_purchase_date = fields.Date("Last Purchase", readonly=True)

    @property
    def _table_query(self):
        """All trees, or those of the customers in the context.

        PostgreSQL takes no condition on the top of a tree down into the recursion.
        """
        top = SQL("TRUE")
        if CONTEXT_KEY in self.env.context:
            top = SQL(
                "r.referrer_customer_id = ANY(%s)",
                list(self.env.context[CONTEXT_KEY]),
            )
        return SQL(
            """
            WITH RECURSIVE tree AS (
                SELECT %(link)s, r.referrer_customer_id AS ancestor_id, 1 AS depth,
                       ARRAY[r.id] AS path
                  FROM crm_referral r
                 WHERE r.state <> 'refused' AND r.referrer_customer_id IS NOT NULL
                   AND %(top)s
                 UNION ALL
                SELECT %(link)s, tree.ancestor_id, tree.depth + 1, tree.path || r.id
                  FROM tree
                  -- Looked up for each friend, not all read: see the test of the plan.
                  JOIN crm_referral r ON r.referrer_customer_id = tree.friend_id
                   AND r.company_id = tree.company_id
                 WHERE r.state <> 'refused'
                   AND tree.depth < %(deepest)s AND r.id <> ALL(tree.path)
                   AND r.friend_id <> tree.ancestor_id
            )
            SELECT tree.id::bigint * %(places)s + tree.depth AS id,
                   tree.ancestor_id, tree.id AS referral_id, tree.friend_id,
                   tree.referrer_id, tree.company_id, tree.depth, tree.date, tree.state,
                   (SELECT STRING_AGG(LPAD(step::text, 10, '0'), '/' ORDER BY number)
                      FROM UNNEST(tree.path) WITH ORDINALITY step (step, number)
                   ) AS sort,
                   (SELECT COALESCE(SUM(p.amount), 0) %(since)s) AS revenue,
                   (SELECT COUNT(*) FILTER (WHERE p.amount > 0) %(since)s)::integer
                       AS purchase_count,
                   (SELECT MAX(p.date) FILTER (WHERE p.amount > 0) %(since)s)
                       AS last_purchase_date
              FROM tree
            """,
            link=SQL("r.id, r.friend_id, r.referrer_id, r.company_id, r.date, r.state"),
            top=top,
            deepest=MAX_DEPTH - 1,
            places=MAX_DEPTH,
            since=SQL(
                """FROM crm_customer_purchase p
                  WHERE p.company_id = tree.company_id
                    AND p.partner_id = tree.friend_id
                    AND p.date >= (tree.date AT TIME ZONE 'UTC' AT TIME ZONE %s)::date
                """,
                self.env["res.company"]._crm_timezone_sql(SQL("tree.company_id")),
            ),
        )

    @api.depends("friend_id", "depth")
    def _compute_name(self):
        """The friend's name, moved in by his level."""
        for row in self:
            # No-break spaces: others are folded into one by the screen.
            lead = "\u00a0" * 6 * (row.depth - 1)
            row.name = lead + (row.friend_id.display_name or "")

    @api.model
    def _brought(self, customers, company):
        """``{customer: (number brought directly, revenue of all below)}``.

        One query for a page, with the reader's own rights.
        """
        if not self.has_access("read") or not customers:
            return {}
        rows = self.with_context(**{CONTEXT_KEY: customers.ids})._read_group(
            [
                ("ancestor_id", "in", customers.ids),
                ("company_id", "=", company.id),
            ],
            ["ancestor_id", "depth"],
            ["__count", "revenue:sum"],
        )
        found = {}
        for ancestor, depth, count, revenue in rows:
            direct, total = found.get(ancestor.id, (0, 0))
            found[ancestor.id] = (
                direct + (count if depth == 1 else 0),
                total + revenue,
            )
        return found

    @api.model
    def _action_tree(self, customer, company):
        """The list of those whom a customer brought, in the order of the tree."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_referral_tree_action"
        )
        domain = Domain("ancestor_id", "=", customer.id) & Domain(
            "company_id", "=", company.id
        )
        return {
            **action,
            "name": self.env._("Brought by %(name)s", name=customer.display_name),
            "domain": list(domain),
            "context": {CONTEXT_KEY: customer.ids},
        }

    def action_open_friend(self):
        """Open the profile of the friend."""
        self.ensure_one()
        return self.action_open_crm_customer()


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    referred_by_id = fields.Many2one(
        related="partner_id.referred_by_id", string="Brought By"
    )
    brought_count = fields.Integer("Brought", compute="_compute_brought")
    brought_revenue = fields.Monetary(
        "Revenue of Those Brought",
        compute="_compute_brought",
        currency_field="currency_id",
        help="What those whom the customer brought, directly and through others, have "
        "bought since.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_brought(self):
        for company, customers in self.grouped("company_id").items():
            found = self.env["crm.referral.tree"]._brought(
                customers.partner_id, company
            )
            for customer in customers:
                count, revenue = found.get(customer.partner_id.id, (0, 0))
                customer.brought_count = count
                customer.brought_revenue = revenue

    def action_open_brought(self):
        """Open the tree of those whom this customer brought."""
        self.ensure_one()
        return self.env["crm.referral.tree"]._action_tree(
            self.partner_id, self.company_id
        )
