from datetime import date

from freezegun import freeze_time
from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, tagged
from odoo.tools import mute_logger

from ..recurrence import next_yearly
from . import common


class TestRecurrence(BaseCase):
    def test_a_day_of_every_year(self):
        first = date(2020, 5, 10)
        for today, expected in (
            (date(2019, 1, 1), first),
            (first, first),
            (date(2020, 5, 11), date(2021, 5, 10)),
            (date(2026, 5, 10), date(2026, 5, 10)),
            (date(2026, 12, 31), date(2027, 5, 10)),
        ):
            self.assertEqual(next_yearly(first, today), expected)

    def test_29_february_returns_in_leap_years(self):
        first = date(2024, 2, 29)
        self.assertEqual(next_yearly(first, date(2025, 1, 1)), date(2025, 2, 28))
        self.assertEqual(next_yearly(first, date(2025, 3, 1)), date(2026, 2, 28))
        self.assertEqual(next_yearly(first, date(2028, 1, 1)), date(2028, 2, 29))


@tagged("post_install", "-at_install")
class TestTraits(common.KnowledgeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trade, cls.size = cls.env["crm.customer.trait"].create(
            [
                {
                    "name": name,
                    "value_ids": [Command.create({"name": v}) for v in values],
                }
                for name, values in (
                    ("Trade", ("Paper", "Food")),
                    ("Size", ("Small", "Large")),
                )
            ]
        )
        cls.paper, cls.food = cls.trade.value_ids
        cls.small, cls.large = cls.size.value_ids

    def test_one_value_of_each_trait(self):
        customer = self.own.with_user(self.salesperson)
        customer.trait_value_ids = self.paper | self.large
        self.assertEqual(self.own.trait_value_ids, self.paper | self.large)
        with self._refuses("Own.*Trade.*Paper.*Food"):
            customer.trait_value_ids = [Command.link(self.food.id)]
        with self.assertRaises(AccessError):
            self.foreign.with_user(self.salesperson).trait_value_ids = self.paper

    def test_a_value_chosen_on_the_form_takes_the_place_of_the_old_one(self):
        self.own.trait_value_ids = self.paper | self.large
        with Form(self.own.with_user(self.salesperson)) as form:
            form.trait_value_ids.add(self.food)
            form.trait_value_ids.add(self.small)
            form.trait_value_ids.add(self.paper)
            form.trait_value_ids.add(self.food)
        self.assertEqual(self.own.trait_value_ids, self.food | self.small)

    def test_traits_of_another_company_are_refused(self):
        self.trade.company_id = self.other_company
        with self._refuses("another company"):
            self.own.trait_value_ids = self.paper
        with self.assertRaises(AccessError):
            self.own.with_user(self.salesperson).trait_value_ids = self.paper
        self.shared_abroad.trait_value_ids = self.paper
        with self._refuses("Shared.*another company"):
            self.trade.company_id = self.company
        self.size.company_id = self.company
        self.own.trait_value_ids = self.large
        with self._refuses("Own.*another company"):
            self.large.trait_id = self.trade

    def test_customers_are_found_and_grouped_by_traits(self):
        self.own.trait_value_ids = self.paper | self.large
        self.second.trait_value_ids = self.food | self.large
        self.foreign.trait_value_ids = self.paper
        Customer = self.env["crm.customer"].with_user(self.salesperson)
        found = Customer.search([("trait_value_ids", "in", self.paper.ids)])
        self.assertEqual(found, self.own)
        found = Customer.search([("trait_value_ids", "ilike", "Trade")])
        self.assertEqual(found, self.own | self.second)
        groups = Customer._read_group(
            [("trait_value_ids", "!=", False)], ["trait_value_ids"], ["__count"]
        )
        counts = {value.display_name: count for value, count in groups}
        self.assertEqual(
            counts, {"Trade: Paper": 1, "Trade: Food": 1, "Size: Large": 2}
        )

    def test_values_in_use_are_archived_not_deleted(self):
        self.foreign.trait_value_ids = self.paper
        for row in (self.paper, self.trade):
            with self._refuses("Trade: Paper.*1 customers", UserError):
                row.unlink()
        self.food.unlink()
        self.size.unlink()
        self.paper.active = False
        self.env.invalidate_all()
        with self._refuses("Trade: Paper", UserError):
            self.trade.unlink()

    def test_of_merged_contacts_the_survivor_keeps_its_own_value(self):
        self.own.trait_value_ids = self.paper
        self.second.trait_value_ids = self.food | self.large
        self._merge(self.second.partner_id, self.own.partner_id)
        self.assertEqual(self.own.trait_value_ids, self.paper | self.large)


@tagged("post_install", "-at_install")
class TestEvents(common.KnowledgeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kind = cls.env["crm.customer.event.kind"].create(
            {"name": "Contract End", "remind_days": 10}
        )

    def _event(self, customer, day, **values):
        event = self.env["crm.customer.event"].create(
            {"customer_id": customer.id, "kind_id": self.kind.id, "date": day, **values}
        )
        # As at the end of a transaction: its days are reckoned on this day.
        self.env.flush_all()
        return event

    def _run(self, day, company=None):
        """What the job does on a day, as often as there is something to do."""
        with freeze_time(f"{day} 12:00:00"):
            events = self.env["crm.customer.event"]
            events = events.with_company(company or self.company)
            for step in (events._move_on, events._remind):
                while step(1):
                    pass

    def _reminders(self, customer):
        return self.env["mail.activity"].search(
            [("res_model", "=", "crm.customer"), ("res_id", "=", customer.id)]
        )

    @freeze_time("2026-03-01 12:00:00")
    def test_the_salesperson_is_reminded_once(self):
        event = self._event(self.own, "2026-03-20", name="Of the warehouse")
        self._event(self.second, "2026-03-20", remind_days=0)
        other = self._event(self.foreign, "2026-03-15")
        self._run("2026-03-09")
        self.assertFalse(self._reminders(self.own))
        reminder = self._reminders(self.foreign)
        self.assertEqual(reminder.user_id, self.colleague)
        self.assertFalse(other.remind_date)
        for day in ("2026-03-10", "2026-03-11"):
            self._run(day)
        self.assertRecordValues(
            self._reminders(self.own),
            [
                {
                    "user_id": self.salesperson.id,
                    "date_deadline": date(2026, 3, 10),
                    "summary": "Contract End on 03/20/2026",
                }
            ],
        )
        self.assertIn("Of the warehouse", self._reminders(self.own).note)
        self.assertFalse(self._reminders(self.second))
        # Put off, it is another day to be reminded of.
        event.date = "2026-06-01"
        self._run("2026-05-30")
        self.assertEqual(len(self._reminders(self.own)), 2)

    @freeze_time("2026-03-01 12:00:00")
    def test_what_is_over_or_archived_is_not_reminded_of(self):
        past = self._event(self.own, "2026-02-20")
        archived = self._event(self.own, "2026-03-05", active=False)
        self.assertFalse(past.remind_date or archived.remind_date)
        self._event(self.own, "2026-03-12")
        # The job did not run for weeks.
        self._run("2026-03-13")
        self.assertFalse(self._reminders(self.own))

    @freeze_time("2026-03-01 12:00:00")
    def test_a_customer_without_salesperson_waits_for_one(self):
        stranger = self.env["res.users"].create({"name": "No seller", "login": "nos"})
        self.own.partner_id.user_id = stranger
        self._event(self.own, "2026-03-20")
        self._run("2026-03-12")
        self.own.partner_id.user_id = False
        self._run("2026-03-13")
        self.assertFalse(self._reminders(self.own))
        self.own.partner_id.user_id = self.colleague
        self._run("2026-03-14")
        self.assertEqual(self._reminders(self.own).user_id, self.colleague)

    @freeze_time("2026-03-01 12:00:00")
    def test_yearly_events_come_again(self):
        event = self._event(self.own, "2020-03-20", yearly=True)
        self.assertEqual(event.next_date, date(2026, 3, 20))
        self._run("2026-03-12")
        self._run("2026-03-20")
        self.assertEqual(event.next_date, date(2026, 3, 20))
        self.assertEqual(len(self._reminders(self.own)), 1)
        self._run("2026-03-21")
        self.assertEqual(event.next_date, date(2027, 3, 20))
        self.assertEqual(event.remind_date, date(2027, 3, 10))
        self._run("2027-03-10")
        self.assertEqual(len(self._reminders(self.own)), 2)

    @freeze_time("2026-03-01 12:00:00")
    def test_each_company_reminds_of_its_own(self):
        self.salesperson.company_ids = self.company | self.other_company
        self._event(self.shared, "2026-03-05")
        self._event(self.shared_abroad, "2026-03-06")
        self._run("2026-03-02")
        self.assertTrue(self._reminders(self.shared))
        self.assertFalse(self._reminders(self.shared_abroad))
        self._run("2026-03-02", self.other_company)
        self.assertEqual(len(self._reminders(self.shared_abroad)), 1)

    def test_a_jalali_day_typed_as_gregorian_is_refused(self):
        with self._refuses("Own.*Contract End"):
            self._event(self.own, "1405-02-03")

    def test_kinds_of_another_company_are_refused(self):
        self.kind.company_id = self.other_company
        with self.assertRaises(UserError):
            self._event(self.own, "2026-03-20")

    def test_events_follow_the_survivor(self):
        event = self._event(self.second, "2026-03-20")
        self._merge(self.second.partner_id, self.own.partner_id)
        self.assertEqual(event.customer_id, self.own)


@tagged("post_install", "-at_install")
class TestObjectives(common.KnowledgeCommon):
    def _objective(self, customer, name="Grow", **values):
        return self.env["crm.customer.objective"].create(
            {"customer_id": customer.id, "name": name, **values}
        )

    def test_progress_by_a_figure_of_the_profile(self):
        self._purchase(self.own.partner_id, self.env["crm.customer"]._today(), 400)
        self._refresh_marked()
        objective = self._objective(
            self.own, figure="net_revenue_12m", target_amount=2000
        )
        self.assertEqual(objective.progress, 100 * self.own.net_revenue_12m / 2000)
        self.assertGreater(objective.progress, 0)
        self._purchase(self.own.partner_id, self.env["crm.customer"]._today(), 400)
        before = objective.progress
        self._refresh_marked()
        self.assertEqual(objective.progress, before + 20)
        with self._refuses("amount to reach"):
            objective.target_amount = 0

    def test_progress_by_hand_is_a_percentage(self):
        objective = self._objective(self.own, percent=40)
        self.assertEqual(objective.progress, 40)
        with self._refuses("Grow.*0 and 100"):
            objective.percent = 101

    @freeze_time("2026-03-01 12:00:00")
    def test_a_closed_objective_keeps_what_came_of_it(self):
        objective = self._objective(self.own, figure="net_revenue", target_amount=200)
        self.assertEqual(objective.progress, 50)
        with self._refuses("what came of"):
            objective.state = "reached"
        objective.write({"state": "reached", "result": "Twice a week now"})
        self._purchase(self.own.partner_id, "2026-02-01", 100)
        self._refresh_marked()
        self.assertRecordValues(
            objective, [{"progress": 50, "closed_date": date(2026, 3, 1)}]
        )
        objective.state = "open"
        self.assertRecordValues(objective, [{"progress": 100, "closed_date": False}])

    def test_one_open_objective_at_a_time(self):
        first = self._objective(self.own)
        self._objective(self.shared_abroad)
        self._objective(self.shared)
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation):
            self._objective(self.own, "Another")
        self.own.objective_ids = [
            Command.update(first.id, {"state": "dropped", "result": "Too dear"}),
            Command.create({"name": "Another"}),
        ]
        self.env.invalidate_all()
        self.assertEqual(self.own.objective_ids.mapped("name"), ["Another", "Grow"])

    def test_merged_contacts_keep_one_open_objective(self):
        kept = self._objective(self.own, "Ours")
        dropped = self._objective(self.second, "Theirs", percent=30)
        self._merge(self.second.partner_id, self.own.partner_id)
        self.assertEqual((kept | dropped).customer_id, self.own)
        self.assertRecordValues(
            kept | dropped,
            [{"state": "open", "progress": 0}, {"state": "dropped", "progress": 30}],
        )
        self.assertIn("Own", dropped.result)

    def test_an_only_open_objective_stays_open_when_merged(self):
        objective = self._objective(self.second)
        self._merge(self.second.partner_id, self.own.partner_id)
        self.assertEqual((objective.customer_id, objective.state), (self.own, "open"))

    def test_the_profile_shows_all_in_a_fixed_number_of_queries(self):
        names = ["need_ids", "event_ids", "objective_ids", "trait_value_ids"]
        for customer in self.own | self.second | self.shared:
            self._need(customer, "A")
            self._objective(customer, figure="net_revenue", target_amount=200)

        def queries(customers):
            customers = customers.with_user(self.manager)
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            for name in names:
                customers.mapped(name)
            customers.objective_ids.mapped("progress")
            return self.env.cr.sql_log_count - before

        queries(self.own)
        self.assertEqual(
            queries(self.own | self.second | self.shared), queries(self.own)
        )
