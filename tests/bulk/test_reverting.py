"""A bulk change or an import is taken back: all that is still so, nothing that changed since."""

import pytest
from sqlalchemy import select

from tests.bulk.people import begun, carried, done, finished, reverted
from tests.factories import a_customer, at
from tests.statements import counted
from webapp.bulk import reverting, running
from webapp.bulk.actions import ActionKind
from webapp.bulk.models import BatchRun
from webapp.bulk.reverting import Left
from webapp.campaigns.models import SegmentMember
from webapp.campaigns.segments import segments
from webapp.consent import batches, ledger, ledger_check
from webapp.consent.batches import BatchKind, Kept, NotRevertible
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import Batch
from webapp.consent.rules import Source, Status
from webapp.customers import copies, identities, merging
from webapp.customers.attributes import attributes
from webapp.customers.batch_changes import BatchChange
from webapp.customers.models import Customer, Identity
from webapp.customers.tags import tags
from webapp.extensions import db

OUT, IN, NONE = Status.OPTED_OUT, Status.OPTED_IN, Status.UNKNOWN


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def run_of(batch: Batch) -> BatchRun:
    return db.session.get_one(BatchRun, batch.id)


def own_stop(customer: Customer, second: float = 50) -> None:
    said = Proof("whatsapp", "STOP", "STOP")
    ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", at(second), proof=said))
    db.session.commit()


def whole(*group: Customer) -> bool:
    db.session.commit()
    ids = [one.id for one in group]
    tags_of, attributes_of = copies.tags_of(ids), copies.attributes_of(ids)
    agree = all((one.tags_json, one.attrs_json) == (tags_of[one.id], attributes_of[one.id]) for one in group)
    db.session.commit()
    return agree and ledger_check.first_fault() is None


def test_an_opt_out_of_many_gives_each_the_consent_before():
    group = [a_customer("In", IN), a_customer("None"), a_customer("Out", OUT)]
    before = [one.consent for one in group]
    batch = done(ActionKind.OPT_OUT, [one.id for one in group])
    revert = reverted(batch)
    assert [one.consent for one in group] == before
    assert (revert.finished_at, revert.total, revert.done, run_of(revert).changed) == (at(100), 2, 2, 2)
    assert whole(*group)


def test_a_stop_after_a_bulk_opt_out_stands():
    ana, bo = a_customer("Ana", IN), a_customer("Bo", IN)
    batch = done(ActionKind.OPT_OUT, [ana.id, bo.id])
    own_stop(ana)
    revert = reverted(batch)
    assert (ana.status, bo.status) == (OUT, IN)
    assert run_of(revert).kept == {Kept.NEWER: 1}
    assert whole(ana, bo)


def test_a_stop_that_arrives_in_the_middle_of_a_revert_stands(monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 1)
    group = [a_customer(f"Person {n}", IN) for n in range(3)]
    revert = reverting.begin(done(ActionKind.OPT_OUT, [one.id for one in group]), actor="user:7", now=at(40))
    running.go_on(revert.id, at(40))
    db.session.commit()
    for one in group:
        own_stop(one)
    finished(revert)
    assert [one.status for one in group] == [OUT] * 3
    assert whole(*group)


def test_added_tags_go_and_removed_ones_come_back():
    ana, bo = a_customer("Ana"), a_customer("Bo")
    tags.set_tags(ana, ["vip"])
    adding = done(ActionKind.ADD_TAGS, [ana.id, bo.id], tags=["vip", "gold"])
    removing = done(ActionKind.REMOVE_TAGS, [ana.id, bo.id], tags=["gold"])
    assert (ana.tags_json, bo.tags_json) == (["vip"], ["vip"])
    reverted(removing)
    assert (ana.tags_json, bo.tags_json) == (["gold", "vip"], ["gold", "vip"])
    reverted(adding)
    assert (ana.tags_json, bo.tags_json) == (["vip"], [])
    assert carried() == {"vip": 1, "gold": 0}
    assert whole(ana, bo)


