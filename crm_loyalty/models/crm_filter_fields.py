from odoo import api, models

DATES = ("date", "datetime")


class CrmFilterFields(models.AbstractModel):
    """Fields that a custom filter shows and reads as screens of ours do.

    The client knows them by the attribute ``crm_shown_as`` of their description. The
    filter itself, as it is sent and saved, holds plain dates and stored amounts.
    """

    _name = "crm.filter.fields"
    _description = "Fields as Custom Filters Show Them"
    # Dates of ours on a model of Odoo's.
    _crm_jalali_dates = ()

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        descriptions = super().fields_get(allfields, attributes)
        if attributes is None or "crm_shown_as" in attributes:
            for name, description in descriptions.items():
                shown_as = self._crm_shown_as(self._fields[name])
                if shown_as:
                    description["crm_shown_as"] = shown_as
        return descriptions

    @api.model
    def _crm_shown_as(self, field):
        """How people read and type values of a field.

        :param fields.Field field: of this model
        :return: ``"jalali"``: by whoever chose that calendar; ``"money"``: in the unit
            of the company, where it chose one; ``None``: as Odoo shows them
        """
        return "jalali" if field.name in self._crm_jalali_dates else None
