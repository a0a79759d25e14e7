from odoo.tools import SQL


def migrate(cr, version):
    """Note of every referral the customer that its referrer belongs to, in one go."""
    cr.execute(
        SQL(
            """ALTER TABLE crm_referral
                 ADD COLUMN IF NOT EXISTS referrer_customer_id integer"""
        )
    )
    cr.execute(
        SQL(
            """UPDATE crm_referral r SET referrer_customer_id = p.commercial_partner_id
                 FROM res_partner p WHERE p.id = r.referrer_id"""
        )
    )
