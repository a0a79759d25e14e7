"""Databases of the clone: made once as templates, then copied in a moment."""

import ast
import re
import shutil
import subprocess
from pathlib import Path

from . import odoo_source
from .environment import DATA, addons
from .machine import LOGS, ROOT, digest, fail, say
from .process import start
from .python_packages import PYTHON

PROGRESS = 15  # seconds between two lines of progress


class Databases:
    """PostgreSQL databases with their filestores, for one environment."""

    def __init__(self, environment):
        self.environment = environment

    def _postgres(self, *command):
        done = subprocess.run(
            command, env=self.environment, text=True, capture_output=True
        )
        if done.returncode:
            fail(f"`{' '.join(command)}` failed: {done.stderr.strip()}")
        return done.stdout

    def names(self):
        """Return the names of all databases."""
        query = "select datname from pg_database"
        return self._postgres("psql", "-XAtq", "-d", "postgres", "-c", query).split()

    def drop(self, name):
        """Drop a database and its filestore, if they are there."""
        # Not `dropdb --force`: it refuses when autovacuum, the server's own, is there.
        query = (
            "select pg_terminate_backend(pid) from pg_stat_activity "
            f"where datname = '{name}' and usename = current_user"
        )
        self._postgres("psql", "-XAtq", "-d", "postgres", "-c", query)
        self._postgres("dropdb", "--if-exists", name)
        shutil.rmtree(DATA / "filestore" / name, ignore_errors=True)

    def drop_left_behind(self):
        """Drop the test databases of runs that were killed."""
        for name in self.names():
            pid = name.removeprefix("test-")
            if pid != name and not Path(f"/proc/{pid}").exists():
                self.drop(name)

    def copy(self, source, target):
        """Make `target` a copy of `source`, files included."""
        self.drop(target)
        self._postgres("createdb", "-T", source, target)
        if (DATA / "filestore" / source).exists():
            files = DATA / "filestore"
            shutil.copytree(files / source, files / target)

    def rename(self, source, target):
        """Give a database and its filestore another name."""
        query = f'alter database "{source}" rename to "{target}"'
        self._postgres("psql", "-XAtq", "-d", "postgres", "-c", query)
        files = DATA / "filestore"
        shutil.rmtree(files / target, ignore_errors=True)
        if (files / source).exists():
            (files / source).rename(files / target)

    def make(self, name, what, build):
        """Make a database once: `build` works on a temporary name until complete."""
        if name in self.names():
            return name
        say(f"making the database {name} ({what})")
        unfinished = f"{name}-new"
        self.drop(unfinished)
        _log(unfinished).unlink(missing_ok=True)
        build(unfinished)
        self.rename(unfinished, name)
        return name

    def odoo(self, name, *arguments, script=None):
        """Run Odoo on a database; return the lines it adds to the database's log."""
        LOGS.mkdir(parents=True, exist_ok=True)
        path = _log(name)
        command = [PYTHON, "-m", "odoo", *arguments, "-d", name, "--no-http"]
        with path.open("ab") as log:
            before = log.tell()
            child = start(
                [*command, "--log-level=info", "--max-cron-threads=0"],
                self.environment,
                stdin=subprocess.PIPE if script else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
            if script:
                child.stdin.write(script.encode())
                child.stdin.close()
            _watch(child, path)
        lines = path.read_bytes()[before:].decode(errors="replace").splitlines()
        if child.returncode:
            print("\n".join(lines[-40:]))
            fail(f"Odoo failed on the database {name}; its whole log is in {path}.")
        return lines

    def install_demo(self, name):
        """Make a database of our add-ons with demo data and both languages."""
        options = ("--with-demo", "--load-language=en_US,fa_IR", "--stop-after-init")
        # Odoo goes on when demo data fail; a half-filled demo is no demo.
        refuse_warnings(self.odoo(name, "-i", all_addons(), *options))

    def build_assets(self, name):
        """Build the web client's bundles, so that nobody waits for them."""
        # Odoo's shell takes back what a script does not commit.
        script = "env['ir.qweb']._pregenerate_assets_bundles(); env.cr.commit()\n"
        self.odoo(name, "shell", script=script)

    def dependencies(self):
        """Return the database that holds what our add-ons depend on."""
        ours = {folder.name for folder in addons()}
        needed = set()
        for folder in addons():
            manifest = folder / "__manifest__.py"
            needed |= set(ast.literal_eval(manifest.read_text())["depends"])
        modules = ",".join(sorted(needed - ours))
        name = f"deps-{digest(odoo_source.version(), modules)}"
        return self.make(
            name,
            "Odoo with the modules we depend on",
            lambda new: self.odoo(new, "-i", modules, "--stop-after-init"),
        )

    def with_addons(self):
        """Return the database with our add-ons installed, as they are now."""
        source = self.dependencies()
        name = f"addons-{digest(source, *tree())}"

        def build(new):
            for old in self.names():
                if old.startswith("addons-"):
                    self.drop(old)
            self.copy(source, new)
            lines = self.odoo(new, "-i", all_addons(), "--stop-after-init")
            refuse_warnings(lines)

        return self.make(name, "our add-ons", build)

    def with_assets(self):
        """Return the same with the web client's bundles built, for the browser."""
        source = self.with_addons()

        def build(new):
            self.copy(source, new)
            self.build_assets(new)

        # The prefix has it dropped together with what it was made from.
        return self.make(f"{source}-assets", "the web client's bundles", build)


def _log(name):
    return LOGS / f"{name}.log"


def _watch(child, log):
    """Wait for Odoo, telling now and then which module it is at."""
    while True:
        try:
            child.wait(PROGRESS)
            return
        except subprocess.TimeoutExpired:
            text = log.read_text(errors="replace")
            found = re.findall(r"Loading module (\S+ \(\d+/\d+\))", text)
            say(f"... still at work{', module ' + found[-1] if found else ''}")


def all_addons():
    """Return the names of our add-ons, as Odoo's options take them."""
    return ",".join(folder.name for folder in addons())


def tree():
    """Return names and contents of all files that an installation reads."""
    parts = []
    for folder in addons():
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder).parts
            # Tests in static/ are part of the web client's bundles.
            ignored = {"__pycache__", "readme"}
            if inside[0] != "static":
                ignored.add("tests")
            if path.is_file() and not ignored & {*inside}:
                parts += [path.relative_to(ROOT), path]
    return parts


def refuse_warnings(lines):
    """Fail when Odoo warned of our add-ons."""
    names = ("crm_loyalty", "crm_tiers", "crm_voc", "crm_gifts", "crm.customer")
    ours = [
        line
        for line in lines
        if (" WARNING " in line or " ERROR " in line)
        and any(name in line for name in names)
    ]
    if ours:
        print("\n".join(ours))
        fail("Odoo warned of our add-ons, see above.")
