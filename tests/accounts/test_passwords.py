from collections.abc import Iterator

import pytest
from argon2.profiles import CHEAPEST
from flask import Flask

from webapp.accounts import passwords
from webapp.accounts.passwords import UnfitPassword
from webapp.paths import COMMON_PASSWORDS


@pytest.fixture(autouse=True)
def app_context() -> Iterator[None]:
    app = Flask(__name__)
    app.config["PASSWORD_PROFILE"] = CHEAPEST
    with app.app_context():
        yield


KNOWN = ("dana.kim@blueshop.example", "Dana Kim", "desk.blueshop.example")
LONG = "".join(chr(ord("a") + n % 25) + str(n) for n in range(100))[:200]


def refusal(password: str) -> str:
    with pytest.raises(UnfitPassword) as refused:
        passwords.check_new(password, *KNOWN)
    return str(refused.value)


@pytest.mark.parametrize(
    ("password", "why"),
    [("", "at least 12 characters"), ("eleven sign", "at least 12"), (LONG + "x", "at most 200 characters")],
)
def test_a_password_of_another_length_is_refused_with_a_sentence(password: str, why: str) -> None:
    assert why in refusal(password)


@pytest.mark.parametrize(
    "password", ["qwerty123456", " QWERTY123456 ", "unBelievable", "ｑｗｅｒｔｙ１２３４５６", "123456789012"]
)
def test_a_common_password_is_refused_however_it_is_written(password: str) -> None:
    assert "tried first. Take four or five words" in refusal(password)


def test_the_list_has_three_times_what_the_standard_asks_for_and_nothing_that_is_too_short() -> None:
    listed = COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()
    assert len(listed) == len(set(listed)) == 10_000
    assert min(map(len, listed)) == passwords.SHORTEST


@pytest.mark.parametrize("password", ["x" * 200, "ab1" * 5, "elevensigns" * 2, "пароль" * 3])
def test_a_repetition_is_no_longer_than_what_it_repeats(password: str) -> None:
    assert "repeats fewer than 12 characters" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "dana.kim@blueshop.example",
        " Dana.Kim@Blueshop.EXAMPLE ",
        "Dana Kim 2026!!",
        "kim-dana-kim-7",
        "BlueShop#12345",
        "desk blueshop 1",
        "WhatsApp-Heed-01",
        "Opt-Out Consent",
    ],
)
def test_what_others_know_makes_no_password(password: str) -> None:
    assert "Others know most of this" in refusal(password)


@pytest.mark.parametrize(
    "password",
    [
        "twelve signs", LONG, "пароль из слов", "my mail is dana@example.com", "kim paints blue whales",
        "correct horse battery staple", "elevensigns, elevensigns",
    ],
)  # fmt: skip
def test_a_long_enough_password_needs_no_kinds_of_signs(password: str) -> None:
    passwords.check_new(password, *KNOWN)


@pytest.mark.parametrize("password", ["(*&^%$#@!)_+{}|", "a$b%c&d/e(f)=+", "घोड़ा सही बैटरी"])
def test_signs_that_are_no_letters_are_nothing_that_others_know(password: str) -> None:
    passwords.check_new(password, *KNOWN)


def test_a_person_without_a_name_and_a_desk_without_hosts_are_no_obstacle() -> None:
    passwords.check_new("twelve signs", "a@b.c", "")


def test_the_hash_is_argon2id_and_salted() -> None:
    first, second = passwords.hash_password("the same words"), passwords.hash_password("the same words")
    assert first.startswith("$argon2id$")
    assert first != second


def test_only_the_password_itself_is_accepted() -> None:
    stored = passwords.hash_password("a horse that is correct")
    assert passwords.verify("a horse that is correct", stored)
    assert not passwords.verify("a horse that is corrects", stored)
    assert not passwords.verify("", stored)


def test_without_a_stored_password_none_is_accepted() -> None:
    assert not passwords.verify("", None)
    assert not passwords.verify("a horse that is correct", None)


def test_signs_that_keyboards_write_in_two_ways_are_the_same() -> None:
    stored = passwords.hash_password("cafe\u0301 au lait, s'il")
    assert passwords.verify("caf\u00e9 au lait, s'il", stored)


def test_production_uses_the_profile_of_rfc_9106() -> None:
    with Flask(__name__).app_context():
        assert "$m=65536,t=3,p=4$" in passwords.hash_password("a horse that is correct")
