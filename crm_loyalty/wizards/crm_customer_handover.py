from markupsafe import Markup

from odoo import Command, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_list, split_every

# Contacts written at once: bounds the memory, not the number of customers.
BATCH = 500
# From more customers than this on the wizard says that it takes a while.
MANY = 1000
# Customers named in a message.
NAMED = 5


class CrmCustomerHandover(models.TransientModel):
    """Hand customers to another salesperson, with what is still to be done.

    Won and lost opportunities, orders and invoices stay with who made them: past
    credit is not moved. Running it again towards the old salesperson undoes it.
    """

    _name = "crm.customer.handover"
    _description = "Hand Over Customers"

    customer_ids = fields.Many2many("crm.customer", string="Customers", required=True)
    user_id = fields.Many2one(
        "res.users",
        "New Salesperson",
        required=True,
        domain="[('id', 'in', candidate_ids)]",
    )
    candidate_ids = fields.Many2many("res.users", compute="_compute_candidate_ids")
    move_opportunities = fields.Boolean("Open Leads and Opportunities", default=True)
    move_activities = fields.Boolean("Planned Activities", default=True)
    note = fields.Text(help="Posted on the contacts, and kept in the history.")
    customer_count = fields.Integer("Customers to Hand Over", compute="_compute_counts")
    lead_count = fields.Integer("Opportunities to Move", compute="_compute_counts")
    activity_count = fields.Integer("Activities to Move", compute="_compute_counts")
    warning = fields.Text(compute="_compute_warning")

    @api.model
    def default_get(self, fields):
        self._check_role()
        values = super().default_get(fields)
        if self.env.context.get("active_model") == "crm.customer":
            ids = self.env.context.get("active_ids", [])
            values.setdefault("customer_ids", [Command.set(ids)])
        return values

    @api.model_create_multi
    def create(self, vals_list):
        ids = set()
        for vals in vals_list:
            for operation, *arguments in vals.get("customer_ids") or ():
                if operation == Command.SET:
                    ids.update(arguments[1])
                elif operation == Command.LINK:  # of the client, without a third part
                    ids.add(arguments[0])
        customers = self.env["crm.customer"].browse(ids)
        closed = customers - customers._filtered_access("read")
        if closed:
            # Odoo refuses it too, in words for programmers.
            raise UserError("\n".join(self._why_not(closed)))
        return super().create(vals_list)

    # -- what the user sees before
    @api.depends("customer_ids")
    def _compute_candidate_ids(self):
        for wizard in self:
            wizard.candidate_ids = wizard.env["res.users"].search(
                wizard._candidate_domain()
            )

    @api.depends("customer_ids", "user_id", "move_opportunities", "move_activities")
    def _compute_counts(self):
        for wizard in self:
            customers = wizard._moving_customers()
            leads = wizard._leads(customers)
            wizard.customer_count = len(customers)
            wizard.lead_count = len(leads)
            wizard.activity_count = len(wizard._activities(customers, leads))

    @api.depends("customer_ids", "user_id")
    def _compute_warning(self):
        for wizard in self:
            wizard.warning = "\n".join(wizard._warnings()) or False

    def _warnings(self):
        customers = self._customers()
        lines = []
        if len(customers) > MANY:
            lines.append(
                self.env._("These are more than %(count)s customers.", count=MANY)
            )
        own_companies = self.env.user.company_ids.ids
        elsewhere = (
            self.env["crm.customer"]
            .with_context(allowed_company_ids=own_companies, active_test=False)
            .search_count(
                [
                    ("partner_id", "in", customers.partner_id.ids),
                    ("id", "not in", customers.ids),
                ]
            )
        )
        if elsewhere:
            lines.append(
                self.env._(
                    "A contact has one salesperson in all companies: %(count)s "
                    "profiles of these contacts in other companies change too.",
                    count=elsewhere,
                )
            )
        return lines

    # -- who may do it
    @api.model
    def _is_manager(self):
        return self.env.user.has_group("sales_team.group_sale_manager")

    @api.model
    def _led_teams(self):
        return self.env["crm.team"].search([("user_id", "=", self.env.uid)])

    @api.model
    def _check_role(self):
        if not (self.env.su or self._is_manager() or self._led_teams()):
            raise UserError(
                self.env._(
                    "Only sales managers hand over customers, and team leaders those "
                    "of their teams. Ask your team leader."
                )
            )

    def _candidate_domain(self):
        """Salespeople who may get the customers, as a domain on users."""
        group = self.env.ref("sales_team.group_sale_salesman")
        domain = Domain("share", "=", False) & Domain("all_group_ids", "in", group.ids)
        for company in self._customers().company_id:
            domain &= Domain("company_ids", "in", company.ids)
        if not self._is_manager():
            domain &= Domain("id", "in", self._led_teams().member_ids.ids)
        return domain

    def _check_allowed(self):
        """Raise unless this user may hand these customers to that salesperson."""
        self._check_role()
        if not self._is_manager():
            teams = self._led_teams()
            foreign = self._customers().filtered(lambda c: c.team_id not in teams)
            if foreign:
                raise UserError(
                    self.env._(
                        "You lead no team that has these customers: %(customers)s.",
                        customers=self._names(foreign),
                    )
                )
        if self.user_id.filtered_domain(self._candidate_domain()):
            return
        closed = self._customers().filtered(
            # Which companies a colleague may enter is for administrators to read.
            lambda c: c.company_id not in self.user_id.sudo().company_ids
        )
        if closed:
            raise UserError(
                self.env._(
                    "%(user)s may not enter the company of these customers: "
                    "%(customers)s.",
                    user=self.user_id.name,
                    customers=self._names(closed),
                )
            )
        raise UserError(
            self.env._(
                "%(user)s cannot get %(customers)s: choose a salesperson, and as a "
                "team leader a member of your teams.",
                user=self.user_id.name,
                customers=self._names(self._customers()),
            )
        )

    @api.model
    def _names(self, customers):
        names = customers[:NAMED].mapped("display_name")
        if len(customers) > NAMED:
            names.append(self.env._("%(count)s more", count=len(customers) - NAMED))
        return format_list(self.env, names)

    # -- what goes along
    def _chosen(self):
        """All chosen customers, also those that the user may not open."""
        # What he may not open is only counted.
        return self.sudo().customer_ids._origin.with_env(self.env)

    def _customers(self):
        """The chosen customers that the user may open.

        A screen may name others before anything is saved; nothing is told of them.
        """
        return self._chosen()._filtered_access("read")

    def _moving_customers(self):
        """The customers that are not the new salesperson's already."""
        return self._customers().filtered(
            lambda c: c.partner_id.user_id != self.user_id
        )

    def _leads(self, customers):
        """Open leads and opportunities that the old salespeople have of these."""
        if not self.move_opportunities:
            return self.env["crm.lead"]
        # A team leader need not see his members' leads; the customers were checked.
        leads = self.env["crm.lead"].sudo()
        owners = customers.partner_id.user_id
        found = leads.search(
            Domain("partner_id", "child_of", customers.partner_id.ids)
            & Domain("user_id", "in", owners.ids)
            & Domain("company_id", "in", [*customers.company_id.ids, False])
            & Domain("won_status", "=", "pending")
        )
        companies = self._companies_by_partner(customers)
        return found.filtered(
            lambda lead: self._goes_along(lead, lead.user_id, companies)
        )

    def _activities(self, customers, leads):
        """Planned activities of the old salespeople on what concerns these.

        That is: contacts, profiles, open quotations, and the leads that move.
        """
        if not self.move_activities:
            return self.env["mail.activity"]
        # Users may only write activities of their own; the customers were checked.
        env = self.sudo().env
        owners = customers.partner_id.user_id
        companies = self._companies_by_partner(customers)
        contacts = env["res.partner"].with_context(active_test=False)
        contacts = contacts.search(
            [("commercial_partner_id", "in", customers.partner_id.ids)]
        )
        orders = env["sale.order"].search(
            Domain("partner_id", "in", contacts.ids)
            & Domain("company_id", "in", customers.company_id.ids)
            & Domain("state", "in", ("draft", "sent"))
        )
        found = env["mail.activity"]
        for records in (contacts, customers.sudo(), leads, orders):
            planned = env["mail.activity"].search(
                Domain("res_model", "=", records._name)
                & Domain("res_id", "in", records.ids)
                & Domain("user_id", "in", owners.ids)
            )
            by_id = {record.id: record for record in records}
            found += planned.filtered(
                lambda activity, by_id=by_id: self._goes_along(
                    by_id[activity.res_id], activity.user_id, companies
                )
            )
        return found

    @api.model
    def _companies_by_partner(self, customers):
        return {
            partner: profiles.company_id
            for partner, profiles in customers.grouped("partner_id").items()
        }

    @api.model
    def _goes_along(self, record, owner, companies):
        """Whether ``record`` of ``owner`` belongs to a customer handed over."""
        contact = record if record._name == "res.partner" else record.partner_id
        partner = contact.commercial_partner_id
        if owner != partner.user_id or partner not in companies:
            return False
        return not record.company_id or record.company_id in companies[partner]

    # -- doing it
    def action_apply(self):
        """Hand the customers over and tell what moved."""
        self.ensure_one()
        self._check_allowed()
        customers = self._moving_customers()
        if not customers:
            raise UserError(self._why_nothing_moves())
        left_out = self._left_out()
        leads = self._leads(customers)
        activities = self._activities(customers, leads)
        self._write_history(customers)
        self._write_contacts(customers.partner_id)
        # One hand-over, one message: not an e-mail for each opportunity.
        leads.with_context(mail_auto_subscribe_no_notify=True).write(
            {"user_id": self.user_id.id}
        )
        moved = self._openable(activities, customers.company_id)
        moved.with_context(mail_activity_quick_update=True).write(
            {"user_id": self.user_id.id}
        )
        return self._done_message(customers, leads, moved, activities - moved, left_out)

    def _why_nothing_moves(self):
        if not self._chosen():
            return self.env._("Choose the customers to hand over first.")
        reasons = self._left_out()
        if self._customers():
            reasons.insert(
                0,
                self.env._(
                    "%(customers)s: %(user)s is the salesperson already.",
                    customers=self._names(self._customers()),
                    user=self.user_id.name,
                ),
            )
        return "\n".join(reasons)

    def _left_out(self):
        return self._why_not(self._chosen() - self._customers())

    @api.model
    def _why_not(self, closed):
        """Sentences on customers that the user may not open here."""
        # Those he may open in another company of his are no secret.
        elsewhere = closed.with_context(
            allowed_company_ids=self.env.user.company_ids.ids
        )._filtered_access("read")
        sentences = []
        if elsewhere:
            sentences.append(
                self.env._(
                    "Not handed over: %(customers)s. Select their company at the top "
                    "of the page first.",
                    customers=self._names(elsewhere),
                )
            )
        if closed - elsewhere:
            sentences.append(
                self.env._(
                    "Not handed over: %(count)s customers that you may not open.",
                    count=len(closed - elsewhere),
                )
            )
        return sentences

    def _write_history(self, customers):
        History = self.env["crm.customer.history"]
        # Users have no right to write history; every row here was checked above.
        History.sudo().create(
            [
                {
                    "customer_id": customer.id,
                    "field_name": "user_id",
                    "old_value": History._to_text(customer.partner_id.user_id),
                    "new_value": History._to_text(self.user_id),
                    "note": self.note,
                    "user_id": self.env.uid,
                }
                for customer in customers
            ]
        )

    def _write_contacts(self, partners):
        """Give contacts, and their people of the same salesperson, the new one."""
        # The note below tells the change; tracking would tell it a second time.
        contacts = partners.with_context(active_test=False, tracking_disable=True)
        people = contacts.search([("commercial_partner_id", "in", partners.ids)])
        people = people.filtered(
            lambda person: person.user_id == person.commercial_partner_id.user_id
        )
        bodies = {partner.id: self._note_body(partner) for partner in partners}
        for ids in split_every(BATCH, people.ids):
            contacts.browse(ids).write({"user_id": self.user_id.id})
        for ids in split_every(BATCH, partners.ids):
            partners.browse(ids)._message_log_batch({id_: bodies[id_] for id_ in ids})

    def _note_body(self, partner):
        body = Markup("<p>%s</p>") % self.env._(
            "Handed over from %(old)s to %(new)s.",
            old=partner.user_id.name or self.env._("nobody"),
            new=self.user_id.name,
        )
        if self.note:
            body += Markup("<p style='white-space: pre-line'>%s</p>") % self.note
        return body

    def _openable(self, activities, companies):
        """The activities whose document the new salesperson may open.

        Quotations stay with who made them, so he may not see each.
        """
        reader = self.with_user(self.user_id).with_context(
            allowed_company_ids=companies.ids, active_test=False
        )
        kept = activities.browse()
        for model, planned in activities.grouped("res_model").items():
            documents = reader.env[model].browse(planned.mapped("res_id"))
            ids = set(documents._filtered_access("read").ids)
            kept += planned.filtered(lambda a, ids=ids: a.res_id in ids)
        return kept

    def _done_message(self, customers, leads, moved, left, left_out):
        message = self.env._(
            "%(customers)s customers, %(leads)s opportunities and %(activities)s "
            "activities handed over to %(user)s.",
            customers=len(customers),
            leads=len(leads),
            activities=len(moved),
            user=self.user_id.name,
        )
        if left:
            message += " " + self.env._(
                "%(count)s activities stay: the new salesperson may not open their "
                "documents.",
                count=len(left),
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if left or left_out else "success",
                "message": " ".join([message, *left_out]),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
