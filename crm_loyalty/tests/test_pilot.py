from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestPilot(common.CrmLoyaltyCommon):
    """While a company tries it with one team, the others see nothing of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.own = cls._sold_to(cls.salesperson)
        cls.others = cls._sold_to(cls.colleague)
        cls.other_leader = cls._user(
            "loyalty_other_leader", "sales_team.group_sale_salesman"
        )
        cls.other_team.user_id = cls.other_leader
        cls.menu = cls.env.ref("crm_loyalty.menu_crm_customers")

    @classmethod
    def _sold_to(cls, user, company=None):
        partner = cls._create_customer_contact(user_id=user.id)
        cls._purchase(partner, cls.today, 100, company=company)
        cls._refresh_marked()
        return cls._customer(partner, company)

    def _sees(self, user, customer):
        """Whether a user sees a profile, its history, purchases and stage."""
        self.env.invalidate_all()
        seen = {
            bool(self.env[model].with_user(user).search_count(domain))
            for model, domain in (
                ("crm.customer", [("id", "=", customer.id)]),
                ("crm.customer.history", [("customer_id", "=", customer.id)]),
                (
                    "crm.customer.purchase",
                    [
                        ("partner_id", "=", customer.partner_id.id),
                        ("company_id", "=", customer.company_id.id),
                    ],
                ),
            )
        }
        seen.add(customer.with_user(user).has_access("read"))
        contact = customer.partner_id.with_user(user)
        contact = contact.with_company(customer.company_id)
        seen.add(bool(contact.customer_stage))
        self.assertEqual(len(seen), 1, seen)
        return seen.pop()

    def _has_menu(self, user):
        menus = self.env["ir.ui.menu"].with_user(user)
        return self.menu.id in menus.load_menus(False)

    def test_only_the_pilot_team_starts(self):
        self.assertTrue(self._sees(self.colleague, self.others))
        self.assertTrue(self._has_menu(self.colleague))
        self.company.crm_pilot_team_ids = self.team
        for user, customer, is_in in (
            (self.salesperson, self.own, True),
            (self.leader, self.own, True),
            (self.colleague, self.others, False),
            (self.other_leader, self.others, False),
        ):
            with self.subTest(user=user.login):
                self.assertEqual(self._sees(user, customer), is_in)
                self.assertEqual(self._has_menu(user), is_in)
        self.assertFalse(self._sees(self.salesperson, self.others))
        self.company.crm_pilot_team_ids = False
        self.assertTrue(self._sees(self.colleague, self.others))
        self.assertTrue(self._has_menu(self.colleague))

    def test_every_rule_of_own_customers_knows_of_it(self):
        rules = self.env["ir.rule"].search(
            [
                ("groups", "=", self.env.ref("sales_team.group_sale_salesman").id),
                ("domain_force", "like", "crm_show_unassigned"),
            ]
        )
        self.assertGreaterEqual(len(rules), 4)
        for rule in rules:
            self.assertIn("crm_is_open", rule.domain_force, rule.name)

    def test_managers_and_accountants_see_all_meanwhile(self):
        self.company.crm_pilot_team_ids = self.team
        every = self._user("loyalty_all", "sales_team.group_sale_salesman_all_leads")
        for user in (self.manager, self.accountant, every):
            with self.subTest(user=user.login):
                self.assertTrue(self._sees(user, self.others))
        self.assertTrue(self._has_menu(self.manager))
        self.assertTrue(self._has_menu(every))
        # Who sells and reads the books sees all by the books.
        for number, books in enumerate(("invoice", "readonly")):
            user = self._user(
                f"loyalty_both_{number}",
                f"sales_team.group_sale_salesman,account.group_account_{books}",
            )
            self.assertTrue(self._sees(user, self.others))
            self.assertTrue(self._has_menu(user))

    def test_who_joins_or_leaves_the_team_is_in_or_out(self):
        self.company.crm_pilot_team_ids = self.team
        self.assertFalse(self._has_menu(self.colleague))
        membership = self.colleague.crm_team_member_ids
        membership.crm_team_id = self.team
        self.assertTrue(self._has_menu(self.colleague))
        self.assertTrue(self._sees(self.colleague, self.others))
        membership.action_archive()
        self.assertFalse(self._has_menu(self.colleague))
        self.assertFalse(self._sees(self.colleague, self.others))
        # However the membership is looked for.
        company = self.company.with_user(self.colleague).with_context(active_test=False)
        self.assertFalse(company.crm_is_open)
        self.assertFalse(company.search([("crm_is_open", "=", True)]) & company)
        membership.action_unarchive()
        self.assertTrue(self._sees(self.colleague, self.others))
        membership.unlink()
        self.assertFalse(self._has_menu(self.colleague))
        self.assertFalse(self._sees(self.colleague, self.others))
        self.team.user_id = self.colleague
        self.assertTrue(self._has_menu(self.colleague))
        self.assertTrue(self._sees(self.colleague, self.others))
        self.team.user_id = self.leader
        self.assertFalse(self._has_menu(self.colleague))
        # With its last team the pilot ends.
        self.team.action_archive()
        self.assertTrue(self._has_menu(self.colleague))
        self.assertTrue(self._sees(self.colleague, self.others))

    def test_a_pilot_is_of_one_company(self):
        self.colleague.company_ids = self.company | self.other_company
        elsewhere = self._sold_to(self.colleague, self.other_company)
        self.company.crm_pilot_team_ids = self.team
        reader = self.colleague
        self.assertFalse(self._sees(reader, self.others))
        customers = self.env["crm.customer"].with_user(reader)
        customers = customers.with_context(
            allowed_company_ids=(self.company | self.other_company).ids
        )
        found = customers.search([("id", "in", (self.others | elsewhere).ids)])
        self.assertEqual(found, elsewhere)
        self.assertTrue(self._has_menu(reader))
        self.other_company.crm_pilot_team_ids = self.team
        self.assertFalse(self._has_menu(reader))

    def test_first_steps_begin_and_end_it(self):
        steps = self.env["crm.first.steps"].with_user(self.manager)
        steps.create(
            {"crm_pilot_team_ids": [Command.set(self.team.ids)]}
        ).action_apply()
        self.assertEqual(self.company.crm_pilot_team_ids, self.team)
        self.assertFalse(self.other_company.crm_pilot_team_ids)
        # What goes on is shown, and stays when nothing is said.
        steps.create({}).action_apply()
        self.assertEqual(self.company.crm_pilot_team_ids, self.team)
        steps.create({"crm_pilot_team_ids": [Command.clear()]}).action_apply()
        self.assertFalse(self.company.crm_pilot_team_ids)

    def test_nobody_lets_himself_in(self):
        self.company.crm_pilot_team_ids = self.team
        company = self.company.with_user(self.colleague)
        with self.assertRaises(AccessError):
            company.crm_pilot_team_ids = False
        with self.assertRaises(AccessError):
            self.team.with_user(self.colleague).member_ids = self.colleague

    def test_the_companies_that_are_open(self):
        self.company.crm_pilot_team_ids = self.team
        for user, is_open in ((self.salesperson, True), (self.colleague, False)):
            with self.subTest(user=user.login):
                company = self.company.with_user(user)
                self.assertEqual(company.crm_is_open, is_open)
                for value in (True, False):
                    found = company.search(
                        [("crm_is_open", "=", value), ("id", "=", company.id)]
                    )
                    self.assertEqual(bool(found), is_open == value)
