from odoo import api, fields, models
from odoo.exceptions import UserError


class CrmCustomerHistory(models.Model):
    """Every change of a class or manual value: what, when, from, to, why, who.

    Append-only. ``customer_id`` is the only column that ever changes, by the merge of
    two contacts alone.
    """

    _name = "crm.customer.history"
    _description = "Customer History"
    _inherit = ["crm.jalali.periods"]
    _order = "date desc, id desc"
    _rec_name = "field_name"
    _log_access = False

    customer_id = fields.Many2one(
        "crm.customer", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="customer_id.company_id")
    date = fields.Datetime(required=True, readonly=True, default=fields.Datetime.now)
    field_name = fields.Char("Value", required=True, readonly=True)
    old_value = fields.Char("From", readonly=True)
    new_value = fields.Char("To", readonly=True)
    field_label = fields.Char("What", compute="_compute_labels")
    old_label = fields.Char("From What", compute="_compute_labels")
    new_label = fields.Char("To What", compute="_compute_labels")
    note = fields.Char(readonly=True, help="The reason as it was typed.")
    figures = fields.Json(readonly=True, help="The figures the rule saw.")
    reason = fields.Char(compute="_compute_reason")
    user_id = fields.Many2one(
        "res.users", "By", readonly=True, help="Empty when a rule made the change."
    )

    # Used by reports of changes over time.
    _field_date_idx = models.Index("(field_name, date)")

    @api.depends("field_name", "new_value", "note", "figures")
    @api.depends_context("lang", "uid")
    def _compute_reason(self):
        for row in self:
            row.reason = row.note or self._render_reason(
                row.field_name, row.new_value, row.figures or {}
            )

    @api.depends("field_name", "old_value", "new_value")
    @api.depends_context("lang", "uid")
    def _compute_labels(self):
        customer_fields = self.env["crm.customer"]._fields
        for row in self:
            field = customer_fields.get(row.field_name)
            row.field_label = (
                field.get_description(self.env)["string"] if field else row.field_name
            )
            row.old_label = self._value_label(field, row.old_value)
            row.new_label = self._value_label(field, row.new_value)

    @api.model
    def _value_label(self, field, value):
        if field is not None and field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field is not None and field.type == "date" and value:
            return self._format_day(value)
        return value

    @api.model
    def _to_text(self, value):
        """A field value as the history stores it: key, ISO date, name, or ``None``."""
        if isinstance(value, models.BaseModel):
            return value.display_name or None
        if not value:
            return None
        return str(value)

    @api.model
    def _render_reason(self, field_name, value, figures):
        """Why the rule gave ``value``, in the reader's language.

        :param dict figures: what the rule saw, as `crm.customer._figures_sql` stores
        :return: a sentence, or an empty text when there is nothing to say
        """
        if (figures.get("by_hand") or {}).get(field_name):
            return self.env._("Set by hand.")
        day = {
            name: self._format_day(figures.get(name))
            for name in ("last_purchase_date", "active_until")
        }
        count = figures.get("purchase_count") or 0
        if field_name == "stage" and value == "advocate":
            return self.env._(
                "Active, and rewarded for friends he brought: %(count)s.",
                count=figures.get("rewarded_referrals") or 0,
            )
        if field_name == "stage":
            return self._stage_reasons(count).get(value, "")
        if field_name == "phase":
            return {
                "active": self.env._(
                    "Last purchase on %(last)s; active until %(until)s.",
                    last=day["last_purchase_date"],
                    until=day["active_until"],
                ),
                "former": self.env._(
                    "Last purchase on %(last)s; the window closed on %(until)s.",
                    last=day["last_purchase_date"],
                    until=day["active_until"],
                ),
                "responder": self.env._(
                    "Never bought, but had an opportunity or a quotation."
                ),
                "prospect": self.env._("Never bought and never answered."),
            }.get(value, "")
        return ""

    @api.model
    def _stage_reasons(self, count):
        """``{stage: sentence}`` for a customer with ``count`` purchases."""
        return {
            "regular": self.env._("%(count)s purchases, and active.", count=count),
            "repeat": self.env._("%(count)s purchases.", count=count),
            "first_time": self.env._("One purchase."),
            "prospect": self.env._(
                "Never bought; an offer is open, or was lost not long ago."
            ),
            "disqualified": self.env._(
                "Never bought, and every lead was lost as unsuitable."
            ),
            "suspect": self.env._("Never bought, and no offer is open."),
        }

    @api.model
    def _format_day(self, day):
        return self.env.user._crm_format_date(fields.Date.to_date(day)) or "-"

    def write(self, vals):  # pylint: disable=method-required-super
        # Append-only, for the system too.
        raise UserError(self.env._("The history of customers cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_the_contact(self):
        # The database's cascade removes the rows when the contact goes.
        raise UserError(
            self.env._(
                "The history of customers cannot be deleted. It goes with the contact."
            )
        )
