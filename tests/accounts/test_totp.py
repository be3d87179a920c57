"""Codes of an authenticator app, against the test vectors of RFC 4226 and RFC 6238."""

from datetime import UTC, datetime, timedelta

import pytest

from webapp.accounts import totp

SECRET = b"12345678901234567890"
STEP = timedelta(seconds=30)


@pytest.mark.parametrize(
    ("counter", "expected"),
    list(enumerate(["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583"])),
)
def test_the_codes_of_rfc_4226(counter: int, expected: str) -> None:
    assert totp.code(SECRET, counter) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_codes_of_rfc_6238_by_time(seconds: int, expected: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp.code(SECRET, totp.step_at(at)) == expected
    assert totp.step_of(expected, SECRET, at) == seconds // 30


@pytest.mark.parametrize(("off", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_off(off: int, good: bool) -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC)
    shown = totp.code(SECRET, totp.step_at(now + off * STEP))
    assert (totp.step_of(shown, SECRET, now) is not None) == good


@pytest.mark.parametrize("typed", ["", "1", "28708", "2870822", "٢٨٧٠٨٢", "287082\n", "abcdef", "-87082"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.step_of(typed, SECRET, datetime.fromtimestamp(59, UTC)) is None


def test_the_address_of_the_qr_code_holds_an_account_of_any_signs() -> None:
    address = totp.address(SECRET, "josé?secret=x&issuer=y@example.com", "Heed")
    assert address == (
        "otpauth://totp/Heed:jos%C3%A9%3Fsecret%3Dx%26issuer%3Dy%40example.com"
        "?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Heed"
    )
