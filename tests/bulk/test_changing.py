"""Many customers are changed: each action, who is passed over, portions, crashes and what comes between."""

import pytest
from sqlalchemy import func, select

from tests.bulk.people import begun, carried, done, finished
from tests.factories import a_customer, at
from tests.statements import counted
from webapp.bulk import running
from webapp.bulk.actions import ActionKind
from webapp.bulk.models import BatchRun, BulkMember
from webapp.bulk.wishes import Unfit
from webapp.campaigns.models import SegmentMember
from webapp.campaigns.segments import segments
from webapp.consent import ledger, ledger_check
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import Batch, ConsentEvent, Evidence
from webapp.consent.rules import Source, Status
from webapp.customers import copies, identities, merging
from webapp.customers.attributes import attributes
from webapp.customers.batch_changes import BatchChange
from webapp.customers.models import AttributeKey, Customer, Identity
from webapp.customers.tags import tags
from webapp.extensions import db

OUT, IN, NONE = Status.OPTED_OUT, Status.OPTED_IN, Status.UNKNOWN
KEY = "attribute"


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def people(n: int, status: Status = NONE) -> list[Customer]:
    return [a_customer(f"Person {number}", status) for number in range(n)]


def ids_of(group: list[Customer]) -> list[int]:
    return [one.id for one in group]


def the_run(batch: Batch) -> BatchRun:
    return db.session.get_one(BatchRun, batch.id)


def whole() -> bool:
    db.session.commit()
    return ledger_check.first_fault() is None


def copies_are_true(*group: Customer) -> bool:
    """The display copies are what the tables say."""
    ids = ids_of(list(group))
    tags_of, attributes_of = copies.tags_of(ids), copies.attributes_of(ids)
    return all((one.tags_json, one.attrs_json) == (tags_of[one.id], attributes_of[one.id]) for one in group)


def test_an_opt_out_of_many_is_one_event_each_with_author_batch_and_evidence():
    group = [*people(2, IN), *people(1), a_customer("Out", OUT)]
    batch = done(ActionKind.OPT_OUT, ids_of(group), channel="email", words="They asked by letter")
    assert [one.status for one in group] == [OUT] * 4
    events = db.session.scalars(select(ConsentEvent).where(ConsentEvent.batch_id == batch.id)).all()
    assert {event.customer_id for event in events} == set(ids_of(group[:3]))
    assert {(event.source, event.actor, event.status) for event in events} == {("agent", "user:1", OUT)}
    proofs = [db.session.get_one(Evidence, event.id) for event in events]
    assert {(proof.channel, proof.words) for proof in proofs} == {("email", "They asked by letter")}
    assert len({proof.nonce for proof in proofs}) == 3
    assert the_run(batch).changed == 3
    assert batch.finished_at == at(20)
    assert whole()


def test_an_opt_out_reaches_all_who_may_be_the_same_person():
    ana = a_customer("Ana", phone="+55 11 98812-4410")
    twin = identities.create(name="Ana too", wa_id="551188124410", source="agent", now=at(0))
    other = a_customer("Other")
    assert twin.id != ana.id
    done(ActionKind.OPT_OUT, [ana.id])
    assert (ana.status, twin.status, other.status) == (OUT, OUT, NONE)


def test_all_alike_are_those_whom_one_finds_one_by_one():
    ana = a_customer("Ana", phone="+55 11 98812-4411")
    twin = identities.create(name="", wa_id="551188124411", source="agent", now=at(0))
    identities.attach(twin, "user_id", "BR.77", "agent", at(0))
    far = a_customer("Far", phone="+49 151 23456789")
    identities.attach(far, "parent_user_id", "BR.77", "agent", at(0))
    for group in ([ana], [twin], [far], [ana, far]):
        singly = {one.id for each in group for one in identities.alike(each)}
        assert identities.all_alike(ids_of(group)) == singly


def test_tags_are_added_counted_copied_and_versions_rise():
    ana, bo = people(2)
    tags.set_tags(ana, ["vip"])
    before = ana.version, bo.version
    batch = done(ActionKind.ADD_TAGS, [ana.id, bo.id], tags=["VIP", "Élite"])
    assert (ana.tags_json, bo.tags_json) == (["Élite", "vip"], ["Élite", "vip"])
    assert (ana.version, bo.version) == (before[0] + 1, before[1] + 1)
    assert carried() == {"vip": 2, "Élite": 2}
    vip, elite = tags.find("vip"), tags.find("elite")
    changes = {row.customer_id: row.change for row in db.session.scalars(select(BatchChange))}
    assert changes == {ana.id: {"added": [elite.id]}, bo.id: {"added": sorted([vip.id, elite.id])}}
    assert the_run(batch).changed == 2
    assert copies_are_true(ana, bo)


