from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..recurrence import next_yearly
from .crm_customer_knowledge import KNOWLEDGE_GROUPS
from .crm_folding import folded_search

MAX_REMIND_DAYS = 366


class CrmCustomerEventKind(models.Model):
    """What may happen in a customer's life: a new branch, a tender."""

    _name = "crm.customer.event.kind"
    _description = "Kind of Life Event"
    _inherit = ["crm.write.guard"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company",
        index=True,
        ondelete="cascade",
        help="Leave empty to have this kind in all companies.",
    )
    remind_days = fields.Integer(
        "Remind Before (Days)",
        default=14,
        help="How many days before the event the salesperson gets an activity; 0 for "
        "none. Each event may say otherwise.",
    )
    yearly = fields.Boolean("Every Year")

    _remind_days_sane = models.Constraint(
        f"CHECK (remind_days BETWEEN 0 AND {MAX_REMIND_DAYS})",
        "Remind between 0 and 366 days before an event.",
    )


class CrmCustomerEvent(models.Model):
    """A dated event in a customer's life, and the reminder of it.

    The reminder is an activity on the profile, made once by a daily job, for whoever
    is the customer's salesperson on that day.
    """

    _name = "crm.customer.event"
    _description = "Life Event of a Customer"
    _inherit = ["crm.customer.knowledge"]
    _order = "next_date, id"
    _rec_name = "kind_id"

    kind_id = fields.Many2one(
        "crm.customer.event.kind",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    name = fields.Char("Note", search=folded_search("name"))
    date = fields.Date(required=True)
    yearly = fields.Boolean(
        "Every Year",
        compute="_compute_from_kind",
        store=True,
        readonly=False,
        precompute=True,
        help="On the same day of the Gregorian year.",
    )
    remind_days = fields.Integer(
        "Remind Before (Days)",
        compute="_compute_from_kind",
        store=True,
        readonly=False,
        precompute=True,
        help="0 for no reminder.",
    )
    next_date = fields.Date(
        "Next On",
        compute="_compute_next_date",
        store=True,
        index=True,
        help="Of an event of every year the next time it comes.",
    )
    remind_date = fields.Date(
        "Remind On",
        compute="_compute_remind_date",
        store=True,
        index="btree_not_null",
        help="Empty when there is nothing to remind of, and when it was done.",
    )
    active = fields.Boolean(default=True)

    _remind_days_sane = models.Constraint(
        f"CHECK (remind_days BETWEEN 0 AND {MAX_REMIND_DAYS})",
        "Remind between 0 and 366 days before an event.",
    )

    @api.depends("kind_id")
    def _compute_from_kind(self):
        for event in self:
            event.yearly = event.kind_id.yearly
            event.remind_days = event.kind_id.remind_days

    @api.depends("date", "yearly")
    def _compute_next_date(self):
        for event in self:
            today = event._today()
            day = event.date
            event.next_date = next_yearly(day, today) if event.yearly and day else day

    @api.depends("next_date", "remind_days", "active")
    def _compute_remind_date(self):
        for event in self:
            day, ahead = event.next_date, event.remind_days
            due = event.active and ahead and day and day >= event._today()
            event.remind_date = due and day - timedelta(days=ahead)

    def _today(self):
        """Today where the customer's company is, else where the user works."""
        customers = self.env["crm.customer"]
        return customers.with_company(self.company_id or self.env.company)._today()

    @api.constrains("date")
    def _check_date(self):
        for event in self:
            if not 1800 <= event.date.year <= 2200:
                raise ValidationError(
                    self.env._(
                        "%(customer)s: the day of “%(event)s” lies outside the years "
                        "1800 to 2200. Was a Jalali day typed as a Gregorian one?",
                        customer=event.customer_id.display_name,
                        event=event.kind_id.name,
                    )
                )

    # -- reminding
    @api.model
    def _cron_remind(self, batch_size=500):
        """Remind of the events that draw near, and move yearly ones on."""
        retry = self.env["crm.customer"]._retry
        # The job does it for every company; each has its own day.
        for company in self.env["res.company"].search([]):
            events = self.with_company(company)
            for step in (events._move_on, events._remind):
                while retry(lambda step=step: step(batch_size)):
                    pass

    @api.model
    def _move_on(self, batch_size):
        """Give yearly events that have passed their next day; tell if more are left."""
        today = self.env["crm.customer"]._today()
        passed = self.search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("yearly", "=", True)
            & Domain("next_date", "<", today),
            limit=batch_size,
        )
        for event in passed:
            event.next_date = next_yearly(event.date, today)
        return len(passed) == batch_size

    @api.model
    def _remind(self, batch_size):
        """Make the activities that are due; tell whether more are left.

        An event is reminded of in the transaction that empties its day of reminding. A
        customer without salesperson waits for one until the event is over.
        """
        today = self.env["crm.customer"]._today()
        salespeople = self.env.ref("sales_team.group_sale_salesman")
        due = self.search(
            Domain("company_id", "=", self.env.company.id)
            & Domain("remind_date", "<=", today)
            & Domain("next_date", ">=", today)
            & Domain("customer_id.active", "=", True)
            & Domain("user_id.active", "=", True)
            & Domain("user_id.all_group_ids", "in", salespeople.ids),
            limit=batch_size,
        )
        # No e-mail for each: it is on the list of what the salesperson does today.
        activities = self.env["mail.activity"].with_context(
            mail_activity_quick_update=True
        )
        activities.create([event._prepare_activity_values(today) for event in due])
        due.write({"remind_date": False})
        return len(due) == batch_size

    def _prepare_activity_values(self, today):
        """Values of the activity that reminds of this event, in its user's language."""
        self.ensure_one()
        user = self.user_id
        event = self.with_context(lang=user.lang)
        return {
            "res_model_id": self.env["ir.model"]._get_id("crm.customer"),
            "res_id": self.customer_id.id,
            "activity_type_id": self.env.ref("mail.mail_activity_data_todo").id,
            "user_id": user.id,
            "date_deadline": today,
            "summary": event.env._(
                "%(event)s on %(day)s",
                event=event.kind_id.name,
                day=user.with_env(event.env)._crm_format_date(self.next_date),
            ),
            "note": self.name,
        }


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    event_ids = fields.One2many(
        "crm.customer.event", "customer_id", "Life Events", groups=KNOWLEDGE_GROUPS
    )

    @api.model
    def _knowledge_tables(self):
        return [*super()._knowledge_tables(), ("crm_customer_event", "customer_id")]

    @api.model
    def _knowledge_fields(self):
        return super()._knowledge_fields() | {"event_ids"}
