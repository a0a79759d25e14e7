from odoo.fields import Domain
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from . import common


@tagged("post_install", "-at_install")
class TestFolding(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.persian, cls.arabic, cls.english, cls.nameless = cls.env[
            "res.partner"
        ].create(
            [
                {
                    "name": "شرکت  کیمیای شرق",
                    "ref": "ک-۱۲",
                    "user_id": cls.salesperson.id,
                },
                {"name": "شركة كيمياي شرق", "ref": "ك-١٢"},
                {
                    "name": "Kimia East",
                    "ref": "K-12",
                    "email": "Info@Kimia.example.com",
                },
                {
                    "name": False,
                    "type": "delivery",
                    "parent_id": cls._create_customer_contact(name="Parent").id,
                },
            ]
        )
        cls.partners = cls.persian | cls.arabic | cls.english | cls.nameless
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": "خريد ١٠ دستگاه",
                    "contact_name": "علي رضائي",
                    "user_id": cls.salesperson.id,
                },
                {
                    "name": "خرید ۱۰ دستگاه",
                    "contact_name": "علی رضایی",
                    "user_id": cls.salesperson.id,
                },
                {
                    "name": "Ten machines",
                    "partner_name": "Société 100%",
                    "user_id": cls.salesperson.id,
                },
            ]
        )
        cls.env.flush_all()

    def _found(self, *condition, among=None):
        among = self.partners if among is None else among
        return among.search([("id", "in", among.ids), condition])

    def test_contacts_are_found_whatever_keyboard_wrote_them(self):
        both = self.persian | self.arabic
        for text in (
            "کیمیای",
            "كيمياي",
            "کیمیا\u200cی",
            "کـــیمیای",
            "کِیمیای",
            "کیمیای شرق",
        ):
            self.assertEqual(self._found("name", "ilike", text), both, text)
            self.assertEqual(self._found("display_name", "ilike", text), both, text)
        for text in ("ک-12", "ك-۱۲"):
            self.assertEqual(self._found("ref", "=ilike", text), both, text)
            self.assertEqual(self._found("display_name", "ilike", text), both, text)
        self.assertEqual(self._found("name", "ilike", "kimia"), self.english)
        self.assertEqual(self._found("email", "ilike", "info@KIMIA"), self.english)
        self.assertEqual(self._found("ref", "ilike", "-۱۲"), both | self.english)

    def test_what_was_typed_is_stored_as_typed(self):
        self.env.invalidate_all()
        self.assertEqual(self.arabic.name, "شركة كيمياي شرق")
        self.assertEqual(self.persian.ref, "ک-۱۲")
        # For equality each is what it is.
        self.assertEqual(self._found("ref", "=", "ک-۱۲"), self.persian)
        self.assertEqual(self._found("name", "like", "كيمياي"), self.arabic)

    def test_who_has_no_text_is_not_like_it(self):
        found = self._found("name", "not ilike", "کیمیای")
        self.assertEqual(found, self.english | self.nameless)
        found = self._found("ref", "not =ilike", "ك-12")
        self.assertEqual(found, self.english | self.nameless)

    def test_wildcards_are_those_of_odoo(self):
        leads = self.leads
        for pattern, wanted in (
            ("société 100\\%", leads[2]),
            ("soci_t_ 100_", leads[2]),
            ("société", leads.browse()),
            ("%", leads[2]),
        ):
            found = self._found("partner_name", "=ilike", pattern, among=leads)
            self.assertEqual(found, wanted, pattern)
        self.assertEqual(
            self._found("name", "ilike", "خرید%دستگاه", among=leads), leads[:2]
        )
        self.assertFalse(self._found("name", "ilike", "خرید\\%", among=leads))

    def test_a_text_of_marks_alone_is_no_text(self):
        for text in ("\u200c", "\u200f\u0640", "\ud800", "\0"):
            self.assertEqual(self._found("ref", "ilike", text), self.partners)
            self.assertFalse(self._found("ref", "not ilike", text))

    def test_a_long_text_finds_nothing(self):
        for text in ("ي" * 10_000, "\u200c" * 9_999 + "ی" * 300, "\ud800ي" * 5_000):
            self.assertFalse(self._found("name", "ilike", text))

    def test_halves_of_characters_are_left_out(self):
        partner = self._create_customer_contact(name="\ud800علی\0")
        lead = self.env["crm.lead"].create({"name": "\udfffخرید", "phone": "\ud8001"})
        self.env.flush_all()
        self.assertEqual((partner.name, lead.name, lead.phone), ("علی", "خرید", "1"))
        partner.write({"phone": "\ud800۰۹۱۲", "email": "a\ud800@x.example.com"})
        lead.contact_name = "\ud800"
        self.env.flush_all()
        self.assertRecordValues(
            partner, [{"phone": "۰۹۱۲", "email": "a@x.example.com"}]
        )
        self.assertFalse(lead.contact_name)

    def test_case_of_other_letters_is_odoos(self):
        self.assertEqual(
            self._found("partner_name", "ilike", "SOCIÉTÉ", among=self.leads),
            self.leads[2],
        )

    def test_leads_and_what_belongs_to_contacts(self):
        salesperson = self.salesperson
        leads = self.leads.with_user(salesperson)
        for text in ("علي رضايي", "علی رضائی", "عَلی رضایی"):
            found = self._found("contact_name", "ilike", text, among=leads)
            self.assertEqual(found, leads[:2], text)
            self.assertEqual(
                leads.search(
                    [("display_name", "ilike", "خريد ۱۰"), ("id", "in", leads.ids)]
                ),
                leads[:2],
            )
        orders = self._order(self.persian, confirm=False)
        self.assertEqual(
            self._found("partner_id", "ilike", "كيمياي", among=orders), orders
        )
        self._purchase(self.persian, self._day("2025-01-01"), 10)
        self.env["crm.customer"]._refresh()
        customer = self._customer(self.persian).with_user(salesperson)
        found = customer.name_search("كيمياي شرق")
        self.assertEqual([item[0] for item in found], customer.ids)
        self.assertEqual(
            self._found("partner_id", "ilike", "ك-12", among=customer), customer
        )

    def test_users_are_found_by_the_name_of_their_contact(self):
        user = new_test_user(self.env, "loyalty_folded", name="سعيد كاظمي")
        self.assertEqual(user.search([("name", "ilike", "سعید کاظمی")]), user)

    def test_each_company_finds_its_own(self):
        self.arabic.company_id = self.other_company
        abroad = self._user(
            "loyalty_abroad", "sales_team.group_sale_manager", self.other_company
        )
        home = self.persian.with_user(self.manager)
        found = home.search([("name", "ilike", "كيمياي")])
        self.assertIn(self.persian, found)
        self.assertNotIn(self.arabic, found)
        self.assertIn(
            self.arabic, home.with_user(abroad).search([("name", "ilike", "کیمیای")])
        )

    def test_searches_read_indexes(self):
        # Odoo makes its own kind, too, only where PostgreSQL has trigrams.
        self.assertTrue(self.env.registry.has_trigram)
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        lead_names = ("name", "contact_name", "partner_name", "email_from")
        for model, domain in (
            ("res.partner", [("display_name", "ilike", "كيمياي")]),
            (
                "crm.lead",
                Domain.OR([(name, "ilike", "كيمياي")] for name in lead_names),
            ),
        ):
            # Whoever is looked for in several columns needs an index on each.
            query = self.env[model]._search(domain, active_test=False, order=False)
            select = query.select()
            self.env.cr.execute(SQL("EXPLAIN %s", select))
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            self.assertIn("_folded_", plan)
            self.assertNotIn("Seq Scan", plan)

    def _warned_of(self, **values):
        """The name in the warning a new contact with these values brings."""
        form = self.env["res.partner"].with_user(self.salesperson).new(values)
        answer = form._onchange_known_contact()
        return answer and answer["warning"]["message"].split(" has the same")[0]

    def test_a_contact_that_is_known_is_named(self):
        known = self._create_customer_contact(
            name="علي  رضائي", email="ali@x.example.com", phone="+1 202 555 0147"
        )
        self._create_customer_contact(name="علی", email="ali@x.example.com")
        name = known.display_name
        for values in (
            {"email": "\u200fALI@x.example.com"},
            {"phone": "+12025550147"},
        ):
            self.assertEqual(self._warned_of(name="علی رضایی", **values), name)
        self.assertFalse(self._warned_of(name="علی رضایی"))
        self.assertFalse(self._warned_of(name="علی رضایی", email="b@x.example.com"))
        self.assertFalse(self._warned_of(name="رضایی", email="ali@x.example.com"))
        # A person of the same customer, and the contact itself, are no duplicates.
        person = {"name": known.name, "email": known.email, "parent_id": known.id}
        for form in (known.new(person), known.new(origin=known)):
            self.assertIsNone(form._onchange_known_contact())
        # Of another company nobody is named, and archived ones are.
        known.company_id = self.other_company
        person = {"name": "علی رضایی", "email": "ali@x.example.com"}
        self.assertFalse(self._warned_of(**person))
        # Not to the system either, which may open it.
        self.assertIsNone(known.new(person)._onchange_known_contact())
        known.write({"company_id": False, "active": False})
        self.assertEqual(
            self._warned_of(name="علی رضایی", email="ali@x.example.com"), name
        )

    def test_leads_of_the_same_names_are_similar(self):
        persian, arabic = self.leads[1], self.leads[0]
        self.assertEqual(persian.duplicate_lead_ids, persian | arabic)
        self.assertEqual(persian.duplicate_lead_count, 1)
        arabic.partner_name = "شركت"
        persian.partner_name = "بنگاه"
        self.assertEqual(persian.duplicate_lead_count, 0)
        persian.partner_name = "شرکت"
        self.assertEqual(persian.duplicate_lead_count, 1)
        self.assertEqual(self.leads[2].duplicate_lead_count, 0)
