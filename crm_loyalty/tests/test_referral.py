"""Rewards for friends that customers bring."""

from datetime import timedelta
from itertools import pairwise

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import common


@tagged("post_install", "-at_install")
class TestReferral(common.ReferralCommon):
    def test_the_reward_is_due_when_the_first_invoice_is_really_paid(self):
        referral = self._bring()
        self.assertRecordValues(
            referral, [{"state": "waiting", "referrer_id": self.referrer.id}]
        )
        invoice = self._invoice(self.friend, self.today, 100)
        cheque = self._pay(invoice, self.today)
        self._refresh_marked()
        self.assertEqual(referral.state, "waiting")
        self._settle_all()
        self.assertEqual(self._points(), 0)
        self._clear(cheque, self.today)
        self._refresh_marked()
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "due",
                    "move_id": invoice.id,
                    "earned_date": self.today,
                }
            ],
        )
        self._settle_all()
        self.assertRecordValues(
            referral,
            [
                {
                    "state": "rewarded",
                    "reward": "points",
                    "points": 50,
                    "rewarded_date": self.today,
                }
            ],
        )
        self.assertEqual(self._points(), 50)
        self._assert_nothing_more()

    def test_it_is_given_once_whatever_is_paid_later(self):
        self._bring()
        first = self._pay_invoice()
        self._settle_all()
        self._pay_invoice()
        self._settle_all()
        self.assertEqual(self._points(), 50)
        self.assertEqual(self._referral().move_id, first)
        self._assert_nothing_more()

    def test_the_invoice_that_was_paid_first_earns_it(self):
        self.friend.referred_by_id = self.referrer
        self.friend.referred_on = fields.Datetime.now() - timedelta(days=9)
        for days in (3, 5):
            day = self.today - timedelta(days=days)
            invoice = self._invoice(self.friend, day, 100)
            self._bank_line(self._receivable(invoice), day)
        self._refresh_marked()
        self.assertEqual(self._referral().move_id, invoice)

    def test_the_job_is_woken(self):
        self._bring()
        self.env["ir.cron.trigger"].search([]).unlink()
        self._pay_invoice()
        job = self.env.ref("crm_loyalty.ir_cron_reward_referrals")
        self.assertIn(job, self.env["ir.cron.trigger"].search([]).cron_id)

    # -- refused
    def test_oneself_and_ones_own_company_are_refused(self):
        clerk = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.friend.id}
        )
        for referrer, reason in (
            (self.friend, "oneself"),
            (clerk, "own_company"),
        ):
            with self.subTest(reason):
                referral = self._bring(referrer=referrer)
                self.assertRecordValues(
                    referral, [{"state": "refused", "reason": reason}]
                )
                self.assertTrue(referral.explanation)
                self.assertEqual(self.friend.referral_refusal, referral.explanation)
        self._pay_invoice()
        self._settle_all()
        self.assertEqual(self._points(self.friend), 0)

    def test_a_loop_of_any_length_is_refused_where_it_closes(self):
        chain = [self._contact(f"Link {number}") for number in range(5)]
        for referrer, friend in pairwise(chain):
            friend.referred_by_id = referrer
            friend.referred_on -= timedelta(days=1)
        self._refresh_marked()
        closing = self._bring(chain[0], chain[-1])
        self.assertRecordValues(closing, [{"state": "refused", "reason": "loop"}])
        self.env["crm.referral"]._follow()
        others = [self._referral(friend).state for friend in chain[1:]]
        self.assertEqual(others, ["waiting"] * 4)
        # The loop is opened elsewhere: the nightly run sees it.
        chain[2].referred_by_id = False
        self._refresh_marked()
        self.env["crm.referral"]._follow()
        self.assertEqual(closing.state, "waiting")
        self.assertFalse(self._referral(chain[2]))

    def test_who_had_bought_before_is_no_friend(self):
        self._invoice(self.friend, self.today - timedelta(days=30), 100)
        referral = self._bring()
        self.assertRecordValues(referral, [{"state": "refused", "reason": "existing"}])
        self._pay_invoice()
        self.assertEqual(referral.state, "refused")

    def test_an_imported_purchase_makes_an_existing_customer_too(self):
        self._purchase(self.friend, self.today - timedelta(days=400), 10)
        self.assertEqual(self._bring().reason, "existing")

    def test_what_was_credited_or_bought_elsewhere_makes_no_existing_customer(self):
        month_ago = self.today - timedelta(days=30)
        self._credit(self._invoice(self.friend, month_ago, 100), month_ago)
        self.assertEqual(self._bring().state, "waiting")
        shared = self._contact("Shared", company_id=False)
        abroad = self._invoice(shared, month_ago, 100, company=self.other_company)
        shared.referred_by_id = self.referrer
        shared.referred_on = fields.Datetime.now() - timedelta(days=3)
        self._invoice(shared, self.today, 100)
        self._refresh_marked()
        self._bank_line(self._receivable(abroad), self.today)
        self._refresh_marked()
        self.assertEqual(self._referral(shared).state, "waiting")
        theirs = self._referral(shared, self.other_company)
        self.assertEqual(theirs.reason, "existing")

    def test_telling_the_same_again_is_no_news(self):
        self.friend.referred_by_id = self.referrer
        self.friend.referred_on = fields.Datetime.now() - timedelta(days=9)
        self._invoice(self.friend, self.today - timedelta(days=2), 100)
        self._refresh_marked()
        self.friend.write({"referred_by_id": self.referrer.id, "name": "Friend again"})
        self._refresh_marked()
        self.assertEqual(self._referral().state, "waiting")

    def test_a_correction_before_the_reward_and_none_after(self):
        other = self._contact("Another referrer")
        self._bring()
        referral = self._bring(referrer=other)
        self.assertEqual((referral.referrer_id, referral.state), (other, "waiting"))
        self.friend.referred_by_id = False
        self._refresh_marked()
        self.assertFalse(self._referral())
        self._bring()
        self._pay_invoice()
        self._settle_all()
        referral = self._bring(referrer=other)
        self.assertEqual(referral.referrer_id, self.referrer)
        self.assertEqual((self._points(), self._points(other)), (50, 0))

    def test_a_manager_refuses_by_hand_with_a_reason(self):
        referral = self._bring()
        mine = referral.with_user(self.manager)
        with self._refuses("note why", UserError):
            mine.action_refuse()
        mine.refusal_note = "A colleague's wife"
        mine.action_refuse()
        self.assertRecordValues(referral, [{"state": "refused", "reason": "by_hand"}])
        self.assertEqual(referral.explanation, "A colleague's wife")
        self._pay_invoice()
        self._settle_all()
        self.assertEqual(self._points(), 0)
        mine.action_reopen()
        self.assertEqual(referral.state, "due")
        self._settle_all()
        with self._refuses("was given", UserError):
            mine.action_refuse()
        for user in (self.salesperson, self.accountant):
            with self.assertRaises(AccessError):
                referral.with_user(user).action_refuse()
        for values in ({"state": "due"}, {"points": 900}, {"to_take_back": True}):
            with self.assertRaises(AccessError):
                mine.write(values)

    # -- taken back
    def test_a_returned_cheque_takes_it_back_and_money_gives_it_again(self):
        referral = self._bring()
        invoice = self._invoice(self.friend, self.today, 100)
        cheque = self._pay(invoice, self.today)
        self._clear(cheque, self.today)
        self._refresh_marked()
        self._settle_all()
        self.assertEqual(self._points(), 50)
        cheque.action_crm_returned()
        self._refresh_marked()
        self.assertTrue(referral.to_take_back)
        self._settle_all()
        self.assertRecordValues(
            referral,
            [{"state": "taken_back", "points": 0, "taken_back_date": self.today}],
        )
        self.assertEqual(self._points(), 0)
        self._assert_nothing_more()
        self._bank_line(self._receivable(invoice), self.today)
        self._refresh_marked()
        self.assertEqual(referral.state, "due")
        self._settle_all()
        self.assertEqual((referral.state, self._points()), ("rewarded", 50))
        self._assert_nothing_more()

    def test_a_full_credit_note_takes_it_back(self):
        referral = self._bring()
        invoice = self._pay_invoice()
        self._settle_all()
        self._credit(invoice, self.today, 40)
        self._refresh_marked()
        self._settle_all()
        self.assertEqual(referral.state, "rewarded")
        self._credit(invoice, self.today, 60)
        self._refresh_marked()
        self._settle_all()
        self.assertEqual((referral.state, self._points()), ("taken_back", 0))

    def test_another_paid_invoice_earns_it_as_well(self):
        referral = self._bring()
        first, second = self._pay_invoice(), self._pay_invoice()
        self._settle_all()
        self._credit(first, self.today)
        self._refresh_marked()
        self._settle_all()
        self.assertRecordValues(
            referral, [{"state": "rewarded", "move_id": second.id, "points": 50}]
        )

    def test_what_was_spent_is_not_taken_below_nothing(self):
        referral = self._bring()
        invoice = self._pay_invoice()
        self._settle_all()
        self.env["crm.points"]._points_add(
            self.referrer, self.company, -30, "Spent", "test:spent"
        )
        self._credit(invoice, self.today)
        self._refresh_marked()
        self._settle_all()
        self.assertRecordValues(referral, [{"state": "taken_back", "points": 30}])
        self.assertIn("30 points", referral.explanation)
        self.assertEqual(self._points(), 0)
        # What he kept is not given again.
        self._pay_invoice()
        self._settle_all()
        self.assertRecordValues(referral, [{"state": "rewarded", "points": 50}])
        self.assertEqual(self._points(), 20)

    def test_a_coupon_is_given_and_taken_back_unless_it_was_used(self):
        coupons = self.env["loyalty.program"].create(
            {
                "name": "Coupons",
                "program_type": "coupons",
                "company_id": self.company.id,
                "reward_ids": [Command.create({"discount": 10})],
            }
        )
        self.company.write(
            {"crm_referral_reward": "coupon", "crm_referral_program_id": coupons.id}
        )
        used, unused = self.friend, self._contact("Second friend")
        invoices = {}
        for friend in (used, unused):
            self._bring(friend)
            invoices[friend] = self._pay_invoice(friend)
        self._settle_all()
        coupon = self._referral(used).coupon_id
        self.assertEqual(coupon.partner_id, self.referrer)
        self.assertTrue(self._referral(unused).coupon_id.active)
        coupon.points = 0
        for friend, invoice in invoices.items():
            self._credit(invoice, self.today)
            self._refresh_marked()
            self._settle_all()
            self.assertEqual(self._referral(friend).state, "taken_back")
        self.assertIn(coupon.code, self._referral(used).explanation)
        self.assertTrue(coupon.active)
        self.assertFalse(self._referral(unused).coupon_id.active)
        # Paid after all: who used his coupon gets no second one.
        self._pay_invoice(used)
        self._settle_all()
        self.assertEqual(self._referral(used).coupon_id, coupon)
        self._assert_nothing_more()

    def test_without_a_reward_a_referral_still_counts(self):
        self.company.crm_referral_reward = "none"
        referral = self._bring()
        self._pay_invoice()
        self._settle_all()
        self.assertRecordValues(
            referral, [{"state": "rewarded", "reward": "none", "points": 0}]
        )
        self.company.crm_referral_reward = "points"
        self._assert_nothing_more()
        self.assertEqual(self._points(), 0)

    # -- the job
    def test_a_bad_row_is_named_and_the_others_go_on(self):
        friends = [self._contact(f"Friend {number}") for number in range(3)]
        for friend in friends:
            self._bring(friend, self._contact(f"Referrer of {friend.name}"))
            self._pay_invoice(friend)
        bad = self._referral(friends[1])
        give = type(bad)._give

        def fail_one(referral):
            if referral == bad:
                raise ValueError("The program is closed")
            return give(referral)

        self.patch(type(bad), "_give", fail_one)
        with mute_logger("odoo.addons.crm_loyalty.models.crm_referral_reward"):
            self._settle_all()
        states = [self._referral(friend).state for friend in friends]
        self.assertEqual(states, ["rewarded", "due", "rewarded"])
        self.assertIn("The program is closed", bad.explanation)
        self.patch(type(bad), "_give", give)
        self._settle_all()
        self.assertRecordValues(bad, [{"state": "rewarded", "problem": False}])

    def test_points_are_moved_once_by_key(self):
        add = self.env["crm.points"]._points_add
        given = (self.referrer, self.company, 20, "Welcome", "test:welcome")
        self.assertEqual([add(*given), add(*given)], [20, 20])
        self.assertEqual(self._points(), 20)
        taken = (self.referrer, self.company, -30, "Spent", "test:spent")
        self.assertEqual([add(*taken), add(*taken)], [-20, -20])
        self.assertEqual(self._points(), 0)
        nobody = self._contact("Nobody")
        self.assertEqual(add(nobody, self.company, -5, "Spent", "test:no card"), 0)
        self.assertFalse(
            self.env["loyalty.card"].search([("partner_id", "=", nobody.id)])
        )

    def test_the_settings_refuse_a_program_of_another_kind_or_company(self):
        theirs = self.env["loyalty.program"].create(
            {
                "name": "Theirs",
                "program_type": "loyalty",
                "company_id": self.other_company.id,
            }
        )
        for values, pattern in (
            ({"crm_referral_reward": "coupon"}, "coupons"),
            ({"crm_referral_program_id": False}, "loyalty cards"),
            ({"crm_referral_program_id": theirs.id}, "another company"),
            ({"crm_referral_points": 0}, "one point"),
        ):
            with self.subTest(values), self._refuses(pattern, ValidationError):
                with self.env.cr.savepoint():
                    self.company.write(values)

    # -- companies and queries
    def test_a_shared_friend_is_brought_to_each_company(self):
        friend = self._contact("Shared", company_id=False)
        self._pay_invoice(friend, company=self.other_company)
        friend.referred_by_id = self.referrer
        friend.referred_on = fields.Datetime.now() - timedelta(days=3)
        self._pay_invoice(friend)
        self.other_company.crm_referral_reward = "none"
        self._refresh_marked()
        self._settle_all()
        ours, theirs = (
            self._referral(friend),
            self._referral(friend, self.other_company),
        )
        self.assertEqual((ours.state, theirs.state), ("rewarded", "rewarded"))
        self.assertEqual((ours.points, theirs.points), (50, 0))

    def test_the_statements_do_not_grow_with_the_referrals(self):
        def queries():
            self.env.flush_all()
            before = self.cr.sql_log_count
            self.env["crm.referral"]._follow()
            return self.cr.sql_log_count - before

        self._bring()
        one = queries()
        for number in range(4):
            self._bring(self._contact(f"Friend {number}"))
        self.assertEqual(queries(), one)

    # -- the stage
    def test_who_brought_a_paying_friend_is_an_advocate_while_active(self):
        self._purchase(self.referrer, self.today - timedelta(days=10), 100)
        self._bring()
        invoice = self._pay_invoice()
        profile = self._customer(self.referrer)
        self.assertEqual(profile.stage, "first_time")
        self._settle_all()
        self.assertRecordValues(
            profile, [{"stage": "advocate", "rewarded_referrals": 1}]
        )
        self.assertIn("friends he brought: 1", profile.explanation)
        last = profile.history_ids.filtered(lambda row: row.field_name == "stage")
        self.assertIn("friends he brought: 1", last[:1].reason)
        self._credit(invoice, self.today)
        self._refresh_marked()
        self._settle_all()
        self.assertEqual(profile.stage, "first_time")
        self.assertEqual(profile.peak_stage, "advocate")

    # -- merging and moving
    def _merge(self, source, target):
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge((source | target).ids, target)
        self._refresh_marked()

    def test_a_merge_keeps_the_earlier_referrer_and_one_referral(self):
        other = self._contact("Another referrer")
        twin = self._contact("Friend again")
        twin.referred_by_id = other
        twin.referred_on = fields.Datetime.now() - timedelta(days=20)
        self._bring()
        self._merge(twin, self.friend)
        self.assertEqual(self.friend.referred_by_id, other)
        referral = self._referral()
        self.assertEqual(len(referral), 1)
        self.assertEqual(referral.referrer_id, other)
        self._pay_invoice()
        self._settle_all()
        self.assertEqual((self._points(), self._points(other)), (0, 50))

    def test_a_merge_gives_no_second_reward(self):
        twin = self._contact("Friend again")
        self._bring(twin)
        self._bring()
        self._pay_invoice()
        self._settle_all()
        self._merge(twin, self.friend)
        referral = self._referral()
        self.assertEqual((referral.state, referral.points), ("rewarded", 50))
        self.assertIn("Friend again", referral.note)
        self._pay_invoice()
        self._settle_all()
        self.assertEqual(self._points(), 50)

    def test_a_clerk_who_goes_elsewhere_leaves_the_referral_behind(self):
        self._bring()
        clerk = self.env["res.partner"].create(
            {"name": "Clerk", "parent_id": self.friend.id}
        )
        other = self._contact("Other company")
        self._merge(clerk, other)
        self.assertFalse(other.referred_by_id)
        self.assertEqual(self.friend.referred_by_id, self.referrer)
        self.assertEqual(self._referral().state, "waiting")

    def test_a_referrer_who_turns_out_to_be_a_clerk(self):
        employer = self._contact("Employer")
        clerk = self._contact("Clerk", parent_id=employer.id, is_company=False)
        self.referrer.is_company = False
        referral = self._bring()
        self._merge(self.referrer, clerk)
        self.assertEqual(referral.referrer_id, clerk)
        self.assertEqual(referral.referrer_customer_id, employer)
        self.assertEqual(self._customer(employer).brought_count, 1)

    def test_friend_and_referrer_who_merge_are_no_loop(self):
        self._bring()
        self._merge(self.referrer, self.friend)
        self.assertFalse(self.friend.referred_by_id)
        self.assertFalse(self._referral())
        notes = self.friend.message_ids.mapped("body")
        told = "Friend was noted as brought by Referrer"
        self.assertTrue(any(told in note for note in notes))

    def test_a_loop_made_by_a_merge_is_refused(self):
        """A brought B, and C brought A: B and C are one."""
        middle = self._contact("Middle")
        first, last = self.referrer, self.friend
        first.referred_by_id = last
        last_link = fields.Datetime.now() - timedelta(days=5)
        middle.referred_by_id = first
        middle.referred_on = last_link
        self._refresh_marked()
        self._merge(middle, last)
        self.env["crm.referral"]._follow()
        states = {
            row.friend_id: (row.state, row.reason)
            for row in self._referral(first) | self._referral(last)
        }
        self.assertEqual(states[first], ("refused", "loop"))
        self.assertEqual(states[last], ("waiting", False))

    def test_a_friend_who_becomes_part_of_a_customer(self):
        parent = self._contact("Parent")
        self._bring()
        self.friend.write({"is_company": False, "parent_id": parent.id})
        self._refresh_marked()
        self.assertFalse(self._referral())
        # Nobody brought the company it belongs to now.
        self.assertFalse(parent.referred_by_id)
        self.env["crm.referral"]._follow()
        self.assertFalse(self._referral(parent))

    def test_contacts_are_deleted_as_before(self):
        self._bring()
        self.referrer.unlink()
        self.assertFalse(self.friend.referred_by_id)
        self.env["crm.referral"]._follow()
        self.assertFalse(self._referral())
        self._bring(referrer=self._contact("Another"))
        self.friend.unlink()
        self.assertFalse(self.env["crm.referral"].search([("friend_id", "=", False)]))

    def test_the_referrers_customer_is_followed(self):
        employer, other = self._contact("Employer"), self._contact("Other employer")
        person = self._contact("Person", parent_id=employer.id, is_company=False)
        referral = self._bring(self.friend, person)
        self.assertEqual(referral.referrer_customer_id, employer)
        self.assertEqual(employer.with_user(self.manager).brought_count, 1)
        person.parent_id = other
        self._refresh_marked()
        self.assertEqual(referral.referrer_customer_id, other)
        self.env.invalidate_all()
        for customer, count in ((employer, 0), (other, 1)):
            customer = customer.with_user(self.manager)
            self.assertEqual(customer.brought_count, count)
            self.assertEqual(self._customer(customer).brought_count, count)
        # Told otherwise, and told of nobody.
        self.friend.referred_by_id = employer
        self._refresh_marked()
        self.assertEqual(referral.referrer_customer_id, employer)
        self.friend.referred_by_id = person
        self._refresh_marked()
        person.unlink()
        self.assertFalse(referral.referrer_customer_id)
