"""What a salesperson notes of a customer, and finds again, in Chromium."""

from test_browser import HELPERS, READY

from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestKnowledgeBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(
            cls.env, "browser_knowledge", "sales_team.group_sale_salesman"
        )
        cls.contact, cls.other = cls.env["res.partner"].create(
            [
                {"name": name, "user_id": cls.salesperson.id}
                for name in ("Known Customer", "Unknown Customer")
            ]
        )
        cls.lead = cls.env["crm.lead"].create(
            {
                "name": "Known deal",
                "type": "opportunity",
                "partner_id": cls.contact.id,
                "user_id": cls.salesperson.id,
            }
        )
        customers = cls.env["crm.customer"]
        customers._refresh()
        cls.customer = customers.search([("partner_id", "=", cls.contact.id)])
        cls.env.flush_all()

    def _click(self, path, code):
        self.browser_js(path, HELPERS % code, READY, login="browser_knowledge")

    def test_needs_noted_on_profile_and_opportunity_are_found(self):
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            await click(".o_notebook .nav-link", "Needs");
            await click("[name=need_ids] .o_field_x2many_list_row_add a");
            await type("[name=need_ids] .o_selected_row [name=name] input", "Green");
            await click(".o_form_button_save");
            await wait(".o_form_status_indicator_buttons.invisible");
            """,
        )
        self.assertEqual(self.customer.need_ids.name, "Green")
        self._click(
            f"/odoo/action-crm.crm_lead_action_pipeline/{self.lead.id}",
            """
            await wait("[name=customer_needs] span, [name=customer_needs]", "Green");
            await click("button[name=action_crm_note_need]");
            await type(".modal [name=name] input", "Loud music");
            (await wait(".modal [name=kind] input[data-value=dislike]")).click();
            await click(".modal .o_form_button_save");
            await wait("[name=customer_needs]", "Dislikes: Loud music");
            """,
        )
        need = self.customer.need_ids.filtered(lambda need: need.kind == "dislike")
        self.assertEqual(need.lead_id, self.lead)
        self._click(
            "/odoo/customer-profiles?view_type=list",
            """
            await wait(".o_data_row", "Unknown Customer");
            const input = await wait(".o_searchview_input");
            input.focus();
            input.value = "loud";
            input.dispatchEvent(new InputEvent("input", { bubbles: true }));
            await click(".o_searchview_autocomplete .o-dropdown-item a", "Needs");
            await wait(".o_searchview_facet", "loud");
            for (let round = 0; document.querySelectorAll(".o_data_row").length > 1;) {
                if (++round > 200) {
                    throw new Error("the search shows too much");
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            await wait(".o_data_row", "Known Customer");
            """,
        )

    def test_traits_events_and_an_objective_of_a_customer(self):
        self.env["crm.customer.trait"].create(
            {
                "name": "Trade",
                "value_ids": [
                    Command.create({"name": name}) for name in ("Paper", "Food")
                ],
            }
        )
        self._click(
            f"/odoo/customer-profiles/{self.customer.id}",
            """
            const choose = async (field, text) => {
                await type(`${field} input`, text);
                await click(".o-autocomplete--dropdown-item a", text);
            };
            await choose("[name=trait_value_ids]", "Paper");
            await wait("[name=trait_value_ids] .o_tag", "Trade: Paper");
            await choose("[name=trait_value_ids]", "Food");
            await wait("[name=trait_value_ids] .o_tag", "Trade: Food");
            await click(".o_notebook .nav-link", "Life Events");
            await click("[name=event_ids] .o_field_x2many_list_row_add a");
            await choose("[name=event_ids] .o_selected_row [name=kind_id]", "Tender");
            await type("[name=event_ids] .o_selected_row [name=date] input", "+40d");
            await click(".o_notebook .nav-link", "Objectives");
            await click("[name=objective_ids] .o_field_x2many_list_row_add a");
            const row = "[name=objective_ids] .o_selected_row";
            await type(`${row} [name=name] input`, "Grow");
            await type(`${row} [name=percent] input`, "25");
            await click(".o_form_button_save");
            await wait(".o_form_status_indicator_buttons.invisible");
            await wait("[name=objective_ids] .o_data_row [name=progress]", "25");
            """,
        )
        self.assertEqual(self.customer.trait_value_ids.name, "Food")
        self.assertEqual(self.customer.event_ids.remind_days, 30)
        self.assertEqual(self.customer.objective_ids.progress, 25)

    def test_an_objection_and_the_competitor_a_deal_is_lost_to(self):
        self.env["crm.competitor"].create({"name": "Rival Paper"})
        reason = {"name": "Bought elsewhere", "is_to_competitor": True}
        self.env["crm.lost.reason"].create([reason, {"name": "No money"}])
        answer = self.env["crm.objection.answer"].create(
            {"name": "It lasts twice as long", "cause": "price"}
        )
        self.env["crm.objection"].create(
            {
                "name": "Dear",
                "cause": "price",
                "answer_id": answer.id,
                "helped": "yes",
            }
        )
        self._click(
            f"/odoo/action-crm.crm_lead_action_pipeline/{self.lead.id}",
            """
            await click(".o_notebook .nav-link", "Objections");
            await click("[name=objection_ids] .o_field_x2many_list_row_add a");
            const row = "[name=objection_ids] .o_selected_row";
            await click(`${row} [name=cause] .o_select_menu_toggler`);
            await click(".o_field_selection_menu .o_select_menu_item", "Price");
            await type(`${row} [name=name] input`, "Too dear");
            await click(".o_form_button_save");
            await wait(".o_form_status_indicator_buttons.invisible");
            await click("[name=objection_ids] button[name=action_open]");
            await wait(".modal [name=proven_answer_ids] .o_data_row", "twice as long");
            await type(".modal [name=answer_id] input", "twice");
            await click(".o-autocomplete--dropdown-item a", "twice as long");
            await click(".modal .o_form_button_save");
            await wait("[name=objection_ids] .o_data_row [name=answer_id]", "twice");
            await click(".o_form_view .o_statusbar_buttons button", "Lost");
            await click(".modal .o_selection_badge", "No money");
            if (document.querySelector(".modal [name=competitor_id]")) {
                throw new Error("no competitor has to do with that reason");
            }
            await click(".modal .o_selection_badge", "Bought elsewhere");
            await type(".modal [name=competitor_id] input", "Rival");
            await click(".o-autocomplete--dropdown-item a", "Rival Paper");
            await click(".modal button[name=action_lost_reason_apply]");
            await wait(".o_action_manager .o_form_view .ribbon", "Lost");
            """,
        )
        self.assertEqual(self.lead.competitor_id.name, "Rival Paper")
        self.assertEqual(self.lead.objection_ids.answer, "It lasts twice as long")
        self._click(
            "/odoo/competitors",
            """
            await click(".o_data_row .o_data_cell", "Rival Paper");
            await click(".oe_stat_button[name=action_open_lost]", "1");
            await wait(".o_list_view .o_data_row", "Known deal");
            """,
        )
