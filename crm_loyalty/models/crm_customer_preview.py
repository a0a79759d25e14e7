from odoo import api, models
from odoo.tools import SQL


class CrmCustomer(models.Model):
    """What other thresholds would make of the customers, before they are saved."""

    _inherit = "crm.customer"

    @api.model
    def _preview_classes(self, thresholds, as_of=None):
        """Count the customers of the environment's company by class, now and then.

        The facts are read once, and the rules run twice over them: with the company's
        own thresholds and with the given ones. Nothing is written, and archived
        customers are left out, as in lists. Figures are of the whole company: the
        caller asks whether its user may see all customers.

        :param lifecycle.Thresholds thresholds: to try
        :param datetime.date as_of: as in `_refresh`
        :return: ``{"stage": {(now, then): customers}, "phase": {...}}``
        """
        self.env.flush_all()
        as_of = as_of or self._today()
        own = self.env.company._crm_thresholds()
        facts = SQL("SELECT * FROM facts")
        self._plan_for_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH facts AS MATERIALIZED (%(facts)s)
                SELECT old.stage, fresh.stage, old.phase, fresh.phase, COUNT(*)
                  FROM (%(old)s) old
                  JOIN (%(fresh)s) fresh ON fresh.partner_id = old.partner_id
                 WHERE old.active
                 GROUP BY 1, 2, 3, 4
                """,
                facts=self._profile_facts_sql(as_of),
                old=self._classified_sql(facts, as_of, own),
                fresh=self._classified_sql(facts, as_of, thresholds),
            )
        )
        self._plan_as_usual()
        counts = {"stage": {}, "phase": {}}
        for old_stage, new_stage, old_phase, new_phase, number in rows:
            for name, pair in (
                ("stage", (old_stage, new_stage)),
                ("phase", (old_phase, new_phase)),
            ):
                counts[name][pair] = counts[name].get(pair, 0) + number
        return counts
