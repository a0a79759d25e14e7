from odoo import SUPERUSER_ID, api
from odoo.tools import SQL


def migrate(cr, version):
    """Files without a column of costs were loaded with 0: their cost is unknown."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    rows = env.execute_query(
        SQL(
            """
            UPDATE crm_customer_purchase p
               SET cost = NULL
             WHERE p.import_id IS NOT NULL AND p.cost = 0
               AND NOT EXISTS (SELECT FROM crm_customer_purchase_import_column c
                                WHERE c.import_id = p.import_id AND c.target = 'cost')
         RETURNING p.company_id
            """
        )
    )
    env["crm.customer.mark"]._mark(company_ids={row[0] for row in rows})
