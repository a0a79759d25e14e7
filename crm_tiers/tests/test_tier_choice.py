from odoo.tests import BaseCase, tagged

from odoo.addons.crm_tiers import tier_choice

TIERS = [
    ("gold", {"revenue": 100, "count": 3}),
    ("silver", {"revenue": 50}),
    ("nobody", {}),
    ("rest", {"count": 1}),
]


@tagged("post_install", "-at_install")
class TestTierChoice(BaseCase):
    def _choose(self, revenue, count):
        return tier_choice.choose_tier({"revenue": revenue, "count": count}, TIERS)

    def test_the_first_tier_with_all_thresholds_reached_wins(self):
        self.assertEqual(self._choose(100, 3), "gold")
        self.assertEqual(self._choose(100, 2), "silver")
        self.assertEqual(self._choose(49.99, 9), "rest")

    def test_who_reaches_nothing_has_no_tier(self):
        self.assertIsNone(self._choose(0, 0))

    def test_what_is_missing(self):
        figures = {"revenue": 60, "count": 5}
        self.assertEqual(
            tier_choice.missing_for(figures, dict(TIERS)["gold"]), {"revenue": 40}
        )

    def test_the_next_tier_is_the_one_before(self):
        for current, above in (
            (None, "rest"),
            ("rest", "silver"),
            ("silver", "gold"),
        ):
            self.assertEqual(tier_choice.next_rule(current, TIERS)[0], above)
        self.assertIsNone(tier_choice.next_rule("gold", TIERS))
        self.assertIsNone(tier_choice.next_rule(None, [("nobody", {})]))

    def test_an_unknown_value_reaches_nothing(self):
        figures = {"revenue": None, "count": None}
        self.assertIsNone(tier_choice.choose_tier(figures, TIERS))
        self.assertEqual(tier_choice.missing_for(figures, {"count": 1}), {"count": 1})
