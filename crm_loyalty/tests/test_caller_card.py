from lxml import html
from markupsafe import Markup

from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from . import common

MOBILE = "+989121234567"


@tagged("post_install", "-at_install")
class TestCallerCard(common.KnowledgeCommon, common.PaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.country_id = cls.env.ref("base.ir")
        cls.company.crm_area_code = "021"
        cls.own.partner_id.phone = "0912 123 4567"
        cls.foreign.partner_id.phone = "0912 999 9999"
        cls.env.flush_all()

    def _number(self, contact, number, **values):
        return self.env["crm.phone.number"].create(
            {"partner_id": contact.id, "number": number, **values}
        )

    def _form(self, user=None, phone=None, **context):
        cards = self.env["crm.caller.card"].with_user(user or self.salesperson)
        form = Form(cards.with_context(**context))
        if phone:
            form.phone = phone
        return form

    def _read(self, card):
        """``{key: {label: text}}`` of the sections of a rendered card."""
        return {
            section.get("data-section"): {
                item.find("dt").text_content().strip(): item.find("dd")
                .text_content()
                .strip()
                for item in section.iterfind("dl/div")
            }
            for section in html.fromstring(f"<div>{card}</div>").iter("section")
        }

    def _sections(self, customer, user=None):
        """``{key: rows}`` as a user gets them."""
        self.env.flush_all()
        self.env.invalidate_all()
        customer = customer.with_user(user or self.salesperson)
        return {item["key"]: item["rows"] for item in customer._caller_card()}

    # -- whose number it is
    def test_a_number_in_any_form_shows_the_one_customer(self):
        for typed in (
            "09121234567",
            "۰۹۱۲۱۲۳۴۵۶۷",
            "+98 912 123 4567",
            "00989121234567",
            "\u200f۰۹۱۲-۱۲۳-۴۵۶۷ داخلی ۲",
            "912123",
        ):
            with self.subTest(typed):
                form = self._form(phone=typed)
                self.assertEqual(form.partner_id, self.own.partner_id)
                self.assertEqual(form.crm_customer_id, self.own)
                self.assertFalse(form.is_unknown)
                self.assertFalse(form.message)
                self.assertIn("Own", form.card)

    def test_further_numbers_and_local_ones_are_found(self):
        self._number(self.second.partner_id, "88776655-57")
        for typed in ("88776656", "021-88776657", "+982188776655"):
            self.assertEqual(self._form(phone=typed).crm_customer_id, self.second)

    def test_nobody_has_the_number(self):
        form = self._form(phone="0935 000 0000")
        self.assertEqual(form.message, "No contact has this number.")
        self.assertTrue(form.is_unknown)
        self.assertFalse(form.partner_id or form.card)
        action = form.save().action_create_lead()
        self.assertEqual(action["res_model"], "crm.lead")
        lead = self.env["crm.lead"].with_user(self.salesperson)
        lead_form = Form(lead.with_context(**action["context"]))
        self.assertEqual(lead_form.phone, "+98 935 000 0000")

    def test_what_is_no_number_is_said(self):
        form = self._form(phone="<b>x</b>")
        self.assertEqual(
            form.message, "“<b>x</b>” holds no phone number. Write its digits."
        )
        self.assertFalse(form.is_unknown)
        form.phone = "   "
        self.assertFalse(form.message)
        form.phone = "7" * 10_000
        self.assertIn("holds no phone number", form.message)

    def test_of_several_customers_one_is_chosen(self):
        self._number(self.second.partner_id, MOBILE)
        form = self._form(phone="09121234567")
        customers = self.own | self.second
        self.assertEqual(form.found_ids[:], customers.partner_id)
        self.assertFalse(form.partner_id or form.card)
        form.partner_id = self.second.partner_id
        self.assertEqual(form.crm_customer_id, self.second)
        self.assertIn("Second", form.card)
        self.assertEqual(form.found_ids[:], customers.partner_id)
        form.phone = "09129999999"
        self.assertEqual(form.partner_id, self.foreign.partner_id)

    def test_persons_of_one_customer_are_one(self):
        person, _other = self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "parent_id": self.second.partner_id.id,
                    "phone": "021-44556677",
                }
                for name in ("Ali", "Sara")
            ]
        )
        form = self._form(phone="44556677")
        self.assertEqual(form.partner_id, self.second.partner_id)
        self.assertEqual(form.crm_customer_id, self.second)
        person.phone = "09350000001"
        form = self._form(phone="09350000001")
        self.assertEqual(form.partner_id, person)
        self.assertEqual(form.crm_customer_id, self.second)
        self.assertIn("Second, Ali", form.card)

    def test_who_answers_that_extension_comes_alone(self):
        self._number(self.own.partner_id, "88776655", extension="۱۱۲")
        self.second.partner_id.phone = "021-88776655 داخلی ۱۱۳"
        for typed, customers in {
            "88776655 داخلی ۱۱۲": self.own,
            "02188776655 ext. 113": self.second,
            "88776655 #9": self.own | self.second,
            "88776655": self.own | self.second,
        }.items():
            with self.subTest(typed):
                found = self._form(phone=typed).found_ids[:]
                self.assertEqual(found, customers.partner_id)

    def test_too_many_customers_are_not_listed(self):
        self.env["res.partner"].create(
            [
                {"name": f"Many {number}", "phone": f"093611111{number}"}
                for number in range(10, 21)
            ]
        )
        form = self._form(phone="0936 111")
        self.assertEqual(len(form.found_ids[:]), 10)
        self.assertIn("More than 10 customers", form.message)
        form.phone = "0936111111"  # 10 and 11 to 19: not 20
        self.assertEqual(len(form.found_ids[:]), 10)
        self.assertFalse(form.message)

    def test_archived_contacts_are_found_where_no_other_is(self):
        self.own.partner_id.active = False
        form = self._form(phone=MOBILE)
        self.assertEqual(form.crm_customer_id, self.own)
        self.assertIn("Archived", form.card)
        self._number(self.second.partner_id, MOBILE)
        self.assertEqual(self._form(phone=MOBILE).crm_customer_id, self.second)

    # -- asked for on a screen
    def test_contact_and_profile_open_their_card(self):
        for record in (self.own, self.own.partner_id):
            form = self._form(active_model=record._name, active_id=record.id)
            self.assertEqual(form.crm_customer_id, self.own)
            self.assertIn("First-time", form.card)
        form = self._form(active_model="crm.lead", active_id=1)
        self.assertFalse(form.partner_id)

    def test_buttons_open_profile_and_contact(self):
        wizard = self._form(phone=MOBILE).save()
        self.assertEqual(wizard.action_open_crm_customer()["res_id"], self.own.id)
        action = wizard.action_open_contact()
        self.assertEqual(action["res_id"], self.own.partner_id.id)

    # -- who sees what
    def test_of_a_foreign_customer_name_and_salesperson_alone(self):
        self._need(self.foreign, "Secret need")
        form = self._form(phone="09129999999")
        self.assertFalse(form.crm_customer_id)
        self.assertEqual(
            self._read(form.card), {"contact": {"Salesperson": self.colleague.name}}
        )
        self.assertIn("Foreign", form.card)
        for secret in ("Secret", "First-time", "Active", "100"):
            self.assertNotIn(secret, form.card)
        # Nor by writing the customer oneself.
        wizard = self.env["crm.caller.card"].with_user(self.salesperson)
        wizard = wizard.create({"partner_id": self.foreign.partner_id.id})
        self.assertFalse(wizard.crm_customer_id)
        self.assertEqual(list(self._read(wizard.card)), ["contact"])
        with self.assertRaises(AccessError):
            self._form(active_model="crm.customer", active_id=self.foreign.id)
        for user in (self.manager, self.accountant):
            form = self._form(user, "09129999999")
            self.assertEqual(form.crm_customer_id, self.foreign)

    def test_a_leader_sees_customers_of_his_team(self):
        self.assertIn("who", self._read(self._form(self.leader, MOBILE).card))
        form = self._form(self.leader, "09129999999")
        self.assertEqual(list(self._read(form.card)), ["contact"])

    def test_a_contact_of_another_company_is_unknown(self):
        self._create_customer_contact(
            name="Abroad", phone="09350000002", company_id=self.other_company.id
        )
        form = self._form(phone="09350000002")
        self.assertTrue(form.is_unknown)
        contact = self._create_customer_contact(
            name="Hidden", company_id=self.other_company.id
        )
        wizard = self.env["crm.caller.card"].with_user(self.salesperson)
        wizard = wizard.create({"partner_id": contact.id})
        self.assertFalse(wizard.card)

    def test_the_profile_is_the_active_companys(self):
        self._need(self.shared, "Here")
        self._need(self.shared_abroad, "Abroad")
        self.shared.partner_id.phone = "09350000003"
        companies = self.company | self.other_company
        self.manager.company_ids = companies
        manager = self.manager

        def card(first, **context):
            ids = (
                (first | companies).ids
                if first == self.company
                else [
                    first.id,
                    self.company.id,
                ]
            )
            return self._form(manager, allowed_company_ids=ids, **context)

        form = card(self.company)
        form.phone = "09350000003"
        self.assertEqual(form.crm_customer_id, self.shared)
        self.assertEqual(self._read(form.card)["needs"], {"Needs": "Here"})
        form = card(self.other_company)
        form.phone = "09350000003"
        self.assertEqual(form.crm_customer_id, self.shared_abroad)
        self.assertEqual(self._read(form.card)["needs"], {"Needs": "Abroad"})
        # Opened on a profile, it is that one's.
        form = card(
            self.company, active_model="crm.customer", active_id=self.shared_abroad.id
        )
        self.assertEqual(self._read(form.card)["needs"], {"Needs": "Abroad"})

    def test_portal_and_others_have_no_card(self):
        stranger = self._user("loyalty_stranger", "base.group_user")
        portal = self._user("loyalty_portal_card", "base.group_portal")
        for user in (stranger, portal, self.env.ref("base.public_user")):
            with self.assertRaises(AccessError):
                self.env["crm.caller.card"].with_user(user).create({"phone": MOBILE})

    # -- what it says
    def test_sections_of_a_customer(self):
        # He may enter both companies, and the card is of one.
        self.salesperson.company_ids |= self.other_company
        self._need(self.own, "Chocolate", "dislike")
        self._need(self.own, "Nuts", "dislike", priority="2")
        self._need(self.own, "Green paper", "like", priority="1")
        self._need(self.own, "Was so once", "like", active=False)
        self._purchase(self.own.partner_id, "2026-01-16", 50)
        self._purchase(self.own.partner_id, "2026-01-17", -20)
        self._purchase(self.own.partner_id, "2026-01-18", 5, company=self.other_company)
        self._refresh_marked()
        self.env["crm.customer.objective"].create(
            [
                {"customer_id": self.own.id, "name": "Grow", "percent": 40},
                {"customer_id": self.second.id, "name": "Not his"},
            ]
        )
        sections = self._sections(self.own)
        who = dict(sections["who"])
        self.assertEqual(
            {name: who[name] for name in ("Stage", "Phase", "Salesperson")},
            {
                "Stage": "Repeat",
                "Phase": "Active",
                "Salesperson": self.salesperson.name,
            },
        )
        self.assertEqual(
            sections["needs"],
            [
                ("Likes", "★ Green paper"),
                ("Dislikes", "★★ Nuts"),
                ("", "Chocolate"),
            ],
        )
        money = self.company._crm_format_money
        currency = self.company.currency_id
        self.assertEqual(
            sections["purchases"],
            [("01/16/2026", money(50, currency)), ("01/15/2026", money(100, currency))],
        )
        self.assertEqual(
            sections["objective"], [("Wished Result", "Grow"), ("Progress", "40%")]
        )
        self.assertEqual(
            sections["missing"], [("Missing Facts", self.own.missing_facts)]
        )
        for number in range(5):
            self._need(self.own, f"Like {number}", "like")
        needs = self._sections(self.own)["needs"]
        self.assertEqual(needs[5], ("", "1 more"))
        self.assertEqual(needs[6:], sections["needs"][1:])
        self.assertNotIn("returned", sections)
        self.assertNotIn("open", sections)

    def test_open_opportunities_quotations_and_the_next_activity(self):
        self.salesperson.company_ids |= self.other_company
        contact = self.own.partner_id
        person = self._create_customer_contact(name="Ali", parent_id=contact.id)
        self.env["crm.lead"].create(
            {
                "name": "Abroad",
                "type": "opportunity",
                "partner_id": contact.id,
                "company_id": self.other_company.id,
                "user_id": self.salesperson.id,
                "priority": "3",
            }
        )
        stage = self.env["crm.stage"].search([], limit=1)
        leads = self.env["crm.lead"].create(
            [
                {
                    "name": f"Deal {number}",
                    "type": "opportunity",
                    "partner_id": person.id,
                    "user_id": self.salesperson.id,
                    "stage_id": stage.id,
                    "expected_revenue": 10 * number,
                    "priority": str(min(number, 3)),
                }
                for number in range(5)
            ]
        )
        leads[4].action_set_lost()
        leads[0].user_id = self.colleague
        order = self._order(contact, confirm=False)
        self._order(contact)
        # A draft without a salesperson is no salesperson's.
        order.user_id = self.salesperson
        lead_activity, _later, _foreign = self.env["mail.activity"].create(
            [
                {
                    "res_model_id": self.env["ir.model"]._get_id(record._name),
                    "res_id": record.id,
                    "summary": summary,
                    "date_deadline": day,
                    "user_id": user.id,
                }
                for record, summary, day, user in (
                    (leads[3], "Call back", "2026-02-02", self.colleague),
                    (contact, "Visit", "2026-03-02", self.salesperson),
                    (self.foreign.partner_id, "Not his", "2026-01-02", self.colleague),
                )
            ]
        )
        money = self.company._crm_format_money
        currency = self.company.currency_id
        rows = self._sections(self.own)["open"]
        self.assertEqual(
            rows[:3],
            [(stage.name, f"Deal {n} · {money(10 * n, currency)}") for n in (3, 2, 1)],
        )
        number, text = rows[3]
        self.assertEqual(number, f"Quotation {order.name}")
        self.assertTrue(text.startswith(f"{money(100, currency)} · "))
        self.assertEqual(
            rows[4:],
            [("Next Activity", f"02/02/2026 · Call back · {self.colleague.name}")],
        )
        leads[0].user_id = self.salesperson
        self.assertIn(("", "1 more"), self._sections(self.own)["open"])
        lead_activity.unlink()
        self.assertIn(
            ("Next Activity", "03/02/2026 · Visit"), self._sections(self.own)["open"]
        )

    def test_accountants_see_the_balance_and_no_private_notes(self):
        self.accountant.company_ids |= self.other_company
        self._need(self.own, "Private")
        self.env["crm.customer.objective"].create(
            {"customer_id": self.own.id, "name": "Private"}
        )
        contact = self.own.partner_id
        due = self._invoice(contact, "2026-01-10", 70, invoice_date_due="2026-01-10")
        self._invoice(contact, "2026-01-10", 30, invoice_date_due="2199-01-01")
        self._invoice(contact, "2026-01-10", 9, company=self.other_company)
        self._invoice(self.second.partner_id, "2026-01-10", 5)
        money = self.company._crm_format_money
        currency = self.company.currency_id
        sections = self._sections(self.own, self.accountant)
        self.assertEqual(
            sections["balance"],
            [
                ("Balance", money(100, currency)),
                ("Of Which Overdue", money(70, currency)),
            ],
        )
        self.assertEqual(contact.with_user(self.accountant).credit, 100)
        self.assertFalse({"needs", "objective"} & sections.keys())
        for user in (self.salesperson, self.manager):
            self.assertNotIn("balance", self._sections(self.own, user))
        self._pay(due, "2026-01-11")
        sections = self._sections(self.own, self.accountant)
        self.assertEqual(sections["balance"], [("Balance", money(30, currency))])

    def test_returned_cheques_are_told_to_salespeople(self):
        invoice = self._invoice(self.own.partner_id, "2026-01-10", 70)
        self._pay(invoice, "2026-01-11").action_crm_returned()
        day = self.env["crm.customer"]._today()
        self.assertEqual(
            self._sections(self.own)["returned"],
            [("Count", "1"), ("Last Returned", f"{day:%m/%d/%Y}")],
        )

    def test_days_and_amounts_are_the_readers(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        self.env["ir.module.module"]._load_module_terms(["crm_loyalty"], ["fa_IR"])
        self.salesperson.write({"lang": "fa_IR", "crm_calendar": "jalali"})
        currency = self.env["res.currency"].create(
            {"name": "IRT", "symbol": "ریال", "rounding": 1}
        )
        self.company.currency_id = currency
        self.company.crm_money_unit_id = self.env["crm.money.unit"].create(
            {"name": "تومان", "currency_id": currency.id, "factor": 10}
        )
        self.env.flush_all()
        self.env.invalidate_all()
        customer = self.own.with_user(self.salesperson).with_context(lang="fa_IR")
        sections = {item["key"]: item for item in customer._caller_card()}
        [(day, amount)] = sections["purchases"]["rows"]
        self.assertEqual(day, "1404/10/25")
        self.assertEqual(amount, "10\N{NO-BREAK SPACE}تومان")
        self.assertIn(("رده", "بار اول"), sections["who"]["rows"])

    def test_what_others_typed_stays_text(self):
        evil = "<img src=x onerror=alert(1)>"
        self.own.partner_id.name = evil
        self._need(self.own, evil, "like")
        card = self._form(phone=MOBILE).card
        self.assertNotIn("<img", card)
        self.assertEqual(self._read(card)["needs"], {"Likes": evil})
        self.own.partner_id.user_id = self.colleague
        self.assertNotIn("<img", self._form(phone=MOBILE).card)
        # Nor may a section of an upper add-on bring HTML.
        customers = self.env.registry["crm.customer"]
        rows = [(Markup("<b>x</b>"), Markup(evil))]
        section = {"key": "x", "sequence": 5, "title": "T", "rows": rows}
        self.own.partner_id.user_id = self.salesperson
        self.patch(customers, "_caller_card_sections", lambda self: [section])
        card = self._form(phone=MOBILE).card
        self.assertEqual(self._read(card), {"x": {"<b>x</b>": evil}})

    def test_sections_stand_in_their_order(self):
        customers = self.env.registry["crm.customer"]
        own = customers._caller_card_sections
        rows = [("L", "T")]

        def sections(self):
            return [
                {"key": "last", "sequence": 99, "title": "Z", "rows": rows},
                *own(self),
                {"key": "none", "sequence": 1, "title": "N", "rows": []},
                {"key": "first", "sequence": 1, "title": "A", "rows": rows},
            ]

        self.patch(customers, "_caller_card_sections", sections)
        keys = list(self._sections(self.own))
        self.assertEqual((keys[0], keys[-1]), ("first", "last"))
        self.assertNotIn("none", keys)

    # -- speed
    def test_queries_do_not_grow_with_the_rows(self):
        def fill():
            contact = self.own.partner_id
            self._need(self.own, "Paper", "like")
            self._purchase(contact, "2026-01-16", 50)
            person = self._create_customer_contact(name="P", parent_id=contact.id)
            lead = self.env["crm.lead"].create(
                {
                    "name": "Deal",
                    "type": "opportunity",
                    "partner_id": person.id,
                    "user_id": self.salesperson.id,
                }
            )
            lead.activity_schedule(
                "mail.mail_activity_data_todo", user_id=self.salesperson.id
            )
            self._order(contact, confirm=False).user_id = self.salesperson
            self._refresh_marked()

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.own.with_user(self.salesperson)._caller_card()
            return self.env.cr.sql_log_count - before

        fill()
        queries()  # warm
        one = queries()
        for _round in range(3):
            fill()
        self.assertEqual(queries(), one)
        self.assertLess(one, 45)

    def test_looking_up_costs_the_same_for_many(self):
        self.assertTrue(self.own.partner_id.phone_sanitized)

        def queries():
            self.env.flush_all()
            self.env.invalidate_all()
            cards = self.env["crm.caller.card"].with_user(self.salesperson)
            wizard = cards.new({"phone": "88776600 داخلی 5"})
            before = self.env.cr.sql_log_count
            self.assertTrue(wizard.found_ids)
            return self.env.cr.sql_log_count - before

        def contact(number):
            partner = self._create_customer_contact(
                name=f"C {number}", phone=MOBILE, is_company=True
            )
            self._number(partner, "88776600", extension=str(number))

        contact(0)
        queries()
        one = queries()
        for number in range(1, 9):
            contact(number)
        self.assertEqual(queries(), one)
