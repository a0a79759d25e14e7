"""How money is shown: units are data, amounts stay what they are."""

from psycopg2.errors import CheckViolation, ForeignKeyViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..l10n.money import MoneyDisplay
from .common import CrmLoyaltyCommon

NBSP = "\N{NO-BREAK SPACE}"


@tagged("post_install", "-at_install")
class TestMoney(CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rial = cls.env.ref("base.IRR")
        cls.rial.active = True
        cls.iranian = cls.env["res.company"].create(
            {"name": "Iranian", "currency_id": cls.rial.id}
        )
        cls.toman = cls.env.ref("crm_loyalty.money_unit_toman")

    def test_amounts_are_shown_in_the_unit_of_the_company(self):
        self.assertEqual(
            self.iranian._crm_format_money(123_456_789, self.rial),
            self.rial.format(123_456_789),
        )
        for unit, scale, shown in (
            (self.toman, "1", "12,345,679 Toman"),
            (self.toman, "1000", "12,345.7 thousand Toman"),
            (self.toman, "1000000", "12.35 million Toman"),
            (self.env["crm.money.unit"], "1000000", "123.46 million ﷼"),
        ):
            with self.subTest(shown):
                self.iranian.crm_money_unit_id = unit
                self.iranian.crm_money_scale = scale
                self.assertEqual(
                    self.iranian._crm_format_money(123_456_789, self.rial),
                    shown.replace(" ", NBSP, 1),
                )

    def test_a_unit_is_data(self):
        self.iranian.crm_money_unit_id = self.env["crm.money.unit"].create(
            {
                "name": "New Rial",
                "currency_id": self.rial.id,
                "factor": 10_000,
                "decimal_places": 2,
            }
        )
        self.assertEqual(
            self.iranian._crm_money_display(),
            MoneyDisplay(self.rial.id, 10_000, "New Rial", 2),
        )
        self.assertEqual(
            self.iranian._crm_format_money(12_345_678, self.rial),
            f"1,234.57{NBSP}New Rial",
        )

    def test_custom_filters_know_the_fields_that_are_shown_otherwise(self):
        shown_as = {
            (model, name): description.get("crm_shown_as")
            for model, names in (
                ("crm.customer", ["net_revenue", "active_until", "stage"]),
                ("crm.customer.purchase", ["amount", "document_amount"]),
                ("crm.lead", ["expected_revenue", "date_open"]),
                ("res.partner", ["acquisition_date", "write_date"]),
                ("account.payment", ["amount", "date", "crm_returned_date"]),
            )
            for name, description in self.env[model].fields_get(names).items()
        }
        self.assertEqual(
            shown_as,
            {
                ("crm.customer", "net_revenue"): "money",
                ("crm.customer", "active_until"): "jalali",
                ("crm.customer", "stage"): None,
                ("crm.customer.purchase", "amount"): "money",
                # Screens show it in the currency of its document,
                ("crm.customer.purchase", "document_amount"): None,
                # and this one as Odoo's own do.
                ("crm.lead", "expected_revenue"): None,
                ("crm.lead", "date_open"): "jalali",
                ("res.partner", "acquisition_date"): "jalali",
                ("res.partner", "write_date"): None,
                ("account.payment", "amount"): None,
                ("account.payment", "date"): None,
                ("account.payment", "crm_returned_date"): "jalali",
            },
        )
        customers = self.env["crm.customer"]
        self.assertEqual(
            customers.fields_get(["net_revenue"], ["type"]),
            {"net_revenue": {"type": "monetary"}},
        )

    def test_money_of_other_currencies_and_companies_is_left_alone(self):
        self.iranian.crm_money_unit_id = self.toman
        dollar = self.company.currency_id
        self.assertEqual(
            self.iranian._crm_format_money(5000, dollar), dollar.format(5000)
        )
        self.assertIsNone(self.company._crm_money_display())
        self.assertEqual(
            self.company._crm_format_money(5000, self.rial), self.rial.format(5000)
        )

    def test_a_unit_is_one_of_the_companys_currency(self):
        with self.assertRaisesRegex(ValidationError, "keeps its books in USD"):
            self.company.crm_money_unit_id = self.toman
        self.iranian.crm_money_unit_id = self.toman
        with self.assertRaisesRegex(ValidationError, "Iranian keeps its books in IRR"):
            self.toman.currency_id = self.env.ref("base.EUR")
        self.env.invalidate_all(flush=False)
        with self.assertRaisesRegex(ValidationError, "Iranian keeps its books in EUR"):
            self.iranian.currency_id = self.env.ref("base.EUR")

    def test_units_are_worth_something_and_stay_while_in_use(self):
        for factor in (0, -10):
            with mute_logger("odoo.sql_db"), self.assertRaises(CheckViolation):
                self.toman.factor = factor
                self.env.flush_all()
        self.iranian.crm_money_unit_id = self.toman
        with mute_logger("odoo.sql_db"), self.assertRaises(ForeignKeyViolation):
            self.toman.unlink()

    def test_only_administrators_change_units(self):
        for user in (self.salesperson, self.manager):
            self.assertEqual(self.toman.with_user(user).name, "Toman")
            with self.assertRaises(AccessError):
                self.toman.with_user(user).factor = 1

    def test_amounts_in_words(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        self.iranian.crm_money_unit_id = self.toman
        self.iranian.crm_money_scale = "1000000"
        self.toman.with_context(lang="fa_IR").name = "تومان"
        for amount, english, persian in (
            (0, "zero Toman", "صفر تومان"),
            (
                12_000_000,
                "one million, two hundred thousand Toman",
                "یک میلیون و دویست هزار تومان",
            ),
            (-250, "minus twenty-five Toman", "منفی بیست و پنج تومان"),
        ):
            with self.subTest(amount):
                words = self.iranian._crm_money_in_words(amount, self.rial)
                self.assertEqual(words, english)
                in_persian = self.iranian.with_context(lang="fa_IR")
                self.assertEqual(
                    in_persian._crm_money_in_words(amount, self.rial), persian
                )
        dollar = self.company.currency_id
        self.assertEqual(
            self.company._crm_money_in_words(12.5, dollar), "twelve point five USD"
        )
        # Nobody reads it, and nobody is hurt by it.
        self.assertIsInstance(self.company._crm_money_in_words(1e300, dollar), str)

    def test_settings_show_an_example_before_saving(self):
        settings = self.env["res.config.settings"].with_company(self.iranian)
        settings = settings.new({"company_id": self.iranian.id})
        settings.crm_money_unit_id = self.toman
        settings.crm_money_scale = "1000"
        self.assertEqual(
            settings.crm_money_example,
            f"{self.rial.format(123456789)} is shown as 12,345.7{NBSP}thousand Toman",
        )
        self.assertFalse(self.iranian.crm_money_unit_id)


@tagged("post_install", "-at_install")
class TestMoneyOfSessions(HttpCase):
    def test_the_client_knows_the_units_of_the_users_companies(self):
        rial = self.env.ref("base.IRR")
        companies = self.env["res.company"].create(
            [
                {"name": "Shows Toman", "currency_id": rial.id},
                {"name": "Shows Rial", "currency_id": rial.id},
                {"name": "Foreign", "currency_id": rial.id},
            ]
        )
        toman, plain, foreign = companies
        unit = self.env.ref("crm_loyalty.money_unit_toman")
        (toman | foreign).crm_money_unit_id = unit
        new_test_user(
            self.env,
            "money_sales",
            "sales_team.group_sale_salesman",
            company_id=toman.id,
            company_ids=[Command.set((toman | plain).ids)],
        )
        self.authenticate("money_sales", "money_sales")
        answer = self.make_jsonrpc_request("/web/session/get_session_info", {})
        known = {
            int(key): company["crm_money"]
            for key, company in answer["user_companies"]["allowed_companies"].items()
        }
        self.assertEqual(known.keys(), {toman.id, plain.id})
        self.assertIsNone(known[plain.id])
        self.assertEqual(
            known[toman.id],
            {"currency_id": rial.id, "factor": 10, "label": "Toman", "digits": 0},
        )
