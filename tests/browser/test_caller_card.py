"""The phone rings: a salesperson types the number and reads who it is, in Chromium."""

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged

STEPS = """
    // As the keyboard does it: a value, and Enter; the page does the rest.
    const enter = async (selector, text) => {
        const input = await wait(selector);
        input.focus();
        input.value = text;
        input.dispatchEvent(new InputEvent("input", { bubbles: true }));
        const options = { key: "Enter", bubbles: true, cancelable: true };
        input.dispatchEvent(new KeyboardEvent("keydown", options));
    };
    const phone = ".modal [name=phone] input";
    const absent = (selector) => {
        if (document.querySelector(selector)) {
            throw new Error(`there should be no ${selector}`);
        }
    };
"""


@tagged("post_install", "-at_install")
class TestCallerCardBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fa_IR")
        cls.env["ir.module.module"].search(
            [("name", "in", ("crm", "crm_loyalty", "crm_tiers"))]
        )._update_translations(["fa_IR"])
        cls.env.company.country_id = cls.env.ref("base.ir")
        cls.salesperson = new_test_user(
            cls.env,
            "browser_caller",
            "sales_team.group_sale_salesman",
            lang="fa_IR",
            crm_calendar="jalali",
        )
        cls.caller, cls.second = cls.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "user_id": cls.salesperson.id,
                    "phone": number,
                }
                for name, number in (
                    ("کاغذ پارس <b>", "+98 912 123 4567"),
                    ("چاپ مهر", "021-88776655"),
                )
            ]
        )
        cls.env["crm.phone.number"].create(
            {"partner_id": cls.caller.id, "number": "021-88776655"}
        )
        customers = cls.env["crm.customer"]
        customers._refresh()
        cls.customer = customers.search([("partner_id", "=", cls.caller.id)])
        cls.env["crm.customer.need"].create(
            {
                "customer_id": cls.customer.id,
                "kind": "dislike",
                "name": "بسته‌بندی پلاستیکی",
                "priority": "2",
            }
        )
        cls.env.flush_all()

    def _click(self, path, code, login="browser_caller"):
        self.browser_js(path, HELPERS % (STEPS + code), READY, login=login)

    def test_a_persian_number_shows_needs_and_another_one_makes_a_lead(self):
        self._click(
            "/odoo/customer-profiles",
            """
            await click(".o_menu_sections button", "مشتریان");
            await click(".o-dropdown-item", "چه کسی تماس گرفته است؟");
            await wait(".modal .o_form_view");
            if (document.activeElement !== await wait(phone)) {
                throw new Error("the number has not the focus");
            }
            absent(".modal [data-section]");
            await enter(phone, "۰۹۱۲۱۲۳۴۵۶۷");
            await wait(".modal [data-section=needs]", "★★ بسته‌بندی پلاستیکی");
            await wait(".modal h2", "کاغذ پارس <b>");
            absent(".modal button[name=action_create_lead]");
            // Two customers share the office: a list to choose from.
            await enter(phone, "88776655");
            await wait(".modal [name=partner_id] label", "چاپ مهر");
            absent(".modal [data-section]");
            const label = await wait(".modal [name=partner_id] label", "کاغذ پارس");
            document.getElementById(label.getAttribute("for")).click();
            await wait(".modal [data-section=needs]", "★★ بسته‌بندی پلاستیکی");
            await enter(phone, "0935 000 0000");
            await click(".modal button[name=action_create_lead]");
            await wait(".o_form_view [name=expected_revenue]");
            const typed = await wait(".o_form_view [name=phone] input");
            if (!typed.value.replaceAll(" ", "").endsWith("9350000000")) {
                throw new Error(`the number is ${typed.value}`);
            }
            absent(".modal");
            """,
        )

    def test_a_contact_opens_its_card(self):
        self.salesperson.lang = "en_US"
        for path, name in (
            (f"/odoo/customer-profiles/{self.customer.id}", "crm.customer"),
            (f"/odoo/contacts/{self.caller.id}", "res.partner"),
        ):
            with self.subTest(name):
                self._click(
                    path,
                    """
                    await click(".o_cp_action_menus button");
                    await click(".o-dropdown-item", "Caller Card");
                    await wait(".modal [data-section=needs]", "Dislikes");
                    absent(phone);
                    await click(".modal button[name=action_open_crm_customer]");
                    await wait(".o_form_view .o_notebook");
                    """,
                )
