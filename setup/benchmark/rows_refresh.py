"""Rows on the refresh of profiles."""

import contextlib

from odoo.tools import SQL

from . import build, measure, orm
from .table import Row

NUMERIC = "net_revenue_12m"


def _today_refresh(database):
    """Bring all profiles up to the day, so that a refresh has nothing to do."""
    with orm.environment(database, commit=True) as env:
        env["crm.customer"]._refresh()
        env.cr.execute("DELETE FROM crm_customer_mark")
    build.psql(database, "-c", "VACUUM ANALYZE crm_customer, crm_customer_history")


def _change_some(env):
    """Make 5 % of the profiles differ from what the rules say; return how many.

    Figure and stage of each, so that every one of them gets its row of history.
    """
    env.cr.execute(
        """UPDATE crm_customer
              SET net_revenue_12m = net_revenue_12m + 1,
                  stage = CASE stage WHEN 'repeat' THEN 'regular' ELSE 'repeat' END
            WHERE id % 20 = 0"""
    )
    count = env.cr.rowcount
    env.cr.execute("SELECT COALESCE(MAX(id), 0) FROM crm_customer_history")
    [last_history] = env.cr.fetchone()
    env.cr.commit()
    return count, last_history


def _clean(env, last_history):
    """Remove the history that a round made, and what it left behind."""
    env.cr.execute("DELETE FROM crm_customer_history WHERE id > %s", [last_history])
    env.cr.commit()
    build.psql(env.cr.dbname, "-c", "VACUUM crm_customer, crm_customer_history")


def _run_full(database, memory=None, log=None):
    """One full refresh with 5 % changed, commit included; return its seconds."""
    with orm.environment(database) as env:
        _count, last_history = _change_some(env)
        watch = contextlib.nullcontext()
        if memory is not None:
            watch = measure.Memory("self", measure.backend(env.cr))
            env.cr.commit()
        with watch as watched, measure.wal(env.cr) as written, measure.timed() as spent:
            count = env["crm.customer"]._refresh()
            env.cr.execute(
                """SELECT n_tup_ins + n_tup_upd + n_tup_del
                     FROM pg_stat_xact_user_tables WHERE relname = 'res_partner'"""
            )
            [partners] = env.cr.fetchone()
            env.cr.commit()
        if memory is not None:
            memory.append(watched.peak)
        if log is not None:
            log.append((count, written.megabytes, partners))
        _clean(env, last_history)
    return spent.seconds


def _quick(cr):
    """The same settings as the refresh has."""
    cr.execute("SET LOCAL work_mem = '128MB'; SET LOCAL jit = off")


