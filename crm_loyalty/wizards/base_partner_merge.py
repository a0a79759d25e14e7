from datetime import date

from odoo import api, models
from odoo.tools import SQL


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Join the profiles before Odoo moves foreign keys: it would drop one.

        Purchases follow by Odoo's own move of the keys; their customer is then the
        commercial partner of where they went.
        """
        target = dst_partner.commercial_partner_id
        told = (src_partners | dst_partner).filtered("acquisition_by_hand")
        told = told.sorted(lambda partner: partner.acquisition_date or date.max)[:1]
        acquisition = {
            name: told[name] for name in ("acquisition_channel_id", "acquisition_date")
        }
        self.env["res.partner"]._join_referrals(src_partners, target)
        # Upkeep by the system: profiles may lie in companies the user has not.
        self.env["crm.customer"].sudo()._join_profiles(src_partners, target)
        self.env.flush_all()
        result = super()._update_foreign_keys(src_partners, dst_partner)
        self.env.cr.execute(
            SQL(
                """UPDATE crm_customer_purchase p
                      SET partner_id = contact.commercial_partner_id
                     FROM res_partner contact
                    WHERE contact.id = p.contact_id AND p.contact_id = %s
                      AND p.partner_id <> contact.commercial_partner_id""",
                dst_partner.id,
            )
        )
        self.env.invalidate_all()
        # The customer came as the first of them did.
        if acquisition["acquisition_channel_id"]:
            target.write(
                {
                    "acquisition_channel_id": acquisition["acquisition_channel_id"].id,
                    "acquisition_date": acquisition["acquisition_date"],
                }
            )
        self.env["res.partner"]._acquire([target.id])
        self.env["crm.customer.mark"]._mark([target.id, dst_partner.id])
        return result

    @api.model
    def _update_values(self, src_partners, dst_partner):
        """Odoo writes what both have as a user would; nobody told it by hand."""
        by_hand = dst_partner.acquisition_by_hand
        result = super()._update_values(src_partners, dst_partner)
        if dst_partner.acquisition_by_hand and not by_hand:
            dst_partner.acquisition_by_hand = False
            self.env["res.partner"]._acquire(dst_partner.ids)
        return result
