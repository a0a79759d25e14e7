from odoo import api, models
from odoo.tools import SQL

from .. import lifecycle


class CrmCustomer(models.Model):
    """What is known of the customers of a company, as SQL over the whole base.

    `_profile_facts_sql` only reads. An upper add-on wraps what it inherits::

        def _profile_facts_sql(self, as_of, partner_ids=None):
            return SQL(
                "SELECT facts.*, COALESCE(x.n, 0) AS survey_count FROM (%s) facts"
                " LEFT JOIN LATERAL (... WHERE ... AND %s GROUP BY partner_id) x"
                " ON x.partner_id = facts.partner_id",
                super()._profile_facts_sql(as_of, partner_ids),
                self._among_sql(
                    SQL("...partner_id"), partner_ids, SQL("facts.partner_id")
                ),
            )

    and reads its fact in `_stage_rules`, `_profile_classes` or
    `_next_change_expressions`.
    """

    _inherit = "crm.customer"

    @api.model
    def _profile_facts_sql(self, as_of, partner_ids=None):
        """SELECT of one row per due profile of the environment's company.

        :param datetime.date as_of: documents dated up to this day are seen
        :param partner_ids: commercial partners to look at; ``None`` means all
        :return: SQL with at least these columns: ``partner_id``, ``customer_id`` (the
            profile there is, or null), ``former_peak`` (its peak stage), ``active``,
            ``user_id``, ``team_id``; ``purchase_count``, ``purchase_days``,
            ``first_purchase_date``, ``second_purchase_date`` (of the same day, where
            two were), ``last_purchase_date``, ``longest_gap`` and ``median_gap``
            (days); ``net_revenue``, ``net_revenue_12m``, ``margin_12m`` (company
            currency); ``has_opportunity``,
            ``has_quotation``, ``has_open_offer``, ``all_unsuitable`` (boolean),
            ``last_lost_date``; ``rewarded_referrals``; the manual values in force
            ``by_hand_stage`` (key or null) and ``has_left`` (boolean);
            ``event_date``: the first day after ``as_of`` on which one of these changes
            without a document.
        """
        company = self.env.company
        return SQL(
            """
            SELECT cp.id AS partner_id,
                   own.id AS customer_id,
                   own.peak_stage AS former_peak,
                   cp.active,
                   access.user_id,
                   team.id AS team_id,
                   COALESCE(rhythm.purchase_count, 0) AS purchase_count,
                   COALESCE(rhythm.purchase_days, 0) AS purchase_days,
                   rhythm.first_purchase_date,
                   rhythm.second_purchase_date,
                   rhythm.last_purchase_date,
                   rhythm.longest_gap,
                   rhythm.median_gap,
                   COALESCE(revenue.net_revenue, 0) AS net_revenue,
                   COALESCE(revenue.net_revenue_12m, 0) AS net_revenue_12m,
                   COALESCE(revenue.margin_12m, 0) AS margin_12m,
                   COALESCE(leads.has_opportunity, FALSE) AS has_opportunity,
                   COALESCE(quotations.has_quotation, FALSE) AS has_quotation,
                   COALESCE(leads.has_open, FALSE)
                       OR COALESCE(quotations.has_open, FALSE) AS has_open_offer,
                   COALESCE(leads.all_unsuitable, FALSE) AS all_unsuitable,
                   GREATEST(leads.last_lost_date, quotations.last_lost_date)
                       AS last_lost_date,
                   CASE WHEN %(as_of)s BETWEEN own.manual_stage_date
                             AND COALESCE(own.manual_stage_until, 'infinity')
                        THEN own.manual_stage END AS by_hand_stage,
                   COALESCE(%(as_of)s BETWEEN own.left_date
                            AND COALESCE(own.left_until, 'infinity'), FALSE)
                       AS has_left,
                   channel.id AS acquisition_channel_id,
                   COALESCE(referrals.rewarded, 0) AS rewarded_referrals,
                   LEAST(
                       revenue.next_date,
                       leads.next_date,
                       quotations.next_date,
                       referrals.next_date,
                       %(manual_dates)s
                   ) AS event_date
              FROM res_partner cp
              LEFT JOIN res_users owner ON owner.id = cp.user_id
              LEFT JOIN res_company_users_rel access
                     ON access.user_id = owner.id AND access.cid = %(company)s
              LEFT JOIN crm_team team
                     ON team.id = owner.sale_team_id AND access.user_id IS NOT NULL
                    AND COALESCE(team.company_id, %(company)s) = %(company)s
              %(family)s
              LEFT JOIN LATERAL (%(revenue)s) revenue
                     ON revenue.partner_id = cp.id
              LEFT JOIN LATERAL (%(rhythm)s) rhythm
                     ON rhythm.partner_id = cp.id
              LEFT JOIN LATERAL (%(leads)s) leads
                     ON leads.partner_id = cp.id
              LEFT JOIN LATERAL (%(quotations)s) quotations
                     ON quotations.partner_id = cp.id
              LEFT JOIN LATERAL (%(referrals)s) referrals
                     ON referrals.partner_id = cp.id
              LEFT JOIN crm_acquisition_channel channel
                     ON channel.id = cp.acquisition_channel_id
                    AND COALESCE(channel.company_id, %(company)s) = %(company)s
              LEFT JOIN crm_customer own
                     ON own.partner_id = cp.id AND own.company_id = %(company)s
             -- PostgreSQL takes a bare "is its own commercial partner" for one contact
             -- in 200, and of thousands that are asked for expects a handful.
             WHERE CASE WHEN cp.commercial_partner_id = cp.id THEN TRUE END
               AND %(customers)s
               AND cp.id NOT IN (SELECT c.partner_id FROM res_company c
                                  UNION ALL
                                 SELECT u.partner_id FROM res_users u
                                  WHERE u.share IS NOT TRUE OR u.id IN %(technical)s)
               AND CASE
                   WHEN revenue.partner_id IS NOT NULL
                     OR leads.partner_id IS NOT NULL
                     OR quotations.partner_id IS NOT NULL
                     OR own.manual_stage IS NOT NULL
                     OR own.left_date IS NOT NULL
                     OR %(has_past)s
                   THEN TRUE
                   WHEN COALESCE(cp.supplier_rank, 0) > 0
                    AND COALESCE(cp.customer_rank, 0) = 0
                   THEN FALSE
                   WHEN cp.company_id IS NOT NULL
                   THEN cp.company_id = %(company)s
                   ELSE COALESCE(owner.company_id, %(first_company)s) = %(company)s
                    AND NOT %(known_elsewhere)s
                   END
            """,
            as_of=as_of,
            company=company.id,
            first_company=self._first_company_sql(),
            manual_dates=self._future_dates_sql(
                as_of,
                SQL("own.manual_stage_date"),
                SQL("own.manual_stage_until + 1"),
                SQL("own.left_date"),
                SQL("own.left_until + 1"),
            ),
            family=SQL()
            if partner_ids is None
            else SQL(
                """CROSS JOIN LATERAL (
                       SELECT ARRAY_AGG(p.id) AS ids FROM res_partner p
                        WHERE p.commercial_partner_id = cp.id) family"""
            ),
            revenue=self._revenue_sql(as_of, partner_ids),
            rhythm=self._rhythm_sql(as_of, partner_ids),
            leads=self._lead_facts_sql(as_of, partner_ids),
            quotations=self._quotation_facts_sql(as_of, partner_ids),
            referrals=self._referral_facts_sql(as_of, partner_ids),
            customers=SQL("TRUE")
            if partner_ids is None
            else SQL("cp.id = ANY(%s)", self._array_sql(partner_ids)),
            technical=self._technical_users_sql(),
            has_past=self._has_past_sql(),
            known_elsewhere=self._known_elsewhere_sql(),
        )

    @api.model
    def _among_sql(self, column, partner_ids, outer=None):
        """Condition of a query per customer, which stands in a LATERAL join.

        Of all customers it is one grouped query, joined by a hash. Of some it looks
        up those of one customer at a time: the plan then follows their histories
        and not an estimate, which goes wrong by the skew of any customer base.

        :param SQL column: the customer, in the query per customer
        :param partner_ids: as in `_profile_facts_sql`; only whether it is ``None``
        :param SQL outer: the customer, in the query around; default ``cp.id``
        """
        if partner_ids is None:
            return SQL("TRUE")
        return SQL("%s = %s", column, outer or SQL("cp.id"))

    @api.model
    def _array_sql(self, ids):
        """Ids as an array that is one constant.

        A list would be a constant per id: of thousands, reading and planning them
        takes a while.
        """
        return SQL("%s::int[]", f"{{{','.join(map(str, ids))}}}")

    @api.model
    def _documents_sql(self, table, column, partner_ids):
        """What refers to contacts, in a query per customer.

        One customer's contacts are looked up once for all such queries, as ``family``
        in the query around; of all customers it is a join.

        :param str table: of the documents; its alias here is ``d``
        :param str column: its contact
        :param partner_ids: as in `_among_sql`
        :return: ``{"documents": FROM clause, "of_customer": condition,
            "customer_id": the customer of a document}``
        """
        names = {"table": SQL.identifier(table), "contact": SQL.identifier("d", column)}
        if partner_ids is None:
            return {
                "documents": SQL(
                    "res_partner p JOIN %(table)s d ON %(contact)s = p.id", **names
                ),
                "of_customer": SQL("TRUE"),
                "customer_id": SQL("p.commercial_partner_id"),
            }
        return {
            "documents": SQL("%s d", names["table"]),
            "of_customer": SQL("%s = ANY(family.ids)", names["contact"]),
            "customer_id": SQL("cp.id"),
        }

    @api.model
    def _grouped_sql(self, column, partner_ids):
        """The customer of a query per customer, and how its rows are grouped.

        One customer's rows are one group, and PostgreSQL need not sort them for it.

        :param SQL column: the customer, in the query per customer
        :param partner_ids: as in `_among_sql`
        :return: ``{"customer": SQL, "grouped": SQL}``
        """
        if partner_ids is None:
            return {"customer": column, "grouped": SQL("GROUP BY %s", column)}
        return {"customer": SQL("cp.id"), "grouped": SQL("HAVING COUNT(*) > 0")}

    @api.model
    def _first_company_sql(self):
        """The company of shared contacts without fact and salesperson."""
        return SQL("(SELECT MIN(id) FROM res_company)")

    @api.model
    def _technical_users_sql(self):
        """Users that are nobody: the public ones and the portal template."""
        return SQL(
            """(SELECT r.uid
                  FROM ir_model_data d
                  JOIN res_groups_users_rel r ON r.gid = d.res_id
                 WHERE d.module = 'base' AND d.name = 'group_public'
                 UNION ALL
                SELECT d.res_id
                  FROM ir_model_data d
                 WHERE d.module = 'base' AND d.name = 'template_portal_user_id')"""
        )

    @api.model
    def _has_past_sql(self):
        """A profile with a past is kept though all its facts are gone."""
        return SQL(
            """(EXISTS (SELECT FROM crm_customer_history h WHERE h.customer_id = own.id)
                OR EXISTS (SELECT FROM mail_message m
                            WHERE m.model = 'crm.customer' AND m.res_id = own.id))"""
        )

    @api.model
    def _known_elsewhere_sql(self):
        """Whether a shared contact ``cp`` has a fact in any other company.

        With a single company there is no elsewhere, and nothing to look up. Purchases
        are looked up company by company, as their index begins.
        """
        # Also companies that the user may not enter; only their number is used.
        [[count]] = self.env.execute_query(
            SQL("SELECT COUNT(*) FROM res_company WHERE active")
        )
        if count == 1:
            return SQL("FALSE")
        return SQL(
            """(EXISTS (SELECT FROM res_company c
                          JOIN crm_customer_purchase x ON x.company_id = c.id
                         WHERE x.partner_id = cp.id)
                OR EXISTS (SELECT FROM crm_customer x
                            WHERE x.partner_id = cp.id AND x.company_id <> %(company)s
                              AND (x.manual_stage IS NOT NULL
                                   OR x.left_date IS NOT NULL))
                OR EXISTS (SELECT FROM res_partner p
                             JOIN crm_lead x ON x.partner_id = p.id
                            WHERE p.commercial_partner_id = cp.id
                              AND x.company_id IS NOT NULL)
                OR EXISTS (SELECT FROM res_partner p
                             JOIN sale_order x ON x.partner_id = p.id
                            WHERE p.commercial_partner_id = cp.id))""",
            company=self.env.company.id,
        )

    @api.model
    def _sales_sql(self, as_of, partner_ids):
        """Documents and imported rows of the company that sold something, up to
        ``as_of``; without those that their credit notes had reached by then.
        """
        return SQL(
            """
            SELECT p.partner_id, p.date, p.order_id, p.is_deposit
              FROM crm_customer_purchase p
             WHERE p.company_id = %(company)s
               AND p.date <= %(as_of)s
               AND p.amount > 0
               AND p.reversed_move_id IS NULL
               AND (p.credited_date IS NULL OR p.credited_date > %(as_of)s)
               AND %(customers)s
            """,
            company=self.env.company.id,
            as_of=as_of,
            customers=self._among_sql(SQL("p.partner_id"), partner_ids),
        )

    @api.model
    def _revenue_sql(self, as_of, partner_ids):
        """Money per customer; ``next_date``: when it or a count changes by itself."""
        year_start = lifecycle.year_start(as_of)
        return SQL(
            """
            SELECT %(customer)s AS partner_id,
                   COALESCE(SUM(p.amount) FILTER (WHERE p.date <= %(as_of)s), 0)
                       AS net_revenue,
                   COALESCE(SUM(p.amount) FILTER (WHERE %(last_year)s), 0)
                       AS net_revenue_12m,
                   COALESCE(SUM(p.amount - p.cost) FILTER (WHERE %(last_year)s), 0)
                       AS margin_12m,
                   LEAST(
                       MIN(p.date) FILTER (WHERE p.date > %(as_of)s),
                       -- A credit note need not be of the same customer.
                       MIN(p.credited_date) FILTER (WHERE p.credited_date > %(as_of)s),
                       (MIN(p.date) FILTER (WHERE %(last_year)s)
                        + INTERVAL '1 year')::date
                   ) AS next_date
              FROM crm_customer_purchase p
             WHERE p.company_id = %(company)s AND %(customers)s
             %(grouped)s
            """,
            **self._grouped_sql(SQL("p.partner_id"), partner_ids),
            as_of=as_of,
            company=self.env.company.id,
            last_year=SQL("p.date BETWEEN %s AND %s", year_start, as_of),
            customers=self._among_sql(SQL("p.partner_id"), partner_ids),
        )

    @api.model
    def _rhythm_sql(self, as_of, partner_ids):
        """Purchases, their days and the gaps between these, per customer."""
        everybody = partner_ids is None
        return SQL(
            """
            WITH purchase AS (
                SELECT %(columns)s date FROM (%(sales)s) alone WHERE order_id IS NULL
                UNION ALL
                SELECT %(columns)s
                       COALESCE(MIN(date) FILTER (WHERE NOT is_deposit), MIN(date))
                  FROM (%(sales)s) ordered
                 WHERE order_id IS NOT NULL
                 GROUP BY %(columns)s order_id
            )
            -- A gap of 0 days is a second purchase of the same day.
            SELECT %(customer)s AS partner_id,
                   COUNT(*)::integer AS purchase_count,
                   COUNT(*) FILTER (WHERE gap IS DISTINCT FROM 0)::integer
                       AS purchase_days,
                   MIN(date) AS first_purchase_date,
                   MIN(date) FILTER (WHERE gap IS NOT NULL) AS second_purchase_date,
                   MAX(date) AS last_purchase_date,
                   MAX(gap) FILTER (WHERE gap > 0) AS longest_gap,
                   PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap)
                       FILTER (WHERE gap > 0) AS median_gap
              FROM (SELECT *, date - LAG(date) OVER (%(partition)s ORDER BY date) AS gap
                      FROM purchase) gaps
             %(grouped)s
            """,
            **self._grouped_sql(SQL("partner_id"), partner_ids),
            sales=self._sales_sql(as_of, partner_ids),
            columns=SQL("partner_id,") if everybody else SQL(),
            partition=SQL("PARTITION BY partner_id") if everybody else SQL(),
        )

    @api.model
    def _day_sql(self, column):
        """The day of a UTC timestamp in the company's time zone."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            column,
            self.env.company._crm_timezone(),
        )

    @api.model
    def _day_end_sql(self, day):
        """The moment, in UTC, at which a day ends in the company's time zone.

        A constant to compare moments with: turning each of them into a day costs more.
        """
        return SQL(
            "((%s::date + 1)::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC')",
            day,
            self.env.company._crm_timezone(),
        )

    @api.model
    def _future_dates_sql(self, as_of, *dates):
        """The first of some date expressions that lies after ``as_of``, or null."""
        future = (
            SQL("CASE WHEN %s > %s THEN %s END", day, as_of, day) for day in dates
        )
        return SQL("LEAST(%s)", SQL(", ").join(future))

    @api.model
    def _lead_facts_sql(self, as_of, partner_ids):
        """Leads per customer; those without a company count in the contact's home."""
        return SQL(
            """
            SELECT %(customer)s AS partner_id,
                   BOOL_OR(seen AND is_opportunity) AS has_opportunity,
                   BOOL_OR(seen AND is_opportunity AND is_open) AS has_open,
                   BOOL_AND(is_lost AND unsuitable) FILTER (WHERE seen)
                       AS all_unsuitable,
                   MAX(%(closed_day)s) FILTER (WHERE seen AND is_opportunity
                                                 AND is_lost) AS last_lost_date,
                   LEAST(
                       MIN(%(created_day)s) FILTER (WHERE NOT seen),
                       MIN(%(closed_day)s) FILTER (WHERE is_closing_later)
                   ) AS next_date
              FROM (
                   SELECT lead.*,
                          created < %(day_end)s AS seen,
                          won_status = 'lost' AND closed < %(day_end)s AS is_lost,
                          won_status = 'lost' AND closed >= %(day_end)s
                              AS is_closing_later,
                          won_status = 'won'
                              OR (won_status = 'pending' AND active)
                              OR (won_status = 'lost' AND closed >= %(day_end)s)
                              AS is_open
                     FROM (
                          SELECT %(customer_id)s AS partner_id,
                                 d.type = 'opportunity' AS is_opportunity,
                                 d.won_status,
                                 d.active,
                                 COALESCE(reason.is_unsuitable, FALSE) AS unsuitable,
                                 d.create_date AS created,
                                 COALESCE(d.date_closed, d.create_date) AS closed
                            FROM %(documents)s
                            %(home)s
                            LEFT JOIN crm_lost_reason reason
                                   ON reason.id = d.lost_reason_id
                           WHERE %(of_company)s AND %(of_customer)s
                          ) lead
                   ) seen_lead
             %(grouped)s
            """,
            **self._grouped_sql(SQL("partner_id"), partner_ids),
            created_day=self._day_sql(SQL("created")),
            closed_day=self._day_sql(SQL("closed")),
            day_end=self._day_end_sql(as_of),
            # One customer's contact and salesperson stand in the query around.
            home=SQL(
                """LEFT JOIN res_partner cp ON cp.id = p.commercial_partner_id
                   LEFT JOIN res_users owner ON owner.id = cp.user_id"""
            )
            if partner_ids is None
            else SQL(),
            of_company=self._lead_company_sql(SQL("d.company_id")),
            **self._documents_sql("crm_lead", "partner_id", partner_ids),
        )

    @api.model
    def _lead_company_sql(self, company_id):
        """Whether a lead of the customer ``cp``, whose salesperson is ``owner``, counts
        in the environment's company; without one it does in the customer's home.

        :param SQL company_id: of the lead
        """
        return SQL(
            # With OR instead, planning takes longer than looking up a customer.
            """COALESCE(%(company_id)s, cp.company_id, owner.company_id,
                        %(first_company)s) = %(company)s""",
            company_id=company_id,
            company=self.env.company.id,
            first_company=self._first_company_sql(),
        )

    @api.model
    def _quotation_facts_sql(self, as_of, partner_ids):
        """Quotations and orders per customer.

        Odoo keeps no day of cancellation: the order's own date stands for it.
        """
        return SQL(
            """
            SELECT %(customer)s AS partner_id,
                   BOOL_OR(seen) AS has_quotation,
                   BOOL_OR(seen AND NOT is_lost) AS has_open,
                   MAX(lost_day) FILTER (WHERE seen AND is_lost) AS last_lost_date,
                   MIN(CASE WHEN NOT seen THEN %(created_day)s
                            WHEN NOT is_lost THEN end_day END) AS next_date
              FROM (
                   SELECT offer.*,
                          created < %(day_end)s AS seen,
                          COALESCE(end_day <= %(as_of)s, FALSE) AS is_lost
                     FROM (
                          SELECT %(customer_id)s AS partner_id,
                                 d.create_date AS created,
                                 CASE WHEN d.state = 'cancel' THEN %(ordered)s
                                      WHEN d.state IN ('draft', 'sent')
                                      THEN d.validity_date END AS lost_day,
                                 CASE WHEN d.state = 'cancel' THEN %(ordered)s
                                      WHEN d.state IN ('draft', 'sent')
                                      THEN d.validity_date + 1 END AS end_day
                            FROM %(documents)s
                           WHERE d.company_id = %(company)s AND %(of_customer)s
                          -- Not flattened: days are converted once for each order.
                          OFFSET 0) offer
                   ) seen_offer
             %(grouped)s
            """,
            **self._grouped_sql(SQL("partner_id"), partner_ids),
            as_of=as_of,
            company=self.env.company.id,
            created_day=self._day_sql(SQL("created")),
            day_end=self._day_end_sql(as_of),
            ordered=self._day_sql(SQL("d.date_order")),
            **self._documents_sql("sale_order", "partner_id", partner_ids),
        )

    @api.model
    def _referral_facts_sql(self, as_of, partner_ids):
        """Friends brought by each customer for whom he was rewarded."""
        return SQL(
            """
            SELECT %(customer)s AS partner_id,
                   COUNT(*) FILTER (WHERE d.rewarded_date <= %(as_of)s)::integer
                       AS rewarded,
                   MIN(d.rewarded_date) FILTER (WHERE d.rewarded_date > %(as_of)s)
                       AS next_date
              FROM crm_referral d
             WHERE d.company_id = %(company)s AND d.state = 'rewarded'
               AND %(customers)s
             %(grouped)s
            """,
            **self._grouped_sql(SQL("d.referrer_customer_id"), partner_ids),
            as_of=as_of,
            company=self.env.company.id,
            customers=self._among_sql(SQL("d.referrer_customer_id"), partner_ids),
        )
