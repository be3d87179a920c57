"""Rows chosen in the table: the dialog of each action, what is refused, one batch for a double click."""

import pytest
from werkzeug.datastructures import MultiDict

from tests.bulk.people import Crowd, begun_as, done, finished
from tests.factories import NOON, a_customer
from tests.rows import every
from webapp.bulk import running
from webapp.bulk.actions import Action, ActionKind
from webapp.bulk.freezing import Moved
from webapp.bulk.models import BulkMember
from webapp.bulk.selection import Chosen
from webapp.bulk.worker import go_on, sweep
from webapp.campaigns.models import Segment
from webapp.campaigns.segments import segments
from webapp.consent.models import Batch
from webapp.consent.rules import Status
from webapp.customers import queries
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db

ALL = [kind.value for kind in ActionKind]
VIP = Filter(tags=("vip",))
KEY = "0123456789abcdef" * 2


def saved(client, action, rows, **fields):
    return client.htmx(
        f"/bulk/{action}/save", method="POST", customer=rows, expected=str(len(rows)), **fields
    )


@every(
    ("names", "meant"),
    [
        pytest.param(["Bo", "Bo"], ["Bo"], id="a row that comes twice counts once"),
        pytest.param(["Bo", "Merged"], ["Bo"], id="who was merged is nobody"),
        pytest.param(["Bo", "Erased"], ["Bo"], id="who was erased is nobody"),
        pytest.param(["Bo", "nobody"], ["Bo"], id="an id without a customer is nobody"),
        pytest.param([], [], id="no row, nobody"),
    ],
)
def test_the_rows_with_a_tick_are_meant(app, crowd: Crowd, names, meant):
    with app.app_context():
        chosen = Chosen.of(MultiDict([("customer", str(id)) for id in crowd.rows(*names)]))
        assert sorted(db.session.scalars(chosen.people())) == crowd.rows(*meant)


@every(
    "args",
    [{}, {"tag": "vip"}, {"q": "ana"}, {"tag": "no such tag"}, {"status": "unknown", "tag": "vip"}],
    ids=str,
)
def test_all_that_match_are_those_of_the_table(app, crowd: Crowd, args):
    with app.app_context():
        shown = set(db.session.scalars(queries.matching(Filter.from_args(MultiDict(args)))))
        chosen = Chosen.of(MultiDict({"matching": "1", "customer": str(crowd.ids["Di"]), **args}))
        assert set(db.session.scalars(chosen.people())) == shown
        assert not shown & set(crowd.rows("Merged", "Erased"))


@pytest.mark.parametrize("expected", [0, 1, 3, -1])
def test_it_is_frozen_only_when_they_are_as_many_as_agreed(app, crowd: Crowd, expected):
    tagging = Action(ActionKind.ADD_TAGS, {"tags": [1]}, ("vip",))
    with app.app_context():
        with pytest.raises(Moved, match="2 customers are meant now"):
            begun_as(tagging, Chosen(filter=VIP), expected, NOON)
        db.session.rollback()
        assert (db.session.query(Batch).count(), db.session.query(BulkMember).count()) == (0, 0)
        batch = begun_as(tagging, Chosen(filter=VIP), 2, NOON)
        assert (batch.total, batch.title) == (2, "Added tag vip to 2 customers")


def test_who_comes_to_match_after_the_agreement_is_not_reached(app, crowd: Crowd):
    with app.app_context():
        gold = tags.define("gold")
        db.session.commit()
        batch = begun_as(
            Action(ActionKind.ADD_TAGS, {"tags": [gold.id]}, ("gold",)), Chosen(filter=VIP), 2, NOON
        )
        tags.set_tags(db.session.get_one(Customer, crowd.ids["Cy"]), ["vip"])
        tags.set_tags(db.session.get_one(Customer, crowd.ids["Bo"]), [])
        db.session.commit()
        finished(batch)
    assert [crowd.tags(name) for name in ("Ana", "Bo", "Cy")] == [["gold", "vip"], ["gold"], ["vip"]]


def test_managers_choose_rows_and_others_see_no_boxes(desk, crowd: Crowd):
    manager = desk("manager")
    assert len(manager.soup("/customers").select("tr.customer .c-select input[form=selection]")) == 4
    assert len(manager.soup("/customers").select("#selection button[formaction]")) == len(ALL)
    for role in ("viewer", "agent"):
        client = desk(role)
        for path in ("/customers", "/opt-in"):
            page = client.soup(path)
            assert not page.select(".c-select, #selection, [href*=selection], [src*=selection]")
        for action in ALL:
            for path in (f"/bulk/{action}", f"/bulk/{action}/save"):
                assert client.send(path, customer=crowd.ids["Bo"]).status_code == 403
    assert crowd.batches() == 0


