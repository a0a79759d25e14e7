{
    "name": "CRM Loyalty",
    "summary": "Who your customers are, what each is worth and what to do next",
    "version": "19.0.1.5.0",
    "author": "CRM Loyalty contributors",
    "license": "LGPL-3",
    "category": "Sales/CRM",
    "depends": [
        "phone_validation",
        "sale_crm",
        "sale_loyalty",
        "sale_margin",
        "sms",
    ],
    "external_dependencies": {
        "python": ["hijridate", "jdatetime", "openpyxl", "phonenumbers", "xlsxwriter"],
    },
    "data": [
        # Groups and access
        "security/crm_loyalty_groups.xml",
        "security/ir.model.access.csv",
        "security/crm_loyalty_rules.xml",
        "security/crm_knowledge_rules.xml",
        # Data
        "data/ir_cron_data.xml",
        "data/crm_money_unit_data.xml",
        "data/crm_profile_requirement_data.xml",
        # Views
        "views/crm_customer_history_views.xml",
        "views/crm_customer_need_views.xml",
        "views/crm_customer_purchase_views.xml",
        "views/crm_customer_purchase_import_views.xml",
        "views/crm_customer_views.xml",
        "views/crm_money_unit_views.xml",
        "views/crm_profile_requirement_views.xml",
        "wizards/crm_customer_handover_views.xml",
        "views/crm_lead_views.xml",
        "views/crm_lost_reason_views.xml",
        "views/res_partner_views.xml",
        "views/res_users_views.xml",
        "views/sale_order_views.xml",
        "views/account_move_views.xml",
        "views/resource_calendar_views.xml",
        "views/res_config_settings_views.xml",
        "views/crm_loyalty_menus.xml",
    ],
    "demo": [
        "demo/res_users_demo.xml",
        "demo/crm_demo.xml",
        "demo/cdnow_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "crm_loyalty/static/src/**/*",
            ("remove", "crm_loyalty/static/src/**/*_reports.js"),
        ],
        # Pivots and graphs come when the first one is opened.
        "web.assets_backend_lazy": ["crm_loyalty/static/src/**/*_reports.js"],
        "web.assets_unit_tests": ["crm_loyalty/static/tests/**/*"],
    },
    "post_init_hook": "post_init_hook",
    "uninstall_hook": "uninstall_hook",
}
