from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

REWARDS = [
    ("none", "None"),
    ("points", "Points"),
    ("coupon", "Coupon"),
]
STATES = [
    ("waiting", "Waiting"),
    ("due", "Due"),
    ("rewarded", "Rewarded"),
    ("refused", "Refused"),
    ("taken_back", "Taken Back"),
]
REASONS = [
    ("oneself", "Oneself"),
    ("own_company", "Own Company"),
    ("loop", "Loop"),
    ("existing", "Existing Customer"),
    ("by_hand", "By Hand"),
]
# What a manager writes; the rest comes from documents.
OWN_FIELDS = {"refusal_note"}


class CrmReferral(models.Model):
    """A friend whom a customer brought to a company, and what he got for it.

    Rows follow the contacts and their purchases in sets (`_follow`, in
    `crm_referral_follow`); rewards are given and taken back one by one (`_settle`, in
    `crm_referral_reward`), each in a savepoint of its own.
    """

    _name = "crm.referral"
    _description = "Referral"
    _inherit = ["crm.customer.link", "crm.customer.marker", "crm.jalali.periods"]
    _order = "date desc, id desc"
    _rec_name = "friend_id"
    _customer_partner_path = "friend_id.commercial_partner_id"
    _shows_money_in_unit = True

    friend_id = fields.Many2one(
        "res.partner", required=True, readonly=True, ondelete="cascade"
    )
    referrer_id = fields.Many2one(
        "res.partner",
        "Brought By",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    # Whose profile shows it: the one named may be a person of a company.
    referrer_customer_id = fields.Many2one(
        "res.partner",
        "Brought By Customer",
        related="referrer_id.commercial_partner_id",
        store=True,
        index="btree_not_null",
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Datetime("Noted On", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="waiting")
    reason = fields.Selection(
        REASONS, "Reason of Refusal", readonly=True, help="Why there is no reward."
    )
    refusal_note = fields.Char(
        "Note on Refusal", help="Why a manager refuses the reward."
    )
    explanation = fields.Text("Why", compute="_compute_explanation")

    move_id = fields.Many2one(
        "account.move",
        "Earned By",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        help="The friend's first invoice that was really paid.",
    )
    earned_date = fields.Date("Earned On", readonly=True)
    rewarded_date = fields.Date("Rewarded On", readonly=True)
    taken_back_date = fields.Date("Taken Back On", readonly=True)
    reward = fields.Selection(REWARDS, readonly=True)
    points = fields.Integer(
        readonly=True, help="Points given, less those that were taken back."
    )
    program_id = fields.Many2one(
        "loyalty.program",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    coupon_id = fields.Many2one(
        "loyalty.card", readonly=True, ondelete="set null", index="btree_not_null"
    )
    # Points are moved once by key; each turn of giving and taking has its own.
    turn = fields.Integer(readonly=True)
    to_take_back = fields.Boolean(readonly=True)
    note = fields.Text("Left Over", readonly=True)
    problem = fields.Char(readonly=True, help="Why the last attempt failed.")

    _friend_company_uniq = models.Constraint(
        "UNIQUE (friend_id, company_id)", "A friend is brought once to each company."
    )
    # Used by `_reward_batch`.
    _work_idx = models.Index("(id) WHERE state = 'due' OR to_take_back")

    @api.depends("state", "reason", "refusal_note", "earned_date", "note", "problem")
    @api.depends_context("lang", "uid")
    def _compute_explanation(self):
        for referral in self:
            referral.explanation = "\n".join(
                line
                for line in (
                    referral._explain(),
                    referral.note,
                    referral.problem,
                )
                if line
            )

    def _explain(self):
        """Why the referral is in its state, in the reader's words."""
        self.ensure_one()
        if self.state == "refused":
            return {
                "oneself": self.env._("Nobody brings himself."),
                "own_company": self.env._("Both belong to the same company."),
                "loop": self.env._(
                    "The friend brought the one who is said to have brought him, "
                    "directly or through others."
                ),
                "existing": self.env._(
                    "The friend had bought before it was noted who brought him."
                ),
                "by_hand": self.refusal_note or "",
            }.get(self.reason, "")
        if self.state == "waiting":
            return self.env._("The friend has paid no invoice yet.")
        day = self.env.user._crm_format_date(
            self.taken_back_date if self.state == "taken_back" else self.earned_date
        )
        if self.state == "taken_back":
            return self.env._(
                "The invoice was credited or its payment returned; taken back on "
                "%(day)s.",
                day=day or "-",
            )
        return self.env._("The friend's invoice was paid on %(day)s.", day=day or "-")

    # -- guards
    def write(self, vals):
        refused = vals.keys() - OWN_FIELDS
        if refused and not self.env.su:
            raise AccessError(
                self.env._(
                    "Referrals follow contacts and invoices; only the note on a "
                    "refusal can be written."
                )
            )
        return super().write(vals)

    def action_refuse(self):
        """Refuse the reward by hand, for the reason that was noted."""
        self.check_access("write")
        for referral in self:
            if referral.state not in ("waiting", "due", "refused"):
                raise UserError(
                    self.env._(
                        "%(friend)s: the reward was given; it is taken back when the "
                        "invoice is credited or its payment returned.",
                        friend=referral.friend_id.display_name,
                    )
                )
            if not (referral.refusal_note or "").strip():
                raise UserError(
                    self.env._(
                        "%(friend)s: note why the reward is refused.",
                        friend=referral.friend_id.display_name,
                    )
                )
        # sudo: what follows documents is written by the system; checked above
        self.sudo().write({"state": "refused", "reason": "by_hand"})
        return True

    def action_reopen(self):
        """Let the rules decide again on what was refused by hand."""
        self.check_access("write")
        # sudo: the state is written by the system; the right to was checked above
        by_hand = self.sudo().filtered(lambda row: row.reason == "by_hand")
        by_hand.write({"state": "waiting", "reason": False})
        for company, referrals in by_hand.grouped("company_id").items():
            by_hand.with_company(company)._follow(referrals.friend_id.ids)
        return True

    def action_open_invoice(self):
        """Open the invoice that earned the reward."""
        self.ensure_one()
        return self.move_id._get_records_action(context={})
