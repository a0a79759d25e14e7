from odoo import api, fields, models
from odoo.tools import SQL


class CrmReferral(models.Model):
    """Referrals follow contacts and their purchases, in sets."""

    _inherit = "crm.referral"

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
            self.env["crm.customer"].invalidate_model(["has_brought"], flush=False)
        if self._has_work():
            self._wake()
        return written

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
                      (friend_id, referrer_id, referrer_customer_id, company_id, date,
                       state, create_uid, create_date, write_uid, write_date)
               SELECT f.id, f.referred_by_id, referrer.commercial_partner_id,
                      c.company_id,
                      COALESCE(f.referred_on, f.create_date, %(now)s), 'waiting',
                      %(uid)s, %(now)s, %(uid)s, %(now)s
                 FROM res_partner f
                 JOIN crm_customer c
                   ON c.partner_id = f.id AND c.company_id = %(company)s
                 JOIN res_partner referrer ON referrer.id = f.referred_by_id
                WHERE %(friends)s
                ORDER BY f.id
               ON CONFLICT (friend_id, company_id) DO UPDATE
                  SET referrer_id = EXCLUDED.referrer_id,
                      referrer_customer_id = EXCLUDED.referrer_customer_id,
                      date = EXCLUDED.date, state = 'waiting', reason = NULL
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
                SELECT r.*
                  FROM crm_referral r
                  JOIN res_partner f ON f.id = r.friend_id
                 WHERE r.company_id = %(company)s AND %(friends)s
                   AND r.reason IS DISTINCT FROM 'by_hand'
            ), above (id, friend_id, date, partner_id) AS (
                SELECT id, friend_id, date, referrer_customer_id FROM referral
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
                       WHEN r.referrer_customer_id = r.friend_id THEN 'own_company'
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


class CrmCustomer(models.Model):
    """The refresh of profiles takes the referrals along."""

    _inherit = "crm.customer"

    @api.model
    def _follow_up_conditions(self, partner_ids):
        """Adds referrals: somebody brought one of these customers, or did."""
        has_referrals = SQL(
            """(EXISTS (SELECT FROM res_partner p
                         WHERE p.id = ANY(%(friends)s)
                           AND p.referred_by_id IS NOT NULL)
                OR EXISTS (SELECT FROM crm_referral r
                            WHERE r.friend_id = ANY(%(friends)s)))""",
            friends=self._array_sql(partner_ids),
        )
        conditions = super()._follow_up_conditions(partner_ids)
        return {**conditions, "referrals": has_referrals}

    @api.model
    def _after_refresh(self, partner_ids, as_of, due):
        # Of a past day only the profiles are wanted.
        if "referrals" in due and as_of == self._today():
            # sudo: upkeep by the system; who asks for a refresh need not see these
            self.env["crm.referral"].sudo()._follow(partner_ids)
        return super()._after_refresh(partner_ids, as_of, due)

    @api.model
    def _join_profiles(self, sources, target):
        result = super()._join_profiles(sources, target)
        # sudo: upkeep by the system; who merges contacts need not see their referrals
        self.env["crm.referral"].sudo()._join_friends(sources - target, target)
        return result
