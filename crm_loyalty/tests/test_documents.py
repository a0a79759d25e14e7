from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged
from odoo.tools import SQL

from ..models.crm_customer import STAGES
from .common import CrmLoyaltyCommon


@tagged("post_install", "-at_install")
class TestDocuments(CrmLoyaltyCommon):
    """What the profile counts, opens and says of cost."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls._create_customer_contact(user_id=cls.salesperson.id)
        person = cls._create_customer_contact(parent_id=cls.partner.id)
        # A customer of his own, though below the first.
        branch = cls._create_customer_contact(
            parent_id=cls.partner.id, is_company=True, user_id=cls.salesperson.id
        )
        cls.leads = cls.env["crm.lead"].create(
            [
                {
                    "name": "Lead",
                    "type": "opportunity",
                    "partner_id": partner.id,
                    "user_id": user.id,
                }
                for partner, user in (
                    (cls.partner, cls.salesperson),
                    (person, cls.salesperson),
                    (cls.partner, cls.colleague),
                    (branch, cls.salesperson),
                )
            ]
        )
        cls.leads[0].action_set_lost()
        cls.today = cls.env["crm.customer"]._today()
        cls.env["crm.customer"]._refresh()
        # As screens open it: lost leads are counted all the same.
        cls.customer = cls._customer(cls.partner).with_context(active_test=True)

    def _unknown_cost(self, amount, **values):
        """An imported purchase without cost."""
        return self.env["crm.customer.purchase"].create(
            {
                "contact_id": self.partner.id,
                "company_id": self.company.id,
                "date": self.today,
                "amount": amount,
                "document_amount": amount,
                "document_currency_id": self.company.currency_id.id,
                **values,
            }
        )

    def test_each_reader_counts_what_he_may_open(self):
        counts = {
            user: self.customer.with_user(user).lead_count
            for user in (self.salesperson, self.leader, self.manager, self.accountant)
        }
        self.assertEqual(
            counts,
            {self.salesperson: 2, self.leader: 0, self.manager: 3, self.accountant: 0},
        )

    def test_a_button_opens_what_it_counts(self):
        self._order(self.partner, confirm=False)
        self._order(self.partner)._action_cancel()
        credit = self._credit(self._invoice(self.partner, self.today, 100), self.today)
        self._invoice(self.partner, self.today, 100, post=False)
        customer = self.customer.with_user(self.manager)
        # Odoo writes the day of a credit note by itself.
        self.assertEqual(credit.state, "posted")
        for name, action in (
            ("lead_count", customer.action_open_leads()),
            ("order_count", customer.action_open_orders()),
            (
                "invoice_count",
                customer.with_user(self.accountant).action_open_invoices(),
            ),
        ):
            documents = self.env[action["res_model"]].with_context(**action["context"])
            with self.subTest(name):
                expected = {"lead_count": 3, "order_count": 2, "invoice_count": 2}[name]
                self.assertEqual(documents.search_count(action["domain"]), expected)
                reader = customer.with_user(
                    self.accountant if name == "invoice_count" else self.manager
                )
                self.assertEqual(reader[name], expected)

    def test_counts_do_not_take_other_companies(self):
        self._invoice(self.partner, self.today, 100, company=self.other_company)
        self.assertEqual(self.customer.invoice_count, 0)

    def test_invoices_follow_a_contact_that_is_a_company_no_longer(self):
        parent = self._create_customer_contact(is_company=True)
        contact = self._create_customer_contact(parent_id=parent.id, is_company=True)
        invoice = self._invoice(contact, self.today, 100)
        contact.is_company = False
        self._refresh_marked()
        # Odoo leaves the document as it is, and the figures follow the contact.
        self.assertEqual(invoice.commercial_partner_id, contact)
        customer = self._customer(parent).with_user(self.accountant)
        self.assertEqual((customer.purchase_count, customer.invoice_count), (1, 1))
        domain = customer.action_open_invoices()["domain"]
        self.assertEqual(self.env["account.move"].search(domain), invoice)

    def test_the_explanation_reads_in_the_language_of_each_reader(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        self._purchase(self.partner, self.today, 100)
        self._refresh_marked()
        persian = self.customer.with_context(lang="fa_IR")
        texts = [reader.explanation for reader in (self.customer, persian) * 2]
        self.assertIn("One purchase.", texts[0])
        self.assertIn("یک خرید", texts[1])
        self.assertEqual(texts[2:], texts[:2])

    def test_the_explanation_goes_by_the_day_of_the_profiles_company(self):
        self.company.resource_calendar_id.tz = "UTC"
        self.other_company.resource_calendar_id.tz = "Pacific/Kiritimati"
        with freeze_time("2020-01-10 12:00:00"):
            self.customer.write(
                {
                    "manual_stage": "partner",
                    "manual_stage_reason": "Sells with us",
                    "manual_stage_until": "2020-01-10",
                }
            )
            # There it is the next day already.
            reader = self.customer.with_company(self.other_company)
            self.assertEqual(str(reader._today()), "2020-01-11")
            self.assertIn("Set by hand.", reader.explanation)

    def test_purchases_are_found_by_whatever_they_point_to(self):
        """Else deleting or merging one contact reads the rows of all others."""
        found = self.env.execute_query(
            SQL(
                """
                SELECT a.attname
                  FROM pg_constraint c
                  JOIN pg_attribute a
                    ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
                 WHERE c.contype = 'f'
                   AND c.conrelid = 'crm_customer_purchase'::regclass
                   AND c.confrelid NOT IN ('res_company'::regclass,
                                           'res_currency'::regclass,
                                           'res_users'::regclass)
                   AND NOT EXISTS (SELECT FROM pg_index i
                                    WHERE i.indrelid = c.conrelid
                                      AND i.indkey[0] = a.attnum)
                """
            )
        )
        self.assertEqual(found, [])

    def test_unknown_cost_is_no_margin(self):
        known = self._purchase(self.partner, self.today, 100, cost=60)
        free = self._purchase(self.partner, self.today, 10, cost=0)
        unknown = self._unknown_cost(500)
        self._unknown_cost(7, date=self.today - timedelta(days=800))
        self.assertRecordValues(
            known | free | unknown,
            [
                {"is_cost_known": True, "margin": 40},
                {"is_cost_known": True, "margin": 10},
                {"is_cost_known": False, "margin": 0},
            ],
        )
        self._refresh_marked()
        self.assertRecordValues(
            self.customer,
            [{"net_revenue_12m": 610, "margin_12m": 50, "cost_unknown_12m": 500}],
        )
        purchases = self.env["crm.customer.purchase"]
        own = [("partner_id", "=", self.partner.id), ("date", "=", self.today)]
        self.assertEqual(
            purchases.search([*own, ("is_cost_known", "=", False)]), unknown
        )
        self.assertEqual(
            purchases.search([*own, ("is_cost_known", "=", True)]), known | free
        )

    def test_lists_read_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        self._purchase(self.partner, self.today, 1)
        self._refresh_marked()
        facts = self.env["crm.profile.requirement"].search([])
        self.assertGreater(len(facts), 3)
        self.assertIn(", ", self.customer.missing_facts)
        self.customer.invalidate_recordset()
        persian = self.customer.with_context(lang="fa_IR").missing_facts
        self.assertIn("،", persian)
        self.assertNotIn(", ", persian)

    def test_columns_stand_in_the_order_of_the_ladder(self):
        customers = self.env["crm.customer"].with_context(read_group_expand=True)
        groups = customers.web_read_group([], ["stage"], ["__count"])["groups"]
        self.assertEqual(
            [group["stage"] for group in groups], [stage for stage, _label in STAGES]
        )
        groups = customers.web_read_group([], ["phase"], ["__count"])["groups"]
        self.assertEqual(
            [group["phase"] for group in groups],
            ["prospect", "responder", "active", "former"],
        )
