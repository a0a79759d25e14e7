"""Dates and money in views of ours are shown as the reader and his company choose."""

import re

from lxml import etree

from odoo.tests import TransactionCase, tagged

OURS = ("crm_loyalty", "crm_tiers", "crm_voc", "crm_gifts")
SHOWN = ("form", "list", "kanban")
# Views that show aggregates: they convert all money of their model.
CONVERTING = {
    "pivot": ("crm_money_pivot",),
    "graph": ("crm_money_graph",),
    # The second one is made of the first.
    "kanban": ("crm_money_kanban", "crm_customer_kanban"),
}


@tagged("post_install", "-at_install")
class TestWidgets(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        data = cls.env["ir.model.data"].search(
            [("model", "=", "ir.ui.view"), ("module", "in", OURS)]
        )
        cls.views = cls.env["ir.ui.view"].browse(data.mapped("res_id"))

    def test_every_date_has_the_jalali_widget(self):
        dates = self._shown("date", "datetime")
        # On a form, in a list, on a card, and in a list inside of a form.
        for view, field in (
            ("crm.customer.form", "left_date"),
            ("crm.customer.list", "last_purchase_date"),
            ("crm.customer.kanban", "last_purchase_date"),
            ("crm.customer.form", "date"),
        ):
            self.assertIn((view, field, "jalali_date"), dates)
        self.assertFalse([date for date in dates if date[2] != "jalali_date"])

    def test_every_amount_has_the_widget_of_money(self):
        amounts = self._shown("monetary")
        for view, field in (
            ("crm.customer.form", "net_revenue_12m"),
            ("crm.customer.list", "margin_12m"),
            ("crm.customer.kanban", "net_revenue_12m"),
            ("crm.customer.purchase.list", "amount"),
        ):
            self.assertIn((view, field, "crm_money"), amounts)
        self.assertFalse([amount for amount in amounts if amount[2] != "crm_money"])

    def test_aggregates_of_money_are_converted(self):
        converting = {}
        views = self.views.filtered(lambda view: view.mode == "primary" and view.model)
        for view in views:
            arch = etree.fromstring(view.arch_db)
            has_money = any(
                field.type == "monetary"
                for field in self.env[view.model]._fields.values()
            )
            adds_up = view.type in ("pivot", "graph") or arch.xpath("//progressbar")
            if view.type in CONVERTING and has_money and adds_up:
                converting[view.name] = arch.get("js_class") in CONVERTING[view.type]
        self.assertIn("crm.customer.kanban", converting)
        self.assertIn("crm.customer.purchase.graph", converting)
        self.assertEqual(set(converting.values()), {True})

    def test_custom_filters_show_what_screens_show(self):
        shown_as = {}
        for view in self.views.filtered(lambda view: view.type in SHOWN):
            for field, node in self._fields_of(view, ("date", "datetime", "monetary")):
                model = self.env[field.model_name]
                if field.type == "monetary":
                    # In a currency of its own it is shown as it is.
                    is_left = field.get_currency_field(model) != "currency_id"
                else:
                    # The client knows screens of ours by their names.
                    is_left = model._name.startswith("crm.")
                # Nor has a wizard a list to filter.
                if is_left or model._transient:
                    continue
                description = model.fields_get([field.name])[field.name]
                shown_as[str(field), node.get("widget")] = description.get(
                    "crm_shown_as"
                )
        for field, widget, kind in (
            ("res.partner.acquisition_date", "jalali_date", "jalali"),
            ("account.payment.crm_returned_date", "jalali_date", "jalali"),
            ("crm.customer.net_revenue_12m", "crm_money", "money"),
        ):
            self.assertEqual(shown_as[field, widget], kind)
        self.assertFalse([field for field, kind in shown_as.items() if not kind])

    def _shown(self, *types):
        """``[(view, field, widget)]`` of the fields of some types that views show."""
        return [
            (view.name, field.name, node.get("widget"))
            for view in self.views
            if view.type in SHOWN
            for field, node in self._fields_of(view, types)
        ]

    def _fields_of(self, view, types):
        """Return the fields that a view shows with their nodes, in lists inside too."""
        nodes = []
        # One with a position says where to add, and shows nothing itself.
        for node in etree.fromstring(view.arch_db).xpath("//field[not(@position)]"):
            model = self.env[view.model]
            # Into a list inside: "//field[@name='line_ids']/list/..."
            for place in node.xpath("ancestor::xpath/@expr"):
                for name in re.findall(
                    r"\[@name='(\w+)'\]/(?:list|form|kanban)", place
                ):
                    model = self.env[model._fields[name].comodel_name]
            for parent in node.xpath("ancestor::field[not(@position)]"):
                model = self.env[model._fields[parent.get("name")].comodel_name]
            field = model._fields[node.get("name")]
            hidden = "1" in (node.get("invisible"), node.get("column_invisible"))
            if field.type in types and not hidden:
                nodes.append((field, node))
        return nodes
