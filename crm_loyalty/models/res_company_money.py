from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import formatLang

from ..l10n.money import MoneyDisplay
from .crm_money_unit import in_words

MONEY_SCALES = [("1", "Single"), ("1000", "Thousands"), ("1000000", "Millions")]


class ResCompany(models.Model):
    """In which unit and scale a company's money is shown."""

    _inherit = "res.company"

    crm_money_unit_id = fields.Many2one(
        "crm.money.unit",
        "Money Is Shown In",
        domain="[('currency_id', '=', currency_id)]",
        ondelete="restrict",
        help="The unit of amounts on screens, in reports and files of customers. "
        "Empty: the company's currency. Stored amounts stay in the currency.",
    )
    crm_money_scale = fields.Selection(
        MONEY_SCALES,
        "Scale of Money",
        default="1",
        required=True,
        help="Large amounts are easier to read in thousands or millions of the unit.",
    )

    @api.constrains("currency_id", "crm_money_unit_id")
    def _check_crm_money_unit(self):
        for company in self:
            unit = company.crm_money_unit_id
            if unit and unit.currency_id != company.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(company)s keeps its books in %(currency)s: its money is "
                        "not shown in %(unit)s, a unit of %(other)s. Choose another.",
                        company=company.name,
                        currency=company.currency_id.name,
                        unit=unit.name,
                        other=unit.currency_id.name,
                    )
                )

    def _crm_money_display(self):
        """How this company's money is shown, in the reader's language.

        :rtype: MoneyDisplay
        :return: ``None`` where amounts are shown as Odoo shows them
        """
        self.ensure_one()
        unit, scale = self.crm_money_unit_id, int(self.crm_money_scale)
        if not unit and scale == 1:
            return None
        currency = self.currency_id
        label = unit.name or currency.symbol or currency.name
        digits = unit.decimal_places if unit else currency.decimal_places
        if scale == 1000:
            label, digits = self.env._("thousand %(unit)s", unit=label), 1
        elif scale == 1000000:
            label, digits = self.env._("million %(unit)s", unit=label), 2
        return MoneyDisplay(currency.id, (unit.factor or 1) * scale, label, digits)

    def _crm_format_money(self, amount, currency):
        """An amount as text, the way this company shows money of ``currency``."""
        display = self._crm_money_display()
        if not display or display.currency_id != currency.id:
            return currency.format(amount)
        number = formatLang(self.env, display.shown(amount), digits=display.digits)
        return f"{number}\N{NO-BREAK SPACE}{display.label}"

    def _crm_money_example(self, unit, scale):
        """What a unit and a scale would make of an amount, as a sentence."""
        currency, amount = self.currency_id, 123_456_789
        chosen = self.new(
            {
                "currency_id": currency.id,
                "crm_money_unit_id": unit.id,
                "crm_money_scale": scale,
            }
        )
        return self.env._(
            "%(stored)s is shown as %(shown)s",
            stored=currency.format(amount),
            shown=chosen._crm_format_money(amount, currency),
        )

    def _crm_money_in_words(self, amount, currency):
        """An amount in words of the reader's language; ``""`` where it has none.

        Words name the company's unit without its scale: “two million toman”.
        """
        self.ensure_one()
        unit = self.crm_money_unit_id
        if unit and unit.currency_id == currency:
            digits = unit.decimal_places
            return in_words(self.env, amount / unit.factor, digits, unit.name)
        return in_words(self.env, amount, currency.decimal_places, currency.name)
