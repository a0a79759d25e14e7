"""Real transactions on a throw-away database, for tests that share nothing."""

from contextlib import contextmanager
from unittest.mock import patch

from throwaway import Database

from odoo import Command
from odoo.sql_db import Cursor
from odoo.tests import BaseCase

JOBS = "crm_loyalty.ir_cron_%s"


class RealTransactions(BaseCase):
    """A database with one company that invoices and one that has imports alone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.database = Database()
        cls.addClassCleanup(cls.database.drop)
        cls.transaction = cls.database.transaction
        with cls.transaction() as env:
            # No job but ours runs here.
            env["ir.cron"].search([]).active = False
            env.ref(JOBS % "refresh_marked").active = True
            # Odoo raises the contact's rank after posting, which marks him as well: a
            # mark that the purchase owes must not be made up for by that one.
            partners = type(env["res.partner"])
            cls.startClassPatcher(patch.object(partners, "_increase_rank"))
            charts = env["account.chart.template"]
            charts.try_loading("generic_coa", env.company, install_demo=False)
            env["res.company"].create({"name": "Other"})
            env.cr.commit()
        cls._work_off()

    @classmethod
    def _work_off(cls):
        """Refresh all that is marked, in a transaction of its own."""
        with cls.transaction() as env:
            env["crm.customer"]._cron_refresh_marked()

    @classmethod
    def _contacts(cls, count=1):
        """Ids of new contacts, each with one imported purchase, refreshed."""
        with cls.transaction() as env:
            partners = env["res.partner"].create(
                [{"name": f"Contact {n}"} for n in range(count)]
            )
            for partner in partners:
                cls._purchase(env, partner.id)
            env.cr.commit()
        cls._work_off()
        return partners.ids

    @classmethod
    def _purchase(cls, env, partner_id, company=None):
        company = company or env.company
        return env["crm.customer.purchase"].create(
            {
                "contact_id": partner_id,
                "company_id": company.id,
                "date": env["crm.customer"]._today(),
                "amount": 100,
                "document_amount": 100,
                "document_currency_id": company.currency_id.id,
            }
        )

    @classmethod
    def _invoice(cls, env, partner_id):
        """A posted invoice over 100."""
        line = {"name": "Goods", "price_unit": 100, "tax_ids": []}
        move = env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner_id,
                "invoice_date": env["crm.customer"]._today(),
                "invoice_line_ids": [Command.create(line)],
            }
        )
        move.action_post()
        return move

    @contextmanager
    def _at_statement(self, cr, number, action):
        """Call ``action`` once, before statement ``number`` of the cursor ``cr``.

        Yields a list that holds True once it was called.
        """
        execute = Cursor.execute
        passed = [0]
        called = []

        def execute_after_action(cursor, *args, **kwargs):
            if cursor is cr:
                passed[0] += 1
                if passed[0] == number:
                    called.append(True)
                    action()
            return execute(cursor, *args, **kwargs)

        with patch.object(Cursor, "execute", execute_after_action):
            yield called

    # -- what holds whatever happened
    def _assert_right(self, purchases):
        """Profiles as a full refresh would write them, nothing marked, history whole.

        :param dict purchases: ``{contact id: number of purchases}``
        """
        with self.transaction() as env:
            self.assertFalse(env["crm.customer.mark"].search([]))
            for company in env["res.company"].search([]):
                customers = env["crm.customer"].with_company(company)
                self.assertEqual(customers._refresh(), 0)
            profiles = env["crm.customer"].search(
                [("partner_id", "in", list(purchases)), ("purchase_count", ">", 0)]
            )
            found = {row.partner_id.id: row.purchase_count for row in profiles}
            self.assertEqual(found, purchases)
            for profile in profiles:
                for name in ("stage", "phase"):
                    self._assert_told_once(profile, name)

    def _assert_told_once(self, profile, name):
        """Each change begins where the one before it ended, and the last ends here."""
        rows = profile.history_ids.filtered(lambda row: row.field_name == name)
        value = {"stage": "suspect", "phase": "prospect"}[name]
        for row in rows.sorted("id"):
            self.assertEqual(row.old_value, value)
            self.assertNotEqual(row.new_value, value)
            value = row.new_value
        self.assertEqual(profile[name], value)
