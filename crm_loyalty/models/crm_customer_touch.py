from odoo import api, fields, models
from odoo.tools import SQL

from .. import attribution

SHARE = {"digits": (10, attribution.PLACES), "readonly": True}
# Who told so comes first; then leads before the orders of the same moment.
KINDS = [
    ("contact", "Known of the Contact"),
    ("lead", "Lead or Opportunity"),
    ("order", "Quotation or Order"),
]


class CrmCustomerTouch(models.Model):
    """By which channels a customer reached the company, and what each brought of him.

    A touch is a lead or opportunity with a channel; a quotation or order with one,
    unless its opportunity is this touch already; or what somebody noted on the contact,
    which comes first. Rows and shares are written by the refresh of profiles alone, as
    `attribution` defines them.
    """

    _name = "crm.customer.touch"
    _description = "Touch of a Customer"
    _inherit = ["crm.jalali.periods"]
    _order = "customer_id, place, id"
    _log_access = False

    customer_id = fields.Many2one(
        "crm.customer", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="customer_id.company_id")
    kind = fields.Selection(KINDS, required=True, readonly=True)
    lead_id = fields.Many2one(
        "crm.lead",
        "Opportunity",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="sales_team.group_sale_salesman",
    )
    order_id = fields.Many2one(
        "sale.order",
        "Quotation",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
        groups="sales_team.group_sale_salesman",
    )
    channel_id = fields.Many2one(
        "crm.acquisition.channel", required=True, readonly=True, ondelete="cascade"
    )
    date = fields.Date("Day", readonly=True)
    place = fields.Integer(
        readonly=True, help="1 is the first touch of the customer in this company."
    )
    is_on_path = fields.Boolean(
        "Led to the First Purchase",
        readonly=True,
        help="Touches after the first purchase brought no new customer. Where all came "
        "after it, the first one stands alone.",
    )
    first_touch = fields.Float(**SHARE)
    last_touch = fields.Float(**SHARE)
    linear = fields.Float(**SHARE)
    position_based = fields.Float("Position-Based", **SHARE)
    time_decay = fields.Float(**SHARE)

    # A lead or order that was deleted may leave a row until the next refresh.
    _touch_uniq = models.UniqueIndex(
        "(customer_id, kind, COALESCE(lead_id, order_id, 0))"
        " WHERE kind = 'contact' OR lead_id IS NOT NULL OR order_id IS NOT NULL",
        "A lead or order is one touch of its customer.",
    )

    @api.depends("channel_id", "date")
    def _compute_display_name(self):
        for touch in self:
            day = self.env.user._crm_format_date(touch.date)
            touch.display_name = f"{touch.channel_id.display_name}, {day}"

    def action_open_document(self):
        """Open the lead or order of this touch."""
        self.ensure_one()
        document = self.lead_id or self.order_id or self.customer_id.partner_id
        return document._get_records_action(context={})


