"""Files of Odoo's list export, for readers of each calendar."""

import csv
import io
import json
from datetime import date, datetime

from openpyxl import load_workbook

from odoo import Command
from odoo.http import Request
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from .common import CrmLoyaltyCommon


@tagged("post_install", "-at_install")
class TestExport(CrmLoyaltyCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fa_IR")
        companies = cls.company | cls.other_company
        cls.salesperson.write(
            {
                "company_ids": [Command.set(companies.ids)],
                "group_ids": [Command.link(cls.env.ref("base.group_allow_export").id)],
                "tz": "Asia/Tehran",
            }
        )
        cls.partner = cls._create_customer_contact(
            name="Buyer", user_id=cls.salesperson.id
        )
        # The last day of 1404, the first of 1405, and one that no year of ours covers.
        for number, company in enumerate((cls.company, cls.other_company)):
            for day in ("2026-03-20", "2026-03-21", "1900-01-01"):
                cls._purchase(cls.partner, cls._day(day), 10 + number, company=company)
            customers = cls.env["crm.customer"].with_company(company)
            customers._refresh(cls.partner.ids)
        cls.customer = cls._customer(cls.partner)

    def _read(self, calendar, lang="en_US"):
        self.salesperson.write({"crm_calendar": calendar, "lang": lang})
        self.env.flush_all()
        self.authenticate(self.salesperson.login, self.salesperson.login)

    def _export(self, kind, model, names, ids=None, groupby=(), **params):
        """The file that the list of the client asks for."""
        user = self.salesperson
        data = {
            "model": model,
            "fields": [
                {"name": name, "label": name, "type": self._type(model, name)}
                for name in names
            ],
            "ids": ids or False,
            "domain": [("partner_id", "=", self.partner.id)],
            "groupby": list(groupby),
            "import_compat": False,
            "context": {
                "lang": user.lang,
                "tz": user.tz,
                "allowed_company_ids": self.company.ids,
            },
            **params,
        }
        response = self.url_open(
            f"/web/export/{kind}",
            {"data": json.dumps(data), "csrf_token": Request.csrf_token(self)},
        )
        self.assertEqual(response.status_code, 200, response.text[:500])
        return response.content

    def _type(self, model, name):
        field = self.env[model]._fields.get(name)
        return field.type if field else "char"

    def _rows(self, *args, **params):
        """The rows of the XLSX file, without its head."""
        book = load_workbook(io.BytesIO(self._export("xlsx", *args, **params)))
        return [[cell.value for cell in row] for row in book.active.rows][1:]

    def _csv_rows(self, *args, **params):
        text = self._export("csv", *args, **params).decode()
        return list(csv.reader(io.StringIO(text)))[1:]

    def test_days_are_jalali_for_who_reads_them_so(self):
        self._read("jalali", "fa_IR")
        names = ["date", "partner_id", "amount"]
        expected = [
            ["1405/01/01", "Buyer", 10.0],
            ["1404/12/29", "Buyer", 10.0],
            ["1900/01/01", "Buyer", 10.0],
        ]
        rows = self._rows("crm.customer.purchase", names)
        # A day that no year of ours covers, as Odoo writes it.
        self.assertEqual(rows[:2], expected[:2])
        self.assertIn("1900", rows[2][0])
        texts = self._csv_rows("crm.customer.purchase", names)
        self.assertEqual([row[0] for row in texts], [row[0] for row in rows])

    def test_each_company_has_its_own_rows(self):
        self._read("jalali")
        for company, amount in ((self.company, "10.0"), (self.other_company, "11.0")):
            rows = self._csv_rows(
                "crm.customer.purchase",
                ["date", "amount"],
                context={"allowed_company_ids": company.ids, "lang": "en_US"},
            )
            self.assertEqual(rows[:2], [["1405/01/01", amount], ["1404/12/29", amount]])

    def test_both_calendars(self):
        self._read("both")
        rows = self._csv_rows("crm.customer.purchase", ["date"])
        self.assertEqual(rows[0], ["1405/01/01 (03/21/2026)"])

    def test_moments_and_what_belongs_to_the_customer(self):
        history = self.env["crm.customer.history"].create(
            [
                {
                    "customer_id": self.customer.id,
                    "field_name": "stage",
                    "new_value": "repeat",
                    # 23:45 and 00:15 in Tehran
                    "date": moment,
                }
                for moment in ("2026-03-20 20:15:00", "2026-03-20 20:45:00")
            ]
        )
        self._read("jalali", "fa_IR")
        rows = self._rows("crm.customer.history", ["date"], ids=history.ids)
        self.assertEqual(rows, [["1404/12/29 23:45"], ["1405/01/01 00:15"]])
        # Several rows for one customer.
        rows = self._csv_rows(
            "crm.customer",
            ["last_purchase_date", "history_ids/date", "history_ids/new_value"],
            ids=self.customer.ids,
        )
        mine = [row for row in rows if row[1].startswith(("1404/12/29", "1405/01/01"))]
        self.assertEqual(rows[0][0], "1405/01/01")
        self.assertEqual(
            [row[1:] for row in mine],
            [["1405/01/01 00:15", "repeat"], ["1404/12/29 23:45", "repeat"]],
        )
        self.assertGreater(len(rows), len(mine))

    def test_groups_are_headed_by_jalali_months(self):
        self._read("jalali", "fa_IR")
        rows = self._rows(
            "crm.customer.purchase",
            ["date", "amount"],
            groupby=["date:month"],
            domain=[("partner_id", "=", self.partner.id), ("date", ">", "2000-01-01")],
        )
        self.assertEqual(
            rows,
            [
                ["1404/12 اسفند (1)", 10.0],
                ["1404/12/29", 10.0],
                ["1405/01 فروردین (1)", 10.0],
                ["1405/01/01", 10.0],
            ],
        )

    def test_others_get_the_files_of_odoo(self):
        self._read("gregorian")
        names = ["date", "amount"]
        self.assertEqual(
            self._export("csv", "crm.customer.purchase", names),
            b'"date","amount"\r\n"2026-03-21","10.0"\r\n"2026-03-20","10.0"\r\n'
            b'"1900-01-01","10.0"\r\n',
        )
        book = load_workbook(
            io.BytesIO(self._export("xlsx", "crm.customer.purchase", names))
        )
        cell = book.active["A2"]
        self.assertEqual(cell.value, datetime(2026, 3, 21))
        self.assertEqual(cell.number_format, "yyyy-mm-dd")

    def test_what_can_be_imported_again_stays_as_it_is_stored(self):
        self._read("jalali", "fa_IR")
        rows = self._csv_rows("crm.customer.purchase", ["date"], import_compat=True)
        self.assertEqual(rows[:2], [["2026-03-21"], ["2026-03-20"]])
        # So does what a program asks for that says nothing of it.
        purchases = self.env["crm.customer.purchase"].with_user(self.salesperson)
        found = purchases.search(
            [
                ("partner_id", "=", self.partner.id),
                ("company_id", "=", self.company.id),
            ],
            limit=1,
        )
        self.assertEqual(
            found.export_data(["date", "amount"]),
            {"datas": [[date(2026, 3, 21), 10.0]]},
        )

    def test_opportunities_too(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": self.partner.id,
                "user_id": self.salesperson.id,
                "date_deadline": "2026-03-21",
            }
        )
        self._read("jalali", "fa_IR")
        rows = self._csv_rows("crm.lead", ["name", "date_deadline"], ids=lead.ids)
        self.assertEqual(rows, [["Deal", "1405/01/01"]])

    def test_history_shows_days_set_by_hand_as_the_reader_reads_them(self):
        self.customer.with_user(self.salesperson).write(
            {
                "manual_stage": "advocate",
                "manual_stage_reason": "Recommends us",
                "manual_stage_until": "2035-03-20",
            }
        )
        row = self.customer.history_ids.filtered(
            lambda row: row.field_name == "manual_stage_until"
        )
        self.assertEqual(row.new_value, "2035-03-20")
        for calendar, label in (("jalali", "1413/12/29"), ("gregorian", "03/20/2035")):
            self.salesperson.crm_calendar = calendar
            row.invalidate_recordset()
            self.assertEqual(row.with_user(self.salesperson).new_label, label)

    def test_amounts_stand_in_the_unit_and_heads_name_it(self):
        self.company.crm_money_scale = "1000"
        self._read("gregorian")
        names = ["amount", "document_amount"]
        text = self._export("csv", "crm.customer.purchase", names).decode()
        rows = list(csv.reader(io.StringIO(text)))
        # A document's own currency has no unit of the company.
        self.assertEqual(rows[0], ["amount (thousand $)", "document_amount"])
        self.assertEqual(rows[1], ["0.01", "10.0"])
        grouped = self._rows(
            "crm.customer.purchase", ["date", "amount"], groupby=["company_id"]
        )
        self.assertAlmostEqual(grouped[0][1], 0.03)
        for company, head, value in (
            (self.company, "net_revenue (thousand $)", "0.03"),
            (self.other_company, "net_revenue", "33.0"),
        ):
            text = self._export(
                "csv",
                "crm.customer",
                ["net_revenue"],
                context={"allowed_company_ids": company.ids, "lang": "en_US"},
            ).decode()
            self.assertEqual(list(csv.reader(io.StringIO(text)))[:2], [[head], [value]])

    def test_amounts_of_other_models_stay_as_they_are_stored(self):
        self.company.crm_money_scale = "1000"
        invoice = self._invoice(
            self.partner, "2026-04-01", 500, invoice_user_id=self.salesperson.id
        )
        self._read("gregorian")
        names = ["amount", "move_id/amount_untaxed"]
        text = self._export(
            "csv",
            "crm.customer.purchase",
            names,
            domain=[("move_id", "=", invoice.id)],
        ).decode()
        self.assertEqual(
            list(csv.reader(io.StringIO(text))),
            [["amount (thousand $)", "move_id/amount_untaxed"], ["0.5", "500.0"]],
        )

    def test_rows_of_lines_repeat_no_amount(self):
        self.company.crm_money_scale = "1000"
        self._read("gregorian")
        rows = self._csv_rows(
            "crm.customer",
            ["net_revenue", "history_ids/new_value"],
            ids=self.customer.ids,
        )
        self.assertGreater(len(rows), 1)
        self.assertEqual(rows[0][0], "0.03")
        self.assertEqual({row[0] for row in rows[1:]}, {""})

    def test_amounts_of_several_currencies_stay_as_they_are_stored(self):
        self.company.crm_money_scale = "1000"
        euros = self.env.ref("base.EUR")
        self.env.cr.execute(
            SQL(
                "UPDATE res_company SET currency_id = %s WHERE id = %s",
                euros.id,
                self.other_company.id,
            )
        )
        self.env.invalidate_all()
        self._read("gregorian")
        companies = self.company | self.other_company
        text = self._export(
            "csv",
            "crm.customer.purchase",
            ["amount"],
            context={"allowed_company_ids": companies.ids, "lang": "en_US"},
        ).decode()
        rows = list(csv.reader(io.StringIO(text)))
        self.assertEqual(rows[0], ["amount"])
        self.assertEqual({row[0] for row in rows[1:]}, {"10.0", "11.0"})

    def test_stored_amounts_go_where_they_may_be_imported_and_into_files_of_odoo(self):
        self.company.crm_money_scale = "1000"
        order = self._order(self.partner, confirm=False)
        order.user_id = self.salesperson
        self._read("gregorian")
        text = self._export(
            "csv", "crm.customer.purchase", ["amount"], import_compat=True
        )
        # Odoo heads such a column with the name of its field.
        self.assertEqual(text.decode().split()[:2], ['"amount"', '"10.0"'])
        text = self._export("csv", "sale.order", ["amount_untaxed"], ids=order.ids)
        self.assertTrue(order.amount_untaxed)
        self.assertEqual(
            text.decode().split(), ['"amount_untaxed"', f'"{order.amount_untaxed}"']
        )
