"""Numbers that identify people, companies and places in Iran: plain Python, no Odoo.

Each function takes a text as people type, paste or export it (digits of any script,
dashes, spaces and marks of writing direction between them) and answers with a
`Number`. It never raises.

Sources of the rules:

- *National code* of persons, ten digits: three of the place of issue, six of the
  person, one check digit; National Organization for Civil Registration, as published at
  http://www.aliarash.com/article/codemeli/codemeli.htm. Ten equal digits are refused
  although their check digit fits. Lists and spreadsheets lose its leading zeros: eight
  or nine digits are taken when the zeros before them make them right.
- *National ID* of legal persons (شناسه ملی اشخاص حقوقی), eleven digits, the last
  a check digit; http://www.aliarash.com/article/shenasameli/shenasa_meli.htm.
- *Economic number*: National Tax Administration, notice 36 (letter 260/21017/د of
  Ordibehesht 1403): legal persons have their national ID; natural persons 14 digits,
  their national code and four digits from 0001; civil partnerships the partnership's ID
  (11 digits); foreign nationals 14 digits, their code of twelve digits and two from 01.
  The old numbers of twelve digits are no longer valid.
- *Postal code*, ten digits: no 0 and no 2 among the first five, which look like 5 and
  3; the fifth is no 5; the first four are not all alike. As in `IRPostalCodeField` of
  django-localflavor, but for its ban of 2 from the last five, which other descriptions
  of the code do not have.

The codes of foreign nationals have no published check digit: their length alone is
checked. Twelve digits of a person are such a code, unless they start with 411, as the
old economic numbers did. The ID of a civil partnership is checked as a national ID.
"""

import re
from typing import NamedTuple

from .text import DIGITS, storable

# What may stand between digits: spaces, control characters, marks of direction, dashes,
# half-spaces, the underline. A class of characters, for Python and for PostgreSQL.
BETWEEN = (
    "\x01-\x20\x7f-\xa0\xad\u0640\u061c\u1680\u180e\u2000-\u2015\u2028-\u202f"
    "\u205f-\u206f\u2212\u3000\ufe58\ufe63\ufeff\uff0d_-"
)
_BETWEEN = re.compile(f"[\0\ud800-\udfff{BETWEEN}]+")
_DIGITS = re.compile(r"\d{1,20}")
LONGEST = 64  # characters; what is longer is no number, and is not looked at
PERSON_WEIGHTS = (10, 9, 8, 7, 6, 5, 4, 3, 2)
LEGAL_WEIGHTS = (29, 27, 23, 19, 17) * 2
OLD_START = "411"
WESTERN = "".join(DIGITS)
SCRIPTS = tuple(map("".join, zip(*DIGITS.values(), strict=True)))  # Persian, Arabic


class Number(NamedTuple):
    """A number and what is wrong with it.

    :ivar value: its digits (Western, no separators) as it is stored and compared; what
        is no number, as it came but for what no database stores
    :ivar error: ``None`` when it is right, else which rule fails: ``"empty"``,
        ``"digits"`` (something else than digits), ``"length"``, ``"alike"`` (digits all
        the same), ``"zeros"`` (the part of the person or company), ``"check_digit"``,
        ``"branch"`` (the last digits of an economic number), ``"old"`` (an economic
        number of twelve digits), ``"zero_or_two"``, ``"fifth"`` or ``"first_four"`` (of
        postal codes); of tax numbers also ``"company"`` and ``"person"``: right, but of
        the other kind
    """

    value: str
    error: str | None = None


def normalise(text):
    """The digits of a number, or the text itself where it holds anything else.

    :param str text: may be empty or ``None``
    :rtype: str
    """
    text = text or ""
    if len(text) <= LONGEST:
        digits = _BETWEEN.sub("", text)
        if _DIGITS.fullmatch(digits):
            return "".join(str(int(digit)) for digit in digits)
    return storable(text)


