from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestHandover(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member = cls._user("loyalty_member", "sales_team.group_sale_salesman")
        cls.env["crm.team.member"].create(
            {"crm_team_id": cls.team.id, "user_id": cls.member.id}
        )
        cls.partner = cls._create_customer_contact(
            name="Acme",
            is_company=True,
            user_id=cls.salesperson.id,
            company_id=cls.company.id,
        )
        cls.person, cls.kept_person = cls.env["res.partner"].create(
            [
                {"name": "Ann", "parent_id": cls.partner.id},
                {
                    "name": "Bob",
                    "parent_id": cls.partner.id,
                    "user_id": cls.colleague.id,
                },
            ]
        )
        cls.branch = cls._create_customer_contact(
            name="Branch",
            is_company=True,
            parent_id=cls.partner.id,
            user_id=cls.salesperson.id,
        )
        cls._refresh_marked()
        cls.customer = cls._customer(cls.partner)

    def _wizard(self, user, new, customers=None, **values):
        customers = customers or self.customer
        wizard = self.env["crm.customer.handover"].with_user(user)
        return wizard.with_context(
            active_model="crm.customer", active_ids=customers.ids
        ).create({"user_id": new.id, **values})

    def _lead(self, **values):
        return self.env["crm.lead"].create(
            {
                "name": "Lead",
                "type": "opportunity",
                "partner_id": self.person.id,
                "user_id": self.salesperson.id,
                **values,
            }
        )

    def _activity(self, record, user=None):
        return record.activity_schedule(
            "mail.mail_activity_data_todo", user_id=(user or self.salesperson).id
        )

    def _history(self, customer=None):
        return self.env["crm.customer.history"].search(
            [
                ("customer_id", "=", (customer or self.customer).id),
                ("field_name", "=", "user_id"),
            ]
        )

    def test_the_contact_moves_and_the_history_tells(self):
        self._wizard(self.leader, self.member, note="On leave").action_apply()
        self.assertEqual(self.partner.user_id, self.member)
        self.assertEqual(self.customer.user_id, self.member)
        self.assertEqual(self.person.user_id, self.member)
        self.assertEqual(self.kept_person.user_id, self.colleague)
        # A company below it is a customer of its own.
        self.assertEqual(self.branch.user_id, self.salesperson)
        row = self._history()
        self.assertEqual(
            (row.old_value, row.new_value, row.reason, row.user_id),
            (self.salesperson.name, self.member.name, "On leave", self.leader),
        )
        self.assertIn("On leave", self.partner.message_ids[0].body)

    def test_a_note_is_text(self):
        self._wizard(self.manager, self.member, note="<b>x</b>").action_apply()
        self.assertIn("&lt;b&gt;", self.partner.message_ids[0].body)

    def test_open_work_moves_and_past_credit_stays(self):
        opened = self._lead()
        question = self._lead(type="lead")
        won, lost, others = self._lead(), self._lead(), self._lead()
        branch_lead = self._lead(partner_id=self.branch.id)
        won.action_set_won()
        lost.action_set_lost()
        others.user_id = self.colleague
        order = self._order(self.partner)
        order.user_id = self.salesperson
        invoice = self._invoice(
            self.partner, "2026-01-05", 10, invoice_user_id=self.salesperson.id
        )
        self._wizard(self.leader, self.member).action_apply()
        self.assertEqual((opened | question).user_id, self.member)
        stays = won | lost | branch_lead
        self.assertEqual(stays.user_id, self.salesperson)
        self.assertEqual(order.user_id, self.salesperson)
        self.assertEqual(invoice.invoice_user_id, self.salesperson)
        self.assertEqual(others.user_id, self.colleague)

    def test_activities_move_with_their_customer(self):
        lead, won = self._lead(), self._lead()
        won.action_set_won()
        records = [self.partner, self.person, self.customer, lead]
        moving = [self._activity(record) for record in records]
        staying = [self._activity(record) for record in (won, self.branch)]
        others = self._activity(self.partner, self.colleague)
        wizard = self._wizard(self.leader, self.member)
        self.assertEqual(
            (wizard.customer_count, wizard.lead_count, wizard.activity_count),
            (1, 1, 4),
        )
        wizard.action_apply()
        self.assertEqual([a.user_id for a in moving], [self.member] * 4)
        self.assertEqual([a.user_id for a in staying], [self.salesperson] * 2)
        self.assertEqual(others.user_id, self.colleague)

    def test_an_activity_on_a_quotation_moves_where_it_can_be_opened(self):
        closed, opened = (self._order(self.partner, confirm=False) for _ in range(2))
        closed.user_id = self.salesperson
        opened.user_id = False
        done = self._order(self.partner)
        done.user_id = False
        planned = [self._activity(order) for order in (closed, opened, done)]
        result = self._wizard(self.leader, self.member).action_apply()
        self.assertEqual(
            [activity.user_id for activity in planned],
            [self.salesperson, self.member, self.salesperson],
        )
        self.assertEqual(result["params"]["type"], "warning")

    def test_what_is_not_asked_for_stays(self):
        lead = self._lead()
        activity, on_lead = self._activity(self.partner), self._activity(lead)
        self._wizard(
            self.manager, self.member, move_opportunities=False, move_activities=False
        ).action_apply()
        self.assertEqual(lead.user_id, self.salesperson)
        self.assertEqual((activity | on_lead).user_id, self.salesperson)

    def test_it_can_be_undone(self):
        lead = self._lead()
        self._wizard(self.leader, self.member).action_apply()
        self._wizard(self.leader, self.salesperson).action_apply()
        self.assertEqual(self.partner.user_id, self.salesperson)
        self.assertEqual(lead.user_id, self.salesperson)
        self.assertEqual(len(self._history()), 2)
        with self.assertRaisesRegex(UserError, "Acme"):
            self._wizard(self.leader, self.salesperson).action_apply()

    def test_a_plain_salesperson_is_told_whom_to_ask(self):
        with self.assertRaisesRegex(UserError, "team leader"):
            self._wizard(self.salesperson, self.member)
        wizard = self._wizard(self.leader, self.member)
        wizard.sudo().create_uid = self.salesperson
        with self.assertRaises(UserError):
            wizard.with_user(self.salesperson).action_apply()

    def test_a_leader_stays_within_his_teams(self):
        with self.assertRaisesRegex(UserError, "Acme"):
            self._wizard(self.leader, self.colleague).action_apply()
        self.partner.user_id = self.colleague
        self.colleague.group_ids |= self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        self.leader.group_ids |= self.env.ref(
            "sales_team.group_sale_salesman_all_leads"
        )
        with self.assertRaisesRegex(UserError, "Acme"):
            self._wizard(self.leader, self.member).action_apply()
        self.assertEqual(self.partner.user_id, self.colleague)
        self._wizard(self.manager, self.member).action_apply()
        self.assertEqual(self.partner.user_id, self.member)

    def test_a_leader_cannot_name_customers_he_cannot_see(self):
        self.partner.user_id = self.colleague
        wizard = self.env["crm.customer.handover"].with_user(self.leader)
        values = {"user_id": self.member.id}
        # As code writes it, and as the client sends it.
        for commands in ([Command.set(self.customer.ids)], [[4, self.customer.id]]):
            with self.assertRaisesRegex(UserError, "1 customers that") as refusal:
                wizard.create({**values, "customer_ids": commands}).action_apply()
            self.assertNotIn("Acme", str(refusal.exception))
        self.assertEqual(self.partner.user_id, self.colleague)
        with self.assertRaisesRegex(UserError, "Choose the customers"):
            wizard.create({**values, "customer_ids": []}).action_apply()

    def test_it_tells_which_customers_are_left_out(self):
        own, foreign, lost = self.env["res.partner"].create(
            [
                {"name": name, "user_id": self.salesperson.id, "company_id": company.id}
                for name, company in (
                    ("Own", self.company),
                    ("Foreign", self.other_company),
                    ("Lost", self.company),
                )
            ]
        )
        (self.leader | self.member | self.salesperson).company_ids |= self.other_company
        self._refresh_marked()
        customers = self._customer(own) + self._customer(lost)
        customers += self._customer(foreign, self.other_company)
        self.assertEqual(len(customers), 3)
        # Chosen while all could be seen.
        wizard = self._wizard(self.leader, self.member, customers)
        lost.user_id = self.colleague
        wizard = wizard.with_context(allowed_company_ids=self.company.ids)
        done = wizard.action_apply()["params"]
        self.assertEqual(done["type"], "warning")
        for part in ("1 customers, ", "over: Foreign. ", ": 1 customers"):
            self.assertIn(part, done["message"])
        self.assertNotIn("Lost", done["message"])
        self.assertEqual(own.user_id, self.member)
        self.assertEqual(
            (foreign | lost).mapped("user_id.login"),
            [self.salesperson.login, self.colleague.login],
        )
        with self.assertRaisesRegex(UserError, "(?s)^Own.* already.*\n.*Foreign"):
            wizard.action_apply()

    def test_the_new_salesperson_may_enter_every_company(self):
        partner = self._create_customer_contact(
            name="Foreign", company_id=self.other_company.id
        )
        self._refresh_marked()
        both = self.customer | self._customer(partner, self.other_company)
        self.manager.company_ids |= self.other_company
        wizard = self._wizard(self.manager, self.member, both).with_context(
            allowed_company_ids=self.manager.company_ids.ids
        )
        with self.assertRaisesRegex(UserError, "Foreign"):
            wizard.action_apply()
        self.member.company_ids |= self.other_company
        wizard.action_apply()
        self.assertEqual((self.partner | partner).user_id, self.member)
        self.assertEqual(both.user_id, self.member)

    def test_a_contact_of_two_companies_is_told(self):
        shared = self._create_customer_contact(user_id=self.salesperson.id)
        today = self.env["crm.customer"]._today()
        for company in self.company | self.other_company:
            self._purchase(shared, today, 10, company=company)
        self._refresh_marked()
        self.manager.company_ids |= self.other_company
        wizard = self._wizard(self.manager, self.member, self._customer(shared))
        self.assertIn("1 profiles", wizard.warning)
        lead = self._lead(
            partner_id=shared.id, company_id=self.other_company.id, user_id=False
        )
        self.salesperson.company_ids |= self.other_company
        lead.user_id = self.salesperson
        wizard.action_apply()
        self.assertEqual(lead.user_id, self.salesperson)

    def test_the_form_offers_members_of_the_leaders_teams(self):
        wizard = self.env["crm.customer.handover"].with_user(self.leader)
        form = Form(
            wizard.with_context(
                active_model="crm.customer", active_ids=self.customer.ids
            )
        )
        self.assertEqual(
            set(form.candidate_ids.ids), set((self.salesperson | self.member).ids)
        )
        form.user_id = self.member
        self.assertEqual(form.customer_count, 1)
        form.save().action_apply()
        self.assertEqual(self.partner.user_id, self.member)

    def test_queries_do_not_grow_with_the_customers(self):
        counts = []
        for size in (3, 3, 30):
            partners = self.env["res.partner"].create(
                [
                    {
                        "name": f"P{n}",
                        "user_id": self.salesperson.id,
                        "company_id": self.company.id,
                    }
                    for n in range(size)
                ]
            )
            self._refresh_marked()
            customers = self.env["crm.customer"].search(
                [("partner_id", "in", partners.ids)]
            )
            self.assertEqual(len(customers), size)
            wizard = self._wizard(self.manager, self.member, customers, note="x")
            self.env.flush_all()
            before = self.cr.sql_log_count
            wizard.action_apply()
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        # The first one warms the caches.
        self.assertLessEqual(counts[2], counts[1] + 3)
