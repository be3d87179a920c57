"""Whom the rules of a segment mean: each field and comparison, on both databases."""

import operator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from tests.rows import every
from webapp.campaigns.models import Delivery
from webapp.campaigns.segments import rules
from webapp.campaigns.segments.rules import Rules, Unusable
from webapp.consent.rules import Status
from webapp.customers import queries
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage

TYPES = {
    "city": "text", "points": "number", "vip": "boolean", "born": "date", "calls": "time",
    "seen": "datetime", "extra": "json",
}  # fmt: skip
NOW = NOON + timedelta(hours=1)


def attribute(key: str, op: str, value: Any = "") -> dict[str, Any]:
    return {"field": "attribute", "key": key, "op": op, "value": value}


def cond(field: str, op: str, value: Any = "") -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


@pytest.fixture
def people(app):
    """Ana has everything, Ben something, Cid nothing; Dee is merged and Eve erased."""
    with app.app_context():
        for name, type in TYPES.items():
            attributes.define(name, type)
        ana, ben = a_customer("Ana Souza", Status.OPTED_IN), a_customer("Ben", Status.OPTED_OUT)
        cid, dee, eve = a_customer("Cid"), a_customer("Dee"), a_customer("Eve")
        attributes.set_attributes(ana, {
            "city": "Recife", "points": 10, "vip": True, "born": "1991-05-04", "calls": "09:00:00",
            "seen": "2026-11-01T08:00:00Z", "extra": {"a": 1},
        })  # fmt: skip
        attributes.set_attributes(
            ben, {"city": "50% Olinda", "points": 2.5, "vip": False, "born": "2000-01-01"}
        )
        for customer in (ana, dee, eve):
            tags.set_tags(customer, ["gold"])
        ana.platform_stop_at, ben.held_at = NOON, NOON
        cid.created_at, ben.created_at = NOON - timedelta(days=40), NOON - timedelta(days=3)
        dee.merged_into_id, eve.erased_at = ana.id, NOON
        campaign = a_campaign(a_template())
        for customer, state in ((ana, "read"), (ben, "failed")):
            db.session.add(Delivery(campaign_id=campaign.id, customer_id=customer.id, state=state))
        for n, (customer, kind, days) in enumerate([(ana, "text", 50), (ana, "text", 2), (ben, "button", 20),
                                                    (cid, "status", 1)]):  # fmt: skip
            came = {"received_at": NOON - timedelta(days=days), "customer_id": customer.id}
            message = InboundMessage(key=str(n), kind=kind, field="messages", raw=b"{}", **came)
            db.session.add(message)
        db.session.commit()
        yield {"campaign": campaign.id}


def found(raw: dict[str, Any]) -> set[str]:
    """The first names of those whom the rules mean, once they were kept and read again."""
    kept = Rules.of(rules.parse(raw).to_json())
    ids = db.session.scalars(rules.people(kept, NOW)).all()
    assert len(ids) == len(set(ids))
    return {db.session.get(Customer, id).name.split()[0].lower() for id in ids}


