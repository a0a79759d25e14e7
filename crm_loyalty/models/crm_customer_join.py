from odoo import api, models
from odoo.tools import SQL


class CrmCustomer(models.Model):
    """Joining profiles: contacts that merge, or get another commercial parent."""

    _inherit = "crm.customer"

    @api.model
    def _join_profiles(self, sources, target):
        """Join the profiles of contacts that become part of ``target``.

        Per company the history moves to the survivor, whose own manual values win;
        a manual value it lacks moves too, one it has is noted in the history. Called
        before the contacts are merged, or after one got another commercial parent.
        """
        if target in sources:
            sources -= target
        profiles = self.with_context(active_test=False).search(
            [("partner_id", "in", sources.ids)], order="id"
        )
        for source in profiles:
            survivor = self.with_context(active_test=False).search(
                [
                    ("partner_id", "=", target.id),
                    ("company_id", "=", source.company_id.id),
                ]
            )
            if survivor:
                survivor._absorb(source)
            else:
                # The profile itself goes over: nothing to join in this company.
                self.flush_model()
                self.env.cr.execute(
                    SQL(
                        "UPDATE crm_customer SET partner_id = %s WHERE id = %s",
                        target.id,
                        source.id,
                    )
                )
                self.invalidate_model()
        self.env["crm.customer.mark"]._mark([*sources.ids, target.id])

    def _absorb(self, source):
        """Take over history, messages, files, peak and manual values of ``source``."""
        self.ensure_one()
        self._absorb_manual_values(source)
        self.env.flush_all()
        for statement in self._absorb_statements(source):
            self.env.cr.execute(statement)
        self.env.invalidate_all(flush=False)
        source.unlink()

    def _absorb_statements(self, source):
        """SQL that moves what hangs on ``source``; upper add-ons append theirs."""
        # The history refuses writes: this is the one move it knows.
        statements = [
            SQL(
                "UPDATE crm_customer_history SET customer_id = %s"
                " WHERE customer_id = %s",
                self.id,
                source.id,
            ),
            SQL(
                """UPDATE crm_customer c SET peak_stage = f.stage
                     FROM (SELECT peak_stage AS stage FROM crm_customer WHERE id = %s) f
                    WHERE c.id = %s AND c.peak_stage IS DISTINCT FROM f.stage
                      AND f.stage = %s""",
                source.id,
                self.id,
                self._peak_stage_sql(SQL("c.peak_stage")),
            ),
        ]
        for table in ("mail_message", "mail_activity", "ir_attachment"):
            column = "model" if table == "mail_message" else "res_model"
            statements.append(
                SQL(
                    "UPDATE %s SET res_id = %s"
                    " WHERE %s = 'crm.customer' AND res_id = %s",
                    SQL.identifier(table),
                    self.id,
                    SQL.identifier(column),
                    source.id,
                )
            )
        return statements

    def _absorb_manual_values(self, source):
        """Keep a manual value where the survivor has none; else note it."""
        History = self.env["crm.customer.history"]
        for name, companions in self._manual_fields().items():
            if not source[name]:
                continue
            if not self[name]:
                self._write_unguarded(
                    source._convert_to_write(
                        {field: source[field] for field in (name, *companions.values())}
                    )
                )
            History.create(
                {
                    "customer_id": self.id,
                    "field_name": name,
                    "old_value": History._to_text(self[name]),
                    "new_value": History._to_text(source[name]),
                    "note": self.env._(
                        "Joined from %(contact)s: %(reason)s",
                        contact=source.display_name,
                        reason=source[companions["reason"]],
                    ),
                    "user_id": self.env.uid,
                }
            )
