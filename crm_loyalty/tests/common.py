import base64
import csv
import io
from contextlib import contextmanager
from datetime import date, datetime, time

import xlsxwriter

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user
from odoo.tools import SQL

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

PURCHASE_DAY = "2026-01-15"


class CrmLoyaltyCommon(AccountTestInvoicingCommon):
    """Two companies, users of every role, and factories for documents."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.other_company = cls.setup_other_company(name="Other Company")["company"]
        # Jobs run as the system; what users may do is tested with `with_user`.
        root = cls.env.ref("base.user_root")
        root.sudo().write(
            {
                "company_ids": [Command.set((cls.company | cls.other_company).ids)],
                "company_id": cls.company.id,
            }
        )
        cls.env = cls.env(user=root.id, context={"tracking_disable": True})
        cls.company = cls.company.with_env(cls.env)
        cls.other_company = cls.other_company.with_env(cls.env)
        cls.product = cls._create_product(standard_price=60.0, taxes_id=False)
        cls.team = cls.env["crm.team"].create({"name": "A", "company_id": False})
        cls.other_team = cls.env["crm.team"].create({"name": "B", "company_id": False})
        sales = "sales_team.group_sale_salesman"
        cls.salesperson = cls._user("loyalty_sales", sales)
        cls.colleague = cls._user("loyalty_colleague", sales)
        cls.leader = cls._user("loyalty_leader", sales)
        cls.manager = cls._user("loyalty_manager", "sales_team.group_sale_manager")
        cls.accountant = cls._user("loyalty_books", "account.group_account_invoice")
        cls.team.user_id = cls.leader
        cls.env["crm.team.member"].create(
            [
                {"crm_team_id": cls.team.id, "user_id": cls.salesperson.id},
                {"crm_team_id": cls.other_team.id, "user_id": cls.colleague.id},
            ]
        )

    @classmethod
    def _user(cls, login, groups, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login,
            groups,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
        )

    @classmethod
    def _create_customer_contact(cls, **values):
        return cls.env["res.partner"].create({"name": "Contact", **values})

    @classmethod
    def _invoice(cls, partner, day, amount, company=None, post=True, **values):
        """A customer invoice of one line; ``amount`` untaxed, in its currency."""
        company = company or cls.company
        move = (
            cls.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_date": day,
                    "date": day,
                    "company_id": company.id,
                    "invoice_line_ids": [
                        Command.create(
                            {
                                "product_id": cls.product.id,
                                "quantity": 1,
                                "price_unit": amount,
                                "tax_ids": [],
                            }
                        )
                    ],
                    **values,
                }
            )
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def _credit(cls, invoice, day, amount=None, partner=None):
        """A posted credit note that reverses ``invoice``, in full by default.

        :param partner: who gets it, if not the customer of the invoice
        """
        credit = invoice._reverse_moves([{"invoice_date": day, "date": day}])
        if partner:
            credit.partner_id = partner
        if amount is not None:
            credit.invoice_line_ids.price_unit = amount
        credit.action_post()
        return credit

    @classmethod
    def _order(cls, partner, quantity=1, confirm=True):
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "order_line": [
                    Command.create(
                        {
                            "product_id": cls.product.id,
                            "product_uom_qty": quantity,
                            "price_unit": 100,
                            "tax_ids": [],
                        }
                    )
                ],
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _purchase(cls, partner, day, amount, cost=0, company=None):
        """An imported purchase."""
        company = company or cls.company
        return cls.env["crm.customer.purchase"].create(
            {
                "contact_id": partner.id,
                "company_id": company.id,
                "date": day,
                "amount": amount,
                "cost": cost,
                "document_amount": amount,
                "document_currency_id": company.currency_id.id,
            }
        )

    @classmethod
    def _refresh_marked(cls):
        """What the triggered job does, here and now."""
        while cls.env["crm.customer.mark"]._process(5000):
            pass

    @classmethod
    def _plan_parts(cls, statement):
        """Carry out a statement; yield each part of PostgreSQL's plan, with counts."""
        [[[explained]]] = cls.env.execute_query(
            SQL("EXPLAIN (ANALYZE, FORMAT JSON) %s", statement)
        )
        parts = [explained["Plan"]]
        while parts:
            part = parts.pop()
            parts += part.get("Plans", [])
            yield part

    @classmethod
    def _rows_compared(cls, statement):
        """How many pairs of rows a statement looks at that do not belong together."""
        return sum(
            part.get("Rows Removed by Join Filter", 0) * part["Actual Loops"]
            for part in cls._plan_parts(statement)
        )

    @classmethod
    def _customer(cls, partner, company=None):
        company = company or cls.company
        return (
            cls.env["crm.customer"]
            .with_context(active_test=False)
            .search([("partner_id", "=", partner.id), ("company_id", "=", company.id)])
        )

    @classmethod
    def _day(cls, text):
        return date.fromisoformat(text)

    @classmethod
    def _merge(cls, source, target):
        """Merge two contacts as a manager does."""
        wizard = cls.env["base.partner.merge.automatic.wizard"]
        wizard._merge((source | target).ids, target)
        cls._refresh_marked()

    @contextmanager
    def _refuses(self, pattern, error=ValidationError):
        """As ``assertRaisesRegex``, which does not take back what was tried."""
        with self.assertRaises(error) as caught:
            yield
        self.assertRegex(str(caught.exception), pattern)


