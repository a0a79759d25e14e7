"""A throw-away copy of the tests' database: for what commits, or kills Odoo."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from contextlib import contextmanager
from pathlib import Path

from steps.databases import Databases

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tools import config

ROOT = Path(__file__).resolve().parents[1]
TEST_ADDONS = ROOT / "tests" / "addons"


class Database:
    """A copy of the database with both add-ons, and Odoo run on it.

    Nobody is connected to the database it is copied from.
    """

    def __init__(self):
        self.source = os.environ["CRM_TEST_TEMPLATE"]
        # By the template's name, one that was left behind goes with it.
        self.name = f"{self.source}-copy-{uuid.uuid4().hex[:8]}"
        self._make()

    def _make(self):
        subprocess.run(["createdb", "-T", self.source, self.name], check=True)

    def drop(self):
        """Drop it, with what Odoo keeps of it in memory and on disk."""
        Registry.delete(self.name)
        close_db(self.name)
        # Not by force: who is no superuser may not end PostgreSQL's own vacuum, which
        # gives way by itself.
        subprocess.run(["dropdb", "--if-exists", self.name], check=True)
        shutil.rmtree(config.filestore(self.name), ignore_errors=True)

    # -- in this process
    def registry(self):
        """Load it once; without running, as Odoo would now, the tests of add-ons."""
        if self.name not in Registry.registries:
            enabled, config["test_enable"] = config["test_enable"], False
            try:
                Registry(self.name)
            finally:
                config["test_enable"] = enabled
        return Registry(self.name)

    @contextmanager
    def transaction(self):
        """A transaction of its own, as the system; what is not committed goes."""
        with self.registry().cursor() as cr:
            try:
                yield api.Environment(cr, SUPERUSER_ID, {})
            finally:
                cr.rollback()

    # -- as a process
    def odoo(self, *arguments, script=None):
        """Run Odoo on it, as an administrator does."""
        path = ",".join(
            [*(str(folder) for folder in config["addons_path"]), str(TEST_ADDONS)]
        )
        command = [sys.executable, "-m", "odoo", *arguments]
        command += [f"--database={self.name}", f"--addons-path={path}", "--no-http"]
        done = subprocess.run(
            [*command, "--log-level=warn", "--max-cron-threads=0"],
            input=script,
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-5000:]
        return done

    def ask(self, script):
        """Run a script in Odoo's shell; return its ``answer``."""
        script += "\nimport json; print('ANSWER' + json.dumps(answer))\n"
        shown = self.odoo("shell", script=script).stdout
        [line] = [line for line in shown.splitlines() if "ANSWER" in line]
        return json.loads(line.split("ANSWER", 1)[1])


class DemoDatabase(Database):
    """A database installed anew with demo data, as `setup/run` does."""

    def _make(self):
        Databases(dict(os.environ)).install_demo(self.name)
