"""What people see and managers do on /attributes."""

import json

import pytest

from tests.factories import a_customer
from tests.rows import every
from webapp.customers.attributes import attributes
from webapp.customers.models import AttributeKey, AttributeType
from webapp.extensions import db

HOSTILE = '"><img src=x>'


@pytest.fixture
def key_ids(app) -> dict[str, int]:
    """Two text attributes that customers have, and a number that nobody has."""
    with app.app_context():
        for name, type in [("city", "text"), (HOSTILE, "text"), ("age", "number")]:
            attributes.define(name, type)
        attributes.set_attributes(a_customer("Ana"), {"city": "Rio", HOSTILE: "x"})
        attributes.set_attributes(a_customer("Ben"), {"city": "Lima"})
        db.session.commit()
        return {key.name: key.id for key in db.session.scalars(db.select(AttributeKey))}


def uses(app) -> dict[str, int]:
    with app.app_context():
        return {key.name: attributes.used_by(key) for key in db.session.scalars(db.select(AttributeKey))}


def test_everybody_sees_the_attributes_their_types_and_their_use(desk, key_ids) -> None:
    page = desk("viewer").soup("/attributes")
    rows = [[cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.select("tbody tr")]
    assert rows == [[HOSTILE, "Text", "1"], ["age", "Number", "0"], ["city", "Text", "2"]]
    assert not page.find("img", src="x")


def test_only_managers_change_attributes(desk, key_ids) -> None:
    agent, manager = desk("agent"), desk("manager")
    for action in ("new", *(f"{key_ids['city']}/{verb}" for verb in ("edit", "merge", "delete"))):
        assert agent.get(f"/attributes/{action}").status_code == 403
        assert agent.send(f"/attributes/{action}", name="x").status_code == 403
        assert manager.get(f"/attributes/{action}").status_code == 200
    assert not agent.soup("/attributes").select("#attribute-new, .button.danger")
    assert len(manager.soup("/attributes").select("#attribute-new, .button.danger")) == 4


def test_an_empty_page_says_where_attributes_come_from(desk) -> None:
    assert "No attributes yet" in desk("viewer").get("/attributes").text


def test_a_new_attribute_has_one_of_the_seven_types(desk, app) -> None:
    client = desk("manager")
    offered = [option["value"] for option in client.soup("/attributes/new").select("option")]
    assert offered == list(AttributeType)
    for type in AttributeType:
        assert client.send("/attributes/new", name=f"a {type}", type=type).status_code == 303
    with app.app_context():
        kept = {key.name: key.type for key in db.session.scalars(db.select(AttributeKey))}
    assert kept == {f"a {type}": type for type in AttributeType}


@pytest.mark.parametrize("scripted", [False, True])
def test_an_attribute_is_renamed_merged_and_deleted(desk, app, key_ids, scripted: bool) -> None:
    client = desk("manager")

    def do(path: str, **fields: object) -> None:
        answer = client.htmx(path, method="POST", **fields) if scripted else client.send(path, **fields)
        if scripted:
            assert json.loads(answer.headers["HX-Trigger"])["attributes:changed"]
        assert answer.status_code == (204 if scripted else 303)

    do(f"/attributes/{key_ids[HOSTILE]}/edit", name="town")
    do(f"/attributes/{key_ids['city']}/merge", into=key_ids[HOSTILE])
    do(f"/attributes/{key_ids['age']}/delete")
    assert uses(app) == {"town": 2}


def test_a_script_fetches_the_table_alone_and_it_stands_so_in_the_page(desk, key_ids) -> None:
    client = desk("manager")
    fragment = client.htmx("/attributes", page="/attributes").text
    assert fragment.lstrip().startswith("<section")
    assert fragment.strip() in client.get("/attributes").text


@every(
    ("path", "fields", "sentence"),
    [
        ("new", {"name": "", "type": "text"}, "1 to 60 characters"),
        ("new", {"name": "a:b", "type": "text"}, "may not hold “:”"),
        ("new", {"name": "City", "type": "date"}, "There is an attribute “city” already."),
        ("new", {"name": "shoes", "type": "size"}, "Choose one of the types."),
        ("{city}/edit", {"name": "AGE"}, "Merge the two instead"),
        ("{city}/merge", {"into": ""}, "Choose the attribute that stays."),
        ("{city}/merge", {"into": "{age}"}, "of type number"),
        ("{city}/merge", {"into": "{city}"}, "cannot be merged into itself"),
    ],
)
@every("scripted", [False, True])
def test_what_cannot_be_is_refused_in_the_dialog_and_nothing_typed_is_lost(
    desk, app, key_ids, path: str, fields: dict[str, str], sentence: str, scripted: bool
) -> None:
    client, before = desk("manager"), uses(app)
    url = f"/attributes/{path.format(**key_ids)}"
    filled = {name: value.format(**key_ids) for name, value in fields.items()}
    answer = client.htmx(url, method="POST", **filled) if scripted else client.send(url, **filled)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{fields.get("name", "")}"' in answer.text
    assert uses(app) == before


def test_the_dialogs_say_how_many_customers_are_concerned(desk, key_ids) -> None:
    client = desk("manager")
    assert "2 customers have" in client.htmx(f"/attributes/{key_ids['city']}/delete").text
    assert "1 customer has" in client.htmx(f"/attributes/{key_ids[HOSTILE]}/merge").text
    assert "No customer has" in client.htmx(f"/attributes/{key_ids['age']}/delete").text


def test_only_attributes_of_the_same_type_are_offered_to_merge_into(desk, key_ids) -> None:
    client = desk("manager")
    offered = [option.text for option in client.soup(f"/attributes/{key_ids['city']}/merge").select("option")]
    assert offered == ["Choose an attribute", HOSTILE]
    assert "no other attribute of the type Number" in client.get(f"/attributes/{key_ids['age']}/merge").text


def test_an_attribute_that_is_gone_is_not_found(desk) -> None:
    client = desk("manager")
    for verb in ("edit", "merge", "delete"):
        assert client.get(f"/attributes/999/{verb}").status_code == 404
        assert client.send(f"/attributes/999/{verb}").status_code == 404
