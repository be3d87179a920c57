"""POST consent and GET consent-events: what a program may record, and how the ledger reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.api.programs import Program, is_held, on_record, says_stop, stops_in_whatsapp
from tests.factories import NOON
from webapp.api import statements
from webapp.api.problems import Problem
from webapp.clock import now
from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.consent.policy import Wishes
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

HOUR = timedelta(hours=1)


def stated(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def status_of(agent: Program, customer_id: int) -> str:
    return agent.get(f"/customers/{customer_id}").json["status"]


def test_an_opt_out_needs_nothing_but_itself(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, status=Status.OPTED_IN)
    response = agent.opt_out(customer_id)
    assert response.status_code == 201
    assert (response.json["status"], response.json["effect"]) == ("opted_out", "changed")
    assert response.json["evidence"] is None
    assert status_of(agent, customer_id) == "opted_out"


def test_an_opt_in_keeps_its_evidence(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    event = agent.opt_in(customer_id, evidence=" Ticked the box ", given_at="2026-03-31T14:30:00+02:00").json
    assert event["evidence"] == {"channel": "", "words": "Ticked the box"}
    assert event["occurred_at"] == "2026-03-31T12:30:00Z"
    assert agent.get("/consent-events", customer_id=customer_id).json["items"] == [event]
    assert status_of(agent, customer_id) == "opted_in"


def test_evidence_may_name_its_channel(app: Flask, agent: Program) -> None:
    evidence = {"words": "https://shop.example/consents/17", "channel": "web_form"}
    assert agent.opt_in(on_record(app), evidence=evidence).json["evidence"] == evidence


@pytest.mark.parametrize(
    "evidence", [None, "", " \n\t", "\u200b\u00a0\u3164", {"words": " "}, {"channel": "web_form"}]
)
def test_an_opt_in_without_evidence_is_422(app: Flask, agent: Program, evidence: Any) -> None:
    customer_id = on_record(app)
    response = agent.opt_in(customer_id, evidence=evidence)
    assert response.status_code == 422
    assert response.json["errors"][0]["field"] == "evidence"
    assert status_of(agent, customer_id) == "unknown"
    assert agent.get("/consent-events").json["items"] == []


@pytest.mark.parametrize(
    ("given_at", "why"),
    [
        (NOON - HOUR, "before the opt-out"),
        (NOON, "the same second: a tie goes to the opt-out"),
        (NOON + timedelta(milliseconds=900), "later within the same second"),
    ],
)
def test_an_opt_in_stated_for_no_later_than_an_own_opt_out_is_409(
    app: Flask, agent: Program, given_at: datetime, why: str
) -> None:
    customer_id = on_record(app, status=Status.OPTED_IN)
    says_stop(app, customer_id, NOON, words="Stop.")
    response = agent.opt_in(customer_id, given_at=stated(given_at))
    assert response.status_code == 409, why
    assert response.json["opt_out_at"] == "2026-11-20T12:00:00Z"
    assert response.json["opt_out_words"] == "Stop."
    assert status_of(agent, customer_id) == "opted_out"


def test_an_opt_in_stated_for_after_an_own_opt_out_is_recorded(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    says_stop(app, customer_id, NOON)
    response = agent.opt_in(customer_id, given_at=stated(NOON + timedelta(seconds=1)))
    assert (response.status_code, response.json["effect"]) == (201, "changed")
    assert status_of(agent, customer_id) == "opted_in"


def test_without_a_time_an_opt_in_counts_from_now(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    says_stop(app, customer_id, now())
    assert agent.opt_in(customer_id).json["effect"] == "changed"
    assert status_of(agent, customer_id) == "opted_in"


def test_an_opt_in_older_than_an_opt_out_of_an_agent_is_recorded_without_effect(
    app: Flask, agent: Program
) -> None:
    customer_id = on_record(app, status=Status.OPTED_OUT)
    event = agent.opt_in(customer_id, given_at=stated(NOON - HOUR)).json
    assert event["effect"] == "none"
    assert status_of(agent, customer_id) == "opted_out"


@pytest.mark.parametrize("status", ["opted_out", "opted_in"])
def test_the_same_status_again_is_recorded_without_effect(app: Flask, agent: Program, status: str) -> None:
    customer_id = on_record(app)
    statement = {"status": status, "evidence": "a web form"}
    effects = [agent.post(f"/customers/{customer_id}/consent", statement).json["effect"] for _ in range(2)]
    assert effects == ["changed", "none"]


def test_a_time_in_the_future_counts_as_now(app: Flask, agent: Program) -> None:
    event = agent.opt_out(on_record(app), given_at="2999-01-01T00:00:00Z").json
    assert event["occurred_at"] == event["recorded_at"]


STATEMENT = {"status": "opted_in", "evidence": "a web form"}


@pytest.mark.parametrize(
    ("fields", "field", "why"),
    [
        ({"status": "unknown"}, "status", "nobody can say that nothing is on record"),
        ({"status": "OPTED_OUT"}, "status", "another writing is another word"),
        ({"status": None}, "status", "no status"),
        ({"status": True}, "status", "no text"),
        ({"status": {"opted_out": True}}, "status", "no text"),
        ({"evidence": ["a web form"]}, "evidence", "neither text nor object"),
        ({"evidence": {"text": "a web form"}}, "text", "an object with other fields"),
        ({"evidence": {"words": 3}}, "words", "words that are no text"),
        ({"evidence": "x" * 2001}, "evidence", "longer than what is kept"),
        ({"evidence": {"words": "x", "channel": "y" * 41}}, "evidence.channel", "a channel that is too long"),
        ({"evidence": "a\x00b"}, "evidence", "a NUL"),
        ({"evidence": "a\ud800b"}, "evidence", "half a character"),
        ({"given_at": "yesterday"}, "given_at", "no date"),
        ({"given_at": "2026-03-31T14:30:00"}, "given_at", "no zone"),
        ({"given_at": "2026-02-30"}, "given_at", "a day that is not in the calendar"),
        ({"given_at": "0001-01-01T00:00:00+14:00"}, "given_at", "before all years"),
        ({"given_at": "1969-12-31T23:59:59Z"}, "given_at", "before any consent to messages"),
        ({"given_at": 1774967400}, "given_at", "a number may be seconds or milliseconds"),
    ],
)
def test_a_statement_that_does_not_fit_is_422(fields: dict[str, Any], field: str, why: str) -> None:
    with pytest.raises(Problem) as refusal:
        statements.read({**STATEMENT, **fields}, actor="token:1", now=NOON)
    assert refusal.value.status == 422, why
    assert list(refusal.value.faults) == [field], why


def test_a_field_that_does_not_exist_is_422_because_a_typing_error_would_count_as_now(
    app: Flask, agent: Program
) -> None:
    response = agent.opt_in(on_record(app), givenat="2026-03-31")
    assert response.status_code == 422
    assert response.json["errors"][0]["field"] == "givenat"


@pytest.mark.parametrize(
    ("status", "given_at", "counts_as"),
    [
        ("opted_in", "2026-03-31", datetime(2026, 3, 31, tzinfo=UTC)),
        ("opted_out", "2026-03-31", datetime(2026, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)),
        ("opted_out", "2026-03-31T14:30:00Z", datetime(2026, 3, 31, 14, 30, tzinfo=UTC)),
        ("opted_out", "2026-03-31T14:30-03:00", datetime(2026, 3, 31, 17, 30, tzinfo=UTC)),
        ("opted_out", None, None),
    ],
)
def test_a_day_without_a_time_is_read_so_that_less_is_sent(
    status: str, given_at: str | None, counts_as: datetime | None
) -> None:
    body = {"status": status, "given_at": given_at, "evidence": "a web form"}
    assert statements.read(body, actor="token:1", now=NOON).stated_at == counts_as


def test_an_event_looks_as_documented(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    says_stop(app, customer_id, NOON, words="STOP please")
    (event,) = agent.get("/consent-events", customer_id=customer_id).json["items"]
    assert event == {
        "seq": event["seq"],
        "customer_id": customer_id,
        "kind": "consent",
        "status": "opted_out",
        "source": "keyword",
        "actor": "customer",
        "effect": "changed",
        "evidence": {
            "channel": "whatsapp",
            "words": "STOP please",
            "message_id": "wamid.HBgMNTUxMTk=",
        },
        "occurred_at": "2026-11-20T12:00:00Z",
        "recorded_at": "2026-11-20T12:00:00Z",
    }


def test_a_viewer_sees_no_message_id_because_it_carries_the_number(app: Flask, viewer: Program) -> None:
    says_stop(app, on_record(app), NOON)
    (event,) = viewer.get("/consent-events").json["items"]
    assert event["evidence"] == {"channel": "whatsapp", "words": "STOP"}


def test_only_events_of_consent_have_a_status(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    stops_in_whatsapp(app, customer_id)
    is_held(app, customer_id)
    agent.opt_out(customer_id)
    events = agent.get("/consent-events", customer_id=customer_id).json["items"]
    assert [(event["kind"], event["status"]) for event in events] == [
        ("platform_stop", None),
        ("hold", None),
        ("consent", "opted_out"),
    ]


def test_events_come_oldest_first_in_parts_of_one_customer_or_all(app: Flask, agent: Program) -> None:
    one, other = on_record(app), on_record(app)
    for customer_id in (one, other, one, other, one):
        agent.opt_out(customer_id)
    assert [event["customer_id"] for event in all_events(agent)] == [one, other, one, other, one]
    assert len(all_events(agent, customer_id=one)) == 3
    assert all_events(agent, customer_id=one + other + 1) == []


def all_events(agent: Program, **query: Any) -> list[dict[str, Any]]:
    part = agent.get("/consent-events", limit=2, **query).json
    events = part["items"]
    while part["next"]:
        part = agent.get("/consent-events", limit=2, after=part["next"], **query).json
        events += part["items"]
    assert events == sorted(events, key=lambda event: event["seq"])
    return events


def test_changes_of_the_settings_stand_among_all_events(app: Flask, agent: Program) -> None:
    with app.app_context(), writing():
        wishes = Wishes(False, KeywordSet(opt_out=("STOP",), opt_in=("START",)), False)
        policy.change(wishes, version=None, actor="system", now=NOON)
        db.session.commit()
    (event,) = agent.get("/consent-events").json["items"]
    assert (event["kind"], event["customer_id"], event["status"]) == ("policy", None, None)


def test_a_customer_id_that_is_none_is_422(agent: Program) -> None:
    for customer_id in ("x", "0", "-1", "99999999999999999999", "1 OR 1=1"):
        response = agent.get("/consent-events", customer_id=customer_id)
        assert response.status_code == 422, customer_id
        assert response.json["errors"][0]["field"] == "customer_id"
