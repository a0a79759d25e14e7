"""Rows on how purchases come in: installation, posting, import."""

import base64
import contextlib
import io
import os
from itertools import islice
from pathlib import Path
from unittest.mock import patch

from steps.machine import ROOT

from . import build, measure, orm
from .table import Row

CDNOW = "cdnow_master.txt"


def install(_count):
    """Installation of our add-ons on the filled database; once, it takes minutes."""
    spent = build.install()
    yield Row(
        "installation on the filled database", spent.seconds, megabytes=spent.megabytes
    )


def fill(count):
    """The first fill of purchases, against a bare INSERT ... SELECT of its rows."""

    def ours():
        with orm.environment("bench") as env:
            env.cr.execute("TRUNCATE crm_customer_purchase")  # rolled back
            with measure.timed() as spent:
                env["crm.customer.purchase"]._fill()
        return spent.seconds

    def bare():
        with orm.environment("bench") as env:
            env.cr.execute("TRUNCATE crm_customer_purchase")
            with measure.timed() as spent:
                env.cr.execute(BARE_FILL)
                env.cr.execute("ANALYZE crm_customer_purchase")
        return spent.seconds

    times, floors = measure.rounds(max(1, count // 2), ours, bare)
    yield Row(
        "fill of purchases / bare INSERT ... SELECT",
        measure.median(times),
        measure.median(floors),
        measure.paired_ratio(times, floors),
    )


# Invoices and credit notes alike, cost by the order line or the product.
BARE_FILL = """
    INSERT INTO crm_customer_purchase
           (contact_id, partner_id, company_id, date, amount, cost, document_amount,
            document_currency_id, move_id, reversed_move_id, order_id, is_deposit,
            reference, create_uid, create_date, write_uid, write_date)
    SELECT m.commercial_partner_id, m.commercial_partner_id, m.company_id,
           m.invoice_date, m.amount_untaxed_signed, COALESCE(cost.cost, 0),
           m.amount_untaxed_in_currency_signed, m.currency_id, m.id,
           m.reversed_entry_id, cost.order_id, COALESCE(cost.is_deposit, FALSE),
           m.name, 1, NOW(), 1, NOW()
      FROM account_move m
      LEFT JOIN (
           SELECT l.move_id, MIN(sold.order_id) AS order_id,
                  BOOL_AND(COALESCE(sold.is_downpayment, FALSE)) AS is_deposit,
                  SUM(l.quantity * COALESCE(
                      sold.purchase_price,
                      (p.standard_price ->> l.company_id::text)::numeric)) AS cost
             FROM account_move_line l
             LEFT JOIN product_product p ON p.id = l.product_id
             LEFT JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = l.id
             LEFT JOIN sale_order_line sold ON sold.id = rel.order_line_id
            WHERE l.display_type = 'product'
            GROUP BY l.move_id) cost ON cost.move_id = m.id
     WHERE m.state = 'posted'
       AND m.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
"""


@contextlib.contextmanager
def _without_our_hooks(env):
    """Odoo as if our add-ons took no notice of documents and contacts."""
    moves, marks = type(env["account.move"]), type(env["crm.customer.mark"])
    with (
        patch.object(moves, "_sync_customer_purchases", lambda self, **kwargs: None),
        patch.object(marks, "_mark", lambda self, *args, **kwargs: None),
    ):
        yield


def _post(size, with_hooks):
    """Post new invoices, with what runs when the transaction commits; seconds."""
    with orm.environment("bench") as env:
        partner = env["res.partner"].search(
            [("customer_rank", ">", 0), ("is_company", "=", True)],
            offset=5_000,
            limit=1,
        )
        product = env["product.product"].search(
            [("default_code", "=like", "BENCH%")], limit=1
        )
        line = {"product_id": product.id, "quantity": 1, "price_unit": 10}
        invoice = {
            "move_type": "out_invoice",
            "partner_id": partner.id,
            "invoice_line_ids": [(0, 0, line), (0, 0, line)],
        }
        hooks = contextlib.nullcontext() if with_hooks else _without_our_hooks(env)
        with hooks:
            invoices = env["account.move"].create([invoice] * size)
            env.cr.flush()
            env.invalidate_all()
            with measure.timed() as spent:
                invoices.action_post()
                env.cr.flush()  # flushes, and runs what waits for the commit
    return spent.seconds / size


def posting(count):
    """Posting with our hooks and without: a single invoice, and a batch of 50."""
    for size, target, times in ((1, "<= 1.10", 12), (50, "<= 1.05", 3)):
        runs = (
            lambda size=size: _post(size, True),
            lambda size=size: _post(size, False),
            lambda size=size: _post(size, False),
        )
        measure.rounds(1, *runs)
        with_hooks, without, control = measure.rounds(count * times, *runs)
        name = "one invoice" if size == 1 else f"{size} invoices, each"
        yield Row(
            f"posting {name}, with our hooks / without",
            measure.median(with_hooks),
            measure.median(without),
            measure.paired_ratio(with_hooks, without),
            target,
        )
        yield Row(
            "  control: without / without",
            measure.median(control),
            measure.median(without),
            measure.paired_ratio(control, without),
        )


def _cdnow():
    """The file of the real purchase history, or None."""
    folder = os.environ.get("CRM_DATA", ROOT.parent / "shared" / "data")
    path = Path(folder) / CDNOW
    return path if path.exists() else None


def import_cdnow(_count):
    """Import of 69,659 real purchases, against COPY and the same contacts by ORM.

    Upload, check and load, as a user does them; rolled back. Once: the contacts take
    their time on both sides.
    """
    path = _cdnow()
    if not path:
        print(f"import left out: no {CDNOW}; set CRM_DATA to its folder")
        return
    with path.open() as file:
        rows = [line.split() for line in islice(file, 1, None) if line.strip()]
    # Amounts as they stand; days as ISO.
    rows = [
        (f"CDNOW{customer}", f"{day[:4]}-{day[4:6]}-{day[6:]}", amount)
        for customer, day, _pieces, amount in rows
    ]
    with orm.environment("bench") as env:
        content = "\n".join(map(",".join, [("reference", "day", "amount"), *rows]))
        measure.settle()
        before = measure.private_memory("self")
        with measure.Memory("self") as memory, measure.timed() as spent:
            record = env["crm.customer.purchase.import"].create(
                {
                    "file": base64.b64encode(content.encode()),
                    "file_name": "cdnow.csv",
                    "create_contacts": True,
                }
            )
            targets = ("partner_ref", "date", "amount")
            for column, target in zip(record.column_ids, targets, strict=True):
                column.target = target
            record.action_check()
            record._load()  # what the job runs
            env.cr.flush()
        if record.new_count != len(rows):
            raise AssertionError(f"{record.new_count} of {len(rows)} rows were loaded")
    with orm.environment("bench") as env, measure.timed() as floor:
        env.cr.execute(
            "CREATE TEMP TABLE bare (contact text, day date, amount numeric)"
        )
        text = io.StringIO("\n".join(map("\t".join, rows)))
        env.cr.copy_from(text, "bare")
        names = sorted({row[0] for row in rows})
        for start in range(0, len(names), 1000):
            batch = names[start : start + 1000]
            env["res.partner"].create([{"name": name, "ref": name} for name in batch])
            env.cr.flush()
            env.invalidate_all()
    yield Row(
        f"import of {len(rows):,} purchases / COPY + contacts by create",
        spent.seconds,
        floor.seconds,
        spent.seconds / floor.seconds,
        "<= 2",
        memory.peak - before,
    )
    yield Row("  its memory", memory.peak - before, unit="MB", target="<= 300")
