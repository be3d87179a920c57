"""How the tests of this room look at people, and change many of them."""

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask

from tests.factories import NOON, at
from webapp.bulk import freezing, reverting, running
from webapp.bulk.actions import Action, ActionKind
from webapp.bulk.selection import Chosen
from webapp.bulk.wishes import Wish, action_of
from webapp.campaigns.models import SegmentMember
from webapp.consent.models import Batch
from webapp.customers.models import Customer, Tag
from webapp.extensions import db

BY: dict[str, Any] = {"actor": "user:1", "now": NOON}
_keys = (f"{number:032x}" for number in itertools.count(1))


@dataclass(frozen=True)
class Crowd:
    """The ids of people by name, and of a segment of each kind."""

    app: Flask
    ids: dict[str, int]
    regulars: int
    ruled: int

    def rows(self, *names: str) -> list[int]:
        return [self.ids[name] for name in names]

    def tags(self, name: str) -> list[str]:
        with self.app.app_context():
            return list(db.session.get_one(Customer, self.ids[name]).tags_json)

    def members(self, segment_id: int) -> set[int]:
        with self.app.app_context():
            query = db.select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id)
            return set(db.session.scalars(query))

    def batches(self) -> int:
        with self.app.app_context():
            return db.session.query(Batch).count()


def begun(kind: ActionKind, ids: list[int], *, second: float = 10, **fields: Any) -> Batch:
    """A bulk change of these customers, frozen and not yet carried out; committed."""
    action = action_of(kind, Wish(**fields), actor="user:1", now=at(second))
    return begun_as(action, Chosen(tuple(ids)), len(ids), at(second))


def begun_as(action: Action, chosen: Chosen, expected: int, now: datetime) -> Batch:
    batch, _ = freezing.begin(action, chosen, expected=expected, key=next(_keys), actor="user:1", now=now)
    db.session.commit()
    return batch


def finished(batch: Batch, second: float = 20) -> Batch:
    """Gone through to its end, portion by portion."""
    while running.go_on(batch.id, at(second)):
        db.session.commit()
    db.session.commit()
    return batch


def done(kind: ActionKind, ids: list[int], **fields: Any) -> Batch:
    return finished(begun(kind, ids, **fields))


def reverted(batch: Batch, second: float = 100) -> Batch:
    revert = reverting.begin(batch, actor="user:7", now=at(second))
    db.session.commit()
    return finished(revert, second)


def carried() -> dict[str, int]:
    """How many carry each tag, as its definition says."""
    return {tag.name: tag.n for tag in db.session.scalars(db.select(Tag))}
