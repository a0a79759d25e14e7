from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from . import common

# Published examples of right numbers: persian-tools and its ports, for tests.
CODE, OTHER_CODE = "0076229645", "1583250689"
PERSIAN_CODE = "۰۰۷-۶۲۲۹۶۴-۵"
NATIONAL_ID = "10380284790"
POSTAL_CODE = "1619735744"


@tagged("post_install", "-at_install")
class TestIdentity(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.iran = cls.env.ref("base.ir")
        cls.company.country_id = cls.iran
        cls.other_company.country_id = cls.env.ref("base.de")

    def _lacking(self, partners, company=None):
        partners = partners.with_company(company or self.company)
        found = partners.search(
            [("id", "in", partners.ids), ("lacks_invoice_number", "=", True)]
        )
        told = partners.filtered("lacks_invoice_number")
        self.assertEqual(found, told)
        rest = partners.search(
            [("id", "in", partners.ids), ("lacks_invoice_number", "=", False)]
        )
        self.assertEqual(rest, partners - found)
        return found

    # -- one spelling
    def test_numbers_of_iranians_are_stored_in_western_digits(self):
        person = self._create_customer_contact(vat=PERSIAN_CODE, zip="۱۶۱۹۷-۳۵۷۴۴")
        self.assertRecordValues(person, [{"vat": CODE, "zip": POSTAL_CODE}])
        person.vat = " ١٥٨٣٢٥٠٦٨٩\u200f"
        self.assertEqual(person.vat, OTHER_CODE)
        person.vat = "76229645"  # a spreadsheet took its zeros
        self.assertEqual(person.vat, CODE)
        company = self._create_customer_contact(
            is_company=True, vat="411111111111", company_registry="۱۰۳۸ ۰۲۸۴ ۷۹۰"
        )
        self.assertEqual(company.company_registry, NATIONAL_ID)
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(person.vat, CODE)

    def test_a_contact_that_becomes_iranian_is_spelled_so(self):
        person = self._create_customer_contact(
            country_id=self.env.ref("base.de").id, vat=PERSIAN_CODE
        )
        self.assertEqual(person.vat, PERSIAN_CODE)
        person.country_id = self.iran
        self.assertEqual(person.vat, CODE)

    def test_other_countries_are_left_alone(self):
        typed = {"vat": "۱۲۳-۴", "zip": "۱۲ ۳۴", "company_registry": "HRB-۱۲"}
        germany = self.env.ref("base.de").id
        for company, values in (
            (self.company, {"country_id": germany}),
            (self.other_company, {}),
            (self.company, {"company_id": self.other_company.id}),
        ):
            partner = self.env["res.partner"].with_company(company)
            partner = partner.create(
                {"name": "Elsewhere", "is_company": True, **typed, **values}
            )
            self.assertRecordValues(partner, [typed])
            self.assertFalse(partner.identity_warning)
            self.assertFalse(self._lacking(partner, company))

    def test_a_contact_of_an_iranian_company_is_iranian_everywhere(self):
        partner = self._create_customer_contact(company_id=self.company.id)
        for company in self.company | self.other_company:
            self.assertTrue(self._lacking(partner, company))

    def test_texts_that_are_no_number_are_kept(self):
        person = self._create_customer_contact(vat="نامعلوم", zip="\ud800۱")
        self.assertRecordValues(person, [{"vat": "نامعلوم", "zip": "1"}])
        person.vat = "؟\ud800"
        self.assertEqual(person.vat, "؟")
        self.env.flush_all()
        for name in ("vat", "zip"):
            with self.assertRaisesRegex(ValidationError, "Shorten it"):
                person[name] = "۱" * 10_000
        person.vat = "x" * 500
        self.assertIn("x" * 20 + "”", person.identity_warning)
        self.assertNotIn("x" * 21, person.identity_warning)

    # -- right or wrong
    def test_the_warning_names_the_rule(self):
        person = self._create_customer_contact()
        for values, words in (
            ({"vat": CODE, "zip": POSTAL_CODE}, ()),
            ({"vat": "/"}, ()),
            ({"vat": "0076229646"}, ("National code 0076229646", "last digit")),
            ({"vat": "1111111111"}, ("all digits are the same",)),
            ({"vat": "0001234567"}, ("all zeros",)),
            ({"vat": "12345"}, ("5 digits instead of 10",)),
            ({"vat": "abc"}, ("else than digits",)),
            ({"vat": "411123456789"}, ("no longer valid",)),
            ({"vat": CODE + "0000"}, ("Economic number", "branch")),
            ({"vat": CODE + "0001"}, ()),
            ({"vat": NATIONAL_ID}, ("Mark the contact as a company",)),
            ({"vat": CODE, "zip": "1019735744"}, ("Postal code", "first five")),
            ({"vat": CODE, "zip": "1615935744"}, ()),
            ({"vat": CODE, "zip": "1619555744"}, ("fifth digit",)),
            ({"vat": CODE, "zip": "1111735744"}, ("first four",)),
            ({"vat": "0076229646", "zip": "1"}, ("last digit", "1 digits")),
            ({"vat": CODE, "zip": POSTAL_CODE, "is_company": True}, ("as a person",)),
        ):
            with self.subTest(**values):
                person.write({"vat": False, "zip": False, **values})
                warning = person.identity_warning or ""
                self.assertEqual(bool(warning), bool(words))
                for word in words:
                    self.assertIn(word, warning)

    def test_the_registry_of_a_company_is_checked_where_it_is_a_national_id(self):
        company = self._create_customer_contact(is_company=True)
        for registry, wrong in ((NATIONAL_ID, 0), ("10380284791", 1), ("12345", 0)):
            company.company_registry = registry
            self.assertEqual(bool(company.identity_warning), bool(wrong))

    def test_contacts_of_a_company_are_told_of_there(self):
        company = self._create_customer_contact(is_company=True, vat="10380284791")
        clerk = self._create_customer_contact(parent_id=company.id)
        self.assertEqual(clerk.vat, company.vat)
        self.assertTrue(company.identity_warning)
        self.assertFalse(clerk.identity_warning)
        self.assertEqual(self._lacking(company | clerk), company)

    def test_saving_is_not_refused(self):
        with Form(self.env["res.partner"].with_user(self.salesperson)) as form:
            form.name = "Wrong"
            form.vat = "۰۰۷۶۲۲۹۶۴۶"
            self.assertEqual(form.vat, "0076229646")
            self.assertIn("last digit", form.identity_warning)
        self.assertEqual(form.record.vat, "0076229646")

    # -- what an invoice needs
    def test_who_lacks_a_number_is_found(self):
        zip_code = {"zip": POSTAL_CODE}
        complete = [
            {"vat": CODE, **zip_code},
            {"vat": CODE + "0001", **zip_code},
            {"vat": "123456789012", **zip_code},  # a foreign national
            {"vat": "12345678901201", **zip_code},
            {"vat": NATIONAL_ID, "is_company": True, **zip_code},
            {"company_registry": NATIONAL_ID, "is_company": True, **zip_code},
            {"vat": "/"},
        ]
        lacking = [
            {},
            {"vat": CODE},
            zip_code,
            {"vat": CODE, "zip": "1619555744"},
            {"vat": "0076229646", **zip_code},
            {"vat": NATIONAL_ID, **zip_code},
            {"vat": CODE, "is_company": True, **zip_code},
            {"vat": "411111111111", "is_company": True, **zip_code},
            {"vat": CODE + "0000", **zip_code},
            {"vat": "00762296460001", **zip_code},
        ]
        partners = self.env["res.partner"].create(
            [{"name": "Buyer", **values} for values in complete + lacking]
        )
        self.assertEqual(self._lacking(partners), partners[len(complete) :])
        # The numbers of before are read in any spelling, and stay as they are.
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET vat = %s, zip = %s WHERE id = %s",
            [PERSIAN_CODE, "۱۶۱۹۷ ۳۵۷۴۴", partners[0].id],
        )
        self.env.invalidate_all()
        self.assertFalse(self._lacking(partners[0]))

    def test_customers_are_found_by_the_company_of_the_profile(self):
        shared = self._create_customer_contact(name="Shared")
        for company in (self.company, self.other_company):
            self._purchase(shared, "2026-01-01", 10, company=company)
            self.env["crm.customer"].with_company(company)._refresh()
        both = self._customer(shared) | self._customer(shared, self.other_company)
        companies = (self.company | self.other_company).ids
        customers = self.env["crm.customer"].with_context(allowed_company_ids=companies)
        for wanted, found in ((True, self.company), (False, self.other_company)):
            self.assertEqual(
                customers.search(
                    [("id", "in", both.ids), ("lacks_invoice_number", "=", wanted)]
                ).company_id,
                found,
            )
            self.assertEqual(
                both.filtered(lambda c, w=wanted: c.lacks_invoice_number == w),
                both.filtered(lambda c, f=found: c.company_id == f),
            )

    # -- duplicates
    def test_a_second_person_with_the_code_is_told_who_has_it(self):
        first = self._create_customer_contact(name="Zahra", vat=CODE)
        self._create_customer_contact(name="Ahmad", vat=CODE)
        trader = self._create_customer_contact(name="Shop", vat=CODE + "0001")
        self.assertEqual(trader.same_vat_partner_id, first)
        with Form(self.env["res.partner"].with_user(self.salesperson)) as form:
            form.name = "Third"
            form.vat = PERSIAN_CODE
            self.assertEqual(form.same_vat_partner_id, first)
        first.action_archive()
        self.assertEqual(form.record.same_vat_partner_id, first)
        self.assertFalse(first.with_context(active_test=True).active)

    def test_old_spellings_are_duplicates_too(self):
        first = self._create_customer_contact(country_id=self.env.ref("base.de").id)
        first.vat = "۰۰۷۶۲۲۹۶۴۵"
        second = self._create_customer_contact(vat=CODE)
        self.assertEqual(second.same_vat_partner_id, first)

    def test_a_national_id_is_found_in_both_fields(self):
        first = self._create_customer_contact(is_company=True, vat=NATIONAL_ID)
        second = self._create_customer_contact(
            is_company=True, company_registry=NATIONAL_ID
        )
        self.assertEqual(second.same_company_registry_partner_id, first)
        self.assertEqual(first.same_vat_partner_id, second)

    def test_no_contact_of_a_closed_company_is_named(self):
        self._create_customer_contact(vat=CODE, company_id=self.other_company.id)
        mine = self._create_customer_contact(vat=CODE)
        mine = mine.with_user(self.salesperson).with_context(
            allowed_company_ids=self.company.ids
        )
        self.assertFalse(mine.same_vat_partner_id)
        both = (self.company | self.other_company).ids
        mine = mine.with_user(self.env.user).with_context(allowed_company_ids=both)
        self.assertTrue(mine.same_vat_partner_id)

    def test_labels_of_iranian_companies(self):
        company = self._create_customer_contact(is_company=True)
        self.assertEqual(company.company_registry_label, "Company ID")
        company.country_id = self.iran
        self.assertEqual(company.company_registry_label, "National ID")
