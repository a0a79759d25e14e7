from odoo import Command, api, models
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

# The tiers a company starts with, best first: name, color, minima. The amounts are in
# company currency and only an example: they must be adapted to it and to the trade.
DEFAULT_TIERS = [
    (_lt("Platinum"), 11, {"net_revenue_12m": 1000, "purchase_count": 10}),
    (_lt("Gold"), 3, {"net_revenue_12m": 300, "purchase_count": 4}),
    (_lt("Silver"), 4, {"net_revenue_12m": 100, "purchase_count": 2}),
    (_lt("Standard"), 7, {"purchase_count": 1}),
]


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        companies = super().create(vals_list)
        companies._create_default_tiers()
        return companies

    def _create_default_tiers(self):
        """Give each company without tiers the default ones, in all active languages."""
        # Who creates a company need not manage sales.
        tiers = (
            self.env["crm.tier"].sudo().with_context(active_test=False, lang="en_US")
        )
        have = tiers.search([("company_id", "in", self.ids)]).company_id
        codes = [code for code, _name in self.env["res.lang"].get_installed()]
        for company in self - have:
            for sequence, (name, color, minima) in enumerate(DEFAULT_TIERS, start=1):
                tier = tiers.create(
                    {
                        "name": name._translate("en_US"),
                        "sequence": 10 * sequence,
                        "color": color,
                        "company_id": company.id,
                        "threshold_ids": [
                            Command.create({"figure": key, "minimum": minimum})
                            for key, minimum in minima.items()
                        ],
                    }
                )
                tier.update_field_translations(
                    "name", {code: name._translate(code) for code in codes}
                )

    @api.model
    def _name_default_tiers(self, codes):
        """Name default tiers in more languages, unless somebody named them there.

        :param list[str] codes: of active languages
        """
        names = {name._translate("en_US"): name for name, *_rest in DEFAULT_TIERS}
        # sudo: tiers of every company, whoever activates a language
        tiers = (
            self.env["crm.tier"].sudo().with_context(active_test=False, lang="en_US")
        )
        for tier in tiers.search([("name", "in", list(names))]):
            translations = {
                code: names[tier.name]._translate(code)
                for code in codes
                if tier.with_context(lang=code).name == tier.name
            }
            tier.update_field_translations("name", translations)
