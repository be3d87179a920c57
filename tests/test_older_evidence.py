"""Evidence of reviews that was forgotten before an update is no fault after it; other missing evidence is."""

from sqlalchemy import text

from tests.older import put
from tests.test_older_reviews import ROWS
from webapp import create_app, database
from webapp.consent import ledger_check
from webapp.extensions import db

DIGEST = {"evidence_digest": "d" * 64}
EVENT = ROWS["consent_events"] | DIGEST
CONSENT = EVENT | {"id": 2, "kind": "consent", "status": "opted_in"}


def test_what_was_forgotten_before_the_update_is_noted_as_such(older_url, tmp_path):
    database.migrate(older_url, "0007")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        for name, row in (
            ("customers", ROWS["customers"]),
            ("consent_events", EVENT),
            ("consent_events", CONSENT),
        ):
            put(connection, name, row)
    engine.dispose()
    database.migrate(older_url)
    app = create_app({"DATABASE_URL": older_url, "HEED_DATA_DIR": tmp_path}, web=False)
    with app.app_context():
        noted = db.session.execute(text("SELECT event_id, why FROM forgotten_evidence")).all()
        assert noted == [(1, "earlier")]
        db.session.rollback()
        faults = [finding.words for finding in ledger_check.findings()]
        assert "The evidence of event 2 is gone." in faults
        assert not any("evidence of event 1 " in words for words in faults)
        db.session.remove()
        db.engine.dispose()
