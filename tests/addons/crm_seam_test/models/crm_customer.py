from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomer(models.Model):
    """Counts a customer's contact persons; three of them make an advocate."""

    _inherit = "crm.customer"

    person_count = fields.Integer("Contact Persons", readonly=True)

    @api.model
    def _profile_facts_sql(self, as_of, partner_ids=None):
        return SQL(
            """SELECT facts.*, COALESCE(person.count, 0) AS person_count
                 FROM (%(facts)s) facts
                 LEFT JOIN LATERAL (
                      SELECT commercial_partner_id AS partner_id, COUNT(*) AS count
                        FROM res_partner
                       WHERE commercial_partner_id <> id AND %(customers)s
                       GROUP BY 1
                      ) person ON person.partner_id = facts.partner_id""",
            facts=super()._profile_facts_sql(as_of, partner_ids),
            customers=self._among_sql(
                SQL("commercial_partner_id"), partner_ids, SQL("facts.partner_id")
            ),
        )

    @api.model
    def _profile_columns(self):
        return [*super()._profile_columns(), "person_count"]

    def _caller_card_sections(self):
        section = {
            "key": "persons",
            "sequence": 15,
            "title": "Contact Persons",
            "rows": [("Number", str(self.person_count))],
        }
        return [*super()._caller_card_sections(), section]

    @api.model
    def _stage_rules(self, as_of, thresholds):
        rules = super()._stage_rules(as_of, thresholds)
        place = [stage for stage, _condition in rules].index("regular")
        condition = SQL("f.phase = 'active' AND f.person_count >= 3")
        return [*rules[:place], ("advocate", condition), *rules[place:]]