class CrmCustomer(models.Model):
    """The touches of customers follow leads, orders and contacts, in sets."""

    _inherit = "crm.customer"

    touch_ids = fields.One2many("crm.customer.touch", "customer_id", "Touches")
    channel_count = fields.Integer(
        "Channels",
        compute="_compute_channel_count",
        help="Through how many channels the customer has reached the company.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_channel_count(self):
        counts = dict(
            self.env["crm.customer.touch"]._read_group(
                [("customer_id", "in", self.ids)],
                ["customer_id"],
                ["channel_id:count_distinct"],
            )
        )
        for customer in self:
            customer.channel_count = counts.get(customer, 0)

    def action_open_touches(self):
        """Open by which channels the customer came, and the share of each."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_customer_touch_action"
        )
        return {**action, "domain": [("customer_id", "=", self.id)]}

    @api.model
    def _follow_up_conditions(self, partner_ids):
        """Adds touches: a contact with one has a channel, by `res.partner._acquire`."""
        has_touches = SQL(
            """(EXISTS (SELECT FROM res_partner p
                         WHERE p.id = ANY(%(partners)s)
                           AND p.acquisition_channel_id IS NOT NULL)
                OR EXISTS (SELECT FROM crm_customer c
                             JOIN crm_customer_touch t ON t.customer_id = c.id
                            WHERE c.partner_id = ANY(%(partners)s)))""",
            partners=self._array_sql(partner_ids),
        )
        return {**super()._follow_up_conditions(partner_ids), "touches": has_touches}

    @api.model
    def _refresh_touches(self, partner_ids, as_of):
        """Write the touches and shares of the company's customers, in one pass.

        :param partner_ids: as in `_refresh`, after whose profiles this comes
        :return: number of rows written
        """
        columns = ("channel_id", "date", "place", "is_on_path")
        columns += attribution.ATTRIBUTIONS
        old = [SQL.identifier("t", name) for name in columns]
        new = [SQL.identifier("w", name) for name in columns]
        names = [SQL.identifier(name) for name in columns]
        wanted = SQL("MATERIALIZED (%s)", self._touches_sql(partner_ids, as_of))
        if partner_ids is None:
            # As of the profiles: what fills a table alone is done in parallel.
            self._plan_for_all()
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.crm_touch_fresh"))
            self.env.cr.execute(
                SQL(
                    "CREATE TEMPORARY TABLE crm_touch_fresh ON COMMIT DROP AS %s",
                    self._touches_sql(None, as_of),
                )
            )
            self.env.cr.execute(SQL("ANALYZE crm_touch_fresh"))
            wanted = SQL("NOT MATERIALIZED (SELECT * FROM pg_temp.crm_touch_fresh)")
        statement = SQL(
            """
            WITH wanted AS %(wanted)s,
            gone AS (
                DELETE FROM crm_customer_touch t
                 USING crm_customer c
                 WHERE c.id = t.customer_id AND %(customers)s
                   AND NOT EXISTS (
                       SELECT FROM wanted w
                        WHERE w.customer_id = t.customer_id AND w.kind = t.kind
                          AND w.document_id = %(document)s)
             RETURNING t.id
            ), changed AS (
                UPDATE crm_customer_touch t
                   SET %(assignments)s
                  FROM wanted w
                 WHERE w.customer_id = t.customer_id AND w.kind = t.kind
                   AND w.document_id = %(document)s
                   AND (%(old)s) IS DISTINCT FROM (%(new)s)
             RETURNING t.id
            ), added AS (
                INSERT INTO crm_customer_touch
                       (customer_id, kind, lead_id, order_id, %(names)s)
                SELECT w.customer_id, w.kind, w.lead_id, w.order_id, %(new)s
                  FROM wanted w
                 WHERE NOT EXISTS (
                       SELECT FROM crm_customer_touch t
                        WHERE t.customer_id = w.customer_id AND t.kind = w.kind
                          AND %(document)s = w.document_id)
             RETURNING id
            )
            SELECT (SELECT COUNT(*) FROM gone) + (SELECT COUNT(*) FROM changed)
                 + (SELECT COUNT(*) FROM added)
            """,
            wanted=wanted,
            customers=self._touched_sql(partner_ids),
            document=SQL("COALESCE(t.lead_id, t.order_id, 0)"),
            assignments=SQL(", ").join(
                SQL("%s = %s", name, value)
                for name, value in zip(names, new, strict=True)
            ),
            names=SQL(", ").join(names),
            old=SQL(", ").join(old),
            new=SQL(", ").join(new),
        )
        if partner_ids is not None:
            statement = self._planned_for_some(statement)
        [[written]] = self.env.execute_query(statement)
        self._plan_as_usual()
        return written

    @api.model
    def _touched_sql(self, partner_ids):
        """Whether a row ``c`` is one of the company's customers to look at."""
        some = SQL("TRUE")
        if partner_ids is not None:
            some = SQL("c.partner_id = ANY(%s)", self._array_sql(partner_ids))
        return SQL("c.company_id = %s AND %s", self.env.company.id, some)

    @api.model
    def _touches_sql(self, partner_ids, as_of):
        """SELECT of the touches as `attribution` defines them, with their shares.

        Shares are rounded; one touch of each customer gets what is left over.
        """
        shares = self._share_expressions()
        return SQL(
            """
            SELECT shared.*, %(exact)s
              FROM (
                   SELECT pathed.*, %(rounded)s
                     FROM (
                          SELECT placed.*,
                                 COUNT(*) FILTER (WHERE is_on_path) OVER customer
                                     AS number,
                                 -- What comes after the path has no part in it.
                                 POWER(2::float8, -LEAST(GREATEST(
                                     (MAX(date) FILTER (WHERE is_on_path) OVER customer
                                      - date) / %(half_life)s::float8, 0), %(most)s))
                                     AS part
                            FROM (%(placed)s) placed
                          WINDOW customer AS (PARTITION BY customer_id)
                          ) pathed
                   WINDOW customer AS (PARTITION BY customer_id)
                   ) shared
            WINDOW customer AS (PARTITION BY customer_id)
            """,
            exact=SQL(", ").join(
                SQL(
                    "%(rounded)s + CASE WHEN place = %(rest)s"
                    " THEN 1 - SUM(%(rounded)s) OVER customer ELSE 0 END AS %(name)s",
                    rounded=SQL.identifier(f"{name}_rounded"),
                    rest=SQL("number" if name == "time_decay" else "1"),
                    name=SQL.identifier(name),
                )
                for name in shares
            ),
            rounded=SQL(", ").join(
                SQL(
                    "CASE WHEN is_on_path THEN ROUND((%s)::numeric, %s) ELSE 0 END"
                    " AS %s",
                    share,
                    attribution.PLACES,
                    SQL.identifier(f"{name}_rounded"),
                )
                for name, share in shares.items()
            ),
            half_life=self.env.company.crm_attribution_half_life,
            most=attribution.MOST_HALF_LIVES,
            placed=self._placed_touches_sql(partner_ids, as_of),
        )

    @api.model
    def _share_expressions(self):
        """``{way of attribution: SQL over one touch of a path}``."""
        linear = SQL("1.0 / number")
        return {
            "first_touch": SQL("(place = 1)::integer"),
            "last_touch": SQL("(place = number)::integer"),
            "linear": linear,
            "position_based": SQL(
                """CASE WHEN number < 3 THEN %(linear)s
                        WHEN place IN (1, number) THEN %(end)s::numeric
                        ELSE (1 - 2 * %(end)s::numeric) / (number - 2) END""",
                linear=linear,
                end=attribution.POSITION_ENDS,
            ),
            "time_decay": SQL(
                "part / SUM(part) FILTER (WHERE is_on_path) OVER customer"
            ),
        }

    @api.model
    def _placed_touches_sql(self, partner_ids, as_of):
        """The touches in order, and whether each is on the path."""
        return SQL(
            """
            SELECT customer_id, kind, lead_id, order_id, document_id, channel_id, date,
                   place,
                   place = 1 OR kind = 'contact' OR first_purchase_date IS NULL
                       OR date <= first_purchase_date AS is_on_path
              FROM (
                   SELECT counted.*,
                          ROW_NUMBER() OVER (
                              PARTITION BY customer_id
                              ORDER BY kind <> 'contact', moment, kind, document_id)
                              AS place
                     FROM (
                          SELECT touch.*,
                                 COUNT(*) OVER (PARTITION BY customer_id) AS number
                            FROM (%(leads)s UNION ALL %(orders)s
                                  UNION ALL %(contacts)s) touch
                           WHERE date <= %(as_of)s
                          ) counted
                    -- The channel that a contact has of its touches is no other one;
                    -- without any here, they lie in another company.
                    WHERE kind <> 'contact' OR is_told OR number = 1
                   ) ordered
            """,
            leads=self._lead_touches_sql(partner_ids),
            orders=self._order_touches_sql(partner_ids),
            contacts=self._contact_touches_sql(partner_ids),
            as_of=as_of,
        )

    @api.model
    def _lead_touches_sql(self, partner_ids):
        return SQL(
            """
            SELECT c.id AS customer_id, c.first_purchase_date, 'lead' AS kind,
                   l.id AS lead_id, NULL::integer AS order_id, l.id AS document_id,
                   l.acquisition_channel_id AS channel_id, l.create_date AS moment,
                   %(day)s AS date, FALSE AS is_told
              FROM crm_customer c
              JOIN res_partner cp ON cp.id = c.partner_id
              LEFT JOIN res_users owner ON owner.id = cp.user_id
              JOIN res_partner p ON p.commercial_partner_id = c.partner_id
              JOIN crm_lead l ON l.partner_id = p.id
             WHERE %(customers)s AND l.acquisition_channel_id IS NOT NULL
               AND %(of_company)s
            """,
            day=self._day_sql(SQL("l.create_date")),
            customers=self._touched_sql(partner_ids),
            of_company=self._lead_company_sql(SQL("l.company_id")),
        )

    @api.model
    def _order_touches_sql(self, partner_ids):
        """Orders whose opportunity is no such touch of the customer itself."""
        return SQL(
            """
            SELECT c.id, c.first_purchase_date, 'order', NULL, o.id, o.id,
                   o.acquisition_channel_id, o.create_date, %(day)s, FALSE
              FROM crm_customer c
              JOIN res_partner p ON p.commercial_partner_id = c.partner_id
              JOIN sale_order o
                ON o.partner_id = p.id AND o.company_id = %(company)s
              -- Not by the channel as well: where PostgreSQL has not yet seen that many
              -- have one, it compares each order with all leads of its channel.
              LEFT JOIN crm_lead l ON l.id = o.opportunity_id
              LEFT JOIN res_partner lp ON lp.id = l.partner_id
             WHERE %(customers)s AND o.acquisition_channel_id IS NOT NULL
               AND (l.acquisition_channel_id IS DISTINCT FROM o.acquisition_channel_id
                    OR lp.commercial_partner_id IS DISTINCT FROM c.partner_id)
            """,
            day=self._day_sql(SQL("o.create_date")),
            company=self.env.company.id,
            customers=self._touched_sql(partner_ids),
        )

    @api.model
    def _contact_touches_sql(self, partner_ids):
        """What is noted on contacts, as far as the company's profiles show it."""
        return SQL(
            """
            SELECT c.id, c.first_purchase_date, 'contact', NULL, NULL, 0,
                   c.acquisition_channel_id, NULL,
                   LEAST(p.acquisition_date, %(today)s::date),
                   p.acquisition_by_hand IS TRUE
              FROM crm_customer c
              JOIN res_partner p ON p.id = c.partner_id
             WHERE %(customers)s AND c.acquisition_channel_id IS NOT NULL
            """,
            today=self._today(),
            customers=self._touched_sql(partner_ids),
        )
