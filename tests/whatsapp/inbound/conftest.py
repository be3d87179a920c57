"""What the tests of inbound items share."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.whatsapp.posting import the_ledger_is_whole


@pytest.fixture
def in_whole_ledger(app: Flask) -> Iterator[None]:
    """Inside the application; each test ends with a whole ledger."""
    with app.app_context():
        yield
        assert the_ledger_is_whole()
