from odoo import fields, models


class CrmCustomerPurchaseImportColumn(models.Model):
    """One column of a file of purchases, and what it holds."""

    _name = "crm.customer.purchase.import.column"
    _description = "Column of an Import of Purchases"
    _order = "import_id, number"

    import_id = fields.Many2one(
        "crm.customer.purchase.import", required=True, ondelete="cascade", index=True
    )
    number = fields.Integer(required=True, readonly=True)
    name = fields.Char("Column", readonly=True)
    example = fields.Char(readonly=True)
    target = fields.Selection(
        [
            ("partner_ref", "Contact: Reference"),
            ("partner_email", "Contact: E-mail"),
            ("partner_phone", "Contact: Phone"),
            ("partner_vat", "Contact: Tax Number"),
            ("partner_name", "Name of a New Contact"),
            ("date", "Day"),
            ("amount", "Untaxed Amount"),
            ("cost", "Cost of Goods"),
            ("reference", "Number of the Document"),
        ],
        "Holds",
        help="Leave it empty to ignore the column.",
    )
    # Of the first column only. The loading job writes the row of the import in its one
    # transaction, and this one from outside of it, so that users see it move.
    progress = fields.Float(readonly=True)

    def write(self, vals):
        if vals.keys() & {"target", "number", "import_id"}:
            self.import_id._prepare_change()
        result = super().write(vals)
        if "import_id" in vals:
            # Now of another file: one the user may not open is refused as well.
            self.import_id._prepare_change()
        return result
