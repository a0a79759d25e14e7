"""Rewards of referrals: two jobs at once, and one that is killed anywhere."""

from real_transactions import RealTransactions

from odoo.tests import tagged

POINTS = 50


class Killed(BaseException):
    """The end of a process: no handler of errors goes on after it."""


@tagged("post_install", "-at_install")
class TestReferralsTogether(RealTransactions):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls.transaction() as env:
            program = env["loyalty.program"].create(
                {"name": "Club", "program_type": "loyalty"}
            )
            env.company.write(
                {
                    "crm_referral_reward": "points",
                    "crm_referral_points": POINTS,
                    "crm_referral_program_id": program.id,
                }
            )
            cls.referrer_id = env["res.partner"].create({"name": "Referrer"}).id
            env.cr.commit()

    def _due(self, count=1):
        """Friends of the referrer whose first invoice the bank has paid."""
        with self.transaction() as env:
            for _number in range(count):
                friend = env["res.partner"].create(
                    {"name": "Friend", "referred_by_id": self.referrer_id}
                )
                invoice = self._invoice(env, friend.id)
                self._pay(env, invoice)
            env.cr.commit()
        self._work_off()
        with self.transaction() as env:
            due = env["crm.referral"].search_count([("state", "=", "due")])
            self.assertEqual(due, count)

    def _pay(self, env, invoice):
        owed = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        bank = env["account.bank.statement.line"].create(
            {
                "journal_id": env["account.journal"]
                .search([("type", "=", "bank")], limit=1)
                .id,
                "date": invoice.invoice_date,
                "payment_ref": "Friend",
                "amount": 100,
                "counterpart_account_id": owed.account_id.id,
            }
        )
        lines = owed | bank.move_id.line_ids.filtered(
            lambda line: line.account_id == owed.account_id
        )
        lines.reconcile()

    def _reward(self):
        with self.transaction() as env:
            env["crm.referral"]._cron_reward()

    def _assert_rewarded_once(self):
        """As many times the points as there are friends, on one card."""
        with self.transaction() as env:
            referrals = env["crm.referral"].search([])
            self.assertEqual(set(referrals.mapped("state")), {"rewarded"})
            self.assertFalse(any(referrals.mapped("problem")))
            card = env["loyalty.card"].search([("partner_id", "=", self.referrer_id)])
            self.assertEqual(len(card), 1)
            self.assertEqual(card.points, POINTS * len(referrals))
            self.assertEqual(len(card.history_ids), len(referrals))
            issued = sum(card.history_ids.mapped("issued"))
            self.assertEqual(issued, card.points)

    def test_a_second_job_leaves_alone_what_the_first_settles(self):
        self._due(3)
        with self.transaction() as first, self.transaction() as second:
            # Both see three that are due.
            second.cr.execute("SELECT 1 FROM crm_referral")
            # To wait for the first one would be to wait for ever.
            second.cr.execute("SET LOCAL lock_timeout = '5s'")
            self.assertTrue(first["crm.referral"]._reward_batch(0, 100))
            self.assertIsNone(second["crm.referral"]._reward_batch(0, 100))
            first.cr.commit()
        self._reward()
        self._assert_rewarded_once()

    def test_another_job_before_any_statement(self):
        number, met = 1, True
        while met:
            self._due()
            with self.transaction() as env:
                with self._at_statement(env.cr, number, self._reward) as met:
                    env["crm.referral"]._cron_reward()
            with self.subTest(statement=number):
                self._reward()
                self._assert_rewarded_once()
            number += 1
        self.assertGreater(number, 5)

    def test_a_job_killed_at_any_statement_gives_nothing_twice(self):
        def kill():
            raise Killed

        number, met = 1, True
        while met:
            self._due()
            with self.transaction() as env:
                with self._at_statement(env.cr, number, kill) as met:
                    try:
                        env["crm.referral"]._cron_reward()
                    except Killed:
                        env.cr.rollback()
            with self.subTest(statement=number):
                self._reward()
                self._assert_rewarded_once()
            number += 1
        self.assertGreater(number, 10)

    def test_two_customers_points_at_once(self):
        """Both spend all there is: the one that comes second finds nothing."""
        self._due(2)
        self._reward()
        with self.transaction() as env:
            partner = env["res.partner"].browse(self.referrer_id)
            balance = int(
                env["loyalty.card"].search([("partner_id", "=", partner.id)]).points
            )

        def spend(env, key):
            return env["crm.points"]._points_add(
                env["res.partner"].browse(self.referrer_id),
                env.company,
                -balance,
                "Spent",
                key,
            )

        taken = []
        with self.transaction() as first:
            first.cr.execute("SELECT 1 FROM loyalty_card")
            with self.transaction() as second:
                taken.append(spend(second, "second"))
                second.cr.commit()
            first["crm.customer"]._retry(lambda: taken.append(spend(first, "first")))
        self.assertEqual(taken, [-balance, 0])
        with self.transaction() as env:
            card = env["loyalty.card"].search([("partner_id", "=", self.referrer_id)])
            self.assertEqual(card.points, 0)
            # For the other tests, whose order is not ours to choose.
            card.history_ids.filtered(lambda row: row.crm_key == "second").unlink()
            card.points = balance
            env.cr.commit()
