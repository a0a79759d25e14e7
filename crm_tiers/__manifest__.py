{
    "name": "CRM Tiers",
    "summary": "Customer tiers by revenue and purchases, shown where people sell",
    "version": "19.0.1.0.0",
    "author": "CRM Loyalty contributors",
    "license": "LGPL-3",
    "category": "Sales/CRM",
    "depends": ["crm_loyalty"],
    "data": [
        # Access
        "security/ir.model.access.csv",
        "security/crm_tiers_rules.xml",
        # Views
        "views/crm_tier_views.xml",
        "views/crm_customer_views.xml",
        "views/crm_lead_views.xml",
        "views/res_partner_views.xml",
        "views/sale_order_views.xml",
        "views/account_move_views.xml",
        "views/crm_tiers_menus.xml",
    ],
    "post_init_hook": "post_init_hook",
}
