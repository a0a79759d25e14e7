"""What a salesperson finds with an Arabic keyboard, in Chromium."""

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged

# Typed into the search bar, sent with Enter; what is no hit must go from the page.
STEPS = """
    const search = async (text) => {
        for (const remove of document.querySelectorAll(".o_facet_remove")) {
            remove.click();
            await new Promise((resolve) => setTimeout(resolve, 300));
        }
        const input = await wait(".o_searchview_input");
        input.focus();
        input.value = text;
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
        await wait(".o_searchview_autocomplete .o-dropdown-item", text);
        input.dispatchEvent(
            new KeyboardEvent("keydown", { key: "Enter", bubbles: true })
        );
        await wait(".o_searchview_facet", text);
    };
    const shows = async (text, other) => {
        for (let round = 0; round < 200; round++) {
            const cards = [...document.querySelectorAll(".o_kanban_record")]
                .map((card) => card.textContent).join();
            if (cards.includes(text) && !cards.includes(other)) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`${text} is not shown alone`);
    };
"""


@tagged("post_install", "-at_install")
class TestSearchBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = new_test_user(
            cls.env, "browser_search", "sales_team.group_sale_salesman"
        )
        cls.env["res.partner"].create(
            [
                {"name": name, "user_id": user.id}
                for name in ("علی کاظمی", "Alice Keyboard")
            ]
        )
        cls.env["crm.lead"].create(
            [
                {"name": name, "type": "opportunity", "user_id": user.id}
                for name in ("فروش کاغذ", "Paper sale")
            ]
        )
        cls.env["crm.customer"]._refresh()
        cls.env.flush_all()

    def _search(self, path, code):
        self.browser_js(path, HELPERS % (STEPS + code), READY, login="browser_search")

    def test_customers(self):
        self._search(
            "/odoo/customer-profiles",
            """
            await wait(".o_kanban_record", "Alice Keyboard");
            await search("علي");
            await shows("علی کاظمی", "Alice");
            await search("كاظمي");
            await shows("علی کاظمی", "Alice");
            await search("alice");
            await shows("Alice Keyboard", "علی");
            """,
        )

    def test_pipeline(self):
        self._search(
            "/odoo/action-crm.crm_lead_action_pipeline",
            """
            await wait(".o_kanban_record", "Paper sale");
            await search("ك");
            await shows("فروش کاغذ", "Paper sale");
            await search("paper");
            await shows("Paper sale", "فروش");
            """,
        )
