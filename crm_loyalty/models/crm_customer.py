from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL, format_list

from .. import lifecycle

# In the order of the ladder; disqualified is no rung of it.
STAGES = [
    ("suspect", "Suspect"),
    ("prospect", "Prospect"),
    ("first_time", "First-time"),
    ("repeat", "Repeat"),
    ("regular", "Regular"),
    ("advocate", "Advocate"),
    ("partner", "Partner"),
    ("disqualified", "Disqualified"),
]
PHASES = [
    ("prospect", "Potential"),
    ("responder", "Responder"),
    ("active", "Active"),
    ("former", "Former"),
]
MANUAL_STAGES = [
    ("disqualified", "Disqualified"),
    ("advocate", "Advocate"),
    ("partner", "Partner"),
]
# What users may write; everything else is written by `_refresh` alone. To each value
# its reason and last day, which users write too, and the stamps of who and since when.
MANUAL_FIELDS = {
    "manual_stage": {
        "reason": "manual_stage_reason",
        "until": "manual_stage_until",
        "user": "manual_stage_user_id",
        "since": "manual_stage_date",
    },
    "left_date": {
        "reason": "left_reason",
        "until": "left_until",
        "user": "left_user_id",
    },
}


class CrmCustomer(models.Model):
    """The customer profile: one row per commercial partner and company.

    All values but the manual ones are written by `_refresh` in set-based SQL.
    Stored are only values that rest while nothing happens: dates, not ages.
    """

    _name = "crm.customer"
    _description = "Customer Profile"
    _shows_money_in_unit = True
    _inherit = ["mail.thread", "mail.activity.mixin", "crm.jalali.periods"]
    _order = "net_revenue_12m desc, id"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]

    # -- who
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(related="partner_id.active", store=True)
    user_id = fields.Many2one(
        "res.users",
        "Salesperson",
        compute="_compute_user_id",
        store=True,
        index="btree_not_null",
    )
    acquisition_channel_id = fields.Many2one(
        "crm.acquisition.channel",
        readonly=True,
        help="By which channel the customer first reached the company.",
    )
    team_id = fields.Many2one(
        "crm.team",
        "Sales Team",
        compute="_compute_user_id",
        store=True,
        index="btree_not_null",
    )
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")
    country_id = fields.Many2one(related="partner_id.country_id")

    # -- where in its life
    # Expanded: columns and groups stand in the order of the ladder, empty ones too.
    stage = fields.Selection(
        STAGES, required=True, readonly=True, default="suspect", group_expand=True
    )
    phase = fields.Selection(
        PHASES, required=True, readonly=True, default="prospect", group_expand=True
    )
    peak_stage = fields.Selection(
        [item for item in STAGES if item[0] in lifecycle.LADDER],
        "Highest Stage",
        required=True,
        readonly=True,
        default="suspect",
        help="The highest stage this customer ever reached. It never falls.",
    )

    # -- what it is worth (company currency, untaxed, net of credit notes)
    first_purchase_date = fields.Date("First Purchase", readonly=True)
    second_purchase_date = fields.Date("Second Purchase", readonly=True)
    last_purchase_date = fields.Date("Last Purchase", readonly=True)
    purchase_count = fields.Integer("Purchases", readonly=True)
    purchase_days = fields.Integer(
        readonly=True, help="Number of distinct days of purchase."
    )
    active_until = fields.Date(
        readonly=True,
        help="Last day on which the customer still counts as active unless he buys "
        "again.",
    )
    net_revenue = fields.Monetary(readonly=True, currency_field="currency_id")
    net_revenue_12m = fields.Monetary(
        "Net Revenue (12 Months)", readonly=True, currency_field="currency_id"
    )
    margin_12m = fields.Monetary(
        "Margin (12 Months)",
        readonly=True,
        currency_field="currency_id",
        help="Net revenue less cost of goods; purchases of unknown cost are left out.",
    )
    rewarded_referrals = fields.Integer(
        readonly=True,
        default=0,
        help="Friends this customer brought for whom he was rewarded.",
    )
    next_change_date = fields.Date(
        readonly=True,
        help="First day on which a value of this profile can change without a new "
        "document.",
    )

    # -- set by hand
    manual_stage = fields.Selection(MANUAL_STAGES, "Stage by Hand")
    manual_stage_reason = fields.Char("Reason for the Stage")
    manual_stage_date = fields.Date("Stage Since", readonly=True)
    manual_stage_until = fields.Date("Stage Until")
    manual_stage_user_id = fields.Many2one("res.users", "Stage Set By", readonly=True)
    left_date = fields.Date(
        "Left On", help="The customer told us he has left, or we know it."
    )
    left_reason = fields.Char("Reason for Leaving")
    left_until = fields.Date(help="From the day after, the rules decide again.")
    left_user_id = fields.Many2one("res.users", "Left Noted By", readonly=True)

    history_ids = fields.One2many("crm.customer.history", "customer_id")
    history_count = fields.Integer(compute="_compute_history_count")
    explanation = fields.Text("Why", compute="_compute_explanation")

    _partner_company_uniq = models.Constraint(
        "UNIQUE (partner_id, company_id)",
        "A contact has one profile in each company.",
    )

    # -- computes
    @api.depends(
        "partner_id.user_id.company_ids",
        "partner_id.user_id.sale_team_id.company_id",
        "company_id",
    )
    def _compute_user_id(self):
        """The contact's salesperson where he may enter the company, and his team.

        Written also by `_refresh`; computed here so that who may see a customer
        changes in the transaction that moves the customer or the membership.
        """
        for customer in self:
            user = customer.partner_id.user_id
            if customer.company_id not in user.company_ids:
                user = user.browse()
            team = user.sale_team_id
            if team.company_id and team.company_id != customer.company_id:
                team = team.browse()
            customer.user_id = user
            customer.team_id = team

    def _compute_history_count(self):
        counts = dict(
            self.env["crm.customer.history"]._read_group(
                [("customer_id", "in", self.ids)], ["customer_id"], ["__count"]
            )
        )
        for customer in self:
            customer.history_count = counts.get(customer, 0)

    @api.depends(
        "stage", "phase", "purchase_count", "active_until", "rewarded_referrals"
    )
    @api.depends_context("lang", "uid")
    def _compute_explanation(self):
        history = self.env["crm.customer.history"]
        for customer in self:
            figures = customer._explained_figures()
            customer.explanation = "\n".join(
                history._render_reason(field_name, value, figures)
                for field_name, value in customer._explained_values()
            )

    def _explained_values(self):
        """Pairs (field name, value) to explain; upper add-ons append theirs."""
        self.ensure_one()
        return [("stage", self.stage), ("phase", self.phase)]

    def _explained_figures(self):
        """The figures the rules saw, as they are stored in the history."""
        self.ensure_one()
        today = self.with_company(self.company_id)._today()
        return {
            "purchase_count": self.purchase_count,
            "purchase_days": self.purchase_days,
            "last_purchase_date": fields.Date.to_string(self.last_purchase_date),
            "active_until": fields.Date.to_string(self.active_until),
            "net_revenue_12m": self.net_revenue_12m,
            "rewarded_referrals": self.rewarded_referrals,
            "by_hand": {
                "stage": self._holds(
                    self.manual_stage and self.manual_stage_date,
                    self.manual_stage_until,
                    today,
                ),
                "phase": self._holds(self.left_date, self.left_until, today),
            },
        }

    @api.model
    def _holds(self, start, until, day):
        return bool(start and start <= day and (not until or day <= until))

    @api.model
    def _today(self):
        """Today in the company's time zone, as a date."""
        return fields.Date.context_today(
            self.with_context(tz=self.env.company._crm_timezone())
        )

    # -- flags
    @api.model
    def _flag_sql(self, name, alias):
        """Tell whether there is anything of a kind, whoever may read it.

        What a flag denies is not looked up. Its field only remembers it: nobody may
        read, find or export that one.

        :param name: field of the flag; whoever adds one extends this
        :param alias: of the profiles in the query
        :return: SQL of a truth value, or NULL for none. By ``LIMIT 1``: what EXISTS
            holds is planned twice, and that is most of what it costs.
        """
        # A name that nobody has answered to.
        raise NotImplementedError(name)

    def _compute_flag(self, name):
        """Fill in a flag of these profiles by one query."""
        rows = self.env.execute_query(
            SQL(
                "SELECT c.id, %s FROM crm_customer c WHERE c.id = ANY(%s)",
                self._flag_sql(name, "c"),
                self.ids,
            )
        )
        found = dict(rows)
        for customer in self:
            customer[name] = found.get(customer._origin.id, False)

    # -- guards
    @api.constrains("manual_stage", "manual_stage_reason", "left_date", "left_reason")
    def _check_manual_reason(self):
        for customer in self:
            missing = (customer.manual_stage and not customer.manual_stage_reason) or (
                customer.left_date and not customer.left_reason
            )
            if missing:
                raise ValidationError(
                    self.env._(
                        "Give the reason for what you set by hand on %(customer)s.",
                        customer=customer.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):  # pylint: disable=method-required-super
        # Nobody creates profiles one by one: `_refresh` inserts them.
        raise UserError(
            self.env._(
                "Customer profiles are made by the system from contacts and documents. "
                "Create the contact instead."
            )
        )

    def write(self, vals):
        """Accept what users know, and chatter; figures come from `_refresh` alone."""
        manual = {
            field
            for name, companions in self._manual_fields().items()
            for field in (name, companions["reason"], companions["until"])
        }
        refused = set(vals) - manual - self._chatter_fields() - self._knowledge_fields()
        if refused:
            raise AccessError(
                self.env._(
                    "%(fields)s of a customer profile cannot be written: the system "
                    "derives it from documents. You can set a value by hand on the "
                    "page “By Hand”.",
                    fields=format_list(
                        self.env,
                        [
                            self._fields[name].get_description(self.env)["string"]
                            if name in self._fields
                            else name
                            for name in sorted(refused)
                        ],
                    ),
                )
            )
        if not manual & set(vals):
            return super().write(vals)
        before = {
            customer: {name: customer[name] for name in manual} for customer in self
        }
        result = super().write(vals)
        self._after_manual_write(before)
        return result

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        # Notes are of those who look after the customer: accountants read figures.
        return dict.fromkeys(self, "write")

    def _write_unguarded(self, vals):
        """Write without the guard of `write`: for this model's own methods."""
        # That other name is the point.
        return super().write(vals)  # pylint: disable=super-method-mismatch

    @api.model
    def _manual_fields(self):
        """``{manual field: {"reason": field, "until": field, "user": field}}``.

        ``since`` names the field that gets the day, where the value is no date
        itself. Upper add-ons add theirs.
        """
        return dict(MANUAL_FIELDS)

    @api.model
    def _chatter_fields(self):
        """Fields that mail.thread and mail.activity.mixin write."""
        own = self.env["mail.thread"]._fields.keys()
        return own | self.env["mail.activity.mixin"]._fields.keys()

    def _after_manual_write(self, before):
        """Note author, day and history of manual values; refresh at once."""
        History = self.env["crm.customer.history"]
        rows = []
        for customer in self:
            for name, companions in self._manual_fields().items():
                changed = [
                    field
                    for field in (name, companions["until"])
                    if before[customer][field] != customer[field]
                ]
                rows += [
                    {
                        "customer_id": customer.id,
                        "field_name": field,
                        "old_value": History._to_text(before[customer][field]),
                        "new_value": History._to_text(customer[field]),
                        "note": customer[companions["reason"]],
                        "user_id": self.env.uid,
                    }
                    for field in changed
                ]
                if name in changed:
                    customer._stamp_manual_value(name, companions)
        # Users have no right to write history; every row here was checked above.
        History.sudo().create(rows)
        # The refresh writes figures users may not write, of rows they may.
        for company, customers in self.sudo().grouped("company_id").items():
            partner_ids = customers.partner_id.ids
            # If another refresh is under way, the mark makes up for it.
            self.env["crm.customer.mark"]._mark(partner_ids)
            customers.with_company(company)._refresh(partner_ids)

    def _stamp_manual_value(self, name, companions):
        """Record who set the manual field ``name``, and when."""
        stamps = {companions["user"]: self.env.uid if self[name] else False}
        if "since" in companions:
            day = self.with_company(self.company_id)._today()
            stamps[companions["since"]] = day if self[name] else False
        # The author and the day are not the user's to type.
        self.sudo()._write_unguarded(stamps)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_system(self):
        if not self.env.su:
            raise UserError(
                self.env._(
                    "A customer profile cannot be deleted by itself. Delete or archive "
                    "the contact."
                )
            )
