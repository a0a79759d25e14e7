from odoo.exceptions import AccessError, ValidationError
from odoo.tests import BaseCase, Form, tagged

from odoo.addons.crm_loyalty.l10n import phone
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestReading(BaseCase):
    def _numbers(self, text, country="IR", area_code=""):
        return [item.number for item in phone.read(text, country, area_code)]

    def test_one_number_in_many_forms(self):
        for text in (
            "09121234567",
            "۰۹۱۲۱۲۳۴۵۶۷",
            "٠٩١٢ ١٢٣ ٤٥٦٧",
            "+98912-123-4567",
            "0098 912 1234567",
            "98 912 1234567",
            "9121234567",
            "\u200f+98\u202a912 123 4567\u202c",
            "\ud8000912\u200c1234567",
            "همراه: ۰۹۱۲۱۲۳۴۵۶۷",
            "0912.123.4567",
            "＋989121234567",
        ):
            with self.subTest(text):
                self.assertEqual(self._numbers(text), ["+989121234567"])

    def test_extensions(self):
        for text, extension in {
            "021-88776655 داخلی ۱۱۲": "112",
            "021-88776655 داخلي 112": "112",
            "02188776655، داخلی: 112": "112",
            "02188776655 ext. 112": "112",
            "02188776655x112": "112",
            "02188776655 #5": "5",
            "02188776655 داخلی 112 - 115": "112-115",
            "02188776655": "",
        }.items():
            with self.subTest(text):
                [item] = phone.read(text, "IR")
                self.assertEqual(item[:2], ("+982188776655", extension))

    def test_ranges_and_lists(self):
        tehran = "+9821887766"
        for text, numbers in {
            "8877665-7": ["8877665", "8877666", "8877667"],
            "88776655-7": [f"{tehran}{n}" for n in (55, 56, 57)],
            "021-88776655-57": [f"{tehran}{n}" for n in (55, 56, 57)],
            "88776655 تا 57": [f"{tehran}{n}" for n in (55, 56, 57)],
            "88776655 الی 88776657": [f"{tehran}{n}" for n in (55, 56, 57)],
            "88776698-99": [f"{tehran}{n}" for n in (98, 99)],
            "88776655/6": [f"{tehran}{n}" for n in (55, 56)],
            "88776655 و 44": [f"{tehran}{n}" for n in (55, 44)],
            "021/88776655": [f"{tehran}55"],
            "021 - 88776655": [f"{tehran}55"],
            "021-8877-66-55": [f"{tehran}55"],
            "021-8877-55-66": ["+982188775566"],
            "88776655 - 88776644": [f"{tehran}55", f"{tehran}44"],
            "۸۸۷۷۶۶۵۵، ۰۹۱۲۱۲۳۴۵۶۷": [f"{tehran}55", "+989121234567"],
            "026-32224455 / 32224466": ["+982632224455", "+982632224466"],
            "88776655-54": ["8877665554"],
        }.items():
            with self.subTest(text):
                self.assertEqual(self._numbers(text, area_code="021"), numbers)

    def test_what_is_read_can_be_read_alone(self):
        for text in ("026-32224455 / 32224466 / 67", "026/32224455-57", "88776655/6"):
            for item in phone.read(text, "IR", "021"):
                self.assertEqual(phone.read(item.text, "IR", "021"), [item])

    def test_local_numbers_need_an_area_code(self):
        self.assertEqual(self._numbers("88776655"), ["88776655"])
        self.assertEqual(self._numbers("88776655", area_code="021"), ["+982188776655"])

    def test_other_countries_are_read_as_they_write(self):
        self.assertEqual(self._numbers("02/201.12.34", "BE"), ["+3222011234"])
        self.assertEqual(self._numbers("(202) 555-0123", "US"), ["+12025550123"])

    def test_no_number_and_too_much(self):
        for text in (None, "", "دفتر", "12", "-", "7" * 10_000, "1,2,3"):
            self.assertEqual(phone.read(text, "IR"), [])
        self.assertLessEqual(len(phone.read("88776600-99", "IR")), phone.MOST)

    def test_the_tail_is_the_same_however_it_is_dialled(self):
        for text in ("0912 123", "۰۹۱۲۱۲۳", "+98912123", "0098912123", "912-123"):
            self.assertEqual(phone.tail(text, "IR"), "912123")


