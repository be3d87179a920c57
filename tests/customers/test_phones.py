"""Phone numbers as people, spreadsheets and WhatsApp write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import every
from webapp.customers.phones import (
    MalformedPhone,
    digits,
    display_phone,
    mask,
    match_key,
    parse_phone,
    wa_id_phone,
)


@every(
    ("raw", "country", "found"),
    [
        ("+55 11 98812-4410", None, "5511988124410"),
        ("+55 (11) 98812.4410", None, "5511988124410"),
        ("0055 11 98812 4410", None, "5511988124410"),
        ("'+5511988124410", None, "5511988124410"),
        ("’5511988124410", None, "5511988124410"),
        ("=5511988124410", None, "5511988124410"),
        ("5511988124410.0", None, "5511988124410"),
        ("tel:+55-11-98812-4410", None, "5511988124410"),
        ("whatsapp:+5511988124410", None, "5511988124410"),
        ("\u202a+55 11 98812\u00a04410\u202c", None, "5511988124410"),
        ("＋５５１１９８８１２４４１０", None, "5511988124410"),
        ("+٥٥١١٩٨٨١٢٤٤١٠", None, "5511988124410"),
        ("٠٠٥٥١١٩٨٨١٢٤٤١٠", None, "5511988124410"),
        ("+५५११९८८१२४४१०", None, "5511988124410"),
        ("(11) 98812-4410", "BR", "5511988124410"),
        ("011 98812-4410", "br", "5511988124410"),
        ("11988124410", "BR", "5511988124410"),
        ("5511988124410", "BR", "5511988124410"),
        ("612345678", "FR", "33612345678"),
        ("06 12 34 56 78", "FR", "33612345678"),
        ("8 (916) 123-45-67", "RU", "79161234567"),
        ("011 15 5555-0001", "AR", "5491155550001"),
        ("+54 9 11 15 5555 0001", None, "5491155550001"),
        ("+54 11 5555-0001", None, "541155550001"),
        ("+44 (0)7700 900123", None, "447700900123"),
        ("+39 06 1234 5678", None, "390612345678"),
        ("4520123456", None, "4520123456"),
        ("5215555550001", None, "5215555550001"),
        ("+52 1 555 555 0001", None, "5215555550001"),
        ("5215555550001", "BR", "5215555550001"),
        ("556590000001", None, "556590000001"),
        ("15550100001", None, "15550100001"),
        ("447700900123", None, "447700900123"),
        ("447700900123", "BR", "447700900123"),
    ],
)
def test_a_number_is_read_in_every_form_that_is_met(raw, country, found):
    assert parse_phone(raw, country).e164_digits == found


@pytest.mark.parametrize(
    ("raw", "country", "reason"),
    [
        ("", None, "There is no number."),
        (" '' ", "BR", "There is no number."),
        ("\ud83d", None, "There is no number."),
        ("n/a", None, "“n/a” holds no digits."),
        ("+1 800 FLOWERS", None, "holds letters"),
        ("5.5119E+12", None, "was shortened by a spreadsheet, so its last digits are lost"),
        ("5,5119e+12", "BR", "was shortened by a spreadsheet"),
        ("5E12", "BR", "was shortened by a spreadsheet"),
        ("+5511988124410; +5511988124411", None, "has more than 15 digits"),
        ("1" * 100_000, None, "has more than 15 digits"),
        ("+999 123456789", None, "is not a possible number"),
        ("+1 555 1234", None, "is not a possible number"),
        ("+55 11", None, "is not a possible number"),
        ("123", "DE", "is not a possible number of DE"),
        ("10000000000000", "DE", "is not a possible number of DE"),
        ("988124410", None, "has no country code"),
        ("2125551234", None, "has no country code"),
        ("11988124410", None, "has no country code"),
        ("0 11988124410", None, "has no country code"),
        ("11988124410", "Brazil", "“Brazil” is no country"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(raw, country, reason):
    with pytest.raises(MalformedPhone) as refused:
        parse_phone(raw, country)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("raw", "country", "warning"),
    [
        ("+5511988124410", None, ""),
        ("+556590000001", None, ""),
        ("+5215555550001", None, ""),
        ("(11) 98812-4410", "BR", ""),
        ("+15550100001", None, "The length is right, but no such number is known to be in use."),
        (
            "5511988124410",
            None,
            "Read as +55 11 98812-4410, because there is neither a + nor a default country.",
        ),
    ],
)
def test_a_number_in_doubt_carries_a_warning(raw, country, warning):
    assert parse_phone(raw, country).warning == warning


SAME = [
    (["5511988124410", "551188124410"], "Brazil: with and without the ninth digit, wherever"),
    (["5565990000001", "556590000001"], ""),
    (["5215555550001", "525555550001"], "Mexico: with and without the 1"),
    (["5491155550001", "541155550001", "54111555550001", "549111555550001"], "Argentina: the 9 and the 15"),
    (["5493415550001", "543415550001", "54341155550001"], "Argentina: an area of three digits"),
    (["5492944550001", "542944550001", "54294415550001"], "Argentina: an area of four digits"),
]


@pytest.mark.parametrize(("forms", "because"), SAME)
def test_all_forms_of_a_number_share_a_key(forms, because):
    assert len({match_key(form) for form in forms}) == 1, because
    assert len({wa_id_phone(form).match_key for form in forms}) == 1


DIFFERENT = [
    ("551132124410", "5511932124410", "Brazil: a landline starts with 2 to 5 and has no ninth digit"),
    ("5511988124410", "5511988124411", "another number"),
    ("15551234567", "5551234567", "the 1 is the country's"),
    ("447700900123", "4407700900123", "other countries have no variants"),
    ("52155555500", "5255555500", "too short to be Mexican with a 1"),
]


@pytest.mark.parametrize(("one", "other", "because"), DIFFERENT)
def test_other_numbers_do_not_share_a_key(one, other, because):
    assert match_key(one) != match_key(other), because


@pytest.mark.parametrize(
    "wa_id", ["5215555550001", "556590000001", "15550100001", "447700900123", "1", "9" * 20]
)
def test_an_id_of_whatsapp_is_never_refused_and_keeps_its_digits(wa_id):
    phone = wa_id_phone(wa_id)
    assert (phone.e164_digits, phone.warning) == (wa_id, "")
    assert digits(phone.display) == wa_id


@pytest.mark.parametrize(
    ("number", "display", "masked"),
    [
        ("5511988124410", "+55 11 98812-4410", "+55 •• •••••-••10"),
        ("556590000001", "+55 65 9000-0001", "+55 •• ••••-••01"),
        ("5215555550001", "+52 1 55 5555 0001", "+52 • •• •••• ••01"),
        ("15550100001", "+1 555-010-0001", "+1 •••-•••-••01"),
        ("447700900123", "+44 7700 900123", "+44 •••• ••••23"),
        ("999123456789", "+999123456789", "+••••••••••89"),
        ("4477", "+4477", "+44••"),
        ("12", "+12", "+1•"),
        ("", "", ""),
    ],
)
def test_a_number_is_shown_internationally_and_masked_for_viewers(number, display, masked):
    assert display_phone(number) == display
    assert mask(display) == masked


@pytest.mark.parametrize(
    "number",
    ["551178124410", "551188124410", "5511988124410", "5215512345678", "525512345678", "5491123456789",
     "447911123456", "4915112345678", "12025550123"],
)  # fmt: skip
def test_a_number_is_shown_alike_when_it_is_given_and_when_it_is_on_record(number):
    assert parse_phone(f"+{number}").display == display_phone(number)


@given(
    st.text() | st.text("0123456789+-() .'E٣", max_size=20),
    st.sampled_from([None, "BR", "US", "AR", "MX", "DE"]),
)
def test_any_text_is_a_number_or_refused_as_malformed(raw, country):
    try:
        phone = parse_phone(raw, country)
    except MalformedPhone:
        return
    assert 1 <= len(phone.e164_digits) <= 15
    assert phone.match_key == match_key(phone.e164_digits)


@given(st.text())
def test_any_id_has_a_key_that_is_its_own_key(wa_id):
    phone = wa_id_phone(wa_id)
    assert match_key(phone.match_key) == phone.match_key


@given(st.from_regex(r"\A(55[1-9][1-9]9?[6-9]\d{7}|521?\d{10}|549?(11)?\d{8,10}|\d{8,15})\Z"))
def test_the_key_of_a_key_is_the_key(number):
    assert match_key(match_key(number)) == match_key(number)


@given(st.from_regex(r"\A[1-9][0-9]{8,14}\Z"))
def test_a_masked_number_shows_no_more_than_its_ends(number):
    assert len(digits(mask(display_phone(number)))) <= 3 + 2
