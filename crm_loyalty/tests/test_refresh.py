from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestRefresh(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.partner = cls._create_customer_contact(user_id=cls.salesperson.id)

    def _assert_full_refresh_changes_nothing(self):
        for company in self.company | self.other_company:
            customers = self.env["crm.customer"].with_company(company)
            self.assertEqual(customers._refresh(), 0)

    def _profile(self, *names, partner=None):
        self._refresh_marked()
        self._assert_full_refresh_changes_nothing()
        customer = self._customer(partner or self.partner)
        return tuple(customer[name] for name in names)

    def test_a_contact_becomes_a_suspect_and_an_invoice_a_buyer(self):
        self.assertEqual(self._profile("stage", "phase"), ("suspect", "prospect"))
        self._invoice(self.partner, self.today, 100)
        self.assertEqual(
            self._profile("stage", "phase", "purchase_count", "margin_12m"),
            ("first_time", "active", 1, 40),
        )

    def test_later_costs_do_not_change_old_margins(self):
        invoice = self._invoice(self.partner, self.today, 100)
        self.product.standard_price = 90
        self.assertEqual(self._profile("margin_12m"), (40,))
        credit = self._credit(invoice, self.today, 50)
        row = self.env["crm.customer.purchase"].search([("move_id", "=", credit.id)])
        self.assertEqual((row.amount, row.cost), (-50, -60))
        invoice.button_draft()
        invoice.action_post()
        row = self.env["crm.customer.purchase"].search([("move_id", "=", invoice.id)])
        self.assertEqual(row.cost, 90)

    def test_an_invoice_credited_in_full_is_no_purchase(self):
        invoice = self._invoice(self.partner, self.today, 100)
        self._credit(invoice, self.today, 99)
        self.assertEqual(self._profile("purchase_count", "net_revenue"), (1, 1))
        self._credit(invoice, self.today, 1)
        self.assertEqual(self._profile("purchase_count", "net_revenue"), (0, 0))

    def test_a_credit_note_given_to_another_invoice_follows_it(self):
        first = self._invoice(self.partner, self.today, 100)
        second = self._invoice(self.partner, self.today - timedelta(days=9), 100)
        credit = self._credit(first, self.today)
        days = ("purchase_count", "last_purchase_date")
        self.assertEqual(self._profile(*days), (1, second.invoice_date))
        credit.reversed_entry_id = second
        self.assertEqual(self._profile(*days), (1, self.today))

    def test_a_credit_note_of_another_customer_ends_the_purchase_on_its_day(self):
        invoice = self._invoice(self.partner, self.today - timedelta(days=30), 100)
        day = self.today + timedelta(days=10)
        other = self._create_customer_contact()
        credit = self._credit(invoice, day, partner=other)
        self.assertEqual(credit.commercial_partner_id, other)
        self.assertEqual(
            self._profile("purchase_count", "net_revenue", "next_change_date"),
            (1, 100, day),
        )
        customers = self.env["crm.customer"]
        customers._refresh(self.partner.ids, as_of=day - timedelta(days=1))
        customer = self._customer(self.partner)
        self.assertEqual(customer.purchase_count, 1)
        customers._refresh(self.partner.ids, as_of=day)
        # It is the other one who got the money back.
        self.assertEqual((customer.purchase_count, customer.net_revenue), (0, 100))

    def test_a_deleted_credit_note_credits_nothing(self):
        invoice = self._invoice(self.partner, self.today, 100)
        other = self._create_customer_contact()
        credit = self._credit(invoice, self.today, partner=other)
        self.assertEqual(self._profile("purchase_count"), (0,))
        credit.with_context(force_delete=True).unlink()
        self.assertEqual(self._profile("purchase_count"), (1,))
        self.assertEqual(self._profile("net_revenue", partner=other), (0,))

    def test_all_invoices_of_an_order_are_one_purchase(self):
        order = self._order(self.partner)
        wizard = self.env["sale.advance.payment.inv"].create(
            {
                "advance_payment_method": "percentage",
                "amount": 30,
                "sale_order_ids": [Command.set(order.ids)],
            }
        )
        wizard.create_invoices()
        deposit = order.invoice_ids
        deposit.invoice_date = self.today - timedelta(days=10)
        deposit.action_post()
        self.assertEqual(
            self._profile("purchase_count", "last_purchase_date"),
            (1, self.today - timedelta(days=10)),
        )
        order.order_line.filtered(lambda line: not line.is_downpayment)[
            :1
        ].qty_delivered = 1
        final = order._create_invoices(final=True)
        final.invoice_date = self.today
        final.action_post()
        self.assertEqual(
            self._profile("purchase_count", "last_purchase_date", "net_revenue"),
            (1, self.today, 100),
        )

    def test_a_reset_invoice_is_no_purchase_until_it_is_posted_again(self):
        invoice = self._invoice(self.partner, self.today, 100)
        invoice.button_draft()
        self.assertEqual(self._profile("purchase_count"), (0,))
        invoice.action_post()
        self.assertEqual(self._profile("purchase_count"), (1,))

    def test_leads_and_quotations_make_prospects(self):
        lead = self.env["crm.lead"].create(
            {"name": "Deal", "type": "opportunity", "partner_id": self.partner.id}
        )
        self.assertEqual(self._profile("stage", "phase"), ("prospect", "responder"))
        reason = self.env["crm.lost.reason"].create({"name": "R"})
        lead.action_set_lost(lost_reason_id=reason.id)
        self.assertEqual(self._profile("stage"), ("prospect",))
        reason.is_unsuitable = True
        self.assertEqual(self._profile("stage"), ("disqualified",))
        lead.unlink()
        self.assertEqual(self._profile("stage", "phase"), ("suspect", "prospect"))
        self._order(self.partner, confirm=False)
        self.assertEqual(self._profile("stage", "phase"), ("prospect", "responder"))

    def test_each_company_has_its_own_profile_and_figures(self):
        self._refresh_marked()
        self.assertFalse(self._customer(self.partner, self.other_company))
        self._invoice(self.partner, self.today, 70, company=self.other_company)
        self._refresh_marked()
        other = self._customer(self.partner, self.other_company)
        self.assertEqual((other.stage, other.net_revenue), ("first_time", 70))
        # The row of the home company stood for "no fact anywhere".
        self.assertFalse(self._customer(self.partner))
        self._assert_full_refresh_changes_nothing()

    def test_a_lead_without_company_counts_in_the_home_of_its_contact(self):
        def lead(partner):
            values = {"name": "Deal", "type": "opportunity", "partner_id": partner.id}
            none = {"company_id": False, "user_id": False, "team_id": False}
            lead = self.env["crm.lead"].create({**values, **none})
            self.assertFalse(lead.company_id)
            return partner

        first = self.env["res.company"].search([], order="id", limit=1)
        elsewhere = self._user(
            "refresh_elsewhere", "sales_team.group_sale_salesman", self.other_company
        )
        parent = self._create_customer_contact(
            is_company=True, user_id=self.salesperson.id
        )
        below = self._create_customer_contact(parent_id=parent.id)
        homes = {
            lead(self._create_customer_contact()): first,
            lead(
                self._create_customer_contact(user_id=elsewhere.id)
            ): self.other_company,
            parent: self.company,
        }
        lead(below)
        self._refresh_marked()
        for partner, home in homes.items():
            rows = self.env["crm.customer"].search([("partner_id", "=", partner.id)])
            self.assertEqual(rows.mapped("stage"), ["prospect"], partner.id)
            self.assertEqual(rows.company_id, home)
        self._assert_full_refresh_changes_nothing()

    def test_a_day_ends_where_the_next_begins_though_the_clock_is_changed(self):
        customers = self.env["crm.customer"]
        # Midnight is skipped in Tehran, Beirut and Sao Paulo, and an hour comes twice.
        changes = {
            "Asia/Tehran": (date(2020, 3, 20), date(2020, 9, 20)),
            "Asia/Beirut": (date(2021, 3, 27), date(2021, 10, 30)),
            "America/Sao_Paulo": (date(2018, 11, 3), date(2018, 2, 17)),
            "Pacific/Auckland": (date(2020, 4, 4), date(2020, 9, 26)),
        }
        for zone, days in changes.items():
            self.company.resource_calendar_id.tz = zone
            for day in days:
                rows = self.env.execute_query(
                    SQL(
                        """SELECT moment, moment < %(end)s, %(day)s <= %(as_of)s
                             FROM GENERATE_SERIES(%(first)s::timestamp,
                                                  %(last)s, '10 minutes') moment""",
                        end=customers._day_end_sql(day),
                        day=customers._day_sql(SQL("moment")),
                        as_of=day,
                        first=day - timedelta(days=2),
                        last=day + timedelta(days=3),
                    )
                )
                self.assertEqual(len(rows), 5 * 24 * 6 + 1)
                self.assertEqual([row for row in rows if row[1] != row[2]], [])

    def test_each_company_lives_in_its_own_time_zone(self):
        """Half an hour after midnight in Auckland, half past three in Los Angeles."""
        moment = datetime(2020, 1, 10, 11, 30)
        zones = {
            self.company: "Pacific/Auckland",
            self.other_company: "America/Los_Angeles",
        }
        rows = {}
        for company, zone in zones.items():
            company.resource_calendar_id.tz = zone
            customers = self.env["crm.customer"].with_company(company)
            with freeze_time(moment):
                today = customers._today()
            lead, order = (
                self._create_customer_contact(),
                self._create_customer_contact(),
            )
            self.env["crm.lead"].create(
                {
                    "name": "Deal",
                    "type": "opportunity",
                    "partner_id": lead.id,
                    "company_id": company.id,
                }
            )
            self.env["sale.order"].with_company(company).create(
                {
                    "partner_id": order.id,
                    "company_id": company.id,
                    "validity_date": False,
                }
            )
            self.env.flush_all()
            for table in ("crm_lead", "sale_order"):
                self.env.cr.execute(
                    SQL(
                        "UPDATE %s SET create_date = %s WHERE partner_id IN %s",
                        SQL.identifier(table),
                        moment,
                        (lead.id, order.id),
                    )
                )
            customers._refresh((lead | order).ids, as_of=date(2020, 1, 10))
            rows[company] = (
                today,
                *(
                    (row.stage, row.next_change_date)
                    for row in (
                        self._customer(partner, company) for partner in (lead, order)
                    )
                ),
            )
        tomorrow = date(2020, 1, 11)
        unseen = ("suspect", tomorrow)
        seen = ("prospect", False)
        self.assertEqual(rows[self.company], (tomorrow, unseen, unseen))
        self.assertEqual(rows[self.other_company], (date(2020, 1, 10), seen, seen))

    def test_vendors_users_and_own_companies_are_no_customers(self):
        def rows(partner):
            """In any company: none of these is tied to one."""
            return self.env["crm.customer"].search([("partner_id", "=", partner.id)])

        nobody = self._create_customer_contact()
        vendor = self._create_customer_contact(supplier_rank=1)
        own = self._create_customer_contact()
        self.other_company.partner_id = own
        self._refresh_marked()
        self.env["crm.customer"]._refresh_all_companies()
        self.assertEqual(len(rows(nobody)), 1)
        self.assertFalse(rows(vendor))
        self.assertFalse(rows(self.salesperson.partner_id))
        self.assertFalse(rows(own))
        self._invoice(vendor, self.today, 10)
        self._refresh_marked()
        self.assertEqual(self._customer(vendor).stage, "first_time")

    def test_users_that_are_nobody_are_no_customers(self):
        """Public users and the portal template, also where Odoo lost track of it."""
        public = self.env.ref("base.public_user")
        anyone = self._user("refresh_public", "base.group_public")
        template = self.env.ref("base.template_portal_user_id")
        users = public | anyone | template
        self.assertEqual(set(users.mapped("share")), {True})

        def with_profile():
            self.env["crm.customer"]._refresh_all_companies()
            profiles = self.env["crm.customer"].with_context(active_test=False)
            partners = users.partner_id
            return profiles.search([("partner_id", "in", partners.ids)]).partner_id

        self.assertFalse(with_profile())
        self.env["ir.model.data"].search(
            [("module", "=", "base"), ("name", "=", "template_portal_user_id")]
        ).unlink()
        # From now on it is a portal user like any other.
        self.assertEqual(with_profile(), template.partner_id)

    def test_history_tells_why_and_refuses_changes(self):
        self._invoice(self.partner, self.today, 100)
        self._refresh_marked()
        rows = self._customer(self.partner).history_ids
        stage = rows.filtered(lambda row: row.field_name == "stage")
        self.assertEqual(
            stage.mapped(lambda row: (row.old_value, row.new_value, row.reason)),
            [("suspect", "first_time", "One purchase.")],
        )
        with self.assertRaises(UserError):
            stage.write({"new_value": "regular"})
        with self.assertRaises(UserError):
            stage.unlink()

    def test_manual_values_need_a_reason_have_an_author_and_an_end(self):
        self._refresh_marked()
        customer = self._customer(self.partner).with_user(self.salesperson)
        customer.write(
            {
                "manual_stage": "partner",
                "manual_stage_reason": "Sells with us",
                "manual_stage_until": self.today + timedelta(days=5),
            }
        )
        self.assertEqual(customer.stage, "partner")
        self.assertEqual(customer.manual_stage_user_id, self.salesperson)
        by_hand = customer.history_ids.filtered("user_id")
        self.assertIn("Sells with us", by_hand.mapped("reason"))
        self.assertEqual(customer.next_change_date, self.today + timedelta(days=6))
        self.env["crm.customer"]._refresh(as_of=self.today + timedelta(days=6))
        self.assertEqual(customer.stage, "suspect")
        self.assertEqual(customer.peak_stage, "partner")
        with self.assertRaises(AccessError):
            customer.write({"net_revenue": 5})
        with self.assertRaises(AccessError):
            customer.write({"stage": "regular"})

    def test_a_new_company_is_refreshed_and_an_archived_one_is_not(self):
        company = self.env["res.company"].create({"name": "New"})
        self._purchase(self.partner, self.today, 10, company=company)
        self._refresh_marked()
        self.assertEqual(self._customer(self.partner, company).net_revenue, 10)
        company.active = False
        self._purchase(self.partner, self.today, 5, company=company)
        self._refresh_marked()
        self.assertEqual(self._customer(self.partner, company).net_revenue, 10)

    def test_merged_contacts_keep_history_and_purchases(self):
        source = self._create_customer_contact()
        self._purchase(source, self.today, 10)
        self._purchase(self.partner, self.today, 20)
        self._invoice(source, self.today, 5, company=self.other_company)
        self._refresh_marked()
        history = self._customer(source).history_ids
        self.assertTrue(history)
        self._customer(source).write(
            {"manual_stage": "advocate", "manual_stage_reason": "Praises us"}
        )
        self.env["base.partner.merge.automatic.wizard"]._merge(
            (source | self.partner).ids, self.partner
        )
        self._refresh_marked()
        customer = self._customer(self.partner)
        self.assertEqual(
            (customer.purchase_count, customer.net_revenue, customer.stage),
            (2, 30, "advocate"),
        )
        self.assertLessEqual(history, customer.history_ids)
        self.assertEqual(
            self._customer(self.partner, self.other_company).net_revenue, 5
        )
        self._assert_full_refresh_changes_nothing()

    def test_a_new_commercial_parent_takes_purchases_and_history(self):
        parent = self._create_customer_contact(is_company=True)
        self._purchase(self.partner, self.today, 20)
        self._refresh_marked()
        history = self._customer(self.partner).history_ids
        self.assertTrue(history)
        self.partner.parent_id = parent
        self._refresh_marked()
        self.assertFalse(self._customer(self.partner))
        self.assertEqual(self._customer(parent).net_revenue, 20)
        self.assertLessEqual(history, self._customer(parent).history_ids)
        self._assert_full_refresh_changes_nothing()

    def test_a_new_commercial_parent_takes_documents_at_their_cost(self):
        parent = self._create_customer_contact(is_company=True)
        invoice = self._invoice(self.partner, self.today, 100)
        self.product.standard_price = 90
        self.partner.parent_id = parent
        self.assertEqual(invoice.commercial_partner_id, parent)
        figures = ("net_revenue", "margin_12m")
        self.assertEqual(self._profile(*figures, partner=parent), (100, 40))
        self.assertFalse(self._customer(self.partner))

    def test_deleting_a_contact_deletes_profile_and_history(self):
        self._purchase(self.partner, self.today, 20)
        self._refresh_marked()
        customer = self._customer(self.partner)
        history = customer.history_ids
        note = customer.message_post(body="Likes tea")
        self.partner.unlink()
        self.assertFalse(customer.exists())
        self.assertFalse(history.exists())
        self.assertFalse(note.exists())

    def test_salesperson_and_team_change_at_once(self):
        self._refresh_marked()
        customer = self._customer(self.partner)
        self.assertEqual(
            (customer.user_id, customer.team_id), (self.salesperson, self.team)
        )
        self.partner.user_id = self.colleague
        self.assertEqual(
            (customer.user_id, customer.team_id), (self.colleague, self.other_team)
        )
        self._assert_full_refresh_changes_nothing()
        self.partner.active = False
        self.assertFalse(customer.active)
        self._assert_full_refresh_changes_nothing()

    def test_thresholds_of_a_company_change_its_customers(self):
        for days in (0, 10, 20):
            self._purchase(self.partner, self.today - timedelta(days=days), 10)
        self.assertEqual(self._profile("stage"), ("repeat",))
        self.company.crm_regular_purchases = 3
        self.assertEqual(self._profile("stage"), ("regular",))

    def test_queries_do_not_grow_with_the_customers(self):
        def queries(count):
            partners = self.env["res.partner"].create(
                [{"name": f"P{n}"} for n in range(count)]
            )
            for partner in partners:
                self._purchase(partner, self.today, 10)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.env["crm.customer"]._refresh(partners.ids)
            return self.env.cr.sql_log_count - before

        queries(1)
        self.assertEqual(queries(2), queries(40))

    def test_a_single_mark_is_refreshed_in_few_statements(self):
        """Marks and locks; of each company its settings, the number of companies, and
        its profiles.
        """
        companies = self.env["res.company"].search_count([])
        marks = self.env["crm.customer.mark"]
        self._refresh_marked()
        for _warm_up in range(2):
            self._purchase(self.partner, self.today, 10)
            marks._flush_pending()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            marks._process(10)
            spent = self.env.cr.sql_log_count - before
        self.assertEqual(spent, 1 + 3 * companies)
        self.assertEqual(self._customer(self.partner).purchase_count, 2)

    def test_many_marks_are_taken_row_by_row(self):
        """Also where PostgreSQL counted the queue when it was all but empty."""
        count = 600
        fill = SQL(
            """INSERT INTO crm_customer_mark (partner_id)
               SELECT %s FROM GENERATE_SERIES(1, %s)""",
            self.partner.id,
            count,
        )
        for statement in (
            fill,
            SQL(
                """DELETE FROM crm_customer_mark
                    WHERE id < (SELECT MAX(id) FROM crm_customer_mark)"""
            ),
            SQL("ANALYZE crm_customer_mark"),
            fill,
        ):
            self.env.cr.execute(statement)
        marks = self.env["crm.customer.mark"]
        self.assertLess(self._rows_compared(marks._take_sql(count)), count)
        self.assertEqual(marks.search_count([]), 1)

    def test_new_profiles_are_not_compared_with_each_other(self):
        count = 600
        partners = self.env["res.partner"].create(
            [{"name": f"P{n}", "company_id": self.company.id} for n in range(count)]
        )
        self.env.flush_all()
        customers = self.env["crm.customer"]
        fresh = customers._profile_sql(self.today, partners.ids)
        statement = customers._write_sql(SQL("MATERIALIZED (%s)", fresh), partners.ids)
        self.env.cr.execute(customers._planned_for_some(SQL("SELECT 1")))
        # With the salespeople and teams each of them is.
        self.assertLess(self._rows_compared(statement), count * count / 4)
        self.env.invalidate_all()
        self.assertEqual(
            customers.search_count([("partner_id", "in", partners.ids)]), count
        )


@tagged("post_install", "-at_install")
class TestVisibility(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        day = cls.env["crm.customer"]._today()
        cls.own = cls._create_customer_contact(user_id=cls.salesperson.id)
        cls.foreign = cls._create_customer_contact(user_id=cls.colleague.id)
        cls.nobodys = cls._create_customer_contact()
        cls.partners = cls.own | cls.foreign | cls.nobodys
        for partner in cls.partners:
            cls._purchase(partner, day, 10)
            cls._purchase(partner, day, 10, company=cls.other_company)
        cls._refresh_marked()

    def _seen(self, user, model):
        records = self.env[model].with_user(user).search([])
        self.assertEqual(records.company_id, self.company)
        if model == "crm.customer.history":
            return records.customer_id.partner_id & self.partners
        return records.partner_id & self.partners

    def test_a_refresh_leaves_the_planning_of_other_queries_as_it_was(self):
        names = (
            "enable_hashagg",
            "enable_mergejoin",
            "enable_nestloop",
            "join_collapse_limit",
        )

        def settings():
            return self.env.execute_query(
                SQL(
                    "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)",
                    list(names),
                )
            )

        before = settings()
        for partner_ids in (self.partner.ids, None):
            self.env["crm.customer"]._refresh(partner_ids)
            self.assertEqual(settings(), before)

    def test_each_role_sees_its_customers_in_every_model(self):
        expected = {
            self.salesperson: self.own,
            self.colleague: self.foreign,
            self.leader: self.own,
            self.manager: self.partners,
            self.accountant: self.partners,
        }
        for user, partners in expected.items():
            for model in (
                "crm.customer",
                "crm.customer.purchase",
                "crm.customer.history",
            ):
                with self.subTest(user=user.login, model=model):
                    self.assertEqual(self._seen(user, model), partners)

    def test_figures_of_another_company_do_not_show(self):
        groups = self.env["crm.customer.purchase"].with_user(self.manager)
        total = groups._read_group(
            [("partner_id", "in", self.partners.ids)], [], ["amount:sum"]
        )
        self.assertEqual(total, [(30,)])

    def test_unassigned_customers_show_when_the_company_wants_it(self):
        self.company.crm_show_unassigned = True
        self.assertEqual(
            self._seen(self.salesperson, "crm.customer"), self.own | self.nobodys
        )

    def test_a_foreign_stage_is_empty_and_finds_nothing(self):
        partners = self.env["res.partner"].with_user(self.salesperson)
        self.assertFalse(partners.browse(self.foreign.id).customer_stage)
        self.assertEqual(partners.browse(self.own.id).customer_stage, "first_time")
        domain = [("id", "in", self.partners.ids)]
        found = partners.search([*domain, ("customer_stage", "=", "first_time")])
        self.assertEqual(found, self.own)

    def test_one_query_shows_the_stage_on_any_number_of_leads(self):
        def queries(count):
            leads = self.env["crm.lead"].create(
                [
                    {"name": str(n), "partner_id": self.partners[n % 3].id}
                    for n in range(count)
                ]
            )
            self.env.flush_all()
            self.env.invalidate_all()
            leads.mapped("partner_id.commercial_partner_id.name")
            leads.mapped("company_id")
            before = self.env.cr.sql_log_count
            self.assertEqual(set(leads.mapped("customer_stage")), {"first_time"})
            return self.env.cr.sql_log_count - before

        self.assertEqual(queries(3), 1)
        self.assertEqual(queries(60), 1)
