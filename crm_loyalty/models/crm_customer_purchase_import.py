from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError

# More rows than this are loaded by a job, so that no request waits.
ROWS_AT_ONCE = 2000


class CrmCustomerPurchaseImport(models.Model):
    """A file of purchases made before Odoo; it never touches the ledger.

    A file is read, its columns mapped and checked; then the good rows are loaded, all
    in one transaction. A row that was loaded before is known by its key and skipped.
    """

    _name = "crm.customer.purchase.import"
    _description = "Import of Purchases"
    _order = "id desc"
    _rec_name = "file_name"

    file = fields.Binary(required=True, attachment=True)
    file_name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="The currency of the amounts in the file.",
    )
    create_contacts = fields.Boolean(
        "Create Missing Contacts",
        help="Otherwise a row whose contact is not found is an error.",
    )
    column_ids = fields.One2many(
        "crm.customer.purchase.import.column", "import_id", "Columns"
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("checked", "Checked"),
            ("queued", "Waiting"),
            ("done", "Loaded"),
            ("undone", "Taken Back"),
        ],
        default="draft",
        required=True,
        readonly=True,
    )
    progress = fields.Float(
        compute="_compute_progress", help="How far the loading is, in percent."
    )
    new_count = fields.Integer("New Rows", readonly=True)
    known_count = fields.Integer("Loaded Before", readonly=True)
    contact_count = fields.Integer("New Contacts", readonly=True)
    error_count = fields.Integer("Rows With Errors", readonly=True)
    preview = fields.Text(readonly=True)
    error_file = fields.Binary("Rows to Mend", readonly=True, attachment=True)
    error_file_name = fields.Char(compute="_compute_error_file_name")
    purchase_ids = fields.One2many("crm.customer.purchase", "import_id", "Purchases")

    @api.depends("file_name")
    def _compute_error_file_name(self):
        for record in self:
            record.error_file_name = f"errors-{record.file_name or ''}.csv"

    @api.depends("state", "column_ids.progress")
    def _compute_progress(self):
        for record in self:
            first = record.column_ids[:1]
            record.progress = 100 if record.state == "done" else first.progress

    @api.model_create_multi
    def create(self, vals_list):
        imports = super().create(vals_list)
        imports._read_columns()
        return imports

    def write(self, vals):
        if {"file", "company_id", "currency_id"} & vals.keys() and any(
            record.state in ("queued", "done") for record in self
        ):
            raise UserError(
                self.env._("A file that is being or was loaded cannot be changed.")
            )
        result = super().write(vals)
        if "file" in vals:
            self._read_columns()
        if {"file", "column_ids", "currency_id", "create_contacts"} & vals.keys():
            self.filtered(lambda r: r.state == "checked").state = "draft"
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_loaded(self):
        if any(record.state in ("queued", "done") for record in self):
            raise UserError(
                self.env._(
                    "An import that was loaded is kept: its purchases refer to it. "
                    "Take it back first."
                )
            )

    # -- buttons
    def action_check(self):
        """Read the whole file and say what loading it would do."""
        self.ensure_one()
        self._check_may_load("draft", "checked")
        good, errors, missing = self._prepare()
        existing = [row for row in good if row.get("contact_id")]
        fresh = [row for row in good if not row.get("contact_id")]
        self._set_keys(existing)
        known = self._known_keys(existing)
        keys = Counter(row["key"] for row in existing)
        new = len(keys.keys() - known)
        references = {row["reference"] or row["line"] for row in fresh}
        self.write(
            {
                "state": "checked",
                "new_count": new + len(references),
                "known_count": len(good) - new - len(references),
                "contact_count": len(missing),
                "error_count": len(errors),
                "preview": self._render_preview(good[:10]),
                "error_file": self._render_errors(errors),
            }
        )

    def action_load(self):
        """Load the good rows: small files at once, large ones by a job."""
        self.ensure_one()
        self._check_may_load("checked")
        if self.new_count <= ROWS_AT_ONCE:
            self._load()
            return
        self.state = "queued"
        # The job belongs to the system; the user was checked above.
        self.env.ref("crm_loyalty.ir_cron_load_purchases").sudo()._trigger()

    def action_undo(self):
        """Take back the purchases of this import; contacts stay."""
        self.ensure_one()
        self._check_may_load("done")
        # Managers may not delete purchases one by one, only whole imports.
        self.sudo().purchase_ids.unlink()
        self.state = "undone"

    def action_open_purchases(self):
        """Open the purchases this import loaded."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_loyalty.crm_customer_purchase_action"
        )
        return {**action, "domain": [("import_id", "=", self.id)]}

    def _check_may_load(self, *states):
        self.check_access("write")
        if self.state not in states:
            raise UserError(
                self.env._(
                    "%(file)s is not in the right state for this. Reload the page.",
                    file=self.file_name,
                )
            )

    # -- jobs
    @api.model
    def _cron_load(self):
        """Load what waits, one file a transaction."""
        for record in self.search([("state", "=", "queued")], order="id"):
            record._load()
            self.env["ir.cron"]._commit_progress(1)
