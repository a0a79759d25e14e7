"""Phone numbers as people write them, in Iran and elsewhere: plain Python, no Odoo.

`phonenumbers` knows the plans of all countries, and digits of any script. What it does
not know, and is read here: extensions in Persian (داخلی), several numbers in one text,
ranges (8877665-7), local numbers without their area code, and marks of direction
pasted along.
"""

import re
import unicodedata
from typing import NamedTuple

import phonenumbers

LONGEST = 250  # characters; a longer text is no list of phone numbers
MOST = 20  # numbers read of one text
SHORTEST = 3  # digits
_MARKS = re.compile(
    "[\\0\u00ad\u0640\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_DASH = "-\u2010-\u2015\u2212\ufe58\ufe63\uff0d"  # of a class of characters
_SEPARATOR = re.compile(r"[/\\،,;؛|\n\r]|(?<![^\W\d])(?:و|and)(?![^\W\d])")
_SPACED_DASH = re.compile(rf"\s[{_DASH}]\s")
_EXTENSION = re.compile(
    r"(?:(?:شماره )?داخل[یي]|\bextension\b|\bext\b\.?|\bint\b\.?|(?<=[\d\s])x|#)"
    rf"\s*[:.]?\s*(\d{{1,7}}(?:\s*[{_DASH}]\s*\d{{1,7}})?)\s*$",
    re.IGNORECASE,
)
_RANGE = re.compile(
    rf"(?P<first>.*\d)\s*(?:(?P<dash>[{_DASH}])|تا|ال[یي]|\bto\b)\s*(?P<last>\d{{1,8}})"
)
_AREA = re.compile(r"\(?(0\d{2,3})\)?")
_NUMBER = re.compile(rf"\+?[{_DASH}\d\s().]*\d")


class Phone(NamedTuple):
    """A number of a text.

    :ivar number: E.164 (``+982188776655``) where a plan knows the number, else its
        digits
    :ivar extension: of the exchange behind it, or ``""``; may be a range (``112-115``)
    :ivar text: the part of the text it was read from, for people; read alone it is the
        same number
    """

    number: str
    extension: str
    text: str

    @property
    def is_known(self):
        """Whether a plan of numbers knows it."""
        return self.number.startswith("+")


def clean(text):
    """A text without marks that steer, and with Western digits."""
    if text.isascii():
        return text.replace("\0", "")
    text = _MARKS.sub("", text.encode(errors="ignore").decode())
    return "".join(
        str(unicodedata.digit(c)) if c.isdecimal() else " " if c.isspace() else c
        for c in text
    ).replace("\uff0b", "+")


def read(text, country="", area_code=""):
    """All numbers of a text, in their order.

    :param str text: may be ``None``
    :param str country: whose plan a number without country code follows (ISO, two
        letters)
    :param str area_code: with its leading 0, of local numbers
    :return: ``[]`` when there is none in it
    :rtype: list[Phone]
    """
    if not text or len(text) > LONGEST:
        return []
    text = clean(text)
    if country != "IR":
        # Elsewhere a stroke may stand between groups of digits: 02/123.45.67.
        whole = _phone(text, "", country, "")
        if whole.is_known and not re.search(r"[^\W\d]", text):
            return [whole]
    phones, own_area_code = [], area_code
    for part in _parts(text):
        extension = ""
        if match := _EXTENSION.search(part):
            extension = re.sub(rf"\s*[{_DASH}]\s*", "-", match[1])
            part = part[: match.start()].strip(" ,.:-(")
            if not part and phones:  # set off by a comma: of the number before
                phones[-1] = phones[-1]._replace(extension=extension)
        if match := _AREA.fullmatch(part):  # 021/88776655
            area_code = match[1]
            continue
        for number in _range(part, country, area_code):
            if phones and re.fullmatch(r"\d{1,2}", number):
                # 88776655/6: the last digits of one more number.
                number = phones[-1].text[: -len(number)] + number
            runs = [run.strip() for run in _NUMBER.findall(number)]
            number = max(runs, key=len, default="")
            if len(re.sub(r"\D", "", number)) < SHORTEST:
                continue
            phone = _phone(number, extension, country, area_code)
            if area_code != own_area_code and number[0] not in "+0(":
                # Its text is read alone later.
                phone = phone._replace(text=f"{area_code}-{number}")
            phones.append(phone)
            area_code = _area_code(phone.number) or area_code
    return phones[:MOST]


def _parts(text):
    """The text between marks that separate numbers."""
    for part in _SEPARATOR.split(text):
        pieces = _SPACED_DASH.split(part)
        if any(len(re.sub(r"\D", "", piece)) < 7 for piece in pieces):
            pieces = [part]  # the dash groups: 021 - 88776655
        for piece in pieces:
            yield piece.strip(" .:-\t")


def tail(text, country=""):
    """What a number ends with, however it is dialled: for finding it.

    :return: its digits without country code and leading 0; also of a part of a number
    :rtype: str
    """
    phones = read(text, country)
    if not phones:
        return ""
    if phones[0].is_known:
        return str(phonenumbers.parse(phones[0].number).national_number)
    digits = phones[0].number
    code = str(phonenumbers.country_code_for_region(country)) if country else ""
    if digits.startswith("00"):
        digits = digits[2:].removeprefix(code)
    elif clean(text).strip().startswith("+"):
        digits = digits.removeprefix(code)
    return digits.lstrip("0")


def _range(part, country, area_code):
    """The numbers of ``8877665-7`` or ``88776655 تا 60``, else the text itself."""
    match = _RANGE.fullmatch(part)
    if not match:
        return [part]
    first, last = match["first"], match["last"]
    digits = re.sub(r"\D", "", first)
    tail_digits = digits[-len(last) :]
    count = int(last) - int(tail_digits) + 1
    is_range = 1 < count <= MOST and len(last) <= len(digits) and len(digits) >= 5
    if is_range and match["dash"] and len(last) > 1:
        # A dash also groups: 021-8877-55-66.
        local = re.sub(r"^\s*\(?0\d{2,3}\)?[\s-]*", "", first)
        is_range = len(last) == 2 and (
            re.fullmatch(r"\d{7,}", local) is not None
            or _phone(first, "", country, area_code).is_known
        )
    if not is_range:
        return [part]
    start = first.rstrip()[: -len(last)]
    if not first.rstrip()[-len(last) :].isdecimal():
        start = digits[: -len(last)]
    return [
        f"{start}{number:0{len(last)}}"
        for number in range(int(tail_digits), int(last) + 1)
    ]


def _phone(text, extension, country, area_code):
    digits = re.sub(r"\D", "", text)
    is_international = text.lstrip(" (").startswith("+")
    dialled = f"+{digits}" if is_international else digits
    candidates = [dialled]
    if not is_international and not digits.startswith("0") and area_code:
        candidates.append(area_code + digits)
    if not is_international and country:
        # 98912..., the country code without its sign.
        candidates.append(f"+{digits}")
    for candidate in candidates:
        try:
            number = phonenumbers.parse(candidate, country or None)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            e164 = phonenumbers.format_number(
                number, phonenumbers.PhoneNumberFormat.E164
            )
            return Phone(e164, extension, text.strip())
    return Phone(digits, extension, text.strip())


def _area_code(number):
    """The area code, with its leading 0, that numbers after this one share."""
    if not number.startswith("+98"):
        return ""
    parsed = phonenumbers.parse(number)
    length = phonenumbers.length_of_geographical_area_code(parsed)
    return f"0{str(parsed.national_number)[:length]}" if length else ""
