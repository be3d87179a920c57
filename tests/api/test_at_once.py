"""Calls that come in the same moment."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.api.programs import Program, on_record
from webapp.consent import ledger_check
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Status
from webapp.customers.models import Customer, Tag
from webapp.extensions import db

PHONE = "+55 11 98765-4321"


def at_once(app: Flask, token: str, calls: list[Callable[[Program], Any]]) -> list[Any]:
    """The answers to calls that start together, each from a client of its own."""
    start = Barrier(len(calls))

    def call(one: Callable[[Program], Any]) -> Any:
        program = Program(app.test_client(use_cookies=False), token)
        start.wait(timeout=30)
        return one(program)

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))


def test_two_puts_of_one_new_number_make_one_customer(app: Flask, agent: Program) -> None:
    def put(number: int) -> Callable[[Program], Any]:
        profile = {"phone": PHONE, "tags": ["vip"], "attributes": {"orders": number}}
        return lambda program: program.put("/customers", profile)

    answers = at_once(app, agent.token, [put(number) for number in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json["id"] for answer in answers}) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 1
        assert db.session.scalars(select(Tag.n)).all() == [1]


def test_opt_outs_in_one_moment_are_all_recorded_and_one_has_the_effect(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, status=Status.OPTED_IN)
    answers = at_once(app, agent.token, [lambda program: program.opt_out(customer_id)] * 4)
    assert sorted(answer.json["effect"] for answer in answers) == ["changed", "none", "none", "none"]
    with app.app_context():
        assert ledger_check.first_fault() is None
        assert db.session.scalar(select(func.count()).select_from(ConsentEvent)) == 5


def test_decisions_beside_an_opt_out_are_answered_and_the_next_knows_it(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    calls = [lambda program: program.reasons("MARKETING", PHONE)] * 3
    *decisions, stop = at_once(app, agent.token, [*calls, lambda program: program.opt_out(customer_id)])
    assert stop.status_code == 201
    assert all(reasons in ([None], ["opted_out"]) for reasons in decisions)
    assert agent.reasons("MARKETING", PHONE) == ["opted_out"]
