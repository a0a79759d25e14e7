import math

from odoo import api, fields, models
from odoo.tools import SQL


class CrmPoints(models.AbstractModel):
    """The one door to the points of customers: as yet they are Odoo's loyalty cards."""

    _name = "crm.points"
    _description = "Points of Customers"

    @api.model
    def _points_add(self, partner, company, points, reason, key, program=None):
        """Give a customer points, or take some away; once by key, whatever happens.

        Never more is taken than there is. The balance is locked by being written, so
        that two at a time cannot both spend it.

        :param partner: any contact of the customer
        :param company: whose program it is
        :param int points: negative to take away
        :param str reason: told on the card
        :param str key: what makes this movement unique
        :param program: the `loyalty.program`; default that of the company's referrals
        :return: points that were moved, negative where taken; by an earlier call with
            this key, what that one moved
        :rtype: int
        """
        # sudo: points are moved by rules; nobody who asks need have rights on cards
        self = self.sudo().with_company(company)
        moved = self._points_moved(key)
        if moved is not None:
            return moved
        card = self._points_card(
            partner.commercial_partner_id,
            # sudo: as above; the company's program alone is read
            program or company.sudo().crm_referral_program_id,
            create=points > 0,
        )
        if not card:
            return 0
        card.flush_recordset()
        [[balance]] = self.env.execute_query(
            SQL(
                "UPDATE loyalty_card SET points = points WHERE id = %s"
                " RETURNING COALESCE(points, 0)",
                card.id,
            )
        )
        moved = max(points, -math.floor(max(balance, 0)))
        if not moved:
            return 0
        added = self.env.execute_query(
            SQL(
                """INSERT INTO loyalty_history
                          (card_id, description, issued, used, crm_key,
                           create_uid, create_date, write_uid, write_date)
                   VALUES (%(card)s, %(reason)s, %(issued)s, %(used)s, %(key)s,
                           %(uid)s, %(now)s, %(uid)s, %(now)s)
                   ON CONFLICT (crm_key) WHERE crm_key IS NOT NULL DO NOTHING
                   RETURNING id""",
                card=card.id,
                reason=reason,
                issued=max(moved, 0),
                used=max(-moved, 0),
                key=key,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        if not added:
            return self._points_moved(key) or 0
        card.invalidate_recordset()
        card.points = balance + moved
        return moved

    @api.model
    def _points_moved(self, key):
        """What the movement of this key moved; ``None`` if there was none."""
        rows = self.env.execute_query(
            SQL(
                "SELECT COALESCE(issued, 0) - COALESCE(used, 0)"
                " FROM loyalty_history WHERE crm_key = %s",
                key,
            )
        )
        return int(rows[0][0]) if rows else None

    @api.model
    def _points_card(self, customer, program, create):
        """The customer's card of a program, made if wanted and there is none."""
        cards = self.env["loyalty.card"]
        domain = [("program_id", "=", program.id)]
        card = cards.search([*domain, ("partner_id", "=", customer.id)], limit=1)
        if not card:
            # Odoo looks up the card of the contact that orders.
            inside = ("partner_id.commercial_partner_id", "=", customer.id)
            card = cards.search([*domain, inside], order="id", limit=1)
        if not card and create and program:
            values = {"program_id": program.id, "partner_id": customer.id}
            card = cards.create(values)
        return card


class LoyaltyHistory(models.Model):
    _inherit = "loyalty.history"

    crm_key = fields.Char(
        "Key", readonly=True, copy=False, help="What makes this movement unique."
    )

    _crm_key_idx = models.UniqueIndex(
        "(crm_key) WHERE crm_key IS NOT NULL", "These points were moved before."
    )
