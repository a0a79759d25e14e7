import base64
import csv
import io
from collections import Counter, defaultdict
from itertools import islice

from psycopg2.extras import execute_values

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize, split_every

from .. import purchase_import

CONTACT_TARGETS = {
    "partner_ref": "ref",
    "partner_email": "email",
    "partner_phone": "phone",
    "partner_vat": "vat",
}
# More rows than this are loaded by a job, so that no request waits.
ROWS_AT_ONCE = 2000
CONTACTS_PER_BATCH = 1000
# From this many contacts on, one refresh of all is cheaper than of the marked.
REFRESH_ALL_FROM = 5000


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

    # -- reading
    def _rows(self):
        """Yield ``(line number, cells)`` of the file, the head first."""
        self.ensure_one()
        content = base64.b64decode(self.with_context(bin_size=False).file)
        try:
            yield from purchase_import.read_rows(content, self.file_name)
        except purchase_import.UnreadableFileError as error:
            reasons = {
                "xlsx": self.env._(
                    "%(file)s is no XLSX workbook. Save it as XLSX or CSV again.",
                    file=self.file_name,
                ),
                "encoding": self.env._(
                    "The letters of %(file)s cannot be read. Save it as CSV in UTF-8.",
                    file=self.file_name,
                ),
                "empty": self.env._("%(file)s has no rows.", file=self.file_name),
            }
            raise UserError(reasons[str(error)]) from error

    def _read_columns(self):
        """Make one column record per head of the file, targets guessed."""
        for record in self:
            rows = list(islice(record._rows(), 2))
            heads, example = rows[0][1], rows[-1][1]
            used = set()
            commands = [Command.clear()]
            for number, head in enumerate(heads):
                target = purchase_import.guess_target(head)
                is_contact = target in CONTACT_TARGETS
                if target in used or (is_contact and used & CONTACT_TARGETS.keys()):
                    target = None
                used.add(target)
                commands.append(
                    Command.create(
                        {
                            "number": number,
                            "name": head or f"{number + 1}",
                            "example": example[number] if number < len(example) else "",
                            "target": target,
                        }
                    )
                )
            record.column_ids = commands

    def _mapping(self):
        """``{target: column number}``; says what is missing."""
        self.ensure_one()
        mapped = self.column_ids.filtered("target")
        twice = [t for t, n in Counter(mapped.mapped("target")).items() if n > 1]
        targets = {column.target: column.number for column in mapped}
        contacts = CONTACT_TARGETS.keys() & targets.keys()
        if twice or len(contacts) != 1 or not {"date", "amount"} <= targets.keys():
            raise UserError(
                self.env._(
                    "Map exactly one column to the contact (reference, e-mail, phone "
                    "or tax number), one to the day and one to the amount, and no "
                    "target twice."
                )
            )
        return targets

    def _parse(self):
        """Parse all rows.

        :return: list of dicts (``line``, ``cells``, ``contact``: normalised, ``name``,
            ``date``, ``amount``, ``cost``, ``reference``), and the list of errors
            ``(line, cells, message)``
        """
        mapping = self._mapping()
        [contact_target] = CONTACT_TARGETS.keys() & mapping.keys()
        rows, errors = [], []
        for line, cells in islice(self._rows(), 1, None):
            values = {
                target: cells[number] if number < len(cells) else ""
                for target, number in mapping.items()
            }
            try:
                rows.append(
                    {
                        "line": line,
                        "cells": cells,
                        "contact": self._normalise(
                            contact_target, values[contact_target]
                        ),
                        "raw": values[contact_target],
                        "name": values.get("partner_name"),
                        "date": self._parse_day(values["date"]),
                        "amount": self._parse_amount(values["amount"]),
                        "cost": self._parse_amount(values.get("cost") or "0"),
                        "reference": values.get("reference") or "",
                    }
                )
            except ValidationError as error:
                errors.append((line, cells, error.args[0]))
        return rows, errors

    def _parse_day(self, text):
        try:
            return purchase_import.parse_day(text)
        except ValueError as error:
            raise ValidationError(
                self.env._("“%s” is no day. Write it as YYYY-MM-DD.", text)
            ) from error

    def _parse_amount(self, text):
        try:
            return purchase_import.parse_amount(text)
        except ValueError as error:
            raise ValidationError(
                self.env._("“%s” is no amount. Write digits and one point.", text)
            ) from error

    def _normalise(self, target, text):
        """What identifies a contact, in the form it is compared in."""
        if target == "partner_email":
            value = email_normalize(text)
        elif target == "partner_phone":
            country = self.company_id.country_id
            value = self.env["res.partner"]._phone_format(
                number=text, country=country, force_format="E164"
            )
        elif target == "partner_vat":
            value = "".join(c for c in text.upper() if c.isalnum())
        else:
            value = text
        if not value:
            raise ValidationError(
                self.env._("“%s” does not identify a contact. Correct it.", text)
            )
        return value

    # -- matching
    def _contact_target(self):
        [target] = CONTACT_TARGETS.keys() & self._mapping().keys()
        return target

    def _find_contacts(self, values):
        """``{normalised value: contact id, or None for several}``, in one query.

        Contacts of the company and shared ones, archived too. Several contacts of one
        commercial partner are one customer.
        """
        column = {
            "partner_ref": SQL("p.ref"),
            "partner_email": SQL("p.email_normalized"),
            "partner_phone": SQL("p.phone_sanitized"),
            "partner_vat": SQL("REGEXP_REPLACE(UPPER(p.vat), '[^[:alnum:]]', '', 'g')"),
        }[self._contact_target()]
        self.env["res.partner"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """SELECT %(column)s, MIN(p.id), COUNT(DISTINCT p.commercial_partner_id)
                     FROM res_partner p
                    WHERE %(column)s = ANY(%(values)s)
                      AND COALESCE(p.company_id, %(company)s) = %(company)s
                    GROUP BY 1""",
                column=column,
                values=list(values),
                company=self.company_id.id,
            )
        )
        return {value: id_ if count == 1 else None for value, id_, count in rows}

    def _prepare(self):
        """Parse, match and number all rows.

        :return: ``(good rows, errors, {missing contact: its first row})``; a good row
            of a contact that exists carries ``contact_id``
        """
        rows, errors = self._parse()
        found = self._find_contacts({row["contact"] for row in rows})
        good, missing = [], {}
        for row in rows:
            if row["contact"] in found:
                row["contact_id"] = found[row["contact"]]
                if row["contact_id"]:
                    good.append(row)
                    continue
                message = self.env._(
                    "Several contacts have “%s”. Merge them, or map another column.",
                    row["raw"],
                )
            elif self.create_contacts:
                missing.setdefault(row["contact"], row)
                good.append(row)
                continue
            else:
                message = self.env._(
                    "No contact has “%s”. Create it, or have missing ones created.",
                    row["raw"],
                )
            errors.append((row["line"], row["cells"], message))
        return good, sorted(errors, key=lambda error: error[0]), missing

    @api.model
    def _set_keys(self, rows):
        """Give each row the key by which it is known when it comes again."""
        equal = defaultdict(int)
        for row in rows:
            if row["reference"]:
                row["key"] = f"reference:{row['reference']}"
                continue
            same = (row["contact_id"], row["date"], row["amount"].normalize())
            equal[same] += 1
            row["key"] = f"row:{same[0]}:{same[1]}:{same[2]:f}:{equal[same]}"

    def _known_keys(self, rows):
        found = self.env.execute_query(
            SQL(
                """SELECT import_key FROM crm_customer_purchase
                    WHERE company_id = %s AND import_key = ANY(%s)""",
                self.company_id.id,
                [row["key"] for row in rows],
            )
        )
        return {key for (key,) in found}

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

    # -- loading
    @api.model
    def _cron_load(self):
        """Load what waits, one file a transaction."""
        for record in self.search([("state", "=", "queued")], order="id"):
            record._load()
            self.env["ir.cron"]._commit_progress(1)

    def _load(self):
        """Load the good rows, or nothing."""
        self.ensure_one()
        good, errors, missing = self._prepare()
        self._create_contacts(good, missing)
        self._set_keys(good)
        count = self._insert_rows(good)
        self.write(
            {
                "state": "done",
                "new_count": count,
                "known_count": len(good) - count,
                "contact_count": len(missing),
                "error_count": len(errors),
                "error_file": self._render_errors(errors),
            }
        )
        partner_ids = {row["contact_id"] for row in good}
        if len(partner_ids) < REFRESH_ALL_FROM:
            self.env["crm.customer.mark"]._mark(partner_ids)
        else:
            self.env["crm.customer.mark"]._mark(company_ids=self.company_id.ids)

    def _create_contacts(self, rows, missing):
        """Create the missing contacts in batches, and give their ids to the rows."""
        field = CONTACT_TARGETS[self._contact_target()]
        partners = self.env["res.partner"].with_context(
            tracking_disable=True, mail_create_nolog=True, mail_create_nosubscribe=True
        )
        created = {}
        batches = split_every(CONTACTS_PER_BATCH, missing.items())
        for number, batch in enumerate(batches):
            values = [
                {"name": row["name"] or row["raw"], field: row["raw"]}
                for _contact, row in batch
            ]
            records = partners.create(values)
            contacts = (contact for contact, _row in batch)
            created |= zip(contacts, records.ids, strict=True)
            records.invalidate_recordset()
            self._show_progress(90 * (number + 1) * CONTACTS_PER_BATCH / len(missing))
        for row in rows:
            if not row.get("contact_id"):
                row["contact_id"] = created[row["contact"]]

    def _show_progress(self, percent):
        """Tell users how far the job is, from outside of its one transaction.

        The job itself writes its row only at the end, so that this may.
        """
        if self.state != "queued":
            return
        with self.env.registry.cursor() as cr:
            cr.execute(
                SQL(
                    "UPDATE crm_customer_purchase_import_column SET progress = %s"
                    " WHERE import_id = %s AND number = 0",
                    min(percent, 99),
                    self.id,
                )
            )

    def _insert_rows(self, rows):
        """Insert the rows that are not known yet; return their number."""
        rates = self._rates({row["date"] for row in rows})
        digits = self.company_id.currency_id.decimal_places
        cr = self.env.cr
        cr.execute(
            SQL(
                """CREATE TEMPORARY TABLE crm_purchase_rows (
                       contact_id integer, date date, document_amount numeric,
                       cost numeric, rate numeric, reference varchar, key varchar
                   ) ON COMMIT DROP"""
            )
        )
        execute_values(
            cr._obj,
            "INSERT INTO crm_purchase_rows VALUES %s",
            (
                (
                    row["contact_id"],
                    row["date"],
                    row["amount"],
                    row["cost"],
                    rates[row["date"]],
                    row["reference"] or None,
                    row["key"],
                )
                for row in rows
            ),
            page_size=1000,
        )
        self.env["res.partner"].flush_model(["commercial_partner_id"])
        cr.execute(
            SQL(
                """
                INSERT INTO crm_customer_purchase
                       (contact_id, partner_id, company_id, date, amount, cost,
                        document_amount, document_currency_id, is_deposit, reference,
                        import_key, import_id, create_uid, create_date, write_uid,
                        write_date)
                SELECT r.contact_id, p.commercial_partner_id, %(company)s, r.date,
                       ROUND(r.document_amount * r.rate, %(digits)s),
                       ROUND(r.cost * r.rate, %(digits)s),
                       r.document_amount, %(currency)s, FALSE, r.reference,
                       r.key, %(id)s, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM crm_purchase_rows r
                  JOIN res_partner p ON p.id = r.contact_id
                ON CONFLICT (company_id, import_key) WHERE import_key IS NOT NULL
                DO NOTHING
                """,
                company=self.company_id.id,
                digits=digits,
                currency=self.currency_id.id,
                id=self.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        count = cr.rowcount
        cr.execute(SQL("DROP TABLE crm_purchase_rows"))
        self.env["crm.customer.purchase"].invalidate_model(flush=False)
        return count

    def _rates(self, days):
        """``{day: factor}`` from the file's currency to the company's."""
        company = self.company_id
        return {
            day: self.env["res.currency"]._get_conversion_rate(
                self.currency_id, company.currency_id, company, day
            )
            for day in days
        }

    # -- texts
    @api.model
    def _render_preview(self, rows):
        return "\n".join(
            f"{row['date']}  {row['amount']:>14}  {row['raw']}  {row['reference']}"
            for row in rows
        )

    @api.model
    def _render_errors(self, errors):
        """A CSV file of the rows to mend, with what to do; base64, or ``False``."""
        if not errors:
            return False
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow([self.env._("Line"), self.env._("What to do")])
        for line, cells, message in errors:
            writer.writerow([line, *map(purchase_import.safe_cell, (message, *cells))])
        return base64.b64encode(text.getvalue().encode("utf-8-sig"))


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
