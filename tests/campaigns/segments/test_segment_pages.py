"""What people see and managers do on /segments."""

import pytest
from bs4 import BeautifulSoup

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from webapp.campaigns.models import Segment
from webapp.campaigns.segments import rules, segments
from webapp.customers.attributes import attributes
from webapp.customers.tags import tags
from webapp.extensions import db

HOSTILE = '<script>alert("1")</script>'
NUMBERS = "+55 11 91234-5678\n=x\n+4915123456789\n+5511912345678"
BY = {"actor": "user:1", "now": NOON}
ROW = {"row": "1", "1-group": "any-1", "1-field": "tag", "1-was": "tag", "1-op": "has", "1-value": HOSTILE}


@pytest.fixture
def segment_ids(app) -> dict[str, int]:
    """One of each kind, each with one customer."""
    with app.app_context():
        ana = a_customer(HOSTILE)
        tags.set_tags(ana, [HOSTILE])
        attributes.define("points", "number")
        found = rules.parse({"groups": [[{"field": "tag", "op": "has", "value": HOSTILE}]]})
        made = [
            segments.create_static(HOSTILE, [ana.id], **BY),
            segments.create_dynamic("Ruled", found, **BY),
        ]
        db.session.commit()
        return {segment.kind: segment.id for segment in made}


def names(app) -> set[str]:
    with app.app_context():
        return set(db.session.scalars(db.select(Segment.name)))


def test_everybody_sees_the_segments_and_only_managers_change_them(desk, app, segment_ids) -> None:
    viewer, agent, manager = desk("viewer"), desk("agent"), desk("manager")
    page = viewer.soup("/segments")
    cells = [
        [cell.get_text(strip=True) for cell in row.find_all("td")][:4] for row in page.select("tbody tr")
    ]
    assert cells == [[HOSTILE, "List", "1", "no campaign"], ["Ruled", "Rules", "1", "no campaign"]]
    for id in segment_ids.values():
        assert not viewer.soup(f"/segments/{id}").find("script", string=True)
        for verb in ("edit", "delete"):
            assert agent.get(f"/segments/{id}/{verb}").status_code == 403
            assert manager.get(f"/segments/{id}/{verb}").status_code == 200
    for path in ("new", "rules", "preview", "from-filter", "1/edit", "1/delete", "1/duplicate", "1/remove"):
        assert agent.send(f"/segments/{path}").status_code == 403
    assert not viewer.soup("/segments").select("#segment-new")


def test_an_empty_page_says_what_to_do(desk) -> None:
    assert "No segments yet" in desk("viewer").get("/segments").text


def test_a_second_press_of_save_makes_no_second_segment(desk, app, segment_ids) -> None:
    client = desk("manager")
    assert client.send("/segments/new", name="Fresh", **ROW).status_code == 303
    again = client.send("/segments/new", name="Fresh", **ROW)
    assert again.status_code == 422
    assert "There is a segment “Fresh” already." in again.text
    assert names(app) == {HOSTILE, "Ruled", "Fresh"}


def test_an_unusable_rule_is_marked_and_what_was_typed_stays(desk, app, segment_ids) -> None:
    answer = desk("manager").send("/segments/new", name="Mine", **ROW | {"1-value": "no such tag"})
    assert answer.status_code == 422
    assert "There is no tag “no such tag”." in answer.text
    assert 'value="no such tag"' in answer.text
    assert 'value="Mine"' in answer.text


def test_an_older_form_is_told_what_stands_now_and_keeps_what_was_typed(desk, app, segment_ids) -> None:
    client, path = desk("manager"), f"/segments/{segment_ids['dynamic']}/edit"
    assert client.send(path, name="First", version="1", **ROW).status_code == 303
    late = client.send(path, name="Second", version="1", **ROW | {"1-op": "has_not"})
    assert late.status_code == 409
    assert "Somebody else saved" in late.text
    assert 'value="Second"' in late.text
    assert 'name="version" value="2"' in late.text
    assert names(app) == {HOSTILE, "First"}


