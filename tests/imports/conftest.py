"""A desk whose tasks are kept instead of queued, and a manager who imports."""

import pytest
from flask import Flask

from tests.imports.files import Desk


@pytest.fixture
def imports(app: Flask, desk) -> Desk:
    enqueued: list[tuple] = []
    names = ("import", "batch")
    app.extensions["heed-tasks"] = {
        name: lambda *values, name=name: enqueued.append((name, *values)) for name in names
    }
    return Desk(app, desk("manager"), enqueued)
