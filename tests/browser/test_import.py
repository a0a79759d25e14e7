"""The way of a file of purchases, as a sales manager clicks it, in Chromium."""

import base64
from unittest.mock import patch

from test_browser import HELPERS, READY

from odoo.tests import HttpCase, new_test_user, tagged

from odoo.addons.crm_loyalty.models import crm_customer_purchase_import

FILE = """
who,date,value
WEB-1,31/01/2026,10.50
WEB-1,31/01/2026,10.50
WEB-2,30/02/2026,7
"""
# Upload: what the dialog of the system would do with the chosen file.
STEPS = """
    const upload = async (name, text) => {
        const input = await wait(".o_field_widget[name=file] input[type=file]");
        const transfer = new DataTransfer();
        transfer.items.add(new File([text.trim()], name, { type: "text/csv" }));
        input.files = transfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        // The name shows in the field as its value, not as text.
        for (let round = 0; round < 200; round++) {
            const shown = document.querySelector(".o_field_widget[name=file] input");
            if (shown && shown.value === name) {
                return;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        throw new Error("the file is not taken");
    };
    const map = async (column, target) => {
        const cell = await wait("[name=column_ids] .o_data_cell", column);
        const row = cell.closest("tr");
        row.querySelector("[name=target]").click();
        await click(".o_selected_row .o_select_menu_toggler");
        await click(".o_select_menu_item", target);
    };
    const confirm = async () => click(".modal-footer .btn-primary");
"""


@tagged("post_install", "-at_install")
class TestImportBrowser(HttpCase):
    # The job is run while the page reads.
    _registry_readonly_enabled = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "browser_manager", "sales_team.group_sale_manager"
        )

    def _click(self, code):
        self.browser_js(
            "/odoo/action-crm_loyalty.crm_customer_purchase_import_action",
            HELPERS % (STEPS + code),
            READY,
            login="browser_manager",
        )

    def test_manager_maps_checks_loads_and_takes_back(self):
        self._click(
            f"""
            await click(".o_list_button_add");
            await upload("purchases.csv", `{FILE}`);
            await click(".o_field_widget[name=create_contacts] input");
            await click("button[name=action_check]");
            await wait(".modal-body", "exactly one column");
            await confirm();
            await map("who", "Contact: Reference");
            await click("button[name=action_check]");
            await wait(".o_field_widget[name=new_count]", "2");
            await wait(".o_field_widget[name=error_count]", "1");
            await wait(".o_field_widget[name=error_file]", "errors-purchases.csv");
            await click(".o_notebook .nav-link", "First Rows");
            await wait(".o_field_widget[name=preview] td", "01/31/2026");
            await click("button[name=action_load]");
            await confirm();
            await wait(".alert-success", "is loaded");
            await click("button[name=action_undo]");
            await confirm();
            await wait(".o_arrow_button_current", "Taken Back");
            """
        )
        record = self.env["crm.customer.purchase.import"].search([], limit=1)
        self.assertEqual(record.create_uid, self.manager)
        self.assertEqual((record.state, record.date_format), ("undone", "dmy"))
        self.assertFalse(record.purchase_ids)
        contact = self.env["res.partner"].search([("ref", "=", "WEB-1")])
        self.assertTrue(contact)

    def test_manager_does_the_same_in_persian(self):
        self.env["res.lang"]._activate_lang("fa_IR")
        self.env["ir.module.module"].search(
            [("name", "=", "crm_loyalty")]
        )._update_translations(["fa_IR"])
        self.manager.lang = "fa_IR"
        self._click(
            f"""
            await click(".o_list_button_add");
            await upload("purchases.csv", `{FILE}`);
            await click(".o_field_widget[name=create_contacts] input");
            await click("button[name=action_check]");
            await wait(".modal-body", "دقیقاً یک ستون");
            await confirm();
            await map("who", "مخاطب: شناسه");
            await click("button[name=action_check]");
            await wait(".o_field_widget[name=error_count]", "1");
            await click(".o_notebook .nav-link", "سطرهای نخست");
            await wait(".o_field_widget[name=preview] td", "2026/01/31");
            await click("button[name=action_load]");
            await confirm();
            await wait(".alert-success", "فایل بارگذاری شد");
            """
        )
        record = self.env["crm.customer.purchase.import"].search([], limit=1)
        self.assertEqual(record.purchase_ids.contact_id.ref, "WEB-1")
        self.assertIn("روز نیست", base64.b64decode(record.error_file).decode())

    def test_the_page_follows_a_file_that_a_job_loads(self):
        imports = self.registry["crm.customer.purchase.import"]
        read, reads = imports.web_read, []

        def working(records, specification):
            """The job, one step each time the page reads the waiting file."""
            waiting = records.filtered(lambda r: r.state == "queued").sudo()
            if waiting:
                reads.append(waiting.progress)
                if len(reads) == 2:
                    waiting.column_ids[:1].progress = 40
                elif len(reads) == 4:
                    waiting._load()
            return read(records, specification)

        with (
            patch.object(imports, "web_read", working),
            patch.object(crm_customer_purchase_import, "ROWS_AT_ONCE", 1),
        ):
            self._click(
                f"""
                await click(".o_list_button_add");
                await upload("purchases.csv", `{FILE.replace("who", "customer")}`);
                await click(".o_field_widget[name=create_contacts] input");
                await click("button[name=action_check]");
                await wait(".o_field_widget[name=new_count]", "2");
                await click("button[name=action_load]");
                await confirm();
                await wait(".alert-info", "is being loaded");
                await wait(".o_field_widget[name=progress]", "40");
                await wait(".alert-success", "is loaded");
                """
            )
        self.assertGreaterEqual(len(reads), 4)

    def test_the_page_tells_why_a_file_was_not_loaded(self):
        imports = self.registry["crm.customer.purchase.import"]
        read = imports.web_read

        def failing(records, specification):
            records.filtered(lambda r: r.state == "queued").sudo()._fail("Too heavy.")
            return read(records, specification)

        with (
            patch.object(imports, "web_read", failing),
            patch.object(crm_customer_purchase_import, "ROWS_AT_ONCE", 1),
        ):
            self._click(
                f"""
                await click(".o_list_button_add");
                await upload("purchases.csv", `{FILE.replace("who", "customer")}`);
                await click(".o_field_widget[name=create_contacts] input");
                await click("button[name=action_check]");
                await wait(".o_field_widget[name=new_count]", "2");
                await click("button[name=action_load]");
                await confirm();
                await wait(".alert-danger", "Too heavy.");
                await click("button[name=action_check]");
                await wait(".o_field_widget[name=new_count]", "2");
                """
            )
