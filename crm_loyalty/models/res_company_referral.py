from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .crm_referral import REWARDS


class ResCompany(models.Model):
    """What a company gives for a friend that was brought."""

    _inherit = "res.company"

    crm_referral_reward = fields.Selection(
        REWARDS,
        "Reward for Referrals",
        default="none",
        required=True,
        help="What a customer gets for a friend he brought, once the friend's first "
        "invoice is really paid.",
    )
    crm_referral_program_id = fields.Many2one(
        "loyalty.program",
        "Program of Referral Rewards",
        ondelete="restrict",
        help="The loyalty program whose points are given, or the coupon program.",
    )
    crm_referral_points = fields.Integer(
        "Points for a Referral", default=100, help="Whole points for each friend."
    )

    @api.constrains(
        "crm_referral_reward", "crm_referral_program_id", "crm_referral_points"
    )
    def _check_crm_referral_reward(self):
        types = {"points": "loyalty", "coupon": "coupons"}
        # sudo: a shared program may be of a company that the user may not enter
        for company in self.sudo():
            wanted = types.get(company.crm_referral_reward)
            program = company.crm_referral_program_id
            if not wanted:
                continue
            if program.program_type != wanted:
                raise ValidationError(
                    self.env._(
                        "%(company)s: choose a program of loyalty cards for points, or "
                        "of coupons for coupons, as the reward of referrals.",
                        company=company.name,
                    )
                )
            if program.company_id and program.company_id not in (
                company | company.parent_ids
            ):
                raise ValidationError(
                    self.env._(
                        "%(company)s: the program %(program)s is of another company.",
                        company=company.name,
                        program=program.name,
                    )
                )
            if wanted == "loyalty" and company.crm_referral_points <= 0:
                raise ValidationError(
                    self.env._(
                        "%(company)s: a referral earns at least one point.",
                        company=company.name,
                    )
                )
