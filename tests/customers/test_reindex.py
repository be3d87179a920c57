import random
from collections import Counter

import pytest
from sqlalchemy import select, update

from tests.factories import NOON, a_customer
from webapp.customers import identities
from webapp.customers.attributes import attributes
from webapp.customers.models import AttributeKey, Customer, IdentityKind, Tag
from webapp.customers.reindex import reindex
from webapp.customers.tags import tags
from webapp.extensions import db

NAMES = ["vip", "Élite", "new", "zone", "42", "🔥"]
VALUES = {"text": ["Rio", "São", None], "number": [1, 2.5, None], "boolean": [True, False, None],
          "json": [{"a": [1]}, "x", None]}  # fmt: skip


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


def copied() -> list[tuple]:
    customers = db.session.scalars(select(Customer).order_by(Customer.id))
    return [
        (c.id, c.tags_json, list(c.attrs_json.items()), c.search, c.phone_display, c.version)
        for c in customers
    ]


def counts() -> dict[str, int]:
    return {tag.name: tag.n for tag in db.session.scalars(select(Tag))}


class RandomDesk:
    """Does what people do at a desk, in an order drawn from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.customers = [a_customer(f"Custômer {n}") for n in range(4)]
        for type in VALUES:
            attributes.define(f"{type} one", type)
            attributes.define(f"{type} two", type)

    def act(self) -> None:
        self.random.choice(
            [self.tag, self.tag_too, self.describe, self.describe, self.rename_tag, self.merge_tags,
             self.delete_tag, self.rename_attribute, self.merge_attributes, self.rename_customer, self.learn]
        )()  # fmt: skip

    def some(self, names: list[str]) -> list[str]:
        return self.random.sample(names, self.random.randint(0, 3))

    def one_of(self, model: type) -> Tag | AttributeKey | None:
        found = list(db.session.scalars(select(model).order_by(model.id)))
        return self.random.choice(found) if found else None

    def tag(self) -> None:
        tags.set_tags(self.random.choice(self.customers), self.some(NAMES))

    def tag_too(self) -> None:
        tally: Counter[int] = Counter()
        tags.add_tags(self.random.choice(self.customers), map(tags.define, self.some(NAMES)), tally)
        tags.count(tally)

    def describe(self) -> None:
        key = self.one_of(AttributeKey)
        value = self.random.choice(VALUES[key.type])
        attributes.set_attributes(self.random.choice(self.customers), {key.name: value})

    def rename_tag(self) -> None:
        if tag := self.one_of(Tag):
            tags.rename(tag, f"{tag.id} {self.random.choice(NAMES)}")

    def merge_tags(self) -> None:
        tag, into = self.one_of(Tag), self.one_of(Tag)
        if tag is not into:
            tags.merge(tag, into)

    def delete_tag(self) -> None:
        if tag := self.one_of(Tag):
            tags.delete(tag)

    def rename_attribute(self) -> None:
        key = self.one_of(AttributeKey)
        attributes.rename(key, f"{key.id} {self.random.choice(NAMES)}")

    def merge_attributes(self) -> None:
        key, into = self.one_of(AttributeKey), self.one_of(AttributeKey)
        if key is not into and key.type == into.type and self.random.random() < 0.3:
            attributes.merge(key, into)

    def rename_customer(self) -> None:
        identities.rename(self.random.choice(self.customers), self.random.choice(NAMES))

    def learn(self) -> None:
        wa_id = f"4477009{self.random.randint(0, 99_999):05}"
        if identities.find(IdentityKind.WA_ID, wa_id) is None:
            identities.attach(self.random.choice(self.customers), IdentityKind.WA_ID, wa_id, "agent", NOON)


@pytest.mark.parametrize("seed", range(5))
def test_after_whatever_people_do_the_copies_agree_with_what_they_were_copied_from(seed: int) -> None:
    desk = RandomDesk(seed)
    for _ in range(60):
        desk.act()
    db.session.commit()
    before = copied(), counts()
    assert reindex() == 0
    assert (copied(), counts()) == before


def test_copies_that_were_tampered_with_are_rebuilt() -> None:
    customers = [a_customer("Ana"), a_customer("Ben")]
    attributes.define("city", "text")
    for customer in customers:
        tags.set_tags(customer, ["vip"])
        attributes.set_attributes(customer, {"city": "Rio"})
    db.session.commit()
    whole = copied(), counts()
    db.session.execute(update(Customer).where(Customer.id == customers[0].id).values(
        tags_json=[], attrs_json={}, search="", phone_display=""))  # fmt: skip
    db.session.execute(update(Tag).values(n=99))
    db.session.commit()
    assert reindex() == 1
    assert counts() == whole[1]
    assert [row[:5] for row in copied()] == [row[:5] for row in whole[0]]
