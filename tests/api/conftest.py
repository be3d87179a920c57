"""Programs that call the API, one for each role."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.api.programs import Program, a_token
from webapp.accounts.roles import Role

ProgramOf = Callable[[Role], Program]


@pytest.fixture
def program_of(app: Flask) -> ProgramOf:
    def program(role: Role) -> Program:
        return Program(app.test_client(use_cookies=False), a_token(app, role))

    return program


@pytest.fixture
def viewer(program_of: ProgramOf) -> Program:
    return program_of(Role.VIEWER)


@pytest.fixture
def agent(program_of: ProgramOf) -> Program:
    return program_of(Role.AGENT)


@pytest.fixture
def manager(program_of: ProgramOf) -> Program:
    return program_of(Role.MANAGER)
