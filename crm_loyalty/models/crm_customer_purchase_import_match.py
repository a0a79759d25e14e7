import base64
import csv
import io
import re
from collections import Counter
from decimal import Decimal
from itertools import islice

from odoo import Command, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL, email_normalize, split_every

from .. import purchase_import
from ..l10n import identity
from ..l10n.text import fold

CONTACT_TARGETS = {
    "partner_ref": "ref",
    "partner_email": "email",
    "partner_phone": "phone",
    "partner_vat": "vat",
}
ROWS_PER_BATCH = 5000
# What people write into tax numbers; Python and PostgreSQL read it alike.
PUNCTUATION = r"[!-/:-@\u005b-`{-~" + identity.BETWEEN + "]"
FIRST_YEAR = 1900
# By so many first rows the way the days are written is guessed.
ROWS_TO_GUESS_BY = 10_000


class CrmCustomerPurchaseImport(models.Model):
    """Reading the file, and finding the contacts and the rows that are known.

    The rows go to temporary tables as they are read, so that the memory of the server
    process does not grow with the file, and are matched there.
    """

    _inherit = "crm.customer.purchase.import"

    # -- reading
    def _content(self):
        return base64.b64decode(self.with_context(bin_size=False).file)

    def _rows(self):
        """Yield ``(line number, cells)`` of the file, the head first."""
        self.ensure_one()
        try:
            yield from purchase_import.read_rows(self._content(), self.file_name)
        except purchase_import.UnreadableFileError as error:
            reasons = {
                "workbook": self.env._(
                    "%(file)s is no XLSX workbook. Save it as XLSX or CSV again.",
                    file=self.file_name,
                ),
                "csv": self.env._(
                    "%(file)s has a quotation mark that is not closed, or too long a "
                    "cell. Save it as XLSX, or as CSV again.",
                    file=self.file_name,
                ),
                "encoding": self.env._(
                    "The letters of %(file)s cannot be read. Save it as CSV in UTF-8.",
                    file=self.file_name,
                ),
                "columns": self.env._(
                    "%(file)s has more than %(count)s columns. Remove those that are "
                    "not needed.",
                    file=self.file_name,
                    count=purchase_import.MAX_COLUMNS,
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
            # Columns are the file's: users say what each holds, and no more.
            record.sudo().column_ids = commands

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

    def _contact_target(self):
        [target] = CONTACT_TARGETS.keys() & self._mapping().keys()
        return target

    def _guess_day_format(self):
        """How the column of days is written; asks when the days do not tell."""
        number = self._mapping()["date"]
        rows = islice(self._rows(), 1, ROWS_TO_GUESS_BY)
        texts = (cells[number] for _line, cells in rows if number < len(cells))
        day_format = purchase_import.guess_day_format(texts)
        if not day_format:
            raise UserError(
                self.env._(
                    "The days of %(file)s may be day/month/year or month/day/year. "
                    "Choose the date format.",
                    file=self.file_name,
                )
            )
        return day_format

    def _parse(self, errors):
        """Yield the rows that can be read, as the temporary table holds them.

        :param dict errors: gets ``{line: what to do}`` of the others
        """
        mapping = self._mapping()
        contact_target = self._contact_target()
        customers = self.env["crm.customer"].with_company(self.company_id)
        today = customers._today()
        contacts = {}  # text: what it identifies; the same customer comes often
        unit = self.money_unit_id
        # As people write it: a tenth, not what a float makes of it.
        worth = Decimal(str(unit.factor)) if unit else None
        for line, cells in islice(self._rows(), 1, None):
            values = {
                target: cells[number] if number < len(cells) else ""
                for target, number in mapping.items()
            }
            raw = values[contact_target]
            name, reference = values.get("partner_name"), values.get("reference")
            try:
                if raw not in contacts:
                    contacts[raw] = self._normalise(contact_target, raw)
                self._check_length(raw, name, reference)
                day = self._parse_day(values["date"], today)
                amount = self._parse_amount(values["amount"], worth)
                # No cost is an unknown one, not 0.
                cost = values.get("cost") or None
                if cost:
                    cost = self._parse_amount(cost, worth)
            except ValidationError as error:
                errors[line] = error.args[0]
                continue
            yield line, contacts[raw], raw, name, day, amount, cost, reference

    def _check_length(self, *texts):
        for text in texts:
            if text and len(text) > purchase_import.MAX_TEXT:
                raise ValidationError(
                    self.env._(
                        "“%(text)s…” is longer than %(count)s characters. Shorten it.",
                        text=text[:20],
                        count=purchase_import.MAX_TEXT,
                    )
                )

    def _parse_day(self, text, today):
        try:
            day = purchase_import.parse_day(
                text, self.date_format or purchase_import.ISO
            )
        except ValueError as error:
            raise ValidationError(
                self.env._(
                    "“%s” is no day. Write it as YYYY-MM-DD, or choose another "
                    "date format.",
                    text,
                )
            ) from error
        if day > today:
            raise ValidationError(
                self.env._("“%s” lies in the future. Correct the day.", text)
            )
        if day.year < FIRST_YEAR:
            raise ValidationError(
                self.env._(
                    "“%(text)s” lies before %(year)s. Correct the day.",
                    text=text,
                    year=FIRST_YEAR,
                )
            )
        return day

    def _parse_amount(self, text, worth):
        """The amount of a cell, in the currency; ``worth``: of its unit, if any."""
        try:
            amount = purchase_import.parse_amount(text)
            return amount * worth if worth else amount
        except ValueError as error:
            raise ValidationError(
                self.env._("“%s” is no amount. Write digits and one point.", text)
            ) from error

    def _normalise(self, target, text):
        """What identifies a contact, in the form it is compared in."""
        if target == "partner_email":
            value = fold(email_normalize(text) or "")
        elif target == "partner_phone":
            country = self.company_id.country_id
            value = self.env["res.partner"]._phone_format(
                number=text, country=country, force_format="E164"
            )
        elif target == "partner_vat":
            value = re.sub(PUNCTUATION, "", fold(text))
            if self.company_id.country_id.code == "IR":
                # Contacts have it as the same rules spell it.
                value = identity.tax_number(value, len(value) > 10).value
        else:
            value = fold(text)
        if not value:
            raise ValidationError(
                self.env._("“%s” does not identify a contact. Correct it.", text)
            )
        return value

    # -- matching
    def _prepare_rows(self):
        """Read the file into ``crm_purchase_rows`` and find the contacts of the rows.

        What stays there can be loaded, once the contacts in ``crm_purchase_contacts``
        without ``contact_id`` are created. Both tables live in the transaction.

        :return: ``{line: what to do}`` of the rows that cannot be loaded
        """
        self.ensure_one()
        errors = {}
        cr = self.env.cr
        cr.execute(
            SQL(
                """
                DROP TABLE IF EXISTS pg_temp.crm_purchase_rows;
                DROP TABLE IF EXISTS pg_temp.crm_purchase_contacts;
                CREATE TEMPORARY TABLE crm_purchase_rows (
                    line integer, contact varchar, raw varchar, name varchar, date date,
                    amount numeric, cost numeric, reference varchar
                ) ON COMMIT DROP
                """
            )
        )
        expected = self.new_count + self.known_count + self.error_count or 1
        for number, batch in enumerate(
            split_every(ROWS_PER_BATCH, self._parse(errors), tuple), start=1
        ):
            buffer = io.StringIO()
            csv.writer(buffer).writerows(batch)
            buffer.seek(0)
            cr.copy_expert("COPY crm_purchase_rows FROM STDIN (FORMAT csv)", buffer)
            self._show_progress(25 * number * ROWS_PER_BATCH / expected)
        self._find_contacts()
        self._reject_contacts(errors)
        return errors

    def _find_contacts(self):
        """Fill ``crm_purchase_contacts``: what the rows name, and who that is.

        Contacts of the company and shared ones, archived too. Several contacts of one
        commercial partner are one customer.
        """
        column = {
            "partner_ref": SQL("crm_fold(p.ref)"),
            "partner_email": SQL("crm_fold(p.email_normalized)"),
            "partner_phone": SQL("p.phone_sanitized"),
            "partner_vat": SQL(
                "REGEXP_REPLACE(crm_fold(p.vat), %s, '', 'g')", PUNCTUATION
            ),
        }[self._contact_target()]
        contacts = SQL("res_partner")
        if self._contact_target() == "partner_phone":
            self.env["crm.phone.number"].flush_model()
            contacts = SQL(
                """(SELECT id, company_id, commercial_partner_id, phone_sanitized
                      FROM res_partner
                     UNION ALL
                    SELECT p.id, p.company_id, p.commercial_partner_id,
                           n.phone_sanitized
                      FROM crm_phone_number n JOIN res_partner p ON p.id = n.partner_id)
                """
            )
        self.env["res.partner"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE crm_purchase_contacts ON COMMIT DROP AS
                WITH named AS (
                    SELECT contact, MIN(line) AS line,
                           (ARRAY_AGG(raw ORDER BY line))[1] AS raw,
                           (ARRAY_AGG(name ORDER BY line)
                            FILTER (WHERE name IS NOT NULL))[1] AS name
                      FROM crm_purchase_rows
                     GROUP BY contact
                ), found AS (
                    SELECT %(column)s AS contact, MIN(p.id) AS id,
                           COUNT(DISTINCT p.commercial_partner_id) AS count
                      FROM %(contacts)s p
                     WHERE %(column)s IN (SELECT contact FROM named)
                       AND COALESCE(p.company_id, %(company)s) = %(company)s
                     GROUP BY 1
                )
                SELECT named.*, found.id AS contact_id, found.count
                  FROM named LEFT JOIN found USING (contact);
                ANALYZE crm_purchase_rows;
                ANALYZE crm_purchase_contacts
                """,
                column=column,
                contacts=contacts,
                company=self.company_id.id,
            )
        )

    def _reject_contacts(self, errors):
        """Take the rows of contacts that are not one and clear from the tables."""
        for count, line, raw in self.env.execute_query(
            SQL(
                """
                DELETE FROM crm_purchase_rows r
                 USING crm_purchase_contacts c
                 WHERE c.contact = r.contact
                   AND (c.count > 1 OR c.count IS NULL AND NOT %s)
             RETURNING c.count, r.line, r.raw
                """,
                self.create_contacts,
            )
        ):
            if count:
                errors[line] = self.env._(
                    "Several contacts have “%s”. Merge them, or map another column.",
                    raw,
                )
            else:
                errors[line] = self.env._(
                    "No contact has “%s”. Create it, or have missing ones created.", raw
                )

    def _keyed_rows_sql(self):
        """The rows with their contact, and the key by which a row is known again.

        A contact that is yet to be created stands in the key by what it is named.
        """
        return SQL(
            """
            SELECT r.*, c.contact_id,
                   CASE WHEN r.reference IS NOT NULL THEN 'reference:' || r.reference
                   ELSE CONCAT_WS(
                       ':', 'row', COALESCE(c.contact_id::text, 'new ' || c.contact),
                       TO_CHAR(r.date, 'YYYY-MM-DD'), TRIM_SCALE(r.amount),
                       ROW_NUMBER() OVER (
                           PARTITION BY c.contact_id, c.contact, r.date, r.amount,
                                        r.reference IS NULL
                           ORDER BY r.line))
                   END AS key
              FROM crm_purchase_rows r
              JOIN crm_purchase_contacts c ON c.contact = r.contact
            """
        )

    def _count_rows(self):
        """What loading would do, in numbers, as values of the import."""
        [[rows, new, contacts]] = self.env.execute_query(
            SQL(
                """
                SELECT COUNT(*),
                       COUNT(DISTINCT keyed.key) FILTER (WHERE known.id IS NULL),
                       COUNT(DISTINCT keyed.contact)
                           FILTER (WHERE keyed.contact_id IS NULL)
                  FROM (%(keyed)s) keyed
                  LEFT JOIN crm_customer_purchase known
                    ON known.company_id = %(company)s AND known.import_key = keyed.key
                """,
                keyed=self._keyed_rows_sql(),
                company=self.company_id.id,
            )
        )
        return {"new_count": new, "known_count": rows - new, "contact_count": contacts}
