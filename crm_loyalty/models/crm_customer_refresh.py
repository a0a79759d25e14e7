import logging

from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

_logger = logging.getLogger(__name__)

# First key of the advisory locks of this add-on; the second one is the company.
REFRESH_LOCK = 1_668_445_548
# What another transaction did meanwhile is met again by a job here: Odoo's cron does
# not try again. A unique key refuses the profile that another refresh has just added.
CONCURRENT = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.UniqueViolation,
)
MAX_ATTEMPTS = 5


class CrmCustomer(models.Model):
    """Writing the profiles: only what changed, together with its history."""

    _inherit = "crm.customer"

    @api.model
    def _refresh(self, partner_ids=None, as_of=None):
        """Write the profiles of the environment's company as the rules say.

        One refresh of a company runs at a time; a second caller leaves its marks
        and goes. Only rows that differ are written, in one statement.

        :param partner_ids: commercial partners to refresh; ``None`` means all
        :param datetime.date as_of: the day to see the documents of; default today
            in the company's time zone
        :return: number of rows written (inserted, updated and deleted), touches
            included, or ``None``
            when another refresh of the company is under way
        """
        if not self._lock_refresh():
            return None
        if partner_ids is not None:
            partner_ids = self._commercial_ids(partner_ids)
        written = self._write_profiles(partner_ids, as_of or self._today())
        self._plan_as_usual()
        return written

    @api.model
    def _write_profiles(self, partner_ids, as_of):
        """The work of `_refresh`, for a caller that holds the company's lock.

        What follows in the transaction may be planned in another way than usual, until
        `_plan_as_usual`: where nothing follows, that is a statement less.

        :param partner_ids: commercial partners, and contacts that may have been such
        """
        self.env.flush_all()
        if partner_ids is None:
            self._make_fresh_table(as_of)
            fresh = SQL("NOT MATERIALIZED (SELECT * FROM pg_temp.crm_customer_fresh)")
        else:
            partner_ids = list(partner_ids)
            fresh = SQL("MATERIALIZED (%s)", self._profile_sql(as_of, partner_ids))
        follow_ups = self._follow_up_conditions(partner_ids or [])
        if partner_ids is None:
            # Of all customers everything follows.
            statement = self._write_sql(fresh, partner_ids)
            [[updated, inserted, stale_ids]] = self.env.execute_query(statement)
            due = set(follow_ups)
        else:
            statement = self._write_sql(fresh, partner_ids, follow_ups.values())
            [[updated, inserted, stale_ids, *answers]] = self.env.execute_query(
                self._planned_for_some(statement)
            )
            due = {
                name for name, holds in zip(follow_ups, answers, strict=True) if holds
            }
            if due or stale_ids:
                self._plan_as_usual()
        # By the ORM, so that activities and followers go with them. Who asks for a
        # refresh need not be allowed to delete; what is due is not his to choose.
        self.sudo().browse(stale_ids).unlink()
        touched = 0
        if "touches" in due:
            touched = self._refresh_touches(partner_ids, as_of)
        self._after_refresh(partner_ids, as_of, due)
        # Documents show values of the profile without depending on it.
        self.env.invalidate_all(flush=False)
        return updated + inserted + len(stale_ids) + touched

    @api.model
    def _follow_up_conditions(self, partner_ids):
        """``{name: SQL condition}``: whether more follows from these profiles.

        Of most customers nothing does. The conditions are asked along with the
        profiles, before these are written; add-ons append theirs and answer to the
        name in `_after_refresh`.

        :param list partner_ids: the commercial partners that are refreshed
        """
        return {}

    @api.model
    def _after_refresh(self, partner_ids, as_of, due):
        """What follows from new profiles and touches, in the same transaction.

        :param partner_ids: commercial partners that were refreshed; ``None`` means all
        :param datetime.date as_of: the day that was asked for
        :param set due: names of the `_follow_up_conditions` that hold
        """

    @api.model
    def _reserve_space(self):
        """Leave room in each page of the table, once.

        With it, and with no index on a figure, an update stays in its page and enters
        no index: figures change with every purchase.
        """
        self.env.cr.execute(SQL("ALTER TABLE crm_customer SET (fillfactor = 80)"))

    @api.model
    def _refresh_all_companies(self):
        """Full refresh of every company; progress in the log."""
        # Every company is refreshed, whoever asks; nothing is returned to him.
        for company in self.env["res.company"].sudo().search([]):
            written = self.sudo().with_company(company)._refresh()
            _logger.info("Customer profiles of %s: %s written", company.name, written)

    @api.model
    def _lock_refresh(self):
        """Take the company's refresh lock until the end of the transaction."""
        [[locked]] = self.env.execute_query(
            SQL(
                "SELECT pg_try_advisory_xact_lock(%s, %s)",
                REFRESH_LOCK,
                self.env.company.id,
            )
        )
        return locked

    @api.model
    def _lock_of_all_sql(self):
        """SELECT that takes the refresh lock of every company.

        :return: SQL of rows ``id`` (the company) and ``is_free`` (boolean)
        """
        active = self.env["res.company"]._fields["active"]
        return SQL(
            """SELECT id, pg_try_advisory_xact_lock(%s, id) AS is_free
                 FROM res_company WHERE %s""",
            REFRESH_LOCK,
            SQL.identifier("active", to_flush=active),
        )

    @api.model
    def _commercial_ids(self, partner_ids):
        """The given partners and their commercial partners."""
        rows = self.env.execute_query(
            SQL(
                """SELECT UNNEST(ARRAY[id, commercial_partner_id])
                     FROM res_partner WHERE id = ANY(%s)""",
                list(partner_ids),
            )
        )
        return list({row[0] for row in rows if row[0]} | set(partner_ids))

    # -- what is written
    @api.model
    def _profile_columns(self):
        """Columns of the table that the refresh writes.

        Upper add-ons append theirs; each is a column of `_profile_sql`.
        """
        return [
            "active",
            "user_id",
            "team_id",
            "stage",
            "peak_stage",
            "phase",
            "first_purchase_date",
            "second_purchase_date",
            "last_purchase_date",
            "purchase_count",
            "purchase_days",
            "active_until",
            "net_revenue",
            "net_revenue_12m",
            "margin_12m",
            "next_change_date",
            "acquisition_channel_id",
            "rewarded_referrals",
        ]

    @api.model
    def _history_columns(self):
        """``{column: (SQL text of the old value, SQL text of the new one)}``.

        Old values are read from ``c`` (crm_customer), new ones from ``f`` (fresh).
        The default of a new profile makes no history row.
        """
        return {
            "stage": (SQL("COALESCE(c.stage, 'suspect')"), SQL("f.stage")),
            "phase": (SQL("COALESCE(c.phase, 'prospect')"), SQL("f.phase")),
        }

    @api.model
    def _figures_sql(self):
        """The figures the rules saw, as jsonb over f, kept with each change."""
        return SQL(
            """JSONB_BUILD_OBJECT(
                'purchase_count', f.purchase_count,
                'purchase_days', f.purchase_days,
                'last_purchase_date', f.last_purchase_date,
                'active_until', f.active_until,
                'net_revenue_12m', f.net_revenue_12m,
                'rewarded_referrals', f.rewarded_referrals,
                'by_hand', JSONB_BUILD_OBJECT(
                    'stage', f.by_hand_stage IS NOT NULL,
                    'phase', f.has_left))"""
        )

    @api.model
    def _make_fresh_table(self, as_of):
        """All profiles as they should be, in a temporary table of the transaction.

        PostgreSQL uses parallel workers to fill a table, but for no part of a
        statement that also writes. For some customers a table costs more than it
        brings.
        """
        cr = self.env.cr
        self._plan_for_all()
        cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.crm_customer_fresh"))
        cr.execute(
            SQL(
                "CREATE TEMPORARY TABLE crm_customer_fresh ON COMMIT DROP AS %s",
                self._profile_sql(as_of),
            )
        )
        self._plan_as_usual()
        cr.execute(SQL("ANALYZE crm_customer_fresh"))

    @api.model
    def _plan_for_all(self):
        """Have PostgreSQL plan for whole-base statements; undo by `_plan_as_usual`."""
        self.env.cr.execute(
            SQL(
                # Compiling these long expressions costs more than it saves.
                "SET LOCAL jit = off;"
                # Whole-base aggregates spill to disk with the default of 4 MB.
                "SET LOCAL work_mem = '128MB';"
                # How many contacts are customers is a guess to PostgreSQL: at a low one
                # it may go through all histories once per customer.
                "SET LOCAL enable_nestloop = off"
            )
        )

    @api.model
    def _planned_for_some(self, statement):
        """The statement, to look up one by one what it is about: some customers, some
        documents; undo by `_plan_as_usual`.

        Of one, weighing the plans takes longer than carrying one out.
        """
        return SQL(
            "SET LOCAL jit = off;"
            # Joins are written in the order in which one is looked up.
            "SET LOCAL join_collapse_limit = 1;"
            "SET LOCAL enable_mergejoin = off;"
            # A table to hash in would be made and dropped for each.
            "SET LOCAL enable_hashagg = off;"
            "%s",
            statement,
        )

    @api.model
    def _plan_as_usual(self):
        """Let later statements of the transaction be planned as they come."""
        self.env.cr.execute(
            SQL(
                "SET LOCAL enable_nestloop TO DEFAULT;"
                "SET LOCAL join_collapse_limit TO DEFAULT;"
                "SET LOCAL enable_mergejoin TO DEFAULT;"
                "SET LOCAL enable_hashagg TO DEFAULT"
            )
        )

    @api.model
    def _write_sql(self, fresh, partner_ids, conditions=()):
        """The statement that writes what differs, together with its history.

        :param SQL fresh: body of the CTE ``fresh``, the rows of `_profile_sql`
        :param partner_ids: as in `_refresh`
        :param conditions: SQL conditions to answer
        :return: SQL of one row: profiles updated, profiles inserted, the array of ids
            of those that are due no longer, and the answers
        """
        return SQL(
            """
            WITH fresh AS %(fresh)s,
            updated AS (%(update)s),
            inserted AS (%(insert)s),
            history AS (%(history)s)
            SELECT (SELECT COUNT(*) FROM updated),
                   (SELECT COUNT(*) FROM inserted),
                   ARRAY(SELECT c.id
                           FROM crm_customer c
                          WHERE c.company_id = %(company)s
                            AND %(customers)s
                         EXCEPT
                         SELECT customer_id FROM fresh)
                   %(conditions)s
            """,
            fresh=fresh,
            update=self._update_sql(),
            insert=self._insert_sql(),
            history=self._history_sql(),
            company=self.env.company.id,
            customers=SQL("TRUE")
            if partner_ids is None
            else SQL("c.partner_id = ANY(%s)", self._array_sql(partner_ids)),
            conditions=SQL().join(SQL(", %s", condition) for condition in conditions),
        )

    @api.model
    def _history_sql(self):
        """INSERT of one history row per changed value.

        The profiles ``c`` are seen as they were before the statement; a new one is
        all null there.
        """
        changes = SQL(", ").join(
            SQL("(%s, %s, %s)", name, old, new)
            for name, (old, new) in self._history_columns().items()
        )
        return SQL(
            """
            INSERT INTO crm_customer_history
                   (customer_id, date, field_name, old_value, new_value, figures)
            SELECT COALESCE(c.id, inserted.id), %(now)s, change.field_name,
                   change.old_value, change.new_value, %(figures)s
              FROM fresh f
              LEFT JOIN crm_customer c ON c.id = f.customer_id
              LEFT JOIN inserted ON inserted.partner_id = f.partner_id
              JOIN LATERAL (VALUES %(changes)s)
                AS change (field_name, old_value, new_value)
                ON change.old_value IS DISTINCT FROM change.new_value
            """,
            now=fields.Datetime.now(),
            figures=self._figures_sql(),
            changes=changes,
        )

    @api.model
    def _update_sql(self):
        """UPDATE of the profiles that differ; returns a row for each."""
        names = [SQL.identifier(name) for name in self._profile_columns()]
        return SQL(
            """
            UPDATE crm_customer c
               SET %(assignments)s, write_uid = %(uid)s, write_date = %(now)s
              FROM fresh f
             WHERE c.id = f.customer_id
               AND (%(old)s) IS DISTINCT FROM (%(new)s)
         RETURNING c.id
            """,
            assignments=SQL(", ").join(SQL("%s = f.%s", n, n) for n in names),
            old=SQL(", ").join(SQL("c.%s", n) for n in names),
            new=SQL(", ").join(SQL("f.%s", n) for n in names),
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    @api.model
    def _insert_sql(self):
        """INSERT of the profiles that are missing; returns id and partner of each."""
        names = [SQL.identifier(name) for name in self._profile_columns()]
        return SQL(
            """
            INSERT INTO crm_customer
                   (partner_id, company_id, %(names)s,
                    create_uid, create_date, write_uid, write_date)
            SELECT f.partner_id, %(company)s, %(values)s,
                   %(uid)s, %(now)s, %(uid)s, %(now)s
              FROM fresh f
             WHERE f.customer_id IS NULL
             ORDER BY f.partner_id
         RETURNING id, partner_id
            """,
            names=SQL(", ").join(names),
            values=SQL(", ").join(SQL("f.%s", n) for n in names),
            company=self.env.company.id,
            uid=self.env.uid,
            now=fields.Datetime.now(),
        )

    # -- jobs
    @api.model
    def _retry(self, job):
        """Run ``job()`` and commit; on a concurrent change start it anew.

        :return: what ``job`` returned
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                result = job()
                self.env["ir.cron"]._commit_progress()
                return result
            except CONCURRENT:
                self.env.cr.rollback()
                if attempt == MAX_ATTEMPTS:
                    raise
                _logger.info("A concurrent change was met; attempt %s", attempt + 1)

    @api.model
    def _cron_refresh_marked(self, batch_size=5000):
        """Refresh the customers that were marked, batch by batch."""
        marks = self.env["crm.customer.mark"]
        while self._retry(lambda: marks._process(batch_size)):
            pass

    @api.model
    def _cron_refresh_due(self):
        """Refresh the customers whose day of change has come, in each company."""
        for company in self.env["res.company"].search([]):
            self._retry(self.with_company(company)._refresh_due)

    @api.model
    def _refresh_due(self):
        """Refresh those whose `next_change_date` is reached; return rows written."""
        rows = self.env.execute_query(
            SQL(
                """SELECT partner_id FROM crm_customer
                    WHERE company_id = %s AND next_change_date <= %s""",
                self.env.company.id,
                self._today(),
            )
        )
        return self._refresh([row[0] for row in rows]) if rows else 0

    @api.model
    def _cron_check_purchases(self):
        """Compare all purchases with the documents; mend and report differences."""
        purchases = self.env["crm.customer.purchase"]
        mended = self._retry(purchases._check)
        if mended:
            _logger.warning("%s purchases differed from their documents", mended)
        for company in self.env["res.company"].search([]):
            self._retry(self.env["crm.referral"].with_company(company)._follow)
