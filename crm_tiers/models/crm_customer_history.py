from odoo import api, models
from odoo.tools import format_list


class CrmCustomerHistory(models.Model):
    """Changes of tier, told with the figures and thresholds the rule saw."""

    _inherit = "crm.customer.history"

    @api.model
    def _render_reason(self, field_name, value, figures):
        if field_name != "tier_id":
            return super()._render_reason(field_name, value, figures)
        seen = figures.get("tier") or {}
        if not value:
            return self.env._("The thresholds of no tier are reached.")
        customers = self.env["crm.customer"]
        currency = self.env["res.currency"].browse(seen.get("currency_id"))
        found = seen.get("figures") or {}
        reached = [
            self.env._(
                "%(figure)s %(value)s (at least %(minimum)s)",
                figure=customers._figure_label(key),
                value=customers._figure_text(key, found.get(key), currency),
                minimum=customers._figure_text(key, minimum, currency),
            )
            for key, minimum in (seen.get("minima") or {}).items()
        ]
        return self.env._(
            "%(tier)s: %(reached)s.",
            tier=value,
            reached=format_list(self.env, reached),
        )

    @api.depends("new_label")
    def _compute_reason(self):
        """Names the tier as the reader knows it, like the labels."""
        result = super()._compute_reason()
        for row in self:
            if row.field_name == "tier_id" and not row.note:
                row.reason = self._render_reason(
                    "tier_id", row.new_label, row.figures or {}
                )
        return result

    @api.depends("customer_id")
    def _compute_labels(self):
        """History keeps the English name of a tier; it is shown in the reader's."""
        result = super()._compute_labels()
        rows = self.filtered(lambda row: row.field_name == "tier_id")
        tiers = self.env["crm.tier"].with_context(active_test=False)
        tiers = tiers.search([("company_id", "in", rows.company_id.ids)])
        english = tiers.with_context(lang="en_US")
        names = {
            (tier.company_id, source.name): tier.name
            for tier, source in zip(tiers, english, strict=True)
        }
        for row in rows:
            old, new = row.old_value, row.new_value
            row.old_label = names.get((row.company_id, old), old)
            row.new_label = names.get((row.company_id, new), new)
        return result
