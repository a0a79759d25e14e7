from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from ..l10n.text import fold
from .crm_folding import folded_index, folded_search


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = [
        "res.partner",
        "crm.customer.link",
        "crm.customer.marker",
        "crm.filter.fields",
    ]
    _crm_jalali_dates = ("acquisition_date", "referred_on")
    _customer_partner_path = "commercial_partner_id"
    # A contact shows its profile in the company the user works in.
    _customer_company_field = None

    # Salespeople look up their customers; a moved salesperson moves them.
    user_id = fields.Many2one(index="btree_not_null")

    # Found whatever keyboard wrote them.
    name = fields.Char(search=folded_search("name"))
    complete_name = fields.Char(search=folded_search("complete_name"))
    commercial_company_name = fields.Char(
        search=folded_search("commercial_company_name")
    )
    company_name = fields.Char(search=folded_search("company_name"))
    ref = fields.Char(search=folded_search("ref"))
    company_registry = fields.Char(search=folded_search("company_registry"))
    vat = fields.Char(search=folded_search("vat"))
    email = fields.Char(search=folded_search("email"))

    # What the quick search looks through: it is as slow as the slowest of them.
    _folded_complete_name_idx = folded_index("complete_name")
    _folded_ref_idx = folded_index("ref")
    _folded_company_registry_idx = folded_index("company_registry")
    _folded_vat_idx = folded_index("vat")
    _folded_email_idx = folded_index("email")

    @api.onchange("name", "email", "phone")
    def _onchange_known_contact(self):
        """Warn of a contact of the same name, however it is written."""
        known = self._known_contact()
        if not known:
            return None
        message = self.env._(
            "%(contact)s has the same name, and the same e-mail or phone. Open that "
            "contact instead, unless this is somebody else.",
            contact=known.display_name,
        )
        title = self.env._("Known Contact")
        return {"warning": {"type": "notification", "title": title, "message": message}}

    def _known_contact(self):
        """A contact of another customer, archived or not, that seems to be this one.

        Its folded name is the same, and its e-mail or phone. With the user's rights.
        """
        self.ensure_one()
        same = Domain.FALSE
        if self.email_normalized:
            same |= Domain("email", "ilike", escape_psql(self.email_normalized))
        if self.phone_sanitized:
            same |= Domain("phone_sanitized", "=", self.phone_sanitized)
        partners = self.with_context(active_test=False)
        if not self.name or same.is_false():
            return partners.browse()
        found = partners.search(
            # The name is part of it, and it has an index.
            Domain("complete_name", "ilike", escape_psql(self.name))
            & same
            & Domain("company_id", "in", [False, self.company_id.id])
            & Domain("id", "!=", self._origin.id)
            & Domain(
                "commercial_partner_id", "!=", self.commercial_partner_id._origin.id
            ),
            order="id",
        )
        return found.filtered(lambda other: fold(other.name or "") == fold(self.name))[
            :1
        ]

    def write(self, vals):
        before, came = {}, set()
        if {"parent_id", "is_company"} & vals.keys():
            before = {partner: partner.commercial_partner_id for partner in self}
            # Whoever has touches has a channel.
            came = {old for old in before.values() if old.acquisition_channel_id}
        result = super().write(vals)
        for partner, old in before.items():
            new = partner.commercial_partner_id
            if old == new:
                continue
            # Whom the contact brought, its new customer brought.
            self.env["crm.customer"].invalidate_model(["has_brought"], flush=False)
            if old == partner:
                # sudo: upkeep by the system; the user need not see all its companies
                self.env["crm.customer"].sudo()._join_profiles(partner, new)
            if old in came:
                # The touches of a contact are its customer's, whoever that is.
                self._acquire([old.id, new.id])
        if "tz" in vals:
            self._mark_companies_by_our_time()
        return result

    def _mark_companies_by_our_time(self):
        """Mark the companies that have no calendar to say when their days begin."""
        # sudo: marking must see companies that the writing user may not
        companies = self.env["res.company"].sudo()
        companies = companies.search(
            [("partner_id", "in", self.ids), ("resource_calendar_id", "=", False)]
        )
        self.env["crm.customer.mark"]._mark(company_ids=companies.ids)

    def unlink(self):
        # By the ORM, before the database's cascade: chatter and activities go too.
        # sudo: who may delete a contact need not be allowed to delete profiles
        profiles = self.env["crm.customer"].sudo().with_context(active_test=False)
        profiles.search([("partner_id", "in", self.ids)]).unlink()
        return super().unlink()
