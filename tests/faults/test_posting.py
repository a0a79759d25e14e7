"""Posting while a refresh is running: the profile ends right."""

import threading
from concurrent.futures import ThreadPoolExecutor

from real_transactions import RealTransactions

from odoo.service.model import retrying
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestPosting(RealTransactions):
    def _post(self, partner_id):
        with self.transaction() as env:
            # So that a wait for the refresh, which would never end here, fails.
            env.cr.execute("SET LOCAL lock_timeout = '5s'")
            self._invoice(env, partner_id)
            env.cr.commit()

    def test_posting_before_any_statement_of_the_refresh(self):
        number, posted = 1, True
        while posted:
            partner_id, referrer_id = self._contacts(2)
            with self.transaction() as env:
                # So that touches and a referral follow, with statements of their own.
                channel = env["crm.acquisition.channel"].create({"name": f"C{number}"})
                env["res.partner"].browse(partner_id).write(
                    {
                        "acquisition_channel_id": channel.id,
                        "referred_by_id": referrer_id,
                    }
                )
                env["crm.customer.mark"]._mark([partner_id])
                env.cr.commit()
                with self._at_statement(
                    env.cr, number, lambda partner_id=partner_id: self._post(partner_id)
                ) as posted:
                    env["crm.customer"]._cron_refresh_marked()
            with self.subTest(statement=number):
                self._work_off()
                self._assert_right({partner_id: 2 if posted else 1, referrer_id: 1})
            number += 1
        self.assertGreater(number, 20)

    def test_a_posted_invoice_wakes_the_job(self):
        [partner_id] = self._contacts()
        with self.transaction() as env:
            env["ir.cron.trigger"].search([]).unlink()
            env.cr.commit()
        self._post(partner_id)
        with self.transaction() as env:
            triggered = env["ir.cron.trigger"].search([]).cron_id
            self.assertEqual(triggered, env.ref("crm_loyalty.ir_cron_refresh_marked"))
        self._work_off()
        self._assert_right({partner_id: 2})

    def test_many_post_while_many_refresh(self):
        partner_ids = self._contacts(3)
        done = threading.Event()

        def post(turn):
            for partner_id in partner_ids[turn:] + partner_ids[:turn]:
                with self.transaction() as env:
                    retrying(
                        lambda env=env, id_=partner_id: self._invoice(env, id_), env
                    )

        def refresh(method):
            while not done.is_set():
                with self.transaction() as env:
                    getattr(env["crm.customer"], method)()

        with ThreadPoolExecutor(5) as pool:
            refreshing = [
                pool.submit(refresh, method)
                for method in ("_cron_refresh_marked", "_cron_refresh_due")
            ]
            posting = [pool.submit(post, turn) for turn in range(3)]
            try:
                for task in posting:
                    task.result()
            finally:
                done.set()
            for task in refreshing:
                task.result()
        self._work_off()
        self._assert_right(dict.fromkeys(partner_ids, 4))
