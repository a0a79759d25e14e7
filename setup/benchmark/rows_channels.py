"""Rows on channels: attribution of all customers, and the channel report."""

from datetime import date, timedelta
from functools import partial

from . import build, measure, orm
from .table import Row

DATABASE = "bench_channels"
TOPS, BELOW = 4, 4
MONTHS = 24
# As the pivot asks for them when it is opened.
MEASURES = ["leads:sum", "won:sum", "customers:sum", "revenue:sum", "margin:sum"]
MEASURES += ["cost:sum", "cac:avg"]

# The same figures by hand, without rights, units and names: each from its own table.
BARE = """
    SELECT {groups}, SUM(leads), SUM(won), SUM(customers), SUM(revenue), SUM(margin),
           SUM(cost), SUM(cost) / NULLIF(SUM(customers), 0)
      FROM (
        SELECT acquisition_channel_id AS channel_id, {seller} AS user_id,
               COUNT(*) AS leads,
               COUNT(*) FILTER (WHERE won_status = 'won') AS won,
               NULL::numeric AS customers, NULL::numeric AS revenue,
               NULL::numeric AS margin, NULL::numeric AS cost
          FROM crm_lead GROUP BY 1, 2
         UNION ALL
        SELECT t.channel_id, {seller} AS user_id, NULL, NULL,
               SUM(COALESCE(t.{way}, 1)), NULL, NULL, NULL
          FROM crm_customer c
          LEFT JOIN crm_customer_touch t
                 ON t.customer_id = c.id AND t.is_on_path AND t.{way} > 0
         WHERE c.first_purchase_date IS NOT NULL GROUP BY 1, 2
         UNION ALL
        SELECT t.channel_id, {seller} AS user_id, NULL, NULL, NULL,
               SUM(p.amount * COALESCE(t.{way}, 1)),
               SUM((p.amount - p.cost) * COALESCE(t.{way}, 1)), NULL
          FROM crm_customer_purchase p
          JOIN crm_customer c
            ON c.partner_id = p.partner_id AND c.company_id = p.company_id
          LEFT JOIN crm_customer_touch t
                 ON t.customer_id = c.id AND t.is_on_path AND t.{way} > 0
         GROUP BY 1, 2
         UNION ALL
        SELECT channel_id, NULL, NULL, NULL, NULL, NULL, NULL, SUM(amount)
          FROM crm_acquisition_cost GROUP BY 1
      ) facts
     GROUP BY {grouping}
"""


def _ensure():
    """A copy of the database in which leads, orders and costs have channels."""
    build.ensure(keep=True)
    key = build._key("bench")
    if build.exists(DATABASE) and build._key(DATABASE) == f"{key} channels":
        return
    build.copy("bench", DATABASE)
    with orm.environment(DATABASE, commit=True) as env:
        channels = _make_channels(env)
        _spread(env, channels)
    build.psql(DATABASE, "-c", "VACUUM ANALYZE")
    build._set_key(DATABASE, f"{key} channels")


def _make_channels(env):
    model = env["crm.acquisition.channel"]
    tops = model.create([{"name": f"Channel {number}"} for number in range(TOPS)])
    below = model.create(
        [
            {"name": f"{top.name}.{number}", "parent_id": top.id}
            for top in tops
            for number in range(BELOW)
        ]
    )
    start = date.today().replace(day=1) - timedelta(days=31 * MONTHS)
    env["crm.acquisition.cost"].create(
        [
            {
                "channel_id": channel.id,
                "date_from": start + timedelta(days=30 * number),
                "date_to": start + timedelta(days=30 * number + 29),
                "amount": 1000 + number,
            }
            for channel in below
            for number in range(MONTHS)
        ]
    )
    return below


def _spread(env, channels):
    """Nine leads and orders in ten get a channel; contacts the first one of theirs."""
    # Each updated row would enter the indexes of names, which no row here uses.
    env.cr.execute(
        "SELECT indexname FROM pg_indexes"
        " WHERE tablename = 'crm_lead' AND indexdef LIKE '%USING gin%'"
    )
    for [name] in env.cr.fetchall():
        env.cr.execute(f'DROP INDEX "{name}"')
    for table in ("crm_lead", "sale_order"):
        env.cr.execute(
            f"""UPDATE {table} SET acquisition_channel_id =
                       (%s)[1 + ABS(HASHINT4(id)) %% %s]
                 WHERE id %% 10 < 9""",
            [channels.ids, len(channels)],
        )
    env.cr.execute("SELECT id FROM res_partner")
    env["res.partner"]._acquire([row[0] for row in env.cr.fetchall()])
    env.cr.precommit.data.pop("crm_customer_marks", None)
    # The profiles' own column; their touches are what is measured.
    env["crm.customer"]._refresh()
    env.cr.execute("TRUNCATE crm_customer_touch")