# The same outputs as one would write them by hand for this one company: no settings, no
# values by hand, no other company, no add-on on top. Thresholds are the default ones.
BARE_SELECT = """
    WITH known AS (
        SELECT CURRENT_DATE AS today,
               (CURRENT_DATE - INTERVAL '1 year')::date AS year_ago,
               (SELECT ARRAY_AGG(id ORDER BY sequence) FROM crm_tier
                 WHERE company_id = 1 AND active) AS tiers
    ), money AS (
        SELECT partner_id, SUM(amount) AS total,
               SUM(amount) FILTER (WHERE date > year_ago) AS year,
               SUM(amount - cost) FILTER (WHERE date > year_ago) AS margin,
               MIN(date) FILTER (WHERE date > year_ago) AS oldest
          FROM crm_customer_purchase, known
         WHERE company_id = 1 AND date <= today
         GROUP BY partner_id
    ), sale AS (
        SELECT partner_id, date, order_id, is_deposit
          FROM crm_customer_purchase, known
         WHERE company_id = 1 AND date <= today AND amount > 0
           AND reversed_move_id IS NULL
           AND (credited_date IS NULL OR credited_date > today)
    ), purchase AS (
        SELECT partner_id, date FROM sale WHERE order_id IS NULL
        UNION ALL
        SELECT partner_id,
               COALESCE(MIN(date) FILTER (WHERE NOT is_deposit), MIN(date))
          FROM sale WHERE order_id IS NOT NULL
         GROUP BY partner_id, order_id
    ), rhythm AS (
        SELECT partner_id, COUNT(*)::integer AS n, MIN(date) AS first,
               MIN(date) FILTER (WHERE gap IS NOT NULL) AS second,
               MAX(date) AS last,
               (COUNT(*) FILTER (WHERE gap IS DISTINCT FROM 0))::integer AS days,
               MAX(gap) AS longest,
               PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY gap)
                   FILTER (WHERE gap > 0) AS usual
          FROM (SELECT partner_id, date, date - LAG(date) OVER (
                           PARTITION BY partner_id ORDER BY date) AS gap
                  FROM purchase) gaps
         GROUP BY partner_id
    ), deal AS (
        SELECT p.commercial_partner_id AS partner_id,
               BOOL_OR(l.type = 'opportunity') AS has_any,
               BOOL_OR(l.type = 'opportunity'
                       AND (won_status = 'won' OR won_status = 'pending' AND l.active))
                   AS has_open,
               BOOL_AND(won_status = 'lost' AND COALESCE(r.is_unsuitable, FALSE))
                   AS unsuitable,
               MAX(date_closed::date) FILTER (
                   WHERE l.type = 'opportunity' AND won_status = 'lost') AS lost
          FROM crm_lead l
          JOIN res_partner p ON p.id = l.partner_id
          LEFT JOIN crm_lost_reason r ON r.id = l.lost_reason_id
         GROUP BY 1
    ), offer AS (
        SELECT p.commercial_partner_id AS partner_id,
               BOOL_OR(state = 'sale' OR state <> 'cancel' AND (
                   validity_date IS NULL OR validity_date >= today)) AS has_open,
               MAX(CASE WHEN state = 'cancel' THEN date_order::date
                        WHEN state <> 'sale' AND validity_date < today
                        THEN validity_date END) AS lost,
               MIN(validity_date + 1) FILTER (
                   WHERE state IN ('draft', 'sent') AND validity_date >= today) AS next
          FROM known, sale_order o
          JOIN res_partner p ON p.id = o.partner_id
         WHERE o.company_id = 1
         GROUP BY 1
    ), fact AS (
        SELECT cp.id AS partner_id, cp.active, cp.user_id, u.sale_team_id AS team_id,
               COALESCE(n, 0) AS n, COALESCE(days, 0) AS days, first, second, last,
               cp.acquisition_channel_id, COALESCE(total, 0) AS total,
               COALESCE(year, 0) AS year,
               COALESCE(margin, 0) AS margin,
               last + CASE WHEN days >= 4
                           THEN LEAST(GREATEST(FLOOR(3 * usual)::integer, 30), 730)
                           ELSE GREATEST(365,
                                FLOOR(1.5 * COALESCE(longest, 0))::integer) END
                   AS until,
               deal.has_any OR offer.partner_id IS NOT NULL AS has_any,
               COALESCE(deal.has_open, FALSE) OR COALESCE(offer.has_open, FALSE)
                   AS has_open,
               deal.unsuitable,
               (GREATEST(deal.lost, offer.lost) + INTERVAL '12 months')::date
                   AS forgotten,
               (oldest + INTERVAL '1 year')::date AS next_money, offer.next
          FROM res_partner cp
          LEFT JOIN res_users u ON u.id = cp.user_id
          LEFT JOIN money ON money.partner_id = cp.id
          LEFT JOIN rhythm ON rhythm.partner_id = cp.id
          LEFT JOIN deal ON deal.partner_id = cp.id
          LEFT JOIN offer ON offer.partner_id = cp.id
         WHERE cp.commercial_partner_id = cp.id
    ), phased AS (
        SELECT *, CASE WHEN today <= until THEN 'active' WHEN n > 0 THEN 'former'
                       WHEN has_any THEN 'responder' ELSE 'prospect' END AS phase
          FROM fact, known
    )
    SELECT partner_id, active, user_id, team_id,
           CASE WHEN n = 0 AND unsuitable THEN 'disqualified'
                WHEN n >= 4 AND phase = 'active' THEN 'regular'
                WHEN n >= 2 THEN 'repeat' WHEN n = 1 THEN 'first_time'
                WHEN has_open OR today < forgotten THEN 'prospect'
                ELSE 'suspect' END AS stage,
           phase, first AS first_purchase_date, second AS second_purchase_date,
           last AS last_purchase_date,
           n AS purchase_count, days AS purchase_days, until AS active_until,
           total AS net_revenue, year AS net_revenue_12m, margin AS margin_12m,
           LEAST(CASE WHEN next_money > today THEN next_money END, next,
                 CASE WHEN until >= today THEN until + 1 END,
                 CASE WHEN forgotten > today THEN forgotten END) AS next_change_date,
           CASE WHEN year >= 1000 AND n >= 10 THEN tiers[1]
                WHEN year >= 300 AND n >= 4 THEN tiers[2]
                WHEN year >= 100 AND n >= 2 THEN tiers[3]
                WHEN n >= 1 THEN tiers[4] END AS tier_id,
           acquisition_channel_id, 0 AS rewarded_referrals
      FROM phased
"""


