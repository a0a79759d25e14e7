from . import crm_customer
