"""Stopping a campaign and going on, and the kill switch on the pages."""

import re

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer
from tests.html import PARTIAL
from webapp import clock
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.consent.rules import Status
from webapp.extensions import db

pytestmark = pytest.mark.usefixtures("asked")
EVERYBODY = {"include": [{"kind": "everybody"}], "exclude": []}


@pytest.fixture
def running(app) -> int:
    """A campaign under way, with one delivery queued."""
    with app.app_context():
        a_customer("Ana", Status.OPTED_IN)
        campaign = a_campaign(a_template(), audience=EVERYBODY)
        lifecycle.launch(campaign, actor="system", now=clock.now())
        db.session.commit()
        return campaign.id


def without_tokens(html: str) -> str:
    """They hold the second in which they were made."""
    return re.sub(r'(name="csrf_token" value)="[^"]*"', r"\1", html)


def status_of(app, campaign_id: int) -> str:
    with app.app_context():
        return db.session.get_one(Campaign, campaign_id).status


@pytest.mark.parametrize("scripted", [False, True])
def test_pause_resume_and_cancel(desk, app, running: int, scripted: bool) -> None:
    client = desk("manager")

    def do(verb: str) -> None:
        path = f"/campaigns/{running}/{verb}"
        answer = client.htmx(path, method="POST") if scripted else client.send(path)
        where = answer.headers["HX-Redirect"] if scripted else answer.location
        assert where == f"/campaigns/{running}"

    for verb, status in [("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")]:
        do(verb)
        assert status_of(app, running) == status
    do("resume")
    assert "A campaign that is cancelled cannot be resumed." in client.get(f"/campaigns/{running}").text
    with app.app_context():
        assert db.session.scalars(db.select(Delivery.state)).all() == ["cancelled"]


def test_the_state_on_the_page_is_asked_for_anew_and_only_when_it_moved(desk, running: int) -> None:
    client = desk("manager")
    head = client.htmx(f"/campaigns/{running}/progress", page=f"/campaigns/{running}")
    page = client.get(f"/campaigns/{running}").text
    assert without_tokens(head.text).strip() in without_tokens(page)

    same = client.get(
        f"/campaigns/{running}/progress", headers={**PARTIAL, "HX-PTag": head.headers["HX-PTag"]}
    )
    assert same.status_code == 304
    assert client.get(f"/campaigns/{running}/progress").location == f"/campaigns/{running}"


def test_only_drafts_are_deleted_and_copies_are_drafts(desk, app, running: int) -> None:
    client = desk("manager")
    client.send(f"/campaigns/{running}/delete")
    assert status_of(app, running) == "running"
    copy = client.send(f"/campaigns/{running}/duplicate").location
    assert copy.endswith("/edit")
    copied = int(copy.split("/")[2])
    assert status_of(app, copied) == "draft"
    assert client.get(f"/campaigns/{copied}/delete").status_code == 200
    assert client.send(f"/campaigns/{copied}/delete").location == "/campaigns"
    assert client.get(f"/campaigns/{copied}").status_code == 404


def test_an_admin_stops_all_sending_and_everybody_sees_it(desk, app, running: int, asked) -> None:
    admin, viewer = desk("admin"), desk("viewer")
    assert desk("manager").send("/campaigns/sending", enabled=0).status_code == 403
    assert "Stop all sending" in admin.get("/campaigns/sending").text
    assert admin.send("/campaigns/sending", enabled=0).status_code == 303
    for path in ("/campaigns", f"/campaigns/{running}"):
        page = viewer.soup(path)
        assert "Sending was switched off." in page.select_one(".banner.warning").get_text()
    assert "Allow sending again" in admin.get("/campaigns").text
    assert admin.send("/campaigns/sending", enabled=1).status_code == 303
    assert asked == [running]
    assert not viewer.soup("/campaigns").select(".banner.warning")
    with app.app_context():
        assert switch.current().enabled


def test_the_send_window_and_the_zone_are_set_by_managers(desk, app) -> None:
    manager, viewer = desk("manager"), desk("viewer")
    assert viewer.send("/settings/sending", zone="UTC").status_code == 403
    wanted = {"version": 1, "zone": "Europe/Berlin", "window_from": "09:00", "window_until": "18:30"}
    assert manager.send("/settings/sending", **wanted).status_code == 303
    assert "Europe/Berlin" in viewer.get("/settings").text
    with app.app_context():
        sending = switch.current()
        assert (sending.zone, sending.window_from, sending.window_until) == ("Europe/Berlin", 540, 1110)
    assert manager.send("/settings/sending", **wanted).status_code == 409
    assert manager.send("/settings/sending", version=2, zone="UTC").status_code == 303
    with app.app_context():
        assert switch.current().window_from is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"zone": "UTC", "window_from": "09:00"}, "both"),
        ({"zone": "UTC", "window_from": "9", "window_until": "25:00"}, "both"),
        ({"zone": "UTC", "window_from": "09:00", "window_until": "09:00"}, "differ"),
    ],
)
def test_a_window_that_cannot_be_meant_is_refused_with_a_sentence(desk, fields, words: str) -> None:
    answer = desk("manager").send("/settings/sending", version=1, **fields)
    assert answer.status_code == 422
    assert words in answer.text
