from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_customer_knowledge import KNOWLEDGE_GROUPS
from .crm_folding import folded_search

STATES = [
    ("open", "Open"),
    ("reached", "Reached"),
    ("missed", "Missed"),
    ("dropped", "Dropped"),
]


class CrmCustomerObjective(models.Model):
    """The result wished with a customer, until when, and how far it is.

    One at a time is open; past ones stay with what came of them.
    """

    _name = "crm.customer.objective"
    _description = "Objective for a Customer"
    _inherit = ["crm.customer.knowledge"]
    _shows_money_in_unit = True
    # What is open has no closing day, and comes first.
    _order = "closed_date desc, id desc"

    name = fields.Char("Wished Result", required=True, search=folded_search("name"))
    date_end = fields.Date("Until", index="btree_not_null")
    figure = fields.Selection(
        "_selection_figure",
        help="The figure of the profile that shows the progress. Leave empty to state "
        "the progress by hand.",
    )
    target_amount = fields.Monetary(currency_field="currency_id")
    currency_id = fields.Many2one(related="company_id.currency_id")
    percent = fields.Float(
        "Progress by Hand", digits=(5, 0), aggregator=None, help="In percent."
    )
    progress = fields.Float(
        compute="_compute_progress",
        digits=(5, 0),
        aggregator=None,
        help="In percent; as it was when the objective was closed.",
    )
    state = fields.Selection(STATES, required=True, default="open", index=True)
    result = fields.Char(help="What came of it.")
    closed_date = fields.Date("Closed On", readonly=True)
    closed_progress = fields.Float(readonly=True, digits=(5, 0), aggregator=None)

    _one_open_idx = models.UniqueIndex(
        "(customer_id) WHERE state = 'open'",
        "A customer has one open objective at a time: close the other one first.",
    )

    @api.model
    def _figures(self):
        """Names of money fields of the profile that an objective may aim at.

        Upper add-ons append theirs.
        """
        return ["net_revenue_12m", "margin_12m", "net_revenue"]

    @api.model
    def _selection_figure(self):
        customer_fields = self.env["crm.customer"]._fields
        return [
            (name, customer_fields[name].get_description(self.env)["string"])
            for name in self._figures()
        ]

    @api.depends(
        lambda self: [
            "state",
            "percent",
            "figure",
            "target_amount",
            "closed_progress",
            *(f"customer_id.{name}" for name in self._figures()),
        ]
    )
    def _compute_progress(self):
        for objective in self:
            if objective.state != "open":
                objective.progress = objective.closed_progress
            elif objective.figure:
                target = objective.target_amount
                reached = objective.customer_id[objective.figure]
                objective.progress = 100 * reached / target if target > 0 else 0
            else:
                objective.progress = objective.percent

    @api.constrains("figure", "target_amount")
    def _check_target(self):
        for objective in self:
            if objective.figure and objective.target_amount <= 0:
                raise ValidationError(
                    self.env._(
                        "“%(objective)s” aims at a figure: say the amount to reach.",
                        objective=objective.name,
                    )
                )

    @api.constrains("percent")
    def _check_percent(self):
        for objective in self:
            if not 0 <= objective.percent <= 100:
                raise ValidationError(
                    self.env._(
                        "The progress of “%(objective)s” is between 0 and 100 percent.",
                        objective=objective.name,
                    )
                )

    @api.constrains("state", "result")
    def _check_result(self):
        for objective in self:
            if objective.state != "open" and not objective.result:
                raise ValidationError(
                    self.env._(
                        "Say what came of “%(objective)s” when you close it.",
                        objective=objective.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        # One that is closed in the same breath makes room for the next.
        self.flush_model(["state"])
        objectives = super().create(vals_list)
        objectives._stamp({})
        return objectives

    def write(self, vals):
        if "state" not in vals:
            return super().write(vals)
        progress = {
            objective: objective.progress
            for objective in self
            if objective.state == "open"
        }
        result = super().write(vals)
        self._stamp(progress)
        return result

    def _stamp(self, progress):
        """Note day and progress of objectives that were closed, or are open again.

        :param dict progress: of those that were open until now
        """
        for objective in self:
            closed = objective.state != "open"
            if closed and (objective in progress or not objective.closed_date):
                day = objective.customer_id.with_company(objective.company_id)._today()
                objective.write(
                    {
                        "closed_date": day,
                        "closed_progress": progress.get(objective, objective.percent),
                    }
                )
            elif not closed and objective.closed_date:
                objective.write({"closed_date": False, "closed_progress": 0})


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    objective_ids = fields.One2many(
        "crm.customer.objective",
        "customer_id",
        "Objectives",
        groups=KNOWLEDGE_GROUPS,
    )

    @api.model
    def _knowledge_tables(self):
        return [*super()._knowledge_tables(), ("crm_customer_objective", "customer_id")]

    @api.model
    def _knowledge_fields(self):
        return super()._knowledge_fields() | {"objective_ids"}

    def _absorb(self, source):
        """Of two open objectives the survivor's stays open."""
        is_open = [("state", "=", "open")]
        ours, theirs = (
            customer.objective_ids.filtered_domain(is_open)
            for customer in (self, source)
        )
        if ours:
            theirs.write(
                {
                    "state": "dropped",
                    "result": self.env._(
                        "Dropped when the contact became part of %(customer)s.",
                        customer=self.display_name,
                    ),
                }
            )
        return super()._absorb(source)
