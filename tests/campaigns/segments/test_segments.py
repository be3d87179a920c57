"""Segments: their names, their customers, who uses them, and numbers from a list."""

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from webapp.campaigns import lifecycle, named_people
from webapp.campaigns.models import Delivery, SegmentMember
from webapp.campaigns.segments import numbers as segment_numbers
from webapp.campaigns.segments import rules, segments
from webapp.campaigns.segments.segments import EditedMeanwhile, Refused
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.customers.names import MalformedName
from webapp.customers.tags import tags
from webapp.extensions import db

BY = {"actor": "user:1", "now": NOON}
UNKNOWN = {"groups": [[{"field": "status", "op": "is", "value": "unknown"}]]}


@pytest.fixture(autouse=True)
def inside(app):
    with app.app_context():
        yield


def ids(segment) -> set[int]:
    return set(db.session.scalars(segments.people_of(segment.id, NOON)))


def test_two_segments_never_have_names_that_read_the_same() -> None:
    segments.create_static("Élite", **BY)
    other = segments.create_static("Other", **BY)
    with pytest.raises(MalformedName, match="There is a segment “Élite” already"):
        segments.create_dynamic(" elite ", rules.parse(UNKNOWN), **BY)
    with pytest.raises(MalformedName, match="already"):
        segments.rename(other, "ÉLITE", version=1, **BY)
    segments.rename(other, "OTHER", version=1, **BY)
    assert other.name == "OTHER"


def test_a_static_segment_holds_present_customers_once() -> None:
    ana, ben, gone = a_customer(), a_customer(), a_customer()
    gone.erased_at = NOON
    segment = segments.create_static("VIP", [ana.id, ana.id, gone.id, 99_999], **BY)
    assert segments.add_people(segment, [ana.id, ben.id], **BY) == 1
    assert ids(segment) == {ana.id, ben.id}
    segments.remove_people(segment, [ana.id, 99_999], **BY)
    ben.merged_into_id = ana.id
    db.session.flush()
    assert ids(segment) == set()


def test_a_dynamic_segment_is_evaluated_when_it_is_used() -> None:
    segment = segments.create_dynamic("No record", rules.parse(UNKNOWN), **BY)
    assert ids(segment) == set()
    ana = a_customer()
    assert ids(segment) == {ana.id}
    assert segments.count(segments.people_of(segment.id, NOON)) == 1
    assert segments.sample(segments.people_of(segment.id, NOON)) == [ana]
    with pytest.raises(Refused):
        segments.add_people(segment, [ana.id], **BY)


def test_a_segment_that_is_gone_means_nobody() -> None:
    a_customer()
    assert db.session.scalars(segments.people_of(99, NOON)).all() == []


def test_of_two_editors_the_second_one_is_told() -> None:
    segment = segments.create_dynamic("A", rules.parse(UNKNOWN), **BY)
    segments.change(segment, "B", rules.parse(UNKNOWN), version=1, **BY)
    with pytest.raises(EditedMeanwhile):
        segments.change(segment, "C", rules.parse(UNKNOWN), version=1, **BY)
    assert (segment.name, segment.version) == ("B", 2)


def test_a_duplicate_has_the_same_customers_and_a_free_name() -> None:
    ana = a_customer()
    segment = segments.create_static("VIP", [ana.id], **BY)
    names = [segments.duplicate(segment, **BY).name for _ in range(3)]
    assert names == ["VIP (copy)", "VIP (copy 2)", "VIP (copy 3)"]
    assert ids(segments.find("vip (copy 3)")) == {ana.id}
    long = segments.create_static("x" * 60, **BY)
    assert len(segments.duplicate(long, **BY).name) <= 60


@pytest.mark.parametrize(("status", "refused"), [("draft", True), ("scheduled", True), ("finished", False)])
@pytest.mark.parametrize("side", ["include", "exclude"])
def test_a_segment_that_a_campaign_still_needs_stays(status: str, refused: bool, side: str) -> None:
    segment = segments.create_static("VIP", [a_customer().id], **BY)
    audience = {"include": [], "exclude": []} | {side: [{"kind": "segment", "id": segment.id}]}
    campaign = a_campaign(a_template(), status=status, audience=audience)
    assert segments.used_by(segment.id) == [campaign]
    if refused:
        with pytest.raises(Refused, match="“VIP” is used by “Spring sale”"):
            segments.remove(segment)
    else:
        segments.remove(segment)
        assert segments.find("VIP") is None
        assert db.session.scalars(db.select(SegmentMember)).all() == []


LIST = "phone\n+55 11 91234-5678\n+49 1512 3456789\nnonsense\n5511912345678\n"


