"""Whatever is typed as a phone number, and numbers however they are typed."""

import os
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from odoo.addons.crm_loyalty.l10n import phone

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "200")),
    derandomize=True,
    database=None,
    deadline=None,
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=300) | st.text(
    st.sampled_from("0123456789۰۱٢٣+-/()،,و# xext.داخلیتا\u200f\u200c\ud800\n"),
    max_size=300,
)
MOBILES = st.from_regex(r"91[0-9][0-9]{7}", fullmatch=True)
FORMS = st.sampled_from(
    (
        "0{}",
        "+98{}",
        "0098{}",
        "98{}",
        "{}",
        "0{} داخلی 12",
        "\u200f0{}\u202c",
        "تلفن 0{}",
    )
)
DIGITS = st.sampled_from(("0123456789", "۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩"))


@tagged("post_install", "-at_install")
class TestPhone(BaseCase):
    @EXAMPLES
    @given(TEXTS, st.sampled_from(("IR", "US", "BE", "")), st.sampled_from(("", "021")))
    @example("1" * 250, "IR", "021")
    @example(" " * 10_000, "IR", "021")
    @example("۱" * 10_000, "IR", "")
    @example("1-2/" * 62, "IR", "021")
    @example("8877665-7 داخلی " * 15, "IR", "021")
    def test_whatever_is_typed_gets_numbers_that_can_be_stored(
        self, text, country, area_code
    ):
        phones = phone.read(text, country, area_code)
        self.assertLessEqual(len(phones), phone.MOST)
        for number, extension, part in phones:
            self.assertRegex(number, r"\A(\+[1-9][0-9]{2,14}|[0-9]{3,250})\Z")
            self.assertRegex(extension, r"\A([0-9]{1,7}(-[0-9]{1,7})?)?\Z")
            part.encode()
        self.assertRegex(phone.tail(text, country), r"\A[0-9]*\Z")

    @EXAMPLES
    @given(MOBILES, FORMS, DIGITS, st.lists(st.integers(1, 9), max_size=3))
    def test_a_number_is_the_same_however_it_is_typed(self, mobile, form, digits, gaps):
        grouped = mobile
        for gap in gaps:
            grouped = re.sub(rf"^(.{{{gap}}})(?=\d)(?<=\d)", r"\1 ", grouped)
        typed = form.format(grouped).translate(str.maketrans("0123456789", digits))
        [item] = phone.read(typed, "IR")
        self.assertEqual(item.number, f"+98{mobile}")
        self.assertEqual(phone.tail(typed, "IR"), mobile)

    @EXAMPLES
    @given(st.integers(20000000, 88999980), st.integers(1, 9))
    def test_a_range_is_all_its_numbers(self, first, count):
        last = first + count
        numbers = [f"+9821{number}" for number in range(first, last + 1)]
        for typed in (f"021-{first} تا {last}", f"{first} الی {last}"):
            read = [item.number for item in phone.read(typed, "IR", "021")]
            self.assertEqual(read, numbers)