def test_tags_that_changed_since_stay_as_they_are():
    ana, bo, cy = a_customer("Ana"), a_customer("Bo"), a_customer("Cy")
    batch = done(ActionKind.ADD_TAGS, [ana.id, bo.id, cy.id], tags=["gold"])
    tags.set_tags(ana, ["other"])
    db.session.commit()
    assert reverting.outlook(batch) == reverting.Outlook(2, 0, {Left.CHANGED: 1}, True)
    revert = reverted(batch)
    assert (ana.tags_json, bo.tags_json) == (["other"], [])
    assert (run_of(revert).changed, run_of(revert).kept) == (2, {Left.CHANGED: 1})
    assert whole(ana, bo, cy)


def test_what_was_deleted_does_not_come_back_as_what_was_created_next():
    ana, bo = a_customer("Ana"), a_customer("Bo")
    tags.set_tags(ana, ["gold"])
    removed = done(ActionKind.REMOVE_TAGS, [ana.id], tags=["gold"])
    segment = segments.create_static("Regulars", actor="user:1", now=at(0))
    joined = done(ActionKind.ADD_TO_SEGMENT, [ana.id], segment=str(segment.id))
    tags.delete(tags.find("gold"))
    segments.remove(segment)
    tags.set_tags(bo, ["stop calling"])
    other = segments.create_static("Never again", [ana.id], actor="user:1", now=at(50))
    db.session.commit()
    reverted(removed)
    reverted(joined)
    assert ana.tags_json == []
    assert list(db.session.scalars(segments.people_of(other.id, at(60)))) == [ana.id]
    assert whole(ana, bo)


def test_a_tag_that_was_deleted_does_not_come_back():
    ana = a_customer()
    tags.set_tags(ana, ["gold"])
    batch = done(ActionKind.REMOVE_TAGS, [ana.id], tags=["gold"])
    tags.delete(tags.find("gold"))
    db.session.commit()
    assert run_of(reverted(batch)).kept == {Left.CHANGED: 1}
    assert ana.tags_json == []


def test_an_attribute_goes_back_only_while_its_value_is_the_one_of_the_batch():
    key = attributes.define("plan", "text")
    people = [a_customer(name) for name in ("Ana", "Bo", "Cy", "Di")]
    ana, _, cy, di = people
    attributes.set_attributes(ana, {"plan": "Free"})
    attributes.set_attributes(di, {"plan": "Free"})
    db.session.commit()
    batch = done(ActionKind.SET_ATTRIBUTE, [one.id for one in people], key=str(key.id), value="Pro")
    attributes.set_attributes(cy, {"plan": "Team"})
    attributes.set_attributes(di, {"plan": None})
    db.session.commit()
    revert = reverted(batch)
    assert [one.attrs_json for one in people] == [{"plan": "Free"}, {}, {"plan": "Team"}, {}]
    assert run_of(revert).kept == {Left.CHANGED: 2}
    assert whole(*people)


def test_a_cleared_attribute_comes_back():
    key = attributes.define("vip", "boolean")
    ana = a_customer()
    attributes.set_attributes(ana, {"vip": True})
    db.session.commit()
    reverted(done(ActionKind.SET_ATTRIBUTE, [ana.id], key=str(key.id), clear=True))
    assert ana.attrs_json == {"vip": True}
    assert whole(ana)


def test_who_joined_a_segment_leaves_it_and_who_was_there_stays():
    ana, bo = a_customer("Ana"), a_customer("Bo")
    segment = segments.create_static("Regulars", [ana.id], actor="user:1", now=at(0))
    reverted(done(ActionKind.ADD_TO_SEGMENT, [ana.id, bo.id], segment=str(segment.id)))
    members = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment.id)
    assert db.session.scalars(members).all() == [ana.id]


