"""The Python that runs Odoo, in a virtual environment of its own."""

import shutil
import sys

from . import odoo_source
from .machine import (
    ROOT,
    STATE,
    apt_install,
    digest,
    fail,
    is_debian,
    once,
    run,
    say,
    succeeds,
)

VENV = STATE / "venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements.txt"
TEST_REQUIREMENTS = ROOT / "setup" / "requirements-test.txt"

_SUITABLE = "import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))"


def ensure(with_tests):
    """Install what Odoo and our add-ons import, and what tests need on top."""
    stamps = STATE / "stamps"
    # None yet, one that was cut short while it was made, or one without its base.
    if not (stamps / "python").exists() or not succeeds(PYTHON, "-c", ""):
        _create()
        for stamp in ("python", "python-test"):
            (stamps / stamp).unlink(missing_ok=True)
    once("python", digest(REQUIREMENTS), _install)
    if with_tests:
        once("python-test", digest(REQUIREMENTS, TEST_REQUIREMENTS), _add_tests)
    packages = run(PYTHON, "-c", "import site; print(site.getsitepackages()[0])")
    link = f"{packages.strip()}/odoo-home.pth"
    with open(link, "w") as file:
        file.write(f"{odoo_source.home()}\n")


def _create():
    base = _suitable_python()
    say(f"making a virtual environment of {base}")
    shutil.rmtree(VENV, ignore_errors=True)
    run(base, "-m", "venv", VENV)


def _install():
    say("installing Python packages (requirements.txt)")
    _pip_install("-r", REQUIREMENTS)


def _add_tests():
    say("installing what tests need (setup/requirements-test.txt)")
    # Both files, so that neither changes a version that the other has pinned.
    _pip_install("-r", REQUIREMENTS, "-r", TEST_REQUIREMENTS)


def _pip_install(*arguments):
    run(PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments)


def _suitable_python():
    found = _first_suitable()
    if not found and is_debian():
        apt_install("Python's venv module", "python3", "python3-venv")
        found = _first_suitable()
    return found or fail(
        "Python 3.11, 3.12 or 3.13 with its venv module is missing: install it "
        "(Debian 12 and 13: python3 python3-venv)."
    )


def _first_suitable():
    names = ("python3", "python3.13", "python3.12", "python3.11", "/usr/bin/python3")
    for name in (sys.executable, *names):
        if succeeds(name, "-c", _SUITABLE):
            return name
    return None