@pytest.mark.parametrize("add_unknown", [False, True])
def test_unknown_numbers_become_customers_only_when_asked(add_unknown: bool) -> None:
    ana = a_customer(phone="+55 11 91234-5678")
    taken = segment_numbers.take(named_people.filed(LIST.encode()), add_unknown=add_unknown, now=NOON)
    everybody = db.session.scalars(db.select(Customer.id)).all()
    assert taken.customers == (everybody if add_unknown else [ana.id])
    assert len(everybody) == (2 if add_unknown else 1)
    assert taken.created == (1 if add_unknown else 0)
    assert [left.line.number for left in taken.left] == ([4, 5] if add_unknown else [3, 4, 5])


def test_a_row_without_a_number_is_told_and_an_empty_one_is_none() -> None:
    lines = named_people.filed(b"name,phone\nBen,\n,\nCem\nDia,+4915123456789\n")
    numbers = named_people.look_up(lines)
    assert [left.line.number for left in numbers.empty] == [2, 4]
    assert len(numbers.fresh) == 1
    assert (numbers.sentence, numbers.skipped) == ("", "2 lines lack a number (2, 4).")


def dynamic(*conditions: dict[str, object]):
    rule = rules.parse({"groups": [[{"field": "status", "op": "is", "value": "unknown"}, *conditions]]})
    return segments.create_dynamic("Some", rule, **BY)


def test_a_segment_of_a_deleted_tag_never_means_the_next_tag() -> None:
    ana, ben = a_customer(), a_customer()
    tags.set_tags(ana, ["vip"])
    segment = dynamic({"field": "tag", "op": "has", "value": "vip"})
    tags.delete(tags.find("vip"))
    tags.set_tags(ben, ["newsletter"])
    assert ids(segment) == set()
    assert "names something that no longer exists" in segments.lost(segment.id)


def test_a_segment_of_a_merged_tag_means_the_one_that_it_became() -> None:
    ana, ben = a_customer(), a_customer()
    tags.set_tags(ana, ["vip"])
    tags.set_tags(ben, ["gold"])
    segment = dynamic({"field": "tag", "op": "has", "value": "vip"})
    tags.merge(tags.find("vip"), tags.find("gold"))
    assert (ids(segment), segments.lost(segment.id)) == ({ana.id, ben.id}, "")
    assert "has the tag gold" in rules.words(rules.Rules.of(segment.rules))


def test_a_segment_of_a_deleted_attribute_never_means_another_one_of_its_name_or_id() -> None:
    ana = a_customer()
    attributes.define("age", "number")
    segment = dynamic({"field": "attribute", "key": "age", "op": "ge", "value": "18"})
    attributes.delete(attributes.find("age"))
    for name in ("city", "age"):
        attributes.define(name, "text")
        attributes.set_attributes(ana, {name: "99"})
    assert ids(segment) == set()
    assert "no longer exists" in segments.lost(segment.id)


def test_a_segment_of_a_merged_attribute_means_the_one_that_it_became() -> None:
    ana = a_customer()
    for name in ("age", "years"):
        attributes.define(name, "number")
    attributes.set_attributes(ana, {"age": 20})
    segment = dynamic({"field": "attribute", "key": "age", "op": "ge", "value": "18"})
    attributes.merge(attributes.find("age"), attributes.find("years"))
    assert (ids(segment), segments.lost(segment.id)) == ({ana.id}, "")


def test_the_copy_of_a_finished_campaign_never_means_the_next_segment() -> None:
    ana, ben = a_customer(), a_customer()
    spared = segments.create_static("Spared", [ana.id], **BY)
    audience = {"include": [{"kind": "everybody"}], "exclude": [{"kind": "segment", "id": spared.id}]}
    over = a_campaign(a_template(), audience=audience, status="finished")
    segments.remove(spared)
    segments.create_static("Another", [ben.id], **BY)
    copy = lifecycle.duplicate(over, **BY)
    assert lifecycle.problems(copy, NOON) == ["A segment of the audience was deleted."]


def test_who_got_a_deleted_draft_never_means_who_gets_the_next_campaign() -> None:
    ana = a_customer()
    draft = a_campaign(a_template())
    segment = dynamic({"field": "campaign", "op": "got", "value": str(draft.id)})
    lifecycle.remove(draft)
    next_one = a_campaign(a_template("another"), status="finished")
    db.session.add(Delivery(campaign_id=next_one.id, customer_id=ana.id, state="sent"))
    db.session.flush()
    assert ids(segment) == set()
    assert "no longer exists" in segments.lost(segment.id)
