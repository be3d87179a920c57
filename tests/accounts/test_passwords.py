from collections.abc import Iterator

import pytest
from argon2.profiles import CHEAPEST
from flask import Flask

from webapp.accounts import passwords
from webapp.accounts.passwords import UnfitPassword


@pytest.fixture(autouse=True)
def app_context() -> Iterator[None]:
    app = Flask(__name__)
    app.config["PASSWORD_PROFILE"] = CHEAPEST
    with app.app_context():
        yield


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "at least 12 characters"),
        ("eleven sign", "at least 12 characters"),
        ("x" * 201, "at most 200 characters"),
        ("dana@example.com", "cannot be the password"),
        (" Dana@Example.COM ", "cannot be the password"),
    ],
)
def test_an_unfit_password_is_refused_with_a_sentence(password: str, why: str) -> None:
    with pytest.raises(UnfitPassword, match=why):
        passwords.check_new(password, "dana@example.com")


@pytest.mark.parametrize(
    "password", ["twelve signs", "x" * 200, "пароль из слов", "my mail is dana@example.com"]
)
def test_a_long_enough_password_needs_no_kinds_of_signs(password: str) -> None:
    passwords.check_new(password, "dana@example.com")


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
