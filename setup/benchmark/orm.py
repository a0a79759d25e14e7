"""Odoo in this process: the registry of a database, and what is made through it."""

import contextlib

_registries = {}


def _registry(database):
    if database not in _registries:
        import odoo
        from odoo.modules.registry import Registry

        if not _registries:
            odoo.tools.config.parse_config(
                ["-d", database, "--log-level=warn", "--no-http"]
            )
        _registries[database] = Registry(database)
    return _registries[database]


def close(database):
    """Forget the registry, so that the database may be dropped or copied."""
    if _registries.pop(database, None) is None:
        return
    import odoo
    from odoo.modules.registry import Registry

    Registry.delete(database)
    odoo.sql_db.close_db(database)


@contextlib.contextmanager
def environment(database, uid=1, commit=False):
    """A transaction of its own; rolled back unless `commit`."""
    from odoo import api

    with _registry(database).cursor() as cr:
        env = api.Environment(cr, uid, {})
        # As in a call by a user: the companies he works in.
        env = env(context={"allowed_company_ids": env.user.company_ids.ids})
        try:
            yield env
            if commit:
                env.cr.commit()
        finally:
            cr.rollback()