@tagged("post_install", "-at_install")
class TestPhoneNumbers(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.country_id = cls.env.ref("base.ir")
        cls.company.crm_area_code = "۰۲۱"
        cls.partner = cls._create_customer_contact(
            name="Parvin", user_id=cls.salesperson.id
        )

    def _add(self, number, partner=None, **values):
        partner = partner or self.partner
        return self.env["crm.phone.number"].create(
            {"partner_id": partner.id, "number": number, **values}
        )

    # -- rows
    def test_a_range_becomes_rows(self):
        row = self._add("۸۸۷۷۶۶۵۵-۵۷ داخلی ۳", label="fax")
        self.assertEqual(len(row), 1)
        self.assertRecordValues(
            self.partner.phone_number_ids,
            [
                {
                    "number": f"887766{end}",
                    "phone_sanitized": f"+9821887766{end}",
                    "extension": "3",
                    "label": "fax",
                }
                for end in (55, 56, 57)
            ],
        )
        row.number = "09121234567 / 09121234568"
        self.assertRecordValues(
            self.partner.phone_number_ids.filtered(lambda r: "912" in r.number),
            [
                {"number": "09121234567", "extension": False, "label": "fax"},
                {"number": "09121234568", "extension": False, "label": "fax"},
            ],
        )
        self.assertEqual(len(self.partner.phone_number_ids), 4)

    def test_rows_of_another_town_keep_its_area_code(self):
        self._add("026-32224455 / 32224466 / 67")
        self._add("026/32224477-78")
        self.assertEqual(
            self.partner.phone_number_ids.mapped("phone_sanitized"),
            [f"+98263222{end}" for end in (4455, 4466, 4467, 4477, 4478)],
        )

    def test_a_row_without_a_number_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "“دفتر” holds no phone number"):
            self._add("دفتر")
        row = self._add("88776655")
        with self.assertRaisesRegex(ValidationError, "no phone number"):
            row.number = "x" * 10_000

    def test_salespeople_type_them_on_the_contact(self):
        partner = self.partner.with_user(self.salesperson)
        with Form(partner) as form:
            with form.phone_number_ids.new() as line:
                line.number = "88776655 داخلی 112"
        self.assertRecordValues(
            partner.phone_number_ids,
            [{"phone_sanitized": "+982188776655", "extension": "112"}],
        )

    def test_they_follow_the_country_of_the_contact(self):
        partner = self._create_customer_contact(country_id=self.env.ref("base.us").id)
        row = self._add("(202) 555-0123", partner)
        self.assertEqual(row.phone_sanitized, "+12025550123")
        local = self._add("5550123", partner)
        self.assertEqual(local.phone_sanitized, "5550123")

    def test_the_area_code_is_of_the_companys_country(self):
        self.company.crm_area_code = "030"  # a town of Germany, too
        partner = self._create_customer_contact(country_id=self.env.ref("base.de").id)
        self.assertEqual(self._add("123456", partner).phone_sanitized, "123456")

    def test_area_codes_are_checked(self):
        for code in ("x", "0", "0212121", "-"):
            with self.assertRaisesRegex(ValidationError, "no area code"):
                self.company.crm_area_code = code
        self.company.crm_area_code = "21"
        self.assertEqual(self._add("88776655").phone_sanitized, "+982188776655")

    def test_they_follow_a_merge_and_go_with_the_contact(self):
        other = self._create_customer_contact(name="Parvin again")
        rows = self._add("88776655") | self._add("88776644", other)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((self.partner | other).ids, self.partner)
        self.assertEqual(rows.partner_id, self.partner)
        self.partner.unlink()
        self.assertFalse(rows.exists())

    # -- reading
    def _numbers(self, user, companies, queries):
        """``{name: numbers}`` of the contacts a user sees, read in so many queries."""
        contacts = self.env["res.partner"].with_user(user)
        contacts = contacts.with_context(allowed_company_ids=companies.ids)
        for _attempt in range(2):  # the first fills the caches of the registry
            self.env.flush_all()
            self.env.invalidate_all()
            seen = contacts.search([("id", "in", self.page)])
            seen.mapped("company_id.name")
            before = self.cr.sql_log_count
            numbers = {row.name: row.phone_number_ids.ids for row in seen}
            count = self.cr.sql_log_count - before
        self.assertEqual(count, queries)
        return numbers

    def test_only_of_those_who_have_any_they_are_read(self):
        none, one, abroad = self.env["res.partner"].create(
            [
                {"name": "None"},
                {"name": "One", "company_id": self.company.id},
                {"name": "Abroad", "company_id": self.other_company.id},
            ]
        )
        self.page = (none | one | abroad).ids
        user = self._user("loyalty_both", "base.group_user")
        user.company_ids += self.other_company
        both = self.company | self.other_company
        nothing = {"None": [], "One": [], "Abroad": []}
        self.assertEqual(self._numbers(user, both, queries=1), nothing)
        first = self._add("88776655", one)
        second = self._add("88776644", one, sequence=5)
        far = self._add("88776633", abroad)
        ours = {"None": [], "One": [second.id, first.id]}
        self.assertEqual(self._numbers(user, self.company, queries=2), ours)
        all_ = {**ours, "Abroad": far.ids}
        self.assertEqual(self._numbers(user, both, queries=2), all_)
        far.partner_id = none
        (none | abroad).invalidate_recordset(["phone_number_ids"], flush=False)
        self.assertEqual(none.phone_number_ids, far)
        self.assertFalse(abroad.phone_number_ids)

    def test_who_may_read_no_numbers_is_refused(self):
        user = self._user("loyalty_portal", "base.group_portal")
        partner = user.partner_id.with_user(user)
        self.assertTrue(partner.name)
        with self.assertRaises(AccessError):
            partner.read(["phone_number_ids"])

    # -- Odoo's own number
    def test_odoos_number_is_read_too(self):
        for typed, sanitized in {
            "۰۹۱۲ ۱۲۳ ۴۵۶۷": "+989121234567",
            "88776655": "+982188776655",
            "021-88776655 داخلی ۱۱۲": "+982188776655",
            "02188776655-7": "+982188776655",
            "88776655 / 09121234567": "+982188776655",
        }.items():
            with self.subTest(typed):
                self.partner.phone = typed
                self.assertEqual(self.partner.phone_sanitized, sanitized)

    def test_a_form_keeps_what_it_cannot_write_shorter(self):
        with Form(self.partner) as form:
            form.phone = "۰۹۱۲۱۲۳۴۵۶۷"
            self.assertEqual(form.phone, "+98 912 123 4567")
            for typed in ("88776655-57", "88776655 داخلی 112"):
                form.phone = typed
                self.assertEqual(form.phone, typed)

    # -- finding
    def test_a_number_is_found_in_any_form(self):
        self.partner.phone = "۰۹۱۲ ۱۲۳ ۴۵۶۷"
        self._add("88776655 داخلی 112")
        other = self._create_customer_contact(phone="+98 912 765 4321")
        lead, _other_lead = self.env["crm.lead"].create(
            [
                {"name": "Hers", "partner_id": self.partner.id},
                {"name": "Other", "partner_id": other.id},
            ]
        )
        self.assertTrue(lead.phone)
        for company in self.company | self.other_company:
            self.env["crm.customer"].with_company(company)._refresh()
        customer = self._customer(self.partner)
        self.env.flush_all()
        partners, both = self.partner | other, "phone_mobile_search"
        for typed in (
            "09121234567",
            "+989121234567",
            "00989121234567",
            "۰۹۱۲ ۱۲۳",
            "0912-123",
            "912 123 45",
            "1234567",
            "02188776655",
            "+98 21 8877 6655",
            "88776655",
            "۸۸۷۷۶۶",
            "8877-66",
        ):
            with self.subTest(typed):
                domain = [("id", "in", partners.ids), (both, "ilike", typed)]
                self.assertEqual(partners.search(domain), self.partner)
                self.assertEqual(lead.search([(both, "ilike", typed)]), lead)
                found = customer.search([(f"partner_id.{both}", "ilike", typed)])
                self.assertEqual(found, customer)
        for operator, typed in (("=", "09121234567"), ("=", "021-88776655")):
            self.assertEqual(partners.search([(both, operator, typed)]), self.partner)

    def test_a_search_leaves_halves_of_characters_out(self):
        self.partner.phone = "۰۹۱۲ ۱۲۳ ۴۵۶۷"
        both = "phone_mobile_search"
        found = self.partner.search([(both, "ilike", "0912\ud8001234567\0")])
        self.assertEqual(found, self.partner)
        # Nothing is left: as if nothing was asked for.
        found = self.partner.search([(both, "ilike", "\ud800" * 10_000)])
        self.assertIn(self.partner, found)

    def test_queries_of_a_search_do_not_grow(self):
        partners = self.env["res.partner"]
        for number in range(20):
            self._add(f"887711{number:02}", self._create_customer_contact())
        self.env.flush_all()
        partners.search([("phone_mobile_search", "ilike", "887711")])  # warm
        with self.assertQueryCount(2):
            found = partners.search([("phone_mobile_search", "ilike", "887711")])
        self.assertEqual(len(found), 20)
