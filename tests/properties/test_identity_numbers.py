"""Check digits against their rules, and the rules in Python against those in SQL."""

import os
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from odoo.tests import BaseCase, TransactionCase, tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.l10n import identity

EXAMPLES = settings(
    max_examples=int(os.environ.get("CRM_EXAMPLES", "200")),
    derandomize=True,
    database=None,
    deadline=None,
)
CHECKS = (
    identity.national_code,
    identity.national_id,
    identity.economic_number,
    identity.postal_code,
    lambda text: identity.tax_number(text, False),
    lambda text: identity.tax_number(text, True),
)
ERRORS = {
    None,
    "alike",
    "branch",
    "check_digit",
    "company",
    "digits",
    "empty",
    "fifth",
    "first_four",
    "length",
    "old",
    "person",
    "zero_or_two",
    "zeros",
}


def digits(count):
    return st.text("0123456789", min_size=count, max_size=count)


# Bodies without a check digit that no other rule refuses.
CODES = digits(9).filter(
    lambda d: d[:3] != "000" and d[3:] != "000000" and len(set(d)) > 1
)
IDS = digits(10).filter(lambda d: d[3:9] != "000000" and len(set(d)) > 1)


def with_check_digit(body, check):
    """The one number of this body that is right."""
    [number] = [n for c in "0123456789" if not check(n := body + c).error]
    return number


def weighted_rule(number):
    """The national code's rule as it is taught: weights 10 to 2, remainder by 11."""
    rest = sum(int(number[i]) * (10 - i) for i in range(9)) % 11
    return int(number[9]) == (rest if rest < 2 else 11 - rest)


@tagged("post_install", "-at_install")
class TestCheckDigits(BaseCase):
    def test_published_examples(self):
        right = {
            identity.national_code: (
                "0076229645",
                "1583250689",
                "0067749828",
                "0959744487",
                "0499370899",
                "11537027",
                "0183382390",
                "۰۰۷۶۲۲۹۶۴۵",
                "٠٠٧-٦٢٢٩٦٤-٥",
                "\u200f007\u200c622\u00a09645\u202c",
                "००७६२२९६४५",
            ),
            identity.national_id: ("10380284790", "14003778990"),
            identity.economic_number: (
                "10380284790",
                "00762296450001",
                "12345678901201",
            ),
            identity.postal_code: ("1619735744", "16197-35744"),
        }
        for check, texts in right.items():
            for text in texts:
                self.assertIsNone(check(text).error, text)
        for check, text, error in (
            (identity.national_code, "0684159415", "check_digit"),
            (identity.national_code, "9999999999", "alike"),
            (identity.national_code, "1234567890", "check_digit"),
            (identity.national_code, "1230000004", "zeros"),
            (identity.national_code, "12345", "length"),
            (identity.national_code, "007622964", "length"),
            (identity.national_code, "007622964x", "digits"),
            (identity.national_id, "123000000", "length"),
            (identity.national_id, "11111111111", "alike"),
            (identity.economic_number, "411111111111", "old"),
            (identity.economic_number, "00762296450000", "branch"),
            (identity.postal_code, "1619", "length"),
        ):
            self.assertEqual(check(text).error, error, text)

    @EXAMPLES
    @given(CODES)
    def test_one_check_digit_of_a_national_code_is_right(self, body):
        number = with_check_digit(body, identity.national_code)
        self.assertTrue(weighted_rule(number))

    @EXAMPLES
    @given(IDS)
    def test_one_check_digit_of_a_national_id_is_right(self, body):
        number = [int(digit) for digit in with_check_digit(body, identity.national_id)]
        weights = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)
        total = sum(
            (digit + number[9] + 2) * weight
            for digit, weight in zip(number[:10], weights, strict=True)
        )
        self.assertEqual(number[10], total % 11 % 10)

    @EXAMPLES
    @given(CODES, st.integers(0, 9), st.integers(1, 9))
    def test_one_wrong_digit_of_a_national_code_is_found(self, body, place, shift):
        """Where the check digit is not 1, which stands for two remainders."""
        number = with_check_digit(body, identity.national_code)
        wrong = self._change(number, place, shift)
        if place == 9 or number[9] != "1":
            self.assertTrue(identity.national_code(wrong).error)

    @EXAMPLES
    @given(IDS, st.integers(0, 10), st.integers(1, 9))
    def test_one_wrong_digit_of_a_national_id_is_found(self, body, place, shift):
        """Where the check digit is not 0, which stands for two remainders."""
        number = with_check_digit(body, identity.national_id)
        wrong = self._change(number, place, shift)
        if place == 10 or number[10] != "0":
            self.assertTrue(identity.national_id(wrong).error)

    def _change(self, number, place, shift):
        digit = (int(number[place]) + shift) % 10
        return f"{number[:place]}{digit}{number[place + 1 :]}"

    @EXAMPLES
    @given(st.text(st.characters(exclude_categories=())))
    @example("x" * 10_000)
    @example("9" * 10_000)
    @example("۹" * 10_000)
    @example("\ud800" * 10_000)
    @example("\u200f" * 10_000 + "1")
    @example("²³①")
    @example("\0")
    def test_whatever_is_typed_gets_an_answer_that_can_be_stored(self, text):
        for check in CHECKS:
            value, error = check(text)
            self.assertIn(error, ERRORS)
            value.encode()
            self.assertNotIn("\0", value)
            # What is stored is read as the same number.
            self.assertEqual(check(value), (value, error))

    def test_it_needs_no_odoo(self):
        for file in Path(identity.__file__).parent.glob("*.py"):
            self.assertNotIn("import odoo", file.read_text())
            self.assertNotIn("from odoo", file.read_text())


