import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

from lxml import html
from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_loyalty import lifecycle
from odoo.addons.crm_loyalty.models.res_company import THRESHOLD_FIELDS
from odoo.addons.crm_loyalty.tests import common
from odoo.addons.crm_loyalty.trade_presets import PRESETS
from odoo.addons.crm_loyalty.wizards import crm_first_steps

LONG_AGO = 1500


class FirstStepsCommon(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.administrator = cls._user(
            "loyalty_admin", "base.group_system,sales_team.group_sale_manager"
        )
        cls.technician = cls._user("loyalty_technician", "base.group_system")

    def _wizard(self, user=None, **values):
        wizards = self.env["crm.first.steps"].with_user(user or self.manager)
        return wizards.create(values)

    def _histories(self, company, seed=7, customers=60):
        """Customers of every rhythm: bought daily to yearly, lately or long ago."""
        chance = random.Random(seed)
        for number in range(customers):
            partner = self._create_customer_contact(
                name=f"History {number}",
                company_id=company.id,
                active=chance.random() > 0.1,
            )
            if chance.random() < 0.2:
                self._lost_offer(partner, company, chance.randint(10, 900))
                continue
            gap = chance.choice([0, 7, 25, 70, 180, 380])
            back = chance.choice([3, 40, 100, 300, 500, 900])
            for turn in range(chance.choice([0, 1, 1, 2, 3, 4, 5, 8, 9])):
                back += chance.randint(gap // 2, 2 * gap)
                day = self.today - timedelta(days=min(back, LONG_AGO))
                self._purchase(partner, day, 100 + turn, company=company)
        self._refresh_marked()

    def _lost_offer(self, partner, company, days):
        lead = self.env["crm.lead"].create(
            {
                "name": "Lost",
                "type": "opportunity",
                "partner_id": partner.id,
                "company_id": company.id,
            }
        )
        lead.action_set_lost()
        lead.date_closed = self.today - timedelta(days=days)

    def _counts(self, company, field):
        self._refresh_marked()
        customers = self.env["crm.customer"].with_company(company)
        customers._refresh()
        rows = customers.search([("company_id", "=", company.id)])
        return Counter(rows.mapped(field))

    @classmethod
    def _sums(cls, counts, place):
        """``{class: customers}`` before (place 0) or after (place 1)."""
        sums = Counter()
        for pair, number in counts.items():
            sums[pair[place]] += number
        return sums


@tagged("post_install", "-at_install")
class TestPreview(FirstStepsCommon):
    def test_the_preview_is_what_a_refresh_then_gives(self):
        customers = self.env["crm.customer"]
        drafts = {
            **PRESETS,
            "odd": lifecycle.Thresholds(2, 10, 0.5, 0, 20, 9.5, 0),
        }
        moved = set()
        for company in self.company | self.other_company:
            self._histories(company, seed=company.id % 5)
        for name, thresholds in drafts.items():
            for company in self.company | self.other_company:
                with self.subTest(preset=name, company=company.name):
                    before = {
                        field: self._counts(company, field)
                        for field in ("stage", "phase")
                    }
                    counts = customers.with_company(company)._preview_classes(
                        thresholds
                    )
                    company.write(
                        {
                            field: getattr(thresholds, key)
                            for field, key in THRESHOLD_FIELDS.items()
                        }
                    )
                    for field, pairs in counts.items():
                        self.assertEqual(self._sums(pairs, 0), before[field])
                        after = self._counts(company, field)
                        self.assertEqual(self._sums(pairs, 1), after)
                        moved |= {pair for pair in pairs if pair[0] != pair[1]}
        # The histories are such that the values matter, each in its way.
        self.assertLessEqual(
            {
                ("repeat", "regular"),
                ("regular", "repeat"),
                ("active", "former"),
                ("former", "active"),
                ("prospect", "suspect"),
                ("suspect", "prospect"),
            },
            moved,
        )

    def test_a_preview_writes_nothing(self):
        self._histories(self.company, customers=10)
        tables = ("crm_customer", "crm_customer_history", "crm_customer_mark")
        query = " UNION ALL ".join(
            f"SELECT MD5(STRING_AGG(t::text, '' ORDER BY id)) FROM {table} t"
            for table in tables
        )
        self.env.flush_all()
        self.env.cr.execute(query)
        before = self.env.cr.fetchall()
        thresholds = self.company._crm_thresholds()
        self.env["crm.customer"]._preview_classes(PRESETS["distribution"])
        self.env.flush_all()
        self.env.cr.execute(query)
        self.assertEqual(self.env.cr.fetchall(), before)
        self.assertEqual(self.company._crm_thresholds(), thresholds)
        # Nor does it take a lock or a table: a server that only reads may run it.
        self.env.cr.execute("SAVEPOINT readonly")
        self.env.cr.execute("SET TRANSACTION READ ONLY")
        self.env["crm.customer"]._preview_classes(PRESETS["distribution"])
        self.env.cr.execute("ROLLBACK TO SAVEPOINT readonly")

    def test_queries_do_not_grow_with_the_customers(self):
        customers = self.env["crm.customer"]
        self._histories(self.company, customers=3)
        customers._preview_classes(PRESETS["shop"])
        counts = []
        for _round in range(2):
            self.env.flush_all()
            self.env.invalidate_all()
            start = self.env.cr.sql_log_count
            customers._preview_classes(PRESETS["shop"])
            counts.append(self.env.cr.sql_log_count - start)
            self._histories(self.company, customers=20)
        self.assertEqual(*counts)

    def test_another_company_has_no_part_in_it(self):
        self._histories(self.company, customers=10)
        customers = self.env["crm.customer"]
        before = customers._preview_classes(PRESETS["shop"])
        self._histories(self.other_company, customers=10)
        self.assertEqual(customers._preview_classes(PRESETS["shop"]), before)


@tagged("post_install", "-at_install")
class TestFirstSteps(FirstStepsCommon):
    def test_a_preset_fills_the_values_and_they_are_applied(self):
        for name, thresholds in PRESETS.items():
            with self.subTest(preset=name):
                self._wizard(preset=name).action_apply()
                self.assertEqual(self.company._crm_thresholds(), thresholds)
        self.assertTrue(self.company.crm_first_steps_done)

    def test_each_value_of_a_preset_may_be_changed(self):
        with Form(self.env["crm.first.steps"].with_user(self.manager)) as form:
            form.preset = "industry"
            self.assertEqual(form.crm_active_days, 540)
            form.crm_active_days = 500
            wizard = form.save()
        wizard.action_apply()
        thresholds = self.company._crm_thresholds()
        self.assertEqual(thresholds.active_days, 500)
        self.assertEqual(thresholds.prospect_months, 18)

    def test_what_is_not_given_is_of_the_preset(self):
        wizard = self._wizard(preset="industry", crm_gap_factor=3)
        self.assertEqual(
            wizard._thresholds(), replace(PRESETS["industry"], gap_factor=3)
        )

    def test_as_it_is_now_changes_nothing(self):
        self.company.crm_active_days = 77
        marks = self.env["crm.customer.mark"]
        self._refresh_marked()
        with Form(self.env["crm.first.steps"].with_user(self.manager)) as form:
            form.preset = "shop"
            form.preset = "current"
            self.assertEqual(form.crm_active_days, 77)
            wizard = form.save()
        wizard.action_apply()
        self.assertEqual(self.company.crm_active_days, 77)
        self.assertFalse(marks.search_count([]))

    def test_what_was_shown_is_there_at_once(self):
        self._histories(self.company, customers=12)
        wizard = self._wizard(preset="distribution")
        pairs = self.env["crm.customer"]._preview_classes(wizard._thresholds())
        wizard.action_apply()
        rows = self.env["crm.customer"].search([("company_id", "=", self.company.id)])
        self.assertEqual(self._sums(pairs["stage"], 1), Counter(rows.mapped("stage")))

    def test_values_that_cannot_be(self):
        for values in (
            {"crm_rhythm_min_days": 800},
            {"crm_regular_purchases": 0},
            {"crm_rhythm_factor": 1e9},
            {"crm_active_days": 99999},
        ):
            with self.subTest(values=values):
                wizard = self._wizard(preset="shop", **values)
                self.assertFalse(wizard.preview)
                self.assertFalse(wizard.is_preview_due)
                with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"):
                    with self.env.cr.savepoint():
                        wizard.action_apply()

    def test_many_customers_are_counted_when_asked(self):
        self._histories(self.company, customers=5)
        self.patch(crm_first_steps, "QUICK", 2)
        wizard = self._wizard(preset="shop")
        self.assertTrue(wizard.is_preview_due)
        self.assertFalse(wizard.preview)
        wizard.action_preview()
        self.assertFalse(wizard.is_preview_due)
        self.assertIn("customers change", wizard.preview)
        # Other values, another question.
        wizard.crm_active_days += 1
        self.assertTrue(wizard.is_preview_due)
        self.assertFalse(wizard.preview)

    def test_customers_of_another_company_are_not_many_here(self):
        self._histories(self.other_company, customers=3)
        self.patch(crm_first_steps, "QUICK", 2)
        self.assertFalse(self._wizard(preset="shop").is_preview_due)

    def test_the_table_shows_now_then_and_the_difference(self):
        self.manager.company_ids = self.company | self.other_company
        for day in (100, 5):
            partner = self._create_customer_contact(company_id=self.other_company.id)
            self._purchase(
                partner,
                self.today - timedelta(days=day),
                10,
                company=self.other_company,
            )
        self._refresh_marked()
        # A page of the one company, while the other one, without customers, is active.
        wizard = self._wizard(company_id=self.other_company.id, crm_active_days=60)
        page = html.fromstring(wizard.preview)
        rows = {
            row[0]: row[1:]
            for row in (
                [cell.text_content().strip() for cell in line.findall("td")]
                for line in page.iter("tr")
            )
            if row
        }
        self.assertEqual(rows["Active"], ["2", "1", "−1"])
        self.assertEqual(rows["Former"], ["0", "1", "+1"])
        self.assertEqual(rows["First-time"], ["2", "2", "0"])
        self.assertIn("0 of 2 customers change their stage.", page.text_content())
        wizard.crm_prospect_months = 1
        partner = self._create_customer_contact(company_id=self.other_company.id)
        self._lost_offer(partner, self.other_company, 90)
        self._refresh_marked()
        wizard.crm_prospect_months = 2
        self.assertIn("1 of 3 customers change their stage.", wizard.preview)

    # -- who may
    def test_only_managers_and_administrators(self):
        for user in (self.salesperson, self.leader, self.accountant):
            with self.subTest(user=user.login):
                wizards = self.env["crm.first.steps"].with_user(user)
                with self.assertRaises(AccessError):
                    wizards.create({})
                with self.assertRaises(AccessError):
                    wizards.action_dismiss()
                wizard = self._wizard().with_user(user).sudo()
                for method in (wizard.action_apply, wizard.action_preview):
                    with self.assertRaises(AccessError):
                        method()
        for user in (self.manager, self.technician):
            self._wizard(user, preset="shop").action_apply()

    def test_what_reaches_beyond_customers_is_for_administrators(self):
        for name, value in (
            ("crm_calendar", "jalali"),
            ("is_iranian", True),
            ("crm_jalali_fiscal_year", True),
        ):
            with self.subTest(field=name), self.assertRaises(AccessError):
                self._wizard(self.manager, **{name: value})
        wizard = self._wizard(self.manager)
        # Another one's choice in the same row does not become his to apply.
        wizard.sudo().write({"is_iranian": True, "crm_jalali_fiscal_year": True})
        wizard.action_apply()
        self.assertFalse(self.company.crm_jalali_fiscal_year)
        self.assertFalse(self.company.resource_calendar_id.crm_is_iranian)

    def test_figures_are_for_who_sees_all_customers(self):
        self.assertTrue(self._wizard(self.manager).preview)
        with self.assertRaises(AccessError):
            self._wizard(self.technician).read(["preview"])

    def test_a_company_one_may_not_enter(self):
        with self.assertRaises(AccessError):
            self._wizard(company_id=self.other_company.id).action_apply()
        with self.assertRaises(AccessError):
            self._wizard(company_id=self.other_company.id).read(["preview"])

    def test_an_administrator_works_in_his_companies_too(self):
        self.assertTrue(self.other_company.with_user(self.administrator).name)
        wizard = self._wizard(self.administrator, company_id=self.other_company.id)
        for call in (wizard.action_apply, lambda: wizard.read(["preview"])):
            with self.assertRaises(AccessError):
                call()

    def test_administrators_without_a_role_in_sales_have_a_menu(self):
        menu = self.env.ref("crm_loyalty.menu_admin_crm_first_steps")
        for user, has_menu in (
            (self.technician, True),
            (self.manager, False),
            (self.salesperson, False),
        ):
            with self.subTest(user=user.login):
                menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
                self.assertEqual(menu.id in menus, has_menu)
                # Odoo leaves out what hangs under a menu that one does not see.
                while has_menu and menu.parent_id:
                    menu = menu.parent_id
                    self.assertIn(menu.id, menus)

    def test_one_company_only(self):
        both = self.company | self.other_company
        self.administrator.company_ids = both
        before = self.other_company.read()[0]
        wizard = self._wizard(
            self.administrator,
            preset="distribution",
            crm_calendar="jalali",
            is_iranian=True,
            crm_jalali_fiscal_year=True,
        )
        # From a page of the one company, even when the other one is open by now.
        wizard.with_context(allowed_company_ids=self.other_company.ids).action_apply()
        self.assertEqual(self.company._crm_thresholds(), PRESETS["distribution"])
        self.assertTrue(self.company.resource_calendar_id.crm_is_iranian)
        self.env.invalidate_all()
        after = self.other_company.read()[0]
        self.assertEqual(before, after)

    def test_a_manager_applies_what_he_chose_for_the_company_of_the_page(self):
        self.manager.company_ids = self.company | self.other_company
        wizard = self._wizard(preset="shop", crm_money_scale="1000")
        elsewhere = wizard.with_context(allowed_company_ids=self.other_company.ids)
        self.env.flush_all()
        self.env.invalidate_all()
        elsewhere.action_apply()
        self.assertEqual(self.company._crm_thresholds(), PRESETS["shop"])
        self.assertEqual(self.company.crm_money_scale, "1000")
        self.assertEqual(self.other_company._crm_thresholds(), lifecycle.Thresholds())

    # -- offered
    def test_offered_until_done_or_declined(self):
        def offered(user, company=None):
            steps = self.env["crm.first.steps"].with_user(user)
            return steps._is_offered(company or self.company)

        self.administrator.company_ids = self.company | self.other_company
        self.assertTrue(offered(self.manager))
        self.assertFalse(offered(self.salesperson))
        self.env["crm.first.steps"].with_user(self.manager).action_dismiss()
        self.assertFalse(offered(self.administrator))
        self.assertTrue(offered(self.administrator, self.other_company))

    # -- money, calendar and language
    def test_money_is_shown_as_the_manager_chose(self):
        unit = self.env["crm.money.unit"].create(
            {"name": "Dozen", "currency_id": self.company.currency_id.id, "factor": 12}
        )
        wizard = self._wizard(
            self.manager, crm_money_unit_id=unit.id, crm_money_scale="1000"
        )
        self.assertIn("thousand Dozen", wizard.crm_money_example)
        self.assertFalse(self.company.crm_money_unit_id)
        wizard.action_apply()
        self.assertEqual(self.company.crm_money_unit_id, unit)
        self.assertEqual(self.company.crm_money_scale, "1000")
        self._wizard(self.manager, crm_money_unit_id=False).action_apply()
        self.assertFalse(self.company.crm_money_unit_id)
        self.assertEqual(self.company.crm_money_scale, "1000")

    def test_an_administrator_gives_calendar_hours_and_year(self):
        for user in (self.administrator, self.technician):
            with self.subTest(user=user.login):
                self._gives_calendar_hours_and_year(user)

    def _gives_calendar_hours_and_year(self, user):
        plain = self.env["resource.calendar"].create({"name": "Plain"})
        self.company.write(
            {
                "resource_calendar_id": plain.id,
                "crm_jalali_fiscal_year": False,
                "crm_calendar": "gregorian",
            }
        )
        wizard = self._wizard(
            user,
            crm_calendar="both",
            is_iranian=True,
            crm_jalali_fiscal_year=True,
            user_calendar="jalali",
        )
        wizard.action_apply()
        company = self.company
        self.assertTrue(company.resource_calendar_id.crm_is_iranian)
        self.assertEqual(company.resource_calendar_id.company_id, company)
        self.assertTrue(company.crm_jalali_fiscal_year)
        self.assertEqual(company.crm_calendar, "both")
        self.assertEqual(user.crm_calendar, "jalali")
        # Again: the same calendar of working hours.
        hours = company.resource_calendar_id
        self._wizard(user).action_apply()
        self.assertEqual(company.resource_calendar_id, hours)

    def test_the_calendar_of_the_company_is_of_who_has_not_chosen(self):
        abroad = self._user(
            "loyalty_abroad", "sales_team.group_sale_salesman", self.other_company
        )
        portal = self._user("loyalty_portal", "base.group_portal")
        self.colleague.crm_calendar = "gregorian"
        self._wizard(self.administrator, crm_calendar="jalali").action_apply()
        self.assertEqual(self.salesperson._crm_calendar(), "jalali")
        self.assertEqual(self.colleague._crm_calendar(), "gregorian")
        self.assertEqual(abroad._crm_calendar(), "gregorian")
        self.assertEqual(portal._crm_calendar(), "gregorian")
        self.assertEqual(self.env["res.users"]._crm_calendar(), "gregorian")

    def test_persian_is_installed_with_our_terms_and_given_to_who_asks(self):
        persian = self.env["res.lang"].with_context(active_test=False)
        persian = persian.search([("code", "=", "fa_IR")])
        self.env["res.users"].search([("lang", "=", "fa_IR")]).lang = "en_US"
        self.env["res.partner"].with_context(active_test=False).search(
            [("lang", "=", "fa_IR")]
        ).lang = "en_US"
        persian.active = False
        with self.assertRaises(AccessError):
            self._wizard(self.manager, lang="fa_IR").action_apply()
        self._wizard(self.administrator, lang="fa_IR").action_apply()
        self.assertTrue(persian.active)
        self.assertEqual(self.administrator.lang, "fa_IR")
        self.assertEqual(self.manager.lang, "en_US")
        menu = self.env.ref("crm_loyalty.menu_crm_customers")
        self.assertEqual(menu.with_context(lang="fa_IR").name, "مشتریان")
        # From now on everybody may take it.
        self._wizard(self.manager, lang="fa_IR").action_apply()
        self.assertEqual(self.manager.lang, "fa_IR")

    def test_the_preview_speaks_the_language_of_its_reader(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        ours = self.env["ir.module.module"].search([("name", "=", "crm_loyalty")])
        ours._update_translations(["fa_IR"])
        wizard = self._wizard().with_context(lang="fa_IR")
        self.assertIn("محتمل", wizard.preview)

    def test_companies_of_a_user_are_his_alone(self):
        user = self._user("loyalty_two", "sales_team.group_sale_manager")
        user.company_ids = [Command.link(self.other_company.id)]
        wizards = self.env["crm.first.steps"].with_user(user)
        wizards.with_company(self.other_company).create(
            {"preset": "shop"}
        ).action_apply()
        self.assertEqual(self.other_company._crm_thresholds(), PRESETS["shop"])
        self.assertEqual(self.company._crm_thresholds(), lifecycle.Thresholds())


@tagged("post_install", "-at_install")
class TestOfferInTheClient(FirstStepsCommon, HttpCase):
    def test_the_client_knows_of_each_company_whether_they_are_offered(self):
        companies = self.company | self.other_company
        self.company.crm_first_steps_done = True
        for user, offered in (
            (self.manager, [False, True]),
            (self.colleague, [False] * 2),
        ):
            user.company_ids = companies
            self.authenticate(user.login, user.login)
            answer = self.make_jsonrpc_request("/web/session/get_session_info", {})
            known = answer["user_companies"]["allowed_companies"]
            self.assertEqual(
                [known[str(company.id)]["crm_first_steps"] for company in companies],
                offered,
            )
