"""Whom a campaign means, and why the others are left out: the preview and the launch use one rule."""

import pytest
from sqlalchemy import func, select, text

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer, at
from webapp.campaigns import audience, lifecycle, named_people
from webapp.campaigns.models import CampaignPerson, Delivery
from webapp.campaigns.reports import counts
from webapp.campaigns.segments import rules, segments
from webapp.consent import holds, ledger
from webapp.consent.gate import Category
from webapp.consent.ledger import Signal, Statement
from webapp.consent.rules import Source, Status, Turn
from webapp.customers import identities
from webapp.customers.filters import Filter
from webapp.customers.tags import tags
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.fixture(autouse=True)
def desk_context(app):
    with app.app_context():
        yield


def a_stopped_customer():
    customer = a_customer("Stopped", IN)
    ledger.record_platform(customer, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(1)))
    return customer


def a_held_customer():
    customer = a_customer("Held", IN)
    holds.hold(customer, "may be a stop", Signal(Source.KEYWORD, "customer", at(1)))
    return customer


def everyone_there_is():
    return [a_customer("In", IN), a_customer("Out", OUT), a_customer("None", NONE), a_stopped_customer(),
            a_held_customer()]  # fmt: skip


def test_marketing_leaves_out_everybody_without_consent_and_says_why():
    campaign = a_campaign(a_template(), *everyone_there_is())
    preview = audience.preview(campaign, Category.MARKETING, at(5))
    assert preview.to_json() == {
        "eligible": 1,
        "suppressed": {"opted_out": 1, "platform_stop": 1, "on_hold": 1, "no_consent": 1},
    }


@pytest.mark.parametrize("category", [Category.UTILITY, Category.AUTHENTICATION])
def test_other_categories_reach_everybody(category):
    campaign = a_campaign(a_template(category=category), *everyone_there_is())
    assert audience.preview(campaign, category, at(5)).to_json() == {"eligible": 5, "suppressed": {}}


def test_the_launch_writes_what_the_preview_showed():
    campaign = a_campaign(a_template(), *everyone_there_is())
    preview = audience.preview(campaign, Category.MARKETING, at(5))
    lifecycle.launch(campaign, actor="system", now=at(5))
    found = counts.of(campaign.id)
    assert (found.states["queued"], found.suppressed) == (preview.eligible, preview.suppressed)
    assert found.total == 5


def test_the_lists_behind_the_numbers_hold_the_same_people():
    people = everyone_there_is()
    campaign = a_campaign(a_template(), *people)
    reasons = [None, "opted_out", "no_consent", "platform_stop", "on_hold"]
    listed = [
        db.session.scalars(audience.members(campaign, Category.MARKETING, reason, at(5))).all()
        for reason in reasons
    ]
    assert listed == [[person.id] for person in people]


def test_of_two_customers_with_variants_of_one_number_only_the_older_gets_it():
    older = a_customer("Bia", IN, phone="+55 65 9 9000 0001")
    newer = identities.create(name="Bia", wa_id="556590000001", source="import", now=NOON)
    assert newer.id == older.id or newer.status == NONE
    if newer.id == older.id:
        pytest.fail("variants of one number are two identities that may belong to two customers")
    db.session.commit()
    campaign = a_campaign(a_template(category="UTILITY"), older, newer)
    assert audience.preview(campaign, Category.UTILITY, at(1)).to_json() == {
        "eligible": 1,
        "suppressed": {"duplicate": 1},
    }


@pytest.mark.parametrize("kind", ["people", "customers"])
def test_a_number_that_is_left_out_is_left_out_for_everybody_who_has_it(kind):
    older = a_customer("Bia", IN, phone="+55 65 9 9000 0001")
    newer = identities.create(name="Bia", wa_id="556590000001", source="import", now=NOON)
    a_customer("Ana", IN)
    (named,) = named_people.look_up(named_people.typed("+55 65 9 9000-0001")).customers
    assert (named, newer.id > older.id) == (older.id, True)
    campaign = a_campaign(a_template(category="UTILITY"))
    db.session.add(CampaignPerson(campaign_id=campaign.id, customer_id=named, excluded=True))
    source = {"kind": kind} | ({"ids": [named]} if kind == "customers" else {})
    campaign.audience = {"include": [{"kind": "everybody"}], "exclude": [source]}
    assert audience.preview(campaign, Category.UTILITY, at(1)).total == 1


