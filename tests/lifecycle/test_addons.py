"""Installing, extending, upgrading and uninstalling, on a database of its own.

Runs Odoo as a process on a copy of the database the tests started from: what is tested
is what an administrator does.
"""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from odoo.tools import config

ROOT = Path(__file__).resolve().parents[2]
OURS = ("crm_loyalty", "crm_tiers")
TEST_ADDONS = ROOT / "tests" / "addons"

MAKE_CUSTOMERS = """
company = env.company
partners = env["res.partner"].create(
    [{"name": name, "is_company": True, "company_id": company.id}
     for name in ("Three persons", "One person")])
for partner, persons in zip(partners, (3, 1)):
    partner.child_ids = [(0, 0, {"name": f"P{n}"}) for n in range(persons)]
env["crm.customer.purchase"].create(
    [{"contact_id": partner.id, "company_id": company.id, "amount": 100,
      "document_amount": 100, "date": env["crm.customer"]._today(),
      "document_currency_id": company.currency_id.id} for partner in partners])
env["crm.customer"]._refresh()
env.cr.commit()
"""
SHOW_CUSTOMERS = """
rows = env["crm.customer"].search([("purchase_count", ">", 0)], order="id")
answer = [[row.partner_id.name, row.stage, row.purchase_count] +
          ([row.person_count] if "person_count" in row._fields else [])
          for row in rows]
answer.append(env["crm.customer"]._refresh())
"""
LEFTOVERS = """
env.cr.execute(
    '''SELECT table_name || '.' || column_name FROM information_schema.columns
        WHERE table_schema = 'public'
          AND (table_name ~ '^crm_(customer|tier|profile|seam)'
               OR table_name <> 'crm_lead' AND column_name ~ '^crm_[a-z]+_'
               AND table_name IN ('res_company', 'res_partner')
               OR column_name IN ('is_unsuitable', 'is_to_competitor'))
        UNION ALL
       SELECT indexname FROM pg_indexes WHERE indexname ~ 'commercial_partner_idx$'
        UNION ALL
       SELECT model || ' ' || module || '.' || name FROM ir_model_data
        WHERE module IN ('crm_loyalty', 'crm_tiers', 'crm_seam_test')
        UNION ALL
       SELECT 'cron ' || id FROM ir_cron c WHERE NOT EXISTS (
           SELECT FROM ir_act_server s WHERE s.id = c.ir_actions_server_id)''')
answer = sorted(row[0] for row in env.cr.fetchall())
"""


class Database:
    """A throw-away copy of a database, and Odoo run on it."""

    def __init__(self, source):
        self.name = f"{source}-life-{uuid.uuid4().hex[:8]}"
        subprocess.run(["createdb", "-T", source, self.name], check=True)

    def drop(self):
        subprocess.run(["dropdb", "--if-exists", "--force", self.name], check=True)

    def _odoo(self, *arguments, script=None):
        path = os.pathsep.join(
            [*(str(folder) for folder in config["addons_path"]), str(TEST_ADDONS)]
        ).replace(os.pathsep, ",")
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

    def modules(self, option, names):
        """Install (``-i``) or upgrade (``-u``); warnings about us are failures."""
        log = self._odoo(option, ",".join(names), "--stop-after-init").stderr
        ours = [line for line in log.splitlines() if "crm_" in line]
        assert not ours, "\n".join(ours)

    def ask(self, script):
        """Run a script in Odoo's shell; return its ``answer``."""
        script += "\nimport json; print('ANSWER' + json.dumps(answer))\n"
        shown = self._odoo("shell", script=script).stdout
        [line] = [line for line in shown.splitlines() if "ANSWER" in line]
        return json.loads(line.split("ANSWER", 1)[1])


@pytest.fixture(scope="module")
def database():
    """A copy of the database with both add-ons, that nobody is connected to."""
    source = os.environ["CRM_TEST_TEMPLATE"]
    copy = Database(source)
    yield copy
    copy.drop()


def test_an_addon_extends_upgrades_and_all_leave_nothing_behind(database):
    database._odoo("shell", script=MAKE_CUSTOMERS)
    plain = [["Three persons", "first_time", 1], ["One person", "first_time", 1], 0]
    assert database.ask(SHOW_CUSTOMERS) == plain

    # An upper add-on brings one fact, one column and one stage condition.
    database.modules("-i", ["crm_seam_test"])
    assert database.ask(SHOW_CUSTOMERS)[-1] > 0
    extended = [["Three persons", "advocate", 1, 3], ["One person", "first_time", 1, 1]]
    fill = 'env["crm.customer"]._refresh()\nenv.cr.commit()\n'
    database._odoo("shell", script=fill)
    assert database.ask(SHOW_CUSTOMERS) == [*extended, 0]

    # Upgrading changes no row.
    database.modules("-u", OURS)
    assert database.ask(SHOW_CUSTOMERS) == [*extended, 0]

    # Uninstalling the upper one takes its fact along, and no customer.
    uninstall = """
env["ir.module.module"].search([("name", "=", %r)]).button_immediate_uninstall()
answer = True
"""
    database.ask(uninstall % "crm_seam_test")
    database._odoo("shell", script=fill)
    assert database.ask(SHOW_CUSTOMERS) == plain

    for name in reversed(OURS):
        database.ask(uninstall % name)
    assert database.ask(LEFTOVERS) == []
