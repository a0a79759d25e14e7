"""Who brought a customer, and whom he brought, as a salesperson sees it in Chromium."""

from test_browser import HELPERS, READY

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestReferralBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson, cls.colleague = (
            new_test_user(cls.env, login, "sales_team.group_sale_salesman")
            for login in ("browser_referral", "browser_referral_colleague")
        )
        cls.referrer, cls.friend, cls.second, cls.foreign = cls.env[
            "res.partner"
        ].create(
            [
                {"name": name, "is_company": True, "user_id": user.id}
                for name, user in (
                    ("Old Customer", cls.salesperson),
                    ("First Friend", cls.salesperson),
                    ("Friend of a Friend", cls.salesperson),
                    ("Foreign Friend", cls.colleague),
                )
            ]
        )
        cls.second.referred_by_id = cls.friend
        cls.foreign.referred_by_id = cls.friend
        cls._work_off()

    @classmethod
    def _work_off(cls):
        """What the jobs do after each of these steps."""
        while cls.env["crm.customer.mark"]._process(5000):
            pass
        cls.env["crm.referral"]._reward_batch(0, 100)
        while cls.env["crm.customer.mark"]._process(5000):
            pass
        cls.env.flush_all()

    def _click(self, path, code):
        self.browser_js(path, HELPERS % code, READY, login="browser_referral")

    def _buy(self, partner, amount):
        """An invoice that the bank has paid."""
        day = self.env["crm.customer"]._today()
        line = {"name": "Goods", "price_unit": amount, "tax_ids": False}
        invoice = self.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "invoice_date": day,
                "invoice_line_ids": [Command.create(line)],
            }
        )
        invoice.action_post()
        owed = invoice.line_ids.filtered(
            lambda line: line.account_id.account_type == "asset_receivable"
        )
        journal = self.env["account.journal"].search([("type", "=", "bank")], limit=1)
        bank = self.env["account.bank.statement.line"].create(
            {
                "journal_id": journal.id,
                "date": day,
                "payment_ref": partner.name,
                "amount": amount,
                "counterpart_account_id": owed.account_id.id,
            }
        )
        lines = owed | bank.move_id.line_ids.filtered(
            lambda line: line.account_id == owed.account_id
        )
        lines.reconcile()

    def test_who_brought_whom_and_what_they_bought(self):
        self._click(
            f"/odoo/contacts/{self.friend.id}",
            """
            await click(".o_notebook .nav-link", "Sales");
            await type("[name=referred_by_id] input", "Old Cust");
            await click(".o-autocomplete--dropdown-item a", "Old Customer");
            await wait(".o_form_status_indicator_buttons:not(.invisible)");
            await click(".o_form_button_save");
            await wait(".o_form_status_indicator_buttons.invisible");
            """,
        )
        self.assertEqual(self.friend.referred_by_id, self.referrer)
        self._work_off()
        self._buy(self.friend, 300)
        self._buy(self.second, 40)
        self._buy(self.foreign, 5000)
        self._work_off()
        profile = self.env["crm.customer"].search(
            [("partner_id", "=", self.referrer.id)], limit=1
        )
        self._click(
            f"/odoo/customer-profiles/{profile.id}",
            """
            await click(".oe_stat_button[name=action_open_brought]", "340");
            await wait(".o_data_row [name=name]", "First Friend");
            await wait(".o_data_row [name=name]", "Friend of a Friend");
            const rows = [...document.querySelectorAll(".o_data_row")];
            const names = rows.map((row) =>
                row.querySelector("[name=name]").textContent
            );
            if (names.length !== 2 || !names[1].startsWith("\\u00a0")) {
                throw new Error(`not the tree: ${JSON.stringify(names)}`);
            }
            await wait("tfoot", "340");
            await click(".o_data_row button[name=action_open_friend]");
            await wait(".o_form_view [name=referred_by_id]", "Old Customer");
            """,
        )
        self._click(
            "/odoo/referrals",
            """
            await wait(".o_data_row", "First Friend");
            await click(".o_searchview_dropdown_toggler");
            await click(".o_filter_menu .o-dropdown-item", "Rewarded");
            await wait(".o_searchview_facet", "Rewarded");
            await wait(".o_data_row [name=state]", "Rewarded");
            const list = document.querySelector(".o_list_view");
            if (list.textContent.includes("Foreign")) {
                throw new Error("a colleague's customer is shown");
            }
            await click(".o_data_row [name=friend_id]", "First Friend");
            await wait(".o_form_view [name=explanation]", "was paid on");
            """,
        )
