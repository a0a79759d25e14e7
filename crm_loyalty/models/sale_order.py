from odoo import api, models
from odoo.tools import SQL


class SaleOrder(models.Model):
    _name = "sale.order"
    _inherit = [
        "sale.order",
        "crm.customer.link",
        "crm.customer.marker",
        "crm.jalali.periods",
        "crm.acquisition.mixin",
    ]

    # A customer's offers for the facts, without a page of the table for each.
    _crm_facts_idx = models.Index(
        "(partner_id, company_id) INCLUDE (state, create_date, date_order,"
        " validity_date)"
    )

    @api.depends("opportunity_id.acquisition_channel_id")
    def _compute_acquisition_channel_id(self):
        """An order of an opportunity came as it did; others by the rules."""
        result = super()._compute_acquisition_channel_id()
        for order in self.filtered(lambda order: not order.acquisition_by_hand):
            channel = order.opportunity_id.acquisition_channel_id
            if channel:
                order.acquisition_channel_id = channel
        return result

    @api.model
    def _apply_rules(self):
        """Besides: orders follow their opportunities, which have changed before."""
        count = super()._apply_rules()
        followers = self.env.execute_query(
            SQL(
                """UPDATE sale_order r
                      SET acquisition_channel_id = o.acquisition_channel_id
                     FROM crm_lead o
                    WHERE o.id = r.opportunity_id
                      AND o.acquisition_channel_id IS NOT NULL
                      AND %s
                      AND r.acquisition_channel_id
                          IS DISTINCT FROM o.acquisition_channel_id
                RETURNING r.partner_id""",
                # Without this model's own part, which leaves followers out.
                super()._follows_rules_sql(),  # pylint: disable=super-method-mismatch
            )
        )
        self.invalidate_model(["acquisition_channel_id"])
        self.env["res.partner"]._acquire(row[0] for row in followers)
        return count + len(followers)

    @api.model
    def _follows_rules_sql(self):
        return SQL(
            """%s AND NOT EXISTS (
                   SELECT FROM crm_lead o
                    WHERE o.id = r.opportunity_id
                      AND o.acquisition_channel_id IS NOT NULL)""",
            super()._follows_rules_sql(),
        )
