from num2words import num2words

from odoo import api, fields, models
from odoo.tools import get_lang


class CrmMoneyUnit(models.Model):
    """A unit in which people count money of a currency, such as toman for rial.

    Units are for showing and typing alone: amounts are stored in the currency.
    """

    _name = "crm.money.unit"
    _description = "Money Unit"
    _order = "currency_id, sequence, id"

    name = fields.Char(required=True, translate=True, help="As it stands by amounts.")
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        ondelete="cascade",
        help="The currency in which the amounts are kept.",
    )
    factor = fields.Float(
        "Worth",
        digits=(16, 6),
        default=1,
        required=True,
        help="How much of the currency one of this unit is: 1 toman is 10 rials.",
    )
    decimal_places = fields.Integer(
        "Decimals",
        default=0,
        help="Decimals of a shown amount. Nothing is rounded where it is stored.",
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)

    _factor_positive = models.Constraint(
        "CHECK (factor > 0)", "A unit of money must be worth more than nothing."
    )
    _decimal_places_sane = models.Constraint(
        "CHECK (decimal_places BETWEEN 0 AND 6)", "Decimals go from 0 to 6."
    )

    @api.constrains("currency_id")
    def _check_currency(self):
        # sudo: companies that the user may not see use the unit as well
        companies = self.env["res.company"].sudo()
        companies = companies.search([("crm_money_unit_id", "in", self.ids)])
        companies._check_crm_money_unit()


def in_words(env, number, digits, unit):
    """``12000000, 0, "toman"`` as “twelve million toman”, in the reader's language.

    :param float number: rounded to ``digits`` decimals
    :return: ``""`` for a language, or a size, that has no words in the library
    """
    number = round(number, digits)
    if number == int(number):
        number = int(number)
    try:
        words = num2words(number, lang=get_lang(env).iso_code)
    except (NotImplementedError, OverflowError):
        return ""
    return f"{words} {unit}"
