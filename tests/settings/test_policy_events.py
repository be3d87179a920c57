"""Whatever a manager sets is an event with the old and the new value, by whoever set it."""

import io
import json
import re

import pytest

from tests.factories import NOON
from tests.rows import every
from tests.whatsapp.posting import deliver, says
from tests.whatsapp.switching import switch
from webapp.consent import policy
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Kind
from webapp.events import policy_words
from webapp.extensions import db
from webapp.whatsapp.inbound import missed

WISHES = {"keywords_enabled": "1", "opt_out_words": "STOP", "opt_in_words": "START", "version": "1"}
PACK = {"language": "tl", "name": "Filipino", "opt_out": ["TIGIL"], "opt_in": []}


def a_pack() -> dict:
    return {"file": (io.BytesIO(json.dumps(PACK).encode()), "tl.json")}


SETTINGS = [
    ("/opt-in/settings", WISHES | {"opt_out_words": "STOP, SAIR"}, "Opt-out keywords: added SAIR"),
    ("/opt-in/settings", WISHES | {"opt_in_words": "YES"}, "Opt-in keywords: added YES; removed START"),
    ("/opt-in/settings", {"opt_out_words": "STOP", "opt_in_words": "START", "version": "1"},
     "Opt-out by keyword: on → off"),
    ("/opt-in/settings", WISHES | {"unknown_may_receive": "1"},
     "Customers without a record: left out of marketing → may receive marketing"),
    ("/opt-in/settings", WISHES | {"packs_asked": "1", "packs": "de"}, "Word packs that are on: added de"),
    ("/settings/retention", {"days": "30", "version": "1"},
     "Texts of customers are kept for: 90 days → 30 days"),
    ("/settings/reconfirmation", {"months": "24", "version": "1"}, "Opt-ins are good for: ever → 24 months"),
    ("/settings/sending", {"zone": "Asia/Tokyo", "window_from": "", "window_until": "", "version": "1"},
     "Time zone: UTC → Asia/Tokyo"),
    ("/settings/sending", {"zone": "UTC", "window_from": "09:00", "window_until": "18:30", "version": "1"},
     "Marketing from: any time → 09:00"),
    ("/settings/confirmations", {"on": "1", "opted_out-": "No more offers.", "version": "1"},
     "Confirmations: off → on"),
    ("/campaigns/sending", {"enabled": "0"}, "Sending: allowed → stopped"),
    ("/status/alarm", {"hours": "6"}, "Alarm after a silence of: 24 hours → 6 hours"),
    ("/settings/packs", a_pack, "Word pack Filipino: imported"),
]  # fmt: skip
ELSEWHERE = {
    "/settings/missed-stops", "/settings/packs/remove", "/settings/wordings/new",
    "/settings/wordings/<int:wording_id>/edit", "/settings/wordings/<int:wording_id>/retired",
    "/campaigns/sending/confirm",
}  # fmt: skip
"""They need something that is there; the tests below, and those of the wordings and of backups."""
SETS_NOTHING = {"/opt-in/settings/try", "/settings/lab", "/settings/lab.csv"}
FORMS = r"/(settings|opt-in/settings|status/alarm|campaigns/sending)"


def events(app) -> list[tuple[str, list[str]]]:
    with app.app_context():
        found = db.session.query(ConsentEvent).filter_by(kind=Kind.POLICY).order_by(ConsentEvent.id)
        return [(each.actor, policy_words.lines(db.session.get(Evidence, each.id).words)) for each in found]


@pytest.mark.parametrize(("path", "fields", "words"), SETTINGS)
def test_a_change_is_an_event_and_saving_the_same_again_is_none(desk, app, path, fields, words):
    client = desk("admin")
    for version in ("1", "2"):
        given = fields() if callable(fields) else fields
        client.send(path, **(given | ({"version": version} if "version" in given else {})))
    ((actor, lines),) = events(app)
    assert actor == "user:1"
    assert words in lines


def test_so_is_the_removal_of_a_pack(desk, app):
    client = desk("manager")
    client.send("/settings/packs", **a_pack())
    client.send("/settings/packs/remove", key="file:tl")
    client.send("/settings/packs/remove", key="file:tl")
    assert [lines for _, lines in events(app)] == [
        ["Word pack Filipino: imported"], ["Word pack Filipino: removed"]
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("decision", "words"), [("honour", ": honoured"), ("leave", ": left as they were, because a test")]
)
def test_so_is_the_decision_about_missed_stops(desk, app, decision, words):
    with app.app_context():
        switch(False)
    deliver(app, says("stop"))
    with app.app_context():
        switch(True)
        missed.sift()
        db.session.commit()
    desk("manager").send("/settings/missed-stops", decision=decision, reason="a test", listed=1)
    assert events(app)[-1][1] == [f"Missed stops, 1 opt-outs and 0 messages to review{words}"]


@every(
    ("path", "fields"),
    [
        ("/settings/reconfirmation", {"months": "0", "version": "1"}),
        ("/settings/reconfirmation", {"months": "121", "version": "1"}),
        ("/settings/reconfirmation", {"months": "-1", "version": "1"}),
        ("/settings/reconfirmation", {"months": "١٢", "version": "1"}),
        ("/settings/reconfirmation", {"months": "12", "version": "7"}),
        ("/settings/sending", {"zone": "Asia/Tokyo", "version": "7"}),
        ("/status/alarm", {"hours": "0"}),
    ],
)
def test_what_is_refused_is_no_event(desk, app, path, fields):
    desk("admin").send(path, **fields)
    assert events(app) == []
    with app.app_context():
        assert policy.current().reconfirm_months is None


def test_no_form_of_the_settings_is_forgotten(app):
    """A new one belongs into this walk, or into the list of those that set nothing."""
    posted = {rule.rule for rule in app.url_map.iter_rules() if "POST" in rule.methods}
    forms = {rule for rule in posted if re.match(FORMS, rule)}
    assert forms == {path for path, _, _ in SETTINGS} | SETS_NOTHING | ELSEWHERE


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [("2026-11-20", 12, "2025-11-20"), ("2026-03-31", 1, "2026-02-28"), ("2028-02-29", 12, "2027-02-28"),
     ("2026-01-15", 1, "2025-12-15"), ("2026-12-31", 120, "2016-12-31")],
)  # fmt: skip
def test_months_are_those_of_the_calendar(day, months, before):
    noon = NOON.fromisoformat(f"{day}T12:00:00+00:00")
    assert policy.months_before(noon, months).date().isoformat() == before
