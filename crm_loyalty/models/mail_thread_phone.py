from odoo import api, models
from odoo.fields import Domain

from ..l10n import phone
from ..l10n.text import storable


class Base(models.AbstractModel):
    _inherit = "base"

    @api.model
    def _phone_format_number(
        self, number, country, force_format="E164", raise_exception=False
    ):
        """Read also what `l10n.phone` reads: extensions, ranges, local numbers.

        Of several numbers the first is meant; for people (other formats than E.164)
        the text is left as it was typed, since the others would be lost.
        """
        area_code = self.env.company._crm_area_code(country)
        phones = phone.read(number, country.code, area_code) if number else []
        if phones and phones[0].is_known:
            if force_format != "E164" and (len(phones) > 1 or phones[0].extension):
                return number
            number = phones[0].number
        return super()._phone_format_number(
            number, country, force_format=force_format, raise_exception=raise_exception
        )


class MailThreadPhone(models.AbstractModel):
    _inherit = "mail.thread.phone"

    # Path to the further numbers of the contact.
    _phone_numbers_path = None

    def _search_phone_mobile_search(self, operator, value):
        """Find a number however it is typed and was typed, whole or in part."""
        if isinstance(value, str):
            value = storable(value)
        country = self.env.company.country_id.code
        number = phone.tail(value, country) if isinstance(value, str) else ""
        if operator not in ("ilike", "like", "=", "=ilike", "=like") or (
            len(number) < phone.SHORTEST
        ):
            return super()._search_phone_mobile_search(operator, value)
        [first, *_others] = phone.read(value, country)
        # Kept in two forms: as typed, and as it is dialled from anywhere.
        if operator == "=" or first.is_known:
            sanitized = ("=", first.number)
        else:
            sanitized = ("ilike", number)
        domain = Domain("phone_sanitized", *sanitized)
        if self._phone_numbers_path:
            path = f"{self._phone_numbers_path}.phone_sanitized"
            domain |= Domain(path, *sanitized)
        if operator == "=":
            return domain | super()._search_phone_mobile_search(operator, value)
        return domain | super()._search_phone_mobile_search("ilike", number)
