from odoo import api, fields, models
from odoo.tools import SQL

from .crm_customer_link import CUSTOMER_GROUPS


class ResPartner(models.Model):
    """Who brought a customer, and whom he brought himself."""

    _inherit = "res.partner"
    _customer_flags = ("has_needs", "has_brought")

    referred_by_id = fields.Many2one(
        "res.partner",
        "Brought By",
        index="btree_not_null",
        ondelete="set null",
        help="The person or company who brought this customer.",
    )
    referred_on = fields.Datetime(
        "Referral Noted On", readonly=True, help="When it was noted who brought him."
    )
    referral_refusal = fields.Text(
        "Why There Is No Reward",
        compute="_compute_referral_refusal",
        groups=CUSTOMER_GROUPS,
    )
    brought_count = fields.Integer(
        "Brought", compute="_compute_brought", groups=CUSTOMER_GROUPS
    )

    @api.model
    def _commercial_fields(self):
        """A customer was brought once: its contacts were as it was."""
        return [*super()._commercial_fields(), "referred_by_id", "referred_on"]

    @api.model_create_multi
    def create(self, vals_list):
        now = fields.Datetime.now()
        return super().create(
            [
                {"referred_on": now, **vals} if vals.get("referred_by_id") else vals
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if "referred_by_id" not in vals or "referred_on" in vals:
            return super().write(vals)
        referrer = self.browse(vals["referred_by_id"] or [])
        # Writing the same again is no news: who bought meanwhile stays a friend.
        same = self.filtered(lambda partner: partner.referred_by_id == referrer)
        now = fields.Datetime.now() if referrer else False
        result = super(ResPartner, same).write(vals)
        return super(ResPartner, self - same).write({**vals, "referred_on": now}) or (
            result
        )

    def unlink(self):
        # By the ORM, before the database's cascade: who brought them is marked.
        # sudo: who may delete a contact need not be allowed to delete referrals
        referrals = self.env["crm.referral"].sudo()
        referrals.search([("friend_id", "in", self.ids)]).unlink()
        return super().unlink()

    @api.depends("referred_by_id")
    @api.depends_context("company", "uid", "lang")
    def _compute_referral_refusal(self):
        referrals = self.env["crm.referral"]
        found = {}
        # Most contacts were brought by nobody: nothing is looked up for them.
        friends = self.filtered("referred_by_id").commercial_partner_id
        if friends and referrals.has_access("read"):
            rows = referrals.search(
                [
                    ("friend_id", "in", friends.ids),
                    ("company_id", "=", self.env.company.id),
                    ("state", "=", "refused"),
                ]
            )
            found = {row.friend_id: row.explanation for row in rows}
        for partner in self:
            partner.referral_refusal = found.get(partner.commercial_partner_id)

    @api.depends_context("company", "uid")
    def _compute_brought(self):
        """Whom they brought themselves, as far as the reader may open these."""
        referrals = self.env["crm.referral"]
        counts = {}
        asked = self.browse()
        if referrals.has_access("read"):
            # sudo: a flag tells the same to whoever may open the profile
            idle = self.crm_customer_id.sudo().filtered(lambda c: not c.has_brought)
            asked = self.filtered(lambda partner: partner.crm_customer_id not in idle)
        if asked:
            counts = dict(
                referrals._read_group(
                    [
                        ("referrer_customer_id", "in", asked.commercial_partner_id.ids),
                        ("company_id", "=", self.env.company.id),
                        ("state", "!=", "refused"),
                    ],
                    ["referrer_customer_id"],
                    ["__count"],
                )
            )
        for partner in self:
            partner.brought_count = counts.get(partner.commercial_partner_id, 0)

    def action_open_brought(self):
        """Open the tree of those whom this contact brought."""
        self.ensure_one()
        return self.env["crm.referral.tree"]._action_tree(
            self.commercial_partner_id, self.env.company
        )

    @api.model
    def _join_referrals(self, sources, target):
        """Let ``target`` have been brought as the first of contacts that merge was.

        A link between those that become one is dropped, with a note on the contact.
        Called before Odoo moves foreign keys.
        """
        merged = sources | target
        everybody = self.with_context(active_test=False)
        inside = merged | everybody.search(
            [("commercial_partner_id", "in", merged.ids)]
        )
        # What others of a company have, they have of the company.
        told = merged.filtered(
            lambda partner: (
                partner.referred_by_id and partner == partner.commercial_partner_id
            )
        )
        dropped = told.filtered(lambda partner: partner.referred_by_id in inside)
        names = [(row.display_name, row.referred_by_id.display_name) for row in dropped]
        kept = (told - dropped).sorted(
            lambda partner: (partner.referred_on or fields.Datetime.now(), partner.id)
        )[:1]
        values = {
            "referred_by_id": kept.referred_by_id.id,
            "referred_on": kept.referred_on,
        }
        if merged.referred_by_id:
            # The merge would copy what the sources have over to the target.
            self.flush_model()
            self.env.cr.execute(
                SQL(
                    "UPDATE res_partner SET referred_by_id = NULL, referred_on = NULL"
                    " WHERE id = ANY(%s)",
                    (sources - target).ids,
                )
            )
            (sources - target).invalidate_recordset(list(values))
        if told:
            target.write(values)
        for friend, referrer in names:
            target.message_post(
                body=self.env._(
                    "%(friend)s was noted as brought by %(referrer)s; they are one "
                    "contact now, so this was dropped.",
                    friend=friend,
                    referrer=referrer,
                )
            )


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    has_brought = fields.Boolean(
        "Has Brought Anybody", compute="_compute_has_brought", groups=fields.NO_ACCESS
    )

    def _compute_has_brought(self):
        """Most customers brought nobody: nobody need be counted for them.

        Forgotten by `crm.referral._follow`, and when a contact gets another customer.
        """
        self._compute_flag("has_brought")

    @api.model
    def _flag_sql(self, name, alias):
        if name != "has_brought":
            return super()._flag_sql(name, alias)
        referrer = self.env["crm.referral"]._fields["referrer_customer_id"]
        return SQL(
            "(SELECT TRUE FROM crm_referral r WHERE %s = %s LIMIT 1)",
            SQL.identifier("r", "referrer_customer_id", to_flush=referrer),
            SQL.identifier(alias, "partner_id"),
        )
