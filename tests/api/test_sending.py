"""POST sending: the kill switch for programs."""

from typing import Any

import pytest
from flask import Flask

from tests.api.conftest import ProgramOf
from tests.api.programs import Program
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.extensions import db


@pytest.fixture
def admin(program_of: ProgramOf) -> Program:
    return program_of(Role.ADMIN)


def is_enabled(app: Flask) -> bool:
    with app.app_context():
        return switch.current().enabled


def test_it_stops_all_sending_and_allows_it_again(app: Flask, admin: Program) -> None:
    for enabled in (False, False, True, True):
        response = admin.post("/sending", {"enabled": enabled})
        assert (response.status_code, response.json) == (200, {"enabled": enabled})
        assert is_enabled(app) is enabled


def test_it_is_on_record_who_stopped_it(app: Flask, admin: Program) -> None:
    admin.post("/sending", {"enabled": False})
    with app.app_context():
        assert switch.current().changed_by == "token:1"
        assert switch.off(app.config["HEED"]) == "Sending was switched off."
        db.session.rollback()


@pytest.mark.parametrize("body", [{}, {"enabled": None}, {"enabled": "false"}, {"enabled": 0}, {"on": True}])
def test_anything_but_true_and_false_is_422_and_changes_nothing(
    app: Flask, admin: Program, body: dict[str, Any]
) -> None:
    assert admin.post("/sending", body).status_code == 422
    assert is_enabled(app)


def test_a_manager_may_not(app: Flask, program_of: ProgramOf) -> None:
    assert program_of(Role.MANAGER).post("/sending", {"enabled": False}).status_code == 403
    assert is_enabled(app)
