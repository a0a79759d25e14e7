from . import crm_customer
from . import crm_channel_report
