from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestProfileRequirement(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Requirement = cls.env["crm.profile.requirement"]
        cls.Requirement.search([]).active = False
        cls.Requirement.create(
            [
                {"field_name": "phone"},
                {"field_name": "city", "stage": "first_time"},
                {"field_name": "industry_id", "stage": "first_time"},
                {"field_name": "category_id", "stage": "first_time"},
            ]
        )
        cls.partner = cls._create_customer_contact(
            user_id=cls.salesperson.id, company_id=cls.company.id
        )
        cls._refresh_marked()

    def _facts(self, customer):
        customer.invalidate_recordset()
        return round(customer.completeness), customer.missing_facts

    def test_what_is_wanted_grows_with_the_stage(self):
        customer = self._customer(self.partner).with_user(self.salesperson)
        self.assertEqual(self._facts(customer), (0, "Phone"))
        self.partner.phone = "+12025550123"
        self.assertEqual(self._facts(customer), (100, False))
        self._purchase(self.partner, self.env["crm.customer"]._today(), 10)
        self._refresh_marked()
        self.partner.city = "Shiraz"
        self.assertEqual(self._facts(customer), (50, "Industry and Tags"))

    def test_a_company_asks_for_facts_of_its_own(self):
        self.Requirement.create(
            {"field_name": "website", "company_id": self.other_company.id}
        )
        partner = self._create_customer_contact(company_id=self.other_company.id)
        self._refresh_marked()
        page = self._customer(partner, self.other_company)
        page += self._customer(self.partner)
        page.invalidate_recordset()
        self.assertEqual(
            page.mapped("missing_facts"), ["Phone and Website Link", "Phone"]
        )

    def test_a_fact_asked_for_twice_counts_once(self):
        self.Requirement.create({"field_name": "phone", "stage": "first_time"})
        self.assertEqual(self._facts(self._customer(self.partner)), (0, "Phone"))

    def test_without_requirements_a_profile_is_complete(self):
        self.Requirement.search([]).active = False
        self.assertEqual(self._facts(self._customer(self.partner)), (100, False))

    def test_the_search_finds_what_the_profile_says(self):
        full = self._create_customer_contact(
            phone="+12025550124", company_id=self.company.id
        )
        self._refresh_marked()
        customers = self._customer(self.partner) | self._customer(full)
        found = customers.search(
            [("id", "in", customers.ids), ("missing_facts", "!=", False)]
        )
        self.assertEqual(found, self._customer(self.partner))
        found = customers.search(
            [("id", "in", customers.ids), ("missing_facts", "=", False)]
        )
        self.assertEqual(found, self._customer(full))

    def test_a_hidden_field_is_not_asked_of_who_cannot_see_it(self):
        field = self.env["res.partner"]._fields["phone"]
        self.patch(field, "groups", "base.group_system")
        customer = self._customer(self.partner).with_user(self.salesperson)
        self.assertEqual(self._facts(customer), (100, False))

    def test_queries_do_not_grow_with_the_page(self):
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}", "company_id": self.company.id} for n in range(20)]
        )
        self._refresh_marked()
        customers = self.env["crm.customer"].with_user(self.manager)
        customers = customers.search([("partner_id", "in", partners.ids)])
        self.assertEqual(len(customers), 20)
        counts = []
        for page in (customers[:2], customers):
            # The rights of the user and of the models are read once.
            page.mapped("completeness")
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            page.mapped("completeness")
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_only_managers_say_what_is_wanted(self):
        self.Requirement.with_user(self.manager).create({"field_name": "street"})
        with self.assertRaises(AccessError):
            self.Requirement.with_user(self.leader).create({"field_name": "zip"})

    def test_only_what_can_be_missing_is_asked_for(self):
        for values in (
            {"field_name": "name"},
            {"field_name": "zip", "stage": "disqualified"},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.Requirement.create(values)
