"""The contacts that the rows of an import belong to."""

from odoo.tests import tagged

from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestContactsOfAnImport(common.PurchaseImportCommon):
    def test_each_company_has_contacts_and_rows_of_its_own(self):
        foreign = self._create_customer_contact(
            ref="C1", company_id=self.other_company.id
        )
        shared = self._create_customer_contact(ref="C2")
        text = "customer,date,value,number\nC1,2026-01-05,1,7\nC2,2026-01-05,1,8"
        record = self._load(text)
        self.assertEqual((record.new_count, record.error_count), (1, 1))
        self.assertEqual(record.purchase_ids.contact_id, shared)
        other_manager = self._user(
            "loyalty_other_manager",
            "sales_team.group_sale_manager",
            self.other_company,
        )
        other = self._load(
            text,
            user=other_manager,
            company_id=self.other_company.id,
            currency_id=self.other_company.currency_id.id,
        )
        self.assertEqual((other.new_count, other.known_count), (2, 0))
        self.assertEqual(other.purchase_ids.contact_id, foreign | shared)
        self.assertEqual(other.purchase_ids.company_id, self.other_company)

    def test_contacts_are_found_by_each_column(self):
        partner = self._create_customer_contact(
            email="Some.One@Example.com", phone="+1 202 555 0123", vat="US-12 34"
        )
        for head, value in {
            "email": "some.one@example.com",
            "phone": "۰۰1 (202) 555-0123".replace("۰۰", "+"),
            "vat": "us1234",
        }.items():
            with self.subTest(head):
                record = self._load(f"{head},date,value\n{value},2026-01-05,3")
                self.assertEqual(record.purchase_ids.contact_id, partner)
                record.action_undo()

    def test_numbers_of_iranians_are_found_in_any_spelling(self):
        self.company.country_id = self.env.ref("base.ir")
        partner, old = self.env["res.partner"].create(
            [{"name": "A", "vat": "۰۰۷-۶۲۲۹۶۴-۵"}, {"name": "B"}]
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET vat = '۱۵۸۳۲۵۰۶۸۹' WHERE id = %s", [old.id]
        )
        # Without its zeros, as a spreadsheet keeps a number.
        record = self._load(
            "vat,date,value\n76229645,2026-01-05,3\n۱۵۸ ۳۲۵ ۰۶۸۹,2026-01-05,4"
        )
        self.assertEqual(record.purchase_ids.contact_id, partner | old)

    def test_contacts_are_found_whatever_keyboard_wrote_them(self):
        partner = self._create_customer_contact(
            name="علی", ref="ك۱۲ A", email="Ali.١@example.com", vat="IR-١٢۳/ك"
        )
        for head, values in {
            "customer": ("ک12 a", "ك١٢  A", "ک\u200c۱۲ a"),
            "email": ("ali.1@example.com", "ALI.۱@example.com"),
            "vat": ("ir123ک", "IR ۱۲٣ ك"),
        }.items():
            with self.subTest(head):
                rows = "".join(f"{value},2026-01-05,3\n" for value in values)
                record = self._load(f"{head},date,value\n{rows}")
                self.assertEqual(record.purchase_ids.contact_id, partner)
                self.assertEqual(len(record.purchase_ids), len(values))
                record.action_undo()

    def test_contacts_are_found_by_each_of_their_phones(self):
        self.company.country_id = self.env.ref("base.ir")
        partner = self._create_customer_contact(phone="۰۹۱۲ ۱۲۳ ۴۵۶۷")
        foreign = self._create_customer_contact(company_id=self.other_company.id)
        self.env["crm.phone.number"].create(
            [
                {"partner_id": partner.id, "number": "021-88776655 داخلی 3"},
                {"partner_id": foreign.id, "number": "021-88776644"},
            ]
        )
        record = self._load(
            "phone,date,value\n۰۰۹۸۹۱۲۱۲۳۴۵۶۷,2026-01-05,3\n02188776655,2026-01-05,4"
        )
        self.assertEqual(record.purchase_ids.contact_id, partner)
        self.assertEqual(len(record.purchase_ids), 2)
        record = self._import("phone,date,value\n02188776644,2026-01-05,3")
        record.action_check()
        self.assertEqual((record.error_count, record.new_count), (1, 0))

    def test_a_new_contact_has_the_first_name_the_file_gives(self):
        record = self._load(
            "customer,name,date,value\nX1,,2026-01-05,1\nX1,علی\u200cاکبر,2026-01-06,1",
            create_contacts=True,
        )
        self.assertEqual(record.purchase_ids.contact_id.name, "علی\u200cاکبر")

    def test_a_new_contact_keeps_what_its_first_row_has(self):
        record = self._load(
            "customer,name,date,value\nك۱,علي,2026-01-05,3\nک1,علی,2026-01-06,4",
            create_contacts=True,
        )
        contact = record.purchase_ids.contact_id
        self.assertEqual((contact.ref, contact.name), ("ك1", "علي"))
