from odoo.tools import SQL


def migrate(cr, version):
    """Loyalty managers were sales managers by it; now it is the other way round.

    Who had the group keeps what he could do.
    """
    cr.execute(
        SQL(
            """INSERT INTO res_groups_users_rel (uid, gid)
               SELECT rel.uid, sales.res_id
                 FROM res_groups_users_rel rel
                 JOIN ir_model_data loyalty
                   ON loyalty.res_id = rel.gid AND loyalty.module = 'crm_loyalty'
                  AND loyalty.name = 'group_loyalty_manager'
                 JOIN ir_model_data sales
                   ON sales.module = 'sales_team' AND sales.name = 'group_sale_manager'
               ON CONFLICT DO NOTHING"""
        )
    )
