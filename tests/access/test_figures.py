"""Figures, names and totals: nobody gets any of a customer he may not open."""

import test_access

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged


@tagged("post_install", "-at_install")
class TestFigures(test_access.AccessCommon):
    """Nobody gets figures of a customer he may not open, in any way."""

    def _may_export(self):
        group = self.env.ref("base.group_allow_export")
        self.salesperson.group_ids = [Command.link(group.id)]

    def test_figures_cannot_be_written(self):
        for role in ("salesperson", "leader", "manager", "accountant"):
            customer = self.customers["own"].with_user(getattr(self, role))
            for values in ({"stage": "partner"}, {"net_revenue": 1}, {"user_id": 1}):
                with self.subTest(role=role, values=values):
                    with self.assertRaises(AccessError):
                        customer.write(values)
            with self.subTest(role=role), self.assertRaises(UserError):
                customer.create({"partner_id": 1, "company_id": 1})

    def test_manual_values_are_written_and_noted(self):
        customer = self.customers["own"].with_user(self.salesperson)
        customer.write({"manual_stage": "partner", "manual_stage_reason": "Contract"})
        self.assertEqual(customer.stage, "partner")
        self.assertEqual(customer.history_ids.user_id, self.salesperson)

    def test_lists_totals_and_names_hold_own_customers_only(self):
        self._may_export()
        own, foreign = self.customers["own"], self.customers["colleague"]
        rows = (own | foreign).ids
        Customer = self.env["crm.customer"].with_user(self.salesperson)
        self.assertEqual(Customer.search([("id", "in", rows)]), own)
        groups = Customer.formatted_read_group(
            [("id", "in", rows)], ["stage"], ["net_revenue:sum", "__count"]
        )
        self.assertEqual([group["__count"] for group in groups], [1])
        self.assertEqual([group["net_revenue:sum"] for group in groups], [100])
        names = Customer.name_search("Access")
        self.assertIn(own.id, [name[0] for name in names])
        self.assertNotIn(foreign.id, [name[0] for name in names])
        with self.assertRaises(AccessError):
            foreign.with_user(self.salesperson).export_data(["stage"])
        purchases = self.env["crm.customer.purchase"].with_user(self.salesperson)
        partners = (own | foreign).partner_id.ids
        self.assertEqual(
            purchases._read_group(
                [("partner_id", "in", partners)], ["partner_id"], ["amount:sum"]
            ),
            [(own.partner_id, 100)],
        )

    def test_documents_show_own_customers_only(self):
        self._may_export()
        names = ("own", "colleague")
        contacts = [self.contacts[name] for name in names]
        documents = {
            "res.partner": contacts,
            "crm.lead": [
                self.env["crm.lead"].create(
                    {"name": "L", "partner_id": contact.id, "user_id": False}
                )
                for contact in contacts
            ],
            "sale.order": [self._order(contact, confirm=False) for contact in contacts],
            "account.move": [
                self._invoice(contact, test_access.TODAY, 5, post=False)
                for contact in contacts
            ],
        }
        # Documents themselves are Odoo's to guard: here the reader may open both.
        for order in documents["sale.order"]:
            order.user_id = self.salesperson
        for move in documents["account.move"]:
            move.invoice_user_id = self.salesperson
        for model, (own, foreign) in documents.items():
            with self.subTest(model=model):
                pair = (own | foreign).with_user(self.salesperson)
                self.env.invalidate_all()
                stages = pair.mapped("customer_stage")
                self.assertEqual(stages, ["first_time", False])
                self.assertFalse(pair[1].crm_customer_id)
                found = pair.search(
                    [("id", "in", pair.ids), ("customer_stage", "=", "first_time")]
                )
                self.assertEqual(found, pair[0])
                exported = pair.export_data(["customer_stage"])["datas"]
                self.assertEqual(
                    [bool(row[0]) for row in exported], [True, False], exported
                )

    def test_portal_and_public_have_no_such_fields(self):
        for user in (self.portal, self.public):
            fields = self.env["res.partner"].with_user(user).fields_get()
            self.assertFalse({"customer_stage", "crm_customer_id"} & fields.keys())

    def test_unassigned_customers_by_setting(self):
        customer = self.customers["nobody"].with_user(self.salesperson)
        self.assertFalse(customer.has_access("read"))
        self.company.crm_show_unassigned = True
        self.env.invalidate_all()
        self.assertTrue(customer.has_access("read"))
        self.assertFalse(
            self.customers["colleague"].with_user(self.salesperson).has_access("read")
        )

    def test_a_leader_sees_his_team_in_his_companies_only(self):
        both = self.company | self.other_company
        self.salesperson.company_ids = both
        contact = self._contact("Two", self.salesperson, self.other_company)
        self._purchase(contact, test_access.TODAY, 7, company=self.other_company)
        self.env["crm.customer"].with_company(self.other_company)._refresh()
        customer = self._customer(contact, self.other_company)
        self.assertEqual(customer.team_id, self.team)
        self.assertFalse(customer.with_user(self.leader).has_access("read"))
        self.leader.company_ids = both
        reader = customer.with_user(self.leader).with_context(
            allowed_company_ids=both.ids
        )
        self.assertTrue(reader.has_access("read"))
        self.assertFalse(
            reader.with_context(allowed_company_ids=self.company.ids).has_access("read")
        )
