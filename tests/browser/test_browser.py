"""What a salesperson and an accountant see and click, in headless Chromium."""

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
(async () => {
    %s
    console.log("test successful");
})().catch((error) => console.error(error.message));
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
            await wait(".o_field_widget[name=explanation]", "4 purchases");
            await click(".oe_stat_button[name=action_open_purchases]");
            await wait(".o_list_view .o_data_row", "100.00");
            """,
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

    def test_accountant_opens_a_profile(self):
        self._click(
            "/odoo/customer-profiles",
            """
            await click(".o_kanban_record", "Somebody Else");
            await wait(".o_form_view .oe_title", "Somebody Else");
            await click(".oe_stat_button[name=action_open_invoices]");
            await wait(".o_breadcrumb", "Journal Entry");
            """,
            "browser_books",
        )

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
