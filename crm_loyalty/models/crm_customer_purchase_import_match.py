import base64
import csv
import io
from collections import Counter, defaultdict
from itertools import islice

from odoo import Command, api, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize

from .. import purchase_import

CONTACT_TARGETS = {
    "partner_ref": "ref",
    "partner_email": "email",
    "partner_phone": "phone",
    "partner_vat": "vat",
}


class CrmCustomerPurchaseImport(models.Model):
    """Reading the file, and finding the contacts and the rows that are known."""

    _inherit = "crm.customer.purchase.import"

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
