from . import base_partner_merge
from . import crm_caller_card
from . import crm_customer_handover
from . import crm_first_steps
from . import crm_lead_lost