def national_code(text):
    """Check the national code of a person.

    :rtype: Number
    """
    value = normalise(text)
    if value.isdecimal() and 8 <= len(value) <= 9:
        padded = value.zfill(10)
        if not _code_error(padded):
            return Number(padded)
    return Number(value, _digits_error(value, 10) or _code_error(value))


def _code_error(code):
    if code == code[0] * 10:
        return "alike"
    if code[:3] == "000" or code[3:9] == "000000":
        return "zeros"
    rest = _weighted_sum(code, PERSON_WEIGHTS) % 11
    check_digit = rest if rest < 2 else 11 - rest
    return None if int(code[9]) == check_digit else "check_digit"


def national_id(text):
    """Check the national ID of a legal person.

    :rtype: Number
    """
    value = normalise(text)
    return Number(value, _digits_error(value, 11) or _id_error(value))


def _id_error(number):
    if number == number[0] * 11:
        return "alike"
    if number[3:9] == "000000":
        return "zeros"
    shift = int(number[9]) + 2
    total = _weighted_sum(number, LEGAL_WEIGHTS) + shift * sum(LEGAL_WEIGHTS)
    return None if int(number[10]) == total % 11 % 10 else "check_digit"


def economic_number(text):
    """Check the economic number of a company, a person or a partnership.

    Fourteen digits are a person's national code and its branch when the eleventh and
    twelfth are 0 (the numbers of branches start at 0001), else those of a foreign
    national.

    :rtype: Number
    """
    value = normalise(text)
    if value.isdecimal():
        if len(value) == 14:
            return Number(value, _economic_error(value))
        if len(value) == 12:
            return Number(value, "old")
    return national_id(value)


def _economic_error(number):
    if number[10:12] == "00":
        error = _code_error(number[:10])
        return error or ("branch" if number[12:] == "00" else None)
    return "branch" if number[12:] == "00" else None


def tax_number(text, is_company):
    """Check the number an invoice names its buyer by.

    A company has its economic number, a person his national code (a foreign national
    his own code), or his economic number where he trades.

    :rtype: Number
    """
    value = normalise(text)
    if value.isdecimal() and len(value) == 14:
        return economic_number(value)
    if is_company:
        number = economic_number(value)
        is_other = not national_code(value).error
    elif value.isdecimal() and len(value) == 12:
        return Number(value, "old" if value.startswith(OLD_START) else None)
    else:
        number = national_code(value)
        is_other = not national_id(value).error
    if is_other:
        return Number(number.value, "person" if is_company else "company")
    return number


def postal_code(text):
    """Check a postal code.

    :rtype: Number
    """
    value = normalise(text)
    return Number(value, _digits_error(value, 10) or _postal_error(value))


def _postal_error(code):
    if set(code[:5]) & {"0", "2"}:
        return "zero_or_two"
    if code[4] == "5":
        return "fifth"
    if code[:4] == code[0] * 4:
        return "first_four"
    return None


def spellings(value):
    """All ways in which contacts may hold a number that was checked.

    The economic number of a person and his national code are one person's; older data
    may stand in other digits.

    :param str value: `Number.value` of a right number
    :rtype: list[str]
    """
    values = [value]
    if len(value) == 14 and value[10:12] == "00":
        values = [value[:10]]
    if len(values[0]) == 10:
        [code] = values
        values += [f"{code}{branch:04}" for branch in range(1, 10)]
        values.append(code.lstrip("0"))
    return [
        number.translate(str.maketrans(WESTERN, script))
        for script in (WESTERN, *SCRIPTS)
        for number in values
    ]


def _digits_error(value, length):
    if not value:
        return "empty"
    if not (value.isascii() and value.isdecimal()):
        return "digits"
    return None if len(value) == length else "length"


def _weighted_sum(digits, weights):
    return sum(int(d) * w for d, w in zip(digits, weights, strict=False))