def _floor_columns(customers):
    """What the hand-written SELECT gives: all but the peak, which needs the old row."""
    return [name for name in customers._profile_columns() if name != "peak_stage"]


def _check_floor(env):
    """Fail unless each row of ours is in the hand-written SELECT.

    That one has some rows more: own company and users, which it does not tell apart.
    """
    customers = env["crm.customer"]
    names = SQL(", ").join(map(SQL.identifier, _floor_columns(customers)))
    _quick(env.cr)
    env.cr.execute(
        SQL(
            """SELECT * FROM (
                   (SELECT partner_id, %(names)s FROM (%(ours)s) ours EXCEPT
                    SELECT partner_id, %(names)s FROM (%(bare)s) bare)) differing
                LIMIT 5""",
            names=names,
            ours=customers._profile_sql(customers._today()),
            bare=SQL(BARE_SELECT),
        )
    )
    differing = env.cr.fetchall()
    if differing:
        raise AssertionError(f"the floor computes something else: {differing}")


def _bare_select(env):
    """The hand-written SELECT of all outputs, made by the server, not sent."""
    columns = [*_floor_columns(env["crm.customer"]), "partner_id"]
    counted = SQL(", ").join(SQL("COUNT(f.%s)", SQL.identifier(c)) for c in columns)
    _quick(env.cr)
    with measure.timed() as spent:
        env.cr.execute(SQL("SELECT %s FROM (%s) f", counted, SQL(BARE_SELECT)))
    env.cr.commit()
    return spent.seconds


def _bare_write(env):
    """UPDATE of the same 5 % of the rows and INSERT of their history; seconds."""
    customers = env["crm.customer"]
    names = ", ".join(customers._profile_columns())
    env.cr.execute(
        f"""CREATE TEMPORARY TABLE wanted ON COMMIT PRESERVE ROWS AS
            SELECT id, {names} FROM crm_customer WHERE id % 20 = 0"""
    )
    _count, last_history = _change_some(env)
    with measure.timed() as spent:
        assigned = ", ".join(f"{n} = w.{n}" for n in customers._profile_columns())
        env.cr.execute(
            f"""UPDATE crm_customer c
                   SET {assigned}, write_uid = 1, write_date = NOW()
                  FROM wanted w WHERE w.id = c.id"""
        )
        env.cr.execute(
            """INSERT INTO crm_customer_history
                      (customer_id, date, field_name, old_value, new_value, figures)
               SELECT id, NOW(), 'stage', 'repeat', stage,
                      JSONB_BUILD_OBJECT(
                          'purchase_count', purchase_count,
                          'purchase_days', purchase_days,
                          'last_purchase_date', last_purchase_date,
                          'active_until', active_until,
                          'net_revenue_12m', net_revenue_12m)
                 FROM wanted"""
        )
        env.cr.commit()
    env.cr.execute("DROP TABLE wanted")
    _clean(env, last_history)
    return spent.seconds


