from odoo import api, fields, models

from .crm_customer_knowledge import KNOWLEDGE_GROUPS
from .crm_folding import folded_index, folded_search

CAUSES = [
    ("price", "Price"),
    ("time", "Time"),
    ("quality", "Quality"),
    ("terms", "Terms"),
    ("competitor", "Competitor"),
    ("trust", "Trust"),
]
# So many proven answers are offered.
OFFERED = 3


class CrmObjection(models.Model):
    """What a customer said against buying, the answer given, and whether it helped.

    It is of the salesperson who met it; whoever looks after the customer reads it too.
    """

    _name = "crm.objection"
    _description = "Objection"
    _inherit = ["crm.customer.link", "crm.jalali.periods", "crm.write.guard"]
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char("What Was Said", required=True, search=folded_search("name"))
    cause = fields.Selection(CAUSES, required=True, index=True)
    lead_id = fields.Many2one(
        "crm.lead",
        "Opportunity",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    order_id = fields.Many2one(
        "sale.order",
        "Quotation",
        ondelete="cascade",
        index="btree_not_null",
        check_company=True,
    )
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        compute="_compute_from_document",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        compute="_compute_company_id",
        store=True,
        readonly=False,
        precompute=True,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        compute="_compute_from_document",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
    )
    product_id = fields.Many2one(
        "product.product", check_company=True, index="btree_not_null"
    )
    competitor_id = fields.Many2one(
        "crm.competitor",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    date = fields.Date(
        required=True, default=lambda self: self.env["crm.customer"]._today()
    )
    proven_answer_ids = fields.Many2many(
        "crm.objection.answer",
        string="Proven Answers",
        compute="_compute_proven_answer_ids",
    )
    answer_id = fields.Many2one(
        "crm.objection.answer",
        "Answer from the Library",
        domain="[('cause', '=', cause)]",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    answer = fields.Text(
        "Answer Given",
        compute="_compute_answer",
        store=True,
        readonly=False,
        precompute=True,
    )
    helped = fields.Selection(
        [("yes", "It Helped"), ("no", "It Did Not Help")],
        "Did It Help?",
        help="Empty while nobody knows.",
    )

    _folded_name_idx = folded_index("name")

    @api.depends("lead_id", "order_id")
    def _compute_from_document(self):
        """Of the document's customer and salesperson when it was noted."""
        for objection in self:
            document = objection.order_id or objection.lead_id
            objection.partner_id = document.partner_id or objection.partner_id
            objection.user_id = (
                document.user_id or objection.user_id or objection.env.user
            )

    @api.depends("lead_id.company_id", "order_id.company_id")
    def _compute_company_id(self):
        for objection in self:
            objection.company_id = (
                objection.order_id.company_id
                or objection.lead_id.company_id
                or objection.company_id
                or objection.env.company
            )

    @api.depends("answer_id")
    def _compute_answer(self):
        for objection in self:
            if objection.answer_id:
                objection.answer = objection.answer_id.name

    @api.depends("cause", "company_id")
    def _compute_proven_answer_ids(self):
        """The answers to this cause that helped, those that did most often first."""
        answers = self.env["crm.objection.answer"].search(
            [("cause", "in", self.mapped("cause"))]
        )
        # One query for all, and an order that no column has.
        answers = answers._proven()
        for objection in self:
            fitting = answers.filtered(
                lambda answer, objection=objection: (
                    answer.cause == objection.cause
                    and answer.company_id.id in (False, objection.company_id.id)
                )
            )
            objection.proven_answer_ids = fitting[:OFFERED]

    def action_open(self):
        """Open the objection, with the answers that helped before."""
        self.ensure_one()
        return self._get_records_action(
            name=self.env._("Objection"), target="new", context={}
        )


class CrmObjectionAnswer(models.Model):
    """An answer to objections of one cause that others may use."""

    _name = "crm.objection.answer"
    _description = "Answer to Objections"
    _inherit = ["crm.jalali.periods", "crm.write.guard"]
    _order = "cause, id"

    name = fields.Text("Answer", required=True)
    cause = fields.Selection(CAUSES, required=True, index=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Leave empty to offer this answer in all companies.",
    )
    used_count = fields.Integer("Given", compute="_compute_counts")
    helped_count = fields.Integer(
        "Helped",
        compute="_compute_counts",
        help="In how many objections that you may open this answer helped.",
    )
    helped_rate = fields.Float(
        "Helped (%)",
        compute="_compute_counts",
        digits=(5, 0),
        aggregator=None,
        help="Of the objections of which it is known whether the answer helped.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        """Of the objections that the reader may open: totals show no foreign ones."""
        counts = self._count_objections(self.env["crm.objection"])
        for answer in self:
            yes, no, unknown = (
                counts.get((answer._origin.id, helped), 0)
                for helped in ("yes", "no", False)
            )
            answer.used_count = yes + no + unknown
            answer.helped_count = yes
            answer.helped_rate = 100 * yes / (yes + no) if yes + no else 0

    def _proven(self):
        """Those that helped somebody, those that did most often first."""
        # sudo: an answer is proven by what it did for all salespeople of these
        # companies; of their objections nothing is told, not even how many there are
        counts = self._count_objections(self.env["crm.objection"].sudo())
        helped = {answer: counts.get((answer.id, "yes"), 0) for answer in self}
        return self.filtered(helped.get).sorted(
            lambda answer: (-helped[answer], answer.id)
        )

    def _count_objections(self, objections):
        """``{(answer's id, whether it helped): number}`` in the active companies."""
        groups = objections._read_group(
            [
                ("answer_id", "in", self.ids),
                ("company_id", "in", self.env.companies.ids),
            ],
            ["answer_id", "helped"],
            ["__count"],
        )
        return {(answer.id, helped): count for answer, helped, count in groups}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    objection_ids = fields.One2many(
        "crm.objection", "order_id", "Objections", groups=KNOWLEDGE_GROUPS
    )


class CrmLead(models.Model):
    _inherit = "crm.lead"

    objection_ids = fields.One2many(
        "crm.objection", "lead_id", "Objections", groups=KNOWLEDGE_GROUPS
    )

    def _merge_dependences(self, opportunities):
        """What was heard in the leads that go stays with the one that is kept."""
        result = super()._merge_dependences(opportunities)
        for model in ("crm.customer.need", "crm.objection"):
            # sudo: whoever may merge the leads need not see what others noted
            rows = self.env[model].sudo().with_context(active_test=False)
            rows.search([("lead_id", "in", opportunities.ids)]).lead_id = self
        return result
