"""Of whom a desk asked a second step before an update, it asks it after it."""

import pytest
from sqlalchemy import text

from webapp import database


@pytest.mark.parametrize(("before", "after"), [(True, "admin"), (False, None)])
def test_admins_are_asked_as_before(older_url, before, after):
    database.migrate(older_url, "0028")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE access_rules SET admins_need_second_step = :it"), {"it": before})
    database.migrate(older_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT second_step_from FROM access_rules")) == after
    engine.dispose()
