"""Rows on finding what was written on another keyboard."""

import contextlib
import random
from unittest.mock import patch

from . import measure, orm
from .table import Row

LIMIT = 80
TERMS = 20
QUICK_SEARCH = ("complete_name", "email", "ref", "vat", "company_registry")


def _terms(cr):
    """Names, parts of names and addresses, as people type them."""
    cr.execute(
        "SELECT name, email FROM res_partner WHERE email LIKE 'person%%@bench.%%'"
        " ORDER BY HASHINT4(id) LIMIT %s",
        [TERMS],
    )
    for number, (name, email) in enumerate(cr.fetchall()):
        yield (name, name.rsplit(" ", 1)[1], email.split("@")[0], name[:-1])[number % 4]


def _trigram_indexes(cr):
    """Odoo's own index of kind "trigram" on what the quick search looks through."""
    for column in QUICK_SEARCH:
        # Ours as fresh as Odoo's: without a list of what is yet to be put in.
        cr.execute(
            "SELECT gin_clean_pending_list(%s)", [f"res_partner_folded_{column}_idx"]
        )
        cr.execute(
            f"CREATE INDEX bench_{column} ON res_partner"
            f" USING gin ({column} gin_trgm_ops)"
        )
    cr.execute("ANALYZE res_partner")


def search(count):
    """The quick search of contacts against Odoo's own ``ilike``; folding in Python."""
    with orm.environment("bench") as env:
        # In this transaction alone, which is rolled back.
        _trigram_indexes(env.cr)
        partners = env["res.partner"]
        terms = list(_terms(env.cr))

        def find(domains):
            with measure.timed() as spent:
                for domain in domains:
                    partners.search_fetch(domain, ["display_name"], limit=LIMIT)
                    env.invalidate_all(flush=False)
            return spent.seconds

        def of_odoo(domains):
            with contextlib.ExitStack() as stack:
                for name in QUICK_SEARCH:
                    field = partners._fields[name]
                    stack.enter_context(patch.object(field, "search", None))
                return find(domains)

        for what, words, target in (
            (f"{TERMS} quick searches of contacts, first {LIMIT}", terms, "<= 1.2"),
            # Too short for an index of any kind.
            ("  two letters that nobody has", ["qx"], ""),
        ):
            domains = [[("display_name", "ilike", word)] for word in words]
            runs = (lambda d=domains: find(d), lambda d=domains: of_odoo(d))
            measure.rounds(1, *runs)
            folded, plain = measure.rounds(count, *runs)
            yield Row(
                f"{what}, folded / Odoo's ilike",
                measure.median(folded),
                measure.median(plain),
                measure.paired_ratio(folded, plain),
                target,
            )
    yield _folding(count)


def _folding(count):
    """Folding of 100,000 names in Python against the library call alone."""
    # Known to Python once a registry is loaded.
    from odoo.addons.crm_loyalty.l10n import text

    order = random.Random(count)
    words = ("شركة", "علي", "رضایی", "Azure", "می\u200cرود", "۱۲۳", "مسئول", "Interior")
    names = [" ".join(order.choices(words, k=3)) for _number in range(100_000)]

    def fold():
        for name in names:
            text.fold(name)

    def translate():
        for name in names:
            name.translate(text._FOLDING)

    measure.rounds(1, fold, translate)
    folded, translated = measure.rounds(count, fold, translate)
    return Row(
        "100,000 names folded in Python / str.translate alone",
        measure.median(folded),
        measure.median(translated),
        measure.paired_ratio(folded, translated),
        "<= 1.25",
    )
