from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import tagged

from . import common


@tagged("post_install", "-at_install")
class TestNeeds(common.KnowledgeCommon):
    def test_a_salesperson_notes_a_need_on_the_profile(self):
        customer = self.own.with_user(self.salesperson)
        customer.need_ids = [Command.create({"name": "Green paper", "kind": "like"})]
        need = self.own.need_ids
        self.assertRecordValues(
            need,
            [
                {
                    "name": "Green paper",
                    "author_id": self.salesperson.id,
                    "company_id": self.company.id,
                    "user_id": self.salesperson.id,
                }
            ],
        )
        with self.assertRaises(AccessError):
            customer.write({"need_ids": [Command.clear()], "net_revenue": 1})

    def test_nobody_moves_a_need_to_a_foreign_customer(self):
        need = self._need(self.own, "Quiet").with_user(self.salesperson)
        need.customer_id = self.second
        with self.assertRaises(AccessError):
            need.customer_id = self.foreign
        with self.assertRaises(AccessError):
            need.create({"customer_id": self.foreign.id, "name": "Spied"})

    def test_products_of_another_company_are_refused(self):
        product = self._create_product(company_id=self.other_company.id)
        with self.assertRaises(UserError):
            self._need(self.own, "Theirs", product_id=product.id)

    def test_known_needs_by_kind_of_many_customers_in_one_query(self):
        chocolate = self._need(self.own, "Chocolate", "dislike")
        nuts = self._need(self.own, "Nuts", "dislike", priority="2")
        self._need(self.own, "Flowers", "like")
        self._need(self.own, "Was so once", "dislike", active=False)
        alcohol = self._need(self.foreign, "Alcohol", "dislike")
        customers = self.own | self.second | self.foreign
        self.env.invalidate_all()
        with self.assertQueryCount(1):
            known = customers._known_needs(["dislike"])
        self.assertEqual(
            known,
            {
                self.own: nuts | chocolate,
                self.second: nuts.browse(),
                self.foreign: alcohol,
            },
        )
        self.assertEqual(known[self.own].ids, [nuts.id, chocolate.id])
        mine = customers.with_user(self.salesperson)._known_needs(["dislike"])
        self.assertFalse(mine[self.foreign.with_user(self.salesperson)])

    def test_documents_show_what_is_known_in_their_company(self):
        self._need(self.shared, "Paper", "like")
        self._need(self.shared, "Fax", "dislike")
        self._need(self.shared_abroad, "Abroad", "like")
        contact = self.shared.partner_id
        self.assertEqual(contact.customer_needs, "Likes: Paper\nDislikes: Fax")
        abroad = contact.with_company(self.other_company)
        self.assertEqual(abroad.customer_needs, "Likes: Abroad")
        leads = self.env["crm.lead"].create(
            [
                {"name": "L", "partner_id": partner.id}
                for partner in (contact, self.foreign.partner_id)
            ]
        )
        self._need(self.foreign, "Secret")
        leads.user_id = self.salesperson
        texts = leads.with_user(self.salesperson).mapped("customer_needs")
        self.assertEqual(texts, ["Likes: Paper\nDislikes: Fax", False])

    def test_a_need_that_was_moved_is_shown_at_once(self):
        need = self._need(self.own, "Paper")
        self.env.flush_all()
        need.customer_id = self.second
        self.assertEqual(self.second.partner_id.customer_needs, "Needs: Paper")
        self.assertFalse(self.own.partner_id.customer_needs)

    def test_a_page_of_documents_costs_the_same_queries(self):
        customers = self.own | self.second | self.shared
        for customer in customers:
            self._need(customer, "Paper")
        leads = self.env["crm.lead"].create(
            [{"name": "L", "partner_id": c.partner_id.id} for c in customers]
        )
        leads = leads.with_user(self.manager)

        def queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            records.mapped("partner_id.commercial_partner_id")
            records.mapped("company_id")
            before = self.env.cr.sql_log_count
            self.assertEqual(
                records.mapped("customer_needs"), ["Needs: Paper"] * len(records)
            )
            return self.env.cr.sql_log_count - before

        queries(leads)
        self.assertEqual(queries(leads), queries(leads[0]))

    def test_customers_are_found_by_their_needs_however_written(self):
        self._need(self.own, "کاغذ سبز")
        self._need(self.second, "Quiet", "dislike")
        Customer = self.env["crm.customer"].with_user(self.salesperson)
        for text in ("كاغذ", "سبز"):
            found = Customer.search([("need_ids.name", "ilike", text)])
            self.assertEqual(found, self.own)
        dislikes = Domain("need_ids", "any", [("kind", "=", "dislike")])
        self.assertEqual(Customer.search(dislikes), self.second)
        self.second.need_ids.active = False
        self.assertFalse(Customer.search(dislikes))

    def test_an_opportunity_notes_where_it_was_heard(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "L",
                "partner_id": self.own.partner_id.id,
                "user_id": self.salesperson.id,
            }
        )
        action = lead.with_user(self.salesperson).action_crm_note_need()
        need = (
            self.env["crm.customer.need"]
            .with_user(self.salesperson)
            .with_context(**action["context"])
            .create({"name": "Quiet"})
        )
        self.assertEqual((need.customer_id, need.lead_id), (self.own, lead))
        lead.partner_id = self.foreign.partner_id
        action = lead.with_user(self.salesperson).action_crm_note_need()
        self.assertEqual(action["tag"], "display_notification")

    def test_needs_are_grouped_by_salesperson(self):
        self._need(self.own, "A")
        self._need(self.foreign, "B")
        needs = self.env["crm.customer.need"].with_user(self.manager)
        groups = needs._read_group(
            [("customer_id", "in", (self.own | self.foreign).ids)],
            ["user_id"],
            ["__count"],
        )
        self.assertEqual(
            dict(groups),
            {
                self.salesperson.with_user(self.manager): 1,
                self.colleague.with_user(self.manager): 1,
            },
        )

    # -- what becomes of them
    def test_merging_contacts_keeps_the_needs_of_both(self):
        first = self._need(self.own, "A")
        second = self._need(self.second, "B", active=False)
        self._merge(self.second.partner_id, self.own.partner_id)
        self.assertFalse(self.second.exists())
        self.assertEqual((first | second).customer_id, self.own)

    def test_needs_follow_to_the_commercial_parent_in_each_company(self):
        here = self._need(self.shared, "Here")
        abroad = self._need(self.shared_abroad, "Abroad")
        self.shared.partner_id.write(
            {"parent_id": self.own.partner_id.id, "is_company": False}
        )
        self._refresh_marked()
        self.assertEqual(here.customer_id, self.own)
        self.assertEqual(abroad.customer_id.partner_id, self.own.partner_id)
        self.assertEqual(abroad.company_id, self.other_company)

    def test_needs_go_with_the_contact(self):
        contact = self._create_customer_contact(name="Gone", company_id=self.company.id)
        self._refresh_marked()
        need = self._need(self._customer(contact), "A")
        contact.unlink()
        self.assertFalse(need.exists())

    def test_a_profile_with_a_need_stays(self):
        """What was noted does not go when the last document is deleted."""
        contact = self._create_customer_contact(name="Stays")
        lead = self.env["crm.lead"].create(
            {
                "name": "L",
                "partner_id": contact.id,
                "company_id": self.other_company.id,
                "user_id": False,
            }
        )
        self._refresh_marked()
        customer = self._customer(contact, self.other_company)
        need = self._need(customer, "A", active=False)
        lead.unlink()
        self._refresh_marked()
        # What its changes of stage left behind would keep it as well.
        self.env.cr.execute("DELETE FROM crm_customer_history")
        self.env["crm.customer.mark"]._mark(contact.ids)
        self._refresh_marked()
        self.assertTrue(need.exists())
        need.unlink()
        self.env["crm.customer.mark"]._mark(contact.ids)
        self._refresh_marked()
        self.assertFalse(customer.exists())
