"""What people see and managers do on /tags."""

import json

import pytest

from tests.factories import a_customer
from tests.rows import every
from webapp.customers.models import Tag
from webapp.customers.tags import tags
from webapp.extensions import db

HOSTILE = '<script>alert("1")</script>'


@pytest.fixture
def tag_ids(app) -> dict[str, int]:
    """Two tags of two customers, and one that nobody carries."""
    with app.app_context():
        tags.set_tags(a_customer("Ana"), ["vip", HOSTILE])
        tags.set_tags(a_customer("Ben"), ["vip"])
        tags.define("empty")
        db.session.commit()
        return {tag.name: tag.id for tag in db.session.scalars(db.select(Tag))}


def counts(app) -> dict[str, int]:
    with app.app_context():
        return {tag.name: tag.n for tag in db.session.scalars(db.select(Tag))}


def test_everybody_sees_the_tags_and_who_carries_them(desk, tag_ids) -> None:
    page = desk("viewer").soup("/tags")
    rows = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.select("tbody tr")]
    assert rows == [["vip", "2"], [HOSTILE, "1"], ["empty", "0"]]
    assert page.select_one(f"#tag-customers-{tag_ids['vip']}")["href"] == "/customers?tag=vip"
    assert not page.find("script", string=True)


def test_only_managers_change_tags(desk, tag_ids) -> None:
    agent, manager = desk("agent"), desk("manager")
    for action in ("new", *(f"{tag_ids['vip']}/{verb}" for verb in ("edit", "merge", "delete"))):
        assert agent.get(f"/tags/{action}").status_code == 403
        assert agent.send(f"/tags/{action}", name="x").status_code == 403
        assert manager.get(f"/tags/{action}").status_code == 200
    assert not agent.soup("/tags").select("#tag-new, .button.danger")
    assert len(manager.soup("/tags").select("#tag-new, .button.danger")) == 4


def test_an_empty_page_says_where_tags_come_from(desk) -> None:
    assert "No tags yet" in desk("viewer").get("/tags").text


@pytest.mark.parametrize("scripted", [False, True])
def test_a_tag_is_added_renamed_merged_and_deleted(desk, app, tag_ids, scripted: bool) -> None:
    client = desk("manager")

    def do(path: str, **fields: object) -> None:
        answer = client.htmx(path, method="POST", **fields) if scripted else client.send(path, **fields)
        if scripted:
            assert json.loads(answer.headers["HX-Trigger"])["tags:changed"]
        assert answer.status_code == (204 if scripted else 303)

    do("/tags/new", name=" Élite ")
    do(f"/tags/{tag_ids['empty']}/edit", name="full")
    assert counts(app) == {"vip": 2, HOSTILE: 1, "full": 0, "Élite": 0}
    do(f"/tags/{tag_ids['vip']}/merge", into=tag_ids["empty"])
    do(f"/tags/{tag_ids[HOSTILE]}/delete")
    assert counts(app) == {"full": 2, "Élite": 0}


def test_a_script_fetches_the_table_alone_and_it_stands_so_in_the_page(desk, tag_ids) -> None:
    client = desk("manager")
    fragment = client.htmx("/tags", page="/tags").text
    assert fragment.lstrip().startswith("<section")
    assert fragment.strip() in client.get("/tags").text


@every(
    ("path", "fields", "sentence"),
    [
        ("new", {"name": ""}, "1 to 60 characters"),
        ("new", {"name": "VÍP"}, "There is a tag “vip” already."),
        ("{vip}/edit", {"name": "Empty"}, "Merge the two instead"),
        ("{vip}/edit", {"name": "x" * 61}, "1 to 60 characters"),
        ("{vip}/merge", {"into": ""}, "Choose the tag that stays."),
        ("{vip}/merge", {"into": "x"}, "Choose the tag that stays."),
        ("{vip}/merge", {"into": "999"}, "Choose the tag that stays."),
        ("{vip}/merge", {"into": "{vip}"}, "cannot be merged into itself"),
    ],
)
@every("scripted", [False, True])
def test_what_cannot_be_is_refused_in_the_dialog_and_nothing_typed_is_lost(
    desk, app, tag_ids, path: str, fields: dict[str, str], sentence: str, scripted: bool
) -> None:
    client, before = desk("manager"), counts(app)
    url = f"/tags/{path.format(**tag_ids)}"
    filled = {name: value.format(**tag_ids) for name, value in fields.items()}
    answer = client.htmx(url, method="POST", **filled) if scripted else client.send(url, **filled)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{fields.get("name", "")}"' in answer.text
    assert counts(app) == before


def test_the_dialogs_say_how_many_customers_are_concerned(desk, tag_ids) -> None:
    client = desk("manager")
    assert "2 customers carry" in client.htmx(f"/tags/{tag_ids['vip']}/delete").text
    assert "1 customer carries" in client.htmx(f"/tags/{tag_ids[HOSTILE]}/merge").text
    assert "No customer carries" in client.htmx(f"/tags/{tag_ids['empty']}/delete").text


def test_the_last_tag_can_be_merged_with_none(desk, app) -> None:
    with app.app_context():
        tag_id = tags.define("only").id
        db.session.commit()
    assert "There is no other tag" in desk("manager").get(f"/tags/{tag_id}/merge").text


def test_a_tag_that_is_gone_is_not_found(desk) -> None:
    client = desk("manager")
    for verb in ("edit", "merge", "delete"):
        assert client.get(f"/tags/999/{verb}").status_code == 404
        assert client.send(f"/tags/999/{verb}").status_code == 404