@pytest.mark.parametrize("scripted", [False, True])
def test_rows_are_added_and_removed_with_and_without_scripts(desk, segment_ids, scripted: bool) -> None:
    client = desk("manager")

    def press(**pressed: str) -> str:
        if scripted:
            return client.htmx("/segments/rules", method="POST", **ROW | pressed).text
        return client.send("/segments/new", name="x", **ROW | pressed).text

    assert press(add="any-1").count('class="rule"') == 2
    assert press(add="not").count('class="rule-group"') == 2
    assert press(drop="1").count('class="rule"') == 0
    assert press(add="elsewhere").count('class="rule"') == 1
    changed = press(**{"1-field": "created", "add": "any-1"})
    assert "in the last … days" in changed
    assert changed.count("&lt;script&gt;alert(&#34;1") <= 1


def test_the_count_follows_the_rules_and_waits_for_unfinished_ones(desk, segment_ids) -> None:
    client = desk("manager")
    assert "<b>1 customer</b>" in client.htmx("/segments/preview", method="POST", **ROW).text
    assert "once a rule" in client.htmx("/segments/preview", method="POST", **ROW | {"1-value": ""}).text


def test_a_rule_that_is_half_typed_does_not_hide_the_number_of_the_others(desk, segment_ids) -> None:
    half = {"2-group": "any-1", "2-field": "tag", "2-was": "tag", "2-op": "has", "2-value": "v"}
    fields = ROW | half | {"row": ["1", "2", "3"], **{f"3-{k[2:]}": v for k, v in half.items()}}
    client = desk("manager")
    for group, said in (("any-1", "2 rules are"), ("any-2", "2 rules are"), ("not-1", "2 rules are")):
        answer = client.htmx(
            "/segments/preview", method="POST", **fields | {"2-group": group, "3-group": group}
        ).text
        assert "<b>1 customer</b>" in answer, group
        assert f"{said} not finished and do not count yet." in answer, group
    one = client.htmx("/segments/preview", method="POST", **fields | {"row": ["1", "2"]}).text
    assert "1 rule is not finished and does not count yet." in one
    assert client.send("/segments/new", name="Mine", **fields).status_code == 422


def test_each_field_of_a_rule_has_a_name_of_its_own_and_the_focus_goes_on(desk, segment_ids) -> None:
    client = desk("manager")
    two = ROW | {"row": ["1", "2"]} | {f"2-{k[2:]}": v for k, v in ROW.items() if k != "row"}
    page = BeautifulSoup(client.send("/segments/new", add="not", **two).text, "html.parser")
    names = [field["aria-label"] for field in page.select(".rule [aria-label]")]
    assert len(names) == len(set(names))
    assert {"Group 1, rule 2: About", "Exception 1, rule 1: Comparison"} <= set(names)
    assert page.select_one("#rule-3-field").has_attr("autofocus")
    focus = [
        ({"add": "any-1"}, "rule-3-field", "Group 1, rule 3 is added."),
        ({"drop": "1"}, "rule-2-field", "Group 1, rule 1 is removed."),
        ({"drop": "2"}, "rule-1-field", "Group 1, rule 2 is removed."),
        ({"drop": "2", "row": ["2"]}, "add-any", "Group 1, rule 1 is removed."),
    ]
    for pressed, wanted, said in focus:
        answer = client.htmx("/segments/rules", method="POST", **two | pressed).text
        assert f'data-focus="{wanted}"' in answer
        assert said in answer
    assert "data-focus" not in client.htmx("/segments/rules", method="POST", **two).text