def test_who_was_merged_or_erased_since_stays_as_they_are():
    kept, gone, erased = a_customer("Kept"), a_customer("Gone"), a_customer("Erased")
    batch = done(ActionKind.ADD_TAGS, [gone.id, erased.id], tags=["gold"])
    merging.merge(kept, gone, actor="user:1", now=at(50), why="One person")
    erased.erased_at = at(50)
    db.session.commit()
    revert = reverted(batch)
    assert (kept.tags_json, run_of(revert).kept) == (["gold"], {Left.GONE: 2})


@pytest.mark.parametrize("portions", range(5))
def test_a_crash_in_any_part_of_a_revert_costs_nothing(monkeypatch, portions):
    monkeypatch.setattr(reverting, "AT_ONCE", 2)
    group = [a_customer(f"Person {n}") for n in range(5)]
    batch = done(ActionKind.ADD_TAGS, [one.id for one in group], tags=["gold"])
    revert = reverting.begin(batch, actor="user:7", now=at(100))
    db.session.commit()
    for _ in range(portions):
        running.go_on(revert.id, at(100))
        db.session.commit()
    if revert.finished_at is None:
        running.go_on(revert.id, at(101))  # killed before the commit
    db.session.rollback()
    finished(revert)
    assert [one.tags_json for one in group] == [[]] * 5
    assert (carried(), revert.done, run_of(revert).changed) == ({"gold": 0}, 5, 5)
    assert whole(*group)


def test_a_cancelled_revert_stops_and_goes_on_when_it_is_asked_for_again(monkeypatch):
    monkeypatch.setattr(reverting, "AT_ONCE", 1)
    ana, bo = a_customer("Ana"), a_customer("Bo")
    batch = done(ActionKind.ADD_TAGS, [ana.id, bo.id], tags=["gold"])
    revert = reverting.begin(batch, actor="user:7", now=at(100))
    running.go_on(revert.id, at(100))
    running.go_on(revert.id, at(100))
    assert running.cancel(revert, at(101))
    db.session.commit()
    assert not running.go_on(revert.id, at(102))
    assert (ana.tags_json, bo.tags_json, running.unfinished()) == ([], ["gold"], [])
    assert reverted(batch).id == revert.id
    assert (bo.tags_json, revert.done, revert.finished_at is not None) == ([], 2, True)


def test_what_is_still_at_work_is_not_reverted_and_what_was_cancelled_is(monkeypatch):
    monkeypatch.setattr(running, "PORTION", 1)
    ana, bo = a_customer("Ana"), a_customer("Bo")
    batch = begun(ActionKind.ADD_TAGS, [ana.id, bo.id], tags=["gold"])
    running.go_on(batch.id, at(20))
    with pytest.raises(NotRevertible, match="still at work"):
        reverting.begin(batch, actor="user:7", now=at(21))
    running.cancel(batch, at(22))
    db.session.commit()
    reverted(batch)
    assert (ana.tags_json, bo.tags_json) == ([], [])


def an_import(*made: Customer, created: bool = True, **change: object) -> Batch:
    batch = batches.open_batch(BatchKind.IMPORT, "list.csv", actor="user:1", now=at(10))
    for one in made:
        db.session.add(
            BatchChange(customer_id=one.id, batch_id=batch.id, created=created, change=change or None)
        )
    db.session.commit()
    return batch


def test_a_customer_whom_an_import_created_is_removed_when_nothing_else_is_on_record():
    made = a_customer("Made")
    later = a_customer("Later")
    batch, made_id = an_import(made), made.id
    assert reverting.outlook(batch) == reverting.Outlook(0, 1, {}, True)
    revert = reverted(batch)
    assert db.session.get(Customer, made_id, populate_existing=True) is None
    assert db.session.scalars(select(Identity.customer_id)).all() == [later.id]
    assert (run_of(revert).removed, run_of(revert).kept) == (1, {})
    assert reverting.told(run_of(revert)) == "0 changes taken back. 1 customer removed."


