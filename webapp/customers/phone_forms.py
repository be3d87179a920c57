"""The forms of one phone number: as digits, as people read it, masked, and the key in which all forms meet.

WhatsApp's own id of a person may differ from the number that was dialled (Meta, "Phone numbers": in Brazil,
Mexico and Argentina a digit more or less), so an id is kept as it comes and compared by its key.
"""

import re
import unicodedata
from itertools import count

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from webapp.customers import phone_table

MOST_DIGITS = 15
"""E.164 allows no more, the country code included; some countries' own numbers are longer."""
_NO_DIGITS = re.compile("[^0-9]+")
_BRAZIL_WITHOUT_NINE = re.compile(r"55(\d\d)([6-9]\d{3})(\d{4})")
_MEXICO_WITH_ONE = re.compile(r"521(\d{10})")
_ARGENTINA_WITH_NINE = re.compile(r"549(\d{10})")
_ARGENTINA_WITH_15 = re.compile(r"549?(?=\d{12}$)(?:(11)15(\d{8})|([23]\d\d)15(\d{7})|([23]\d{3})15(\d{6}))")


def digits(raw: str) -> str:
    """The digits in `raw`, of whatever script, as 0 to 9, and nothing else."""
    if raw.isascii():
        return raw if raw.isdigit() else _NO_DIGITS.sub("", raw)
    return "".join(str(value) for sign in raw if (value := unicodedata.decimal(sign, None)) is not None)


def match_key(digits: str) -> str:
    """The one form in which all forms of a number meet.

    Brazilian mobiles get their ninth digit, Mexican numbers lose the 1 after 52, Argentine ones the 9 after
    54 and the 15 before the subscriber's number. Every other number is its own key.
    """
    code = digits[:2]
    if code == "55" and (found := _BRAZIL_WITHOUT_NINE.fullmatch(digits)):
        return f"55{found[1]}9{found[2]}{found[3]}"
    if code == "52" and (found := _MEXICO_WITH_ONE.fullmatch(digits)):
        return f"52{found[1]}"
    if code == "54" and (found := _ARGENTINA_WITH_NINE.fullmatch(argentine_mobile(digits))):
        return f"54{found[1]}"
    return digits


def argentine_mobile(digits: str) -> str:
    """An Argentine number with the 15 of a mobile as 54 9 and ten digits; every other number as it is."""
    found = _ARGENTINA_WITH_15.fullmatch(digits)
    return "549" + "".join(filter(None, found.groups())) if found else digits


def display_phone(digits: str) -> str:
    """The number as it is written internationally ("+55 11 98812-4410"), else "+" and its digits."""
    code = digits[:2]
    if code == "55" and (found := _BRAZIL_WITHOUT_NINE.fullmatch(digits)):
        return f"+55 {found[1]} {found[2]}-{found[3]}"
    if code == "52" and _MEXICO_WITH_ONE.fullmatch(digits):
        return display_phone(match_key(digits)).replace("+52 ", "+52 1 ", 1)
    if known := phone_table.display(digits):
        return known
    number = parsed(f"+{digits}")
    if number is None or not is_possible(number):
        return f"+{digits}" if digits else ""
    return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)


def mask(display: str) -> str:
    """A displayed number for people who may not see it: calling code, dots, and the last two digits."""
    found = digits(display)
    shown = len(_calling_code(found))
    # In a number of a few digits these two are hidden as well, or nothing would be.
    hidden = range(shown, max(len(found) - 2, min(shown + 2, len(found))))
    place = count()
    return "".join("•" if sign.isdigit() and next(place) in hidden else sign for sign in display)


def parsed(number: str, region: str | None = None) -> PhoneNumber | None:
    """What the library makes of a number that begins with + or belongs to `region`; None if nothing."""
    try:
        return phonenumbers.parse(number, region)
    except NumberParseException:
        return None


def is_possible(number: PhoneNumber) -> bool:
    """Whether the library's table has numbers of this length that can be called from abroad."""
    # North American areas start at 2, which tells a Brazilian number of São Paulo (11 …) from one with +1.
    if number.country_code == 1 and number.national_number < 2_000_000_000:
        return False
    if len(phonenumbers.format_number(number, PhoneNumberFormat.E164)) > len("+") + MOST_DIGITS:
        return False
    return phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE


def _calling_code(digits: str) -> str:
    codes = (digits[:length] for length in (1, 2, 3))
    return next(
        (code for code in codes if code and int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), ""
    )
