"""Opt-ins that lapse: what the table, the page, a decision and an audience say about one that is too old."""

from datetime import timedelta

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer
from webapp import clock
from webapp.api import recipients
from webapp.api.deciding import Asked, decide
from webapp.campaigns import audience
from webapp.consent import ledger, policy
from webapp.consent.gate import Category
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.extensions import db

OLD, NEW = "+55 11 98812-4410", "+55 11 98812-4411"


@pytest.fixture
def people(app) -> tuple[int, int]:
    """Opted in 40 days ago and yesterday; opt-ins are good for a month."""
    with app.app_context():
        ids = []
        for days, phone in ((40, OLD), (1, NEW)):
            person = a_customer(f"{days} days", phone=phone)
            said = Statement(
                Status.OPTED_IN, Source.KEYWORD, "customer", clock.now(), proof=Proof("", "YES"),
                stated_at=clock.now() - timedelta(days=days),
            )  # fmt: skip
            ledger.record(person, said)
            ids.append(person.id)
        policy.reconfirm_after(1, version=None, actor="user:1", now=clock.now())
        db.session.commit()
        return ids[0], ids[1]


def everybody() -> audience.Preview:
    campaign = a_campaign(a_template())
    campaign.audience = {"include": [{"kind": "everybody"}], "exclude": []}
    return audience.preview(campaign, Category.MARKETING, clock.now())


def test_the_table_and_the_page_say_so_beside_the_state(desk, people):
    old, new = people
    client = desk("agent")
    table = client.soup("/opt-in")
    assert "Opt-in older than 1 month" in table.find(id=f"customer-{old}").get_text()
    assert "Opted In" in table.find(id=f"customer-{old}").get_text()
    assert "older than" not in table.find(id=f"customer-{new}").get_text()
    page = " ".join(client.soup(f"/customers/{old}").get_text(" ").split())
    assert "Marketing no, opt-in older than 1 month" in page
    assert "Utility yes" in page


def test_a_decision_leaves_them_out(app, people):
    with app.app_context():
        asked = Asked(Category.MARKETING, recipients.read({"recipients": [OLD, NEW]}), "token:1", clock.now())
        assert [made.reason for _, made in decide(asked)] == ["no_consent", None]


def test_an_audience_leaves_them_out(app, people):
    with app.app_context():
        assert everybody().to_json() == {"eligible": 1, "suppressed": {"no_consent": 1}}


def test_nothing_is_changed_on_the_customer_and_the_setting_can_be_taken_back(app, people):
    with app.app_context():
        policy.reconfirm_after(None, version=None, actor="user:1", now=clock.now())
        assert everybody().eligible == 2
