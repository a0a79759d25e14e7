from odoo import api, fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    """How a contact came to the company: by its first touch, unless told by hand."""

    _inherit = "res.partner"

    acquisition_channel_id = fields.Many2one(
        "crm.acquisition.channel",
        index="btree_not_null",
        ondelete="restrict",
        help="By which channel the customer first reached the company: that of his "
        "first lead or quotation, unless somebody knows better.",
    )
    acquisition_date = fields.Date("Acquired On", help="The day of the first touch.")
    acquisition_by_hand = fields.Boolean("Channel Set by Hand", readonly=True)

    @api.model
    def _commercial_fields(self):
        """A customer came once: its contacts came as it did."""
        return [
            *super()._commercial_fields(),
            "acquisition_channel_id",
            "acquisition_date",
            "acquisition_by_hand",
        ]

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._note_told(vals) for vals in vals_list])

    def write(self, vals):
        result = super().write(self._note_told(vals))
        if "acquisition_channel_id" in vals and not vals["acquisition_channel_id"]:
            # Emptied by hand: the first touch decides again.
            self._acquire(self.ids)
        return result

    @api.model
    def _note_told(self, vals):
        """As of a touch (`_note_hand`), and the day on which it was told."""
        noted = self.env["crm.acquisition.mixin"]._note_hand(vals)
        if noted is vals:
            return vals
        by_hand = noted["acquisition_by_hand"]
        day = fields.Date.context_today(self) if by_hand else False
        return {"acquisition_date": day, **noted}

    @api.model
    def _acquire(self, partner_ids):
        """Have customers come by their first touch, in one statement.

        Their touches are written anew with the next refresh.

        :param partner_ids: contacts, commercial or not
        """
        partner_ids = {id_ for id_ in partner_ids if id_}
        if not partner_ids:
            return
        self.env["crm.customer.mark"]._mark(partner_ids)
        for model in ("crm.lead", "sale.order", "res.partner"):
            self.env[model].flush_model()
        # Upkeep by the system: touches may lie in companies the user has not.
        changed = self.env.execute_query(
            SQL(
                """
                WITH customers AS (
                    SELECT DISTINCT commercial_partner_id AS id
                      FROM res_partner WHERE id = ANY(%(partners)s)
                ), contacts AS (
                    SELECT p.id, p.commercial_partner_id AS customer_id
                      FROM res_partner p
                      JOIN customers c ON c.id = p.commercial_partner_id
                ), touches AS (
                    SELECT c.customer_id, l.acquisition_channel_id, l.company_id,
                           l.create_date, 1 AS kind, l.id
                      FROM crm_lead l JOIN contacts c ON c.id = l.partner_id
                     WHERE l.acquisition_channel_id IS NOT NULL
                     UNION ALL
                    SELECT c.customer_id, o.acquisition_channel_id, o.company_id,
                           o.create_date, 2, o.id
                      FROM sale_order o JOIN contacts c ON c.id = o.partner_id
                     WHERE o.acquisition_channel_id IS NOT NULL
                ), firsts AS (
                    SELECT DISTINCT ON (customer_id)
                           customer_id, acquisition_channel_id AS channel_id,
                           (create_date AT TIME ZONE 'UTC' AT TIME ZONE
                            %(zone)s)::date AS day
                      FROM touches
                     ORDER BY customer_id, create_date, kind, id
                )
                UPDATE res_partner p
                   SET acquisition_channel_id = f.channel_id, acquisition_date = f.day
                  FROM contacts c LEFT JOIN firsts f ON f.customer_id = c.customer_id
                 WHERE p.id = c.id AND p.acquisition_by_hand IS NOT TRUE
                   AND (p.acquisition_channel_id, p.acquisition_date)
                       IS DISTINCT FROM (f.channel_id, f.day)
             RETURNING p.id
                """,
                partners=list(partner_ids),
                zone=self.env["res.company"]._crm_timezone_sql(
                    SQL("touches.company_id")
                ),
            )
        )
        if changed:
            names = ["acquisition_channel_id", "acquisition_date"]
            self.browse(row[0] for row in changed).invalidate_recordset(names)