@every("action", ALL)
def test_each_action_asks_with_the_number_by_dialog_and_by_page(desk, crowd: Crowd, action):
    manager, rows = desk("manager"), crowd.rows("Ana", "Bo", "nobody")
    for asked in (
        manager.htmx(f"/bulk/{action}", method="POST", customer=rows),
        manager.send(f"/bulk/{action}", customer=rows),
    ):
        assert asked.status_code == 200
        assert "2 customers</b>" in asked.text
        assert 'name="expected" value="2"' in asked.text
        assert "bulk-save" in asked.text
    assert manager.get(f"/bulk/{action}").location == "/customers"
    nobody = manager.send(f"/bulk/{action}")
    assert "Nobody is chosen." in nobody.text
    assert "bulk-save" not in nobody.text


def test_the_opt_out_says_who_is_passed_over_and_that_many_cannot_be_opted_in(desk, crowd: Crowd):
    text = desk("manager").htmx("/bulk/opt_out", method="POST", customer=crowd.rows("Ana", "Di")).text
    assert "1 is opted out already and passed over." in text
    assert "Many cannot be opted in like this." in text
    assert desk("manager").send("/bulk/opt_in", customer=crowd.rows("Ana")).status_code == 404


def test_an_opt_out_of_chosen_rows_is_done_at_once(app, desk, crowd: Crowd):
    answer = saved(desk("manager"), "opt_out", crowd.rows("Ana", "Di"), channel="email", words="By letter")
    assert answer.status_code == 204
    assert "1 customer changed. 1 was so already." in answer.headers["HX-Trigger"]
    assert "selection:done" in answer.headers["HX-Trigger"]
    with app.app_context():
        assert db.session.get_one(Customer, crowd.ids["Ana"]).status == Status.OPTED_OUT
        batch = db.session.scalars(db.select(Batch)).one()
        assert (batch.title, batch.total, batch.done) == ("Opted out 2 customers", 2, 2)


def test_all_other_actions_are_done_at_once_too(app, desk, crowd: Crowd):
    manager, rows = desk("manager"), crowd.rows("Bo", "Cy")
    with app.app_context():
        key = attributes.find("plan").id
    assert saved(manager, "add_tags", rows, tags="gold, silver").status_code == 204
    assert saved(manager, "remove_tags", rows, tags=["vip"]).status_code == 204
    assert saved(manager, "set_attribute", rows, key=key, value="Pro").status_code == 204
    assert saved(manager, "add_to_segment", rows, segment=crowd.regulars).status_code == 204
    assert [crowd.tags(name) for name in ("Bo", "Cy")] == [["gold", "silver"]] * 2
    assert crowd.members(crowd.regulars) == set(crowd.rows("Ana", "Bo", "Cy"))
    with app.app_context():
        assert db.session.get_one(Customer, crowd.ids["Cy"]).attrs_json == {"plan": "Pro"}


def test_a_new_segment_is_made_of_all_that_match_without_scripts(app, desk, crowd: Crowd):
    done = desk("manager").send(
        "/bulk/add_to_segment/save", matching="1", tag="vip", expected="2", name="Friends"
    )
    assert done.location.startswith("/events/batches/")
    with app.app_context():
        friends = segments.find("Friends").id
    assert crowd.members(friends) == set(crowd.rows("Ana", "Bo"))


def test_when_the_number_moved_the_dialog_asks_again_with_the_new_one(app, desk, crowd: Crowd):
    manager, form = desk("manager"), {"matching": "1", "tag": "vip", "name": "Friends"}
    with app.app_context():
        tags.set_tags(db.session.get_one(Customer, crowd.ids["Cy"]), ["vip"])
        db.session.commit()
    moved = manager.htmx("/bulk/add_to_segment/save", method="POST", expected="2", **form)
    assert moved.status_code == 409
    assert "Nothing was changed: 3 customers are meant now, not 2." in moved.text
    assert 'name="expected" value="3"' in moved.text
    assert 'value="Friends"' in moved.text
    with app.app_context():
        assert segments.find("Friends") is None
    assert crowd.batches() == 0
    again = manager.htmx("/bulk/add_to_segment/save", method="POST", expected="3", **form)
    assert again.status_code == 204


