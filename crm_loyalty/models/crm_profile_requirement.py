from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import format_list

from .. import lifecycle

# Kinds of values that a person types and that can be missing; numbers and tick boxes
# have no empty state.
FACT_TYPES = {
    "char",
    "date",
    "datetime",
    "html",
    "many2many",
    "many2one",
    "selection",
    "text",
}
# Never empty, or kept by the system and by settings, so no fact about a customer.
NO_FACTS = {
    "autopost_bills",
    "calendar_last_notif_ack",
    "channel_ids",
    "company_id",
    "company_name",
    "create_uid",
    "create_date",
    "invoice_edi_format_store",
    "invoice_sending_method",
    "invoice_template_pdf_report_id",
    "meeting_ids",
    "name",
    "signup_type",
    "type",
    "write_uid",
    "write_date",
}


class CrmProfileRequirement(models.Model):
    """A fact the company wants to know of customers from some stage on.

    The fact is a field of the contact. Its technical name is stored, not a link to
    `ir.model.fields`: sales managers have no right to read that table.
    """

    _name = "crm.profile.requirement"
    _description = "Profile Fact"
    _inherit = ["crm.write.guard"]
    _order = "sequence, id"
    _rec_name = "field_name"

    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Leave empty to ask for this fact in all companies.",
    )
    field_name = fields.Selection("_selection_field_name", "Fact", required=True)
    stage = fields.Selection(
        "_selection_stage",
        "From Stage",
        help="The fact is wanted once the customer is on this stage or a higher one. "
        "Leave empty to want it always.",
    )

    @api.model
    def _selection_stage(self):
        """The stages a customer climbs, lowest first."""
        stages = self.env["crm.customer"]._fields["stage"]
        labels = dict(stages._description_selection(self.env))
        return [(stage, labels[stage]) for stage in lifecycle.LADDER]

    @api.model
    def _selection_field_name(self):
        """Fields of the contact that people fill, by label."""
        choices = [
            (name, field.get_description(self.env, ["string"])["string"])
            for name, field in self.env["res.partner"]._fields.items()
            if self._is_fact(field)
        ]
        return sorted(choices, key=lambda choice: choice[1])

    @api.constrains("field_name", "stage")
    def _check_choices(self):
        """Imports and other programs may write values the screen does not offer."""
        names = dict(self._selection_field_name())
        for requirement in self:
            if requirement.field_name not in names:
                raise ValidationError(
                    self.env._(
                        "“%(name)s” is no fact about a contact that can be asked for.",
                        name=requirement.field_name,
                    )
                )
            if requirement.stage and requirement.stage not in lifecycle.LADDER:
                raise ValidationError(
                    self.env._(
                        "%(fact)s: there is no way up to the stage “%(stage)s”.",
                        fact=names[requirement.field_name],
                        stage=requirement.stage,
                    )
                )

    @api.model
    def _is_fact(self, field):
        return (
            field.type in FACT_TYPES
            and field.store
            and not (field.readonly or field.related or field.company_dependent)
            and field.name not in NO_FACTS
        )

    @api.model
    def _wanted_by_company(self, companies):
        """What is wanted, in one query.

        A fact the reader may not see on contacts, or whose field is gone with its
        module, is not asked for.

        :return: ``{company: [(field name, stages)]}`` in the order of the list
        """
        partners = self.env["res.partner"]
        # A list that shows archived customers still asks for no archived fact.
        rows = self.with_context(active_test=True).search_fetch(
            [("company_id", "in", [*companies.ids, False])],
            ["company_id", "field_name", "stage"],
        )
        wanted = {company: {} for company in companies}
        for row in rows:
            field = partners._fields.get(row.field_name)
            if field is None or not partners._has_field_access(field, "read"):
                continue
            for company in row.company_id or companies:
                # Asked for twice, a fact is wanted from the lower stage on.
                stages = wanted[company].setdefault(row.field_name, set())
                stages |= row._stages()
        return {company: list(facts.items()) for company, facts in wanted.items()}

    def _stages(self):
        """The stages in which a customer needs this fact."""
        self.ensure_one()
        if self.stage:
            return set(lifecycle.LADDER[lifecycle.LADDER.index(self.stage) :])
        return set(self.env["crm.customer"]._fields["stage"].get_values(self.env))


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    completeness = fields.Float(
        compute="_compute_completeness",
        digits=(5, 0),
        aggregator=None,
        help="Share of the wanted facts that are known, in percent.",
    )
    missing_facts = fields.Text(
        compute="_compute_completeness", search="_search_missing_facts"
    )

    @api.depends("partner_id", "company_id", "stage")
    @api.depends_context("lang", "uid")
    def _compute_completeness(self):
        """What is known of each customer, for a page in a fixed number of queries.

        The contact is read with the reader's own rights; of a contact he may not
        open nothing is said.
        """
        wanted = self.env["crm.profile.requirement"]._wanted_by_company(self.company_id)
        names = {name for facts in wanted.values() for name, _stages in facts}
        partners = self.env["res.partner"].with_context(active_test=False)
        readable = partners.search_fetch(
            [("id", "in", self.partner_id.ids)], [*names, "name"]
        )
        labels = dict(self.env["crm.profile.requirement"]._selection_field_name())
        by_id = {partner.id: partner for partner in readable}
        for customer in self:
            partner = by_id.get(customer.partner_id.id)
            facts = [
                name
                for name, stages in wanted.get(customer.company_id, ())
                if customer.stage in stages
            ]
            missing = [name for name in facts if partner and not partner[name]]
            customer.completeness = (
                100 * (1 - len(missing) / len(facts)) if partner and facts else 100
            )
            customer.missing_facts = (
                format_list(self.env, [labels.get(name, name) for name in missing])
                if missing
                else False
            )

    def _search_missing_facts(self, operator, value):
        """Customers with nothing missing (``= False``) or something (``!= False``)."""
        if operator != "in" or set(value) - {False, ""}:
            return NotImplemented
        wanted = self.env["crm.profile.requirement"]._wanted_by_company(
            self.env.companies
        )
        incomplete = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain("stage", "in", stages)
            & Domain("partner_id", "any", [(name, "=", False)])
            for company, facts in wanted.items()
            for name, stages in facts
        )
        return ~incomplete
