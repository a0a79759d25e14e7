import logging

from psycopg2 import errors

from odoo import api, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)


class CrmReferral(models.Model):
    """Rewards are given and taken back one by one, by a job that is woken for them."""

    _inherit = "crm.referral"

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
