"""An update takes a desk of any version to the newest, and nobody's consent is lost or changed by it."""

import subprocess
import sys

import pytest
from sqlalchemy import text

from tests.older import KEYS, fill, read
from webapp import create_app, database
from webapp.consent import ledger_check
from webapp.extensions import db

MADE_ANEW = {"customers": {"search"}}
"""What later versions derive in another way; it is no statement of anybody."""


def test_from_every_version_no_event_evidence_state_or_delivery_is_lost_or_changed(older_url, tmp_path):
    """Each version writes a desk of its own, and comes to the next one with all that there is by then."""
    held = {}
    for version in reversed(database.versions()[1:]):
        database.migrate(older_url, version)
        engine = database.open_engine(older_url)
        with engine.begin() as connection:
            held[version] = fill(connection, version)
        engine.dispose()
    database.migrate(older_url)
    engine = database.open_engine(older_url)
    with engine.connect() as connection:
        for version, rows in held.items():
            assert lost(connection, rows) == [], version
    engine.dispose()
    assert len(held) >= 21
    assert len({name for name, _ in held["0021"]}) == 11, "a kind of row was written nowhere"
    the_ledger_is_whole(older_url, tmp_path, events=10 * len(held))


def lost(connection, rows) -> list[str]:
    """What stands differently now, in words."""
    different = []
    for name, before in rows:
        now = read(connection, name, before[KEYS.get(name, "id")], list(before))
        changed = {key for key, value in before.items() if now[key] != value} - MADE_ANEW.get(name, set())
        different += [f"{name}.{key}" for key in changed]
    return different


def the_ledger_is_whole(url, tmp_path, events):
    app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    with app.app_context():
        assert ledger_check.first_fault() is None
        assert ledger_check.size() == events
        db.session.remove()
        db.engine.dispose()


def test_an_update_that_is_killed_in_the_middle_left_nothing_and_is_repeated(older_url):
    database.migrate(older_url, "0001")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        rows = fill(connection, "0001")
    killed = subprocess.run([sys.executable, "-m", "tests.mortal_update", older_url, "0012"], timeout=120)
    assert killed.returncode == -9
    with engine.connect() as connection:
        assert database.version(connection) == "0001"
        assert lost(connection, rows) == []
    database.migrate(older_url)
    with engine.connect() as connection:
        assert database.version(connection) == database.newest_version()
        assert lost(connection, rows) == []
    engine.dispose()


@pytest.mark.parametrize("version", ["9999", "0021_by_somebody_else"])
def test_a_database_of_a_newer_heed_is_left_as_it_is(older_url, version):
    database.migrate(older_url, "0001")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
    with pytest.raises(database.NewerSchema, match="a newer Heed has migrated it"):
        database.migrate(older_url)
    with engine.connect() as connection:
        assert database.version(connection) == version
    engine.dispose()