def test_lines_that_were_not_taken_are_shown_with_their_reason_and_as_a_file(desk, app) -> None:
    with app.app_context():
        a_customer(phone="+55 11 91234-5678")
    client, form = desk("manager"), {"kind": "static", "name": "List", "numbers": NUMBERS}
    assert client.get("/segments/new?kind=static").status_code == 200
    sent = client.send("/segments/new", **form)
    assert (sent.status_code, sent.location) == (307, "/segments/1/lines?added=1&created=0")
    assert names(app) == {"List"}
    for _ in range(2):  # loading it again writes nothing
        page = BeautifulSoup(client.send(sent.location, **form).text, "html.parser")
        assert "1 customer added, 3 lines not taken." in page.select_one(".lead").text
        rows = [[cell.text for cell in row.select("td")] for row in page.select("tbody tr")]
        assert rows == [
            ["2", "=x", "“=x” holds no digits."],
            ["3", "+4915123456789", "Nobody has this number."],
            ["4", "+5511912345678", "It repeats the number of line 1."],
        ]
    file = client.send("/segments/1/lines.csv", rows=page.select_one("input[name=rows]")["value"])
    assert file.text.splitlines()[:2] == ["line,content,reason", "2,'=x,“=x” holds no digits."]
    assert client.get("/segments/1/lines").location == "/segments/1"


def test_lines_that_are_all_taken_lead_to_the_segment_and_an_older_form_adds_too(desk, app) -> None:
    client, form = desk("manager"), {"numbers": "+4915123456789", "add_unknown": "1", "name": "List"}
    sent = client.send("/segments/new", kind="static", **form)
    assert sent.location == "/segments/1"
    assert "1 customer added, 1 of them new without a record." in client.get(sent.location).text
    again = client.send("/segments/1/edit", version="0", **form | {"numbers": "+4915123456780"})
    assert again.location == "/segments/1"
    assert "2 customers" in client.soup("/segments/1").select_one(".lead").text


def test_a_customer_is_taken_out_of_a_static_segment(desk, app, segment_ids) -> None:
    client, path = desk("manager"), f"/segments/{segment_ids['static']}"
    customer_id = client.soup(path).select_one("input[name=customer]")["value"]
    assert client.send(f"{path}/remove", customer=customer_id).status_code == 303
    assert "Nobody is in it now." in client.get(path).text
    assert client.send(f"/segments/{segment_ids['dynamic']}/remove", customer=customer_id).status_code == 303


@pytest.mark.parametrize(("kind", "later"), [("dynamic", 2), ("static", 1)])
def test_the_filter_of_the_table_becomes_a_segment(desk, app, segment_ids, kind: str, later: int) -> None:
    manager = desk("manager")
    assert manager.soup("/customers", query_string={"tag": HOSTILE}).select_one("#save-segment")
    assert not desk("agent").soup("/customers", query_string={"tag": HOSTILE}).select("#save-segment")
    assert not manager.soup("/customers").select("#save-segment")
    assert "1 customers" in manager.htmx("/segments/from-filter", tag=HOSTILE).text
    refused = manager.htmx("/segments/from-filter", method="POST", tag=HOSTILE, name="RULED", kind=kind)
    assert refused.status_code == 422
    saved = manager.htmx("/segments/from-filter", method="POST", tag=HOSTILE, name="Filtered", kind=kind)
    assert saved.status_code == 204
    with app.app_context():
        tags.set_tags(a_customer(), [HOSTILE])
        db.session.commit()
    assert f"{later} customer" in manager.soup(saved.headers["HX-Redirect"]).select_one(".lead").text


@pytest.mark.parametrize("scripted", [False, True])
def test_deleting_is_refused_while_a_draft_uses_it(desk, app, segment_ids, scripted: bool) -> None:
    used = segment_ids["static"]
    with app.app_context():
        a_campaign(a_template(), audience={"include": [{"kind": "segment", "id": used}], "exclude": []})
    client = desk("manager")
    asked = client.soup(f"/segments/{used}/delete")
    assert asked.select_one("#delete-uses a").text == "Spring sale"
    assert asked.select_one("#delete-save") is None
    assert client.soup(f"/segments/{segment_ids['dynamic']}/delete").select_one("#delete-save")

    def delete(id: int):
        path = f"/segments/{id}/delete"
        return client.htmx(path, method="POST") if scripted else client.send(path)

    refused = delete(used)
    assert refused.status_code == 409
    assert "is used by “Spring sale”" in refused.text
    assert delete(segment_ids["dynamic"]).status_code == (204 if scripted else 303)
    assert names(app) == {HOSTILE}


def test_a_segment_that_is_gone_is_not_found(desk) -> None:
    assert desk("manager").get("/segments/99").status_code == 404
