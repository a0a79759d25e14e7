from odoo import api, fields, models
from odoo.fields import Domain

from ..l10n import phone

# Customers to choose from; more cannot be read while the phone rings.
MOST = 10
# Contacts that are looked at for them: a customer may have many with one number.
MOST_CONTACTS = 50


class CrmCallerCard(models.TransientModel):
    """Who is calling: a number is typed, and the card of its customer is shown.

    Contacts are found, and profiles read, with the reader's own rights. Of a contact
    whose profile he may not open he sees the name and the salesperson.
    """

    _name = "crm.caller.card"
    _description = "Caller Card"
    _inherit = ["crm.customer.link"]
    _customer_partner_path = "partner_id.commercial_partner_id"

    phone = fields.Char(
        "Phone Number",
        help="In any form, with its extension if it has one; also a part of it.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    found_ids = fields.Many2many(
        "res.partner",
        string="Contacts with This Number",
        compute="_compute_found",
        context={"active_test": False},
    )
    is_unknown = fields.Boolean(compute="_compute_found")
    is_several = fields.Boolean(compute="_compute_found")
    message = fields.Char(compute="_compute_found")
    # Not as the system: of what is found the reader's own rules decide.
    partner_id = fields.Many2one(
        "res.partner",
        "Who Is It?",
        compute="_compute_partner_id",
        compute_sudo=False,
        store=True,
        readonly=False,
    )
    card = fields.Html(compute="_compute_card", sanitize=False)

    @api.model
    def default_get(self, fields):
        """The customer whose card is asked for, where it was asked for."""
        values = super().default_get(fields)
        context = self.env.context
        if values.get("phone") or not context.get("active_id"):
            return values
        if context.get("active_model") == "res.partner":
            values["partner_id"] = context["active_id"]
        elif context.get("active_model") == "crm.customer":
            customer = self.env["crm.customer"].browse(context["active_id"])
            values["partner_id"] = customer.partner_id.id
            values["company_id"] = customer.company_id.id
        return values

    # -- finding
    @api.depends("phone", "company_id")
    def _compute_found(self):
        for wizard in self:
            numbers = wizard._numbers()
            found, message = self.env["res.partner"], False
            if numbers:
                found, is_all = wizard._found(numbers)
                message = wizard._message(found, is_all)
            elif wizard.phone and wizard.phone.strip():
                message = self.env._(
                    "“%(text)s” holds no phone number. Write its digits.",
                    text=wizard.phone[:20],
                )
            wizard.found_ids = found
            wizard.is_unknown = bool(numbers and not found)
            wizard.is_several = len(found) > 1
            wizard.message = message

    def _message(self, found, is_all):
        if not found:
            return self.env._("No contact has this number.")
        if not is_all:
            return self.env._(
                "More than %(count)s customers have such a number. Type more of it.",
                count=len(found),
            )
        return False

    @api.depends("phone")
    def _compute_partner_id(self):
        for wizard in self:
            found = wizard.found_ids
            wizard.partner_id = found if len(found) == 1 else False

    def _numbers(self):
        """The numbers that were typed, as `l10n.phone` reads them here."""
        country = self.company_id.country_id
        area_code = self.company_id._crm_area_code(country)
        return phone.read(self.phone, country.code, area_code)

    def _found(self, numbers):
        """A contact for each customer with one of the numbers, and if these are all.

        Who answers that extension comes alone; archived contacts only where no other
        has the number.
        """
        contacts = self._contacts(numbers)
        is_all = len(contacts) < MOST_CONTACTS
        contacts = contacts.filtered("active") or contacts
        extensions = {item.extension for item in numbers if item.extension}
        if extensions:
            contacts = (
                contacts.filtered(lambda c: extensions & self._extensions(c, numbers))
                or contacts
            )
        by_customer = contacts.grouped("commercial_partner_id")
        customers = self.env["res.partner"].union(*by_customer)._filtered_access("read")
        found = self.env["res.partner"].union(
            *(
                # Of several persons of a customer nobody knows which one it is.
                persons if len(persons) == 1 else (customer & customers or persons)[:1]
                for customer, persons in by_customer.items()
            )
        )
        return found[:MOST], is_all and len(found) <= MOST

    def _contacts(self, numbers):
        texts = [item.number for item in numbers]
        rows = self.env["crm.phone.number"].search([("phone_sanitized", "in", texts)])
        contacts = self.env["res.partner"].with_context(active_test=False)
        options = {"limit": MOST_CONTACTS, "order": "active desc, complete_name, id"}
        # Whole numbers have an index, and so have ids: no subquery.
        found = contacts.search(
            Domain("phone_sanitized", "in", texts)
            | Domain("id", "in", rows.partner_id.ids),
            **options,
        )
        return found or contacts.search(
            [("phone_mobile_search", "ilike", self.phone)], **options
        )

    def _extensions(self, contact, numbers):
        """The extensions under which a contact is reached at one of the numbers."""
        known = {item.number for item in numbers}
        rows = contact.phone_number_ids.filtered(lambda r: r.phone_sanitized in known)
        own = self.env["crm.phone.number"]._read_number(contact.phone, contact)
        return {
            *(phone.clean(row.extension or "").strip() for row in rows),
            *(item.extension for item in own if item.number in known),
        }

    # -- showing
    @api.depends("partner_id", "company_id")
    @api.depends_context("uid", "lang", "allowed_company_ids")
    def _compute_card(self):
        for wizard in self:
            contact = wizard.partner_id._filtered_access("read")
            wizard.card = wizard._render(contact) if contact else False

    def _render(self, contact):
        return self.env["ir.qweb"]._render(
            "crm_loyalty.crm_caller_card_content",
            {
                "name": contact.display_name,
                "is_archived": not contact.active,
                "is_open": bool(self.crm_customer_id),
                "sections": self._sections(contact),
            },
        )

    def _sections(self, contact):
        """The sections to show, all of plain text."""
        customer = self.crm_customer_id
        if customer:
            sections = customer._caller_card()
        else:
            label = self.env["res.partner"].fields_get(["user_id"], ["string"])
            # sudo: as any screen names a colleague, of another company too
            name = contact.user_id.sudo().name
            rows = [(label["user_id"]["string"], name or self.env._("Nobody"))]
            sections = [{"key": "contact", "title": "", "rows": rows}]
        return [
            {
                **section,
                # Markup would not be escaped; names are what others typed.
                "rows": [tuple(map(str, row)) for row in section["rows"]],
            }
            for section in sections
        ]

    # -- going on
    def action_create_lead(self):
        """Odoo's own form of a new lead or opportunity, with the number filled in."""
        self.ensure_one()
        has_leads = self.env.user.has_group("crm.group_use_lead")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.lead",
            "views": [(False, "form")],
            "context": {
                "default_phone": self.phone,
                "default_type": "lead" if has_leads else "opportunity",
            },
        }

    def action_open_contact(self):
        """Open the contact."""
        self.ensure_one()
        return self.partner_id._get_records_action(context={})
