import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import format_list

_logger = logging.getLogger(__name__)

# More rows than this are loaded by a job, so that no request waits.
ROWS_AT_ONCE = 2000
# So often a file is tried whose loading ends the server process.
MAX_ATTEMPTS = 3
# What a file was loaded by, or is being loaded by, stays as it is.
FIXED_FIELDS = {
    "file",
    "file_name",
    "company_id",
    "currency_id",
    "money_unit_id",
    "create_contacts",
    "date_format",
    "column_ids",
}


class CrmCustomerPurchaseImport(models.Model):
    """A file of purchases made before Odoo; it never touches the ledger.

    A file is read, its columns mapped and checked; then the good rows are loaded, all
    in one transaction. A row that was loaded before is known by its key and skipped.
    """

    _name = "crm.customer.purchase.import"
    _description = "Import of Purchases"
    _inherit = ["crm.write.guard"]
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
    money_unit_id = fields.Many2one(
        "crm.money.unit",
        "Amounts In",
        domain="[('currency_id', '=', currency_id)]",
        ondelete="restrict",
        help="The unit of the amounts in the file, where it is not the currency "
        "itself: a file in toman becomes purchases in rial.",
    )
    create_contacts = fields.Boolean(
        "Create Missing Contacts",
        help="Otherwise a row whose contact is not found is an error.",
    )
    date_format = fields.Selection(
        [
            ("ymd", "Year-month-day (2026-03-31)"),
            ("dmy", "Day/month/year (31/03/2026)"),
            ("mdy", "Month/day/year (03/31/2026)"),
            ("jalali", "Jalali (1405/01/11)"),
        ],
        help="How the days of the file are written. Empty: found out when the "
        "file is checked. Date cells of a workbook are read in any case.",
    )
    column_ids = fields.One2many(
        "crm.customer.purchase.import.column", "import_id", "Columns"
    )
    state = fields.Selection(
        [
            ("draft", "New"),
            ("checked", "Checked"),
            ("queued", "Waiting"),
            ("failed", "Not Loaded"),
            ("done", "Loaded"),
            ("undone", "Taken Back"),
        ],
        default="draft",
        required=True,
        readonly=True,
    )
    attempts = fields.Integer(readonly=True, copy=False)
    failure = fields.Text("Why It Was Not Loaded", readonly=True, copy=False)
    warning = fields.Text(readonly=True, copy=False)
    progress = fields.Float(
        compute="_compute_progress", help="How far the loading is, in percent."
    )
    new_count = fields.Integer("New Rows", readonly=True, copy=False)
    known_count = fields.Integer("Loaded Before", readonly=True, copy=False)
    contact_count = fields.Integer("New Contacts", readonly=True, copy=False)
    error_count = fields.Integer("Rows With Errors", readonly=True, copy=False)
    preview = fields.Html(readonly=True, copy=False)
    error_file = fields.Binary(
        "Rows to Mend", readonly=True, copy=False, attachment=True
    )
    error_file_name = fields.Char(readonly=True, copy=False)
    purchase_ids = fields.One2many("crm.customer.purchase", "import_id", "Purchases")

    @api.onchange("currency_id")
    def _onchange_currency_id(self):
        if self.money_unit_id.currency_id != self.currency_id:
            self.money_unit_id = False

    @api.constrains("currency_id", "money_unit_id")
    def _check_money_unit(self):
        for record in self:
            unit = record.money_unit_id
            if unit and unit.currency_id != record.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(unit)s is a unit of %(other)s; the amounts of %(file)s are "
                        "in %(currency)s. Choose one of its units, or none.",
                        unit=unit.name,
                        other=unit.currency_id.name,
                        file=record.file_name,
                        currency=record.currency_id.name,
                    )
                )

    @api.depends("state", "column_ids.progress")
    def _compute_progress(self):
        for record in self:
            first = record.column_ids[:1]
            record.progress = 100 if record.state == "done" else first.progress

    @api.model_create_multi
    def create(self, vals_list):
        # Whatever a caller sends: nothing starts as a file that was checked or loaded.
        vals_list = [{**vals, "state": "draft"} for vals in vals_list]
        imports = super().create(vals_list)
        imports._read_columns()
        return imports

    def write(self, vals):
        known = self._fields
        refused = [name for name in vals if name in known and known[name].readonly]
        if refused and not self.env.su:
            raise AccessError(
                self.env._(
                    "%(fields)s of %(file)s cannot be written: checking and loading "
                    "the file set it.",
                    fields=format_list(
                        self.env,
                        [
                            self._fields[name].get_description(self.env)["string"]
                            for name in refused
                        ],
                    ),
                    file=format_list(self.env, self.mapped("file_name")),
                )
            )
        if FIXED_FIELDS & vals.keys():
            self._prepare_change()
        if "file" in vals:
            # Another file may write its days in another way.
            vals = {"date_format": False, **vals}
        result = super().write(vals)
        if "file" in vals:
            self._read_columns()
        return result

    def _write_results(self, vals):
        """Write state and results: for this model's own methods, users may not."""
        # That other name is the point.
        return super().write(vals)  # pylint: disable=super-method-mismatch

    def _prepare_change(self):
        """Refuse a change of what was loaded; have the others checked anew."""
        for record in self:
            if record.state in ("queued", "done", "undone"):
                raise UserError(
                    self.env._(
                        "%(file)s is being or was loaded and cannot be changed. "
                        "Make a new import.",
                        file=record.file_name,
                    )
                )
        others = self.filtered(lambda record: record.state != "draft")
        others._write_results({"state": "draft"})

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
        self._check_may_load("draft", "checked", "failed")
        if not self.date_format:
            self.date_format = self._guess_day_format()
        errors = self._prepare_rows()
        self._write_results(
            {
                "state": "checked",
                "failure": False,
                "warning": self._warn_of_rates(),
                "preview": self._render_preview(),
                **self._count_rows(),
                **self._error_values(errors),
            }
        )

    def action_load(self):
        """Load the good rows: small files at once, large ones by a job.

        A small file too waits for the job while another one is loaded.
        """
        self.ensure_one()
        self._check_may_load("checked")
        if self.new_count <= ROWS_AT_ONCE and self._lock_loading():
            self._load()
            return
        if self.create_contacts:
            # The job may, whoever asks for it.
            self.env["res.partner"].check_access("create")
        self._write_results({"state": "queued", "attempts": 0})
        # What an earlier attempt came to.
        self.column_ids.progress = 0
        # The job belongs to the system; the user was checked above.
        self.env.ref("crm_loyalty.ir_cron_load_purchases").sudo()._trigger()

    def action_undo(self):
        """Take back the purchases of this import; contacts stay."""
        self.ensure_one()
        self._check_may_load("done")
        if not self._lock_loading():
            raise UserError(
                self.env._(
                    "Another file is being loaded. Take %(file)s back when that is "
                    "done.",
                    file=self.file_name,
                )
            )
        self._take_back()

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
        """Load what waits, one file a transaction; one that fails stops no other."""
        waiting = self.search([("state", "=", "queued")], order="id")
        for number, record in enumerate(waiting, start=1):
            # Contacts, texts and numbers as for the one who made the import.
            record.with_company(record.company_id).with_context(
                lang=record.create_uid.lang
            )._load_waiting()
            if not self.env["ir.cron"]._commit_progress(
                1, remaining=len(waiting) - number
            ):
                break

    def _load_waiting(self):
        """Load one file in a transaction of its own, or say why it was not loaded."""
        if self.attempts >= MAX_ATTEMPTS:
            # It would come back for ever.
            self._fail(
                self.env._(
                    "The server stopped %(count)s times while it loaded %(file)s. "
                    "Nothing was loaded. Have the time and memory limits of its jobs "
                    "raised, or split the file.",
                    count=self.attempts,
                    file=self.file_name,
                )
            )
            return
        try:
            if self.env["crm.customer"]._retry(self._begin_attempt):
                self.env["crm.customer"]._retry(self._load_or_wait)
        except Exception as error:
            # Whatever it was: the user is told, and the next file gets its turn.
            self.env.cr.rollback()
            _logger.exception("%s could not be loaded", self)
            reason = str(error) if isinstance(error, UserError) else repr(error)
            self._fail(
                self.env._(
                    "%(file)s could not be loaded; nothing of it was. Mend what is "
                    "said here, or show it to your administrator; then check the "
                    "file again. %(reason)s",
                    file=self.file_name,
                    reason=reason,
                )
            )

    def _begin_attempt(self):
        """Count the attempt; it stays counted if the server stops in it.

        :return: whether the file still waits: another process may have loaded it
        """
        waits = self.state == "queued"
        if waits:
            self.attempts += 1
        return waits

    def _load_or_wait(self):
        if self._lock_loading():
            self._load()
            return
        # A user loads a small file at this moment.
        self.attempts -= 1
        at = fields.Datetime.now() + timedelta(minutes=1)
        self.env.ref("crm_loyalty.ir_cron_load_purchases")._trigger(at)

    def _fail(self, reason):
        self.write({"state": "failed", "failure": reason})
