"""After a restore the Campaigns page says why nothing is sent, and an admin lets the desk send again."""

import pytest
from bs4 import BeautifulSoup

from tests.backups.conftest import put_away
from tests.campaigns.factories import a_running_campaign, a_template
from tests.factories import a_customer
from webapp import clock
from webapp.backups import replaying
from webapp.campaigns import switch
from webapp.consent.models import ConsentEvent
from webapp.database import writing
from webapp.events import policy_words
from webapp.extensions import db

PAGE = "/campaigns/sending/confirm"


@pytest.fixture
def database_url(sqlite_url):
    """What the pages show does not depend on the database."""
    return sqlite_url


@pytest.fixture
def asked(app):
    campaigns: list[int] = []
    app.extensions["heed-tasks"] = {"pump": campaigns.append}
    return campaigns


@pytest.fixture
def restored(app) -> None:
    with app.app_context(), writing():
        a_running_campaign(a_template(), a_customer())
        replaying.replay_all(app.config["HEED"], None, clock.now())
        db.session.commit()


def off(app) -> str:
    with app.app_context():
        return switch.off(app.config["HEED"])


def test_the_campaigns_page_says_why_and_leads_an_admin_to_the_decision(app, desk, restored):
    soup = BeautifulSoup(desk("admin").get("/campaigns").text, "html.parser")
    assert "This desk was restored from a backup of" in soup.select_one(".banner").text
    assert soup.select_one("#banner-sending")["href"] == PAGE
    assert (
        BeautifulSoup(desk("manager").get("/campaigns").text, "html.parser").select_one("#banner-sending")
        is None
    )


def test_an_admin_sees_what_differs_and_confirms_once(app, desk, restored, asked):
    admin = desk("admin")
    page = BeautifulSoup(admin.get(PAGE).text, "html.parser")
    told = [line.text for line in page.select("#restore-difference li")]
    assert told[0].startswith("There was no opt-out journal")
    assert "1 campaign was running and is paused." in told
    assert admin.send(PAGE, page="/campaigns").status_code == 303
    assert off(app) == ""
    assert "Confirmed. Sending is on." in admin.get("/campaigns").text
    assert admin.send(PAGE, page="/campaigns").status_code == 303, "a double click"
    assert "This was confirmed already." in admin.get("/campaigns").text
    with app.app_context():
        events = db.session.query(ConsentEvent).filter_by(kind="policy").all()
        assert [event.actor.split(":")[0] for event in events] == ["user"]
        assert replaying.last().confirmed_by == events[0].actor
    assert "Nothing waits to be confirmed." in admin.get(PAGE).text


def test_the_kill_switch_stays_as_it_is(app, desk, restored, asked):
    with app.app_context(), writing():
        switch.set_enabled(False, actor="user:1", now=clock.now())
        db.session.commit()
    admin = desk("admin")
    assert "The kill switch stays on" in admin.get(PAGE).text
    admin.send(PAGE, page="/campaigns")
    assert off(app) == "Sending was switched off."


def test_nobody_below_an_admin_confirms(app, desk, restored):
    manager = desk("manager")
    assert manager.get(PAGE).status_code == 403
    assert manager.send(PAGE, page="/campaigns").status_code == 403
    assert off(app) != ""
    put_away(app)


def test_the_consent_log_tells_of_it_in_words():
    told = policy_words.VALUES["sending_confirmed"]
    assert [told[0], told[1](True), told[1](False)] == [
        "Sending after a restore or a move", "confirmed", "not confirmed",
    ]  # fmt: skip
