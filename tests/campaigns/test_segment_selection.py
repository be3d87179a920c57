"""Customers chosen in the table join a static segment: the rows with a tick, or all that match the filter."""

import pytest
from werkzeug.datastructures import MultiDict

from tests.factories import NOON, a_customer
from webapp import clock
from webapp.campaigns import segment_selection, segments
from webapp.campaigns.models import Segment, SegmentMember
from webapp.campaigns.segment_selection import Chosen, Joined, Moved
from webapp.campaigns.segments import Refused
from webapp.customers import queries, tags
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.extensions import db

BY = {"actor": "user:1", "now": NOON}
ADD = "/segments/selection/add"
VIP = Filter(tags=("vip",))


@pytest.fixture
def ids(app) -> dict[str, int]:
    """Four customers, two of whom are vips; one was merged and one erased. One segment of each kind."""
    with app.app_context():
        people = {name: a_customer(name) for name in ("Ana", "Bo", "Cy", "Di", "Merged", "Erased")}
        for name in ("Ana", "Bo", "Merged"):
            tags.set_tags(people[name], ["vip"])
        people["Merged"].merged_into_id = people["Ana"].id
        people["Erased"].erased_at = NOON
        regulars = segments.create_static("Regulars", [people["Ana"].id], **BY)
        ruled = segments.create_dynamic("Ruled", segments.rules_of.from_filter(VIP), **BY)
        db.session.commit()
        return {name: person.id for name, person in people.items()} | {
            "regulars": regulars.id, "ruled": ruled.id, "nobody": 987_654_321,
        }  # fmt: skip


def members(app, segment_id: int) -> set[int]:
    with app.app_context():
        query = db.select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id)
        return set(db.session.scalars(query))


@pytest.mark.parametrize(
    ("names", "joined"),
    [
        pytest.param(["Bo"], Joined(1, 0), id="who was not in it comes in"),
        pytest.param(["Ana"], Joined(0, 1), id="who was in it stays once"),
        pytest.param(["Ana", "Bo", "Cy"], Joined(2, 1), id="both are counted apart"),
        pytest.param(["Bo", "Bo"], Joined(1, 0), id="a row that comes twice counts once"),
        pytest.param(["Bo", "Merged"], Joined(1, 0), id="who was merged is nobody"),
        pytest.param(["Bo", "Erased"], Joined(1, 0), id="who was erased is nobody"),
        pytest.param(["Bo", "nobody"], Joined(1, 0), id="an id without a customer is nobody"),
        pytest.param([], Joined(0, 0), id="no row, no change"),
    ],
)
def test_the_rows_with_a_tick_join(app, ids, names: list[str], joined: Joined) -> None:
    with app.app_context():
        segment = db.session.get_one(Segment, ids["regulars"])
        chosen = Chosen.of(MultiDict([("customer", str(ids[name])) for name in names]))
        assert segment_selection.add(segment, chosen, expected=-1, **BY) == joined
        db.session.commit()
    present = {ids[name] for name in names if name in ("Ana", "Bo", "Cy")}
    assert members(app, ids["regulars"]) == {ids["Ana"]} | present


@pytest.mark.parametrize(
    "args",
    [{}, {"tag": "vip"}, {"q": "ana"}, {"tag": "no such tag"}, {"status": "unknown", "tag": "vip"}],
    ids=str,
)
def test_all_that_match_are_those_of_the_table(app, ids, args: dict[str, str]) -> None:
    with app.app_context():
        shown = set(db.session.scalars(queries.matching(Filter.from_args(MultiDict(args)))))
        chosen = Chosen.of(MultiDict({"matching": "1", "customer": str(ids["Di"]), **args}))
        segment = segments.create_static("Fresh", **BY)
        segment_selection.add(segment, chosen, expected=len(shown), **BY)
        db.session.commit()
        segment_id = segment.id
    assert members(app, segment_id) == shown
    assert not shown & {ids["Merged"], ids["Erased"]}


@pytest.mark.parametrize("expected", [1, 3, -1])
def test_all_that_match_are_added_only_when_they_are_as_many_as_agreed(app, ids, expected: int) -> None:
    with app.app_context():
        segment = db.session.get_one(Segment, ids["regulars"])
        with pytest.raises(Moved, match="2 customers match now"):
            segment_selection.add(segment, Chosen(filter=VIP), expected=expected, **BY)
        db.session.rollback()
        segment = db.session.get_one(Segment, ids["regulars"])
        assert segment_selection.add(segment, Chosen(filter=VIP), expected=2, **BY) == Joined(1, 1)


def test_rules_alone_fill_a_dynamic_segment(app, ids) -> None:
    with app.app_context(), pytest.raises(Refused):
        segment_selection.add(
            db.session.get_one(Segment, ids["ruled"]), Chosen((ids["Bo"],)), expected=1, **BY
        )


@pytest.mark.parametrize(
    ("joined", "sentence"),
    [
        (Joined(12, 3), "12 customers added to Regulars. 3 were in it already."),
        (Joined(1, 1), "1 customer added to Regulars. 1 was in it already."),
        (Joined(1200, 0), "1,200 customers added to Regulars."),
        (Joined(0, 3), "Nobody new: 3 customers were in Regulars already."),
    ],
)
def test_the_toast_tells_who_was_new(joined: Joined, sentence: str) -> None:
    assert joined.sentence("Regulars") == sentence


