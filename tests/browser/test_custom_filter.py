"""Odoo's dialog of custom filters on screens of ours, in Jalali dates and toman."""

from datetime import date

from test_browser import HELPERS, READY
from test_jalali import STEPS

from odoo.tests import HttpCase, new_test_user, tagged

OPEN_DIALOG = """
    const select = async (selector, value) => {
        const option = JSON.stringify(value);
        await wait(`${selector} option[value='${option}']`);
        const element = await wait(selector);
        element.value = option;
        element.dispatchEvent(new Event("change", { bubbles: true }));
    };
    // The rows of the list, when they are these and no others.
    const rowsAre = async (names) => {
        let shown;
        for (let round = 0; round < 300; round++) {
            shown = [...document.querySelectorAll(".o_data_row [name=partner_id]")].map(
                (cell) => cell.textContent
            );
            if (String(shown) === String(names)) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error(`rows: ${shown}`);
    };
    const openDialog = async (field) => {
        await click(".o_searchview_dropdown_toggler");
        await click(".o_add_custom_filter");
        await click(".modal .o_model_field_selector");
        await type(".o_model_field_selector_popover_search input", field);
        await click(".o_model_field_selector_popover_item_name", field);
    };
    const OPERATOR = ".modal .o_tree_editor_condition > :nth-child(2) select";
    const VALUE = ".modal .o_tree_editor_condition > :nth-child(3)";
"""


@tagged("post_install", "-at_install")
class TestCustomFilter(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fa_IR")
        modules = cls.env["ir.module.module"].search([("name", "=", "crm_loyalty")])
        modules._update_translations(["fa_IR"])
        cls.salesperson = new_test_user(
            cls.env,
            "filter_sales",
            "sales_team.group_sale_salesman",
            lang="fa_IR",
            crm_calendar="jalali",
        )
        company = cls.env.company
        rial = cls.env.ref("base.IRR")
        rial.active = True
        company.currency_id = rial
        company.crm_money_unit_id = cls.env.ref("crm_loyalty.money_unit_toman")
        customers = cls.env["crm.customer"]
        # The last day of 1404 and the first of 1405; over and under a thousand toman
        cls.purchases = cls.env["crm.customer.purchase"].create(
            [
                {
                    "contact_id": cls.env["res.partner"]
                    .create({"name": name, "user_id": cls.salesperson.id})
                    .id,
                    "company_id": company.id,
                    "date": day,
                    "amount": amount,
                    "document_amount": amount,
                    "document_currency_id": rial.id,
                }
                for name, day, amount in (
                    ("Esfand Large", date(2026, 3, 20), 10_010),
                    ("Nowruz Large", date(2026, 3, 21), 10_010),
                    ("Nowruz Small", date(2026, 3, 21), 9_990),
                )
            ]
        )
        customers._refresh()
        cls.env.flush_all()

    def test_salesperson_filters_by_a_jalali_date_and_an_amount_in_toman(self):
        unit = self.env.ref("crm_loyalty.money_unit_toman").with_context(lang="fa_IR")
        fields = self.env["crm.customer"].with_context(lang="fa_IR").fields_get()
        code = (
            STEPS
            + OPEN_DIALOG
            + """
            await rowsAre(["Esfand Large", "Nowruz Large", "Nowruz Small"]);
            await openDialog("DATE");
            await select(OPERATOR, "<");
            const day = `${VALUE} .o_jalali_date input`;
            await type(day, "۱۴۰۴/۱۲/۳۰");
            await wait(`${VALUE} [role=alert]`, "1404");
            await type(day, "۱۴۰۵/۱/۱");
            await hasValue(day, "1405/01/01");
            await click(".modal footer .btn-primary");
            await wait(".o_searchview_facet", "1405/01/01");
            await rowsAre(["Esfand Large"]);
            // The facet leads back to what was typed.
            await click(".o_searchview_facet_label");
            await hasValue(day, "1405/01/01");
            await select(OPERATOR, ">");
            await type(day, "1404/12/29");
            await click(".modal footer .btn-primary");
            await rowsAre(["Nowruz Large", "Nowruz Small"]);
            await gone(".modal");
            await openDialog("AMOUNT");
            await select(OPERATOR, ">");
            const amount = `${VALUE} .o_crm_money_filter input`;
            await wait(`${VALUE} .o_crm_money_unit`, "UNIT");
            await type(amount, "۱٬۰۰۰");
            await click(".modal footer .btn-primary");
            await wait(".o_searchview_facet", "1,000\\u00a0UNIT");
            await rowsAre(["Nowruz Large"]);
            // A favourite keeps both.
            await gone(".modal");
            await click(".o_searchview_dropdown_toggler");
            await click(".o_add_favorite");
            await type(".o_accordion_values input[type=text]", "Large");
            await click(".o_save_favorite");
            await wait(".o_searchview_facet", "Large");
            """
        )
        for word, value in (
            ("DATE", fields["last_purchase_date"]["string"]),
            ("AMOUNT", fields["net_revenue"]["string"]),
            ("UNIT", unit.name),
        ):
            code = code.replace(f'"{word}"', f'"{value}"').replace(
                f"u00a0{word}", f"u00a0{value}"
            )
        self.browser_js(
            "/odoo/customer-profiles?view_type=list",
            HELPERS % code,
            READY,
            login="filter_sales",
        )
        favourite = self.env["ir.filters"].search([("name", "=", "Large")])
        self.assertEqual(
            favourite.domain,
            '["&", ("last_purchase_date", ">", "2026-03-20"), '
            '("net_revenue", ">", 10000)]',
        )
