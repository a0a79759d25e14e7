from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import ormcache

# What a rule may ask for: field of the rule, and of leads and orders.
CONDITIONS = {
    "source_id": "source_id",
    "medium_id": "medium_id",
    "campaign_id": "campaign_id",
    "answer_id": "acquisition_answer_id",
}


class CrmAcquisitionChannel(models.Model):
    """How customers come to know the company: a tree that people keep by hand.

    Mailings and chat bots make sources (UTM) by themselves, never channels.
    """

    _name = "crm.acquisition.channel"
    _description = "Acquisition Channel"
    _order = "parent_path, sequence, id"
    _parent_store = True
    _rec_names_search = ["name"]

    name = fields.Char(required=True, translate=True)
    parent_id = fields.Many2one(
        "crm.acquisition.channel", "Part Of", ondelete="restrict", index=True
    )
    parent_path = fields.Char(index=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", index=True, help="Empty: a channel of all companies."
    )
    rule_ids = fields.One2many("crm.acquisition.rule", "channel_id", "Rules")
    lead_count = fields.Integer("Leads", compute="_compute_counts")
    customer_count = fields.Integer("Customers", compute="_compute_counts")
    cost_ids = fields.One2many(
        "crm.acquisition.cost",
        "channel_id",
        "Costs",
        groups="crm_loyalty.group_loyalty_manager,account.group_account_invoice,"
        "account.group_account_readonly",
    )

    @api.depends("name", "parent_id")
    @api.depends_context("lang")
    def _compute_display_name(self):
        """“Advertising / Billboards”: the names from the top of the tree."""
        for channel in self:
            path = [int(id_) for id_ in (channel.parent_path or "").split("/") if id_]
            names = self.browse(path).mapped("name") if path else [channel.name]
            channel.display_name = " / ".join(name for name in names if name)

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_counts(self):
        """Leads and customers of a channel and the channels below it."""
        for field, model in (
            ("lead_count", "crm.lead"),
            ("customer_count", "crm.customer"),
        ):
            records = self.env[model].with_context(active_test=False)
            found = []
            if records.has_access("read"):  # accountants read no leads
                found = records._read_group(
                    [("acquisition_channel_id", "child_of", self.ids)],
                    ["acquisition_channel_id"],
                    ["__count"],
                )
            for channel in self:
                inside = channel.parent_path or f"{channel.id}/"
                channel[field] = sum(
                    count
                    for below, count in found
                    if (below.parent_path or "").startswith(inside)
                )

    @api.constrains("parent_id")
    def _check_tree(self):
        if self._has_cycle():
            raise ValidationError(
                self.env._("A channel cannot be a part of itself. Choose another.")
            )

    @api.constrains("company_id", "parent_id")
    def _check_company_of_parent(self):
        for channel in self:
            above = channel.parent_id.company_id
            if above and above != channel.company_id:
                raise ValidationError(
                    self.env._(
                        "%(channel)s is part of a channel of %(company)s, and must "
                        "belong to that company.",
                        channel=channel.name,
                        company=above.name,
                    )
                )

    def write(self, vals):
        company_id = vals.get("company_id") or False
        if "company_id" in vals and any(
            channel.company_id.id != company_id for channel in self
        ):
            # Profiles of a company show its own channels and those of all alone.
            raise UserError(
                self.env._(
                    "A channel stays with its company. Create another one in the "
                    "other company."
                )
            )
        if "active" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        # The database takes the rules along, without asking them.
        self.env.registry.clear_cache()
        return super().unlink()

    def action_open_leads(self):
        """Open the leads of this channel and those below it."""
        return self._open("crm.crm_lead_all_leads")

    def action_open_costs(self):
        """Open what this channel and those below it cost."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_acquisition_cost_action"
        )
        return {
            **action,
            "domain": [("channel_id", "child_of", self.id)],
            "context": {"default_channel_id": self.id},
        }

    def action_open_report(self):
        """Open what this channel and those below it cost and brought."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_channel_report_action"
        )
        return {**action, "domain": [("channel_id", "child_of", self.id)]}

    def action_open_customers(self):
        """Open the customers of this channel and those below it."""
        return self._open("crm_loyalty.crm_customer_action")

    def _open(self, xml_id):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        domain = [("acquisition_channel_id", "child_of", self.id)]
        return {**action, "domain": domain, "context": {"active_test": False}}


class CrmAcquisitionAnswer(models.Model):
    """What somebody answered when asked how he heard of the company."""

    _name = "crm.acquisition.answer"
    _description = "How Did You Hear of Us"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)


class CrmAcquisitionRule(models.Model):
    """Which leads and orders belong to a channel; the first rule that fits decides."""

    _name = "crm.acquisition.rule"
    _description = "Rule of an Acquisition Channel"
    _order = "sequence, id"
    _rec_name = "channel_id"

    sequence = fields.Integer(default=10)
    channel_id = fields.Many2one(
        "crm.acquisition.channel", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="channel_id.company_id", store=True)
    answer_id = fields.Many2one("crm.acquisition.answer", ondelete="cascade")
    source_id = fields.Many2one("utm.source", ondelete="cascade")
    medium_id = fields.Many2one("utm.medium", ondelete="cascade")
    campaign_id = fields.Many2one("utm.campaign", ondelete="cascade")

    _asks_something = models.Constraint(
        """CHECK (answer_id IS NOT NULL OR source_id IS NOT NULL
                  OR medium_id IS NOT NULL OR campaign_id IS NOT NULL)""",
        "A rule needs an answer, a source, a medium or a campaign: without any it "
        "would take everybody.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.model
    @ormcache("company_id")
    def _rules(self, company_id):
        """``[(channel id, {field of a lead: id})]`` of a company, first one first."""
        # sudo: rules hold no figures of anyone; visitors' leads come by them as well
        rules = self.sudo().search(
            [
                ("channel_id.active", "=", True),
                ("company_id", "in", [False, company_id]),
            ]
        )
        return [
            (
                rule.channel_id.id,
                {
                    field: rule[condition].id
                    for condition, field in CONDITIONS.items()
                    if rule[condition]
                },
            )
            for rule in rules
        ]

    @api.model
    def _choose(self, company_id, values):
        """The channel of what has these values, as an id; ``False`` for none.

        :param company_id: of the record; without one, only channels of all companies
        :param dict values: ``{field of a lead: id}``; what is missing fits no rule
            that asks for it
        """
        for channel_id, asked in self._rules(company_id or False):
            if all(values.get(field) == wanted for field, wanted in asked.items()):
                return channel_id
        return False

    @api.model
    def action_apply(self):
        """Give leads and orders that nobody corrected the channel of today's rules.

        Concerns the companies that the user works in at the moment.
        """
        self.check_access("write")
        # sudo: whoever may write the rules decides of all documents they fit
        count = sum(
            self.env[model].sudo()._apply_rules()
            for model in ("crm.lead", "sale.order")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%s leads and quotations have another channel now.", count
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
