"""The texts of confirmations on their page: who may change them, and what is refused."""

import pytest
from sqlalchemy import select

from webapp.consent import policy
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind
from webapp.extensions import db

PATH = "/settings/confirmations"
BYE = "You will get no more offers from us. Reply START to get them again."


@pytest.fixture
def manager(desk):
    return desk("manager")


def settings(app):
    with app.app_context():
        now = policy.current()
        return now.confirm_since is not None, now.confirm_in_agent_chats, now.confirmation_texts


def version(app):
    with app.app_context():
        return policy.current().version


def test_texts_are_saved_and_the_change_is_on_record(app, manager):
    answer = manager.send(
        PATH, **{"version": version(app), "on": "1", "opted_out-": BYE, "opted_out-pt": "Adeus"}
    )
    assert answer.status_code == 303
    assert settings(app) == (True, False, {"": {"opted_out": BYE}, "pt": {"opted_out": "Adeus"}})
    page = manager.get(PATH).text
    assert BYE in page
    assert "Portuguese" in page
    with app.app_context():
        [event] = db.session.scalars(select(ConsentEvent))
        assert event.kind == Kind.POLICY


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"on": "1"}, "Write a text first"),
        (
            {"on": "1", "opted_out-": "Bye! 20% off at shop.example"},
            "This would make it marketing: “shop.example”, “20%”",
        ),
        ({"on": "1", "opted_in-de": "x" * 1025}, "1,025"),
    ],
)
def test_what_cannot_be_a_confirmation_is_refused_and_nothing_typed_is_lost(app, manager, fields, said):
    answer = manager.send(PATH, **{"version": version(app), **fields})
    assert answer.status_code == 422
    assert said in answer.text
    for name, text in fields.items():
        assert name == "on" or text in answer.text
    assert settings(app) == (False, False, {})


def test_adding_a_language_keeps_what_was_typed_and_saves_nothing(app, manager):
    answer = manager.send(PATH, **{"version": version(app), "opted_out-": BYE, "add": "tr", "adding": "1"})
    assert answer.status_code == 200
    assert BYE in answer.text
    assert 'name="opted_out-tr"' in answer.text
    assert settings(app) == (False, False, {})


def test_of_two_managers_the_second_is_told(app, manager):
    first = version(app)
    manager.send(PATH, **{"version": first, "opted_out-": BYE})
    answer = manager.send(PATH, **{"version": first, "opted_out-": "Other words"})
    assert answer.status_code == 409
    assert "Other words" in answer.text
    assert settings(app)[2] == {"": {"opted_out": BYE}}


def test_agents_read_and_do_not_change(app, desk):
    agent = desk("agent")
    page = agent.get(PATH).text
    assert "disabled" in page
    assert 'id="confirmations-save"' not in page
    assert agent.send(PATH, **{"version": version(app), "on": "1", "opted_out-": BYE}).status_code == 403
    assert settings(app)[0] is False


def test_a_hostile_text_is_text(app, manager):
    manager.send(PATH, **{"version": version(app), "opted_out-": "<script>alert(1)</script></textarea>"})
    assert "<script>alert" not in manager.get(PATH).text
