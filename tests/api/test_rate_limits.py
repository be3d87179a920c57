"""So many calls a minute for each token, told with every answer."""

from datetime import timedelta

from flask import Flask

from tests.api.conftest import ProgramOf
from tests.api.programs import Program
from tests.factories import NOON, at
from webapp.accounts.roles import Role
from webapp.api.limits import Meter


def test_every_answer_says_what_is_left(agent: Program) -> None:
    headers = agent.get("/customers").headers
    assert headers["RateLimit-Limit"] == "600"
    assert headers["RateLimit-Remaining"] == "599"
    assert 1 <= int(headers["RateLimit-Reset"]) <= 60


def test_refused_calls_say_it_too(agent: Program, viewer: Program) -> None:
    for response, status in [
        (agent.get("/customers", limit="x"), 422),
        (agent.get("/customers/99"), 404),
        (viewer.put("/customers", {}), 403),
    ]:
        assert response.status_code == status
        assert "RateLimit-Remaining" in response.headers


def test_one_call_too_many_is_429_and_does_nothing(app: Flask, agent: Program) -> None:
    app.config["API_CALLS_A_MINUTE"] = 0
    response = agent.put("/customers", {"phone": "+55 11 98765-4321"})
    assert response.status_code == 429
    assert response.mimetype == "application/problem+json"
    assert response.headers["Retry-After"] == response.headers["RateLimit-Reset"]
    assert response.headers["RateLimit-Remaining"] == "0"
    del app.config["API_CALLS_A_MINUTE"]
    assert agent.get("/customers").json["items"] == []


def test_many_decisions_at_once_are_one_call(agent: Program) -> None:
    response = agent.post("/decisions", {"category": "MARKETING", "recipients": ["+55 11 98765-4321"] * 100})
    assert response.headers["RateLimit-Remaining"] == "599"


def test_a_token_is_not_held_to_what_another_one_did(program_of: ProgramOf) -> None:
    program_of(Role.VIEWER).get("/customers")
    assert program_of(Role.VIEWER).get("/customers").headers["RateLimit-Remaining"] == "599"


def test_who_shows_no_token_is_told_nothing(app: Flask) -> None:
    response = app.test_client().get("/api/v1/customers")
    assert response.status_code == 401
    assert "RateLimit-Limit" not in response.headers


def test_with_the_next_minute_all_calls_are_there_again() -> None:
    meter = Meter()
    left = [meter.count(1, 2, at(seconds)) for seconds in (0, 30, 59.5, 60)]
    assert [allowance.remaining for allowance in left] == [1, 0, -1, 1]
    assert [allowance.reset for allowance in left] == [60, 30, 1, 60]


def test_a_clock_that_is_set_back_begins_a_new_window() -> None:
    meter = Meter()
    meter.count(1, 1, NOON)
    assert meter.count(1, 1, NOON - timedelta(hours=1)).remaining == 0
