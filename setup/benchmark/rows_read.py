"""Rows on pages that show our values."""

from functools import partial

from . import build, measure, orm
from .table import Row

PAGE = 80
COLUMNS = 4


def _specification(env, model, view_type):
    """Fields of a view as the web client asks for them; ours, and all the others."""
    arch_fields = env[model].get_view(view_type=view_type)["models"][model]
    ours, stock = {}, {}
    for name in arch_fields:
        field = env[model]._fields[name]
        part = {"fields": {"display_name": {}}} if field.type == "many2one" else {}
        # Who brought the field: others of Odoo's we only extend.
        mine = bool({*field._modules[:1]} & {"crm_loyalty", "crm_tiers"})
        (ours if mine else stock)[name] = part
    return stock, {**stock, **ours}


def _page(database, model, specification, ids=None, queries=None, grouped=False):
    """One call as the web client makes it, in a transaction of its own.

    :param ids: the records of a form; ``None``: a page of opportunities
    :param bool grouped: in columns by stage, as the kanban opens, else a plain list
    """
    with orm.environment(database, uid=2) as env:
        records = env[model]
        env.user.has_group("base.group_user")  # the session knows its user already
        before = env.cr.sql_log_count
        with measure.timed() as spent:
            if grouped:
                records.web_read_group(
                    [("type", "=", "opportunity")],
                    ["stage_id"],
                    ["expected_revenue:sum"],
                    auto_unfold=True,
                    unfold_read_specification=specification,
                    unfold_read_default_limit=PAGE // COLUMNS,
                )
            elif ids is None:
                records.web_search_read(
                    [("type", "=", "opportunity")], specification, limit=PAGE
                )
            else:
                records.browse(ids).web_read(specification)
        if queries is not None:
            queries.append(env.cr.sql_log_count - before)
    return spent.seconds


def kanban(count):
    """The CRM kanban page with our fields and without."""
    with orm.environment("bench", uid=2) as env:
        stock, full = _specification(env, "crm.lead", "kanban")
    queries = {"with": [], "without": []}
    page = partial(_page, "bench", "crm.lead", grouped=True)
    runs = (
        lambda: page(full, queries=queries["with"]),
        lambda: page(stock, queries=queries["without"]),
        lambda: page(stock),
    )
    measure.rounds(3, *runs)  # caches of the registry
    with_ours, without, control = measure.rounds(count * 8, *runs)
    names = ", ".join(sorted(full.keys() - stock.keys()))
    yield Row(
        f"CRM kanban by stage, {PAGE} leads, with ({names}) / without",
        measure.median(with_ours),
        measure.median(without),
        measure.paired_ratio(with_ours, without),
        "<= 1.10",
    )
    ratio = measure.paired_ratio(control, without)
    yield Row(
        "  control: without / without, not under 0.95",
        measure.median(control),
        measure.median(without),
        ratio,
        "<= 1.05",
    )
    more = measure.median(queries["with"]) - measure.median(queries["without"])
    yield Row(
        "  SQL queries more",
        more,
        measure.median(queries["without"]),
        unit="",
        target="<= 1",
    )
    with_ours, without = measure.rounds(
        count * 8,
        lambda: _page("bench", "crm.lead", full),
        lambda: _page("bench", "crm.lead", stock),
    )
    yield Row(
        f"  the same {PAGE} leads without columns and sums",
        measure.median(with_ours),
        measure.median(without),
        measure.paired_ratio(with_ours, without),
    )


def form(count):
    """The contact form with our fields and without, and in stock Odoo."""
    build.ensure_stock()
    with orm.environment("bench", uid=2) as env:
        stock, full = _specification(env, "res.partner", "form")
        env.cr.execute(
            """SELECT id FROM crm_customer_purchase
                ORDER BY HASHINT4(id) LIMIT 200"""
        )
        env.cr.execute(
            """SELECT DISTINCT partner_id FROM crm_customer_purchase
                WHERE id IN %s ORDER BY partner_id""",
            [tuple(row[0] for row in env.cr.fetchall())],
        )
        # Buyers of documents: who buys much is opened often.
        partners = [row[0] for row in env.cr.fetchall()][:: 200 // 20]
    with orm.environment("bench_stock", uid=2) as env:
        known = env["res.partner"]._fields.keys()
    bare = {name: part for name, part in stock.items() if name in known}

    page = partial(_page, model="res.partner")
    runs = (
        partial(page, "bench", specification=full),
        partial(page, "bench", specification=stock),
        partial(page, "bench", specification=stock),
        partial(page, "bench_stock", specification=bare),
    )
    results = [[] for _run in runs]
    for partner in partners:
        of_partner = [partial(run, ids=[partner]) for run in runs]
        # Once untimed: whichever comes first reads the pages for all.
        measure.rounds(1, *of_partner)
        # Taking turns each time: what slows the machine for a while slows all of them.
        times = measure.rounds(count, *of_partner[:3])
        # Stock Odoo takes five times as long: opened once, compared with each of ours.
        times.append(measure.rounds(1, of_partner[3])[0] * count)
        for result, more in zip(results, times, strict=True):
            result += more
    with_ours, without, control, odoo = results
    yield Row(
        "contact form with our fields / without, same indexes",
        measure.median(with_ours),
        measure.median(without),
        measure.paired_ratio(with_ours, without),
        "<= 1.05",
    )
    yield Row(
        "  control: without / without",
        measure.median(control),
        measure.median(without),
        measure.paired_ratio(control, without),
    )
    yield Row(
        "contact form of stock Odoo / with our add-ons",
        measure.median(odoo),
        measure.median(with_ours),
        measure.paired_ratio(odoo, with_ours),
        ">= 3",
    )