def test_an_erased_row_is_a_number_that_moved(app, desk, crowd: Crowd):
    answer = desk("manager").htmx(
        "/bulk/add_tags/save", method="POST", customer=crowd.rows("Bo", "Erased"), expected="2", tags="x"
    )
    assert answer.status_code == 409
    assert "1 customer is meant now, not 2" in answer.text
    with app.app_context():
        assert tags.find("x") is None


@pytest.mark.parametrize("name", ["", "Friends"])
def test_a_double_click_is_one_batch(app, desk, crowd: Crowd, name):
    manager, rows = desk("manager"), crowd.rows("Bo", "Cy")
    action = "add_to_segment" if name else "add_tags"
    answers = [saved(manager, action, rows, dialog=KEY, tags="gold", name=name) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert answers[0].headers["HX-Trigger"] == answers[1].headers["HX-Trigger"]
    assert crowd.batches() == 1


def test_two_managers_who_confirm_the_same_change_are_two_batches_and_one_tag(desk, crowd: Crowd):
    for client in (desk("manager"), desk("manager")):
        assert saved(client, "add_tags", crowd.rows("Bo"), tags="gold").status_code == 204
    assert crowd.batches() == 2
    assert crowd.tags("Bo") == ["gold", "vip"]


@every(
    ("action", "fields", "words"),
    [
        ("add_to_segment", {"segment": "ruled"}, "This segment is gone."),
        ("add_to_segment", {"segment": "9" * 40}, "This segment is gone."),
        ("add_to_segment", {"segment": "' or 1=1"}, "This segment is gone."),
        ("add_to_segment", {"name": "REGULARS"}, "There is a segment “Regulars” already."),
        ("add_to_segment", {"name": " "}, "bulk-name-error"),
        ("add_tags", {"tags": " , "}, "Write the name of a tag."),
        ("add_tags", {"tags": "x" * 200}, "bulk-tags-error"),
        ("add_tags", {"tags": ",".join(map(str, range(21)))}, "At most 20 tags at once."),
        ("remove_tags", {"tags": "unheard of"}, "There is no tag “unheard of”."),
        ("set_attribute", {"key": "", "value": "x"}, "Choose an attribute."),
        ("set_attribute", {"key": "9" * 18, "value": "x"}, "Choose an attribute."),
        ("set_attribute", {"key": "plan", "value": ""}, "Write a value"),
        ("opt_out", {"channel": "telepathy"}, "Choose how you learned of it."),
        ("opt_out", {"words": "\x00"}, "bulk-words-error"),
        ("opt_out", {"words": "x" * 2001}, "bulk-words-error"),
    ],
)
def test_what_cannot_be_is_said_in_the_dialog(app, desk, crowd: Crowd, action, fields, words):
    with app.app_context():
        known = {"ruled": str(crowd.ruled), "plan": str(attributes.find("plan").id)}
    fields = {key: known.get(value, value) for key, value in fields.items()}
    answer = saved(desk("manager"), action, crowd.rows("Bo"), **fields)
    assert answer.status_code == 422
    assert words in answer.text
    assert crowd.batches() == 0


@every("path", ["/bulk/add_tags", "/bulk/add_tags/save"])
@every(
    "raw",
    [["x"], ["1", ""], ["-1"], ["1.5"], ["٣"], ["9" * 19], ["1 or 1=1"], [str(n) for n in range(10_000)]],
    ids=["a word", "nothing", "negative", "half", "other digits", "too large", "SQL", "ten thousand"],
)
def test_ids_that_cannot_be_are_refused(desk, crowd: Crowd, path, raw):
    answer = desk("manager").htmx(path, method="POST", customer=raw, tags="gold")
    assert answer.status_code == 422
    assert crowd.batches() == 0


def test_rules_alone_fill_a_dynamic_segment(app, crowd: Crowd):
    joining = Action(ActionKind.ADD_TO_SEGMENT, {"segment": crowd.ruled}, ("Ruled",))
    with app.app_context():
        batch = finished(begun_as(joining, Chosen((crowd.ids["Bo"],)), 1, NOON))
        assert batch.failed_why
    assert crowd.members(crowd.ruled) == set()


def test_adding_counts_as_a_change_of_the_segment(app, desk, crowd: Crowd):
    saved(desk("manager"), "add_to_segment", crowd.rows("Bo"), segment=crowd.regulars)
    with app.app_context():
        assert db.session.get_one(Segment, crowd.regulars).changed_at > NOON


def test_a_large_change_is_the_workers_with_progress_and_cancel(app, desk, crowd: Crowd, monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE", 1)
    monkeypatch.setattr(running, "PORTION", 1)
    queued: list[int] = []
    app.extensions["heed-tasks"] = {"batch": queued.append}
    manager = desk("manager")
    answer = saved(manager, "add_tags", crowd.rows("Bo", "Cy"), tags="gold")
    path = answer.headers["HX-Redirect"]
    assert crowd.tags("Cy") == []
    page = manager.soup(path)
    assert "0 of 2 gone through." in page.get_text()
    assert page.find("progress")["max"] == "2"
    assert "every 2s" in page.find(id="batch-page")["hx-trigger"]
    assert "0 of 2" in manager.get("/events/batches").text
    assert desk("agent").soup(path).find(id="batch-cancel") is None
    go_on(app, queued[0])
    assert (crowd.tags("Bo"), crowd.tags("Cy")) == (["gold", "vip"], ["gold"])
    page = manager.soup(path)
    assert page.find("progress") is None
    assert "every" not in page.find(id="batch-page")["hx-trigger"]
    assert "Added tag gold to 2 customers" in page.get_text()
    assert "2 customers changed." in page.get_text()


def test_a_manager_cancels_and_nobody_else_does(app, desk, crowd: Crowd, monkeypatch):
    monkeypatch.setattr(running, "AT_ONCE", 1)
    app.extensions["heed-tasks"] = {"batch": lambda _: None}
    manager = desk("manager")
    path = saved(manager, "add_tags", crowd.rows("Bo", "Cy"), tags="gold").headers["HX-Redirect"]
    batch_id = path.rsplit("/", 1)[1]
    assert desk("agent").send(f"/bulk/batches/{batch_id}/cancel").status_code == 403
    assert manager.send(f"/bulk/batches/{batch_id}/cancel").location == path
    sweep(app)
    assert crowd.tags("Cy") == []
    assert "Cancelled" in manager.get(path).text
    with app.app_context():
        assert db.session.query(BulkMember).count() == 0
    assert manager.send("/bulk/batches/99/cancel").status_code == 404


def test_what_a_lost_queue_left_is_found_by_the_sweep(app, crowd: Crowd):
    with app.app_context():
        gold = tags.define("gold")
        db.session.commit()
        begun_as(
            Action(ActionKind.ADD_TAGS, {"tags": [gold.id]}, ("gold",)), Chosen((crowd.ids["Cy"],)), 1, NOON
        )
    sweep(app)
    sweep(app)
    assert crowd.tags("Cy") == ["gold"]


def test_a_hundred_changes_cost_few_statements_of_the_request(app, desk, crowd: Crowd):
    from tests.statements import counted

    with app.app_context():
        few = [a_customer(f"Few {n}").id for n in range(2)]
        many = [a_customer(f"Many {n}").id for n in range(100)]
        engine = db.engine
    manager, numbers = desk("manager"), []
    for rows in (few, many):
        with counted(engine) as statements:
            assert saved(manager, "opt_out", rows, words="They asked").status_code == 204
        numbers.append(len(statements))
    assert numbers[1] <= numbers[0] + 1


def test_an_erased_person_is_waited_for_no_longer(app, crowd: Crowd):
    from webapp.bulk.erased_people import erase
    from webapp.customers.erasure.erasing import Gone

    with app.app_context():
        begun_as(Action(ActionKind.ADD_TAGS, {"tags": [1]}, ("vip",)), Chosen(filter=VIP), 2, NOON)
        erase(Gone([crowd.ids["Bo"]], []))
        db.session.commit()
        left = db.session.scalars(db.select(BulkMember.customer_id)).all()
    assert left == crowd.rows("Ana")


def test_titles_shorten_long_values_and_name_what_was_done(app, crowd: Crowd):
    with app.app_context():
        key = str(attributes.find("plan").id)
        for fields, title in (
            ({"value": "x" * 300}, f"Set plan to {'x' * 60}… for 1 customer"),
            ({"clear": True}, "Cleared plan of 1 customer"),
        ):
            assert done(ActionKind.SET_ATTRIBUTE, crowd.rows("Bo"), key=key, **fields).title == title
        joined = done(ActionKind.ADD_TO_SEGMENT, crowd.rows("Bo"), segment=str(crowd.regulars))
        assert joined.title == "Added 1 customer to segment Regulars"
        assert done(ActionKind.REMOVE_TAGS, crowd.rows("Ana"), tags=["vip"]).title == (
            "Removed tag vip from 1 customer"
        )
