import pytest
from flask import Flask
from flask_login import login_user

from tests.accounts.people import DANA, NOON, a_user
from webapp.accounts import tokens
from webapp.accounts.actors import act_as, actor_names, current_actor
from webapp.accounts.roles import Role


@pytest.mark.usefixtures("app_context")
def test_every_actor_has_a_name_that_people_read() -> None:
    named, nameless = a_user(name="Dana Kim"), a_user("kim@example.com")
    token, _ = tokens.create("shop web", Role.AGENT, actor="system", now=NOON)
    names = {
        f"user:{named.id}": "Dana Kim",
        f"user:{nameless.id}": "kim@example.com",
        f"token:{token.id}": "token “shop web”",
        "customer": "the customer",
        "whatsapp": "WhatsApp",
        "system": "Heed",
        "user:999": "user:999",
    }
    assert actor_names(names) == names


@pytest.mark.usefixtures("app_context")
def test_no_keys_have_no_names() -> None:
    assert actor_names([]) == {}


def test_who_acts_in_a_request(app: Flask) -> None:
    with app.test_request_context():
        assert current_actor() == "system"
        user = a_user(DANA)
        login_user(user)
        assert current_actor() == f"user:{user.id}"
        token, _ = tokens.create("shop web", Role.AGENT, actor="system", now=NOON)
        act_as(token)
        assert current_actor() == f"token:{token.id}"


@pytest.mark.usefixtures("app_context")
def test_commands_and_tasks_act_as_the_system() -> None:
    assert current_actor() == "system"
