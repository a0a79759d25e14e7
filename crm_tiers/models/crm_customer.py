import json

from odoo import api, fields, models
from odoo.tools import SQL, format_list

from ..tier_choice import missing_for, next_rule


class CrmCustomer(models.Model):
    """The tier on the profile, chosen by the rule of `tier_choice` in SQL."""

    _inherit = "crm.customer"

    tier_id = fields.Many2one(
        "crm.tier",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    tier_name = fields.Char(related="tier_id.name")
    tier_color = fields.Integer(related="tier_id.color")
    next_tier = fields.Char(
        "To the Next Tier",
        compute="_compute_next_tier",
        help="What the customer lacks for the next higher tier.",
    )

    # -- the seam: figures that rules may use
    @api.model
    def _tier_figures(self):
        """Figures that tier rules may use: ``{key: SQL over f}``.

        The key is a stored numeric field of the profile: its label and unit (money or
        plain number) are the figure's, its value explains one customer. The SQL gives
        the same value from ``f``, a row of the facts. An upper add-on extends what it
        inherits::

            def _tier_figures(self):
                return {**super()._tier_figures(), "nps": SQL("f.nps")}

        and brings the column by `_profile_facts_sql` and `_profile_columns`. A column
        of `_profile_classes` must stand there before ``tier_id``.
        """
        return {
            "net_revenue_12m": SQL("f.net_revenue_12m"),
            "purchase_count": SQL("f.purchase_count"),
        }

    @api.model
    def _figure_label(self, key):
        """The name of a figure, in the reader's language."""
        field = self._fields.get(key)
        return field.get_description(self.env)["string"] if field else key

    @api.model
    def _figure_text(self, key, value, currency):
        """A figure's value as text: money of ``currency``, else a plain number."""
        field = self._fields.get(key)
        if field is not None and field.type == "monetary":
            return self.env.company._crm_format_money(value or 0, currency)
        return f"{value or 0:g}"

    # -- in the refresh
    @api.model
    def _tier_sql(self):
        """The tier of a row f of the facts: the rule of `tier_choice.choose_tier`."""
        figures = self._tier_figures()
        cases = [
            SQL(
                "WHEN %s THEN %s",
                SQL(" AND ").join(
                    SQL("%s >= %s", figures[key], minimum)
                    for key, minimum in minima.items()
                ),
                tier_id,
            )
            for tier_id, minima in self.env["crm.tier"]._rules(self.env.company)
            if minima
        ]
        if not cases:
            return SQL("NULL::integer")
        return SQL("CASE %s END", SQL(" ").join(cases))

    @api.model
    def _profile_classes(self, as_of, thresholds):
        classes = super()._profile_classes(as_of, thresholds)
        return [*classes, ("tier_id", self._tier_sql())]

    @api.model
    def _profile_columns(self):
        return [*super()._profile_columns(), "tier_id"]

    @api.model
    def _history_columns(self):
        # Names are looked up only where the tier changes.
        old, new = (
            SQL(
                """CASE WHEN c.tier_id IS DISTINCT FROM f.tier_id THEN
                   (SELECT t.name->>'en_US' FROM crm_tier t WHERE t.id = %s) END""",
                tier,
            )
            for tier in (SQL("c.tier_id"), SQL("f.tier_id"))
        )
        return {**super()._history_columns(), "tier_id": (old, new)}

    @api.model
    def _figures_sql(self):
        """Adds what the tier rule saw: figures, thresholds and currency."""
        minima = dict(self.env["crm.tier"]._rules(self.env.company))
        figures = SQL(", ").join(
            SQL("%s, %s", key, expression)
            for key, expression in self._tier_figures().items()
        )
        return SQL(
            """%s || JSONB_BUILD_OBJECT('tier', JSONB_BUILD_OBJECT(
                'figures', JSONB_BUILD_OBJECT(%s),
                'minima', %s::jsonb -> f.tier_id::text,
                'currency_id', %s))""",
            super()._figures_sql(),
            figures,
            json.dumps(minima),
            self.env.company.currency_id.id,
        )

    # -- one customer
    def _caller_card_sections(self):
        """Adds the tier, and what is lacking for the next one, to who it is."""
        sections = super()._caller_card_sections()
        labels = self.fields_get(["tier_id", "next_tier"], ["string"])
        texts = {"tier_id": self.tier_name, "next_tier": self.next_tier}
        for section in sections:
            if section["key"] == "who":
                section["rows"] += [
                    (labels[name]["string"], text)
                    for name, text in texts.items()
                    if text
                ]
        return sections

    def _explained_values(self):
        values = super()._explained_values()
        return [*values, ("tier_id", self.tier_id.name)]

    def _explained_figures(self):
        minima = dict(self.env["crm.tier"]._rules(self.company_id))
        return {
            **super()._explained_figures(),
            "tier": {
                "figures": self._tier_figure_values(),
                "minima": minima.get(self.tier_id.id),
                "currency_id": self.currency_id.id,
            },
        }

    @api.depends(lambda self: ["tier_id", "company_id", *self._tier_figures()])
    @api.depends_context("lang", "company")
    def _compute_next_tier(self):
        rules = {
            company: self.env["crm.tier"]._rules(company) for company in self.company_id
        }
        for customer in self:
            above = next_rule(
                customer.tier_id.id or None, rules.get(customer.company_id, [])
            )
            customer.next_tier = above and customer._gap_text(*above)

    def _tier_figure_values(self):
        """``{key: number}`` of this customer, for `tier_choice`."""
        self.ensure_one()
        return {key: self[key] for key in self._tier_figures()}

    def _gap_text(self, tier_id, minima):
        """What the customer lacks for a tier, as a sentence; empty for nothing."""
        gaps = [
            self.env._(
                "%(missing)s more of %(figure)s",
                figure=self._figure_label(key),
                missing=self._figure_text(key, value, self.currency_id),
            )
            for key, value in missing_for(self._tier_figure_values(), minima).items()
        ]
        if not gaps:
            return ""
        return self.env._(
            "%(tier)s: %(gap)s",
            tier=self.env["crm.tier"].browse(tier_id).name,
            gap=format_list(self.env, gaps),
        )
