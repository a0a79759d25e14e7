"""Attacks tried by hand once, kept: each was open, or looked as if it were."""

import base64

import test_access

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

TODAY = test_access.TODAY


class AttackCommon(test_access.AccessCommon):
    @classmethod
    def _import(cls, user, company=None, **values):
        """An import that ``user`` made of one row for a contact nobody has."""
        company = company or cls.company
        return (
            cls.env["crm.customer.purchase.import"]
            .with_user(user)
            .with_company(company)
            .create(
                {
                    "file": base64.b64encode(
                        b"email,day,amount\nnew@attack.example,2020-01-01,1"
                    ),
                    "file_name": "attack.csv",
                    "company_id": company.id,
                    "create_contacts": True,
                    **values,
                }
            )
        )


@tagged("post_install", "-at_install")
class TestManualValues(AttackCommon):
    def test_accounting_rights_do_not_widen_what_a_salesperson_may_set(self):
        both = new_test_user(
            self.env,
            "loyalty_both",
            "sales_team.group_sale_salesman,account.group_account_invoice",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        mine = self._contact("Mine", both)
        self._purchase(mine, TODAY, 100)
        self.env["crm.customer"]._refresh()
        values = {"manual_stage": "partner", "manual_stage_reason": "Contract"}
        foreign = self.customers["colleague"].with_user(both)
        self.assertEqual(foreign.stage, "first_time")
        with self.assertRaises(AccessError):
            foreign.write(values)
        with self.assertRaises(AccessError):
            foreign.message_post(body="Mine now")
        own = self._customer(mine).with_user(both)
        own.write(values)
        self.assertEqual(own.stage, "partner")


@tagged("post_install", "-at_install")
class TestNotes(AttackCommon):
    """Notes on a profile are of those who look after the customer."""

    def test_accountants_read_no_notes(self):
        customer = self.customers["own"]
        customer.message_post(body="He is about to leave his wife")
        domain = [("model", "=", "crm.customer"), ("res_id", "=", customer.id)]
        for role, count in (
            ("salesperson", 1),
            ("leader", 1),
            ("manager", 1),
            ("accountant", 0),
            ("colleague", 0),
            ("abroad", 0),
        ):
            user = getattr(self, role)
            self.env.invalidate_all()
            messages = self.env["mail.message"].with_user(user)
            with self.subTest(role=role):
                self.assertEqual(messages.search_count(domain), count)
                if customer.with_user(user).has_access("read"):
                    found = customer.with_user(user).message_ids
                    self.assertEqual(len(found), count)
                if not count:
                    with self.assertRaises(AccessError):
                        messages.browse(customer.message_ids.ids).read(["body"])

    def test_nobody_speaks_or_plans_on_a_customer_he_may_not_write(self):
        for customer, user in (
            (self.customers["colleague"], self.salesperson),
            (self.customers["own"], self.accountant),
            (self.customers["own"], self.abroad),
        ):
            customer = customer.with_user(user)
            for attempt in (
                lambda c=customer: c.message_post(body="x"),
                lambda c=customer, u=user: c.activity_schedule(
                    "mail.mail_activity_data_todo", user_id=u.id
                ),
                lambda c=customer: c.message_subscribe(self.manager.partner_id.ids),
            ):
                with self.assertRaises(AccessError):
                    attempt()


@tagged("post_install", "-at_install")
class TestPaths(AttackCommon):
    """Ways round: through other records, domains and computed fields."""

    def _reader(self, model, user=None):
        return self.env[model].with_user(user or self.salesperson)

    def test_domains_find_no_figure_of_a_foreign_customer(self):
        self._refresh_marked()
        foreign = self.contacts["colleague"]
        partner = ("id", "=", foreign.id)
        history = self.customers["colleague"].history_ids[:1]
        self.assertTrue(history)
        for condition in (
            ("crm_customer_id.net_revenue", ">", 0),
            ("crm_customer_id", "any", [("history_ids.field_name", "=", "stage")]),
            ("crm_customer_id", "!=", False),
            ("crm_customer_id", "in", self.customers["colleague"].ids),
            ("customer_stage", "!=", False),
            ("customer_phase", "in", ["active", "former"]),
            ("customer_tier_id", "!=", False),
        ):
            with self.subTest(condition=condition):
                for user, count in ((self.colleague, 1), (self.salesperson, 0)):
                    found = self._reader("res.partner", user).search_count(
                        [partner, condition]
                    )
                    self.assertEqual(found, count)

    def test_domains_take_no_operator_that_goes_round_the_rules(self):
        for operator in ("any!", "not any!"):
            with self.assertRaises(ValueError):
                self._reader("res.partner").search(
                    [("crm_customer_id", operator, [("net_revenue", ">", 0)])]
                )

    def test_other_records_lead_to_no_foreign_customer(self):
        foreign = self.contacts["colleague"].with_user(self.salesperson)
        self.env.invalidate_all()
        [row] = foreign.web_read(
            {
                "crm_customer_id": {"fields": {"net_revenue": {}}},
                "customer_stage": {},
                "customer_tier_id": {"fields": {"display_name": {}}},
            }
        )
        row.pop("id")
        self.assertFalse(any(row.values()), row)
        self.assertEqual(
            foreign.action_open_crm_customer()["tag"], "display_notification"
        )
        customer = self.customers["colleague"].with_user(self.salesperson)
        for action in (
            "action_open_partner",
            "action_open_purchases",
            "action_open_invoices",
            "action_open_orders",
            "action_open_leads",
        ):
            self.env.invalidate_all()
            with self.subTest(action=action), self.assertRaises(AccessError):
                getattr(customer, action)()

    def test_purchases_and_history_of_a_foreign_customer_stay_closed(self):
        self._refresh_marked()
        customer = self.customers["colleague"]
        for model, domain in (
            ("crm.customer.purchase", [("partner_id", "=", customer.partner_id.id)]),
            ("crm.customer.history", [("customer_id", "=", customer.id)]),
            ("crm.customer", [("history_ids.customer_id", "=", customer.id)]),
        ):
            self.assertTrue(self._reader(model, self.colleague).search_count(domain))
            for user in (self.salesperson, self.leader, self.abroad):
                with self.subTest(model=model, user=user.login):
                    self.assertFalse(self._reader(model, user).search_count(domain))

    def test_a_tier_counts_no_foreign_customer(self):
        tier = self.env["crm.tier"].search([("company_id", "=", self.company.id)])
        counts = {
            user: sum(tier.with_user(user).mapped("customer_count"))
            for user in (self.salesperson, self.abroad)
            if not self.env.invalidate_all() and tier.with_user(user).has_access("read")
        }
        self.assertEqual(counts, {self.salesperson: 1})

    def test_portal_and_public_reach_no_profile(self):
        partner = self.portal.partner_id
        for user in (self.portal, self.public):
            for attempt in (
                lambda p: p.action_open_crm_customer(),
                lambda p: p.read(["customer_stage"]),
                lambda p: p.search([("crm_customer_id.net_revenue", ">", 0)]),
                lambda p: p.search([("customer_stage", "=", "first_time")]),
                lambda p: p.env["res.users"].search(
                    [("crm_contact_ids.customer_stage", "=", "first_time")]
                ),
            ):
                self.env.invalidate_all()
                with self.subTest(user=user.login), self.assertRaises(AccessError):
                    attempt(partner.with_user(user))


@tagged("post_install", "-at_install")
class TestOtherCompany(AttackCommon):
    """Nobody moves what is his into a company he may not enter."""

    def test_a_threshold_does_not_move_to_a_tier_of_another_company(self):
        tiers = {
            company: self.env["crm.tier"].create(
                {"name": "T", "company_id": company.id}
            )
            for company in self.company | self.other_company
        }
        line = self.env["crm.tier.threshold"].create(
            {
                "tier_id": tiers[self.company].id,
                "figure": "purchase_count",
                "minimum": 1,
            }
        )
        target = tiers[self.other_company]
        with self.assertRaises(AccessError):
            line.with_user(self.manager).write({"tier_id": target.id})
        with self.assertRaises(AccessError):
            tiers[self.company].with_user(self.manager).write(
                {"threshold_ids": [Command.update(line.id, {"tier_id": target.id})]}
            )

    def test_a_wanted_fact_does_not_move_to_another_company(self):
        fact = self.env["crm.profile.requirement"].create(
            {"company_id": self.company.id, "field_name": "website"}
        )
        with self.assertRaises(AccessError):
            fact.with_user(self.manager).write({"company_id": self.other_company.id})

    def test_an_import_does_not_move_to_another_company(self):
        record = self._import(self.manager)
        with self.assertRaises(AccessError):
            record.write({"company_id": self.other_company.id})

    def test_a_column_does_not_move_to_another_import(self):
        own = self._import(self.manager)
        foreign = self._import(self.abroad, self.other_company)
        with self.assertRaises(AccessError):
            own.column_ids[:1].write({"import_id": foreign.id})

    def test_files_of_an_import_are_read_in_its_company_only(self):
        record = self._import(self.abroad, self.other_company)
        files = self.env["ir.attachment"].search(
            [("res_model", "=", record._name), ("res_field", "!=", False)]
        )
        files = files.filtered(lambda file: file.res_id == record.id)
        self.assertTrue(files)
        self.assertTrue(files.with_user(self.abroad).read(["datas"]))
        for user in (self.manager, self.salesperson, self.accountant, self.portal):
            self.env.invalidate_all()
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                files.with_user(user).read(["datas"])


@tagged("post_install", "-at_install")
class TestImport(AttackCommon):
    def test_state_and_results_are_not_the_users_to_write(self):
        record = self._import(self.manager)
        for values in (
            {"state": "queued"},
            {"state": "done"},
            {"error_file": False},
            {"new_count": 1},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                record.write(values)
        # Nor at creation, by the context, or by a copy.
        self.assertEqual(self._import(self.manager, state="queued").state, "draft")
        Import = self.env["crm.customer.purchase.import"].with_user(self.manager)
        values = {
            "file": record.with_context(bin_size=False).file,
            "file_name": "b.csv",
        }
        queued = Import.with_context(default_state="queued").create(values)
        self.assertEqual(queued.state, "draft")
        record.action_check()
        record.action_load()
        self.assertEqual(record.state, "done")
        self.assertEqual(record.copy().state, "draft")

    def test_a_waiting_file_cannot_be_changed(self):
        record = self._import(self.manager)
        record.action_check()
        record._write_results({"state": "queued"})
        column = record.column_ids[:1]
        other = self._import(self.manager).column_ids[:1]
        for attempt in (
            lambda: record.write({"create_contacts": False}),
            lambda: record.write({"file_name": "other.xlsx"}),
            lambda: record.write({"column_ids": [Command.update(column.id, {})]}),
            lambda: column.write({"target": False}),
            lambda: other.write({"import_id": record.id}),
            lambda: record.action_undo(),
            lambda: record.action_check(),
            lambda: record.unlink(),
        ):
            with self.assertRaises(UserError):
                attempt()

    def test_another_column_wants_another_check(self):
        record = self._import(self.manager)
        record.action_check()
        record.column_ids[:1].target = False
        self.assertEqual(record.state, "draft")

    def test_the_job_creates_no_contacts_that_the_user_may_not(self):
        loader = new_test_user(
            self.env,
            "loyalty_loader",
            "base.group_user,crm_loyalty.group_loyalty_manager",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        record = self._import(loader)
        record.action_check()
        # As if the file were a large one.
        record._write_results({"new_count": 10_000})
        self.env["ir.model.access"].search(
            [("model_id.model", "=", "res.partner"), ("perm_create", "=", True)]
        ).perm_create = False
        with self.assertRaises(AccessError):
            record.action_load()


@tagged("post_install", "-at_install")
class TestHandover(AttackCommon):
    def _values(self, customers):
        return {
            "customer_ids": [Command.set(customers.ids)],
            "user_id": self.salesperson.id,
        }

    def test_the_screen_tells_nothing_of_foreign_customers(self):
        foreign = self.customers["colleague"]
        self.env["crm.lead"].create(
            {
                "name": "L",
                "type": "opportunity",
                "partner_id": foreign.partner_id.id,
                "user_id": self.colleague.id,
            }
        )
        Handover = self.env["crm.customer.handover"]
        values = {
            **self._values(foreign),
            "move_opportunities": True,
            "move_activities": True,
        }
        counts = ("customer_count", "lead_count", "activity_count")
        spec = dict.fromkeys(("customer_ids", "warning", *counts), {})
        for user, count in ((self.manager, 1), (self.leader, 0)):
            self.env.invalidate_all()
            shown = Handover.with_user(user).onchange(values, ["customer_ids"], spec)
            value = shown["value"]
            with self.subTest(user=user.login):
                self.assertEqual(value.get("customer_count", 0), count)
                self.assertEqual(value.get("lead_count", 0), count)

    def test_a_salesperson_opens_no_handover(self):
        Handover = self.env["crm.customer.handover"].with_user(self.salesperson)
        with self.assertRaises(UserError):
            Handover.default_get(["customer_ids"])
        # Naming every field asks for no default.
        values = {
            **self._values(self.customers["own"]),
            "user_id": self.colleague.id,
            "move_opportunities": True,
            "move_activities": True,
            "note": "x",
        }
        with self.assertRaises(UserError):
            Handover.create(values).action_apply()


@tagged("post_install", "-at_install")
class TestMerge(AttackCommon):
    def test_joined_profiles_keep_what_was_attached(self):
        source, target = self.customers["own"], self.customers["colleague"]
        file = self.env["ir.attachment"].create(
            {
                "name": "contract.txt",
                "raw": b"x",
                "res_model": "crm.customer",
                "res_id": source.id,
            }
        )
        source.message_subscribe(self.salesperson.partner_id.ids)
        self.env["crm.customer"]._join_profiles(source.partner_id, target.partner_id)
        self.assertTrue(file.exists())
        self.assertEqual(file.res_id, target.id)
