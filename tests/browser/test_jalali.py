"""Jalali dates in the web client: its unit tests, and what people read and type."""

from datetime import date, timedelta

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged

STEPS = """
    const hasValue = async (selector, value) => {
        for (let round = 0; round < 300; round++) {
            const input = document.querySelector(selector);
            if (input && input.value === value) {
                return input;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        const now = document.querySelector(selector);
        throw new Error(`${selector} is ${now && now.value}, not ${value}`);
    };
    const gone = async (selector) => {
        for (let round = 0; round < 300; round++) {
            if (!document.querySelector(selector)) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`still there: ${selector}`);
    };
    // A key goes to what has the focus, as the keyboard sends it.
    const press = async (key) => {
        const options = { key, bubbles: true, cancelable: true };
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", options));
        await new Promise((resolve) => setTimeout(resolve, 100));
    };
"""


def hoot_id(suite):
    """Return the number by which Odoo's JavaScript tests know a suite of tests."""
    number = 0
    for character in suite:
        number = ((number << 5) - number + ord(character)) & 0xFFFFFFFF
    return f"{number:08x}"


class JalaliCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "jalali_sales", "sales_team.group_sale_salesman"
        )
        cls.recent, cls.past = cls.env["res.partner"].create(
            [
                {"name": "Recent Buyer", "user_id": cls.salesperson.id},
                {"name": "Past Buyer", "user_id": cls.salesperson.id},
            ]
        )
        customers = cls.env["crm.customer"]
        today = customers._today()
        cls.env["crm.customer.purchase"].create(
            [
                {
                    "contact_id": partner.id,
                    "company_id": cls.env.company.id,
                    "date": day,
                    "amount": 100,
                    "document_amount": 100,
                    "document_currency_id": cls.env.company.currency_id.id,
                }
                for partner, day in (
                    (cls.recent, date(2020, 3, 20)),
                    (cls.recent, today),
                    (cls.past, today - timedelta(days=40)),
                )
            ]
        )
        customers._refresh()
        cls.customer = customers.search([("partner_id", "=", cls.recent.id)])
        cls.customer.write(
            {
                "left_reason": "Moved away",
                "manual_stage": "advocate",
                "manual_stage_reason": "Recommends us",
                "manual_stage_until": date(2035, 3, 20),
            }
        )
        cls.env.flush_all()

    def _click(self, path, code):
        self.browser_js(path, HELPERS % (STEPS + code), READY, login="jalali_sales")


