import logging

from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

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

    Rows follow the contacts and their purchases in sets (`_follow`); rewards are given
    and taken back one by one (`_settle`), each in a savepoint of its own.
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
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    # -- following contacts and purchases, in sets
    @api.model
    def _follow(self, friend_ids=None):
        """Bring the referrals of the environment's company up to date.

        Set-based, and a second run writes nothing. What is due then, or to be taken
        back, is left to the job.

        :param friend_ids: customers to look at; ``None`` means all
        :return: number of rows that were written
        """
        for model in ("res.partner", "crm.customer.purchase", "crm.referral"):
            self.env[model].flush_model()
        friends = SQL("TRUE")
        if friend_ids is not None:
            if not self._concerns(friend_ids):
                return 0
            friends = SQL("f.id = ANY(%s)", list(friend_ids))
        written = 0
        for statement in (
            self._forget_sql(friends),
            self._note_sql(friends),
            self._judge_sql(friends),
        ):
            self.env.cr.execute(statement)
            written += self.env.cr.rowcount
        if written:
            self.invalidate_model(flush=False)
        if self._has_work():
            self._wake()
        return written

    @api.model
    def _concerns(self, friend_ids):
        """Whether somebody brought one of these customers, or did: most nobody did."""
        return bool(
            self.env.execute_query(
                SQL(
                    """SELECT 1 FROM res_partner
                        WHERE id = ANY(%(friends)s) AND referred_by_id IS NOT NULL
                        UNION ALL
                       SELECT 1 FROM crm_referral WHERE friend_id = ANY(%(friends)s)
                        LIMIT 1""",
                    friends=list(friend_ids),
                )
            )
        )

    @api.model
    def _forget_sql(self, friends):
        """DELETE of what came to nothing, where nobody is named any more."""
        return SQL(
            """DELETE FROM crm_referral r USING res_partner f
                WHERE f.id = r.friend_id AND f.referred_by_id IS NULL
                  AND r.company_id = %s AND %s
                  AND r.state IN ('waiting', 'due', 'refused')""",
            self.env.company.id,
            friends,
        )

    @api.model
    def _note_sql(self, friends):
        """INSERT of the referrals that are new, and UPDATE of those told otherwise."""
        return SQL(
            """INSERT INTO crm_referral AS r
                      (friend_id, referrer_id, company_id, date, state,
                       create_uid, create_date, write_uid, write_date)
               SELECT f.id, f.referred_by_id, c.company_id,
                      COALESCE(f.referred_on, f.create_date, %(now)s), 'waiting',
                      %(uid)s, %(now)s, %(uid)s, %(now)s
                 FROM res_partner f
                 JOIN crm_customer c
                   ON c.partner_id = f.id AND c.company_id = %(company)s
                WHERE f.referred_by_id IS NOT NULL AND %(friends)s
                ORDER BY f.id
               ON CONFLICT (friend_id, company_id) DO UPDATE
                  SET referrer_id = EXCLUDED.referrer_id, date = EXCLUDED.date,
                      state = 'waiting', reason = NULL
                WHERE r.state IN ('waiting', 'due', 'refused')
                  AND (r.referrer_id, r.date)
                      IS DISTINCT FROM (EXCLUDED.referrer_id, EXCLUDED.date)""",
            company=self.env.company.id,
            friends=friends,
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    @api.model
    def _judge_sql(self, friends):
        """UPDATE of state, reason and invoice as contacts and purchases say.

        ``above`` are those who brought the one who brought the friend, by links noted
        before this one: of a loop, the link that closes it is refused.
        """
        return SQL(
            """
            WITH RECURSIVE referral AS (
                SELECT r.*, referrer.commercial_partner_id AS by_id
                  FROM crm_referral r
                  JOIN res_partner f ON f.id = r.friend_id
                  LEFT JOIN res_partner referrer ON referrer.id = r.referrer_id
                 WHERE r.company_id = %(company)s AND %(friends)s
                   AND r.reason IS DISTINCT FROM 'by_hand'
            ), above (id, friend_id, date, partner_id) AS (
                SELECT id, friend_id, date, by_id FROM referral
                 WHERE state IN ('waiting', 'due', 'refused')
                 UNION
                SELECT above.id, above.friend_id, above.date,
                       referrer.commercial_partner_id
                  FROM above
                  JOIN res_partner p ON p.id = above.partner_id
                   AND p.id <> above.friend_id
                   AND (p.referred_on, p.id) < (above.date, above.friend_id)
                  JOIN res_partner referrer ON referrer.id = p.referred_by_id
            ), wanted AS (
                SELECT r.id, r.state, paid.move_id, paid.paid_date,
                       CASE
                       WHEN r.referrer_id = r.friend_id THEN 'oneself'
                       WHEN r.by_id = r.friend_id THEN 'own_company'
                       WHEN EXISTS (SELECT FROM above
                                     WHERE above.id = r.id
                                       AND above.partner_id = r.friend_id)
                       THEN 'loop'
                       WHEN EXISTS (SELECT FROM crm_customer_purchase p
                                     WHERE p.company_id = r.company_id
                                       AND p.partner_id = r.friend_id
                                       AND p.amount > 0 AND p.credited_date IS NULL
                                       AND (p.date < %(noted)s
                                            OR p.date = %(noted)s
                                               AND p.create_date < r.date))
                       THEN 'existing' END AS reason
                  FROM referral r
                  LEFT JOIN LATERAL (
                       SELECT p.move_id, p.paid_date
                         FROM crm_customer_purchase p
                        WHERE p.company_id = r.company_id
                          AND p.partner_id = r.friend_id
                          AND p.move_id IS NOT NULL AND p.amount > 0
                          AND p.paid_date IS NOT NULL AND p.credited_date IS NULL
                        ORDER BY p.move_id IS DISTINCT FROM r.move_id, p.paid_date, p.id
                        LIMIT 1) paid ON TRUE
            ), judged AS (
                SELECT id, move_id, paid_date,
                       CASE WHEN state = 'rewarded' THEN 'rewarded'
                            WHEN state = 'taken_back' AND move_id IS NULL
                            THEN 'taken_back'
                            WHEN state = 'taken_back' THEN 'due'
                            WHEN reason IS NOT NULL THEN 'refused'
                            WHEN move_id IS NOT NULL THEN 'due'
                            ELSE 'waiting' END AS state,
                       CASE WHEN state IN ('waiting', 'due', 'refused')
                            THEN reason END AS reason
                  FROM wanted
            ), final AS (
                SELECT judged.id, judged.state, judged.reason,
                       judged.state = 'rewarded' AND judged.move_id IS NULL AS lost,
                       -- What earned a reward is told while it is not taken back.
                       CASE WHEN judged.state IN ('due', 'rewarded', 'taken_back')
                            THEN COALESCE(judged.move_id, r.move_id) END AS move_id,
                       CASE WHEN judged.state IN ('due', 'rewarded', 'taken_back')
                            THEN COALESCE(judged.paid_date, r.earned_date)
                            END AS earned_date
                  FROM judged JOIN crm_referral r ON r.id = judged.id
            )
            UPDATE crm_referral r
               SET state = final.state, reason = final.reason,
                   move_id = final.move_id, earned_date = final.earned_date,
                   to_take_back = final.lost
              FROM final
             WHERE final.id = r.id
               AND (r.state, r.reason, r.move_id, r.earned_date,
                    COALESCE(r.to_take_back, FALSE))
                   IS DISTINCT FROM (final.state, final.reason, final.move_id,
                                     final.earned_date, final.lost)
            """,
            company=self.env.company.id,
            friends=friends,
            noted=self.env["crm.customer"]._day_sql(SQL("r.date")),
        )

    @api.model
    def _join_friends(self, sources, target):
        """Keep one referral per company of friends that become one.

        That which went furthest stays, of equal ones the first; the others are noted
        on it.
        """
        if not sources:
            return
        self.env.flush_all()
        # By SQL rewards go from one to the other: those who got them are marked here.
        known = self.search([("friend_id", "in", (sources | target).ids)])
        self.env["crm.customer.mark"]._mark(known.referrer_id.ids)
        self.env.cr.execute(
            SQL(
                """
                WITH ranked AS (
                    SELECT r.id, r.company_id, f.name,
                           ROW_NUMBER() OVER (
                               PARTITION BY r.company_id
                               ORDER BY ARRAY_POSITION(
                                   ARRAY['rewarded', 'taken_back', 'due', 'waiting',
                                         'refused'], r.state::text),
                               r.date, r.id) AS rank
                      FROM crm_referral r JOIN res_partner f ON f.id = r.friend_id
                     WHERE r.friend_id = ANY(%(merged)s)
                ), gone AS (
                    DELETE FROM crm_referral r USING ranked
                     WHERE ranked.id = r.id AND ranked.rank > 1
                 RETURNING r.company_id, r.points, r.coupon_id, ranked.name
                ), joined AS (
                    SELECT company_id, STRING_AGG(name, ', ') AS names,
                           SUM(COALESCE(points, 0)) AS points
                      FROM gone GROUP BY company_id
                )
                UPDATE crm_referral r
                   SET friend_id = %(target)s,
                       points = COALESCE(r.points, 0) + COALESCE(joined.points, 0),
                       note = CONCAT_WS(
                           E'\\n', r.note,
                           CASE WHEN joined.names IS NOT NULL
                                THEN %(told)s || joined.names END)
                  FROM ranked LEFT JOIN joined
                    ON joined.company_id = ranked.company_id
                 WHERE ranked.id = r.id AND ranked.rank = 1
                """,
                merged=(sources | target).ids,
                target=target.id,
                told=self.env._("Joined with the referral of: "),
            )
        )
        self.env.invalidate_all(flush=False)

    # -- rewards
    @api.model
    def _has_work(self):
        return bool(
            self.env.execute_query(
                SQL(
                    """SELECT id FROM crm_referral
                        WHERE (state = 'due' OR to_take_back) AND company_id = %s
                        LIMIT 1""",
                    self.env.company.id,
                )
            )
        )

    @api.model
    def _wake(self):
        job = self.env.ref("crm_loyalty.ir_cron_reward_referrals", False)
        # While the add-on is being installed there is none.
        if job:
            job._trigger()

    @api.model
    def _cron_reward(self, batch_size=100):
        """Give what is due and take back what is lost, batch by batch.

        A referral that cannot be settled is named and left to the next run.
        """
        retry = self.env["crm.customer"]._retry
        last = 0
        while last is not None:
            last = retry(lambda after=last: self._reward_batch(after, batch_size))

    @api.model
    def _reward_batch(self, after, batch_size):
        """Settle the next referrals; return the last id, or ``None`` if none is left.

        Another job that settles some of them is not waited for.
        """
        rows = self.env.execute_query(
            SQL(
                """SELECT id FROM crm_referral
                    WHERE (state = 'due' OR to_take_back) AND id > %s
                    ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED""",
                after,
                batch_size,
            )
        )
        ids = [row[0] for row in rows]
        for referral in self.browse(ids):
            try:
                with self.env.cr.savepoint():
                    referral.with_company(referral.company_id)._settle()
            except (errors.SerializationFailure, errors.DeadlockDetected):
                raise
            # Whatever a program or a mail template of it holds against this one.
            except Exception as error:
                _logger.exception(
                    "Referral of %s (%s) cannot be settled",
                    referral.friend_id.display_name,
                    referral.id,
                )
                referral.problem = str(error)[:500]
        return ids[-1] if ids else None

    def _settle(self):
        """Give the reward, or take it back."""
        self.ensure_one()
        values = self._take_back() if self.to_take_back else self._give()
        self.write({**values, "to_take_back": False, "problem": False})

    def _give(self):
        """Give what the company promises; return the values to write."""
        company = self.company_id
        day = self.env["crm.customer"]._today()
        kind = company.crm_referral_reward
        values = {
            "state": "rewarded",
            "rewarded_date": day,
            "taken_back_date": False,
            "reward": kind,
            "turn": self.turn + 1,
        }
        program = company.crm_referral_program_id
        if kind != "none" and self.referrer_id:
            values["program_id"] = program.id
            values |= getattr(self, f"_give_{kind}")(program)
        return values

    def _give_points(self, program):
        # Of what could not be taken back nothing is given again.
        wanted = self.company_id.crm_referral_points - self.points
        given = 0
        if wanted > 0:
            given = self.env["crm.points"]._points_add(
                self.referrer_id,
                self.company_id,
                wanted,
                self.env._("Brought %(friend)s", friend=self.friend_id.display_name),
                f"referral:{self.id}:{self.turn + 1}",
                program,
            )
        return {"points": self.points + given}

    def _give_coupon(self, program):
        if self.coupon_id.active:
            return {}
        # Rewards of a coupon program cost one point unless it says otherwise.
        cost = min(program.reward_ids.mapped("required_points"), default=1)
        coupon = self.env["loyalty.card"].create(
            {
                "program_id": program.id,
                "partner_id": self.referrer_id.id,
                "points": cost,
            }
        )
        self.env["loyalty.history"].create(
            {
                "card_id": coupon.id,
                "issued": cost,
                "description": self.env._(
                    "Brought %(friend)s", friend=self.friend_id.display_name
                ),
                "crm_key": f"referral:{self.id}:{self.turn + 1}",
            }
        )
        return {"coupon_id": coupon.id}

    def _take_back(self):
        """Take back what is still there; return the values to write."""
        values = {
            "state": "taken_back",
            "taken_back_date": self.env["crm.customer"]._today(),
            "turn": self.turn + 1,
        }
        notes = []
        if self.points:
            taken = self.env["crm.points"]._points_add(
                self.referrer_id,
                self.company_id,
                -self.points,
                self.env._(
                    "Taken back: %(friend)s", friend=self.friend_id.display_name
                ),
                f"referral:{self.id}:{self.turn + 1}",
                self.program_id,
            )
            values["points"] = self.points + taken
            if values["points"]:
                notes.append(
                    self.env._(
                        "%(points)s points were spent already and could not be taken "
                        "back.",
                        points=values["points"],
                    )
                )
        if self.coupon_id.active:
            if self._is_coupon_used():
                notes.append(
                    self.env._(
                        "The coupon %(code)s was used already.",
                        code=self.coupon_id.code,
                    )
                )
            else:
                self.coupon_id.action_archive()
        values["note"] = "\n".join(notes) or False
        return values

    def _is_coupon_used(self):
        """Whether the coupon stands in an order, or something of it was spent."""
        coupon = self.coupon_id
        cost = min(coupon.program_id.reward_ids.mapped("required_points"), default=1)
        return bool(coupon.use_count or coupon.points < cost)


class CrmCustomer(models.Model):
    """The refresh of profiles takes the referrals along."""

    _inherit = "crm.customer"

    @api.model
    def _refresh(self, partner_ids=None, as_of=None):
        written = super()._refresh(partner_ids, as_of)
        # Of a past day only the profiles are wanted.
        if written is not None and as_of in (None, self._today()):
            if partner_ids is not None:
                partner_ids = self._commercial_ids(partner_ids)
            # sudo: upkeep by the system; who asks for a refresh need not see these
            self.env["crm.referral"].sudo()._follow(partner_ids)
        return written

    @api.model
    def _join_profiles(self, sources, target):
        result = super()._join_profiles(sources, target)
        # sudo: upkeep by the system; who merges contacts need not see their referrals
        self.env["crm.referral"].sudo()._join_friends(sources - target, target)
        return result