NUMBERS = st.one_of(
    CODES.map(lambda body: with_check_digit(body, identity.national_code)),
    IDS.map(lambda body: with_check_digit(body, identity.national_id)),
    CODES.map(lambda body: with_check_digit(body, identity.national_code) + "0012"),
    digits(10),
    digits(11),
    digits(12),
    digits(14),
    st.text("0123456789", max_size=16),
    st.from_regex(r"[13-9]{4}[1346-9][0-9]{5}", fullmatch=True),
    st.text("01234567 /-\u200c\u200f۴۵٦x", max_size=90),
)
SPELLINGS = st.sampled_from(("", *identity.SCRIPTS, "zeros", "dashes"))


def spell(number, spelling):
    if spelling == "zeros":
        return number.lstrip("0")
    if spelling == "dashes":
        return f" {number[:3]}-{number[3:]}\u200f"
    return number.translate(str.maketrans(identity.WESTERN, spelling or "0123456789"))


@tagged("post_install", "-at_install")
class TestPythonAndSql(TransactionCase):
    @EXAMPLES
    @given(
        st.lists(
            st.tuples(
                st.builds(spell, NUMBERS, SPELLINGS),
                st.builds(spell, NUMBERS, SPELLINGS),
                st.one_of(st.just("1619735744"), st.builds(spell, NUMBERS, SPELLINGS)),
                st.sampled_from((True, False, None)),
            ),
            min_size=1,
            max_size=20,
        )
    )
    # Right but for one rule each.
    @example([("0001234560", "", "1619735744", False)])
    @example([("1111111111", "", "1619735744", False)])
    @example([(" " * 60 + "0076229645", "", "1619735744", False)])
    def test_who_lacks_a_number_is_the_same(self, rows):
        partners = self.env["res.partner"].create(
            [{"name": "Buyer", "country_id": self.env.ref("base.ir").id} for _ in rows]
        )
        self.env.flush_all()
        for partner, (vat, registry, zip_code, is_company) in zip(
            partners, rows, strict=True
        ):
            # Past the model, which would spell the numbers alike.
            self.env.cr.execute(
                SQL(
                    """UPDATE res_partner
                          SET vat = %s, company_registry = %s, zip = %s, is_company = %s
                        WHERE id = %s""",
                    vat,
                    registry,
                    zip_code,
                    is_company,
                    partner.id,
                )
            )
        self.env.invalidate_all()
        found = partners.search(
            [("id", "in", partners.ids), ("lacks_invoice_number", "=", True)]
        )
        told = partners.filtered("lacks_invoice_number")
        self.assertEqual(
            [
                row
                for row, partner in zip(rows, partners, strict=True)
                if partner in found
            ],
            [
                row
                for row, partner in zip(rows, partners, strict=True)
                if partner in told
            ],
        )
        partners.unlink()
