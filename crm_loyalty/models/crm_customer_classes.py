from odoo import api, models
from odoo.tools import SQL

from .. import lifecycle


class CrmCustomer(models.Model):
    """The rules of `lifecycle` as SQL over the facts of customers; they only read."""

    _inherit = "crm.customer"

    @api.model
    def _profile_sql(self, as_of, partner_ids=None):
        """SELECT of the facts and, on top, every class, as of a day. Only reads."""
        facts = self._profile_facts_sql(as_of, partner_ids)
        thresholds = self.env.company._crm_thresholds()
        if partner_ids is None:
            return self._classified_sql(facts, as_of, thresholds)
        # Planning copies all that is below a class, for each of them; with the facts
        # that takes longer than looking up a customer.
        return SQL(
            "WITH facts AS MATERIALIZED (%s) %s",
            facts,
            self._classified_sql(SQL("SELECT * FROM facts"), as_of, thresholds),
        )

    @api.model
    def _classified_sql(self, facts, as_of, thresholds):
        """SELECT of some facts and, on top, every class. Only reads.

        Each of `_profile_classes` may use the columns of those before it.

        :param SQL facts: rows of `_profile_facts_sql`, as of the same day
        :param lifecycle.Thresholds thresholds: the company's, or others to try
        """
        query = facts
        for layer in self._class_layers(self._profile_classes(as_of, thresholds)):
            query = SQL(
                "SELECT f.*, %s FROM (%s) f",
                SQL(", ").join(
                    SQL("%s AS %s", expression, SQL.identifier(name))
                    for name, expression in layer.items()
                ),
                query,
            )
        return SQL(
            "SELECT f.*, %s AS next_change_date FROM (%s) f",
            self._future_dates_sql(as_of, *self._next_change_expressions(as_of)),
            query,
        )

    @api.model
    def _class_layers(self, classes):
        """Classes in as few subqueries as they need: each has to be planned.

        :param classes: as of `_profile_classes`
        :return: list of ``{column: SQL}``, of which none names a column of its own
        """
        layers = [{}]
        for name, expression in classes:
            if any(column in expression.code for column in layers[-1]):
                layers.append({})
            layers[-1][name] = expression
        return layers

    @api.model
    def _profile_classes(self, as_of, thresholds):
        """``[(column, SQL over f)]``, in order; upper add-ons append theirs.

        :param lifecycle.Thresholds thresholds: to take instead of the company's own
        """
        stage = SQL(" ").join(
            SQL("WHEN %s THEN %s", condition, stage)
            for stage, condition in self._stage_rules(as_of, thresholds)
        )
        return [
            (
                "active_until",
                SQL(
                    """f.last_purchase_date + CASE
                       WHEN f.purchase_days >= %(days)s
                       THEN LEAST(GREATEST(
                                FLOOR(%(factor)s::float8 * f.median_gap)::integer,
                                %(least)s), %(most)s)
                       ELSE GREATEST(%(single)s,
                                FLOOR(%(gap)s::float8 * COALESCE(f.longest_gap, 0)
                                )::integer)
                       END""",
                    days=lifecycle.RHYTHM_DAYS,
                    factor=thresholds.rhythm_factor,
                    least=thresholds.rhythm_min_days,
                    most=thresholds.rhythm_max_days,
                    single=thresholds.active_days,
                    gap=thresholds.gap_factor,
                ),
            ),
            (
                "forgotten_date",
                SQL(
                    "(f.last_lost_date + MAKE_INTERVAL(months => %s))::date",
                    thresholds.prospect_months,
                ),
            ),
            (
                "phase",
                SQL(
                    """CASE WHEN f.has_left THEN 'former'
                            WHEN %(as_of)s <= f.active_until THEN 'active'
                            WHEN f.purchase_count > 0 THEN 'former'
                            WHEN f.has_opportunity OR f.has_quotation THEN 'responder'
                            ELSE 'prospect' END""",
                    as_of=as_of,
                ),
            ),
            ("stage", SQL("CASE %s ELSE 'suspect' END", stage)),
            ("peak_stage", self._peak_stage_sql(SQL("f.former_peak"))),
        ]

    @api.model
    def _peak_stage_sql(self, former):
        """The higher of a former peak and the stage of f; disqualified is no rung."""
        stages = SQL(", ").join(SQL("%s", stage) for stage in lifecycle.LADDER)
        ladder = SQL("ARRAY[%s]", stages)
        return SQL(
            """(%(ladder)s)[GREATEST(
                   ARRAY_POSITION(%(ladder)s, %(former)s::text),
                   ARRAY_POSITION(%(ladder)s, f.stage::text), 1)]""",
            ladder=ladder,
            former=former,
        )

    @api.model
    def _stage_rules(self, as_of, thresholds):
        """``[(stage, SQL condition over f)]``, first match wins; else suspect.

        An upper add-on adds a condition by inserting a pair at its place.

        :param lifecycle.Thresholds thresholds: as in `_profile_classes`
        """
        return [
            ("partner", SQL("f.by_hand_stage = 'partner'")),
            (
                "disqualified",
                SQL(
                    "f.by_hand_stage = 'disqualified'"
                    " OR f.purchase_count = 0 AND f.all_unsuitable"
                ),
            ),
            (
                "advocate",
                SQL(
                    "f.by_hand_stage = 'advocate'"
                    " OR f.phase = 'active' AND f.rewarded_referrals > 0"
                ),
            ),
            (
                "regular",
                SQL(
                    "f.purchase_count >= %s AND f.phase = 'active'",
                    thresholds.regular_purchases,
                ),
            ),
            ("repeat", SQL("f.purchase_count >= 2")),
            ("first_time", SQL("f.purchase_count = 1")),
            (
                "prospect",
                SQL("f.has_open_offer OR %s < f.forgotten_date", as_of),
            ),
        ]

    @api.model
    def _next_change_expressions(self, as_of):
        """Date expressions over f on which a rule can turn; past ones are ignored."""
        return [
            SQL("f.event_date"),
            SQL("f.active_until + 1"),
            SQL("f.forgotten_date"),
        ]
