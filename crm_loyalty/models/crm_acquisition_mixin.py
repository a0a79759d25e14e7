from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.sql import column_exists, create_column

from .crm_acquisition_channel import CONDITIONS


class CrmAcquisitionMixin(models.AbstractModel):
    """A lead or an order, by which a customer reached the company: a touch.

    Its channel comes by the rules of `crm.acquisition.rule` and may be corrected by
    hand; rules leave alone what was. The first touch says how the contact came.
    """

    _name = "crm.acquisition.mixin"
    _description = "Reached the Company by a Channel"

    acquisition_channel_id = fields.Many2one(
        "crm.acquisition.channel",
        "Channel",
        compute="_compute_acquisition_channel_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        tracking=True,
        ondelete="restrict",
        domain="[('company_id', 'in', [False, company_id])]",
        help="How the customer reached the company: by the rules of channels, unless "
        "somebody knows better.",
    )
    acquisition_by_hand = fields.Boolean(
        "Channel Set by Hand", readonly=True, copy=False
    )

    def _auto_init(self):
        """Leave the documents of a live database without channel: rules come later.

        Odoo would compute each of them one by one, for nothing.
        """
        if not self._abstract:
            for name, kind in (
                ("acquisition_channel_id", "int4"),
                ("acquisition_by_hand", "bool"),
            ):
                if not column_exists(self.env.cr, self._table, name):
                    create_column(self.env.cr, self._table, name, kind)
        return super()._auto_init()

    @api.model
    def _acquisition_conditions(self):
        """Fields of this model that rules may ask for."""
        return [name for name in CONDITIONS.values() if name in self._fields]

    @api.depends(lambda self: ["company_id", *self._acquisition_conditions()])
    def _compute_acquisition_channel_id(self):
        rules = self.env["crm.acquisition.rule"]
        names = self._acquisition_conditions()
        for record in self.filtered(lambda record: not record.acquisition_by_hand):
            values = {name: record[name].id for name in names}
            record.acquisition_channel_id = rules._choose(record.company_id.id, values)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create([self._note_hand(vals) for vals in vals_list])
        touched = records.filtered("acquisition_channel_id")
        self.env["res.partner"]._acquire(touched.partner_id.ids)
        return records

    def write(self, vals):
        moves = {
            "partner_id",
            "acquisition_channel_id",
            "company_id",
            *self._acquisition_conditions(),
        }
        if not moves & vals.keys():
            return super().write(vals)
        before = self._touched_partner_ids()
        result = super().write(self._note_hand(vals))
        if "acquisition_channel_id" in vals and not vals["acquisition_channel_id"]:
            # Emptied by hand: the rules decide again.
            field = self._fields["acquisition_channel_id"]
            self.env.add_to_compute(field, self)
        self.env["res.partner"]._acquire({*before, *self._touched_partner_ids()})
        return result

    def unlink(self):
        partner_ids = self.filtered("acquisition_channel_id").partner_id.ids
        result = super().unlink()
        self.env["res.partner"]._acquire(partner_ids)
        return result

    def _touched_partner_ids(self):
        """Ids of the contacts whose touches these records are, or decide."""
        return self.filtered("acquisition_channel_id").partner_id.ids

    @api.model
    def _note_hand(self, vals):
        """Who writes a channel knows better than the rules; who empties it does not."""
        if "acquisition_channel_id" not in vals or "acquisition_by_hand" in vals:
            return vals
        return {**vals, "acquisition_by_hand": bool(vals["acquisition_channel_id"])}

    # -- rules that changed
    @api.model
    def _apply_rules(self):
        """Give records that nobody corrected the channel of today's rules, in sets.

        :return: number of records of the user's active companies that changed
        """
        self.flush_model()
        names = self._acquisition_conditions()
        columns = SQL(", ").join(SQL("r.%s", SQL.identifier(name)) for name in names)
        table = SQL.identifier(self._table)
        kinds = self.env.execute_query(
            SQL(
                "SELECT DISTINCT r.company_id, %s FROM %s r WHERE %s",
                columns,
                table,
                self._follows_rules_sql(),
            )
        )
        rules = self.env["crm.acquisition.rule"]
        rows = [
            SQL("(%s)", SQL(", ").join(SQL("%s::integer", id_ or None) for id_ in row))
            for row in (
                (*kind, rules._choose(kind[0], dict(zip(names, kind[1:], strict=True))))
                for kind in kinds
            )
        ]
        if not rows:
            return 0
        changed = self.env.execute_query(
            SQL(
                """UPDATE %(table)s r
                      SET acquisition_channel_id = k.channel_id
                     FROM (VALUES %(rows)s) AS k (company_id, %(names)s, channel_id)
                    WHERE %(same)s AND %(follows)s
                      AND r.acquisition_channel_id IS DISTINCT FROM k.channel_id
                RETURNING r.id, r.partner_id""",
                table=table,
                rows=SQL(", ").join(rows),
                names=SQL(", ").join(map(SQL.identifier, names)),
                same=SQL(" AND ").join(
                    SQL("r.%s IS NOT DISTINCT FROM k.%s", name, name)
                    for name in map(SQL.identifier, ("company_id", *names))
                ),
                follows=self._follows_rules_sql(),
            )
        )
        self.invalidate_model(["acquisition_channel_id"])
        self.env["res.partner"]._acquire(partner_id for _id, partner_id in changed)
        return len(changed)

    @api.model
    def _follows_rules_sql(self):
        """Whether rules decide about a row ``r``, in the user's active companies."""
        return SQL(
            "r.acquisition_by_hand IS NOT TRUE"
            " AND (r.company_id IS NULL OR r.company_id = ANY(%s))",
            self.env.companies.ids,
        )
