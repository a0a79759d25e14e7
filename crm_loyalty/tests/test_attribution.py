import inspect
import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_loyalty import attribution
from odoo.addons.crm_loyalty.attribution import ATTRIBUTIONS, Touch, path, weights

DAY = date(2026, 1, 1)
days = st.lists(
    st.integers(0, 4000).map(lambda number: DAY + timedelta(days=number)),
    min_size=1,
    max_size=30,
).map(sorted)
ways = st.sampled_from(ATTRIBUTIONS)
PROPERTY = settings(max_examples=300, derandomize=True, database=None, deadline=None)


def _days(*numbers):
    return [DAY + timedelta(days=number) for number in numbers]


@tagged("post_install", "-at_install")
class TestAttribution(BaseCase):
    def _weights(self, way, *numbers, half_life=30):
        return [float(weight) for weight in weights(_days(*numbers), way, half_life)]

    def test_examples(self):
        self.assertEqual(self._weights("first_touch", 0, 5, 9), [1, 0, 0])
        self.assertEqual(self._weights("last_touch", 0, 5, 9), [0, 0, 1])
        self.assertEqual(self._weights("linear", 0, 5, 9, 10), [0.25] * 4)
        self.assertEqual(self._weights("position_based", 0, 5), [0.5, 0.5])
        self.assertEqual(
            self._weights("position_based", 0, 1, 5, 9), [0.4, 0.1, 0.1, 0.4]
        )
        # 30 and 60 days before the last: a half and a quarter of its weight.
        self.assertEqual(
            self._weights("time_decay", 0, 30, 60),
            [0.142857143, 0.285714286, 0.571428571],
        )
        self.assertEqual(
            self._weights("time_decay", 0, 7, half_life=7), [0.333333333, 0.666666667]
        )

    def test_what_rounding_leaves_is_given_to_one(self):
        thirds = weights(_days(0, 1, 2), "linear")
        self.assertEqual(
            thirds,
            [Decimal("0.333333334"), Decimal("0.333333333"), Decimal("0.333333333")],
        )
        # Six sixths are rounded up, and the first touch has nothing to give.
        decayed = weights(_days(0, *[4000] * 6), "time_decay", 1)
        self.assertEqual(decayed[0], 0)
        self.assertEqual(sum(decayed), 1)

    @PROPERTY
    @given(days, ways, st.integers(1, 400))
    def test_weights_add_up_to_exactly_1(self, touched, way, half_life):
        shares = weights(touched, way, half_life)
        self.assertEqual(len(shares), len(touched))
        self.assertEqual(sum(shares), 1)
        self.assertTrue(all(0 <= share <= 1 for share in shares), shares)

    @PROPERTY
    @given(days, st.integers(1, 400))
    def test_a_later_touch_never_decays_more(self, touched, half_life):
        shares = weights(touched, "time_decay", half_life)
        # The last one may lack what rounding gave to others.
        slack = len(shares) * attribution.QUANTUM
        for earlier, later in pairwise(shares):
            self.assertLessEqual(earlier, later + slack)

    @PROPERTY
    @given(days, ways)
    def test_days_matter_for_time_decay_alone(self, touched, way):
        moved = [DAY + timedelta(days=number) for number in range(len(touched))]
        if way != "time_decay":
            self.assertEqual(weights(touched, way), weights(moved, way))

    @PROPERTY
    @given(days, ways)
    def test_all_days_moved_alike_give_the_same(self, touched, way):
        later = [day + timedelta(days=100) for day in touched]
        self.assertEqual(weights(touched, way), weights(later, way))

    def test_a_single_touch_has_all_in_every_way(self):
        for way in ATTRIBUTIONS:
            self.assertEqual(weights([DAY], way), [1], way)
            self.assertEqual(weights([], way), [], way)

    def test_two_touches_on_one_day_decay_alike(self):
        self.assertEqual(self._weights("time_decay", 3, 3), [0.5, 0.5])

    def test_a_touch_of_long_ago_has_no_part(self):
        self.assertEqual(self._weights("time_decay", 0, 4000, half_life=1), [0, 1])

    # -- the path
    def _path(self, bought, *touches):
        touches = [
            Touch(DAY + timedelta(days=day), number, day, is_told)
            for number, (day, is_told) in enumerate(touches)
        ]
        bought = bought is not None and DAY + timedelta(days=bought)
        return [touch.channel for touch in path(touches, bought or None)]

    def test_touches_after_the_first_purchase_brought_nobody(self):
        touches = ((9, False), (0, False), (5, False))
        self.assertEqual(self._path(5, *touches), [1, 2])
        self.assertEqual(self._path(None, *touches), [1, 2, 0])
        # He bought before the first of them: that one stands alone.
        self.assertEqual(self._path(-3, *touches), [1])

    def test_what_was_told_comes_first(self):
        self.assertEqual(self._path(5, (0, False), (9, True)), [1, 0])
        self.assertEqual(self._path(-3, (0, False), (9, True)), [1])

    def test_it_needs_no_odoo(self):
        script = "import sys, attribution; sys.exit('odoo' in sys.modules)"
        folder = inspect.getfile(attribution).rpartition("/")[0]
        done = subprocess.run([sys.executable, "-c", script], cwd=folder, check=False)
        self.assertEqual(done.returncode, 0)
