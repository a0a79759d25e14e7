"""Folding in Python = folding in SQL, and what else holds for every text."""

import os
import unicodedata

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase, tagged

from odoo.addons.crm_loyalty.l10n.text import fold, fold_pattern, western_digits

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "200")),
    derandomize=True,
    database=None,
    deadline=None,
)
# All that a database can hold: surrogates are left out by Hypothesis, NUL here.
STORABLE = st.characters(exclude_characters="\0", exclude_categories=("Cs",))
ARABIC = st.characters(min_codepoint=0x600, max_codepoint=0x6FF)
MIXED = st.one_of(
    st.text(STORABLE),
    st.text(ARABIC),
    # Blanks, marks, digits, case and wildcards beside letters.
    st.text(
        st.one_of(
            ARABIC,
            st.sampled_from(
                "\t\n \u00a0\u2003\u200c\u200d\u200f\u0640\u064e%_\\'AbÉß٣۷5"
            ),
        )
    ),
)
ANY = st.text(st.characters(exclude_categories=()))


@tagged("post_install", "-at_install")
class TestFolding(BaseCase):
    @EXAMPLES
    @given(ANY | MIXED)
    @example("\ud800" * 10_000)
    @example("\u200c \u200f" * 5_000)
    @example("ي" * 10_000)
    def test_what_is_folded_folds_to_itself(self, text):
        folded = fold(text)
        self.assertEqual(fold(folded), folded)
        folded.encode()
        self.assertNotIn("\0", folded)

    @EXAMPLES
    @given(st.text(ARABIC))
    def test_composed_letters_are_letters_with_marks(self, text):
        for form in ("NFC", "NFD"):
            self.assertEqual(fold(unicodedata.normalize(form, text)), fold(text))

    @EXAMPLES
    @given(ANY | MIXED)
    @example("۱۲٣ي\u200c")
    def test_western_digits_change_nothing_but_digits(self, text):
        western = western_digits(text)
        self.assertEqual(len(western), len(text))
        for old, new in zip(text, western, strict=True):
            if old != new:
                self.assertEqual(int(old), int(new))
                self.assertTrue(new.isascii())
        self.assertFalse(set(western) & set("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩"))


@tagged("post_install", "-at_install")
class TestFoldingInSql(TransactionCase):
    def _folded(self, texts):
        self.env.cr.execute(
            """SELECT crm_fold(text)
                 FROM UNNEST(%s::text[]) WITH ORDINALITY AS line (text, number)
                ORDER BY number""",
            [texts],
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def test_nothing_stays_nothing(self):
        self.env.cr.execute("SELECT crm_fold(NULL)")
        self.assertEqual(self.env.cr.fetchall(), [(None,)])

    def test_every_character_alone(self):
        self.env.cr.execute(
            """SELECT CHR(code), crm_fold(CHR(code))
                 FROM GENERATE_SERIES(1, 1114111) code
                WHERE code NOT BETWEEN 55296 AND 57343
                  AND crm_fold(CHR(code)) <> CHR(code)"""
        )
        characters = (
            chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000
        )
        self.assertEqual(
            dict(self.env.cr.fetchall()),
            {char: fold(char) for char in characters if fold(char) != char},
        )

    @EXAMPLES
    @given(st.lists(MIXED, min_size=1))
    @example(["ي" * 10_000, " \u200c" * 5_000, "A\u0301" * 5_000])
    @example([" \t ", "\t", " \u00a0a \u2003", "a\u200c  \u200cb", "\u200c", ""])
    def test_sql_folds_like_python(self, texts):
        self.assertEqual(self._folded(texts), [fold(text) for text in texts])

    @EXAMPLES
    @given(st.lists(MIXED, min_size=1), st.data())
    @example(["a\\\u200c%b", "a%b"], None)
    def test_a_part_of_a_text_finds_it(self, texts, data):
        patterns = []
        for text in texts:
            first, last = 0, len(text)
            if data:
                first = data.draw(st.integers(0, len(text)))
                last = data.draw(st.integers(first, len(text)))
            part = "".join(
                f"\\{char}" if char in "\\%_" else char for char in text[first:last]
            )
            patterns.append(f"%{fold_pattern(part)}%")
        self.env.cr.execute(
            """SELECT text, pattern FROM UNNEST(%s::text[], %s::text[])
                                      AS line (text, pattern)
                WHERE crm_fold(text) NOT ILIKE pattern""",
            [texts, patterns],
        )
        self.assertEqual(self.env.cr.fetchall(), [])

    @EXAMPLES
    @given(MIXED)
    @example("\\\u200c")
    @example("a\\\u200c%")
    def test_folding_makes_no_pattern_invalid(self, pattern):
        # A pattern must not end in the middle of an escape.
        whole = pattern.replace("\\\\", "")
        if not whole.endswith("\\"):
            folded = fold_pattern(pattern)
            self.assertFalse(folded.replace("\\\\", "").endswith("\\"), folded)
