"""The jobs as Odoo runs them: real cursors, commits, triggers and failures."""

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from unittest.mock import patch

from real_transactions import JOBS, RealTransactions

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import IrCron

REFRESH = "odoo.addons.crm_loyalty.models.crm_customer_refresh"


@tagged("post_install", "-at_install")
class TestJobs(RealTransactions):
    def _run_job(self, name):
        """Let Odoo's scheduler run one of our jobs now, and it alone."""
        with self.transaction() as env:
            env["ir.cron"].search([]).active = False
            env["ir.cron.trigger"].search([]).unlink()
            job = env.ref(JOBS % name)
            job.write({"active": True, "nextcall": "2020-01-01"})
            env.cr.commit()
        with self.assertNoLogs("odoo.addons.base.models.ir_cron", "WARNING"):
            # In a thread, as the server does: the call marks its thread.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(IrCron._process_jobs, self.database.name).result()
        with self.transaction() as env:
            job = env.ref(JOBS % name)
            self.assertGreater(job.nextcall, fields.Datetime.now())
            self.assertFalse(job.failure_count)

    def _mark(self, *partner_ids):
        with self.transaction() as env:
            env["crm.customer.mark"]._mark(partner_ids)
            env.cr.commit()

    def _buy(self, partner_ids):
        with self.transaction() as env:
            for partner_id in partner_ids:
                self._purchase(env, partner_id)
            env.cr.commit()

    def _age(self, partner_ids, days):
        """Let the customers have bought, and been refreshed, some days earlier."""
        with self.transaction() as env:
            purchases = env["crm.customer.purchase"].search(
                [("partner_id", "in", partner_ids)]
            )
            for purchase in purchases:
                purchase.date -= timedelta(days=days)
            env["crm.customer.mark"]._flush_pending()
            env["crm.customer.mark"].search([]).unlink()
            env["crm.customer"]._refresh(
                partner_ids, env["crm.customer"]._today() - timedelta(days=days)
            )
            env.cr.commit()

    # -- the marked
    def test_nothing_marked_nothing_written(self):
        [partner_id] = self._contacts()
        with self.transaction() as env:
            before = env["crm.customer"].search_read([])
        self._run_job("refresh_marked")
        with self.transaction() as env:
            self.assertEqual(env["crm.customer"].search_read([]), before)
        self._assert_right({partner_id: 1})

    def test_one_batch_and_again(self):
        partner_ids = self._contacts(3)
        self._buy(partner_ids)
        self._run_job("refresh_marked")
        self._assert_right(dict.fromkeys(partner_ids, 2))
        self._run_job("refresh_marked")
        self._assert_right(dict.fromkeys(partner_ids, 2))

    def test_batches_end_each_with_a_commit(self):
        partner_ids = self._contacts(5)
        self._buy(partner_ids)
        left = []

        with self.transaction() as env:
            jobs = type(env["ir.cron"])
            commit = jobs._commit_progress

            def commit_and_look(job):
                commit(job)
                with self.transaction() as other:
                    left.append(other["crm.customer.mark"].search_count([]))

            with patch.object(jobs, "_commit_progress", commit_and_look):
                env["crm.customer"]._cron_refresh_marked(batch_size=2)
        self.assertEqual(left, [3, 1, 0])
        self._assert_right(dict.fromkeys(partner_ids, 2))

    def test_a_mark_met_twice_and_one_of_a_whole_company(self):
        partner_ids = self._contacts(2)
        self._buy(partner_ids)
        self._mark(*partner_ids, *partner_ids)
        with self.transaction() as env:
            env["crm.customer.mark"]._mark(
                company_ids=env["res.company"].search([]).ids
            )
            env.cr.commit()
        self._run_job("refresh_marked")
        self._assert_right(dict.fromkeys(partner_ids, 2))

    def _change_before_writing(self, statement):
        """Run the marked job; before it writes profiles, ``statement`` commits."""
        meanwhile = []
        with self.transaction() as env:
            customers = type(env["crm.customer"])
            write_sql = customers._write_sql

            def disturbed(*arguments):
                if not meanwhile:
                    with self.transaction() as other:
                        meanwhile.append(other.cr.execute(statement))
                        other.cr.commit()
                return write_sql(*arguments)

            with (
                patch.object(customers, "_write_sql", disturbed),
                # PostgreSQL's refusal, which Odoo's cursor logs.
                self.assertLogs("odoo.sql_db", "ERROR"),
                self.assertLogs(REFRESH, logging.INFO) as logs,
            ):
                env["crm.customer"]._cron_refresh_marked()
        self.assertEqual(len(logs.records), 1)

    def test_a_changed_row_is_refreshed_again(self):
        partner_ids = self._contacts(2)
        self._buy(partner_ids)
        self._change_before_writing(
            SQL(
                "UPDATE crm_customer SET stage = 'regular' WHERE partner_id = %s",
                partner_ids[0],
            )
        )
        with self.transaction() as env:
            # The other transaction changed the row behind the history's back.
            row = env["crm.customer"].search([("partner_id", "=", partner_ids[0])])
            stages = row.history_ids.filtered(lambda h: h.field_name == "stage")
            self.assertEqual(stages.sorted("id")[-1].old_value, "regular")
            self.assertEqual(row.stage, "repeat")
        self._assert_right({partner_ids[1]: 2})

    def test_a_row_that_came_meanwhile_is_found_again(self):
        with self.transaction() as env:
            partner = env["res.partner"].create({"name": "New"})
            env.cr.commit()
        self._change_before_writing(
            SQL(
                """INSERT INTO crm_customer
                          (partner_id, company_id, stage, phase, peak_stage, active)
                   VALUES (%s, %s, 'suspect', 'prospect', 'suspect', TRUE)""",
                partner.id,
                env.company.id,
            )
        )
        with self.transaction() as env:
            rows = env["crm.customer"].search([("partner_id", "=", partner.id)])
            self.assertEqual(len(rows), 1)
        self._assert_right({})

    def test_marks_that_meet_another_refresh_are_tried_again_soon(self):
        [partner_id] = self._contacts()
        self._buy([partner_id])
        with self.transaction() as other:
            self.assertTrue(other["crm.customer"]._lock_refresh())
            self._run_job("refresh_marked")
        with self.transaction() as env:
            self.assertTrue(env["crm.customer.mark"].search([]))
            soon = env["ir.cron.trigger"].search([]).mapped("call_at")
            self.assertTrue(soon)
            limit = fields.Datetime.now() + timedelta(minutes=2)
            self.assertLess(max(soon), limit)
        self._run_job("refresh_marked")
        self._assert_right({partner_id: 2})

    # -- those whose day has come
    def test_the_day_of_change_turns_a_customer_former(self):
        partner_ids = self._contacts(2)
        self._age(partner_ids, 366)
        with self.transaction() as env:
            rows = env["crm.customer"].search([("partner_id", "in", partner_ids)])
            self.assertEqual(rows.mapped("phase"), ["active"] * 2)
        self._run_job("refresh_due")
        with self.transaction() as env:
            rows = env["crm.customer"].search([("partner_id", "in", partner_ids)])
            self.assertEqual(rows.mapped("phase"), ["former"] * 2)
        self._assert_right(dict.fromkeys(partner_ids, 1))
        self._run_job("refresh_due")
        self._assert_right(dict.fromkeys(partner_ids, 1))

    def test_who_is_not_due_is_not_looked_at(self):
        [partner_id] = self._contacts()
        with self.transaction() as env:
            customers = type(env["crm.customer"])
            with patch.object(customers, "_refresh") as refresh:
                env["crm.customer"]._cron_refresh_due()
            refresh.assert_not_called()
        self._assert_right({partner_id: 1})

    # -- purchases against documents
    def _damage(self, statement):
        """Post an invoice, damage its purchase, run the job; return the purchase."""
        [partner_id] = self._contacts()
        with self.transaction() as env:
            move = self._invoice(env, partner_id)
            env.cr.commit()
        self._work_off()
        with self.transaction() as env:
            fine = env["crm.customer.purchase"].search_read([("move_id", "=", move.id)])
            env.cr.execute(SQL(statement, move=move.id))
            self.assertTrue(env.cr.rowcount)
            env.cr.commit()
        with self.assertLogs(REFRESH, "WARNING") as logs:
            self._run_job("check_purchases")
        self.assertEqual(len(logs.records), 1)
        self._work_off()
        self._assert_right({partner_id: 2})
        with self.transaction() as env:
            now = env["crm.customer.purchase"].search_read([("move_id", "=", move.id)])
        self.assertEqual(self._told(now), self._told(fine))

    def _told(self, rows):
        bookkeeping = {"id", "create_date", "write_date", "display_name", "create_uid"}
        return [{name: row[name] for name in row.keys() - bookkeeping} for row in rows]

    def test_damaged_purchases_are_mended_and_reported(self):
        for statement in (
            "DELETE FROM crm_customer_purchase WHERE move_id = %(move)s",
            "UPDATE crm_customer_purchase SET amount = 1 WHERE move_id = %(move)s",
            "UPDATE crm_customer_purchase SET date = '2001-01-01'"
            " WHERE move_id = %(move)s",
            "UPDATE crm_customer_purchase SET contact_id = 1 WHERE move_id = %(move)s",
        ):
            with self.subTest(statement):
                self._damage(statement)

    def test_sound_purchases_are_left_alone(self):
        [partner_id] = self._contacts()
        with self.transaction() as env:
            self._invoice(env, partner_id)
            env.cr.commit()
        self._work_off()
        with self.transaction() as env:
            before = env["crm.customer.purchase"].search_read([])
        with self.assertNoLogs(REFRESH, "WARNING"):
            self._run_job("check_purchases")
        with self.transaction() as env:
            self.assertEqual(env["crm.customer.purchase"].search_read([]), before)
        self._assert_right({partner_id: 2})
