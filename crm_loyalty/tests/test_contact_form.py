"""What the contact form shows of the customer, and what that costs."""

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from . import common

OURS = {"crm_loyalty", "crm_tiers"}
FLAGS = ["has_needs", "has_brought"]


@tagged("post_install", "-at_install")
class TestContactForm(common.KnowledgeCommon):
    """Readers of one company and of two, and a customer of both."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        both = cls.company | cls.other_company
        cls.traveller = cls._user("loyalty_both", "sales_team.group_sale_salesman")
        cls.traveller.company_ids = [Command.set(both.ids)]
        cls.companies = both

    def _contact(self, customer, user, companies=None):
        companies = companies or self.company
        partner = customer.partner_id.with_user(user).with_company(companies[0])
        return partner.with_context(allowed_company_ids=companies.ids)

    def _friend(self, referrer, user=None):
        """Somebody who has not bought yet, brought by ``referrer`` or by nobody."""
        friend = self._create_customer_contact(
            name="Friend",
            company_id=self.company.id,
            user_id=(user or self.salesperson).id,
            referred_by_id=referrer and referrer.id,
        )
        self._refresh_marked()
        return friend

    # -- what it costs
    def _added_queries(self, contact):
        """How many SQL queries our fields add to the form of a contact."""
        arch = etree.fromstring(contact.get_view(view_type="form")["arch"])
        names = {*arch.xpath("//field[not(ancestor::field)]/@name")}
        # Who brought the field: others of Odoo's we only extend.
        stock = [n for n in names if not OURS & {*contact._fields[n]._modules[:1]}]
        self.assertGreater(len(names) - len(stock), 2)
        counts = []
        for shown in (names, stock) * 2:
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            contact.web_read({name: {} for name in shown})
            counts.append(self.cr.sql_log_count - before)
        # The first two fill the caches of the registry.
        return counts[2] - counts[3]

    def test_our_fields_add_the_profile_and_the_numbers(self):
        known, noted, referrer = self.own, self.second, self.shared
        for customer in (known, noted, referrer):
            customer.partner_id.user_id = self.traveller
        self._need(noted, "Paper")
        self._friend(referrer.partner_id, self.traveller)
        # What is told of others, and abroad, costs nothing here.
        self._need(self.shared_abroad, "Abroad")
        called = self._buyer("Called", user_id=self.traveller.id)
        self.env["crm.phone.number"].create(
            {"partner_id": called.partner_id.id, "number": "+3222011234"}
        )
        for companies in (self.company, self.companies):
            for customer, more, needs, brought in (
                (known, 0, False, 0),
                (noted, 1, "Needs: Paper", 0),
                (referrer, 1, False, 1),
                (called, 1, False, 0),
            ):
                contact = self._contact(customer, self.traveller, companies)
                with self.subTest(customer.display_name, companies=len(companies)):
                    self.assertEqual(self._added_queries(contact), 2 + more)
                    self.assertEqual(contact.customer_stage, "first_time")
                    self.assertEqual(contact.customer_needs, needs)
                    self.assertEqual(contact.brought_count, brought)

    def test_a_contact_without_a_profile_of_the_reader(self):
        """What he may open is counted all the same; of needs he learns nothing."""
        self._need(self.foreign, "Secret")
        self._friend(self.foreign.partner_id)
        self._friend(self.foreign.partner_id, self.colleague)
        both = "sales_team.group_sale_salesman,account.group_account_invoice"
        for user, brought, needs, more in (
            (self.salesperson, 1, False, 1),
            (self._user("loyalty_sells_and_books", both), 2, "Needs: Secret", 2),
            (self.manager, 2, "Needs: Secret", 2),
            (self.accountant, 2, None, 1),
        ):
            contact = self._contact(self.foreign, user)
            with self.subTest(user.login):
                self.assertEqual(contact.brought_count, brought)
                if needs is not None:
                    self.assertEqual(contact.customer_needs, needs)
                numbers = user != self.accountant
                self.assertEqual(self._added_queries(contact), 1 + numbers + more)
        stranger = self._contact(self.own, self.colleague)
        self.assertFalse(stranger.crm_customer_id)
        self.assertEqual(stranger.brought_count, 0)

    def test_a_page_of_contacts_costs_the_same_queries(self):
        customers = self.own | self.second | self.shared
        for customer in customers:
            self._need(customer, "Paper")
            self._friend(customer.partner_id)
        contacts = self.env["res.partner"].with_user(self.manager)
        contacts = contacts.browse(customers.partner_id.ids)

        def queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            records.mapped("name")
            before = self.cr.sql_log_count
            shown = records.mapped(lambda c: (c.customer_needs, c.brought_count))
            self.assertEqual(shown, [("Needs: Paper", 1)] * len(records))
            return self.cr.sql_log_count - before

        queries(contacts)
        self.assertEqual(queries(contacts), queries(contacts[0]))

    # -- what a transaction has read and changes then
    def test_what_is_noted_later_is_shown(self):
        contact = self._contact(self.own, self.salesperson)
        self.assertEqual(contact.customer_stage, "first_time")
        need = self._need(self.own, "Paper")
        self.assertEqual(contact.customer_needs, "Needs: Paper")
        need.customer_id = self.second
        second = self._contact(self.second, self.salesperson)
        self.assertEqual(second.customer_needs, "Needs: Paper")
        contact.invalidate_recordset()
        self.assertFalse(contact.customer_needs)
        need.unlink()
        second.invalidate_recordset()
        self.assertFalse(second.customer_needs)

    def test_who_is_brought_later_is_counted(self):
        friend = self._friend(None)
        contact = self._contact(self.own, self.salesperson)
        self.assertEqual(contact.customer_stage, "first_time")
        friend.referred_by_id = self.own.partner_id
        # Not by a refresh: that forgets everything that was read.
        self.env["crm.referral"]._follow(friend.ids)
        self.assertEqual(contact.brought_count, 1)
        friend.referred_by_id = False
        self.env["crm.referral"]._follow(friend.ids)
        contact.invalidate_recordset()
        self.assertEqual(contact.brought_count, 0)

    def test_whom_a_person_brought_his_company_brought(self):
        person = self._create_customer_contact(
            name="Person", parent_id=self.own.partner_id.id
        )
        self._friend(person)
        before = self._contact(self.own, self.salesperson)
        after = self._contact(self.second, self.salesperson)
        stages = (before | after).mapped("customer_stage")
        self.assertEqual(stages, ["first_time"] * 2)
        self.assertEqual(before.brought_count, 1)
        person.parent_id = self.second.partner_id
        self.assertEqual(after.brought_count, 1)
        before.invalidate_recordset()
        self.assertEqual(before.brought_count, 0)

    def test_flags_are_for_nobody_to_read(self):
        self._need(self.own, "Paper")
        for user in (self.salesperson, self.manager, self.accountant):
            customer = self.own.with_user(user)
            self.assertFalse(customer.fields_get(FLAGS))
            for name in FLAGS:
                with self.assertRaises(AccessError):
                    customer.read([name])
        self.assertEqual(
            # sudo: what no user may read
            [self.own.sudo()[name] for name in FLAGS],
            [True, False],
        )
