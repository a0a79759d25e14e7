from itertools import repeat

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL

from ..l10n import phone

LABELS = [
    ("office", "Office"),
    ("mobile", "Mobile"),
    ("home", "Home"),
    ("fax", "Fax"),
    ("other", "Other"),
]


class SparseOne2many(fields.One2many):
    """Rows that few records have.

    To ask who has any takes a fraction of reading, with the reader's rights, none.
    """

    def read(self, records):
        rows = records.env[self.comodel_name]
        if not rows.has_access("read"):
            return super().read(records)  # refuses, as always
        inverse = SQL.identifier(
            self.inverse_name, to_flush=rows._fields[self.inverse_name]
        )
        found = records.env.execute_query(
            SQL(
                "SELECT %s FROM %s WHERE %s = ANY(%s)",
                inverse,
                SQL.identifier(rows._table),
                inverse,
                records.ids,
            )
        )
        some = records.browse({record_id for [record_id] in found})
        if some:
            super().read(some)
        self._insert_cache(records - some, repeat(()))


class CrmPhoneNumber(models.Model):
    """One more number of a contact: Odoo has a single one.

    What is typed may hold several (88776655-57): each becomes a row.
    """

    _name = "crm.phone.number"
    _description = "Phone Number"
    _order = "sequence, id"
    _rec_name = "number"

    partner_id = fields.Many2one(
        "res.partner", "Contact", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer(default=10)
    label = fields.Selection(LABELS, required=True, default="office")
    number = fields.Char(
        required=True,
        help="With its extension, if it has one. Several numbers, as in 88776655-57, "
        "become several rows.",
    )
    extension = fields.Char()
    phone_sanitized = fields.Char(
        "Sanitized Number",
        compute="_compute_phone_sanitized",
        store=True,
        index="trigram",
        help="The number as it is dialled from anywhere (+982188776655), or its digits "
        "where the area code is not known.",
    )

    @api.depends("number", "partner_id.country_id")
    def _compute_phone_sanitized(self):
        for row in self:
            phones = row._read_number(row.number, row.partner_id)
            row.phone_sanitized = phones[0].number if phones else False

    @api.model
    def _read_number(self, text, partner):
        """The numbers of a text as this contact's country and company write them."""
        company = partner.company_id or self.env.company
        country = partner.country_id or company.country_id
        return phone.read(text, country.code, company._crm_area_code(country))

    @api.model_create_multi
    def create(self, vals_list):
        firsts, others = [], []
        for vals in vals_list:
            first, *rest = self._split(vals)
            firsts.append(first)
            others += rest
        rows = super().create(firsts)
        if others:
            super().create(others)
        return rows

    def write(self, vals):
        if "number" not in vals:
            return super().write(vals)
        others = []
        for row in self:
            values = {"partner_id": row.partner_id.id, "extension": False, **vals}
            first, *rest = self._split(values)
            super(CrmPhoneNumber, row).write(first)
            kept = {"label": row.label, "sequence": row.sequence}
            others += [{**kept, **more} for more in rest]
        if others:
            self.create(others)
        return True

    @api.model
    def _split(self, vals):
        """Values of a row for each number in ``vals["number"]``; refuses what has none.

        An extension typed beside the number stays where the number names none.
        """
        partner = self.env["res.partner"].browse(vals.get("partner_id"))
        phones = self._read_number(vals.get("number"), partner)
        if not phones:
            raise ValidationError(
                self.env._(
                    "“%(text)s” holds no phone number. Write its digits.",
                    text=(vals.get("number") or "")[:20],
                )
            )
        return [
            {
                **vals,
                "number": item.text,
                "extension": item.extension or vals.get("extension") or False,
            }
            for item in phones
        ]


class ResPartner(models.Model):
    _inherit = "res.partner"
    _phone_numbers_path = "phone_number_ids"

    phone_number_ids = SparseOne2many(
        "crm.phone.number", "partner_id", "More Phone Numbers"
    )
    # Numbers are looked up by callers, imports and duplicates.
    phone_sanitized = fields.Char(index="btree_not_null")


class CrmLead(models.Model):
    _inherit = "crm.lead"
    _phone_numbers_path = "partner_id.phone_number_ids"
