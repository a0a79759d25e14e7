import random

from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.tests import common
from odoo.addons.crm_tiers import tier_choice


@tagged("post_install", "-at_install")
class TestTiers(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.partner = cls._create_customer_contact(user_id=cls.salesperson.id)
        tiers = cls.env["crm.tier"]
        tiers.search([]).active = False
        cls.gold, cls.silver = (
            tiers.create(
                {
                    "name": name,
                    "sequence": sequence,
                    "color": sequence,
                    "threshold_ids": [
                        Command.create({"figure": figure, "minimum": minimum})
                        for figure, minimum in thresholds.items()
                    ],
                }
            )
            for sequence, (name, thresholds) in enumerate(
                [
                    ("Gold", {"net_revenue_12m": 100, "purchase_count": 2}),
                    ("Silver", {"purchase_count": 1}),
                ]
            )
        )

    def _as(self, records, user):
        """The records as ``user`` sees them, in the companies he works in."""
        context = {"allowed_company_ids": user.company_ids.ids}
        return records.with_user(user).with_context(**context)

    def _tier(self, partner=None):
        self._refresh_marked()
        self.assertEqual(self.env["crm.customer"]._refresh(), 0)
        return self._customer(partner or self.partner).tier_id

    def test_thresholds_of_money_are_written_out_in_words(self):
        self.company.crm_money_scale = "1000"
        money, count = self.gold.threshold_ids
        self.assertEqual(money.currency_id, self.company.currency_id)
        self.assertEqual(money.minimum_in_words, "one hundred USD")
        self.assertFalse(count.currency_id)
        self.assertFalse(count.minimum_in_words)

    def test_a_customer_climbs_and_the_history_says_why(self):
        self.assertFalse(self._tier())
        self._purchase(self.partner, self.today, 60)
        self.assertEqual(self._tier(), self.silver)
        customer = self._customer(self.partner)
        self.assertIn("1 more of Purchases", customer.next_tier)
        self._purchase(self.partner, self.today, 60)
        self.assertEqual(self._tier(), self.gold)
        customer.invalidate_recordset()
        self.assertFalse(customer.next_tier)
        rows = customer.history_ids.filtered(lambda row: row.field_name == "tier_id")
        changes = sorted(rows.mapped(lambda row: (row.old_value or "", row.new_value)))
        self.assertEqual(changes, [("", "Silver"), ("Silver", "Gold")])
        self.assertIn("120.00 (at least", " ".join(rows.mapped("reason")))
        self.env["res.lang"]._activate_lang("fa_IR")
        # The company's own tier of that name, archived by this test, too.
        tiers = self.env["crm.tier"].with_context(active_test=False)
        golden = tiers.search([("name", "=", "Gold")]).with_context(lang="fa_IR")
        golden.name = "طلایی"
        persian = rows[0].with_context(lang="fa_IR")
        self.assertEqual((rows[0].new_value, persian.new_label), ("Gold", "طلایی"))
        self.assertIn("طلایی", persian.reason)
        self.assertNotIn("Gold", persian.reason)

    def test_the_caller_card_names_tier_and_distance(self):
        self._purchase(self.partner, self.today, 60)
        self._tier()
        customer = self._customer(self.partner).with_user(self.salesperson)
        customer.invalidate_recordset()

        def rows():
            who = next(s for s in customer._caller_card() if s["key"] == "who")
            return {label: text for label, text in who["rows"] if "Tier" in label}

        self.assertEqual(
            rows(), {"Tier": "Silver", "To the Next Tier": customer.next_tier}
        )
        self._purchase(self.partner, self.today, 60)
        self._tier()
        customer.invalidate_recordset()
        self.assertEqual(rows(), {"Tier": "Gold"})

    def test_the_tier_follows_its_thresholds(self):
        self._purchase(self.partner, self.today, 60)
        self.assertEqual(self._tier(), self.silver)
        self.gold.threshold_ids.minimum = 1
        self.assertEqual(self._tier(), self.gold)
        self.gold.threshold_ids.unlink()
        self.assertEqual(self._tier(), self.silver)
        self.silver.active = False
        self.assertFalse(self._tier())

    def test_a_used_tier_is_archived_not_deleted_nor_moved(self):
        self._purchase(self.partner, self.today, 60)
        self._tier()
        with self.assertRaisesRegex(UserError, "Archive it"):
            self.silver.unlink()
        with self.assertRaisesRegex(UserError, "stays with its company"):
            self.gold.company_id = self.other_company
        self.gold.unlink()
        copy = self.silver.copy()
        self.assertEqual(copy.threshold_ids.mapped("minimum"), [1])

    def test_sql_chooses_as_plain_python(self):
        chance = random.Random(7)
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}"} for n in range(40)]
        )
        for partner in partners:
            for _purchase in range(chance.randrange(4)):
                self._purchase(partner, self.today, chance.choice([25, 50, 99.99]))
        self._refresh_marked()
        rules = self.env["crm.tier"]._rules(self.company)
        customers = self.env["crm.customer"].search(
            [("partner_id", "in", partners.ids)]
        )
        self.assertEqual(len(customers), 40)
        self.assertEqual(len(customers.tier_id), 2)
        for customer in customers:
            self.assertEqual(
                customer.tier_id.id or None,
                tier_choice.choose_tier(customer._tier_figure_values(), rules),
            )

    def test_each_company_has_its_own_tiers(self):
        self._purchase(self.partner, self.today, 60, company=self.other_company)
        self.env["crm.tier"].with_context(active_test=False).search(
            [("company_id", "=", self.other_company.id)]
        ).active = True
        self._refresh_marked()
        other = self._customer(self.partner, self.other_company)
        self.assertEqual(other.tier_id.name, "Standard")
        self.assertEqual(other.tier_id.company_id, self.other_company)
        seen = self._as(self.env["crm.tier"], self.manager).search([])
        self.assertEqual(seen, self.gold | self.silver)

    def test_only_managers_configure(self):
        for user in (self.salesperson, self.leader, self.accountant):
            tier = self._as(self.gold, user)
            self.assertEqual(tier.name, "Gold")
            with self.assertRaises(AccessError):
                tier.name = "Mine"
            with self.assertRaises(AccessError):
                tier.threshold_ids.minimum = 1
        self._as(self.gold, self.manager).threshold_ids.minimum = 1

    def test_stage_and_badge_cost_one_query_whatever_the_page(self):
        partners = self.env["res.partner"].create([{"name": str(n)} for n in range(9)])
        for partner in partners:
            self._purchase(partner, self.today, 60)
        self._refresh_marked()

        def queries(count):
            leads = self.env["crm.lead"].create(
                [
                    {"name": str(n), "partner_id": partners[n % 9].id}
                    for n in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            leads.mapped("partner_id.commercial_partner_id.name")
            leads.mapped("company_id")
            before = self.env.cr.sql_log_count
            self.assertEqual(set(leads.mapped("customer_tier_name")), {"Silver"})
            self.assertEqual(set(leads.mapped("customer_tier_color")), {1})
            self.assertEqual(set(leads.mapped("customer_stage")), {"first_time"})
            self.assertEqual(leads.customer_tier_id, self.silver)
            return self.env.cr.sql_log_count - before

        self.assertEqual(queries(2), 1)
        self.assertEqual(queries(50), 1)

    def test_leads_are_found_by_tier(self):
        self._purchase(self.partner, self.today, 60)
        self._tier()
        lead = self.env["crm.lead"].create({"name": "L", "partner_id": self.partner.id})
        leads = self._as(self.env["crm.lead"], self.manager)
        found = leads.search([("customer_tier_id", "=", self.silver.id)])
        self.assertIn(lead, found)
        self.assertNotIn(lead, leads.search([("customer_tier_id", "=", self.gold.id)]))

    def test_a_stranger_to_the_profile_sees_no_tier(self):
        self._purchase(self.partner, self.today, 60)
        self._tier()
        lead = self.env["crm.lead"].create(
            {
                "name": "L",
                "partner_id": self.partner.id,
                "user_id": False,
                "team_id": False,
            }
        )
        self.assertEqual(self._as(lead, self.salesperson).customer_tier_id, self.silver)
        self.assertFalse(self._as(lead, self.colleague).customer_tier_id)
        portal = self._user("tiers_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            self._as(self.gold, portal).read(["name"])

    def test_a_tier_on_an_unknown_figure_is_refused_and_reached_by_nobody(self):
        threshold = self.gold.threshold_ids[0]
        with self.assertRaises(ValidationError) as refusal:  # rolls back as well
            threshold.figure = "stars"
        self.assertIn("stars of tier Gold is unknown", str(refusal.exception))
        self._purchase(self.partner, self.today, 600)
        self._purchase(self.partner, self.today, 600)
        self.assertEqual(self._tier(), self.gold)
        self.env.cr.execute(
            SQL(
                "UPDATE crm_tier_threshold SET figure = 'stars' WHERE id = %s",
                threshold.id,
            )
        )
        self.env.registry.clear_cache()
        self.env.invalidate_all()
        with self.assertRaises(ValidationError) as refusal:  # rolls back as well
            threshold.minimum = 1
        self.assertIn("stars of tier Gold is unknown", str(refusal.exception))
        self.env["crm.customer.mark"]._mark(company_ids=self.company.ids)
        self.assertEqual(self._tier(), self.silver)

    def test_a_new_company_starts_with_the_default_tiers(self):
        tiers = self.env["crm.tier"]
        names = ["Platinum", "Gold", "Silver", "Standard"]
        created = tiers.with_context(active_test=False).search(
            [("company_id", "=", self.other_company.id)]
        )
        self.assertEqual(created.mapped("name"), names)
        self.assertTrue(all(tier.threshold_ids for tier in created))

    def test_default_tiers_are_named_in_a_language_that_comes_later(self):
        language = self.env["res.lang"].with_context(active_test=False)
        language = language.search([("code", "=", "fa_IR")])
        self.assertFalse(language.active)
        tiers = self.env["crm.tier"].with_context(active_test=False)
        tiers = tiers.search(
            [("company_id", "in", (self.company | self.other_company).ids)]
        )
        platinum, golds = (
            tiers.filtered(lambda tier, name=name: tier.name == name)
            for name in ("Platinum", "Gold")
        )
        self.assertEqual(golds.company_id, self.company | self.other_company)
        platinum.name = "Diamond"
        language.active = True
        persian = golds.with_context(lang="fa_IR")
        self.assertEqual(set(persian.mapped("name")), {"طلایی"})
        self.assertEqual(set(golds.mapped("name")), {"Gold"})
        self.assertEqual(platinum[0].with_context(lang="fa_IR").name, "Diamond")
        # What somebody wrote stays.
        persian[0].name = "زرین"
        language.active = False
        language.active = True
        self.assertEqual(persian[0].name, "زرین")

    def test_every_view_shows_the_badge_to_its_readers(self):
        for model in ("crm.lead", "res.partner", "sale.order", "account.move"):
            with self.subTest(model=model):
                arch = self.env[model].get_view(view_type="form")["arch"]
                self.assertIn("customer_tier_name", arch)
        kanban = self.env.ref("crm.crm_case_kanban_view_leads")
        arch = self._as(self.env["crm.lead"], self.salesperson).get_view(kanban.id)
        self.assertIn("customer_tier_name", arch["arch"])