def test_who_has_the_tag_already_is_not_touched():
    ana = a_customer()
    tags.set_tags(ana, ["vip"])
    version = ana.version
    batch = done(ActionKind.ADD_TAGS, [ana.id], tags=["vip"])
    assert (ana.version, the_run(batch).changed) == (version, 0)
    assert db.session.query(BatchChange).count() == 0


def test_tags_are_removed_from_those_who_carry_them():
    ana, bo = people(2)
    tags.set_tags(ana, ["a", "vip"])
    batch = done(ActionKind.REMOVE_TAGS, [ana.id, bo.id], tags=["VIP"])
    assert (ana.tags_json, bo.tags_json) == (["a"], [])
    assert (carried(), the_run(batch).changed) == ({"a": 1, "vip": 0}, 1)
    assert copies_are_true(ana, bo)


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [("text", "Pro", "Pro"), ("number", "1", 1), ("boolean", "true", True), ("json", '{"a":[1]}', {"a": [1]}),
     ("date", "2026-03-31", "2026-03-31")],
)  # fmt: skip
def test_an_attribute_is_set_and_cleared(type, raw, value):
    key = attributes.define(KEY, type)
    ana, bo = people(2)
    done(ActionKind.SET_ATTRIBUTE, [ana.id, bo.id], key=str(key.id), value=raw)
    assert ana.attrs_json == bo.attrs_json == {KEY: value}
    assert copies_are_true(ana, bo)
    again = done(ActionKind.SET_ATTRIBUTE, [ana.id, bo.id], key=str(key.id), value=raw)
    assert the_run(again).changed == 0
    cleared = done(ActionKind.SET_ATTRIBUTE, [ana.id], key=str(key.id), clear=True)
    assert (ana.attrs_json, bo.attrs_json) == ({}, {KEY: value})
    change = db.session.get_one(BatchChange, (ana.id, cleared.id)).change
    assert change == {"attributes": {str(key.id): [value, None]}}


def test_people_join_a_segment_and_the_batch_remembers_who():
    ana, bo = people(2)
    segment = segments.create_static("Regulars", [ana.id], actor="user:1", now=at(0))
    batch = done(ActionKind.ADD_TO_SEGMENT, [ana.id, bo.id], segment=str(segment.id))
    members = db.session.scalars(
        select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment.id)
    )
    assert set(members) == {ana.id, bo.id}
    rows = db.session.scalars(select(BatchChange).where(BatchChange.batch_id == batch.id)).all()
    assert [(row.customer_id, row.change) for row in rows] == [(bo.id, {"joined": [segment.id]})]


HOSTILE = ["<script>alert(1)</script>", "'; DROP TABLE tags; --", "%_\\", "=1+1", "🙂" * 20]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tag_is_text(name):
    ana = a_customer()
    batch = done(ActionKind.ADD_TAGS, [ana.id], tags=[name])
    assert ana.tags_json == [name]
    assert batch.title == f"Added tag {name} to 1 customer"
    done(ActionKind.REMOVE_TAGS, [ana.id], tags=[name])
    assert ana.tags_json == []


@pytest.mark.parametrize("name", ["\x00", "a\nb\x1b[31m", "x" * 61])
def test_what_can_be_no_tag_is_refused(name):
    with pytest.raises(Unfit):
        done(ActionKind.ADD_TAGS, [a_customer().id], tags=[name])


def test_a_stop_that_arrives_between_two_portions_stands(monkeypatch):
    monkeypatch.setattr(running, "PORTION", 1)
    first, second = people(2, IN)
    batch = begun(ActionKind.ADD_TAGS, ids_of([first, second]), tags=["vip"])
    assert running.go_on(batch.id, at(20))
    db.session.commit()
    for one in (first, second):
        ledger.record(
            one, Statement(OUT, Source.KEYWORD, "customer", at(21), proof=Proof("", "STOP", "STOP"))
        )
    db.session.commit()
    finished(batch)
    assert [(one.status, one.tags_json) for one in (first, second)] == [(OUT, ["vip"])] * 2
    assert whole()


def test_an_own_stop_before_a_bulk_opt_out_stays_the_customers_own():
    ana = a_customer(status=IN)
    batch = begun(ActionKind.OPT_OUT, [ana.id])
    ledger.record(ana, Statement(OUT, Source.KEYWORD, "customer", at(15), proof=Proof("", "STOP", "STOP")))
    db.session.commit()
    finished(batch)
    assert ledger.history(ana.id)[-1].source == Source.KEYWORD


