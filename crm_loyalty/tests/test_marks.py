"""Each entry of the list of marks matters: without it a change goes unseen.

Every scenario changes one thing. With the entry the marked refresh leaves nothing for
a full one to write; without it the full refresh still finds something. So no entry is
there for nothing, and none of the scenarios passes by accident.
"""

from contextlib import contextmanager
from copy import deepcopy
from datetime import datetime, time, timedelta
from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.crm_loyalty.models import crm_customer_mark
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestMarks(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.partner = cls._create_customer_contact()
        cls.other = cls._create_customer_contact()
        cls.reason = cls.env["crm.lost.reason"].create({"name": "No fit"})

    def _written_by_full_refresh(self):
        return sum(
            self.env["crm.customer"].with_company(company)._refresh()
            for company in self.env["res.company"].search([])
        )

    @contextmanager
    def _without(self, model, entry):
        """The list of marks without one entry: "create", "unlink" or a field."""
        marks = deepcopy(crm_customer_mark.MARKS)
        if entry in ("create", "unlink"):
            self.assertTrue(marks[model][entry])
            marks[model][entry] = False
        else:
            marks[model]["fields"].remove(entry)
        with patch.dict(crm_customer_mark.MARKS, marks):
            yield

    def _rolled_back(self, prepare, change):
        """Prepare, refresh, change, refresh the marked; what is left to write?"""
        with self.env.cr.savepoint() as savepoint:
            record = prepare()
            self._refresh_marked()
            self._written_by_full_refresh()
            change(record)
            self._refresh_marked()
            written = self._written_by_full_refresh()
            savepoint.rollback()
        self.env.invalidate_all(flush=False)
        return written

    def _assert_matters(self, model, entry, prepare, change):
        with self.subTest(model=model, entry=entry):
            self.assertEqual(self._rolled_back(prepare, change), 0)
            with self._without(model, entry):
                self.assertGreater(self._rolled_back(prepare, change), 0)

    # -- what the scenarios start from
    def _nothing(self):
        return None

    def _lead(self, **values):
        values = {
            "name": "Deal",
            "type": "opportunity",
            "partner_id": self.partner.id,
            "company_id": self.company.id,
            **values,
        }
        return self.env["crm.lead"].create(values)

    def _lost_lead(self, **values):
        lead = self._lead(**values)
        lead.action_set_lost(lost_reason_id=self.reason.id)
        return lead

    def _quotation(self):
        return self._order(self.partner, confirm=False)

    # -- the entries
    def test_leads(self):
        def matters(entry, prepare, change):
            self._assert_matters("crm.lead", entry, prepare, change)

        matters("create", self._nothing, lambda _: self._lead())
        matters("unlink", self._lead, lambda lead: lead.unlink())
        matters(
            "partner_id",
            self._lead,
            lambda lead: lead.write({"partner_id": self.other.id}),
        )
        matters(
            "company_id",
            self._lead,
            lambda lead: lead.write({"company_id": self.other_company.id}),
        )
        matters(
            "type",
            lambda: self._lead(type="lead"),
            lambda lead: lead.write({"type": "opportunity"}),
        )
        # Archived with a probability left: shelved, neither open nor lost.
        matters(
            "active",
            lambda: self._lead(probability=20, active=False),
            lambda lead: lead.write({"active": True}),
        )
        won = self.env["crm.stage"].search([("is_won", "=", True)], limit=1)
        self.assertTrue(won)
        moved = self._rolled_back(
            lambda: self._lead(probability=20, active=False),
            lambda lead: lead.write({"stage_id": won.id}),
        )
        self.assertEqual(moved, 0)
        matters(
            "date_closed",
            self._lost_lead,
            lambda lead: lead.write({"date_closed": "2020-01-01"}),
        )
        suitable = self.env["crm.lost.reason"].create({"name": "Bad"})
        suitable.is_unsuitable = True
        matters(
            "lost_reason_id",
            self._lost_lead,
            lambda lead: lead.write({"lost_reason_id": suitable.id}),
        )

    def test_probability_of_a_lead(self):
        """An archived lead with probability 0 is lost; with another it is shelved."""
        self._assert_matters(
            "crm.lead",
            "probability",
            lambda: self._lead(active=False, probability=20),
            lambda lead: lead.write({"probability": 0}),
        )

    def test_orders(self):
        def matters(entry, prepare, change):
            self._assert_matters("sale.order", entry, prepare, change)

        matters("create", self._nothing, lambda _: self._quotation())
        matters("unlink", self._quotation, lambda order: order.unlink())
        matters(
            "partner_id",
            self._quotation,
            lambda order: order.write({"partner_id": self.other.id}),
        )
        matters(
            "validity_date",
            self._quotation,
            lambda order: order.write({"validity_date": "2030-01-01"}),
        )
        matters(
            "state", self._quotation, lambda order: order.write({"state": "cancel"})
        )

        def cancelled():
            order = self._quotation()
            order.write({"state": "cancel"})
            return order

        matters(
            "date_order",
            cancelled,
            lambda order: order.write({"date_order": "2020-01-01"}),
        )

    def test_contacts(self):
        def matters(entry, change, prepare=self._create_customer_contact):
            self._assert_matters("res.partner", entry, prepare, change)

        matters("create", lambda _: self._create_customer_contact(), self._nothing)
        matters("company_id", lambda p: p.write({"company_id": self.other_company.id}))
        matters("supplier_rank", lambda p: p.write({"supplier_rank": 1}))
        matters(
            "customer_rank",
            lambda p: p.write({"customer_rank": 1}),
            lambda: self._create_customer_contact(supplier_rank=1),
        )
        user = self._user("marks_elsewhere", "base.group_user", self.other_company)
        matters("user_id", lambda p: p.write({"user_id": user.id}))
        channel = self.env["crm.acquisition.channel"].create({"name": "Fair"})
        matters(
            "acquisition_date",
            lambda p: p.write({"acquisition_channel_id": channel.id}),
        )

    def test_children_follow_their_contact(self):
        """A contact that becomes a company leaves its parent, with its facts."""
        parent = self._create_customer_contact(is_company=True)

        def child():
            contact = self._create_customer_contact(parent_id=parent.id)
            self._lead(partner_id=contact.id)
            return contact

        self._assert_matters(
            "res.partner", "is_company", child, lambda p: p.write({"is_company": True})
        )

        other = self._create_customer_contact(is_company=True)
        self._assert_matters(
            "res.partner",
            "parent_id",
            child,
            lambda p: p.write({"parent_id": other.id}),
        )

    def test_archived_contacts_need_no_mark(self):
        """Odoo carries `active` over to the profile by itself."""

        def archived():
            contact = self._create_customer_contact()
            contact.active = False
            return contact

        def archive(contact):
            contact.active = False

        def restore(contact):
            contact.active = True

        prepare = self._create_customer_contact
        self.assertEqual(self._rolled_back(prepare, archive), 0)
        self.assertEqual(self._rolled_back(archived, restore), 0)

    def test_grandchildren_follow_too(self):
        """The commercial partner of those below changes without a write of theirs."""

        def family():
            holding = self._create_customer_contact(is_company=True)
            middle = self._create_customer_contact()
            below = self._create_customer_contact(parent_id=middle.id)
            self._lead(partner_id=below.id)
            self._purchase(below, self.today, 10)
            return holding, middle

        def change(family):
            holding, middle = family
            middle.parent_id = holding

        self.assertEqual(self._rolled_back(family, change), 0)

        def become_company(family):
            _holding, middle = family
            middle.parent_id = False
            middle.is_company = True

        def joined():
            holding, middle = family()
            middle.parent_id = holding
            return holding, middle

        self.assertEqual(self._rolled_back(joined, become_company), 0)

    def test_rewards_of_referrals(self):
        referrer = self._create_customer_contact()
        other = self._create_customer_contact()
        friend = self._create_customer_contact()
        for partner in (referrer, other):
            self._purchase(partner, self.today, 10)

        def referral():
            return self.env["crm.referral"].create(
                {
                    "friend_id": friend.id,
                    "referrer_id": referrer.id,
                    "company_id": self.company.id,
                    "date": self.today,
                    "state": "rewarded",
                    "rewarded_date": self.today,
                }
            )

        def matters(entry, prepare, change):
            self._assert_matters("crm.referral", entry, prepare, change)

        matters("create", self._nothing, lambda _: referral())
        matters("unlink", referral, lambda row: row.unlink())
        matters("state", referral, lambda row: row.write({"state": "taken_back"}))
        matters(
            "referrer_id", referral, lambda row: row.write({"referrer_id": other.id})
        )
        tomorrow = self.today + timedelta(days=1)
        matters(
            "rewarded_date",
            referral,
            lambda row: row.write({"rewarded_date": tomorrow}),
        )
        # By the database's cascade nobody would be marked.
        self.assertEqual(self._rolled_back(referral, lambda row: friend.unlink()), 0)

    def test_lost_reasons(self):
        # No mark is needed when one goes: a reason in use stays.
        self._lost_lead()
        with self.assertRaises(IntegrityError), mute_logger("odoo.sql_db"):
            self.reason.unlink()
        self._assert_matters(
            "crm.lost.reason",
            "is_unsuitable",
            self._lost_lead,
            lambda _: self.reason.write({"is_unsuitable": True}),
        )

    def test_users(self):
        def user():
            return self.env["res.users"].create(
                {
                    "name": "Someone",
                    "login": "marks_user",
                    "partner_id": self._create_customer_contact().id,
                    "company_id": self.company.id,
                    "company_ids": [Command.set(self.company.ids)],
                    "group_ids": [Command.set(self.env.ref("base.group_portal").ids)],
                }
            )

        employee = [Command.set(self.env.ref("base.group_user").ids)]
        self._assert_matters(
            "res.users", "group_ids", user, lambda u: u.write({"group_ids": employee})
        )

        def internal():
            user_ = user()
            user_.write({"group_ids": employee})
            return user_

        self._assert_matters("res.users", "unlink", internal, lambda u: u.unlink())

        def contact():
            return self._create_customer_contact()

        def employ(partner):
            self.env["res.users"].create(
                {
                    "login": "marks_new",
                    "partner_id": partner.id,
                    "group_ids": employee,
                }
            )

        # Mail's settings write the groups of each new user again: do not rest on it.
        with self._without("res.users", "group_ids"):
            self._assert_matters("res.users", "create", contact, employ)
        self._assert_matters(
            "res.users",
            "partner_id",
            internal,
            lambda u: u.write({"partner_id": self.other.id}),
        )

    def test_groups(self):
        """Who is an internal user may follow from what his groups imply."""
        internal = self.env.ref("base.group_user")

        def user(group):
            return self.env["res.users"].create(
                {
                    "login": "marks_member",
                    "partner_id": self._create_customer_contact().id,
                    "group_ids": [Command.set(group.ids)],
                }
            )

        def group(**values):
            return self.env["res.groups"].create({"name": "Special", **values})

        def member():
            return user(group())

        def matters(entry, prepare, change):
            self._assert_matters("res.groups", entry, prepare, change)

        matters(
            "implied_ids",
            member,
            lambda u: u.group_ids.write({"implied_ids": [Command.link(internal.id)]}),
        )
        matters(
            "implied_by_ids",
            member,
            lambda u: internal.write(
                {"implied_by_ids": [Command.link(u.group_ids.id)]}
            ),
        )
        matters(
            "user_ids",
            member,
            lambda u: internal.write({"user_ids": [Command.link(u.id)]}),
        )
        matters(
            "create",
            member,
            lambda u: group(
                implied_ids=[Command.link(internal.id)],
                user_ids=[Command.link(u.id)],
            ),
        )
        matters(
            "unlink",
            lambda: user(group(implied_ids=[Command.link(internal.id)])),
            lambda u: u.group_ids.unlink(),
        )

    def test_a_bill_makes_a_vendor_and_an_invoice_a_customer(self):
        """Odoo raises the ranks from 0 by a write, which marks."""

        def post(move_type):
            def change(partner):
                self._invoice(partner, self.today, 10, move_type=move_type)

            return change

        self._assert_matters(
            "res.partner",
            "supplier_rank",
            self._create_customer_contact,
            post("in_invoice"),
        )
        partner = self._create_customer_contact()
        post("in_invoice")(partner)
        self._refresh_marked()
        self.assertFalse(self._customer(partner))
        post("out_invoice")(partner)
        self._refresh_marked()
        self.assertEqual(self._customer(partner).stage, "first_time")

    def test_time_zone_of_a_company(self):
        """Another zone makes it another day: all customers of the company."""

        def lost_late():
            self.company.resource_calendar_id.tz = "UTC"
            late = datetime.combine(self.today, time(23, 30))
            self._lost_lead().date_closed = late - timedelta(days=30)

        def move(_):
            self.company.resource_calendar_id.tz = "Pacific/Kiritimati"

        def replace(_):
            self.company.resource_calendar_id = self.env["resource.calendar"].create(
                {"name": "Far", "tz": "Pacific/Kiritimati"}
            )

        def lost_late_without_calendar():
            self.company.partner_id.tz = "UTC"
            lost_late()
            self.company.resource_calendar_id = False

        def move_contact(_):
            self.company.partner_id.tz = "Pacific/Kiritimati"

        for prepare, change in (
            (lost_late, move),
            (lost_late, replace),
            (lost_late_without_calendar, move_contact),
        ):
            self.assertEqual(self._rolled_back(prepare, change), 0)

            def unmarked(record, change=change):
                with patch.object(type(self.env["crm.customer.mark"]), "_mark"):
                    change(record)

            self.assertGreater(self._rolled_back(prepare, unmarked), 0)

    def test_time_zone_of_a_contact_that_says_nothing(self):
        """Of no company, or of one that goes by its calendar: nobody is marked."""
        self.assertTrue(self.company.resource_calendar_id)
        marks = self.env["crm.customer.mark"]
        self._refresh_marked()
        (self.company.partner_id | self.partner).tz = "Pacific/Kiritimati"
        marks._flush_pending()
        self.assertFalse(marks.search([]))

    def test_company_of_a_salesperson_moves_contacts_without_facts(self):
        def contact():
            user = self._user("marks_mover", "sales_team.group_sale_salesman")
            user.company_ids = self.company | self.other_company
            self._create_customer_contact(user_id=user.id)
            return user

        self._assert_matters(
            "res.users",
            "company_id",
            contact,
            lambda user: user.write({"company_id": self.other_company.id}),
        )
        self.assertEqual(self._rolled_back(contact, lambda user: user.unlink()), 0)

    def test_own_companies(self):
        self._assert_matters(
            "res.company",
            "partner_id",
            self._create_customer_contact,
            lambda p: self.other_company.write({"partner_id": p.id}),
        )

        def company(partner):
            return self.env["res.company"].create(
                {"name": "New", "partner_id": partner.id}
            )

        def own():
            return company(self._create_customer_contact())

        self._assert_matters(
            "res.company", "create", self._create_customer_contact, company
        )
        self._assert_matters("res.company", "unlink", own, lambda c: c.unlink())

    def test_a_fact_elsewhere_ends_the_row_at_home(self):
        for fact in (
            lambda _: self._purchase(
                self.partner, self.today, 5, company=self.other_company
            ),
            lambda _: self._lead(company_id=self.other_company.id),
            lambda _: self._invoice(
                self.partner, self.today, 5, company=self.other_company
            ),
        ):
            self.assertEqual(self._rolled_back(self._nothing, fact), 0)
