"""Evidence of before there were wordings, links and files is whole after the update."""

from tests.older import put
from tests.test_older_reviews import NOW, ROWS
from webapp import create_app, database
from webapp.consent import ledger_check
from webapp.consent.models import Evidence
from webapp.extensions import db

DIGEST = "45a957241d11442b394b1870048124e3d7c4ae060bf623de3b7815bab6cd325d"
"""Of these words with this nonce, as it was computed then."""
OPT_IN = {
    "kind": "consent", "status": "opted_in", "source": "agent", "actor": "user:1", "evidence_digest": DIGEST,
}  # fmt: skip
OLDER = {
    "customers": ROWS["customers"] | {"status_at": NOW, "status_event_id": 1},
    "consent_events": ROWS["consent_events"] | OPT_IN,
    "evidence": {
        "event_id": 1, "nonce": b"0" * 16, "channel": "web_form", "words": "Sim, quero ofertas",
        "matched": "START", "message_id": "wamid.A",
    },
}  # fmt: skip


def test_older_evidence_still_verifies(older_url, tmp_path):
    database.migrate(older_url, "0007")
    engine = database.open_engine(older_url)
    with engine.begin() as connection:
        for name, row in OLDER.items():
            put(connection, name, row)
    engine.dispose()
    database.migrate(older_url)
    settings = {"WHATSAPP_APP_SECRET": "secret", "WHATSAPP_VERIFY_TOKEN": "token", "SECRET_KEY": "x" * 32}
    app = create_app({"DATABASE_URL": older_url, "HEED_DATA_DIR": str(tmp_path), **settings})
    with app.app_context():
        assert ledger_check.first_fault(read_files=True) is None
        db.session.rollback()
        evidence = db.session.get(Evidence, 1)
        assert (evidence.words, evidence.link, evidence.file_sha256) == ("Sim, quero ofertas", "", None)
        db.session.remove()
        db.engine.dispose()
