"""Every date in a view of ours can be shown and typed in the Jalali calendar."""

from lxml import etree

from odoo.tests import TransactionCase, tagged

OURS = ("crm_loyalty", "crm_tiers", "crm_voc", "crm_gifts")
SHOWN = ("form", "list", "kanban")


@tagged("post_install", "-at_install")
class TestDates(TransactionCase):
    def test_every_date_has_the_jalali_widget(self):
        data = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "in", OURS)]
        )
        views = self.env["ir.ui.view"].browse(data.mapped("res_id"))
        dates = [
            (view.name, node.get("name"), node.get("widget"))
            for view in views
            if view.type in SHOWN
            for node in self._date_fields(view)
        ]
        # On a form, in a list, on a card, and in a list inside of a form.
        for view, field in (
            ("crm.customer.form", "left_date"),
            ("crm.customer.list", "last_purchase_date"),
            ("crm.customer.kanban", "last_purchase_date"),
            ("crm.customer.form", "date"),
        ):
            self.assertIn((view, field, "jalali_date"), dates)
        self.assertFalse([date for date in dates if date[2] != "jalali_date"])

    def _date_fields(self, view):
        """Return the nodes of dates and moments in a view, in lists inside as well."""
        nodes = []
        # One with a position says where to add, and shows nothing itself.
        for node in etree.fromstring(view.arch_db).xpath("//field[not(@position)]"):
            model = self.env[view.model]
            for parent in node.xpath("ancestor::field[not(@position)]"):
                model = self.env[model._fields[parent.get("name")].comodel_name]
            field = model._fields[node.get("name")]
            hidden = "1" in (node.get("invisible"), node.get("column_invisible"))
            if field.type in ("date", "datetime") and not hidden:
                nodes.append(node)
        return nodes
