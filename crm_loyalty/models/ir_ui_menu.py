from odoo import models

# Who sees all customers anyway.
SEE_ALL = (
    "sales_team.group_sale_salesman_all_leads",
    "account.group_account_invoice",
    "account.group_account_readonly",
)


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    def _load_menus_blacklist(self):
        """Whoever no company has in its pilot has no menu of customers."""
        hidden = super()._load_menus_blacklist()
        user = self.env.user
        if any(user.has_group(group) for group in SEE_ALL):
            return hidden
        # sudo: only whether pilots go on in his own companies
        companies = user.sudo().company_ids.with_env(self.env).sudo()
        if not companies.filtered_domain(companies._crm_open_domain()):
            menu = self.env.ref("crm_loyalty.menu_crm_customers", False)
            hidden += menu.ids if menu else []
        return hidden
