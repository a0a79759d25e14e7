import base64
import csv
import io
from itertools import chain
from pathlib import PurePath

from markupsafe import Markup
from xlsxwriter import Workbook

from odoo import models
from odoo.tools import SQL

from .. import purchase_import


class CrmCustomerPurchaseImport(models.Model):
    """What the user is told of a file: warnings, first rows, rows to mend."""

    _inherit = "crm.customer.purchase.import"

    def _warn_of_rates(self):
        """Name the days before the first rate of a currency, for which Odoo guesses."""
        if self.currency_id == self.company_id.currency_id:
            return False
        warnings = []
        rates = self.env["res.currency.rate"]
        reader = self.env.user
        for currency in (self.currency_id, self.company_id.currency_id):
            first = rates.search(
                [
                    ("currency_id", "=", currency.id),
                    ("company_id", "in", (False, self.company_id.root_id.id)),
                ],
                order="name",
                limit=1,
            )
            if not first and currency == self.company_id.currency_id:
                continue  # the currency that the others' rates are relative to
            [[count, start, end]] = self.env.execute_query(
                SQL(
                    """SELECT COUNT(DISTINCT date), MIN(date), MAX(date)
                         FROM crm_purchase_rows WHERE date < %s""",
                    first.name or "infinity",
                )
            )
            if not count:
                continue
            values = {
                "currency": currency.name,
                "count": count,
                "start": reader._crm_format_date(start),
                "end": reader._crm_format_date(end),
                "first": reader._crm_format_date(first.name),
            }
            if first:
                text = self.env._(
                    "%(currency)s has no rate before %(first)s: on %(count)s days of "
                    "the file, %(start)s to %(end)s, the rate of %(first)s will be "
                    "taken. Add the rates of those days before you load, if that is "
                    "not right.",
                    **values,
                )
            else:
                text = self.env._(
                    "%(currency)s has no rate at all: on all %(count)s days of the "
                    "file, %(start)s to %(end)s, 1 will be taken. Add its rates before "
                    "you load.",
                    **values,
                )
            warnings.append(text)
        return "\n".join(warnings)

    def _render_preview(self):
        """The first rows that can be loaded, as a table."""
        rows = self.env.execute_query(
            SQL(
                """SELECT r.line, r.raw, COALESCE(p.name, c.name, r.raw), r.date,
                          r.amount, r.cost, COALESCE(r.reference, '')
                     FROM crm_purchase_rows r
                     JOIN crm_purchase_contacts c ON c.contact = r.contact
                     LEFT JOIN res_partner p ON p.id = c.contact_id
                    ORDER BY r.line LIMIT 10"""
            )
        )
        mapping = self._mapping()

        def day(value):
            return self.env.user._crm_format_date(value)

        def money(value):
            if value is None:
                return ""
            return self.env.company._crm_format_money(value, self.currency_id)

        # Place in the row, head, class, how the value is shown.
        columns = [
            (0, self.env._("Line"), "", str),
            (1, self.env._("Contact"), "", str),
            (2, self.env._("Name"), "", str),
            (3, self.env._("Day"), "", day),
            (4, self.env._("Untaxed Amount"), "text-end", money),
        ]
        if "cost" in mapping:
            columns.append((5, self.env._("Cost of Goods"), "text-end", money))
        if "reference" in mapping:
            columns.append((6, self.env._("Number of the Document"), "", str))
        head = Markup().join(
            Markup('<th class="%s">%s</th>') % (style, name)
            for _place, name, style, _show in columns
        )
        body = Markup().join(
            Markup("<tr>%s</tr>")
            % Markup().join(
                Markup('<td class="%s">%s</td>') % (style, show(row[place]))
                for place, _name, style, show in columns
            )
            for row in rows
        )
        return Markup('<table class="table table-sm"><tr>%s</tr>%s</table>') % (
            head,
            body,
        )

    def _error_values(self, errors):
        """The rows to mend as a file of the uploaded kind, as values of the import.

        Line and what to do stand before the columns of the file, which can so be
        mended and uploaded again.
        """
        if not errors:
            return {"error_count": 0, "error_file": False, "error_file_name": False}
        is_workbook = purchase_import.is_workbook(self._content(), self.file_name)
        kind, render = (
            ("xlsx", self._render_xlsx) if is_workbook else ("csv", self._render_csv)
        )
        rows = self._rows()
        _line, heads = next(rows)
        extra = (self.env._("Line"), self.env._("What to do"))
        lines = chain(
            [(*extra, *heads)],
            (
                (str(line), errors[line], *cells)
                for line, cells in rows
                if line in errors
            ),
        )
        stem = PurePath(self.file_name).stem.removeprefix("errors-")
        return {
            "error_count": len(errors),
            "error_file": base64.b64encode(render(lines)),
            "error_file_name": f"errors-{stem}.{kind}",
        }

    @staticmethod
    def _render_csv(lines):
        text = io.StringIO()
        csv.writer(text).writerows(
            map(purchase_import.safe_cell, line) for line in lines
        )
        return text.getvalue().encode("utf-8-sig")

    def _render_xlsx(self, lines):
        book = io.BytesIO()
        with Workbook(book, {"constant_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            head = workbook.add_format({"bold": True, "bottom": 1})
            if self.env["res.lang"]._get_data(code=self.env.lang).direction == "rtl":
                sheet.right_to_left()
            sheet.freeze_panes(1, 0)
            sheet.set_column(1, 1, 50)
            for number, line in enumerate(lines):
                for column, text in enumerate(line):
                    # Text only: what comes from a file never becomes a formula.
                    sheet.write_string(
                        number, column, text, head if number == 0 else None
                    )
        return book.getvalue()
