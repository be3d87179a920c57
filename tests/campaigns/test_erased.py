"""A customer who is erased while a campaign runs gets nothing more of it."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from tests.campaigns.factories import TOKEN, a_campaign, a_running_campaign, a_template, claimed
from tests.customers.erasure.erasures import wish
from tests.factories import NOON, a_customer, at
from tests.whatsapp.posting import apart
from webapp.campaigns.models import Campaign, Delivery, Segment, SegmentMember
from webapp.campaigns.segments import rules, segments
from webapp.campaigns.segments.rules import Rules
from webapp.campaigns.sending import claims, outcomes
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import Accepted
from webapp.consent.rules import Status
from webapp.customers.erasure import erasing
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db


def erase(customer_id: int) -> None:
    erasing.erase(db.session.get_one(Customer, customer_id), wish())
    db.session.commit()


def people(n: int) -> list[Customer]:
    return [a_customer(f"C{i}", Status.OPTED_IN) for i in range(n)]


@pytest.mark.parametrize("category", ["MARKETING", "UTILITY", "AUTHENTICATION"])
def test_what_is_queued_is_left_out_as_erased(app, category):
    with app.app_context(), writing():
        one, other = people(2)
        campaign = a_running_campaign(a_template(category=category), one, other)
        erase(one.id)
        assert [row.customer_id for row in claimed(campaign, 1001).rows] == [other.id]
        gone = db.session.scalars(select(Delivery).where(Delivery.customer_id == one.id)).one()
        assert (gone.state, gone.reason) == ("suppressed", "erased")


def test_the_answer_to_a_message_on_the_wire_gives_no_address_back(app):
    with app.app_context(), writing():
        [one] = people(1)
        campaign = a_running_campaign(a_template(), one)
        [row] = claimed(campaign).rows
        erase(one.id)
        answer = Accepted("wamid.1", "5511900000001", "US.9")
        outcomes.record(campaign.id, TOKEN, [Result(row, answer, at(1001))], at(1001))
        db.session.commit()
        assert db.session.scalars(select(Identity)).all() == []
        assert db.session.scalars(select(Delivery.state)).one() == "sent"


def test_no_segment_holds_them_and_a_draft_names_them_without_sending(app):
    with app.app_context(), writing():
        [one] = people(1)
        segments.create_static("Friends", [one.id], actor="user:1", now=NOON)
        campaign = a_campaign(a_template(), one)
        erase(one.id)
        assert db.session.scalars(select(SegmentMember)).all() == []
        assert claims.take_pump(campaign.id, TOKEN, at(1)) is False


def a_search(words: str) -> dict[str, Any]:
    return {"groups": [[{"field": "search", "op": "contains", "value": words}]], "except": []}


def words_kept() -> list[str]:
    """Of the searches in the segments and in the audience."""
    rules = db.session.scalars(select(Segment.rules).order_by(Segment.id))
    audience = db.session.scalars(select(Campaign.audience)).one()
    return [one["groups"][0][0]["value"] for one in rules] + [
        source["args"]["q"] for source in (*audience["include"], *audience["exclude"])
    ]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("zenaide", "_"),
        ("QUIXADA zen", "_"),
        ("+55 11 98765", "_"),
        ("souza", "souza"),
        ("nobody", "nobody"),
    ],
)
def test_a_search_that_found_them_alone_is_forgotten_and_finds_nobody(app, words, kept):
    with app.app_context(), writing():
        gone = a_customer("Zenaide Quixadá Souza", Status.OPTED_IN, "+55 11 98765-4321")
        a_customer("Ana Souza", Status.OPTED_IN)
        segment = segments.create_dynamic("Some", rules.parse(a_search(words)), actor="user:1", now=NOON)
        campaign = a_campaign(a_template())
        both = [{"kind": "filter", "args": {"q": words, "tag": ["vip"]}}]
        campaign.audience = {"include": both, "exclude": both}
        seen = segment.version
        erase(gone.id)
        assert words_kept() == [kept] * 3
        assert campaign.audience["include"][0]["args"]["tag"] == ["vip"], "the rest of the filter stays"
        assert (segment.version > seen) == (kept != words), "who has it open is told that it moved"
        found = list(db.session.scalars(rules.people(Rules.of(segment.rules), at(1001))))
        assert len(found) == (words == "souza")


def test_a_campaign_that_claims_meanwhile_starts_nothing_after_the_erasure(app):
    """Whichever commits first counts: who was erased first is left out, and who started first was sent."""
    with app.app_context():
        customers = people(30)
        everybody = [one.id for one in customers]
        campaign_id = a_running_campaign(a_template(), *customers).id

    def claim() -> None:
        for n in range(30):
            with app.app_context(), writing():
                claims.claim(campaign_id, TOKEN, 1, at(2 + n))
                db.session.commit()
                db.session.remove()

    def wipe() -> None:
        for customer_id in everybody[::-1]:
            with app.app_context(), writing():
                erase(customer_id)
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(apart, claim), pool.submit(apart, wipe)]:
            done.result()
    with app.app_context():
        rows = db.session.scalars(select(Delivery).where(Delivery.campaign_id == campaign_id)).all()
        assert {(row.state, row.reason) for row in rows} <= {
            ("sending", None), ("suppressed", "erased"), ("queued", None),
        }  # fmt: skip
        assert db.session.get_one(Campaign, campaign_id).status == "running"
        assert all(db.session.scalars(select(Customer.erased_at)))
