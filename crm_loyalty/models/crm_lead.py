from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from ..l10n.text import storable
from .crm_folding import folded_index, folded_search

# More than so many leads of one name tell nothing; Odoo does the same with addresses.
MAX_DUPLICATES = 20
# What people paste from elsewhere, halves of characters included.
TYPED_FIELDS = {"name", "contact_name", "partner_name", "email_from", "phone"}


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = [
        "crm.lead",
        "crm.customer.link",
        "crm.customer.marker",
        "crm.jalali.periods",
        "crm.acquisition.mixin",
    ]

    acquisition_answer_id = fields.Many2one(
        "crm.acquisition.answer",
        "How Did You Hear of Us",
        index="btree_not_null",
        help="What the customer himself says; rules of channels may ask for it.",
    )

    # Found whatever keyboard wrote them; the search of the pipeline looks through all.
    name = fields.Char(search=folded_search("name"))
    contact_name = fields.Char(search=folded_search("contact_name"))
    partner_name = fields.Char(search=folded_search("partner_name"))
    email_from = fields.Char(search=folded_search("email_from"))
    _folded_name_idx = folded_index("name")
    _folded_contact_name_idx = folded_index("contact_name")
    _folded_partner_name_idx = folded_index("partner_name")
    _folded_email_from_idx = folded_index("email_from")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._storable(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._storable(vals))

    @api.model
    def _storable(self, vals):
        """Values without what no database stores."""
        texts = TYPED_FIELDS & vals.keys()
        whole = {name: storable(vals[name]) for name in texts if vals[name]}
        return {**vals, **whole}

    @api.depends("contact_name", "partner_name")
    def _compute_potential_lead_duplicates(self):
        """Besides what Odoo finds: leads of the same names, however written."""
        result = super()._compute_potential_lead_duplicates()
        for lead in self:
            leads = lead._leads_of_same_names() - lead.duplicate_lead_ids
            lead.duplicate_lead_ids |= leads
            lead.duplicate_lead_count += len(leads)
        return result

    def _leads_of_same_names(self):
        """Other leads, archived too, that name the same contact and company."""
        self.ensure_one()
        names = [name for name in ("contact_name", "partner_name") if self[name]]
        leads = self.with_context(active_test=False)
        if not names:
            return leads.browse()
        found = leads.search(
            Domain.AND([(name, "=ilike", escape_psql(self[name]))] for name in names)
            & Domain("id", "!=", self._origin.id),
            limit=MAX_DUPLICATES + 1,
        )
        return found if len(found) <= MAX_DUPLICATES else leads.browse()

    def _touched_partner_ids(self):
        """Besides: whose orders follow these opportunities."""
        # sudo: their touches follow, whoever may open the orders
        orders = self.sudo().order_ids.filtered("acquisition_channel_id")
        return [*super()._touched_partner_ids(), *orders.partner_id.ids]

    def _merge_get_fields_specific(self):
        """The merged lead came as the first of them that has a channel."""
        first = self.filtered("acquisition_channel_id").sorted("create_date")[:1]
        return {
            **super()._merge_get_fields_specific(),
            "acquisition_channel_id": lambda fname, leads: first[fname].id,
            "acquisition_by_hand": lambda fname, leads: first[fname],
            "acquisition_answer_id": lambda fname, leads: (
                leads.filtered(fname).sorted("create_date")[:1][fname].id
            ),
        }
