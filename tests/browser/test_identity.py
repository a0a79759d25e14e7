"""What a salesperson in Iran sees of the numbers of his contacts, in Chromium."""

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged

READS_FROM_THE_LEFT = """
    const readsFromTheLeft = (element) => {
        const place = (index) => {
            const range = document.createRange();
            range.setStart(element.firstChild, index);
            range.setEnd(element.firstChild, index + 1);
            return range.getBoundingClientRect().left;
        };
        if (element.textContent[0] !== "+" || place(0) > place(1)) {
            throw new Error(`the + comes last: ${element.outerHTML}`);
        }
    };
"""


@tagged("post_install", "-at_install")
class TestIdentityBrowser(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("fa_IR")
        cls.env["ir.module.module"].search(
            [("name", "=", "crm_loyalty")]
        )._update_translations(["fa_IR"])
        cls.env.company.country_id = cls.env.ref("base.ir")
        new_test_user(
            cls.env,
            "browser_tehran",
            "sales_team.group_sale_salesman,base.group_partner_manager",
            lang="fa_IR",
        )
        cls.first = cls.env["res.partner"].create(
            {"name": "زهرا احمدی", "vat": "0076229645"}
        )

    def test_salesperson_is_told_of_wrong_numbers_and_of_the_first_person(self):
        self.browser_js(
            "/odoo/action-base.action_partner_form/new",
            HELPERS
            % """
            await type(".o_field_widget[name=name] :is(input, textarea)", "نفر دوم");
            await type(".o_field_widget[name=vat] input", "۰۰۷-۶۲۲۹۶۴-۶");
            await wait("[name=identity_warning]", "کد ملی 0076229646");
            await wait("[name=identity_warning]", "رقم آخر");
            if (getComputedStyle(document.body).direction !== "rtl") {
                throw new Error("not right to left");
            }
            await type(".o_field_widget[name=vat] input", "۰۰۷۶۲۲۹۶۴۵");
            await wait("[name=warning_tax]", "زهرا احمدی");
            for (let round = 0; round < 100; round++) {
                if (!document.querySelector("div[name=identity_warning]")) {
                    break;
                }
                await new Promise((resolve) => setTimeout(resolve, 50));
            }
            if (document.querySelector("div[name=identity_warning]")) {
                throw new Error("a right number is called wrong");
            }
            await click(".o_form_button_save");
            await wait(".o_form_saved");
            """,
            READY,
            login="browser_tehran",
        )
        second = self.env["res.partner"].search([("name", "=", "نفر دوم")])
        self.assertEqual(second.vat, "0076229645")

    def test_salesperson_types_a_range_of_phone_numbers(self):
        self.browser_js(
            f"/odoo/action-base.action_partner_form/{self.first.id}",
            HELPERS
            % (
                READS_FROM_THE_LEFT
                + """
            await click(".nav-link[name=phone_numbers]", "شماره‌های تلفن");
            await click("[name=phone_number_ids] .o_field_x2many_list_row_add a");
            await type(
                "[name=phone_number_ids] .o_selected_row [name=number] input",
                "۰۲۱-۸۸۷۷۶۶۵۵-۵۷ داخلی ۳"
            );
            await click(".o_form_button_save");
            await wait("[name=phone_number_ids] .o_data_row", "+982188776657");
            readsFromTheLeft(
                await wait("[name=phone_number_ids] .o_field_phone a", "+982188776657")
            );
            """
            ),
            READY,
            login="browser_tehran",
        )
        self.assertEqual(
            self.first.phone_number_ids.mapped("extension"), ["3", "3", "3"]
        )

    def test_numbers_on_cards_read_from_the_left(self):
        self.first.write({"is_company": True, "phone": "+982188776655"})
        self.first.child_ids = self.env["res.partner"].create(
            {"name": "Aram", "phone": "+982188776644"}
        )
        for path, number in (
            ("action-base.action_partner_form?view_type=kanban", "+982188776655"),
            (f"action-base.action_partner_form/{self.first.id}", "+982188776644"),
        ):
            self.browser_js(
                f"/odoo/{path}",
                HELPERS
                % (
                    READS_FROM_THE_LEFT
                    + f"""
                    readsFromTheLeft(
                        await wait(".o_kanban_record i.fa-phone + span", "{number}")
                    );
                    """
                ),
                READY,
                login="browser_tehran",
            )
