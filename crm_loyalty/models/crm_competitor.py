from odoo import api, fields, models
from odoo.fields import Domain

from .crm_folding import folded_index, folded_search


class CrmCompetitor(models.Model):
    """Who else sells what we sell, named in opportunities, needs and objections."""

    _name = "crm.competitor"
    _description = "Competitor"
    _inherit = ["crm.write.guard"]
    _order = "name, id"

    name = fields.Char(required=True, search=folded_search("name"))
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Leave empty to have this competitor in all companies.",
    )
    website = fields.Char()
    strengths = fields.Text()
    weaknesses = fields.Text()
    lead_count = fields.Integer("Opportunities", compute="_compute_lead_counts")
    won_count = fields.Integer("Won", compute="_compute_lead_counts")
    lost_count = fields.Integer("Lost", compute="_compute_lead_counts")
    need_count = fields.Integer("Needs", compute="_compute_need_count")

    _folded_name_idx = folded_index("name")

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_lead_counts(self):
        """What the reader may open, lost opportunities included."""
        leads = self.env["crm.lead"].with_context(active_test=False)
        groups = leads._read_group(
            self._leads_domain(self.ids),
            ["competitor_id", "won_status"],
            ["__count"],
        )
        counts = {(row[0].id, row[1]): row[2] for row in groups}
        for competitor in self:
            id_ = competitor.id
            won, lost = counts.get((id_, "won"), 0), counts.get((id_, "lost"), 0)
            competitor.won_count = won
            competitor.lost_count = lost
            competitor.lead_count = won + lost + counts.get((id_, "pending"), 0)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_need_count(self):
        groups = self.env["crm.customer.need"]._read_group(
            [("competitor_id", "in", self.ids)], ["competitor_id"], ["__count"]
        )
        counts = {competitor.id: count for competitor, count in groups}
        for competitor in self:
            competitor.need_count = counts.get(competitor.id, 0)

    @api.model
    def _leads_domain(self, ids):
        return Domain("competitor_id", "in", ids) & Domain("type", "=", "opportunity")

    # -- actions
    def action_open_leads(self):
        """Open the opportunities in which this competitor is named."""
        return self._action_leads(Domain.TRUE)

    def action_open_won(self):
        """Open the opportunities won against this competitor."""
        return self._action_leads(Domain("won_status", "=", "won"))

    def action_open_lost(self):
        """Open the opportunities that were lost and in which it is named."""
        return self._action_leads(Domain("won_status", "=", "lost"))

    def action_open_needs(self):
        """Open the needs in which this competitor is named."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_customer_need_action"
        )
        return {**action, "domain": [("competitor_id", "=", self.id)]}

    def _action_leads(self, condition):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_lead_action_competitor"
        )
        views = sorted(action["views"], key=lambda view: view[1] != "list")
        domain = self._leads_domain(self.ids) & condition
        return {
            **action,
            "domain": list(domain),
            "context": {"active_test": False, "create": False},
            "views": views,
            "view_mode": ",".join(view[1] for view in views),
        }


class CrmLead(models.Model):
    _inherit = "crm.lead"

    competitor_id = fields.Many2one(
        "crm.competitor",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        help="Against whom we compete here, or to whom this was lost.",
    )

    def _merge_get_fields(self):
        return [*super()._merge_get_fields(), "competitor_id"]


class CrmCustomerNeed(models.Model):
    _inherit = "crm.customer.need"

    competitor_id = fields.Many2one(
        "crm.competitor",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="From whom the customer has it today, or whom he named.",
    )