class KnowledgeCommon(CrmLoyaltyCommon):
    """Customers of two salespeople, and one that both companies share."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls._buyer("Own", user_id=cls.salesperson.id)
        cls.second = cls._buyer("Second", user_id=cls.salesperson.id)
        cls.foreign = cls._buyer("Foreign", user_id=cls.colleague.id)
        cls.shared = cls._buyer("Shared", user_id=cls.salesperson.id)
        cls._purchase(
            cls.shared.partner_id, PURCHASE_DAY, 10, company=cls.other_company
        )
        cls._refresh_marked()
        cls.shared_abroad = cls._customer(cls.shared.partner_id, cls.other_company)

    @classmethod
    def _buyer(cls, name, company=None, **values):
        partner = cls._create_customer_contact(name=name, is_company=True, **values)
        cls._purchase(partner, PURCHASE_DAY, 100, company=company)
        cls._refresh_marked()
        return cls._customer(partner, company)

    @classmethod
    def _need(cls, customer, name, kind="need", **values):
        return cls.env["crm.customer.need"].create(
            {"customer_id": customer.id, "name": name, "kind": kind, **values}
        )


class PaymentCommon(CrmLoyaltyCommon):
    """Money on its way from a customer to the bank."""

    @classmethod
    def _pay(cls, documents, day, amount=None, kind="bank", **values):
        """Register a payment of these documents: a promise, until it is cleared.

        :param kind: of the journal, ``bank`` or ``cash``
        """
        journal = cls.env["account.journal"].search(
            [("type", "=", kind), ("company_id", "=", documents.company_id.id)], limit=1
        )
        if amount is not None:
            values["amount"] = amount
        register = (
            cls.env["account.payment.register"]
            .with_company(documents.company_id)
            .with_context(active_model="account.move", active_ids=documents.ids)
            .create({"payment_date": day, "journal_id": journal.id, **values})
        )
        return register._create_payments()

    @classmethod
    def _clear(cls, payments, day, amount=None):
        """A line of a bank statement, matched with what these payments wait for."""
        waiting = payments.move_id.line_ids.filtered(
            lambda line: line.account_id == line.payment_id.outstanding_account_id
        )
        return cls._bank_line(waiting, day, amount)

    @classmethod
    def _bank_line(cls, lines, day, amount=None, **values):
        """A line of a bank statement, matched with these journal items."""
        company = lines.company_id
        statement_line = (
            cls.env["account.bank.statement.line"]
            .with_company(company)
            .create(
                {
                    "journal_id": cls.env["account.journal"]
                    .search(
                        [("type", "=", "bank"), ("company_id", "=", company.id)],
                        limit=1,
                    )
                    .id,
                    "date": day,
                    "payment_ref": "From the bank",
                    "amount": amount or sum(lines.mapped("balance")),
                    "counterpart_account_id": lines.account_id.id,
                    **values,
                }
            )
        )
        counterpart = statement_line.move_id.line_ids.filtered(
            lambda line: line.account_id == lines.account_id
        )
        (lines | counterpart).reconcile()
        return statement_line

    @classmethod
    def _receivable(cls, moves):
        return moves.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )

    @classmethod
    def _entry(cls, day, *lines, company=None):
        """A posted journal entry.

        :param lines: (account, balance, partner)
        """
        company = company or cls.company
        journal = cls.env["account.journal"].search(
            [("type", "=", "general"), ("company_id", "=", company.id)], limit=1
        )
        entry = cls.env["account.move"].create(
            {
                "journal_id": journal.id,
                "date": day,
                "line_ids": [
                    Command.create(
                        {
                            "account_id": account.id,
                            "balance": balance,
                            "partner_id": partner and partner.id,
                        }
                    )
                    for account, balance, partner in lines
                ],
            }
        )
        entry.action_post()
        return entry

    @classmethod
    def _paid_on(cls, document):
        """The day on which a document was paid, as text, or empty."""
        cls.env.flush_all()
        row = cls.env["crm.customer.purchase"].search([("move_id", "=", document.id)])
        return str(row.paid_date or "")


class ChannelCommon(PaymentCommon):
    """Channels, and leads that came by them on a day."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.channels = cls.env["crm.acquisition.channel"].create(
            [{"name": name} for name in ("Exhibition", "Advertising", "Web")]
        )
        cls.exhibition, cls.advertising, cls.web = cls.channels

    @classmethod
    def _lead(cls, partner, day, channel, company=None, **values):
        company = company or cls.company
        lead = cls.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "partner_id": partner.id,
                "company_id": company.id,
                "user_id": partner.user_id.id,
                "acquisition_channel_id": channel and channel.id,
                **values,
            }
        )
        cls._came_on(lead, day)
        return lead

    @classmethod
    def _came_on(cls, document, day):
        """Odoo itself knows today alone; noon, whatever the time zone."""
        document.flush_recordset()
        cls.env.cr.execute(
            SQL(
                "UPDATE %s SET create_date = %s WHERE id = %s",
                SQL.identifier(document._table),
                datetime.combine(cls._day(day), time(12)),
                document.id,
            )
        )
        document.invalidate_recordset()
        cls.env["res.partner"]._acquire(document.partner_id.ids)

    @classmethod
    def _report(cls, way=None, user=None, companies=None):
        report = cls.env["crm.channel.report"]
        if user:
            report = report.with_user(user)
        companies = companies or cls.company
        return report.with_context(
            crm_attribution=way, allowed_company_ids=companies.ids
        )

    @classmethod
    def _sums(cls, measure, *domain, report=None, by="channel_id"):
        """``{group: sum}``, without groups of nothing."""
        report = cls._report() if report is None else report
        function = report._fields[measure].aggregator
        rows = report._read_group(list(domain), [by], [f"{measure}:{function}"])
        return {group: value for group, value in rows if value}


