"""What the tools say of our add-ons; every finding fails."""

import ast
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path
from unittest.mock import patch

import polib
import pytest
from lxml import etree

from odoo.modules import Manifest
from odoo.tools import config

from odoo.addons.test_lint.tests import (
    test_checkers,
    test_docstring,
    test_dunderinit,
    test_eslint,
    test_i18n,
    test_index,
    test_jstranslate,
    test_l10n,
    test_manifests,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_pofile,
    test_pylint,
    test_routes,
    test_test_holes,
)

ROOT = Path(__file__).resolve().parents[2]
ADDONS = sorted(path.parent for path in ROOT.glob("*/__manifest__.py"))
NAMES = [path.name for path in ADDONS]
BIN = Path(sys.executable).parent


def run(*command, environment=None):
    """Run a tool; a finding fails with what it printed."""
    done = subprocess.run(
        [BIN / command[0], *map(str, command[1:])],
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def tracked_files():
    """Files in git, and new ones that git does not ignore."""
    names = subprocess.check_output(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True
    )
    return [ROOT / name for name in names.splitlines() if (ROOT / name).exists()]


def test_ruff_check():
    run("ruff", "check", ".")


def test_ruff_format():
    run("ruff", "format", "--check", ".")


@pytest.mark.parametrize("addon", NAMES)
def test_pylint_odoo(addon):
    # The text for readers is in readme/ and in the README of the repository.
    # Companies and tiers are few, and all of them are meant; the profile's facts,
    # refresh and joining are one concern a file.
    disabled = "missing-readme,no-search-all,consider-merging-classes-inherited"
    run("pylint", f"--rcfile={ROOT / '.pylintrc'}", f"--disable={disabled}", addon)


@pytest.mark.parametrize("addon", NAMES)
def test_oca_checks_of_the_module(addon):
    # A bare number in a field is what Odoo itself writes; data that an import reads is
    # in no manifest, and the key that would say so is refused by Odoo's own check.
    quiet = "xml-field-numeric-without-eval,file-not-used"
    run("oca-checks-odoo-module", f"--disable={quiet}", addon)


@pytest.mark.parametrize("addon", NAMES)
def test_oca_checks_of_translations(addon):
    files = sorted((ROOT / addon / "i18n").glob("*.po*"))
    assert files, f"{addon} has no translations"
    run("oca-checks-po", *files)


@pytest.mark.parametrize("addon", NAMES)
def test_xml_is_well_formed_and_says_its_encoding(addon):
    for path in (ROOT / addon).rglob("*.xml"):
        etree.parse(path)
        if "static" not in path.parts:
            first = path.read_text().splitlines()[0]
            assert re.fullmatch(
                r'<\?xml version="1\.0" encoding="UTF-8" ?\?>', first
            ), f"{path}: {first}"


# -- Odoo's own checks, over our add-ons alone (its own code has findings, not ours).
# Left out: test_markers, which walks what lies beside Odoo's sources (ours is below),
# and test_eslint, which also wants plug-ins that point_of_sale alone is held to.
ODOO_CHECKS = (
    test_checkers,
    test_docstring,
    test_dunderinit,
    test_i18n,
    test_index,
    test_jstranslate,
    test_l10n,
    test_manifests,
    test_naming,
    test_onchange_domains,
    test_orm_import,
    test_override_signatures,
    test_pofile,
    test_routes,
    test_test_holes,
)


def odoo_lint_output(checks, addons):
    """Run Odoo's checks as if ``addons`` were all there are; return what fails."""
    manifests = [Manifest.for_addon(name) for name in addons]
    suite = unittest.TestSuite(
        unittest.defaultTestLoader.loadTestsFromModule(module) for module in checks
    )
    with (
        patch.object(Manifest, "all_addon_manifests", lambda: manifests),
        patch.object(test_pofile, "get_modules", lambda: addons),
        patch.object(test_docstring, "MODULES_TO_LINT", tuple(addons)),
    ):
        result = unittest.TextTestRunner(stream=sys.stderr).run(suite)
    assert result.testsRun >= len(checks)
    return [
        f"{test}: {text}"
        for test, text in [*result.failures, *result.errors, *result.skipped]
    ]


def test_odoo_lint():
    assert not odoo_lint_output(ODOO_CHECKS, NAMES)


def test_odoo_lint_by_pylint():
    # As Odoo's test_pylint calls it, over our folders alone: over all of Odoo it takes
    # minutes, and finds (19.0.0+dfsg-1) one thing in l10n_tr_nilvera and three in old
    # upgrade scripts of point_of_sale and purchase.
    checks = Path(test_pylint.__file__).parent
    enabled = (
        "used-before-assignment,undefined-variable,eval-used,unreachable,"
        "function-redefined,sql-injection,missing-gettext,gettext-variable,"
        "gettext-placeholders,gettext-repr,raise-unlink-override"
    )
    plugins = (
        "_pylint_path_setup,pylint.extensions.bad_builtin,_odoo_checker_sql_injection,"
        "_odoo_checker_gettext,_odoo_checker_unlink_override"
    )
    run(
        "pylint",
        f"--rcfile={os.devnull}",
        "--disable=all,useless-option-value,unknown-option-value",
        f"--enable={enabled}",
        f"--load-plugins={plugins}",
        *ADDONS,
        environment={
            "PYTHONPATH": os.pathsep.join([str(checks), *sys.path]),
            "ADDONS_PATH": os.pathsep.join(map(str, config["addons_path"])),
        },
    )


def test_odoo_lint_by_eslint():
    rules = Path(test_eslint.__file__).with_name("eslintrc")
    files = [
        path
        for addon in ADDONS
        for path in (addon / "static").rglob("*.js")
        if "lib" not in path.parts
    ]
    assert files
    run(shutil.which("eslint"), "--no-ignore", "--no-eslintrc", "-c", rules, *files)


# -- what no tool finds: the old column of the style guide
BANNED = {
    "*.py": {
        "_sql_constraints": "models.Constraint",
        r"\bcreate_(unique_)?index\(|CREATE (UNIQUE )?INDEX": "models.Index",
        r"(?<![_\w])read_group\(": "_read_group or formatted_read_group",
        r"odoo\.osv": "odoo.fields.Domain",
        r"context_today\(\w+\) *[-+]": "relative date strings",
        r"\bname_get\b|def _name_search": "_compute_display_name",
        r"check_access_rights|check_access_rule": "check_access",
        r"self\._(cr|uid|context)\b": "self.env",
        r"group_operator": "aggregator",
        r"\bstates={": "view expressions",
        r"\bgroups_id\b": "group_ids",
        r"^ +def create\(self, vals\)": "model_create_multi",
        r"(?<![.\w])_\(\"": "self.env._",
        r"\bcr\.commit\(\)|_notify_progress": "_commit_progress",
        r"toggle_active|force_company": "action_archive, with_company",
        r"type=[\"']json[\"']": "jsonrpc",
        r"execute\(\s*f[\"']": "SQL()",
    },
    "*.xml": {
        r"<tree\b|view_mode\">[^<]*\btree\b": "list",
        r"\battrs=|\bstates=": "expressions in attributes",
        r"kanban-box": "t-name=card",
        r"oe_chatter": "<chatter/>",
        r"<group[^>]*\bexpand=": "plain <group>",
        r"groups_id": "group_ids",
        r"\bt-(raw|esc)=": "t-out",
        r"\b(numbercall|doall)\b": "nothing: gone",
    },
    "*.js": {r"@odoo-module": "plain ES modules"},
}


@pytest.mark.parametrize("addon", NAMES)
@pytest.mark.parametrize("glob", BANNED)
def test_no_banned_idiom(addon, glob):
    found = [
        f"{path.relative_to(ROOT)}: {pattern!r}, use {better}"
        for path in (ROOT / addon).rglob(glob)
        for pattern, better in BANNED[glob].items()
        if re.search(pattern, path.read_text(), re.MULTILINE)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("addon", NAMES)
def test_manifest_lists_every_data_file(addon):
    manifest = ast.literal_eval((ROOT / addon / "__manifest__.py").read_text())
    listed = {*manifest["data"], *manifest.get("demo", [])}
    folders = ("data", "views", "security", "wizards", "report", "demo")
    there = {
        str(path.relative_to(ROOT / addon))
        for folder in folders
        for path in (ROOT / addon / folder).rglob("*.xml")
    }
    assert there <= listed, there - listed


# -- the repository
def test_no_path_of_one_machine():
    # Written so that this file does not find itself.
    pattern = re.compile(r"(?<![\w.~$}/*-])/(?:work|root|home)/\w")
    found = []
    for path in tracked_files():
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
            for number, line in enumerate(text.splitlines(), 1)
            if pattern.search(line)
        ]
    assert not found, "\n".join(found)


def test_no_conflict_marker():
    pattern = re.compile(r"^(<{7}|>{7}) ", re.MULTILINE)
    found = [p for p in tracked_files() if pattern.search(p.read_text(errors="ignore"))]
    assert not found


def test_no_host_of_a_registry():
    pattern = re.compile(
        r"https?://[\w.]*(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"
    )
    found = [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path.suffix not in (".png", ".gz", ".zip")
        and pattern.search(path.read_text(errors="ignore"))
    ]
    assert not found


# -- Persian
def terms(path):
    """What a translation file holds to be translated: ``{(context, term)}``."""
    return {(entry.msgctxt, entry.msgid) for entry in polib.pofile(str(path))}


@pytest.mark.parametrize("addon", NAMES)
def test_persian_is_complete(addon):
    file = ROOT / addon / "i18n" / "fa.po"
    assert file.exists(), f"{addon} has no fa.po"
    po = polib.pofile(str(file))
    assert not po.fuzzy_entries()
    assert not [entry.msgid for entry in po.untranslated_entries()]
    arabic = [e.msgstr for e in po if re.search("[\u064a\u0643\u0649]", e.msgstr)]
    assert not arabic, "Arabic letters for Persian ones"
