"""The databases of the benchmark, built once and kept.

`bench_stock` is Odoo with the modules we depend on, filled; `bench` a copy of it with
our add-ons installed. `bench_quarter` is `bench` at a quarter of the size.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

from steps.environment import addons
from steps.machine import digest, say

from . import fill, measure, orm

HERE = Path(__file__).resolve().parent
FULL = {"customers": 200_000, "invoices": 2_000_000, "leads": 100_000}
SCALES = {"": 1, "_quarter": 4}


def psql(database, *arguments):
    """Run psql on a database; return what it printed."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, *arguments]
    # VACUUM warns of each system table that is the administrator's.
    quiet = {**os.environ, "PGOPTIONS": "-c client_min_messages=error"}
    done = subprocess.run(command, check=True, text=True, stdout=-1, env=quiet)
    return done.stdout.strip()


def exists(database):
    """Whether there is a database of that name."""
    query = f"SELECT 1 FROM pg_database WHERE datname = '{database}'"
    return bool(psql("postgres", "-c", query))


def drop(database):
    """Drop a database if it is there."""
    orm.close(database)  # this process may be connected to it
    psql("postgres", "-c", f"DROP DATABASE IF EXISTS {database}")


def copy(source, target):
    """Make `target` a copy of `source` in place of what it was."""
    drop(target)
    orm.close(source)  # nobody may be connected to what is copied
    # By files: through the log, the default, gigabytes take minutes.
    subprocess.run(
        ["createdb", "--strategy=file_copy", "-T", source, target], check=True
    )


def odoo(database, *arguments):
    """Run Odoo's command line on a database until it is done."""
    command = [sys.executable, "-m", "odoo", "-d", database, "--stop-after-init"]
    command += ["--log-level=warn", "--no-http", *arguments]
    return measure.run_process(command)


def ensure_stock(suffix=""):
    """Build the filled database without our add-ons, unless it is there."""
    database = f"bench_stock{suffix}"
    key = digest(HERE / "fill.sql", HERE / "fill.py", SCALES[suffix])
    if exists(database) and _key(database) == key:
        return database
    base = "bench_base"
    if not exists(base):
        say("installing the Odoo modules our add-ons depend on")
        drop("bench_base_new")
        odoo("bench_base_new", "-i", ",".join(_dependencies()))
        psql("postgres", "-c", f"ALTER DATABASE bench_base_new RENAME TO {base}")
    say(f"filling {database}; this takes some minutes, once")
    unfinished = f"{database}_new"
    copy(base, unfinished)
    fill.prepare(unfinished)
    sizes = {name: count // SCALES[suffix] for name, count in FULL.items()}
    variables = [
        part for item in sizes.items() for part in ("-v", f"{item[0]}={item[1]}")
    ]
    with measure.timed() as spent:
        psql(unfinished, *variables, "-o", "/dev/null", "-f", str(HERE / "fill.sql"))
    say(f"filled in {spent.seconds:.0f} s")
    _set_key(unfinished, key)
    drop(database)
    psql("postgres", "-c", f"ALTER DATABASE {unfinished} RENAME TO {database}")
    return database


def ensure(suffix="", keep=False):
    """Build the filled database with our add-ons, unless it is there and current.

    :param bool keep: take it as it is, though the add-ons have changed since
    """
    database = f"bench{suffix}"
    if keep and exists(database):
        return database
    stock = ensure_stock(suffix)
    key = digest(_key(stock), *_sources())
    if not exists(database) or _key(database) != key:
        install(suffix)
    return database


def install(suffix=""):
    """Install our add-ons on a copy of the filled database.

    :return: what it took, as `measure.run_process` says
    """
    stock = ensure_stock(suffix)
    database = f"bench{suffix}"
    say(f"installing our add-ons on a copy of {stock}")
    copy(stock, database)
    spent = odoo(database, "-i", ",".join(folder.name for folder in addons()))
    psql(database, "-c", "VACUUM ANALYZE")
    _set_key(database, digest(_key(stock), *_sources()))
    return spent


def _dependencies():
    """Odoo's modules that the manifests name."""
    own = {folder.name for folder in addons()}
    wanted = {"account", "sale_management"}
    for folder in addons():
        manifest = (folder / "__manifest__.py").read_text()
        depends = re.search(r'"depends": \[(.*?)\]', manifest, re.DOTALL)[1]
        wanted.update(re.findall(r'"(\w+)"', depends))
    return sorted(wanted - own)


def _sources():
    """Files that decide what an installation leaves in the database."""
    return sorted(
        path
        for folder in addons()
        for path in folder.rglob("*")
        if path.suffix in (".py", ".xml", ".csv") and "tests" not in path.parts
    )


def _key(database):
    query = "SELECT value FROM ir_config_parameter WHERE key = 'benchmark.key'"
    return psql(database, "-c", query)


def _set_key(database, key):
    psql(
        database,
        "-c",
        f"""INSERT INTO ir_config_parameter (key, value)
            VALUES ('benchmark.key', '{key}')
            ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value""",
    )
