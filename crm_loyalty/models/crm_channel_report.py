from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .. import attribution

KINDS = [
    ("lead", "Lead or Opportunity"),
    ("customer", "New Customer"),
    ("purchase", "Purchase"),
    ("cost", "Cost"),
]
ATTRIBUTIONS = [
    ("first_touch", "First Touch"),
    ("last_touch", "Last Touch"),
    ("linear", "Linear"),
    ("position_based", "Position-Based"),
    ("time_decay", "Time Decay"),
]
# Chosen by a filter; without it the first touch has brought the customer.
CONTEXT_KEY = "crm_attribution"
COST_GROUPS = (
    "crm_loyalty.group_loyalty_manager,"
    "account.group_account_invoice,account.group_account_readonly"
)
# An id is made of the record's, the place of the touch (or the day of the cost), the
# kind and the attribution: rows of two attributions are two records.
PLACES = 10_000


class CrmChannelReport(models.Model):
    """Where customers come from and whether it is worth it, by acquisition channel.

    A row is a lead, dated by its creation; the part of a new customer that a channel
    brought, dated by his first purchase; the same part of a purchase, by its day; or
    what a channel cost on a day, until today. A customer's parts add up to him, and so
    do revenue and margin, whatever the attribution; what no touch explains has no
    channel.

    Amounts are untaxed and in company currency. Ratios are of the sums of a group:
    customer acquisition cost = cost / new customers; payback = cost / what these
    customers' margin of the last 12 months is per month; retention = customers who
    bought again within 12 months of their first purchase / those of whom these months
    are over.
    """

    _name = "crm.channel.report"
    _description = "Channel Report"
    _inherit = ["crm.jalali.periods"]
    _auto = False
    _rec_name = "channel_id"
    _order = "date desc, id desc"
    _shows_money_in_unit = True
    _depends = {
        "crm.lead": [
            "acquisition_channel_id",
            "company_id",
            "create_date",
            "date_closed",
            "date_conversion",
            "partner_id",
            "team_id",
            "type",
            "user_id",
            "won_status",
        ],
        "sale.order": ["create_date", "opportunity_id"],
        "crm.customer": [
            "company_id",
            "first_purchase_date",
            "margin_12m",
            "partner_id",
            "second_purchase_date",
            "team_id",
            "user_id",
        ],
        "crm.customer.purchase": [
            "amount",
            "company_id",
            "cost",
            "date",
            "order_id",
            "paid_date",
            "partner_id",
        ],
        "crm.customer.touch": [
            "channel_id",
            "customer_id",
            "is_on_path",
            "place",
            *attribution.ATTRIBUTIONS,
        ],
        "crm.acquisition.cost": [
            "amount",
            "channel_id",
            "company_id",
            "date_from",
            "date_to",
            "move_line_id",
        ],
        "account.move.line": ["balance", "parent_state"],
        "res.company": ["currency_id", "resource_calendar_id"],
    }

    kind = fields.Selection(KINDS, readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    res_model = fields.Char("Model of the Record", compute="_compute_res_model")
    attribution = fields.Selection(ATTRIBUTIONS, readonly=True)
    channel_id = fields.Many2one("crm.acquisition.channel", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Date(
        "Day",
        readonly=True,
        help="Of a lead its creation, of a new customer his first purchase.",
    )
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True)
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True)
    partner_id = fields.Many2one("res.partner", "Customer", readonly=True)

    leads = fields.Integer(
        readonly=True, help="Leads and opportunities that reached the company."
    )
    opportunities = fields.Integer(readonly=True)
    won = fields.Integer(readonly=True)
    conversion = fields.Float(
        readonly=True, aggregator="avg", help="Won, of all leads; 0 to 1."
    )
    customers = fields.Float(
        "New Customers",
        digits=(16, 2),
        readonly=True,
        help="Customers of whom this was the first purchase, or the part of them that "
        "the channel brought.",
    )
    revenue = fields.Monetary(
        readonly=True, help="Untaxed, net of credit notes, in company currency."
    )
    margin = fields.Monetary(
        readonly=True, help="Revenue less cost of goods, where the cost is known."
    )
    cost = fields.Monetary("Acquisition Cost", readonly=True, groups=COST_GROUPS)
    cac = fields.Monetary(
        "Cost per New Customer",
        readonly=True,
        aggregator="avg",
        groups=COST_GROUPS,
        help="Customer acquisition cost: cost of the channel, divided by its new "
        "customers. Filter both by the same period.",
    )
    monthly_margin = fields.Monetary(
        "Margin per Month",
        readonly=True,
        help="Of new customers: their margin of the last 12 months, per month since "
        "the first purchase.",
    )
    payback_months = fields.Float(
        "Payback (Months)",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        groups=COST_GROUPS,
        help="After how many months the margin of new customers has paid what their "
        "channel cost.",
    )
    observed = fields.Float(
        "Observed 12 Months",
        digits=(16, 2),
        readonly=True,
        help="New customers whose first purchase lies 12 months or more back.",
    )
    retained = fields.Float(
        "Bought Again",
        digits=(16, 2),
        readonly=True,
        help="Of those observed 12 months: who bought again within them.",
    )
    retention_12m = fields.Float(
        "Retention After 12 Months",
        readonly=True,
        aggregator="avg",
        help="Who bought again within 12 months of the first purchase, of all of whom "
        "these months are over; 0 to 1.",
    )
    days_to_opportunity = fields.Float(
        "Days to Opportunity", digits=(16, 1), readonly=True, aggregator="avg"
    )
    days_to_quotation = fields.Float(
        "Days to Quotation",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From the lead to its first quotation.",
    )
    days_to_won = fields.Float(
        "Days to Won", digits=(16, 1), readonly=True, aggregator="avg"
    )
    days_to_paid = fields.Float(
        "Days to Paid",
        digits=(16, 1),
        readonly=True,
        aggregator="avg",
        help="From the lead to the day on which an invoice of its orders was really "
        "paid.",
    )

    def _compute_res_model(self):
        models_ = {
            "lead": "crm.lead",
            "customer": "crm.customer",
            "purchase": "crm.customer.purchase",
            "cost": "crm.acquisition.cost",
        }
        for row in self:
            row.res_model = models_.get(row.kind)

    def action_open_record(self):
        """Open the lead, customer, purchase or cost of this row."""
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id)
        if record._name == "crm.customer.purchase" and record.move_id:
            record = record.move_id
        elif record._name == "crm.acquisition.cost" and record.bill_id:
            record = record.bill_id
        return record._get_records_action(context={})

    # -- ratios
    @api.model
    def _ratios(self):
        """``{field: (field above the line, field below)}``: ratios of sums.

        An upper add-on appends its own, such as value to cost; both are columns.
        """
        return {
            "conversion": ("won", "leads"),
            "cac": ("cost", "customers"),
            "payback_months": ("cost", "monthly_margin"),
            "retention_12m": ("retained", "observed"),
        }

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        if function != "avg" or name not in self._ratios():
            return super()._read_group_select(aggregate_spec, query)
        above, below = (
            self._field_to_sql(self._table, part, query)
            for part in self._ratios()[name]
        )
        return SQL("SUM(%s)::float8 / NULLIF(SUM(%s), 0)", above, below)

    @api.model
    def _read_group(self, *args, **kwargs):
        self._spare_compiling()
        return super()._read_group(*args, **kwargs)

    @api.model
    def _read_grouping_sets(self, *args, **kwargs):
        self._spare_compiling()
        return super()._read_grouping_sets(*args, **kwargs)

    @api.model
    def _spare_compiling(self):
        """Compiling these long expressions costs more than it saves."""
        self.env.cr.execute(SQL("SET LOCAL jit = off"))

    # -- the table
    @api.model
    def _attribution(self):
        """The way of attribution that the reader has chosen."""
        chosen = self.env.context.get(CONTEXT_KEY) or attribution.ATTRIBUTIONS[0]
        if chosen not in attribution.ATTRIBUTIONS:
            raise UserError(
                self.env._(
                    "%(attribution)s is no way of attribution. Choose one of the "
                    "filters.",
                    attribution=chosen,
                )
            )
        return chosen

    @property
    def _table_query(self):
        rows = {
            "lead": self._lead_rows(),
            "customer": self._customer_rows(),
            "purchase": self._purchase_rows(),
            "cost": self._cost_rows(),
        }
        columns = self._report_columns()
        way = self._attribution()
        selects = []
        for number, (kind, (values, source)) in enumerate(rows.items()):
            values = {
                "kind": SQL("%s", kind),
                "attribution": SQL("%s", way),
                **values,
                "id": SQL(
                    "(((%s)::bigint * %s + %s) * %s + %s)",
                    values["res_id"],
                    PLACES,
                    values.get("place", SQL("0")),
                    len(rows) * len(ATTRIBUTIONS),
                    number * len(ATTRIBUTIONS) + attribution.ATTRIBUTIONS.index(way),
                ),
            }
            selects.append(
                SQL(
                    "SELECT %s FROM %s",
                    SQL(", ").join(
                        SQL(
                            "(%s)::%s AS %s",
                            values.get(name, SQL("NULL")),
                            SQL.identifier(type_),
                            SQL.identifier(name),
                        )
                        for name, type_ in columns.items()
                    ),
                    source,
                )
            )
        return SQL(" UNION ALL ").join(selects)

    @api.model
    def _report_columns(self):
        """``{column: its type in PostgreSQL}``."""
        types = {"id": "int8"}
        for name, field in self._fields.items():
            if field.store and name != "id":
                types[name] = field.column_type[0]
        return types

    @api.model
    def _weight_sql(self):
        """What of a customer the touch ``t`` brought; all where there is none."""
        return SQL("COALESCE(t.%s, 1)", SQL.identifier(self._attribution()))

    @api.model
    def _touch_join_sql(self):
        """The touches ``t`` of the customer ``c`` that brought a part of him."""
        return SQL(
            """LEFT JOIN crm_customer_touch t
                      ON t.customer_id = c.id AND t.is_on_path AND t.%s > 0""",
            SQL.identifier(self._attribution()),
        )

    @api.model
    def _lead_rows(self):
        """``({column: SQL}, FROM clause)`` of leads."""
        zone = self.env["res.company"]._crm_timezone_sql(SQL("l.company_id"))
        moments = {
            "days_to_opportunity": SQL("l.date_conversion"),
            "days_to_quotation": SQL("quoted.moment"),
            "days_to_won": SQL("CASE WHEN l.won_status = 'won' THEN l.date_closed END"),
        }
        day = SQL("(l.create_date AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", zone)
        values = {
            "res_id": SQL("l.id"),
            "channel_id": SQL("l.acquisition_channel_id"),
            "company_id": SQL("l.company_id"),
            # One without a company is nobody's money; groups are of one currency.
            "currency_id": SQL(
                "COALESCE(company.currency_id, %s)", self.env.company.currency_id.id
            ),
            "date": day,
            "user_id": SQL("l.user_id"),
            "team_id": SQL("l.team_id"),
            "partner_id": SQL("l.partner_id"),
            "leads": SQL("1"),
            "opportunities": SQL("(l.type = 'opportunity')::integer"),
            "won": SQL("(l.won_status = 'won')::integer"),
            **{
                name: SQL("EXTRACT(EPOCH FROM %s - l.create_date) / 86400", moment)
                for name, moment in moments.items()
            },
            "days_to_paid": SQL("paid.date - %s", day),
        }
        source = SQL(
            """crm_lead l
               LEFT JOIN res_company company ON company.id = l.company_id
               LEFT JOIN (SELECT opportunity_id, MIN(create_date) AS moment
                            FROM sale_order
                           WHERE opportunity_id IS NOT NULL
                           GROUP BY opportunity_id) quoted
                      ON quoted.opportunity_id = l.id
               LEFT JOIN (SELECT o.opportunity_id, MIN(p.paid_date) AS date
                            FROM crm_customer_purchase p
                            JOIN sale_order o ON o.id = p.order_id
                           WHERE p.paid_date IS NOT NULL
                             AND o.opportunity_id IS NOT NULL
                           GROUP BY o.opportunity_id) paid
                      ON paid.opportunity_id = l.id"""
        )
        return values, source

    @api.model
    def _customer_rows(self):
        """``({column: SQL}, FROM clause)`` of new customers, by their touches.

        An upper add-on appends figures of the customer ``c``, times `_weight_sql`.
        """
        weight = self._weight_sql()
        today = self.env["crm.customer"]._today()
        year_is_over = SQL(
            "(c.first_purchase_date + INTERVAL '1 year')::date <= %s", today
        )
        bought_again = SQL(
            """c.second_purchase_date
               <= (c.first_purchase_date + INTERVAL '1 year')::date"""
        )
        # From the first day on it is a month; what is older than a year is not in it.
        months = SQL(
            """LEAST(12, GREATEST(
                   1, (%s::date - c.first_purchase_date) / (365.25 / 12)))""",
            today,
        )
        values = {
            "res_id": SQL("c.id"),
            "place": SQL("COALESCE(t.place, 0)"),
            "channel_id": SQL("t.channel_id"),
            "company_id": SQL("c.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("c.first_purchase_date"),
            "user_id": SQL("c.user_id"),
            "team_id": SQL("c.team_id"),
            "partner_id": SQL("c.partner_id"),
            "customers": weight,
            "monthly_margin": SQL("c.margin_12m / %s * %s", months, weight),
            "observed": SQL("CASE WHEN %s THEN %s END", year_is_over, weight),
            "retained": SQL(
                "CASE WHEN %s AND %s THEN %s END", year_is_over, bought_again, weight
            ),
        }
        source = SQL(
            """crm_customer c
               JOIN res_company company ON company.id = c.company_id
               %s
               WHERE c.first_purchase_date IS NOT NULL""",
            self._touch_join_sql(),
        )
        return values, source

    @api.model
    def _purchase_rows(self):
        """``({column: SQL}, FROM clause)`` of purchases, by the customer's touches."""
        weight = self._weight_sql()
        values = {
            "res_id": SQL("p.id"),
            "place": SQL("COALESCE(t.place, 0)"),
            "channel_id": SQL("t.channel_id"),
            "company_id": SQL("p.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("p.date"),
            "user_id": SQL("c.user_id"),
            "team_id": SQL("c.team_id"),
            "partner_id": SQL("p.partner_id"),
            "revenue": SQL("p.amount * %s", weight),
            "margin": SQL("(p.amount - p.cost) * %s", weight),
        }
        source = SQL(
            """crm_customer_purchase p
               JOIN crm_customer c
                 ON c.partner_id = p.partner_id AND c.company_id = p.company_id
               JOIN res_company company ON company.id = p.company_id
               %s""",
            self._touch_join_sql(),
        )
        return values, source

    @api.model
    def _cost_rows(self):
        """``({column: SQL}, FROM clause)`` of costs, a row for each day until today.

        So any month or year, Gregorian or Jalali, gets what fell into it. Parts are
        rounded to the currency and add up to the cost.
        """
        amount = SQL(
            """CASE WHEN cost.move_line_id IS NULL THEN cost.amount
                    WHEN line.parent_state = 'posted' THEN line.balance ELSE 0 END"""
        )
        today, before = (
            SQL(
                """ROUND((%s)::numeric * (passed.days + %s)
                         / (cost.date_to - cost.date_from + 1),
                         currency.decimal_places)""",
                amount,
                days,
            )
            for days in (1, 0)
        )
        values = {
            "res_id": SQL("cost.id"),
            "place": SQL("passed.days"),
            "channel_id": SQL("cost.channel_id"),
            "company_id": SQL("cost.company_id"),
            "currency_id": SQL("company.currency_id"),
            "date": SQL("cost.date_from + passed.days"),
            "cost": SQL("%s - %s", today, before),
        }
        source = SQL(
            """crm_acquisition_cost cost
               JOIN res_company company ON company.id = cost.company_id
               JOIN res_currency currency ON currency.id = company.currency_id
               LEFT JOIN account_move_line line ON line.id = cost.move_line_id
               CROSS JOIN LATERAL GENERATE_SERIES(
                   0, LEAST(cost.date_to, %s::date) - cost.date_from
               ) AS passed (days)""",
            self.env["crm.customer"]._today(),
        )
        return values, source