def _plain_aggregate(env):
    """Count, first and last day, and two sums per customer, over the documents."""
    _quick(env.cr)
    with measure.timed() as spent:
        env.cr.execute(
            """SELECT COUNT(*), SUM(n), MIN(first), MAX(last), SUM(total), SUM(year)
                 FROM (SELECT commercial_partner_id, COUNT(*) AS n,
                              MIN(invoice_date) AS first, MAX(invoice_date) AS last,
                              SUM(amount_untaxed_signed) AS total,
                              SUM(amount_untaxed_signed) FILTER (
                                  WHERE invoice_date > CURRENT_DATE - 365) AS year
                         FROM account_move
                        WHERE state = 'posted'
                          AND move_type IN ('out_invoice', 'out_receipt', 'out_refund')
                        GROUP BY commercial_partner_id) customer"""
        )
    env.cr.commit()
    return spent.seconds


def _in(database, run):
    def inside():
        with orm.environment(database) as env:
            return run(env)

    return inside


def full(count):
    """Full refresh with 5 % of the rows changed, against what it cannot avoid."""
    _today_refresh("bench")
    _in("bench", _check_floor)()
    memory = []
    runs = (
        lambda: _run_full("bench", memory),
        _in("bench", _bare_select),
        _in("bench", _bare_write),
        _in("bench", _plain_aggregate),
    )
    refresh, select, write, plain = measure.rounds(count, *runs)
    floors = [a + b for a, b in zip(select, write, strict=True)]
    value = measure.median(refresh)
    yield Row(
        "full refresh, 5 % changed / bare SELECT by hand + write",
        value,
        measure.median(floors),
        measure.paired_ratio(refresh, floors),
        "<= 1.6",
        max(memory),
    )
    yield Row("  its bare SELECT", measure.median(select))
    yield Row("  its bare write of 5 % with history", measure.median(write))
    yield Row(
        "  the same / one plain aggregate over documents",
        value,
        measure.median(plain),
        measure.paired_ratio(refresh, plain),
    )


def quiet(count):
    """What a refresh writes: nothing when nothing changed, little when 5 % did."""
    _today_refresh("bench")
    still = []
    for _round in range(count):
        with (
            orm.environment("bench") as env,
            measure.wal(env.cr) as written,
            measure.timed() as spent,
        ):
            rows = env["crm.customer"]._refresh()
            env.cr.commit()
        still.append((rows, written.megabytes, spent.seconds))
    changed = []
    for _round in range(count):
        _run_full("bench", log=changed)
    yield Row(
        "second full refresh: rows written",
        max(s[0] for s in still),
        unit="rows",
        target="<= 0",
    )
    yield Row(
        "  its log", measure.median([s[1] for s in still]), unit="MB", target="<= 2"
    )
    yield Row("  its time", measure.median([s[2] for s in still]))
    yield Row(
        "full refresh, 5 % changed: log",
        measure.median([c[1] for c in changed]),
        unit="MB",
        target="<= 20",
    )
    yield Row("  rows written", max(c[0] for c in changed), unit="rows")
    yield Row(
        "  rows of res_partner written",
        max(c[2] for c in changed),
        unit="rows",
        target="<= 0",
    )


