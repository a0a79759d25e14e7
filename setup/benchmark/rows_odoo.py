"""The same outputs in Odoo's own ways, on a sample and scaled."""

from collections import defaultdict

from . import measure, orm
from .rows_refresh import _run_full, _today_refresh
from .table import Row

SAMPLE = 2_000
BATCH = 1_000
WRITTEN = (
    "stage",
    "phase",
    "first_purchase_date",
    "last_purchase_date",
    "purchase_count",
    "purchase_days",
    "active_until",
    "net_revenue",
    "net_revenue_12m",
    "margin_12m",
    "next_change_date",
)


def _computed(env, customers, lifecycle, as_of):
    """What a stored compute would do: grouped reads per batch, rules in Python."""
    partners = customers.partner_id
    histories = defaultdict(lifecycle.History)
    purchases = env["crm.customer.purchase"].search_fetch(
        [("partner_id", "in", partners.ids), ("company_id", "=", env.company.id)],
        [
            "partner_id",
            "date",
            "amount",
            "cost",
            "order_id",
            "is_deposit",
            "move_id",
            "reversed_move_id",
            "document_amount",
        ],
    )
    for row in purchases:
        histories[row.partner_id.id].documents.append(
            lifecycle.Document(
                key=row.move_id.id,
                date=row.date,
                amount=row.amount,
                cost=row.cost,
                order=row.order_id.id or None,
                is_deposit=row.is_deposit,
                reverses=row.reversed_move_id.id or None,
                document_amount=row.document_amount,
                currency=1,
            )
        )
    leads = env["crm.lead"].with_context(active_test=False)
    groups = leads._read_group(
        [("partner_id.commercial_partner_id", "in", partners.ids)],
        ["partner_id", "type", "won_status", "active"],
        ["create_date:min", "date_closed:max"],
    )
    for partner, kind, status, active, created, closed in groups:
        state = {"won": "open", "lost": "lost"}.get(
            status, "open" if active else "shelved"
        )
        histories[partner.commercial_partner_id.id].leads.append(
            lifecycle.Lead(
                created.date(),
                kind == "opportunity",
                state,
                (closed or created).date() if state == "lost" else None,
            )
        )
    groups = env["sale.order"]._read_group(
        [("partner_id.commercial_partner_id", "in", partners.ids)],
        ["partner_id", "state"],
        ["create_date:min", "date_order:max", "validity_date:max"],
    )
    for partner, state, created, ordered, until in groups:
        histories[partner.commercial_partner_id.id].quotations.append(
            lifecycle.Quotation(
                created.date(),
                ordered.date() if state == "cancel" else None,
                until if state in ("draft", "sent") else None,
            )
        )
    thresholds = env.company._crm_thresholds()
    profiles = []
    for customer in customers:
        profile = lifecycle.classify(
            histories[customer.partner_id.id], thresholds, as_of
        )
        profiles.append({name: getattr(profile, name) for name in WRITTEN})
    return profiles


def _float_rules(lifecycle):
    """Amounts are floats in the ORM: sums start from a plain zero."""
    lifecycle.Decimal = float


def against_odoo(count):
    """Batched computes, and write() per record, against the full refresh."""
    _today_refresh("bench")
    # Known to Python once the registry is loaded.
    from odoo.addons.crm_loyalty import lifecycle

    _float_rules(lifecycle)
    with orm.environment("bench") as env:
        env.cr.execute("SELECT COUNT(*) FROM crm_customer")
        scale = env.cr.fetchone()[0] / SAMPLE
        env.cr.execute(
            "SELECT id FROM crm_customer ORDER BY HASHINT4(id) LIMIT %s", [SAMPLE]
        )
        ids = [row[0] for row in env.cr.fetchall()]

    def batched():
        with orm.environment("bench") as env:
            customers = env["crm.customer"].browse(ids)
            with measure.timed() as spent:
                for start in range(0, SAMPLE, BATCH):
                    batch = customers[start : start + BATCH]
                    values = _computed(env, batch, lifecycle, batch._today())
                    batch._write_multi(values)
                    env.invalidate_all(flush=False)
        return spent.seconds * scale

    def by_record():
        with orm.environment("bench") as env:
            customers = env["crm.customer"].browse(ids)
            with measure.timed() as spent:
                for customer in customers:
                    [values] = _computed(env, customer, lifecycle, customer._today())
                    # Other values than stored: what does not change, Odoo does not
                    # write.
                    values["net_revenue"] += 1
                    values["purchase_count"] += 1
                    customer._write_unguarded(values)
                    customer.flush_recordset()
        return spent.seconds * scale

    full, computes, writes = measure.rounds(
        count, lambda: _run_full("bench"), batched, by_record
    )
    for what, times, target in (
        (
            f"computes in batches of {BATCH}, {SAMPLE} customers scaled",
            computes,
            ">= 5",
        ),
        (
            f"read, compute and write() one by one, {SAMPLE} customers scaled",
            writes,
            ">= 30",
        ),
    ):
        yield Row(
            f"{what} / full refresh",
            measure.median(times),
            measure.median(full),
            measure.median(times) / measure.median(full),
            target,
        )