def channels(count):
    """Attribution of all customers, and the channel report by its dimensions."""
    _ensure()
    yield from _attribution(count)
    with orm.environment(DATABASE, commit=True) as env:
        env["crm.customer"]._refresh()
    build.psql(DATABASE, "-c", "VACUUM ANALYZE crm_customer_touch")
    ways = [way for way, _label in _ways()]
    for title, groups, target in (
        ("channel report by channel", [["channel_id"]], "<= 2"),
        (
            "channel report by channel and salesperson, with subtotals",
            [["channel_id", "user_id"], ["channel_id"], ["user_id"], []],
            "<= 5",
        ),
    ):
        worst = None
        for way in ways:
            ours, floor = measure.rounds(
                max(3, count // 2),
                partial(_report, way, groups),
                partial(_bare, way, groups),
            )
            row = Row(
                f"{title} ({way.replace('_', ' ')}, the slowest of five)",
                measure.median(ours),
                measure.median(floor),
                measure.paired_ratio(ours, floor),
                target,
            )
            if worst is None or row.ratio > worst.ratio:
                worst = row
        yield worst


def _ways():
    from odoo.addons.crm_loyalty.models.crm_channel_report import ATTRIBUTIONS

    return ATTRIBUTIONS


def _attribution(count):
    queries = []

    def write():
        with orm.environment(DATABASE) as env:
            customers = env["crm.customer"]
            customers._plan_for_all()
            before = env.cr.sql_log_count
            with measure.timed() as spent:
                customers._refresh_touches(None, customers._today())
            queries.append(env.cr.sql_log_count - before)
        return spent.seconds

    def aggregate():
        with orm.environment(DATABASE) as env:
            env["crm.customer"]._plan_for_all()
            with measure.timed() as spent:
                env.cr.execute(
                    """SELECT p.commercial_partner_id, COUNT(*), MIN(d.create_date)
                         FROM (SELECT partner_id, create_date FROM crm_lead
                                WHERE acquisition_channel_id IS NOT NULL
                                UNION ALL
                               SELECT partner_id, create_date FROM sale_order
                                WHERE acquisition_channel_id IS NOT NULL) d
                         JOIN res_partner p ON p.id = d.partner_id
                        GROUP BY 1"""
                )
        return spent.seconds

    ours, floor = measure.rounds(max(3, count // 2), write, aggregate)
    yield Row(
        "touches and shares of all customers written / bare count of touches",
        measure.median(ours),
        measure.median(floor),
        measure.paired_ratio(ours, floor),
    )
    # A table, its statistics, the statement that writes, and settings.
    yield Row(
        "  SQL queries, whatever the number of customers",
        measure.median(queries),
        unit="",
        target="<= 6",
    )


def _report(way, groups):
    with orm.environment(DATABASE, uid=2) as env:
        report = env["crm.channel.report"].with_context(crm_attribution=way)
        env.user.has_group("base.group_user")  # the session knows its user already
        with measure.timed() as spent:
            if len(groups) == 1:
                report.formatted_read_group([], groups[0], MEASURES)
            else:
                report.formatted_read_grouping_sets([], groups, MEASURES)
    return spent.seconds


def _bare(way, groups):
    single = len(groups) == 1
    sets = ", ".join(f"({', '.join(names)})" for names in groups)
    query = BARE.format(
        way=way,
        # No finer than the report, which would make the floor slower.
        seller="NULL::integer" if single else "user_id",
        groups="channel_id" if single else "channel_id, user_id",
        grouping="channel_id" if single else f"GROUPING SETS ({sets})",
    )
    with orm.environment(DATABASE, uid=2) as env:
        with measure.timed() as spent:
            env.cr.execute(query)
            env.cr.fetchall()
    return spent.seconds