def _run_marked(database, invoices, seed):
    """Refresh after new sales to the buyers of some documents; return its seconds.

    The sales are rows of purchases put in by SQL: what posting costs is another row
    of the table. The job itself is run, with its batches and commits.
    """
    with orm.environment(database) as env:
        # Buyers of documents, not customers at random: the large ones come often.
        env.cr.execute(
            """INSERT INTO crm_customer_purchase
                      (contact_id, partner_id, company_id, date, amount, cost,
                       document_amount, document_currency_id, is_deposit, reference)
               SELECT contact_id, partner_id, company_id, CURRENT_DATE, 10, 6, 10,
                      document_currency_id, FALSE, 'benchmark'
                 FROM (SELECT * FROM crm_customer_purchase
                        WHERE id IN (
                              SELECT (%(seed)s + i * 7919) %% last
                                FROM GENERATE_SERIES(1, %(many)s * 2 + 20) i,
                                     (SELECT MAX(id) AS last
                                        FROM crm_customer_purchase) known)
                          AND amount > 0
                        LIMIT %(many)s) bought
            RETURNING partner_id""",
            {"seed": seed * 104_729, "many": invoices},
        )
        partners = [row[0] for row in env.cr.fetchall()]
        if len(partners) != invoices:
            raise AssertionError(f"{len(partners)} sales instead of {invoices}")
        env["crm.customer.mark"]._mark(partners)
        env.cr.commit()
        with measure.timed() as spent:
            env["crm.customer"]._cron_refresh_marked()
        env.cr.execute(
            "DELETE FROM crm_customer_purchase WHERE reference = 'benchmark'"
        )
        env["crm.customer"]._refresh(partners)
        env.cr.commit()
    if invoices > 100:
        build.psql(database, "-c", "VACUUM ANALYZE crm_customer, crm_customer_purchase")
    return spent.seconds


def _run_one(database, seeds):
    """Refresh after one new sale; the median of several, in seconds.

    It takes milliseconds, and the first after a VACUUM of this benchmark reads the
    catalog of the tables anew besides.
    """
    return measure.median([_run_marked(database, 1, next(seeds)) for _ in range(9)])


def marked(count):
    """Refresh of the marked, against the full refresh of the same call."""
    _today_refresh("bench")
    seeds = iter(range(10_000))
    sizes = {1: "<= 1/500", 100: "<= 1/100", 10_000: "<= 1/6"}
    runs = [
        lambda: _run_one("bench", seeds),
        lambda: _run_marked("bench", 100, next(seeds)),
        lambda: _run_marked("bench", 10_000, next(seeds)),
    ]
    results = measure.rounds(count, lambda: _run_full("bench"), *runs)
    whole = results.pop(0)
    for (invoices, target), times in zip(sizes.items(), results, strict=True):
        yield Row(
            f"marked refresh, {invoices:,} new invoices / full refresh",
            measure.median(times),
            measure.median(whole),
            measure.median(times) / measure.median(whole),
            target,
        )


def daily(count):
    """The pass over the customers whose day has come, against the full refresh."""
    from unittest.mock import patch

    _today_refresh("bench")
    due = []

    def pass_():
        with orm.environment("bench") as env:
            customers = env["crm.customer"]
            tomorrow = measure.next_day(customers._today())
            # The clock is put forward: that day's work is real, and rolled back.
            with patch.object(type(customers), "_today", lambda _self: tomorrow):
                env.cr.execute(
                    "SELECT COUNT(*) FROM crm_customer WHERE next_change_date <= %s",
                    [tomorrow],
                )
                due.append(env.cr.fetchone()[0])
                with measure.timed() as spent:
                    customers._refresh_due()
        return spent.seconds

    times, whole = measure.rounds(count, pass_, lambda: _run_full("bench"))
    yield Row(
        f"daily pass, {due[0]:,} customers due / full refresh",
        measure.median(times),
        measure.median(whole),
        measure.paired_ratio(times, whole),
        "<= 1/15",
    )


def growth(count):
    """The same work at the full size and at a quarter of it."""
    for database in ("bench", "bench_quarter"):
        _today_refresh(database)
    seeds = iter(range(10_000))
    big, small, big_one, small_one = measure.rounds(
        count,
        lambda: _run_full("bench"),
        lambda: _run_full("bench_quarter"),
        lambda: _run_one("bench", seeds),
        lambda: _run_one("bench_quarter", seeds),
    )
    yield Row(
        "full refresh / at a quarter of the data",
        measure.median(big),
        measure.median(small),
        measure.paired_ratio(big, small),
        "<= 4.8",
    )
    yield Row(
        "one-invoice refresh / at a quarter of the data",
        measure.median(big_one),
        measure.median(small_one),
        measure.median(big_one) / measure.median(small_one),
        "<= 1.5",
    )
