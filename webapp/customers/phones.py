"""Phone numbers as people, files and WhatsApp give them."""

import re
import unicodedata
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from webapp.customers import phone_table
from webapp.customers.phone_forms import (
    MOST_DIGITS,
    argentine_mobile,
    digits,
    display_phone,
    is_possible,
    mask,
    match_key,
    parsed,
)

__all__ = [
    "MalformedPhone",
    "Phone",
    "digits",
    "display_phone",
    "mask",
    "match_key",
    "parse_phone",
    "wa_id_phone",
]

FEWEST_DIGITS_UNMARKED = 10
"""A shorter number without + is more likely a national one."""
FEWEST_DIGITS_IN_DOUBT = 11
"""A shorter number without + has to be one in use: American ones have ten digits without their 1."""
SHORTENED, WITHOUT_COUNTRY = "was shortened by a spreadsheet", "has no country code"
"""What is wrong with whole columns, as the sentences of MalformedPhone say it."""
_SHORTENED = re.compile(r"[+]?\d+(?:[.,]\d+)?E[+]?\d+", re.IGNORECASE)
_DECIMALS = re.compile(r"([+]?\d{7,})[.,]0+")
_PREFIX = re.compile(r"(?:tel|phone|whatsapp):", re.IGNORECASE)
_PLAIN = re.compile(r"\+[1-9][0-9 ()-]{6,}", re.ASCII)
_APOSTROPHES = "'’‘`´"


class MalformedPhone(ValueError):
    """What was given is no phone number; the text says why, in a sentence for people."""


class Phone(NamedTuple):
    """A number with its country code.

    `e164_digits` are its digits as they are sent; `display` is how people read it; all forms of one number
    share a `match_key`; `warning` is a sentence when the number is possible but in doubt, else empty.
    """

    e164_digits: str
    display: str
    match_key: str
    warning: str = ""


def wa_id_phone(wa_id: str) -> Phone:
    """The number behind WhatsApp's id of a person: never refused, its digits kept as they come."""
    return _phone(digits(wa_id))


def parse_phone(raw: str, default_country: str | None = None) -> Phone:
    """The phone number that a person or a file gives.

    `default_country` (two letters) is the country of numbers written without a country code. Only what cannot
    be a number raises `MalformedPhone`: WhatsApp knows people by numbers that no table of numbers has.
    """
    region = _region(default_country)
    if _PLAIN.fullmatch(raw):
        found = digits(raw[1:])
        if shown := phone_table.display(found):
            return Phone(found, shown, match_key(found))
    written = _written(raw)
    if len(digits(written)) > MOST_DIGITS + len("00"):
        raise MalformedPhone(
            f"“{_short(raw)}” has more than {MOST_DIGITS} digits. Give one number at a time."
        )
    if written.startswith(("+", "00")):
        phone, fault = (
            _marked(digits(written)),
            "is not a possible number. Check its country code and length.",
        )
    elif region:
        phone, fault = _national(digits(written), region), f"is not a possible number of {region}."
    else:
        phone, fault = (
            _unmarked(digits(written)),
            f"{WITHOUT_COUNTRY}. Put + and the country code before it.",
        )
    if phone is None:
        raise MalformedPhone(f"“{_short(raw)}” {fault}")
    return phone


def _region(country: str | None) -> str | None:
    region = country.strip().upper() if country else None
    if region and region not in phonenumbers.SUPPORTED_REGIONS:
        raise MalformedPhone(f"“{_short(country or '')}” is no country. Write two letters, such as BR or DE.")
    return region


def _written(raw: str) -> str:
    """The number in `raw`, in ASCII digits, without what files and links put around it."""
    text = "".join(map(_plain, unicodedata.normalize("NFKC", raw)))
    text = _PREFIX.sub("", text.strip().strip(_APOSTROPHES).strip(), count=1)
    whole = undamaged(text)
    if not digits(text):
        raise MalformedPhone(f"“{_short(text)}” holds no digits." if text else "There is no number.")
    if any(map(str.isalpha, text)):
        raise MalformedPhone(f"“{_short(text)}” holds letters. Write the number in digits only.")
    return whole.lstrip("=( ")


def undamaged(number: str) -> str:
    """The number without the decimals that a spreadsheet gave it. Raises MalformedPhone if it took digits."""
    if _SHORTENED.fullmatch(number):
        raise MalformedPhone(
            f"“{_short(number)}” {SHORTENED}, so its last digits are lost. "
            "Format the column as text and export it again."
        )
    whole = _DECIMALS.fullmatch(number)
    return whole[1] if whole else number


def _plain(sign: str) -> str:
    if unicodedata.category(sign)[0] == "C":
        return ""
    return digits(sign) or sign


def _marked(found: str) -> Phone | None:
    return _international(found.removeprefix("00"))


def _international(found: str) -> Phone | None:
    found = argentine_mobile(found)
    number = parsed(f"+{found}")
    if number and is_possible(number):
        return _from_table(number)
    variant = match_key(found)
    known = _international(variant) if variant != found else None
    return _phone(found, known.warning) if known else None


def _national(found: str, region: str) -> Phone | None:
    """A number without +: of the default country if it can be one, else one with its country code."""
    number = parsed(found, region)
    national = _from_table(number) if number and is_possible(number) else None
    international = _international(found) if len(found) >= FEWEST_DIGITS_UNMARKED else None
    readings = [phone for phone in (national, international) if phone]
    return next((phone for phone in readings if not phone.warning), readings[0] if readings else None)


def _unmarked(found: str) -> Phone | None:
    """A number without + and without a default country, as WhatsApp's ids are written."""
    phone = _international(found) if len(found) >= FEWEST_DIGITS_UNMARKED else None
    if phone is None or (phone.warning and len(found) < FEWEST_DIGITS_IN_DOUBT):
        return None
    reading = f"Read as {phone.display}, because there is neither a + nor a default country."
    return phone._replace(warning=f"{reading} {phone.warning}".strip())


def _from_table(number: PhoneNumber) -> Phone:
    found = phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:]
    forms = (number, parsed(f"+{match_key(found)}"))
    if any(phonenumbers.is_valid_number(form) for form in forms if form):
        return _phone(found)
    return _phone(found, "The length is right, but no such number is known to be in use.")


def _phone(found: str, warning: str = "") -> Phone:
    return Phone(found, display_phone(found), match_key(found), warning)


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def country_code(number: str) -> str:
    """The calling code that a number of digits begins with; "" when none is known."""
    for length in (1, 2, 3):
        if int(number[:length] or 0) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return number[:length]
    return ""
