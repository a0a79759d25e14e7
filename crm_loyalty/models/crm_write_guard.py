from odoo import models


class CrmWriteGuard(models.AbstractModel):
    """Nobody moves a row of his where he has no right to: to another company, say."""

    _name = "crm.write.guard"
    _description = "Access Is Asked After a Change Too"

    def write(self, vals):
        result = super().write(vals)
        # Odoo asks before a change; now the row may be a foreign one.
        self.check_access("write")
        return result