@pytest.mark.parametrize("portions", [0, 1, 2, 3])
@pytest.mark.parametrize("kind", [ActionKind.ADD_TAGS, ActionKind.OPT_OUT])
def test_after_a_crash_in_any_portion_it_goes_on_where_it_was(monkeypatch, kind, portions):
    monkeypatch.setattr(running, "PORTION", 2)
    group = people(5)
    batch = begun(kind, ids_of(group), **({"tags": ["vip"]} if kind == ActionKind.ADD_TAGS else {}))
    for _ in range(portions):
        running.go_on(batch.id, at(20))
        db.session.commit()
    if batch.finished_at is None:
        running.go_on(batch.id, at(30))  # killed before the commit
    db.session.rollback()
    assert batch.done == min(2 * portions, 5)
    finished(batch)
    assert (batch.done, the_run(batch).changed) == (5, 5)
    if kind == ActionKind.ADD_TAGS:
        assert (carried(), [one.tags_json for one in group]) == ({"vip": 5}, [["vip"]] * 5)
    else:
        assert [len(ledger.history(one.id)) for one in group] == [1] * 5
    assert db.session.query(BulkMember).count() == 0


def test_a_finished_change_does_nothing_more():
    ana = a_customer()
    batch = done(ActionKind.ADD_TAGS, [ana.id], tags=["vip"])
    tags.set_tags(ana, [])
    db.session.commit()
    assert running.unfinished() == []
    assert not running.go_on(batch.id, at(40))
    assert ana.tags_json == []


def test_a_cancelled_change_stops_and_forgets_who_was_left(monkeypatch):
    monkeypatch.setattr(running, "PORTION", 1)
    first, second = people(2)
    batch = begun(ActionKind.ADD_TAGS, ids_of([first, second]), tags=["vip"])
    running.go_on(batch.id, at(20))
    assert running.cancel(batch, at(21))
    db.session.commit()
    assert running.unfinished() == [batch.id]
    finished(batch)
    assert (first.tags_json, second.tags_json) == (["vip"], [])
    assert (batch.finished_at, db.session.query(BulkMember).count()) == (None, 0)
    assert running.unfinished() == []
    assert not running.cancel(batch, at(30))


def test_what_it_is_about_is_deleted_meanwhile_and_it_ends_with_a_sentence():
    ana = a_customer()
    key = attributes.define(KEY, "text")
    segment = segments.create_static("Regulars", actor="user:1", now=at(0))
    db.session.commit()
    tag_batch = begun(ActionKind.ADD_TAGS, [ana.id], tags=["vip"])
    key_batch = begun(ActionKind.SET_ATTRIBUTE, [ana.id], key=str(key.id), value="Pro")
    segment_batch = begun(ActionKind.ADD_TO_SEGMENT, [ana.id], segment=str(segment.id))
    tags.delete(tags.find("vip"))
    attributes.delete(db.session.get_one(AttributeKey, key.id))
    segments.remove(segment)
    db.session.commit()
    for batch, what in ((tag_batch, "tag"), (key_batch, "attribute"), (segment_batch, "segment")):
        finished(batch)
        assert batch.failed_why == f"The {what} was deleted meanwhile."
        assert batch.finished_at is None
    assert (ana.tags_json, ana.attrs_json) == ([], {})
    assert running.unfinished() == []


def test_who_was_merged_meanwhile_is_reached_as_the_one_who_stayed():
    kept, gone = people(2)
    batch = begun(ActionKind.ADD_TAGS, [gone.id], tags=["vip"])
    merging.merge(kept, gone, actor="user:1", now=at(12), why="The same person")
    db.session.commit()
    finished(batch)
    assert (kept.tags_json, gone.tags_json, carried()) == (["vip"], [], {"vip": 1})


@pytest.mark.parametrize("kind", list(ActionKind))
def test_the_number_of_statements_does_not_grow_with_the_rows(kind):
    key = attributes.define(KEY, "text")
    segment = segments.create_static("Regulars", actor="user:1", now=at(0))
    fields = {
        ActionKind.ADD_TAGS: {"tags": ["vip"]},
        ActionKind.REMOVE_TAGS: {"tags": ["old"]},
        ActionKind.SET_ATTRIBUTE: {"key": str(key.id), "value": "Pro"},
        ActionKind.ADD_TO_SEGMENT: {"segment": str(segment.id)},
        ActionKind.OPT_OUT: {"words": "They asked"},
    }[kind]
    group = people(43, IN)
    tags.define("vip")
    for one in group:
        tags.set_tags(one, ["old"])
    db.session.commit()

    def statements(some: list[Customer]) -> int:
        ids = ids_of(some)
        db.session.expire_all()
        with counted(db.engine) as found:
            done(kind, ids, **fields)
        return len(found)

    assert statements(group[3:]) <= statements(group[:3]) + 1
    assert db.session.scalar(select(func.count()).select_from(Identity)) == 43
