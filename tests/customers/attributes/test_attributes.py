import pytest
from sqlalchemy import func, select

from tests.factories import a_customer
from webapp.customers.attributes import attributes
from webapp.customers.attributes.attributes import MalformedAttribute, UnknownAttribute
from webapp.customers.models import AttributeType, CustomerAttribute
from webapp.extensions import db


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


@pytest.fixture(autouse=True)
def definitions(in_app: None) -> None:
    for type in AttributeType:
        attributes.define(f"a {type}", type)
    db.session.commit()


def rows() -> int:
    return db.session.scalar(select(func.count()).select_from(CustomerAttribute)) or 0


ONE_OF_EACH = {
    "a boolean": False,
    "a date": "2024-02-29",
    "a datetime": "2026-03-31T12:30:00Z",
    "a json": {"b": [1, True]},
    "a number": 1.5,
    "a text": "São",
    "a time": "09:30:00",
}


def test_values_of_all_types_are_kept_and_copied_in_order() -> None:
    ana = a_customer()
    assert attributes.set_attributes(ana, dict(reversed(ONE_OF_EACH.items())))
    db.session.commit()
    db.session.refresh(ana)
    assert list(ana.attrs_json.items()) == list(ONE_OF_EACH.items())


def test_values_merge_and_none_removes() -> None:
    ana = a_customer()
    attributes.set_attributes(ana, {"a text": "Rio", "a number": 1})
    attributes.set_attributes(ana, {"A TEXT": "Lima", "a number": None, "a date": None})
    assert ana.attrs_json == {"a text": "Lima"}
    assert rows() == 1


def test_the_version_rises_with_a_change_and_only_then() -> None:
    ana = a_customer()
    attributes.set_attributes(ana, {"a json": 1, "a number": 1})
    version = ana.version
    assert not attributes.set_attributes(ana, {"a number": 1, "a text": None})
    assert ana.version == version
    assert attributes.set_attributes(ana, {"a json": True}), "true is another value than 1"
    assert ana.version == version + 1


def test_an_attribute_that_is_not_defined_is_refused() -> None:
    with pytest.raises(UnknownAttribute, match="no attribute “shoe size”"):
        attributes.set_attributes(a_customer(), {"shoe size": 1})


def test_defining_again_gives_the_one_that_exists_unless_the_type_differs() -> None:
    city = attributes.define("City", "text")
    assert attributes.define("cíty", "text") is city
    with pytest.raises(MalformedAttribute, match="of type text already"):
        attributes.define("CITY", "number")


@pytest.mark.parametrize("name", ["", "x" * 61, "a:b", "a\tb", "\u200b"])
def test_a_name_that_cannot_be_is_refused(name: str) -> None:
    with pytest.raises(MalformedAttribute):
        attributes.define(name, "text")


def test_a_renamed_attribute_is_renamed_on_its_customers() -> None:
    ana = a_customer()
    attributes.set_attributes(ana, {"a text": "Rio", "a number": 1})
    version = ana.version
    attributes.rename(attributes.find("a text"), "Zone")
    assert list(ana.attrs_json.items()) == [("a number", 1), ("Zone", "Rio")]
    assert ana.version == version + 1
    with pytest.raises(MalformedAttribute, match="Merge the two"):
        attributes.rename(attributes.find("zone"), "A NUMBER")


def test_merging_keeps_the_value_of_the_one_that_stays() -> None:
    both, one = a_customer("Both"), a_customer("One")
    attributes.define("town", "text")
    attributes.set_attributes(both, {"a text": "Rio", "town": "Lima"})
    attributes.set_attributes(one, {"town": "Quito"})
    attributes.merge(attributes.find("town"), into=attributes.find("a text"))
    assert (both.attrs_json, one.attrs_json) == ({"a text": "Rio"}, {"a text": "Quito"})
    assert attributes.find("town") is None
    assert attributes.used_by(attributes.find("a text")) == 2


def test_only_attributes_of_one_type_merge() -> None:
    with pytest.raises(MalformedAttribute, match="of type number"):
        attributes.merge(attributes.find("a number"), into=attributes.find("a text"))
    with pytest.raises(MalformedAttribute, match="into itself"):
        attributes.merge(attributes.find("a text"), into=attributes.find("a text"))


def test_a_deleted_attribute_is_gone_from_its_customers() -> None:
    ana = a_customer()
    attributes.set_attributes(ana, {"a text": "Rio", "a number": 1})
    attributes.delete(attributes.find("a text"))
    assert ana.attrs_json == {"a number": 1}
    assert rows() == 1
