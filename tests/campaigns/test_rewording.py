"""WhatsApp has another text of a template by now: what goes out is what somebody looked at."""

import pytest

from tests.campaigns.factories import GREETING, HELLO, TOKEN, a_campaign, a_running_campaign, a_template
from tests.factories import a_customer, at
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.sending import claims
from webapp.campaigns.templates import templates
from webapp.campaigns.templates.templates import Description
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

IN = Status.OPTED_IN
NAME = {"body:first_name": {"name": True, "fallback": "friend"}}
LINK = {"type": "URL", "text": "Shop", "url": "https://shop.example/spring"}
OTHER = [{"type": "BODY", "text": "<b>Everything</b> must go."}]


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context(), writing():
        yield


@pytest.fixture
def running() -> Campaign:
    return a_running_campaign(a_template(), a_customer("Ana", IN), a_customer("Ben", IN))


def fetched(campaign: Campaign, components, second: float = 10) -> None:
    """A synchronisation finds the template with these parts."""
    template = campaign.template
    found = Description(template.external_id, template.name, template.language, template.category, "APPROVED",
                        parameter_format=template.parameter_format, components=components)  # fmt: skip
    templates.take_in([found], at(second))
    db.session.commit()


def test_a_running_campaign_waits_and_shows_the_text_and_whoever_resumes_it_has_read_it(running):
    fetched(running, OTHER)
    assert (running.status, running.pause_code, running.paused_by) == ("paused", "text", "system")
    assert "“<b>Everything</b> must go.”" in running.pause_reason
    assert claims.claim(running.id, TOKEN, 5, at(11)).stop
    assert {row.state for row in db.session.query(Delivery)} == {"queued"}
    lifecycle.resume(running, actor="user:1", now=at(12))
    fetched(running, OTHER, 20)
    assert running.status == "running", "it was read"
    fetched(running, HELLO, 30)
    assert running.status == "paused", "this one was not, since"


CHANGED = [
    ("an example", [{**GREETING[0], "example": {"body_text_named_params": []}}, *GREETING[1:]], "running"),
    ("the words", [{"type": "BODY", "text": "Hi {{first_name}}, last chance."}, *GREETING[1:]], "paused"),
    ("the footer", [GREETING[0], {"type": "FOOTER", "text": "Bye"}, GREETING[2]], "paused"),
    ("no way out", GREETING[:2], "paused"),
    ("a link", [*GREETING[:2], {"type": "BUTTONS", "buttons": [LINK]}], "paused"),
    ("a picture", [{"type": "HEADER", "format": "TEXT", "text": "New"}, *GREETING], "paused"),
]


@pytest.mark.parametrize(("what", "components", "status"), CHANGED, ids=[row[0] for row in CHANGED])
def test_all_that_a_customer_sees_counts(what, components, status):
    campaign = a_running_campaign(a_template(components=GREETING), a_customer("Ana", IN), parameters=NAME)
    fetched(campaign, components)
    assert campaign.status == status, what


def test_where_a_link_leads_counts():
    there = [*HELLO, {"type": "BUTTONS", "buttons": [LINK]}]
    elsewhere = [*HELLO, {"type": "BUTTONS", "buttons": [LINK | {"url": "https://elsewhere.example/"}]}]
    campaign = a_running_campaign(a_template(components=there), a_customer("Ana", IN))
    fetched(campaign, elsewhere)
    assert campaign.status == "paused"


def test_one_that_a_person_paused_shows_the_text_too(running):
    lifecycle.pause(running, actor="user:1", now=at(5), code="payment", reason="Pay first.")
    fetched(running, OTHER)
    assert (running.pause_code, running.paused_by) == ("payment", "user:1")
    assert running.pause_reason.startswith("Pay first. WhatsApp has another text")


def test_a_campaign_of_which_nobody_knows_what_was_looked_at_goes_on(running):
    running.reviewed = {"eligible": 2, "suppressed": {}}
    fetched(running, OTHER)
    assert running.status == "running"


def test_another_template_of_the_account_concerns_nobody(running):
    a_template("another", components=GREETING)
    fetched(running, HELLO)
    assert running.status == "running"


def test_a_scheduled_campaign_does_not_send_by_itself_what_nobody_read():
    campaign = a_campaign(a_template(), a_customer("Ana", IN))
    lifecycle.schedule(campaign, at(3600), actor="user:1", now=at(1))
    fetched(campaign, OTHER)
    lifecycle.launch_due(campaign.id, at(3600))
    assert (campaign.status, campaign.missed_at) == ("scheduled", at(3600))
    assert "Read it, then send" in campaign.pause_reason
    lifecycle.launch(campaign, actor="user:1", now=at(3700))
    assert campaign.status == "running"
