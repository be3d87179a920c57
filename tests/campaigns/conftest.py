"""What tests of campaigns share."""

from collections.abc import Iterator

import pytest
from flask import Flask


@pytest.fixture
def asked(app: Flask) -> Iterator[list[int]]:
    """The campaigns that a worker was asked to send."""
    campaigns: list[int] = []
    app.extensions["heed-tasks"] = {"pump": campaigns.append}
    yield campaigns
    del app.extensions["heed-tasks"]
