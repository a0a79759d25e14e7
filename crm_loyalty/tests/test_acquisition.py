"""Where customers come from: rules, corrections, and what is passed on."""

from datetime import date, datetime

from psycopg2.errors import CheckViolation

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from .common import CrmLoyaltyCommon


@tagged("post_install", "-at_install")
class TestAcquisition(CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.acquisition.rule"].search([]).unlink()
        channels = cls.env["crm.acquisition.channel"]
        cls.online, cls.fair, cls.word = channels.create(
            [{"name": "Online"}, {"name": "Fair"}, {"name": "Word of Mouth"}]
        )
        cls.search = channels.create({"name": "Search", "parent_id": cls.online.id})
        cls.foreign = channels.create(
            {"name": "Foreign", "company_id": cls.other_company.id}
        )
        cls.source, cls.mailing = cls.env["utm.source"].create(
            [{"name": "Engine"}, {"name": "Mailing of May"}]
        )
        cls.medium = cls.env["utm.medium"].create({"name": "Stand"})
        cls.answer = cls.env["crm.acquisition.answer"].create({"name": "A friend"})
        cls.rules = cls.env["crm.acquisition.rule"].create(
            [
                {
                    "sequence": 1,
                    "channel_id": cls.word.id,
                    "answer_id": cls.answer.id,
                },
                {
                    "sequence": 2,
                    "channel_id": cls.foreign.id,
                    "source_id": cls.source.id,
                },
                {
                    "sequence": 3,
                    "channel_id": cls.fair.id,
                    "source_id": cls.source.id,
                    "medium_id": cls.medium.id,
                },
                {
                    "sequence": 4,
                    "channel_id": cls.search.id,
                    "source_id": cls.source.id,
                },
            ]
        )

    def _lead(self, **values):
        values = {"name": "Lead", "company_id": self.company.id, **values}
        return self.env["crm.lead"].create(values)

    def _at(self, record, moment):
        """Have a lead or an order created at another time."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = %s",
                SQL.identifier(record._table),
                moment,
                record.id,
            )
        )
        record.invalidate_recordset(["create_date"])

    # -- rules
    def test_the_first_rule_that_fits_decides(self):
        for values, channel in (
            ({}, None),
            ({"source_id": self.source.id}, self.search),
            ({"source_id": self.source.id, "medium_id": self.medium.id}, self.fair),
            ({"medium_id": self.medium.id}, None),
            (
                {
                    "source_id": self.source.id,
                    "acquisition_answer_id": self.answer.id,
                },
                self.word,
            ),
            (
                {"source_id": self.source.id, "company_id": self.other_company.id},
                self.foreign,
            ),
            # Of no company yet: channels of one are not for it.
            ({"source_id": self.source.id, "company_id": False}, self.search),
        ):
            with self.subTest(values):
                lead = self._lead(**values)
                self.assertEqual(
                    lead.acquisition_channel_id,
                    channel or self.env["crm.acquisition.channel"],
                )
                self.assertFalse(lead.acquisition_by_hand)

    def test_the_form_shows_the_channel_while_it_is_filled_in(self):
        with Form(self.env["crm.lead"].with_user(self.salesperson)) as form:
            form.name = "By form"
            form.source_id = self.source
            self.assertEqual(form.acquisition_channel_id, self.search)

    def test_rules_go_with_their_channel(self):
        self._lead(source_id=self.source.id).unlink()
        self.rules[3].channel_id = channel = self.fair.copy({"name": "Short"})
        self.assertEqual(
            self._lead(source_id=self.source.id).acquisition_channel_id, channel
        )
        self.env["crm.lead"].search(
            [("acquisition_channel_id", "=", channel.id)]
        ).unlink()
        channel.unlink()
        self.assertFalse(self._lead(source_id=self.source.id).acquisition_channel_id)

    def test_orders_of_other_companies_wait_for_their_own_managers(self):
        partner = self._create_customer_contact()
        lead = self._lead(company_id=self.other_company.id, partner_id=partner.id)
        order = self.env["sale.order"].with_company(self.other_company)
        order = order.create({"partner_id": partner.id, "opportunity_id": lead.id})
        lead.acquisition_channel_id = self.fair
        self.env.flush_all()
        # As of a database in which rules came later.
        self.env.cr.execute(
            SQL(
                "UPDATE sale_order SET acquisition_channel_id = NULL WHERE id = %s",
                order.id,
            )
        )
        order.invalidate_recordset()
        self.env["crm.acquisition.rule"].with_user(self.manager).action_apply()
        self.assertFalse(order.acquisition_channel_id)
        orders = self.env["sale.order"].with_context(
            allowed_company_ids=self.other_company.ids
        )
        self.assertEqual(orders._apply_rules(), 1)
        self.assertEqual(order.acquisition_channel_id, self.fair)

    def test_a_rule_asks_for_something(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
            self.env["crm.acquisition.rule"].create({"channel_id": self.fair.id})

    def test_technical_sources_make_no_channel(self):
        count = self.env["crm.acquisition.channel"].search_count([])
        self.env["utm.source"].create([{"name": f"Bot {n}"} for n in range(50)])
        lead = self._lead(source_id=self.mailing.id)
        self.assertFalse(lead.acquisition_channel_id)
        self.assertEqual(self.env["crm.acquisition.channel"].search_count([]), count)

    def test_a_flood_of_a_mailing_changes_no_channel(self):
        channels = self.env["crm.acquisition.channel"].search([])
        partner = self._create_customer_contact()
        mailed = {"source_id": self.mailing.id, "partner_id": partner.id}
        # Of a mailing that came before the customer told how he came, and after it.
        before = self._lead(**mailed)
        self._at(before, datetime(2026, 1, 1))
        self._lead(source_id=self.source.id, partner_id=partner.id)
        order = self.env["sale.order"].create(
            {"partner_id": partner.id, "source_id": self.source.id}
        )
        came = partner.acquisition_date
        self.assertEqual(partner.acquisition_channel_id, self.search)
        flood = self.env["crm.lead"].create(
            [{"name": f"Answer {n}", **mailed} for n in range(30)]
        )
        self.env["sale.order"].create([dict(mailed) for _n in range(3)])
        self._refresh_marked()
        self.assertFalse(flood.acquisition_channel_id)
        self.assertEqual(partner.acquisition_channel_id, self.search)
        self.assertEqual(partner.acquisition_date, came)
        self.assertEqual(order.acquisition_channel_id, self.search)
        self.assertEqual(self._customer(partner).channel_count, 1)
        self.assertEqual(self.env["crm.acquisition.channel"].search([]), channels)

    def test_a_correction_by_hand_stays_until_it_is_emptied(self):
        lead = self._lead(source_id=self.source.id)
        lead.with_user(self.manager).acquisition_channel_id = self.fair
        self.assertTrue(lead.acquisition_by_hand)
        lead.medium_id = self.medium
        lead.source_id = self.mailing
        self.assertEqual(lead.acquisition_channel_id, self.fair)
        lead.source_id = self.source
        lead.medium_id = False
        lead.acquisition_channel_id = False
        self.assertEqual(lead.acquisition_channel_id, self.search)
        self.assertFalse(lead.acquisition_by_hand)
        told = self._lead(source_id=self.source.id, acquisition_channel_id=self.fair.id)
        self.assertEqual(told.acquisition_channel_id, self.fair)

    def test_changed_rules_are_applied_when_asked_and_leave_corrections_alone(self):
        partner = self._create_customer_contact()
        plain = self._lead(source_id=self.source.id, partner_id=partner.id)
        corrected = self._lead(source_id=self.source.id)
        corrected.acquisition_channel_id = self.word
        order = self.env["sale.order"].create(
            {"partner_id": partner.id, "opportunity_id": plain.id}
        )
        foreign = self._lead(source_id=self.source.id, company_id=self.other_company.id)
        self.rules[3].channel_id = self.fair
        self.rules[1].channel_id = self.online
        self.assertEqual(plain.acquisition_channel_id, self.search)
        self.env["crm.acquisition.rule"].with_user(self.manager).action_apply()
        self.assertEqual(plain.acquisition_channel_id, self.online)
        self.assertEqual(order.acquisition_channel_id, self.online)
        self.assertEqual(partner.acquisition_channel_id, self.online)
        self.assertEqual(corrected.acquisition_channel_id, self.word)
        # Of a company in which the manager does not work.
        self.assertEqual(foreign.acquisition_channel_id, self.foreign)
        self.assertEqual(self.env["crm.lead"]._apply_rules(), 1)
        self.assertEqual(self.env["crm.lead"]._apply_rules(), 0)
        with self.assertRaises(AccessError):
            self.env["crm.acquisition.rule"].with_user(self.salesperson).action_apply()

    def test_applying_costs_the_same_for_any_number_of_leads(self):
        self._lead(source_id=self.source.id)
        self.rules[3].channel_id = self.fair
        leads = self.env["crm.lead"]
        leads._apply_rules()
        counts = []
        for number in (1, 40):
            for _each in range(number):
                self._lead(source_id=self.source.id)
            self.rules[3].channel_id = self.search if number == 1 else self.fair
            self.env["crm.acquisition.rule"]._rules(self.company.id)
            self.env["crm.acquisition.rule"]._rules(False)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.assertTrue(leads._apply_rules())
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    # -- what is passed on
    def test_a_converted_lead_passes_its_channel_on(self):
        lead = self._lead(
            source_id=self.source.id,
            type="lead",
            contact_name="New Customer",
            user_id=self.salesperson.id,
        )
        self._at(lead, datetime(2026, 1, 15, 12))
        converting = lead.with_user(self.salesperson)
        converting._handle_partner_assignment(create_missing=True)
        converting.convert_opportunity(lead.partner_id)
        partner = lead.partner_id
        self.assertEqual(partner.acquisition_channel_id, self.search)
        self.assertEqual(partner.acquisition_date, date(2026, 1, 15))
        self._refresh_marked()
        self.assertEqual(self._customer(partner).acquisition_channel_id, self.search)
        order = self.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "opportunity_id": lead.id,
                "medium_id": self.medium.id,
                "source_id": self.source.id,
            }
        )
        self.assertEqual(order.acquisition_channel_id, self.search)
        # A correction follows, on the contact and on what was quoted since.
        lead.acquisition_channel_id = self.word
        self.assertEqual(order.acquisition_channel_id, self.word)
        self.assertEqual(partner.acquisition_channel_id, self.word)
        self._refresh_marked()
        self.assertEqual(self._customer(partner).acquisition_channel_id, self.word)

    def test_the_first_touch_counts_and_contacts_come_as_their_company(self):
        company = self._create_customer_contact(is_company=True)
        person = self._create_customer_contact(parent_id=company.id)
        order = self.env["sale.order"].create(
            {
                "partner_id": company.id,
                "source_id": self.source.id,
                "medium_id": self.medium.id,
            }
        )
        self.assertEqual(company.acquisition_channel_id, self.fair)
        lead = self._lead(source_id=self.source.id)
        self._at(order, datetime(2026, 1, 15))
        self._at(lead, datetime(2025, 12, 1))
        lead.partner_id = person
        for partner in company | person:
            self.assertEqual(partner.acquisition_channel_id, self.search)
            self.assertEqual(partner.acquisition_date, date(2025, 12, 1))
        lead.partner_id = self._create_customer_contact()
        self.assertEqual(company.acquisition_channel_id, self.fair)
        self.assertEqual(lead.partner_id.acquisition_channel_id, self.search)
        lead.unlink()
        order.unlink()
        self.assertFalse(company.acquisition_channel_id)

    def test_who_knows_better_tells_the_contact(self):
        partner = self._create_customer_contact()
        lead = self._lead(source_id=self.source.id, partner_id=partner.id)
        self._at(lead, datetime(2026, 1, 1))
        self.env["res.partner"]._acquire(partner.ids)
        self.assertEqual(partner.acquisition_date, date(2026, 1, 1))
        partner.with_user(self.salesperson).acquisition_channel_id = self.word
        self.assertEqual(partner.acquisition_date, fields.Date.context_today(partner))
        self._lead(
            source_id=self.source.id,
            medium_id=self.medium.id,
            partner_id=partner.id,
        )
        self.assertEqual(partner.acquisition_channel_id, self.word)
        partner.acquisition_channel_id = False
        self.assertEqual(partner.acquisition_channel_id, self.search)

    def test_a_profile_shows_channels_of_its_company_alone(self):
        partner = self._create_customer_contact()
        self._purchase(partner, "2026-01-05", 10)
        self._purchase(partner, "2026-01-05", 10, company=self.other_company)
        partner.acquisition_channel_id = self.foreign
        for company in self.company | self.other_company:
            self.env["crm.customer"].with_company(company)._refresh()
        self.assertFalse(self._customer(partner).acquisition_channel_id)
        self.assertEqual(
            self._customer(partner, self.other_company).acquisition_channel_id,
            self.foreign,
        )

    # -- merging
    def test_merged_leads_came_as_the_first_of_them(self):
        for first_day, last_day, channel in (
            (datetime(2026, 1, 1), datetime(2026, 1, 2), self.search),
            (datetime(2026, 1, 2), datetime(2026, 1, 1), self.fair),
        ):
            first = self._lead(source_id=self.source.id)
            second = self._lead(source_id=self.mailing.id, type="opportunity")
            third = self._lead(source_id=self.source.id, medium_id=self.medium.id)
            self._at(first, first_day)
            self._at(third, last_day)
            merged = (first | second | third).merge_opportunity()
            self.assertEqual(merged.acquisition_channel_id, channel)
            self.assertFalse(merged.acquisition_by_hand)

    def test_merged_leads_keep_what_was_corrected_and_answered(self):
        other = self.env["crm.acquisition.answer"].create({"name": "By chance"})
        corrected = self._lead(source_id=self.source.id)
        corrected.write(
            {
                "acquisition_channel_id": self.fair.id,
                "acquisition_answer_id": other.id,
            }
        )
        later = self._lead(acquisition_answer_id=self.answer.id, type="opportunity")
        self._at(corrected, datetime(2026, 1, 1))
        merged = (corrected | later).merge_opportunity()
        self.assertEqual(merged.acquisition_channel_id, self.fair)
        self.assertTrue(merged.acquisition_by_hand)
        self.assertEqual(merged.acquisition_answer_id, other)
        # The rules leave alone what was corrected before the merge.
        merged.source_id = self.source
        self.assertEqual(merged.acquisition_channel_id, self.fair)

    def test_merged_contacts_keep_the_earlier_acquisition_and_all_touches(self):
        early, late = (
            self._create_customer_contact(name=name, email="a@b.example")
            for name in ("Early", "Late")
        )
        first = self._lead(source_id=self.source.id, partner_id=early.id)
        second = self._lead(
            source_id=self.source.id, medium_id=self.medium.id, partner_id=late.id
        )
        self._at(first, datetime(2026, 1, 1))
        self._at(second, datetime(2026, 1, 2))
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge([early.id, late.id], late)
        self.assertEqual((first | second).partner_id, late)
        self.assertEqual(late.acquisition_channel_id, self.search)
        self.assertEqual(late.acquisition_date, date(2026, 1, 1))

    def test_merged_contacts_keep_what_somebody_told(self):
        told, other = (
            self._create_customer_contact(name=name, email="a@b.example")
            for name in ("Told", "Other")
        )
        told.write(
            {
                "acquisition_channel_id": self.word.id,
                "acquisition_date": date(2025, 5, 5),
            }
        )
        self._lead(source_id=self.source.id, partner_id=other.id)
        wizard = self.env["base.partner.merge.automatic.wizard"]
        wizard._merge([told.id, other.id], other)
        self.assertEqual(other.acquisition_channel_id, self.word)
        self.assertEqual(other.acquisition_date, date(2025, 5, 5))
        self.assertTrue(other.acquisition_by_hand)

    def test_of_two_that_were_told_the_earlier_stays(self):
        for source_day, target_day, channel in (
            (date(2025, 5, 5), date(2025, 6, 6), self.word),
            (date(2025, 6, 6), date(2025, 5, 5), self.fair),
        ):
            source, target = self.env["res.partner"].create(
                [
                    {
                        "name": "Told",
                        "acquisition_channel_id": told.id,
                        "acquisition_date": day,
                    }
                    for told, day in (
                        (self.word, source_day),
                        (self.fair, target_day),
                    )
                ]
            )
            self._merge(source, target)
            self.assertEqual(target.acquisition_channel_id, channel)
            self.assertEqual(target.acquisition_date, date(2025, 5, 5))

    # -- the tree
    def test_channels_are_a_tree_of_one_company(self):
        self.assertEqual(self.search.display_name, "Online / Search")
        with self.assertRaises(UserError):
            self.online.parent_id = self.search
        with self.assertRaisesRegex(ValidationError, "must belong to that company"):
            self.search.create({"name": "x", "parent_id": self.foreign.id})
        with self.assertRaisesRegex(UserError, "stays with its company"):
            self.foreign.company_id = self.company

    def test_a_channel_counts_what_lies_below_it(self):
        partner = self._create_customer_contact(user_id=self.salesperson.id)
        self._lead(
            source_id=self.source.id,
            partner_id=partner.id,
            user_id=self.salesperson.id,
        )
        self._refresh_marked()
        counted = self.online.with_user(self.salesperson)
        self.assertEqual((counted.lead_count, counted.customer_count), (1, 1))
        action = counted.action_open_customers()
        found = self.env["crm.customer"].search(action["domain"])
        self.assertEqual(found.partner_id, partner)
        other = self.online.with_user(self.colleague)
        self.assertEqual((other.lead_count, other.customer_count), (0, 0))
