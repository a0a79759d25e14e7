"""A machine that can run Odoo with this clone's add-ons."""

import contextlib
import ctypes
import os
import shutil

from . import odoo_source, postgres, python_packages
from .machine import ROOT, STATE, apt_install, fail, once, only_one, run, say, succeeds
from .process import end_in_order

RTLCSS = "rtlcss@4.3.0"  # turns style sheets round for right-to-left languages
ESLINT = "eslint@8.57.1"  # JavaScript style, in the version that Odoo's check is for
NPM = STATE / "npm"
CONFIG = STATE / "odoo.conf"
DATA = STATE / "data"
NEEDED_ROOM = 3 << 30  # bytes: packages 1.3 GB, databases, bundles
BROWSERS = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")

# What WeasyPrint loads to lay text out.
PANGO = {
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "libharfbuzz-subset.so.0": "libharfbuzz-subset0",
    "libfontconfig.so.1": "libfontconfig1",
}


def addons():
    """Return the folders of this repository's add-ons, by name."""
    return sorted(manifest.parent for manifest in ROOT.glob("*/__manifest__.py"))


def http_port():
    """Return the port that Odoo is served at."""
    given = os.environ.get("ODOO_PORT", "8069")
    if not given.isdecimal():
        fail(f"ODOO_PORT={given} is no port: give a number, or unset it.")
    return int(given)


@contextlib.contextmanager
def ready(with_tests=False):
    """Get what is missing, start PostgreSQL, and yield the environment for Odoo."""
    end_in_order()
    with only_one("setup"):
        _check_room()
        _system_packages(with_tests)
        odoo_source.ensure()
        python_packages.ensure(with_tests)
        once("rtlcss", RTLCSS, lambda: _npm_install(RTLCSS))
        if with_tests:
            once("eslint", ESLINT, lambda: _npm_install(ESLINT))
        postgres.ensure()
        write_config(CONFIG, http_port())
    with postgres.running() as variables:
        yield _environment(variables)


def write_config(path, port, *addons_folders):
    """Write Odoo's configuration; PG* variables lead it to the database."""
    folders = [*odoo_source.addons_folders(), *addons_folders]
    if addons():
        folders.append(ROOT)  # Odoo warns of a folder without add-ons
    path.write_text(
        f"""[options]
addons_path = {",".join(map(str, folders))}
data_dir = {DATA}
http_interface = 127.0.0.1
http_port = {port}
list_db = False
workers = 0
max_cron_threads = 2
limit_time_real_cron = 3600
screenshots = {STATE / "screenshots"}
"""
    )


def _environment(variables):
    """Return the variables for Odoo's processes."""
    environment = {**os.environ, **variables, "ODOO_RC": str(CONFIG)}
    environment.pop("PGDATABASE", None)  # Odoo would take it for -d
    folders = (python_packages.VENV / "bin", NPM / "bin", environment["PATH"])
    environment["PATH"] = os.pathsep.join(map(str, folders))
    return environment


def _check_room():
    free = shutil.disk_usage(STATE).free
    if not (STATE / "stamps" / "odoo").exists() and free < NEEDED_ROOM:
        fail(
            f"{STATE} needs {NEEDED_ROOM >> 30} GB and there are {free / 2**30:.1f}: "
            "make room, or clone to another disk."
        )


def _system_packages(with_tests):
    missing = [package for library, package in PANGO.items() if not _loads(library)]
    if missing:
        apt_install("Pango (lays out our PDF documents)", *missing)
    if not succeeds("sh", "-c", "fc-list :lang=fa | grep -q ."):
        apt_install("a font with Persian letters", "fontconfig", "fonts-dejavu-core")
    if not shutil.which("npm"):
        apt_install("npm (brings rtlcss)", "nodejs", "npm")
    if with_tests and not any(map(shutil.which, BROWSERS)):
        apt_install("Chromium (browser tests)", "chromium")


def _loads(library):
    with contextlib.suppress(OSError):
        return ctypes.CDLL(library)


def _npm_install(package):
    say(f"installing {package}")
    run("npm", "install", "--silent", "--global", "--prefix", NPM, package)
