"""Where customers come from and what that cost, in Chromium."""

from test_browser import HELPERS, READY

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestChannelReportBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_test_user(cls.env, "browser_channels", "sales_team.group_sale_manager")
        new_test_user(cls.env, "browser_costs", "account.group_account_invoice")
        cls.env["crm.acquisition.cost"].search([]).unlink()
        cls.fair, cls.flyer = cls.env["crm.acquisition.channel"].create(
            [{"name": "Trade Fair"}, {"name": "Flyer"}]
        )
        company = cls.env.company
        cls.contact = cls.env["res.partner"].create(
            {"name": "Came Twice", "is_company": True}
        )
        cls.env["crm.lead"].create(
            [
                {
                    "name": f"By {channel.name}",
                    "type": "opportunity",
                    "partner_id": cls.contact.id,
                    "company_id": company.id,
                    "acquisition_channel_id": channel.id,
                }
                for channel in (cls.fair, cls.flyer)
            ]
        )
        customers = cls.env["crm.customer"]
        cls.env["crm.customer.purchase"].create(
            {
                "contact_id": cls.contact.id,
                "company_id": company.id,
                "date": customers._today(),
                "amount": 800,
                "document_amount": 800,
                "document_currency_id": company.currency_id.id,
            }
        )
        cls.bill = cls.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": cls.contact.id,
                "invoice_date": customers._today(),
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Stand",
                            "price_unit": 300,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
            }
        )
        cls.bill.action_post()
        cls.bill.invoice_line_ids.acquisition_channel_id = cls.fair
        customers._refresh()
        cls.customer = customers.search([("partner_id", "=", cls.contact.id)])
        cls.env.flush_all()

    def test_a_manager_asks_who_gets_the_credit(self):
        self.browser_js(
            "/odoo/channel-report",
            HELPERS
            % """
            const row = async (name, text) => {
                for (let round = 0; round < 300; round++) {
                    const found = [...document.querySelectorAll(".o_pivot tbody tr")]
                        .find((tr) => tr.textContent.includes(name));
                    if (found && found.textContent.includes(text)) {
                        return found;
                    }
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                throw new Error(`no row ${name} with ${text}`);
            };
            await wait(".o_searchview_facet", "First Touch");
            await row("Trade Fair", "800");
            await click(".o_searchview_dropdown_toggler");
            await click(".o_filter_menu .o_menu_item", "Linear");
            await wait(".o_searchview_facet", "Linear");
            await row("Flyer", "400");
            const fair = await row("Trade Fair", "400");
            // The cost stays whole: 300 for half a customer.
            await row("Trade Fair", "600");
            const cells = [...fair.querySelectorAll("td")];
            cells.find((td) => td.textContent.includes("400")).click();
            await wait(".o_list_view .o_data_row", "Purchase");
            await wait(".o_list_view .o_data_row", "Came Twice");
            """,
            READY,
            login="browser_channels",
        )

    def test_the_shares_stand_on_the_profile(self):
        self.browser_js(
            f"/odoo/customer-profiles/{self.customer.id}",
            HELPERS
            % """
            await wait("button[name=action_open_touches]", "2");
            await click("button[name=action_open_touches]");
            await wait(".o_data_row [name=linear]", "50");
            await wait(".o_data_row", "Flyer");
            """,
            READY,
            login="browser_channels",
        )

    def test_an_accountant_goes_from_the_bill_to_the_cost_of_a_customer_and_back(self):
        self.browser_js(
            f"/odoo/action-account.action_move_in_invoice_type/{self.bill.id}",
            HELPERS
            % """
            await click("button[name=action_open_acquisition_costs]");
            await click(".o_list_view .o_data_row td[name=channel_id]", "Trade Fair");
            await click(".o_form_view [name=channel_id] .o_external_button,"
                        + " .o_form_view [name=channel_id] a");
            await click("button[name=action_open_report]");
            await wait(".o_pivot tbody tr", "300");
            await click(".o_switch_view.o_list");
            await click(".o_list_view .o_data_row td[name=kind]", "Cost");
            await wait(".o_form_view .o_field_widget[name=invoice_line_ids]", "Stand");
            """,
            READY,
            login="browser_costs",
        )