def test_sources_add_up_and_exclusions_win():
    vip, other, excluded = a_customer("Vip", IN), a_customer("Other", IN), a_customer("Excluded", IN)
    a_customer("Nobody asked", IN)
    for one in (vip, excluded):
        tags.set_tags(one, ["vip"])
    db.session.commit()
    campaign = a_campaign(a_template(), other)
    db.session.add(CampaignPerson(campaign_id=campaign.id, customer_id=excluded.id, excluded=True))
    campaign.audience = {
        "include": [{"kind": "people"}, {"kind": "filter", "args": {"tag": ["vip"]}}],
        "exclude": [{"kind": "people"}],
    }
    db.session.commit()
    named = set(db.session.scalars(audience.people(campaign.audience, campaign.id, at(1))))
    assert named == {vip.id, other.id}


def test_nobody_is_named_by_no_source():
    a_customer("Ana", IN)
    campaign = a_campaign(a_template())
    campaign.audience = {"include": [], "exclude": []}
    assert list(db.session.scalars(audience.people(campaign.audience, campaign.id, at(1)))) == []


def test_a_second_launch_adds_nobody():
    campaign = a_campaign(a_template(), a_customer("Ana", IN))
    for _ in range(2):
        lifecycle.launch(campaign, actor="system", now=at(5))
        db.session.commit()
    assert len(db.session.scalars(select(Delivery)).all()) == 1


def test_an_opt_out_between_preview_and_launch_counts():
    ana = a_customer("Ana", IN)
    campaign = a_campaign(a_template(), ana)
    assert audience.preview(campaign, Category.MARKETING, at(1)).eligible == 1
    ledger.record(ana, Statement(OUT, Source.AGENT, "user:1", at(2)))
    lifecycle.launch(campaign, actor="system", now=at(3))
    assert counts.of(campaign.id).suppressed == {"opted_out": 1}


def test_an_exclusion_that_names_what_is_gone_stops_the_launch():
    """Left alone it would exclude nobody."""
    ana = a_customer("Ana", IN)
    tags.set_tags(ana, ["staff"])
    segment = segments.create_dynamic(
        "Staff", rules.from_filter(Filter(tags=("staff",))), actor="user:1", now=NOON
    )
    campaign = a_campaign(a_template(), ana)
    campaign.audience = campaign.audience | {"exclude": [{"kind": "segment", "id": segment.id}]}
    db.session.commit()
    assert lifecycle.problems(campaign, at(1)) == []
    tags.delete(tags.find("staff"))
    db.session.commit()
    assert len(lifecycle.problems(campaign, at(1))) == 1
    campaign.audience = campaign.audience | {"exclude": [{"kind": "filter", "args": {"tag": ["staff"]}}]}
    assert len(lifecycle.problems(campaign, at(1))) == 1


def test_finding_those_who_come_twice_does_not_read_the_audience_again_for_each(database_url):
    """A campaign to twice as many people may cost twice as much, not four times."""
    plan = select(func.count()).select_from(
        audience.members(a_campaign(a_template()), Category.MARKETING, None, at(1)).subquery()
    )
    compiled = str(plan.compile(db.engine, compile_kwargs={"literal_binds": True}))
    if database_url.startswith("sqlite"):
        steps = [row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
        assert not [step for step in steps if step.startswith("CORRELATED")]
    else:
        steps = [row[0] for row in db.session.execute(text(f"EXPLAIN {compiled}"))]
        assert not [step for step in steps if "SubPlan" in step and "Filter" in step and "hashed" not in step]