TABLE = [
    (cond("tag", "has", "GOLD"), "ana", "a tag in any case; nobody merged or erased"),
    (cond("tag", "has_not", "gold"), "ben cid", "all others"),
    (attribute("city", "is", "Recife"), "ana", "text is the whole value"),
    (attribute("city", "is", "recife"), "", "text compares its case"),
    (attribute("city", "is_not", "Recife"), "ben cid", "no value is another value"),
    (attribute("city", "contains", "REC"), "ana", "contains does not compare case"),
    (attribute("city", "contains", " recife "), "ana", "the value is trimmed"),
    (attribute("city", "contains", "0% o"), "ben", "a percent sign is no wildcard"),
    (attribute("city", "contains", "_"), "", "an underscore is no wildcard"),
    (attribute("city", "set"), "ana ben", "any value"),
    (attribute("city", "not_set"), "cid", "no value"),
    (attribute("points", "is", "10"), "ana", "a number is its value"),
    (attribute("points", "lt", "10"), "ben", "below leaves the border out"),
    (attribute("points", "le", "10"), "ana ben", "at most includes it"),
    (attribute("points", "gt", "2.5"), "ana", "above leaves the border out"),
    (attribute("points", "ge", "2.5"), "ana ben", "at least includes it"),
    (attribute("points", "between", ["2.5", "9"]), "ben", "between includes both borders"),
    (attribute("vip", "is", "true"), "ana", "true"),
    (attribute("vip", "is", False), "ben", "false is not the same as no value"),
    (attribute("born", "lt", "2000-01-01"), "ana", "earlier"),
    (attribute("born", "ge", "2000-01-01"), "ben", "at the earliest"),
    (attribute("born", "between", ["1991-05-04", "2000-01-01"]), "ana ben", "between two days"),
    (attribute("calls", "le", "09:00"), "ana", "a time without seconds"),
    (attribute("seen", "gt", "2026-11-01T08:00+02:00"), "ana", "an instant in another zone"),
    (attribute("seen", "is", "2026-11-01T10:00+02:00"), "ana", "the same instant"),
    (attribute("extra", "set"), "ana", "JSON can be there"),
    (attribute("extra", "is", '{"a": 1}'), "ana", "JSON can be the same"),
    (cond("status", "is", "opted_in"), "ana", "opted in"),
    (cond("status", "is_not", "opted_in"), "ben cid", "all others"),
    (cond("status", "is", "unknown"), "cid", "no record"),
    (cond("status", "is", "stopped"), "ana", "stopped in WhatsApp"),
    (cond("status", "is_not", "held"), "ana cid", "not on hold"),
    (cond("source", "consent_is", "import"), "ana ben", "where the state comes from"),
    (cond("source", "consent_is_not", "import"), "cid", "no record comes from nowhere"),
    (cond("source", "identity_is", "agent"), "ana ben cid", "where the number comes from"),
    (cond("source", "identity_is_not", "agent"), "", "nobody else"),
    (cond("created", "before", "2026-11-17"), "cid", "before a day: not on it"),
    (cond("created", "after", "2026-11-17"), "ana", "after a day: not on it"),
    (cond("created", "within", "3"), "ana", "three days are 72 hours"),
    (cond("created", "within", "4"), "ana ben", "the last four days"),
    (cond("last_message", "before", "2026-11-01"), "ben", "the last message counts, not an earlier one"),
    (cond("last_message", "after", "2026-11-01"), "ana", "after a day"),
    (cond("last_message", "within", "10"), "ana", "a status is no message"),
    (cond("last_message", "not_within", "10"), "ben cid", "who never wrote did not write lately"),
    (cond("last_message", "never"), "cid", "who never wrote"),
    (cond("campaign", "got", "CAMPAIGN"), "ana", "read it: got it"),
    (cond("campaign", "not_got", "CAMPAIGN"), "ben cid", "failed: did not get it"),
    (cond("search", "contains", "souza an"), "ana", "words of the name"),
]


@every(("condition", "expected", "why"), TABLE, ids=[row[2] for row in TABLE])
def test_a_condition_means(people, condition, expected: str, why: str) -> None:
    if condition.get("value") == "CAMPAIGN":
        condition = condition | {"value": people["campaign"]}
    assert found({"groups": [[condition]]}) == set(expected.split()), why
    assert rules.words(rules.parse({"groups": [[condition]]}))


@every(
    ("condition", "sentence"),
    [
        (cond("tag", "has", "silver"), "There is no tag “silver”."),
        (cond("tag", "has", ""), "Write a value."),
        (cond("tag", "is", "gold"), "Choose how tag is compared."),
        (cond("moon", "is", "full"), "Choose what the condition is about."),
        ("tag", "A condition is an object with field, op and value."),
        (attribute("", "is", "x"), "Choose an attribute."),
        (attribute("town", "is", "x"), "There is no attribute “town”."),
        (attribute("points", "contains", "1"), "Choose how points is compared."),
        (attribute("points", "is", "many"), "Write a number"),
        (attribute("points", "between", ["9", "1"]), "The first value is larger than the second."),
        (attribute("points", "between", "9"), "Write the least and the most."),
        (attribute("vip", "is", "maybe"), "Write true or false."),
        (cond("created", "before", "yesterday"), "Write a date"),
        (cond("created", "within", "0"), "Write a whole number of days"),
        (cond("created", "within", "9" * 30), "Write a whole number of days"),
        (cond("status", "is", "sad"), "Choose one of the list."),
        (cond("campaign", "got", "999"), "Choose a campaign."),
        (cond("search", "contains", {"a": 1}), "Write a value."),
    ],
)
def test_what_cannot_be_meant_is_refused_at_its_place(people, condition, sentence: str) -> None:
    with pytest.raises(Unusable) as refusal:
        rules.parse({"groups": [[cond("tag", "has", "gold"), condition]]})
    assert set(refusal.value.faults) == {"groups.0.1"}
    assert sentence in refusal.value.faults["groups.0.1"]


@every("raw", [None, [], {}, {"groups": []}, {"groups": [[]]}, {"groups": "x"},
                                 {"groups": [[cond("tag", "has", "gold")] * 21]},
                                 {"groups": [[cond("status", "is", "unknown")]], "except": 3}])  # fmt: skip
