import json

from odoo.http import request

from odoo.addons.web.controllers import export


class UnitsInHeads:
    """Heads of the columns that `crm.export` converts name their unit."""

    def base(self, data):
        params = json.loads(data)
        records = request.env.get(params["model"])
        if hasattr(records, "_export_label") and not params["import_compat"]:
            records = records.with_context(**params.get("context", {}))
            for column in params["fields"]:
                column["label"] = records._export_label(column["name"], column["label"])
        return super().base(json.dumps(params))


class CSVExport(UnitsInHeads, export.CSVExport):
    pass


class ExcelExport(UnitsInHeads, export.ExcelExport):
    pass
