from odoo import api, models
from odoo.models import fix_import_export_id_paths

from .crm_filter_fields import DATES


class CrmExport(models.AbstractModel):
    """Files that show what the screen shows, where that is not what is stored.

    An export that can be imported again keeps the stored values, and so does
    ``export_data`` of whoever does not say that it shall not be.
    """

    _name = "crm.export"
    _description = "Exports That Show What the Screen Shows"
    _inherit = ["crm.filter.fields"]
    # Whether screens of this model show money in the company's unit: Odoo's own do not.
    _shows_money_in_unit = False

    def export_data(self, fields_to_export):
        paths = list(fields_to_export)
        shown = {}
        if not self.env.context.get("import_compat", True):
            for column, path in enumerate(paths):
                show = self._export_shown(self._exported_field(path))
                if show:
                    shown[column] = show
        if not shown:
            return super().export_data(paths)
        rows = super().export_data(paths)["datas"]
        return {
            "datas": [
                [
                    shown[column](value) if column in shown else value
                    for column, value in enumerate(row)
                ]
                for row in rows
            ]
        }

    @api.model
    def _export_shown(self, field):
        """How a file shows the values of a column: asked once for each column.

        :param fields.Field field: of this model or of one it leads to; ``None`` for
            the number of a record and for properties
        :return: ``None`` where Odoo's own value is right; else a function of Odoo's
            value, such as a date, or an empty text where the row has none, that gives
            the value for the file
        """
        display = self._export_money_display(field)
        if display:
            return lambda value: value if value in ("", False) else display.shown(value)
        user = self.env.user
        is_date = field is not None and field.type in DATES
        if not is_date or not user._crm_reads_jalali():
            return None
        # Odoo gives moments in the reader's time zone.
        return user._crm_format_date

    @api.model
    def _export_money_display(self, field):
        """How amounts of a column are shown; ``None``: as they are stored.

        A file over companies of several currencies keeps the stored amounts: a column
        has one unit. So do amounts of other models, and of documents in a currency of
        their own.

        :rtype: MoneyDisplay
        """
        if (
            field is None
            or not self._is_money_in_unit(field)
            or len(self.env.companies.currency_id) > 1
        ):
            return None
        return self.env.company._crm_money_display()

    @api.model
    def _is_money_in_unit(self, field):
        """Whether screens of this model show amounts of a field in the unit."""
        return (
            self._shows_money_in_unit
            and field.type == "monetary"
            and field.model_name == self._name
            and field.get_currency_field(self) == "currency_id"
        )

    @api.model
    def _crm_shown_as(self, field):
        if self._is_money_in_unit(field):
            return "money"
        return "jalali" if field.type in DATES else None

    @api.model
    def _export_label(self, path, label):
        """The head of a column: it names the unit of converted amounts."""
        display = self._export_money_display(self._exported_field(path))
        return f"{label} ({display.label})" if display else label

    @api.model
    def _exported_field(self, path):
        """The field at the end of a path such as ``partner_id/create_date``."""
        model, field = self, None
        for name in fix_import_export_id_paths(path):
            field = model._fields.get(name) if model is not None else None
            is_relation = field is not None and field.relational
            model = self.env[field.comodel_name] if is_relation else None
        return field
