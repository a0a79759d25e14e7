"""The CDNOW sample, imported: its profiles are those of its rows."""

import csv
import io
from collections import defaultdict
from datetime import date
from decimal import Decimal

from odoo.tests import tagged
from odoo.tools import file_open

from odoo.addons.crm_loyalty import lifecycle, purchase_import
from odoo.addons.crm_loyalty.l10n import jalali
from odoo.addons.crm_loyalty.tests import common


@tagged("post_install", "-at_install")
class TestCdnow(common.PurchaseImportCommon):
    def _cdnow(self):
        with file_open("crm_loyalty/demo/cdnow_sample.csv", "rb") as sample:
            return sample.read().decode()

    def test_the_cdnow_sample_gives_what_plain_python_gives(self):
        self._check_cdnow(self._cdnow())

    def test_the_cdnow_sample_with_jalali_dates_and_persian_digits(self):
        head, *lines = self._cdnow().splitlines()
        persian = str.maketrans("0123456789.", "۰۱۲۳۴۵۶۷۸۹٫")
        rows = []
        for line in lines:
            customer, day, pieces, amount = line.split(",")
            day = jalali.format_date(date.fromisoformat(day))
            written = ",".join((day, pieces, amount)).translate(persian)
            rows.append(f"{customer},\u200f{written}")
        record = self._check_cdnow("\n".join((head, *rows)))
        self.assertEqual(record.date_format, "jalali")

    def _check_cdnow(self, content):
        """Load a writing of the sample; its profiles are those of its rows."""
        usd = self.env.ref("base.USD")
        usd.active = True
        record = self._import(
            content.encode(), create_contacts=True, currency_id=usd.id
        )
        self.assertEqual(self.company.currency_id, usd)
        record.action_check()
        self.assertEqual((record.new_count, record.error_count), (6919, 0))
        self.assertEqual(record.contact_count, 2357)
        record.action_load()
        self.assertEqual(record.state, "queued")
        record.sudo()._load()
        self.assertEqual((record.new_count, record.known_count), (6919, 0))
        as_of = date(1998, 6, 30)
        self.env["crm.customer"]._refresh(as_of=as_of)
        histories = defaultdict(lifecycle.History)
        rows = csv.DictReader(io.StringIO(self._cdnow()))
        for number, row in enumerate(rows):
            day = purchase_import.parse_day(row["date"])
            amount = Decimal(row["value"])
            document = lifecycle.Document(number, day, amount, cost=None)
            histories[row["customer"]].documents.append(document)
        customers = self.env["crm.customer"].search(
            [("partner_id.ref", "=like", "CDNOW-%")]
        )
        self.assertEqual(len(customers), 2357)
        thresholds = self.company._crm_thresholds()
        for customer in customers:
            profile = lifecycle.classify(
                histories[customer.partner_id.ref], thresholds, as_of
            )
            for name, expected in vars(profile).items():
                actual = customer[name]
                if isinstance(expected, Decimal):
                    self.assertAlmostEqual(actual, float(expected), 2)
                else:
                    self.assertEqual(actual or None, expected or None, name)
        return record
