"""Grouping by Jalali periods, for whoever reads Jalali dates."""

from datetime import date, datetime

from odoo import Command
from odoo.tests import tagged

from odoo.addons.crm_loyalty.l10n import jalali

from .common import CrmLoyaltyCommon


@tagged("post_install", "-at_install")
class TestJalaliPeriods(CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fa_IR")
        cls.manager.write(
            {"crm_calendar": "jalali", "lang": "fa_IR", "tz": "Asia/Tehran"}
        )
        cls.partner = cls._create_customer_contact(user_id=cls.manager.id)
        # The last day of 1404, the first of 1405, and days around a month's end.
        cls.days = [
            date(2026, 3, 20),
            date(2026, 3, 21),
            date(2026, 4, 20),
            date(2026, 4, 21),
            date(2026, 9, 23),
        ]
        for number, company in enumerate((cls.company, cls.other_company), 1):
            cls.env["crm.customer.purchase"].create(
                [
                    {
                        "contact_id": cls.partner.id,
                        "company_id": company.id,
                        "date": day,
                        "amount": 10 * number,
                        "document_amount": 10 * number,
                        "document_currency_id": company.currency_id.id,
                    }
                    for day in cls.days
                ]
            )
        cls.env["crm.customer"]._refresh(cls.partner.ids)

    def _groups(self, user, spec, **context):
        purchases = self.env["crm.customer.purchase"].with_user(user)
        return purchases.with_context(
            lang=user.lang, tz=user.tz, **context
        ).formatted_read_group(
            [("partner_id", "=", self.partner.id)], [spec], ["__count", "amount:sum"]
        )

    def test_months_seasons_and_years(self):
        for unit, expected in (
            (
                "month",
                {
                    "1404/12 اسفند": 1,
                    "1405/01 فروردین": 2,
                    "1405/02 اردیبهشت": 1,
                    "1405/07 مهر": 1,
                },
            ),
            ("quarter", {"1404/4 زمستان": 1, "1405/1 بهار": 3, "1405/3 پاییز": 1}),
            ("year", {"1404": 1, "1405": 4}),
        ):
            spec = f"date:{unit}"
            groups = self._groups(self.manager, spec)
            self.assertEqual(
                {group[spec][1]: group["__count"] for group in groups}, expected
            )
            labels = [group[spec][1] for group in groups]
            self.assertEqual(labels, sorted(labels))
            purchases = self.env["crm.customer.purchase"].with_user(self.manager)
            for group in groups:
                found = purchases.search(
                    [("partner_id", "=", self.partner.id), *group["__extra_domain"]]
                )
                self.assertEqual(len(found), group["__count"])
                # Of his company alone.
                self.assertEqual(sum(found.mapped("amount")), group["amount:sum"])
                self.assertEqual(group["amount:sum"], 10 * group["__count"])

    def test_days_and_weeks_are_the_same_under_other_names(self):
        groups = self._groups(self.manager, "date:day")
        self.assertEqual(
            [group["date:day"][1] for group in groups],
            [jalali.format_date(day) for day in self.days],
        )
        weeks = self._groups(self.manager, "date:week")
        # 20 March 2026 is a Friday: in Iran the last day of its week.
        self.assertEqual(weeks[0]["date:week"][1], "هفتهٔ 1404/12/23")

    def test_others_keep_their_months(self):
        self.colleague.group_ids += self.env.ref("sales_team.group_sale_manager")
        groups = self._groups(self.colleague, "date:month")
        self.assertEqual(
            [group["date:month"][1] for group in groups],
            ["March 2026", "April 2026", "September 2026"],
        )
        # Nor does code of the server meet periods it did not ask for.
        rows = (
            self.env["crm.customer.purchase"]
            .with_user(self.manager)
            ._read_group(
                [("partner_id", "=", self.partner.id)], ["date:month"], ["__count"]
            )
        )
        self.assertEqual(rows[0], (date(2026, 3, 1), 2))

    def test_empty_months_are_filled(self):
        groups = self._groups(self.manager, "date:month", fill_temporal=True)
        self.assertEqual(
            [(group["date:month"][1][:7], group["__count"]) for group in groups],
            [
                ("1404/12", 1),
                ("1405/01", 2),
                ("1405/02", 1),
                ("1405/03", 0),
                ("1405/04", 0),
                ("1405/05", 0),
                ("1405/06", 0),
                ("1405/07", 1),
            ],
        )
        groups = self._groups(
            self.manager,
            "date:month",
            fill_temporal={"fill_from": "2026-01-01", "min_groups": 12},
        )
        self.assertEqual(groups[0]["date:month"][1][:7], "1404/10")
        self.assertEqual(len(groups), 12)

    def test_moments_belong_to_the_readers_day(self):
        """21:00 in London is the next day in Tehran: the first of Farvardin."""
        leads = self.env["crm.lead"].create(
            [{"name": name, "user_id": self.manager.id} for name in ("A", "B")]
        )
        leads[0].date_deadline = "2026-03-20"
        for lead, moment in zip(
            leads, ("2026-03-20 20:29:00", "2026-03-20 20:31:00"), strict=True
        ):
            lead.date_closed = datetime.fromisoformat(moment)
        self.env.flush_all()
        mine = self.env["crm.lead"].with_user(self.manager)
        groups = mine.with_context(lang="fa_IR", tz="Asia/Tehran").formatted_read_group(
            [("id", "in", leads.ids)], ["date_closed:year"], ["__count"]
        )
        self.assertEqual(
            [group["date_closed:year"][1] for group in groups], ["1404", "1405"]
        )
        for group, lead in zip(groups, leads, strict=True):
            self.assertEqual(
                mine.search([("id", "in", leads.ids), *group["__extra_domain"]]), lead
            )
        # Without a time zone both are of the day before, as Odoo counts then.
        [group] = mine.with_context(lang="fa_IR", tz=False).formatted_read_group(
            [("id", "in", leads.ids)], ["date_closed:year"], ["__count"]
        )
        self.assertEqual(group["date_closed:year"][0], "2025-03-21 00:00:00")
        found = mine.search([("id", "in", leads.ids), *group["__extra_domain"]])
        self.assertEqual(len(found), group["__count"])

    def test_what_the_calendar_does_not_cover_has_a_group_of_its_own(self):
        purchases = self.env["crm.customer.purchase"].search(
            [("partner_id", "=", self.partner.id), ("company_id", "=", self.company.id)]
        )
        purchases[0].date = date(1900, 1, 1)
        purchases[1].date = date(2200, 1, 1)
        groups = self._groups(self.manager, "date:year")
        self.assertEqual(
            [group["date:year"][1] for group in groups],
            ["پیش از 1300", "1404", "1405", "پس از 1498"],
        )
        mine = purchases.with_user(self.manager)
        for group in groups:
            found = mine.search([("id", "in", purchases.ids), *group["__extra_domain"]])
            self.assertEqual(len(found), group["__count"])

    def test_texts_of_the_server_are_in_the_readers_calendar(self):
        day = date(2026, 3, 21)
        reader = self.manager.with_context(lang="fa_IR")
        self.assertEqual(reader._crm_format_date(day), "1405/01/01")
        reader.crm_calendar = "both"
        self.assertEqual(reader._crm_format_date(day), "1405/01/01 (2026/03/21)")
        self.assertEqual(reader._crm_format_date(False), "")
        reader.crm_calendar = "gregorian"
        self.assertEqual(reader._crm_format_date(day), "2026/03/21")
        customer = self.env["crm.customer"].search(
            [("partner_id", "=", self.partner.id), ("company_id", "=", self.company.id)]
        )
        texts = {}
        for calendar in ("gregorian", "jalali"):
            self.manager.crm_calendar = calendar
            mine = customer.with_user(self.manager).with_context(lang="fa_IR")
            mine.invalidate_recordset()
            texts[calendar] = mine.explanation
        self.assertIn("1405/07/01", texts["jalali"])
        self.assertIn("2026/09/23", texts["gregorian"])

    def test_a_user_chooses_for_himself(self):
        self.salesperson.with_user(self.salesperson).crm_calendar = "jalali"
        self.assertTrue(self.salesperson._crm_reads_jalali())
        self.assertFalse(self.colleague._crm_reads_jalali())

    def test_a_financial_year_may_be_jalali(self):
        self.company.crm_jalali_fiscal_year = True
        for day, start, end in (
            # 1402 ended on 19 March, 1403 on the 20th of its leap year.
            ("2024-03-19", "2023-03-21", "2024-03-19"),
            ("2024-03-20", "2024-03-20", "2025-03-20"),
            ("2025-03-20", "2024-03-20", "2025-03-20"),
            ("2025-03-21", "2025-03-21", "2026-03-20"),
        ):
            dates = self.company.compute_fiscalyear_dates(date.fromisoformat(day))
            self.assertEqual(
                [str(bound) for bound in dates.values()], [start, end], day
            )
        moment = datetime(2024, 3, 20, 9)
        dates = self.company.compute_fiscalyear_dates(moment)
        self.assertEqual(dates["date_to"], datetime(2025, 3, 20))
        self.assertEqual(
            self.other_company.compute_fiscalyear_dates(date(2024, 3, 20))["date_to"],
            date(2024, 12, 31),
        )
        # Far outside the calendar Odoo's own fixed day holds.
        dates = self.company.compute_fiscalyear_dates(date(2300, 1, 1))
        self.assertEqual(dates["date_to"], date(2300, 3, 20))

    def test_monthly_numbers_follow_a_jalali_year_too(self):
        self.company.crm_jalali_fiscal_year = True
        journal = self.company_data["default_journal_misc"].copy()
        account = self.company_data["default_account_revenue"]
        names = []
        for day in (
            "2024-03-19",
            "2024-03-20",
            "2024-03-31",
            "2024-04-01",
            "2025-03-20",
        ):
            entry = self.env["account.move"].create(
                {
                    "journal_id": journal.id,
                    "date": day,
                    "line_ids": [
                        Command.create({"account_id": account.id, "debit": amount})
                        for amount in (1, -1)
                    ],
                }
            )
            entry.action_post()
            names.append(entry.name.removeprefix(f"{journal.code}/"))
        self.assertEqual(
            names,
            [
                "23-24/03/0001",
                "24-25/03/0001",
                "24-25/03/0002",
                "24-25/04/0001",
                "24-25/03/0003",
            ],
        )

    def test_numbers_of_documents_follow_a_jalali_year(self):
        self.company.crm_jalali_fiscal_year = True
        journal = self.company_data["default_journal_sale"].copy()
        names = [
            self._invoice(self.partner, day, 10, journal_id=journal.id).name
            for day in ("2024-03-19", "2024-03-20", "2025-03-20", "2025-03-21")
        ]
        code = journal.code
        self.assertEqual(
            names,
            [
                f"{code}/23-24/0001",
                f"{code}/24-25/0001",
                f"{code}/24-25/0002",
                f"{code}/25-26/0001",
            ],
        )
