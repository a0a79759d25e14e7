from . import (
    crm_customer,
    crm_customer_history,
    crm_customer_link,
    crm_tier,
    crm_tier_threshold,
    res_company,
    res_lang,
)
