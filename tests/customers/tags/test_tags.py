from collections import Counter

import pytest
from sqlalchemy import select

from tests.factories import a_customer
from webapp.customers.models import Customer, CustomerTag, Tag
from webapp.customers.tags import tags
from webapp.customers.tags.tags import MalformedTag
from webapp.extensions import db


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


def counts() -> dict[str, int]:
    return {tag.name: tag.n for tag in db.session.scalars(select(Tag).order_by(Tag.key))}


def add(customer: Customer, *names: str) -> bool:
    tally: Counter[int] = Counter()
    changed = tags.add_tags(customer, map(tags.define, names), tally)
    tags.count(tally)
    return changed


def test_tags_are_created_counted_and_copied_in_order() -> None:
    ana, ben = a_customer("Ana"), a_customer("Ben")
    assert tags.set_tags(ana, ["vip", "Élite"])
    assert tags.set_tags(ben, ["VIP"])
    assert (ana.tags_json, ben.tags_json) == (["Élite", "vip"], ["vip"])
    assert counts() == {"Élite": 1, "vip": 2}


def test_setting_replaces_and_adding_keeps() -> None:
    ana = a_customer()
    tags.set_tags(ana, ["a", "z"])
    add(ana, "É", "z")
    assert ana.tags_json == ["a", "É", "z"]
    tags.set_tags(ana, ["z"])
    assert ana.tags_json == ["z"]
    assert counts() == {"a": 0, "É": 0, "z": 1}


def test_the_version_rises_with_a_change_and_only_then() -> None:
    ana = a_customer()
    tags.set_tags(ana, ["vip"])
    version = ana.version
    assert not tags.set_tags(ana, ["VIP ", "vip"])
    assert not add(ana, "VIP")
    assert ana.version == version
    assert tags.set_tags(ana, [])
    assert ana.version == version + 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "1 to 60"),
        ("x" * 61, "1 to 60"),
        ("a\nb", "control"),
        ("a\x00b", "control"),
        ("a\ud800", "control"),
        ("\u200b", "can be seen"),
        ("\ufdfa" * 60, "can be seen"),
    ],
)
def test_a_name_that_cannot_be_is_refused_with_a_sentence(name: str, sentence: str) -> None:
    ana = a_customer()
    with pytest.raises(MalformedTag, match=sentence):
        tags.set_tags(ana, ["fine", name])
    assert (ana.tags_json, counts()) == ([], {})


@pytest.mark.parametrize(
    "name", ["🔥", "<b>&amp;</b>", "'; DROP TABLE tags; --", "=1+1", "عميل", "x" * 60, "  two   words  "]
)
def test_names_in_any_script_are_fine(name: str) -> None:
    ana = a_customer()
    tags.set_tags(ana, [name])
    assert ana.tags_json == [" ".join(name.split())]


def test_a_renamed_tag_is_renamed_on_its_customers() -> None:
    ana, ben = a_customer("Ana"), a_customer("Ben")
    tags.set_tags(ana, ["vip", "z"])
    version = ana.version, ben.version
    tags.rename(tags.find("VIP"), "zz top")
    assert ana.tags_json == ["z", "zz top"]
    assert (ana.version, ben.version) == (version[0] + 1, version[1])
    assert counts() == {"z": 1, "zz top": 1}


def test_a_tag_may_change_the_case_of_its_name_and_not_take_another_ones() -> None:
    tags.set_tags(a_customer(), ["vip", "new"])
    tags.rename(tags.find("vip"), "VIP")
    with pytest.raises(MalformedTag, match="Merge the two"):
        tags.rename(tags.find("VIP"), "Néw")


def test_merged_tags_are_one_on_each_customer() -> None:
    both, one, other = a_customer("Both"), a_customer("One"), a_customer("Other")
    tags.set_tags(both, ["vip", "important"])
    tags.set_tags(one, ["important"])
    tags.set_tags(other, ["vip", "z"])
    tags.merge(tags.find("important"), into=tags.find("vip"))
    assert [c.tags_json for c in (both, one, other)] == [["vip"], ["vip"], ["vip", "z"]]
    assert counts() == {"vip": 3, "z": 1}
    with pytest.raises(MalformedTag, match="into itself"):
        tags.merge(tags.find("vip"), into=tags.find("vip"))


def test_a_deleted_tag_is_gone_from_its_customers() -> None:
    ana = a_customer()
    tags.set_tags(ana, ["vip", "z"])
    tags.delete(tags.find("vip"))
    assert ana.tags_json == ["z"]
    assert counts() == {"z": 1}
    assert len(db.session.scalars(select(CustomerTag.tag_id)).all()) == 1


def test_more_customers_than_one_statement_rewrites_are_all_rewritten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("webapp.customers.copies.CHUNK", 2)
    customers = [a_customer(f"Customer {n}") for n in range(5)]
    for customer in customers:
        tags.set_tags(customer, ["old", "other"])
    tags.rename(tags.find("old"), "new")
    assert all(customer.tags_json == ["new", "other"] for customer in customers)
    tags.merge(tags.find("new"), into=tags.find("other"))
    assert all(customer.tags_json == ["other"] for customer in customers)
    assert counts() == {"other": 5}
