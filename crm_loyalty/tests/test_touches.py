"""By which channels a customer reached the company, and what each brought of him."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.attribution import ATTRIBUTIONS

from . import common


@tagged("post_install", "-at_install")
class TestTouches(common.ChannelCommon):
    def test_leads_orders_and_what_was_told(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        below = self._create_customer_contact(name="Below", parent_id=partner.id)
        second = self._lead(partner, "2026-03-02", self.advertising)
        first = self._lead(below, "2026-03-01", self.exhibition)
        followed = self._order(partner, confirm=False)
        followed.opportunity_id = second
        alone = self._order(partner, confirm=False)
        alone.acquisition_channel_id = self.web
        self._came_on(alone, "2026-03-09")
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.lead_id, first + second)
        self.assertEqual(touches.order_id, alone)
        self.assertEqual(touches.mapped("channel_id"), self.channels)
        self.assertEqual(self._customer(partner).channel_count, 3)
        self.assertEqual([touch.linear for touch in touches][1:], [0.333333333] * 2)
        # Told by hand it comes first; the touches stay.
        partner.acquisition_channel_id = self.web
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.mapped("kind"), ["contact", "lead", "lead", "order"])
        self.assertEqual(touches[0].channel_id, self.web)
        self.assertEqual(touches.mapped("first_touch"), [1, 0, 0, 0])
        self.assertEqual(touches[0].action_open_document()["res_id"], partner.id)
        self.assertEqual(touches[1].action_open_document()["res_id"], first.id)

    def test_an_order_of_another_channel_than_its_opportunity_is_a_touch(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        lead = self._lead(partner, "2026-03-01", self.exhibition)
        order = self._order(partner, confirm=False)
        order.opportunity_id = lead
        self._came_on(order, "2026-03-02")
        self._refresh_marked()
        self.assertEqual(self._customer(partner).touch_ids.lead_id, lead)
        self.assertFalse(self._customer(partner).touch_ids.order_id)
        order.acquisition_channel_id = self.web
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.mapped("channel_id"), self.exhibition + self.web)

    def test_an_order_is_compared_with_its_own_opportunity_alone(self):
        """Also while PostgreSQL takes it that no lead has a channel yet."""
        count = 500
        partner = self._create_customer_contact(name="P", is_company=True)
        self.env["crm.lead"].create(
            [{"name": "L", "partner_id": partner.id} for _lead in range(count)]
        )
        order = self._order(partner, confirm=False)
        self.env["crm.customer"]._refresh()
        self.env.flush_all()
        for statement in (
            SQL("ANALYZE crm_lead"),
            SQL("ANALYZE sale_order"),
            SQL("UPDATE crm_lead SET acquisition_channel_id = %s", self.web.id),
            SQL("UPDATE sale_order SET acquisition_channel_id = %s", self.web.id),
        ):
            self.env.cr.execute(statement)
        customers = self.env["crm.customer"]
        customers._plan_for_all()
        compared = self._rows_compared(customers._touches_sql(None, customers._today()))
        self.assertTrue(order.acquisition_channel_id)
        self.assertLess(compared, count)

    def test_touches_that_are_none_any_more_go(self):
        """A lead that lost its channel, one that was deleted, and the last of all."""
        partner = self._create_customer_contact(name="P", is_company=True)
        order = self._order(partner, confirm=False)
        order.acquisition_channel_id = self.web
        # A lead and an order of one number are two documents.
        self.env.cr.execute(
            "SELECT SETVAL('crm_lead_id_seq', GREATEST(%s, MAX(id))) FROM crm_lead",
            [order.id],
        )
        lead = self._lead(partner, "2026-03-01", self.exhibition)
        self.env.cr.execute("SELECT SETVAL('sale_order_id_seq', %s)", [lead.id - 1])
        order = self._order(partner, confirm=False)
        order.acquisition_channel_id = self.web
        self.assertEqual(order.id, lead.id)
        other = self._lead(partner, "2026-03-02", self.advertising)
        self._refresh_marked()
        customer = self._customer(partner)
        self.assertEqual(len(customer.touch_ids), 4)
        lead.acquisition_channel_id = False
        self._refresh_marked()
        self.assertEqual(
            customer.touch_ids.mapped("channel_id"), self.advertising + self.web
        )
        other.unlink()
        self._refresh_marked()
        self.assertEqual(set(customer.touch_ids.mapped("kind")), {"order"})
        self.env["sale.order"].search([("partner_id", "=", partner.id)]).unlink()
        self._refresh_marked()
        self.assertFalse(customer.touch_ids)

    def test_the_half_life_is_the_companys(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._lead(partner, "2026-03-01", self.exhibition)
        self._lead(partner, "2026-03-21", self.web)
        self.company.crm_attribution_half_life = 20
        self.other_company.crm_attribution_half_life = 5
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(
            touches.mapped("time_decay"), [0.333333333, 0.666666667], "20 days"
        )
        self.company.crm_attribution_half_life = 10
        self._refresh_marked()
        self.assertEqual(touches.mapped("time_decay"), [0.2, 0.8], "10 days")

    def test_where_all_came_after_the_first_purchase_the_first_stands_alone(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._purchase(partner, "2026-02-01", 100)
        self._lead(partner, "2026-03-01", self.exhibition)
        self._lead(partner, "2026-03-21", self.web)
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.mapped("is_on_path"), [True, False])
        for way in ATTRIBUTIONS:
            self.assertEqual(touches.mapped(way), [1, 0], way)

    def test_what_was_told_of_a_day_to_come_is_of_today(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._purchase(partner, "2026-02-01", 100)
        today = self.env["crm.customer"]._today()
        partner.write(
            {
                "acquisition_channel_id": self.web.id,
                "acquisition_date": today + timedelta(days=9),
            }
        )
        self._refresh_marked()
        self.assertEqual(self._customer(partner).touch_ids.date, today)

    def test_a_refresh_without_change_writes_nothing(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._lead(partner, "2026-03-01", self.exhibition)
        self._refresh_marked()
        rows = self._customer(partner).touch_ids
        customers = self.env["crm.customer"]
        self.assertEqual(customers._refresh(), 0)
        self.assertEqual(customers._refresh(partner.ids), 0)
        self.assertEqual(self._customer(partner).touch_ids, rows)

    def test_as_of_a_day(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._lead(partner, "2026-03-01", self.exhibition)
        self._lead(partner, "2026-03-09", self.web)
        self._refresh_marked()
        self.env["crm.customer"]._refresh(partner.ids, as_of=self._day("2026-03-08"))
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.channel_id, self.exhibition)
        self.assertEqual(touches.last_touch, 1)

    def test_merged_contacts_keep_both_sets_of_touches_once(self):
        source, target = (
            self._create_customer_contact(name=name, is_company=True)
            for name in ("Source", "Target")
        )
        leads = self._lead(source, "2026-03-01", self.exhibition)
        leads += self._lead(target, "2026-03-05", self.web)
        self._refresh_marked()
        self._merge(source, target)
        self.assertEqual(target.acquisition_channel_id, self.exhibition)
        touches = self._customer(target).touch_ids
        self.assertEqual(touches.lead_id, leads)
        self.assertEqual(touches.mapped("first_touch"), [1, 0])
        self.assertEqual(touches.mapped("linear"), [0.5, 0.5])

    def test_touches_follow_a_contact_to_another_customer(self):
        first, second = (
            self._create_customer_contact(name=name, is_company=True)
            for name in ("First", "Second")
        )
        person = self._create_customer_contact(name="Person", parent_id=first.id)
        self._lead(person, "2026-03-01", self.web)
        self._refresh_marked()
        self.assertEqual(self._customer(first).channel_count, 1)
        person.parent_id = second
        self._refresh_marked()
        self.assertEqual(self._customer(first).channel_count, 0)
        self.assertFalse(first.acquisition_channel_id)
        self.assertEqual(self._customer(second).channel_count, 1)
        self.assertEqual(second.acquisition_channel_id, self.web)
        person.parent_id = False
        self._refresh_marked()
        self.assertFalse(second.acquisition_channel_id)
        self.assertEqual(self._customer(person).touch_ids.channel_id, self.web)

    def test_a_channel_stays_in_its_company(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        own = self.env["crm.acquisition.channel"].create(
            {"name": "Own", "company_id": self.other_company.id}
        )
        self._lead(partner, "2026-03-01", own, company=self.other_company)
        self._lead(partner, "2026-03-05", self.web)
        self._refresh_marked()
        self.assertEqual(self._customer(partner).touch_ids.channel_id, self.web)
        abroad = self._customer(partner, self.other_company)
        self.assertEqual(abroad.touch_ids.channel_id, own)
        seen = self.env["crm.customer.touch"].with_user(self.manager).search([])
        self.assertNotIn(abroad, seen.customer_id)
        # Told by hand there, of a channel that is nobody's here.
        partner.acquisition_channel_id = own
        self._refresh_marked()
        self.assertEqual(self._customer(partner).touch_ids.channel_id, self.web)
        self.assertEqual(abroad.touch_ids.mapped("kind"), ["contact", "lead"])

    def test_touches_of_another_company_are_known_of_the_contact_at_most(self):
        partner = self._create_customer_contact(name="P", is_company=True)
        self._purchase(partner, "2026-03-02", 100)
        self._lead(partner, "2026-03-01", self.web, company=self.other_company)
        self._refresh_marked()
        touches = self._customer(partner).touch_ids
        self.assertEqual(touches.mapped("kind"), ["contact"])
        self.assertEqual(touches.channel_id, self.web)
        abroad = self._customer(partner, self.other_company)
        self.assertEqual(abroad.touch_ids.mapped("kind"), ["lead"])
        # With a touch of ours the other company's is none.
        own = self._order(partner, confirm=False)
        own.acquisition_channel_id = self.exhibition
        self._refresh_marked()
        self.assertEqual(self._customer(partner).touch_ids.order_id, own)
        self.assertEqual(abroad.touch_ids.mapped("kind"), ["lead"])

    def test_who_sees_touches(self):
        partner = self._create_customer_contact(
            name="P", is_company=True, user_id=self.salesperson.id
        )
        self._lead(partner, "2026-03-01", self.exhibition)
        self._refresh_marked()
        touch = self._customer(partner).touch_ids
        for user in (self.salesperson, self.leader, self.manager, self.accountant):
            self.assertEqual(touch.with_user(user).channel_id, self.exhibition, user)
        with self.assertRaises(AccessError):
            touch.with_user(self.colleague).read(["channel_id"])
        with self.assertRaises(AccessError):
            touch.with_user(self.accountant).read(["lead_id"])
        with self.assertRaises(AccessError):
            touch.with_user(self.manager).write({"linear": 0.5})

    def test_the_day_of_a_touch_is_the_companys(self):
        self.company.resource_calendar_id.tz = "Asia/Tehran"
        partner = self._create_customer_contact(name="P", is_company=True)
        lead = self._lead(partner, "2026-03-01", self.exhibition)
        self.env.cr.execute(
            "UPDATE crm_lead SET create_date = '2026-02-28 21:00' WHERE id = %s",
            [lead.id],
        )
        self.env["res.partner"]._acquire(partner.ids)
        self._refresh_marked()
        day = self._day("2026-03-01")
        self.assertEqual(partner.acquisition_date, day)
        self.assertEqual(self._customer(partner).touch_ids.date, day)
        self.assertEqual(
            self._sums("leads", ("partner_id", "=", partner.id), by="date:day"),
            {day: 1},
        )

    def test_each_company_has_its_own_day(self):
        calendar = self.company.resource_calendar_id
        self.company.resource_calendar_id = calendar.copy({"tz": "Asia/Tehran"})
        self.other_company.resource_calendar_id = calendar.copy(
            {"tz": "Pacific/Honolulu"}
        )
        partners = self.env["res.partner"]
        days = ["2026-03-01", "2026-02-28"]
        for company, day in zip(self.company | self.other_company, days, strict=True):
            partner = self._create_customer_contact(name=day, is_company=True)
            lead = self._lead(partner, "2026-03-01", self.web, company=company)
            self.env.cr.execute(
                "UPDATE crm_lead SET create_date = '2026-02-28 21:00' WHERE id = %s",
                [lead.id],
            )
            partners |= partner
        partners._acquire(partners.ids)
        days = [self._day(day) for day in days]
        self.assertEqual(partners.mapped("acquisition_date"), days)
        report = self._report(companies=self.company | self.other_company)
        rows = report.search([("partner_id", "in", partners.ids)], order="date desc")
        self.assertEqual(rows.partner_id, partners)
        self.assertEqual(rows.mapped("date"), days)
