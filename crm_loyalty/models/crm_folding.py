from odoo import models
from odoo.fields import Domain
from odoo.modules.db import FunctionStatus
from odoo.tools import SQL

from ..l10n.text import fold_pattern, fold_sql

OPERATORS = {
    "ilike": SQL("ILIKE"),
    "=ilike": SQL("ILIKE"),
    "not ilike": SQL("NOT ILIKE"),
    "not =ilike": SQL("NOT ILIKE"),
}


class CrmFolding(models.AbstractModel):
    """The database's side of folding: see ``l10n/text.py``."""

    _name = "crm.folding"
    _description = "Folding of Texts"

    def init(self):
        """Create the function ``crm_fold(text)``, or anew when the tables changed.

        This model is the first of the add-on: indexes of the others use the function.
        They hold what it once said, so they go with the old one, and Odoo makes them
        again as it goes on to the models they belong to.
        """
        # Not STRICT, though NULL gives NULL: PostgreSQL would then call it for every
        # row, instead of putting its expression in its place.
        source = f"SELECT {fold_sql('$1')}"
        cr = self.env.cr
        cr.execute(
            SQL(
                """SELECT prosrc FROM pg_proc
                    WHERE proname = 'crm_fold' AND pronargs = 1
                      AND pronamespace = current_schema::regnamespace"""
            )
        )
        if cr.fetchone() == (source,):
            return
        cr.execute(SQL("DROP FUNCTION IF EXISTS crm_fold(text) CASCADE"))
        cr.execute(
            SQL(
                """CREATE FUNCTION crm_fold(text) RETURNS text
                   LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %s""",
                source,
            )
        )


def folded_search(name):
    """The ``search`` of a stored char field that is found by folded text.

    Only ``ilike``, ``=ilike`` and their negations are ours, all else, and fields that
    are translated or differ by company, stay Odoo's.

    :param str name: of the field
    """

    def search(records, operator, value):
        field = records._fields[name]
        pattern = value
        if (
            operator in OPERATORS
            and isinstance(value, str)
            and not (field.translate or field.company_dependent)
        ):
            pattern = fold_pattern(value)
            if pattern:
                return Domain.custom(to_sql=_to_sql(name, operator, pattern))
        return [(name, operator, pattern)]

    return search


def _to_sql(name, operator, pattern):
    """What Odoo's fields make of a pattern, over folded text."""
    if "=" not in operator:
        pattern = f"%{pattern}%"

    def to_sql(model, alias, query):
        field = model._fields[name]
        model._check_field_access(field, "read")
        column = model._field_to_sql(alias, name, query)
        unaccent = model.pool.unaccent
        condition = SQL(
            "%s %s %s",
            unaccent(SQL("crm_fold(%s)", column)),
            OPERATORS[operator],
            unaccent(SQL("%s", pattern)),
        )
        if operator.startswith("not") and field not in model.pool.not_null_fields:
            return SQL("(%s OR %s IS NULL)", condition, column)
        return condition

    return to_sql


def folded_index(column):
    """The index that `folded_search` uses, where Odoo has trigram indexes.

    :param str column: of the model's table
    """

    def definition(registry):
        if not registry.has_trigram:
            return ""
        expression = f"crm_fold({column})"
        if registry.has_unaccent == FunctionStatus.INDEXABLE:
            expression = registry.unaccent(expression)
        return f"USING gin (({expression}) gin_trgm_ops)"

    return models.Index(definition)