@tagged("post_install", "-at_install")
class TestJalaliBrowser(JalaliCase):
    def test_unit_tests_of_javascript(self):
        self.browser_js(
            "/web/tests?headless&loglevel=2&preset=desktop&timeout=15000"
            f"&id={hoot_id('@crm_loyalty')}",
            "",
            login="admin",
            timeout=300,
            success_signal="[HOOT] Test suite succeeded",
            error_checker=lambda message: "[HOOT]" not in message,
        )

    def test_salesperson_reads_and_types_jalali_dates(self):
        self.salesperson.crm_calendar = "jalali"
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            await wait("[name=first_purchase_date]", "1399/01/01");
            await click(".o_notebook .nav-link", "By Hand");
            const until = "[name=manual_stage_until] input";
            (await hasValue(until, "1413/12/29")).focus();
            await press("ArrowDown");
            await wait(".o_jalali_picker .o_jalali_title", "Esfand 1413");
            for (const key of ["PageUp", "ArrowUp", "Enter"]) {
                await press(key);
            }
            // 29 Bahman, a week before
            await hasValue(until, "1413/11/22");
            await gone(".o_jalali_picker");
            const left = "[name=left_date] input";
            await type(left, "۱۴۰۴/۱۲/۳۰");
            await wait("[name=left_date] .o_jalali_error", "Esfand 1404 has 29 days");
            await hasValue(left, "۱۴۰۴/۱۲/۳۰");
            await type(left, "۱۴۰۵/۲/۳");
            await hasValue(left, "1405/02/03");
            await gone("[name=left_date] .o_jalali_error");
            await click(".o_form_button_save");
            await wait(".o_form_saved, .o_form_status_indicator_buttons.invisible");
            """,
        )
        self.assertRecordValues(
            self.customer,
            [
                {
                    "left_date": date(2026, 4, 23),
                    "manual_stage_until": date(2035, 2, 11),
                }
            ],
        )

    def test_salesperson_filters_by_this_jalali_month(self):
        self.salesperson.crm_calendar = "jalali"
        self._click(
            "/odoo/customer-profiles?view_type=list",
            """
            await wait(".o_data_row", "Past Buyer");
            await click(".o_searchview_dropdown_toggler");
            await click(".o_filter_menu .o_accordion_toggle", "Last Purchase");
            await click(".o_filter_menu .o_item_option", "This month");
            await wait(".o_searchview_facet", "Last Purchase");
            for (let round = 0; round < 300; round++) {
                const rows = document.querySelector(".o_list_view").textContent;
                if (!rows.includes("Past Buyer")) {
                    break;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            const rows = document.querySelector(".o_list_view tbody").textContent;
            if (rows.includes("Past Buyer") || !rows.includes("Recent Buyer")) {
                throw new Error(`wrong customers: ${rows}`);
            }
            if (!/1[34]\\d\\d\\/\\d\\d\\/\\d\\d/.test(rows)) {
                throw new Error(`no Jalali date: ${rows}`);
            }
            """,
        )

    def test_salesperson_groups_by_jalali_months(self):
        self.salesperson.crm_calendar = "jalali"
        self._click(
            "/odoo/action-crm_loyalty.crm_customer_purchase_action",
            """
            await wait(".o_data_row", "Past Buyer");
            await click(".o_searchview_dropdown_toggler");
            await click(".o_group_by_menu .o_accordion_toggle", "Day");
            await click(".o_group_by_menu .o_item_option", "Month");
            // Nowruz of 1399: a day before it lies in another month, season and year.
            await click(".o_group_header", "1399/01 Farvardin");
            await wait(".o_data_row", "1399/01/01");
            if (document.querySelectorAll(".o_data_row").length !== 1) {
                throw new Error("the group holds other days too");
            }
            await click(".o_switch_view.o_pivot");
            await wait(".o_pivot_header_cell_closed", "1399/01 Farvardin");
            await click(".o_switch_view.o_graph");
            await wait(".o_graph_canvas_container canvas");
            """,
        )

    def test_who_has_not_chosen_jalali_sees_nothing_of_it(self):
        self.salesperson.crm_calendar = "gregorian"
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            await wait("[name=first_purchase_date]", "Mar 20, 2020");
            await click(".o_notebook .nav-link", "By Hand");
            await wait("[name=manual_stage_until] button", "Mar 20, 2035");
            await click("[name=manual_stage_until] button");
            await wait(".o_datetime_picker .o_zoom_out", "March 2035");
            if (document.querySelector("[class*=o_jalali]")) {
                throw new Error("something Jalali");
            }
            """,
        )


@tagged("post_install", "-at_install")
class TestJalaliPhone(JalaliCase):
    browser_size = "375x740"
    touch_enabled = True

    def test_salesperson_picks_a_jalali_date_on_a_phone(self):
        self.salesperson.crm_calendar = "jalali"
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            await click(".o_notebook .nav-link", "By Hand");
            const until = "[name=manual_stage_until] input";
            await hasValue(until, "1413/12/29");
            await click("[name=manual_stage_until] .o_jalali_open");
            await wait(".o_bottom_sheet .o_jalali_title", "Esfand 1413");
            await click(".o_bottom_sheet .o_next");
            await wait(".o_bottom_sheet .o_jalali_title", "Farvardin 1414");
            for (const cell of document.querySelectorAll(".o_jalali_picker td")) {
                const { left, right } = cell.getBoundingClientRect();
                if (left < 0 || right > window.innerWidth) {
                    throw new Error("a day lies outside of the screen");
                }
            }
            await click(".o_bottom_sheet .o_jalali_day", "31");
            await hasValue(until, "1414/01/31");
            await gone(".o_bottom_sheet");
            await click(".o_form_button_save");
            await wait(".o_form_saved, .o_form_status_indicator_buttons.invisible");
            """,
        )
        self.assertEqual(self.customer.manual_stage_until, date(2035, 4, 20))
