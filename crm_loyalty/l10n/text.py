"""Texts as they are compared, whatever keyboard wrote them: plain Python, no Odoo.

Folding is for comparing only; what was typed is stored as typed. The tables here are
the one definition: `fold` applies them in Python, `fold_sql` writes the same as an SQL
expression, and a property test holds the two equal.

What folding decides:

- Letters of Arabic, Urdu and Kurdish keyboards count as the Persian ones, with or
  without hamza and madda. The marks go, so that a letter typed as letter and mark is
  the same as the composed one.
- Case counts for no ASCII letter. Other scripts' case and accents are left to the
  comparison: Odoo's ``ilike``, and ``unaccent`` where it is switched on.
- All blanks on a line are the same, and several in a row are one; those at the ends
  stay.
- Marks that nobody sees go: half-spaces too, so that «می‌رود» is «میرود», but not
  «می رود».
"""

import re

# What stands for itself, and what counts as the same. Order matters for speed in SQL.
SAME = {
    "ی": "\u064a\u0649\u0626",  # ي ى ئ
    "ک": "\u0643\u06aa",  # ك and the long one
    "ه": "\u0629\u06c0\u06be\u06c1\u06c2\u06d5",  # ة ۀ and those of Urdu and Kurdish
    "ا": "\u0623\u0625\u0622\u0671",  # أ إ آ ٱ
    "و": "\u0624",  # ؤ
    "\u06d2": "\u06d3",  # ے of Urdu, without hamza
}
DIGITS = {
    str(number): chr(0x06F0 + number) + chr(0x0660 + number) for number in range(10)
}
# Ranges, both ends included: what folding leaves out.
IGNORED = (
    ("\u0640", "\u0640"),  # tatweel
    ("\u064b", "\u065f"),  # vowel marks, hamza and madda apart from their letter
    ("\u0670", "\u0670"),
    ("\u0610", "\u061a"),  # honorifics, and marks of the Quran
    ("\u06d6", "\u06dc"),
    ("\u06df", "\u06e4"),
    ("\u06e7", "\u06e8"),
    ("\u06ea", "\u06ed"),
    ("\u200b", "\u200f"),  # zero width and half-spaces, marks of direction
    ("\u061c", "\u061c"),
    ("\u202a", "\u202e"),
    ("\u2060", "\u206f"),
    ("\ufeff", "\ufeff"),
    ("\u00ad", "\u00ad"),  # soft hyphen
)
# Besides the plain one. Fields of one line hold no tabs and line ends: these stay.
BLANKS = (
    ("\u00a0", "\u00a0"),
    ("\u2000", "\u200a"),
    ("\u2028", "\u2029"),
    ("\u202f", "\u202f"),
    ("\u205f", "\u205f"),
    ("\u3000", "\u3000"),
)


def _members(ranges):
    return (
        chr(code) for first, last in ranges for code in range(ord(first), ord(last) + 1)
    )


_WESTERN_DIGITS = {
    ord(other): digit for digit, others in DIGITS.items() for other in others
}
_FOLDING = {
    **{ord(other): letter for letter, others in SAME.items() for other in others},
    **_WESTERN_DIGITS,
    **{code: chr(code).lower() for code in range(ord("A"), ord("Z") + 1)},
    **{ord(blank): " " for blank in _members(BLANKS)},
    **dict.fromkeys(map(ord, _members(IGNORED))),
    # What no database holds: NUL, and halves of characters.
    **dict.fromkeys([0, *range(0xD800, 0xE000)]),
}
_RUN = re.compile("  +")
_PATTERN_PART = re.compile(r"\\(.)|[^\\]+", re.DOTALL)


def fold(text):
    """The form in which a text is compared; see the module.

    :param str text: any text
    :rtype: str
    """
    text = text.translate(_FOLDING)
    return _RUN.sub(" ", text) if "  " in text else text


def fold_pattern(pattern):
    r"""A pattern of SQL's LIKE with its texts folded: ``%``, ``_`` and ``\`` stay.

    :param str pattern: as users of Odoo type it after ``=ilike``
    :rtype: str
    """
    return _PATTERN_PART.sub(_fold_part, pattern)


def _fold_part(match):
    escaped = match[1]
    if escaped is None:
        return fold(match[0])
    letter = fold(escaped)
    return letter and f"\\{letter}"


def western_digits(text):
    """The text with Persian and Arabic digits as 0 to 9, and nothing else changed.

    :param str text: any text
    :rtype: str
    """
    return text.translate(_WESTERN_DIGITS)


def storable(text):
    """The text without what no database stores: halves of characters, and NUL.

    :param str text: any text
    :rtype: str
    """
    return text.encode(errors="ignore").decode().replace("\0", "")


def fold_sql(expression):
    """SQL that folds like `fold`; PostgreSQL's own functions only, all immutable.

    Most texts are ASCII, or have nothing that folding changes besides case: these are
    told by tests that cost little, since ``translate`` looks through its whole table
    for every letter.

    :param str expression: trusted SQL of type text; NULL gives NULL
    :rtype: str
    """
    same = {**SAME, **DIGITS}
    origin = "".join(same.values())
    target = "".join(letter * len(others) for letter, others in same.items())
    blank = _class((" ", " "), *BLANKS)
    changed = _class(*IGNORED, *BLANKS, *((char, char) for char in origin))
    full = f"translate({expression}, {_literal(origin)}, {_literal(target)})"
    for pattern, replacement in (
        (f"{_class(*IGNORED)}+", ""),
        # What is one plain blank already is not touched: most blanks are.
        (f"({_class(*BLANKS)}| {blank}){blank}*", " "),
    ):
        full = f"regexp_replace({full}, {_literal(pattern)}, '{replacement}', 'g')"
    # In the "C" collation of every server, lower() is for ASCII letters only.
    return (
        f"lower(CASE WHEN octet_length({expression}) = length({expression})"
        f" AND strpos({expression}, '  ') = 0"
        f" OR {expression} !~ {_literal(f'{changed}|  ')}"
        f' THEN {expression} ELSE {full} END COLLATE "C")'
    )


def _class(*ranges):
    """The ranges as a bracket expression of regular expressions."""
    members = (first if first == last else f"{first}-{last}" for first, last in ranges)
    return f"[{''.join(members)}]"


def _literal(text):
    """A text in SQL, in which no character is invisible."""
    return "U&'{}'".format(
        "".join(
            c if " " <= c <= "~" and c not in "'\\" else f"\\{ord(c):04x}" for c in text
        )
    )
