from . import crm_tier
from . import crm_tier_threshold
from . import crm_customer
from . import crm_customer_history
from . import crm_customer_link
from . import res_company
