"""Money in the unit of the company: what people read, and what they type."""

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestMoneyBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "money_sales", "sales_team.group_sale_salesman"
        )
        new_test_user(cls.env, "money_manager", "sales_team.group_sale_manager")
        company = cls.env.company
        rial = cls.env.ref("base.IRR")
        rial.active = True
        company.currency_id = rial
        company.crm_money_unit_id = cls.env.ref("crm_loyalty.money_unit_toman")
        partner = cls.env["res.partner"].create(
            {"name": "Toman Buyer", "user_id": cls.salesperson.id}
        )
        customers = cls.env["crm.customer"]
        cls.env["crm.customer.purchase"].create(
            {
                "contact_id": partner.id,
                "company_id": company.id,
                "date": customers._today(),
                "amount": 123_456_780,
                "cost": 23_456_780,
                "document_amount": 123_456_780,
                "document_currency_id": rial.id,
            }
        )
        customers._refresh()
        cls.customer = customers.search([("partner_id", "=", partner.id)])
        tiers = cls.env["crm.tier"]
        tiers.search([]).active = False
        cls.tier = tiers.create({"name": "Gold"})
        cls.threshold = cls.env["crm.tier.threshold"].create(
            {
                "tier_id": cls.tier.id,
                "figure": "net_revenue_12m",
                "minimum": 200_000_000,
            }
        )
        customers._refresh()
        cls.env.flush_all()

    def _click(self, path, code, login="money_sales"):
        self.browser_js(path, HELPERS % code, READY, login=login)

    def test_salesperson_reads_toman_everywhere(self):
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            await wait("[name=net_revenue_12m]", "12,345,678\\u00a0Toman");
            await wait("[name=next_tier]", "7,654,322\\u00a0Toman more");
            """,
        )
        self._click(
            "/odoo/customer-profiles?view_type=list",
            """
            await wait("th[data-name=net_revenue_12m]", "(Toman)");
            const head = "th[data-name=net_revenue_12m] .text-truncate";
            const { clientWidth, scrollWidth } = await wait(head, "(Toman)");
            if (scrollWidth > clientWidth) {
                throw new Error(`the unit is cut: ${scrollWidth} > ${clientWidth}`);
            }
            const cell = await wait(".o_data_cell[name=net_revenue_12m]");
            const total = await wait("tfoot [data-tooltip=Total], tfoot", "12,345,678");
            if (cell.textContent !== "12,345,678") {
                throw new Error(`cell: ${cell.textContent}`);
            }
            """,
        )
        self._click(
            "/odoo/customer-profiles?view_type=kanban",
            """
            await wait(".o_animated_number", "12,346k\\u00a0Toman");
            await wait(
                ".o_kanban_record [name=net_revenue_12m]", "12,345,678\\u00a0Toman"
            );
            """,
        )
        self._click(
            "/odoo/customer-profiles?view_type=pivot",
            """
            await wait(".o_pivot_measure_row", "(Toman)");
            await wait(".o_pivot_cell_value", "12,345,678");
            """,
        )

    def test_manager_types_a_threshold_in_toman(self):
        self._click(
            f"/odoo/crm.tier/{self.tier.id}",
            """
            await click(".o_data_cell[name=minimum]", "20,000,000\\u00a0Toman");
            await type(".o_data_row [name=minimum] input", "۳۰٬۰۰۰٬۰۰۰");
            await wait("[name=minimum_in_words]", "thirty million Toman");
            await click(".o_form_button_save");
            await wait(".o_form_saved, .o_form_status_indicator_buttons.invisible");
            """,
            login="money_manager",
        )
        self.assertEqual(self.threshold.minimum, 300_000_000)
