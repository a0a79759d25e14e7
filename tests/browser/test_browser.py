"""What people of each role see and click, in headless Chromium."""

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

HELPERS = """
const wait = async (selector, text = "") => {
    for (let round = 0; round < 300; round++) {
        const found = [...document.querySelectorAll(selector)].find(
            (element) => element.textContent.includes(text)
        );
        if (found) {
            return found;
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`not found: ${selector} ${text}`);
};
const click = async (selector, text = "") => (await wait(selector, text)).click();
const type = async (selector, text) => {
    const input = await wait(selector);
    input.focus();
    input.value = text;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
};
(async () => {
    %s
    console.log("test successful");
})().catch((error) => console.error(error.message));
null; // nobody waits for the promise: Odoo may reload the page
"""
READY = "odoo.isReady === true"


@tagged("post_install", "-at_install")
class TestBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "browser_sales", "sales_team.group_sale_salesman"
        )
        cls.accountant = new_test_user(
            cls.env, "browser_books", "account.group_account_invoice"
        )
        cls.leader = new_test_user(
            cls.env, "browser_leader", "sales_team.group_sale_salesman"
        )
        cls.colleague = new_test_user(
            cls.env, "browser_colleague", "sales_team.group_sale_salesman"
        )
        cls.env["crm.team"].create(
            {
                "name": "Browsers",
                "user_id": cls.leader.id,
                "member_ids": [Command.set((cls.salesperson | cls.colleague).ids)],
            }
        )
        cls.gold, cls.buyer, cls.foreign = cls.env["res.partner"].create(
            [
                {"name": "Golden Customer", "user_id": cls.salesperson.id},
                {"name": "Single Buyer", "user_id": cls.salesperson.id},
                {"name": "Somebody Else's", "user_id": cls.env.user.id},
            ]
        )
        customers = cls.env["crm.customer"]
        company = cls.env.company
        cls.env["crm.customer.purchase"].create(
            [
                {
                    "contact_id": partner.id,
                    "company_id": company.id,
                    "date": customers._today(),
                    "amount": 100,
                    "document_amount": 100,
                    "document_currency_id": company.currency_id.id,
                }
                for partner in (*[cls.gold] * 4, *[cls.foreign] * 4, cls.buyer)
            ]
        )
        cls.env["crm.lead"].create(
            {
                "name": "Golden deal",
                "type": "opportunity",
                "partner_id": cls.gold.id,
                "user_id": cls.salesperson.id,
            }
        )
        cls.invoices = cls.env["account.move"].create(
            [
                {
                    "move_type": "out_invoice",
                    "partner_id": partner.id,
                    "invoice_user_id": user.id,
                    "invoice_date": customers._today(),
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Goods", "price_unit": 30, "tax_ids": False}
                        )
                    ],
                }
                for partner, user in (
                    (cls.gold, cls.salesperson),
                    (cls.foreign, cls.env.user),
                )
            ]
        )
        cls.invoices.action_post()
        customers._refresh()
        cls.env.flush_all()

    def _click(self, path, code, login):
        self.browser_js(path, HELPERS % code, READY, login=login)

    def test_salesperson_filters_gold_and_opens_a_customer(self):
        self._click(
            "/odoo/customer-profiles",
            """
            await wait(".o_kanban_record", "Single Buyer");
            await click(".o_search_panel_label_title", "Gold");
            await wait(".o_kanban_record .badge", "Gold");
            for (let round = 0; round < 100; round++) {
                if (![...document.querySelectorAll(".o_kanban_record")].some(
                        (card) => card.textContent.includes("Single Buyer"))) {
                    break;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            const cards = document.querySelector(".o_kanban_renderer").textContent;
            if (cards.includes("Single Buyer") || cards.includes("Somebody Else")) {
                throw new Error("the filter shows too much: " + cards);
            }
            await click(".o_kanban_record", "Golden Customer");
            await wait(".o_form_view .oe_title", "Golden Customer");
            await wait(".o_form_view .badge", "Gold");
            await wait(".o_field_widget[name=explanation]", "5 purchases");
            await click(".oe_stat_button[name=action_open_purchases]", "5");
            await wait(".o_list_view .o_data_row", "100.00");
            await click(".o_back_button, .breadcrumb-item a", "Golden Customer");
            await click(".oe_stat_button[name=action_open_invoices]", "1");
            await click(".o_list_view .o_data_row .o_data_cell", "INVOICE");
            await wait(".o_form_view [name=invoice_line_ids]", "Goods");
            """.replace("INVOICE", self.invoices[0].name),
            "browser_sales",
        )

    def test_salesperson_sees_stage_and_tier_in_the_pipeline(self):
        self._click(
            "/odoo/action-crm.crm_lead_action_pipeline",
            """
            const card = await wait(".o_kanban_record", "Golden deal");
            for (const badge of ["Regular", "Gold"]) {
                await wait(".o_kanban_record .badge", badge);
            }
            if (card.textContent.includes("Single Buyer")) {
                throw new Error("a foreign card");
            }
            """,
            "browser_sales",
        )

    def test_salesperson_types_revenue_with_persian_digits(self):
        lead = self.env["crm.lead"].search([("name", "=", "Golden deal")])
        self._click(
            f"/odoo/action-crm.crm_lead_opportunities/{lead.id}",
            """
            await type(
                ".o_field_widget[name=expected_revenue] input", "۱۲٬۵۰۰٫۵"
            );
            await type(".o_field_widget[name=probability] input", "۳۵");
            await wait(".o_form_dirty");
            await click(".o_form_button_save");
            await wait(".o_form_saved");
            """,
            "browser_sales",
        )
        self.assertRecordValues(
            lead, [{"expected_revenue": 12500.5, "probability": 35}]
        )

    def test_accountant_goes_from_invoice_to_profile_and_back(self):
        invoice = self.invoices[1]
        self._click(
            f"/odoo/action-account.action_move_out_invoice_type/{invoice.id}",
            """
            await click(".oe_stat_button[name=action_open_crm_customer]", "Regular");
            await wait(".o_form_view .oe_title", "Somebody Else");
            await wait(".oe_stat_button[name=action_open_purchases]", "5");
            for (const name of ["action_open_leads", "action_open_orders"]) {
                if (document.querySelector(`.oe_stat_button[name=${name}]`)) {
                    throw new Error("an accountant sees the button " + name);
                }
            }
            await click(".oe_stat_button[name=action_open_invoices]", "1");
            await click(".o_list_view .o_data_row .o_data_cell", "INVOICE");
            await wait(".oe_stat_button[name=action_open_crm_customer]", "Regular");
            """.replace("INVOICE", invoice.name),
            "browser_books",
        )

    def test_leader_hands_a_customer_over(self):
        self._click(
            "/odoo/customer-profiles?view_type=list",
            """
            const row = await wait(".o_data_row", "Golden Customer");
            if (document.querySelector(".o_list_view").textContent.includes("Else")) {
                throw new Error("a foreign customer");
            }
            row.querySelector(".o_data_cell").click();
            await wait(".oe_stat_button[name=action_open_invoices], .oe_title", "Gold");
            // Odoo shows a leader no lead of his members: no button, no wrong count.
            if (document.querySelector(".oe_stat_button[name=action_open_leads]")) {
                throw new Error("a button that opens nothing");
            }
            await click(".o_back_button, .breadcrumb-item a", "Customers");
            (await wait(".o_data_row", "Golden Customer"))
                .querySelector(".o_list_record_selector input").click();
            await click(".o_cp_action_menus button", "Actions");
            await click(".o-dropdown-item", "Hand Over");
            await type(".modal [name=user_id] input", "browser_colleague");
            await click(".modal .o-autocomplete--dropdown-item", "browser_colleague");
            await wait(".modal [name=lead_count]", "1");
            await type(".modal [name=note] textarea", "Calls on Mondays");
            await click(".modal button[name=action_apply]");
            await wait(".o_notification", "1 customers, 1 opportunities");
            """,
            "browser_leader",
        )
        self.assertEqual(self.gold.user_id, self.colleague)
        self.assertIn("Calls on Mondays", self.gold.message_ids[0].body)

    def test_administrator_sets_a_threshold(self):
        self.assertEqual(self.env.company.crm_regular_purchases, 4)
        self._click(
            "/odoo/action-crm.crm_config_settings_action",
            """
            await type("[name=crm_regular_purchases] input", "9");
            // Odoo reloads the page once all is saved: the end of this script.
            window.addEventListener(
                "beforeunload", () => console.log("test successful")
            );
            await click(".o_control_panel button", "Save");
            await new Promise(() => {});
            """,
            "admin",
        )
        self.assertEqual(self.env.company.crm_regular_purchases, 9)

    def test_persian_is_right_to_left(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        modules = self.env["ir.module.module"].search(
            [("name", "in", ("crm_loyalty", "crm_tiers"))]
        )
        modules._update_translations(["fa_IR"])
        self.salesperson.lang = "fa_IR"
        self._click(
            "/odoo/customer-profiles",
            """
            await wait(".o_kanban_record", "Golden Customer");
            await wait(".o_kanban_group", "دائمی");
            if (getComputedStyle(document.body).direction !== "rtl") {
                throw new Error("not right to left");
            }
            """,
            "browser_sales",
        )
