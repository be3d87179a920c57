"""A call that is made again under its key is answered again, not done again."""

from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.api.conftest import ProgramOf
from tests.api.programs import Program, a_draft, on_record
from tests.api.test_at_once import at_once
from webapp import clock
from webapp.accounts.roles import Role
from webapp.api import idempotency
from webapp.campaigns.models import Delivery, IdempotencyKey
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

STOP = {"status": "opted_out"}


def count(app: Flask, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def aged(app: Flask, age: timedelta) -> None:
    """Every key was used so long ago."""
    with app.app_context(), writing():
        for row in db.session.scalars(select(IdempotencyKey)):
            row.created_at -= age
        db.session.commit()


def test_the_same_call_under_its_key_is_answered_as_before_and_not_done_again(
    app: Flask, agent: Program
) -> None:
    path = f"/customers/{on_record(app)}/consent"
    first, second = agent.once("key-1", path, STOP), agent.once("key-1", path, STOP)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count(app, ConsentEvent) == 1


def test_without_the_header_each_call_is_done(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    assert agent.opt_out(customer_id).json["seq"] != agent.opt_out(customer_id).json["seq"]
    assert count(app, IdempotencyKey) == 0


def test_a_key_with_another_body_or_address_is_422_and_changes_nothing(app: Flask, agent: Program) -> None:
    one, other = on_record(app), on_record(app)
    agent.once("key-1", f"/customers/{one}/consent", STOP)
    for path, body, why in [
        (f"/customers/{one}/consent", {**STOP, "evidence": "by phone"}, "another body"),
        (f"/customers/{other}/consent", STOP, "another customer"),
    ]:
        response = agent.once("key-1", path, body)
        assert response.status_code == 422, why
        assert response.json["errors"][0]["field"] == "Idempotency-Key"
    assert count(app, ConsentEvent) == 1


def test_each_token_has_keys_of_its_own(app: Flask, program_of: ProgramOf) -> None:
    path = f"/customers/{on_record(app)}/consent"
    for _ in range(2):
        response = program_of(Role.AGENT).once("key-1", path, STOP)
        assert "Idempotent-Replayed" not in response.headers
    assert count(app, ConsentEvent) == 2


def test_a_refused_call_leaves_its_key_free(app: Flask, agent: Program) -> None:
    path = f"/customers/{on_record(app)}/consent"
    assert agent.once("key-1", path, {"status": "opted_in"}).status_code == 422
    assert agent.once("key-1", path, STOP).status_code == 201


def test_keys_that_cannot_be_kept_are_422(app: Flask, agent: Program) -> None:
    path = f"/customers/{on_record(app)}/consent"
    for key in ("", "x" * 201, "schlüssel", "a\tb"):
        assert agent.once(key, path, STOP).status_code == 422, key
    assert count(app, ConsentEvent) == 0


def test_a_key_is_kept_for_a_day_and_may_then_be_used_again(app: Flask, agent: Program) -> None:
    path = f"/customers/{on_record(app)}/consent"
    agent.once("key-1", path, STOP)
    aged(app, timedelta(hours=23))
    assert "Idempotent-Replayed" in agent.once("key-1", path, STOP).headers
    aged(app, timedelta(hours=1, seconds=1))
    assert "Idempotent-Replayed" not in agent.once("key-1", path, STOP).headers


def test_tidying_forgets_what_is_older_than_a_day(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    agent.once("old", f"/customers/{customer_id}/consent", STOP)
    aged(app, timedelta(hours=25))
    agent.once("new", f"/customers/{customer_id}/consent", STOP)
    with app.app_context(), writing():
        idempotency.forget(clock.now())
        db.session.commit()
        assert list(db.session.scalars(select(IdempotencyKey.key))) == ["new"]


def test_calls_at_once_under_one_key_are_done_once(app: Flask, agent: Program) -> None:
    path = f"/customers/{on_record(app, status=Status.OPTED_IN)}/consent"
    answers = at_once(app, agent.token, [lambda program: program.once("key-1", path, STOP)] * 4)
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json["seq"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 3
    assert count(app, ConsentEvent) == 2


def test_a_launch_is_answered_as_before_even_when_the_campaign_went_on(
    app: Flask, program_of: ProgramOf
) -> None:
    campaign_id = a_draft(app, on_record(app, status=Status.OPTED_IN))
    manager = program_of(Role.MANAGER)
    first = manager.once("key-1", f"/campaigns/{campaign_id}/launch")
    manager.post(f"/campaigns/{campaign_id}/cancel")
    second = manager.once("key-1", f"/campaigns/{campaign_id}/launch")
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json == first.json
    assert second.headers["Idempotent-Replayed"] == "true"
    assert count(app, Delivery) == 1