def test_tags_and_attributes_go_with_a_removed_customer():
    attributes.define("plan", "text")
    made, later = a_customer("Made"), a_customer("Later")
    tags.set_tags(made, ["gold"])
    attributes.set_attributes(made, {"plan": "Pro"})
    made.version = 1  # as an import writes a new customer: at once with all that it has
    made_id = made.id
    revert = reverted(an_import(made))
    assert db.session.get(Customer, made_id, populate_existing=True) is None
    assert (carried(), run_of(revert).removed, revert.done) == ({"gold": 0}, 1, 1)
    assert later.name == "Later"


def test_the_number_of_a_removed_customer_is_never_given_again():
    newest = a_customer("Made")
    newest_id = newest.id
    reverted(an_import(newest))
    db.session.expire_all()
    assert a_customer("New").id > newest_id


def opted_out(one: Customer) -> None:
    own_stop(one)


def in_a_segment(one: Customer) -> None:
    segments.create_static("Regulars", [one.id], actor="user:1", now=at(50))


def tagged(one: Customer) -> None:
    tags.set_tags(one, ["by hand"])


def in_another_batch(one: Customer) -> None:
    an_import(one, created=False, named="x")


def merged(one: Customer) -> None:
    merging.merge(one, a_customer("Twin"), actor="user:1", now=at(50), why="One person")


@pytest.mark.parametrize("touch", [opted_out, in_a_segment, tagged, in_another_batch, merged])
def test_a_created_customer_with_more_on_record_stays(touch):
    made, later = a_customer("Made"), a_customer("Later")
    batch = an_import(made)
    touch(made)
    db.session.commit()
    revert = reverted(batch)
    assert db.session.get(Customer, made.id) is not None
    assert later.id
    assert run_of(revert).kept == {Left.ON_RECORD: 1}
    assert whole(made)


def test_a_created_customer_who_stays_loses_what_came_with_the_import_unless_it_was_edited():
    stays, edited = a_customer("Stays"), a_customer("Edited")
    for one in (stays, edited):
        tags.set_tags(one, ["listed"])
        one.version = 1  # as an import writes a new customer: at once with all that it has
    batch = an_import(stays, edited)
    tags.set_tags(edited, ["listed", "by hand"])
    own_stop(stays)
    own_stop(edited)
    reverted(batch)
    assert (stays.tags_json, edited.tags_json) == ([], ["by hand", "listed"])
    assert (stays.status, edited.status) == (OUT, OUT)
    assert whole(stays, edited)


def test_what_an_import_changed_of_known_customers_goes_back():
    ana, bo = a_customer("From the list"), a_customer("Bo, as the customer writes it")
    gold = tags.define("gold")
    tags.set_tags(ana, ["gold"])
    db.session.commit()
    batch = an_import(ana, bo, created=False, added=[gold.id], named="From the list")
    address = identities.attach(ana, "user_id", "BR.1", "import", at(10))
    db.session.commit()
    revert = reverted(batch)
    assert (ana.tags_json, ana.name, bo.name) == ([], "", "Bo, as the customer writes it")
    assert "from the list" not in ana.search
    assert db.session.get(Identity, address.id) is not None
    assert run_of(revert).kept == {Left.CHANGED: 2}  # the tag and the name of Bo
    assert whole(ana, bo)


def test_a_revert_that_was_begun_by_an_older_version_goes_on():
    ana = a_customer(status=IN)
    batch = done(ActionKind.OPT_OUT, [ana.id])
    revert = batches.begin_revert(batch, actor="user:7", now=at(40))
    db.session.commit()
    assert running.unfinished() == [revert.id]
    finished(revert)
    assert ana.status == IN


@pytest.mark.parametrize("kind", [ActionKind.ADD_TAGS, ActionKind.OPT_OUT])
def test_the_statements_of_a_revert_do_not_grow_with_the_rows(kind):
    group = [a_customer(f"Person {n}", IN) for n in range(43)]
    numbers = []
    for some in (group[:3], group[3:]):
        batch = done(kind, [one.id for one in some], tags=["gold"])
        db.session.expire_all()
        with counted(db.engine) as statements:
            reverted(batch)
        numbers.append(len(statements))
    assert numbers[1] <= numbers[0] + 1
