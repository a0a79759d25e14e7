"""What a sales manager sees and clicks on the first day, in headless Chromium."""

from datetime import timedelta

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestFirstDay(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "browser_manager", "sales_team.group_sale_manager"
        )
        cls.partner = cls.env["res.partner"].create({"name": "First Buyer"})
        customers = cls.env["crm.customer"]
        cls.env["crm.customer.purchase"].create(
            {
                "contact_id": cls.partner.id,
                "company_id": cls.env.company.id,
                # Active in a shop, former in distribution.
                "date": customers._today() - timedelta(days=100),
                "amount": 100,
                "document_amount": 100,
                "document_currency_id": cls.env.company.currency_id.id,
            }
        )
        customers._refresh()

    def test_a_manager_takes_the_first_steps(self):
        self.browser_js(
            "/odoo/customer-profiles",
            HELPERS
            % """
            await click(".o_crm_first_steps button", "First Steps");
            await wait(".modal [name=preview] td", "First-time");
            const former = () => [...document.querySelectorAll(
                ".modal [data-class=phase] tr")].at(-1).lastElementChild.textContent;
            if (former().trim() !== "0") {
                throw new Error(`nothing is chosen yet: ${former()}`);
            }
            await click(".modal [name=preset] label", "Distribution");
            for (let round = 0; round < 200 && !former().includes("+"); round++) {
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            if (!former().includes("+")) {
                throw new Error("the preview does not follow the choice");
            }
            await type(".modal [name=crm_regular_purchases] input", "0");
            await wait(".modal .alert-warning", "must be positive");
            await type(".modal [name=crm_regular_purchases] input", "9");
            await wait(".modal [name=preview] td", "First-time");
            // The page is loaded anew when all is done, and this script ends with it.
            window.addEventListener("beforeunload", () => {
                console.log("test successful");
            });
            await click(".modal button", "Apply");
            await new Promise(() => {});
            """,
            READY,
            login="browser_manager",
        )
        self.browser_js(
            "/odoo/customer-profiles",
            HELPERS
            % """
            await wait(".o_kanban_record", "First Buyer");
            if (document.querySelector(".o_crm_first_steps")) {
                throw new Error("still offered");
            }
            """,
            READY,
            login="browser_manager",
        )
        company = self.env.company
        self.assertEqual(company.crm_active_days, 60)
        self.assertEqual(company.crm_regular_purchases, 9)
        customer = self.env["crm.customer"].search(
            [("partner_id", "=", self.partner.id)]
        )
        self.assertEqual(customer.phase, "former")

    def test_who_declines_is_not_asked_again(self):
        self.browser_js(
            "/odoo/customer-profiles",
            HELPERS
            % """
            await click(".o_crm_first_steps button", "Do not offer again");
            for (let round = 0; round < 100; round++) {
                if (!document.querySelector(".o_crm_first_steps")) {
                    break;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            if (document.querySelector(".o_crm_first_steps")) {
                throw new Error("still offered");
            }
            """,
            READY,
            login="browser_manager",
        )
        self.assertTrue(self.env.company.crm_first_steps_done)

    def test_a_manager_closes_a_day_nobody_planned(self):
        calendar = self.env["resource.calendar"].create({"name": "Working hours"})
        self.browser_js(
            f"/odoo/action-crm_loyalty.resource_calendar_action/{calendar.id}",
            HELPERS
            % """
            await click("button[name=action_crm_close_today]");
            await wait(".ribbon", "Closed Today");
            await click(".oe_stat_button[name=action_crm_open_holidays]");
            await wait(".o_data_row", "Closed");
            await click(".o_back_button, .breadcrumb-item a", "Working hours");
            await click("button[name=action_crm_reopen_today]");
            await wait("button[name=action_crm_close_today]");
            """,
            READY,
            login="browser_manager",
        )
        self.assertFalse(calendar.crm_is_closed_today)