def test_rules_without_a_condition_or_shape_are_refused(people, raw) -> None:
    with pytest.raises(Unusable):
        rules.parse(raw)


def test_groups_are_joined_by_or_and_exclusions_are_taken_off(people) -> None:
    gold, held, cid = cond("tag", "has", "gold"), cond("status", "is", "held"), cond("last_message", "never")
    assert found({"groups": [[gold], [held]]}) == {"ana", "ben"}
    assert found({"groups": [[gold, held]]}) == set()
    assert found({"groups": [[gold], [held], [cid]], "except": [[held], [gold, cid]]}) == {"ana", "cid"}


def test_a_renamed_tag_and_attribute_stay_meant_and_a_deleted_one_means_nobody(people) -> None:
    raw = {"groups": [[cond("tag", "has", "gold"), attribute("city", "set")]]}
    kept = Rules.of(rules.parse(raw).to_json())
    tags.rename(tags.find("gold"), "platinum")
    attributes.rename(attributes.find("city"), "town")
    assert len(db.session.scalars(rules.people(kept, NOW)).all()) == 1
    assert rules.words(kept) == "has the tag platinum, and town has a value"
    tags.delete(tags.find("platinum"))
    assert db.session.scalars(rules.people(kept, NOW)).all() == []
    assert "no longer exists" in rules.words(kept)


def test_a_filter_and_its_rules_mean_the_same(people) -> None:
    for filter in (
        Filter(q="ana", tags=("gold",), attrs=(("city", "Recife"), ("City", "50% Olinda"), ("points", "10"))),
        Filter(status="opted_out"),
        Filter(attrs=(("city", "Recife"), ("city", "50% Olinda"))),
    ):
        wanted = set(db.session.scalars(queries.matching(filter)))
        assert wanted
        assert set(db.session.scalars(rules.people(rules.from_filter(filter), NOW))) == wanted


CONDITIONS = st.one_of(
    st.builds(cond, st.just("tag"), st.sampled_from(["has", "has_not"]), st.sampled_from(["red", "blue"])),
    st.builds(cond, st.just("status"), st.sampled_from(["is", "is_not"]),
              st.sampled_from(["opted_in", "opted_out", "unknown"])),
    st.builds(attribute, st.just("points"), st.sampled_from(["is", "lt", "le", "gt", "ge"]),
              st.integers(0, 4).map(str)),
    st.builds(attribute, st.just("points"), st.sampled_from(["set", "not_set"])),
)  # fmt: skip
GROUPS = st.lists(st.lists(CONDITIONS, min_size=1, max_size=3), max_size=3)


COMPARE = {"is": operator.eq, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge}


def plainly(condition: dict[str, Any], person: dict[str, Any]) -> bool:
    value, points = condition["value"], person["points"]
    if condition["field"] == "tag":
        return (value in person["tags"]) == (condition["op"] == "has")
    if condition["field"] == "status":
        return (person["status"] == value) == (condition["op"] == "is")
    if condition["op"] in ("set", "not_set"):
        return (points is None) == (condition["op"] == "not_set")
    compare = {"is": "__eq__", "lt": "__lt__", "le": "__le__", "gt": "__gt__", "ge": "__ge__"}[
        condition["op"]
    ]
    return points is not None and getattr(points, compare)(int(value))


@pytest.fixture
def small_desk(app):
    """Twelve people who differ in tags, consent and points."""
    with app.app_context():
        attributes.define("points", "number")
        tags.define("red"), tags.define("blue")
        persons = {}
        for n in range(12):
            person = {"tags": [["red"], ["blue"], ["red", "blue"], []][n % 4], "status": list(Status)[n % 3],
                      "points": None if n % 5 == 4 else n % 5}  # fmt: skip
            customer = a_customer(f"P{n}", person["status"])
            tags.set_tags(customer, person["tags"])
            attributes.set_attributes(customer, {"points": person["points"]})
            persons[customer.id] = person
        db.session.commit()
        yield persons


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(groups=GROUPS.filter(bool), exclusions=GROUPS)
def test_the_database_and_a_plain_reading_of_the_rules_agree(small_desk, groups, exclusions) -> None:
    def fits(sides, person) -> bool:
        return any(all(plainly(condition, person) for condition in group) for group in sides)

    wanted = {
        id for id, person in small_desk.items() if fits(groups, person) and not fits(exclusions, person)
    }
    parsed = rules.parse({"groups": groups, "except": exclusions})
    assert set(db.session.scalars(rules.people(parsed, NOW))) == wanted