def test_managers_choose_rows_and_others_see_no_boxes(desk, ids) -> None:
    manager = desk("manager")
    assert len(manager.soup("/customers").select("tr.customer .c-select input[form=selection]")) == 4
    for path in ("/customers", "/opt-in"):
        page = desk("agent").soup(path)
        assert not page.select(".c-select, #selection, [href*=selection], [src*=selection]")
    for path in ("/segments/selection", ADD):
        assert desk("agent").send(path, customer=ids["Bo"]).status_code == 403
        assert manager.get(path).status_code == 303


@pytest.mark.parametrize("scripted", [False, True])
def test_chosen_rows_are_added_by_dialog_and_by_page(app, desk, ids, scripted: bool) -> None:
    manager, rows = desk("manager"), [ids["Ana"], ids["Bo"], ids["nobody"]]
    asked = (
        manager.htmx("/segments/selection", method="POST", customer=rows)
        if scripted
        else manager.send("/segments/selection", customer=rows)
    )
    assert "Add 2 customers" in asked.text
    assert ">Ruled<" not in asked.text
    if scripted:
        done = manager.htmx(ADD, method="POST", customer=rows, segment=ids["regulars"])
        assert done.status_code == 204
        assert "1 customer added to Regulars. 1 was in it already." in done.headers["HX-Trigger"]
        assert "selection:done" in done.headers["HX-Trigger"]
    else:
        done = manager.send(ADD, customer=rows, segment=ids["regulars"])
        assert done.location == f"/segments/{ids['regulars']}"
    assert members(app, ids["regulars"]) == {ids["Ana"], ids["Bo"]}


def test_a_new_segment_is_made_of_all_that_match(app, desk, ids) -> None:
    done = desk("manager").send(ADD, matching="1", tag="vip", expected="2", name="Friends")
    assert members(app, int(done.location.rsplit("/", 1)[1])) == {ids["Ana"], ids["Bo"]}


def test_when_the_number_moved_the_dialog_asks_again_with_the_new_one(app, desk, ids) -> None:
    manager, form = desk("manager"), {"matching": "1", "tag": "vip", "name": "Friends"}
    assert 'name="expected" value="2"' in manager.htmx("/segments/selection", method="POST", **form).text
    with app.app_context():
        tags.set_tags(db.session.get_one(Customer, ids["Cy"]), ["vip"])
        db.session.commit()
    moved = manager.htmx(ADD, method="POST", expected="2", **form)
    assert moved.status_code == 409
    assert "Nothing was added: 3 customers match now, not 2." in moved.text
    assert 'name="expected" value="3"' in moved.text
    assert 'value="Friends"' in moved.text
    with app.app_context():
        assert segments.find("Friends") is None
    assert manager.htmx(ADD, method="POST", expected="3", **form).status_code == 204


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"segment": "ruled"}, "This segment is gone.", id="a segment of rules"),
        pytest.param({"segment": "9" * 40}, "This segment is gone.", id="never there"),
        pytest.param({"segment": "' or 1=1"}, "This segment is gone.", id="no number at all"),
        pytest.param({"name": "REGULARS"}, "There is a segment “Regulars” already.", id="a taken name"),
        pytest.param({"name": " "}, "selection-name-error", id="no name"),
    ],
)
def test_what_cannot_be_is_said_in_the_dialog(app, desk, ids, fields: dict[str, str], words: str) -> None:
    fields = {key: str(ids.get(value, value)) for key, value in fields.items()}
    answer = desk("manager").htmx(ADD, method="POST", customer=ids["Bo"], **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert members(app, ids["regulars"]) == {ids["Ana"]}


@pytest.mark.parametrize("path", ["/segments/selection", ADD])
@pytest.mark.parametrize(
    "raw",
    [["x"], ["1", ""], ["-1"], ["1.5"], ["٣"], ["9" * 19], ["1 or 1=1"], [str(n) for n in range(10_000)]],
    ids=["a word", "nothing", "negative", "half", "other digits", "too large", "SQL", "ten thousand"],
)
def test_ids_that_cannot_be_are_refused(app, desk, ids, path: str, raw: list[str]) -> None:
    answer = desk("manager").htmx(path, method="POST", customer=raw, segment=ids["regulars"])
    assert answer.status_code == 422
    assert members(app, ids["regulars"]) == {ids["Ana"]}


def test_nobody_chosen_is_said_and_nothing_can_be_saved(desk, ids) -> None:
    asked = desk("manager").send("/segments/selection")
    assert "Nobody is chosen." in asked.text
    assert "selection-save" not in asked.text


def test_adding_counts_as_a_change_of_the_segment(app, desk, ids) -> None:
    before = clock.now()
    desk("manager").send(ADD, customer=ids["Bo"], segment=ids["regulars"])
    with app.app_context():
        assert db.session.get_one(Segment, ids["regulars"]).changed_at >= before