class PurchaseImportCommon(CrmLoyaltyCommon):
    """Files of purchases, and what managers do with them."""

    def _import(self, text, user=None, **values):
        content = text if isinstance(text, bytes) else text.encode()
        records = self.env["crm.customer.purchase.import"].with_user(
            user or self.manager
        )
        return records.create(
            {
                "file": base64.b64encode(content),
                "file_name": "purchases.csv",
                "company_id": self.company.id,
                "currency_id": self.company.currency_id.id,
                **values,
            }
        )

    def _load(self, text, **values):
        record = self._import(text, **values)
        record.action_check()
        record.action_load()
        return record

    @classmethod
    def _workbook(cls, rows):
        """A workbook of rows, or of the lines of a CSV text; all cells texts."""
        if isinstance(rows, str):
            rows = csv.reader(io.StringIO(rows))
        book = io.BytesIO()
        with xlsxwriter.Workbook(book, {"in_memory": True}) as workbook:
            sheet = workbook.add_worksheet()
            for number, line in enumerate(rows):
                for column, cell in enumerate(line):
                    sheet.write_string(number, column, cell)
        return book.getvalue()

    @classmethod
    def _today(cls):
        return cls.env["crm.customer"].with_company(cls.company)._today()


class ReferralCommon(PaymentCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.today = cls.env["crm.customer"]._today()
        cls.program = cls.env["loyalty.program"].create(
            {"name": "Club", "program_type": "loyalty", "company_id": cls.company.id}
        )
        cls.company.write(
            {
                "crm_referral_reward": "points",
                "crm_referral_points": 50,
                "crm_referral_program_id": cls.program.id,
            }
        )
        cls.referrer = cls._contact("Referrer")
        cls.friend = cls._contact("Friend")
        cls._refresh_marked()

    @classmethod
    def _contact(cls, name, user=None, company=None, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "user_id": (user or cls.salesperson).id,
                "company_id": (company or cls.company).id,
                **values,
            }
        )

    @classmethod
    def _bring(cls, friend=None, referrer=None):
        friend = friend or cls.friend
        friend.referred_by_id = referrer or cls.referrer
        cls._refresh_marked()
        return cls._referral(friend)

    @classmethod
    def _referral(cls, friend=None, company=None):
        return cls.env["crm.referral"].search(
            [
                ("friend_id", "=", (friend or cls.friend).id),
                ("company_id", "=", (company or cls.company).id),
            ]
        )

    @classmethod
    def _pay_invoice(cls, friend=None, amount=100, company=None):
        """An invoice of today that the bank paid."""
        invoice = cls._invoice(friend or cls.friend, cls.today, amount, company=company)
        cls._bank_line(cls._receivable(invoice), cls.today)
        cls._refresh_marked()
        return invoice

    @classmethod
    def _settle_all(cls):
        cls.env["crm.referral"]._reward_batch(0, 1000)
        cls._refresh_marked()

    def _points(self, partner=None, program=None):
        cards = self.env["loyalty.card"].search(
            [
                ("partner_id", "=", (partner or self.referrer).id),
                ("program_id", "=", (program or self.program).id),
            ]
        )
        self.assertLessEqual(len(cards), 1)
        history = cards.history_ids
        moved = sum(history.mapped("issued")) - sum(history.mapped("used"))
        self.assertEqual(moved, cards.points or 0)
        return cards.points

    def _assert_nothing_more(self):
        """Running it all again changes nothing."""
        before = self.env["crm.referral"].search([]).read()
        self.assertEqual(self.env["crm.referral"]._follow(), 0)
        self._settle_all()
        self.env.invalidate_all()
        self.assertEqual(self.env["crm.referral"].search([]).read(), before)
