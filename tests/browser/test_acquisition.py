"""Where customers come from and what that costs: what each role clicks, in Chromium."""

from test_browser import HELPERS, READY

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

CHOOSE = """
    // A field that is drawn anew meanwhile forgets what was typed: once more then.
    const choose = async (field, text) => {
        const selector = ".o-autocomplete--dropdown-item a";
        const found = () =>
            [...document.querySelectorAll(selector)].some((item) =>
                item.textContent.includes(text)
            );
        for (let round = 0; round < 10 && !found(); round++) {
            await type(`${field} input`, text);
            for (let moment = 0; moment < 30 && !found(); moment++) {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
        }
        await click(selector, text);
    };
    const saved = async () => {
        await click(".o_form_button_save");
        await wait(".o_form_saved, .o_form_status_indicator_buttons.invisible");
    };
"""


@tagged("post_install", "-at_install")
class TestAcquisitionBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "browser_channels", "sales_team.group_sale_manager"
        )
        cls.accountant = new_test_user(
            cls.env, "browser_bills", "account.group_account_invoice"
        )

    def _click(self, path, code, login):
        self.browser_js(path, HELPERS % (CHOOSE + code), READY, login=login)

    def test_a_manager_makes_a_channel_and_a_lead_gets_it(self):
        self.env["crm.acquisition.answer"].create({"name": "Saw your stand"})
        lead = self.env["crm.lead"].create(
            {"name": "Visitor", "type": "opportunity", "user_id": self.manager.id}
        )
        self._click(
            "/odoo/action-crm_loyalty.crm_acquisition_channel_action/new",
            """
            await type("[name=name] input", "Exhibition hall");
            await click("[name=rule_ids] .o_field_x2many_list_row_add a");
            await choose("[name=rule_ids] .o_selected_row [name=answer_id]", "stand");
            await saved();
            """,
            "browser_channels",
        )
        channel = self.env["crm.acquisition.channel"].search(
            [("name", "=", "Exhibition hall")]
        )
        self.assertEqual(channel.rule_ids.answer_id.name, "Saw your stand")
        self.assertFalse(lead.acquisition_channel_id)
        self._click(
            f"/odoo/action-crm.crm_lead_action_pipeline/{lead.id}",
            """
            await click(".o_notebook .nav-link", "Contacts");
            await choose("[name=acquisition_answer_id]", "Saw your stand");
            for (let round = 0; ; round++) {
                const input = await wait("[name=acquisition_channel_id] input");
                if (input.value === "Exhibition hall") {
                    break;
                }
                if (round > 200) {
                    throw new Error(`the channel is ${input.value}`);
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            await saved();
            """,
            "browser_channels",
        )
        self.assertEqual(lead.acquisition_channel_id, channel)
        self._click(
            f"/odoo/action-crm_loyalty.crm_acquisition_channel_action/{channel.id}",
            """
            await click(".oe_stat_button[name=action_open_leads]", "1");
            await wait(".o_list_view .o_data_row, .o_kanban_record", "Visitor");
            """,
            "browser_channels",
        )

    def test_an_accountant_goes_from_the_bill_to_its_costs_and_back(self):
        channel = self.env["crm.acquisition.channel"].create({"name": "Fair"})
        vendor = self.env["res.partner"].create({"name": "Organiser"})
        bill = self.env["account.move"].create(
            {
                "move_type": "in_invoice",
                "partner_id": vendor.id,
                "invoice_date": "2026-01-15",
                "date": "2026-01-15",
                "invoice_line_ids": [
                    Command.create(
                        {"name": "Rent of a stand", "price_unit": 700, "tax_ids": []}
                    )
                ],
            }
        )
        self._click(
            f"/odoo/action-account.action_move_in_invoice_type/{bill.id}",
            """
            const lines = "[name=invoice_line_ids]";
            await click(`${lines} .o_optional_columns_dropdown button`);
            await click(".o-dropdown--menu .o-dropdown-item", "Acquisition Channel");
            await click(`${lines} .o_data_cell[name=acquisition_channel_id]`);
            await choose(`${lines} [name=acquisition_channel_id]`, "Fair");
            await click(".o_statusbar_buttons button[name=action_post]");
            await wait(".o_statusbar_status .o_arrow_button_current", "Posted");
            await click(".oe_stat_button[name=action_open_acquisition_costs]", "1");
            await wait(".o_breadcrumb .active", "Costs of Channels");
            await click(".o_list_view .o_data_cell[name=name]", "Rent of a stand");
            await wait(".o_form_view [name=counted_amount]", "700.00");
            await click(".oe_stat_button[name=action_open_bill]");
            await wait(".o_form_view [name=invoice_line_ids]", "Rent of a stand");
            await wait(".oe_stat_button[name=action_open_acquisition_costs]", "1");
            """,
            "browser_bills",
        )
        [cost] = self.env["crm.acquisition.cost"].search(
            [("move_line_id", "in", bill.invoice_line_ids.ids)]
        )
        self.assertEqual((cost.channel_id, cost.counted_amount), (channel, 700))
