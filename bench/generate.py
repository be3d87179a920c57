"""Fill an empty desk with invented customers, straight into its tables; the same seed gives the same desk.

    python -m bench.generate --customers 1000000 --url sqlite:///desk.db [--seed 1]

Everything is there that pages, campaigns and the proof of the ledger need: display copies, counts of tags,
search texts, identities, events with evidence that fold to the states, templates and a segment.
"""

import argparse
import gc
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bench.filling import filling
from bench.inventing import ATTRIBUTES, NO_PROOF, TAG_NAMES, Happening, Person, people
from webapp import clock, database
from webapp.consent import ledger, state
from webapp.consent.keywords import RULE_VERSION
from webapp.consent.models import STATE_FIELDS
from webapp.consent.rules import State
from webapp.customers.attributes.values import stored
from webapp.customers.phone_forms import display_phone, match_key
from webapp.customers.search import fold, searchable
from webapp.database import compact_json

AT_ONCE = 20_000
WHY_HELD = "asks for fewer messages"
USERS = ("Ana", "Kofi", "Zoë", "Omar", "Mei")
COLUMNS = {
    "users": ("id", "email", "name", "role", "created_at"),
    "tags": ("id", "name", "key", "n"),
    "attribute_keys": ("id", "name", "key", "type"),
    "customers": (
        "id", "name", "search", "phone_display", "tags_json", "attrs_json", "demo", "created_at",
        *STATE_FIELDS, "version", "events_count",
    ),
    "identities": ("id", "customer_id", "kind", "value", "match_key", "source", "created_at"),
    "customer_tags": ("tag_id", "customer_id"),
    "customer_attrs": ("customer_id", "key_id", "val_text", "val_num", "val_json"),
    "consent_events": (
        "id", "customer_id", "kind", "status", "source", "actor", "identity_id", "external_id",
        "rule_version", "effect", "reason", "occurred_at", "recorded_at", "evidence_digest",
    ),
    "evidence": (
        "event_id", "nonce", "channel", "words", "matched", "message_id", "link", "file_name",
    ),
    "holds": (
        "id", "kind", "customer_id", "event_id", "words", "matched", "why", "occurred_at", "recorded_at",
        "note",
    ),
    "templates": (
        "id", "name", "language", "category", "status", "parameter_format", "components", "quality",
        "ttl_failure", "synced_at",
    ),
    "segments": (
        "id", "name", "key", "kind", "rules", "version", "created_at", "created_by", "changed_at",
        "changed_by",
    ),
}  # fmt: skip
"""In the order in which they are written."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--url", required=True)
    parser.add_argument("--seed", type=int, default=1)
    wishes = parser.parse_args()
    start = time.perf_counter()
    generate(wishes.url, wishes.customers, wishes.seed)
    print(f"{wishes.customers:,} customers in {time.perf_counter() - start:.0f} s", flush=True)


def generate(url: str, customers: int, seed: int = 1, now: datetime | None = None) -> None:
    """Migrate the database and fill it; `now` is the last midnight, so that a day has the same desks."""
    now = now or clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    naive = now.astimezone(UTC).replace(tzinfo=None)
    database.migrate(url)
    writer = _Desk(seed, naive)
    with filling(url, COLUMNS) as filled, nothing_collected():
        invented = people(customers, seed, naive)
        while some := list(islice(invented, AT_ONCE)):
            filled.write(writer.rows_of(some))
        filled.write(writer.rows_of_all())


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Millions of tuples come and go, and none of them is part of a circle that has to be looked for."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Desk:
    """Turns people into rows, with numbers that go up."""

    def __init__(self, seed: int, now: datetime) -> None:
        self._nonces, self._now = random.Random(f"nonces {seed}"), now
        self._carriers: Counter[int] = Counter()
        self._identities = self._events = self._holds = 0

    def rows_of(self, some: Iterable[Person]) -> dict[str, list[tuple[Any, ...]]]:
        self._rows: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
        for person in some:
            self._add(person)
        self._rows["customer_tags"].sort()  # in the order of their key
        return {table: self._rows[table] for table in COLUMNS if table in self._rows}

    def _add(self, person: Person) -> None:
        created = _written(person.created_at)
        wa_identity = self._add_identities(person, created)
        told = self._add_events(person, wa_identity)
        self._carriers.update(person.tags)
        self._rows["customer_tags"] += [(at + 1, person.n) for at in person.tags]
        for at, value in person.attributes.items():
            kept = stored(ATTRIBUTES[at][1], value)
            kept["val_json"] = kept["val_json"] and compact_json(kept["val_json"])
            self._rows["customer_attrs"].append((person.n, at + 1, *kept.values()))
        numbers = [person.number, *([person.wa_id] if person.wa_id else [])]
        tags = [TAG_NAMES[at] for at in person.tags]
        attributes = {ATTRIBUTES[at][0]: value for at, value in person.attributes.items()}
        self._rows["customers"].append((
            person.n, person.name, searchable(person.name, numbers), display_phone(person.number),
            compact_json(tags), compact_json(attributes), False, created,
            *told, 1 + len(person.story), len(person.story),
        ))  # fmt: skip

    def _add_identities(self, person: Person, created: str) -> int | None:
        """The number of the one by which the person writes."""
        for kind, value in (("phone", person.number), ("wa_id", person.wa_id)):
            if value:
                self._identities += 1
                key = match_key(value)
                self._rows["identities"].append(
                    (self._identities, person.n, kind, value, key, "import", created)
                )
        return self._identities if person.wa_id else None

    def _add_events(self, person: Person, wa_identity: int | None) -> tuple[Any, ...]:
        """The columns of the state that they fold to."""
        if not person.story:
            return NOTHING_TOLD
        events = []
        for happening in person.story:
            self._events += 1
            events.append(_Event(self._events, happening))
            self._add_event(person, happening, wa_identity)
        return _columns(state.fold(events))

    def _add_event(self, person: Person, happening: Happening, wa_identity: int | None) -> None:
        at, proof, digest = _written(happening.at), happening.proof, ""
        recorded = _written(happening.at + timedelta(seconds=1))
        if proof != NO_PROOF:
            nonce = self._nonces.randbytes(16)
            digest = ledger.digest(nonce, proof)
            self._rows["evidence"].append(
                (self._events, nonce, proof.channel, proof.words, proof.matched, proof.message_id, "", "")
            )
        by_message = happening.by_message
        self._rows["consent_events"].append((
            self._events, person.n, happening.kind, happening.status, happening.source, happening.actor,
            wa_identity if by_message else None, ledger.external_id(proof.message_id),
            RULE_VERSION if by_message else "", "changed", "", at, recorded, digest,
        ))  # fmt: skip
        if happening.kind == "hold":
            self._holds += 1
            self._rows["holds"].append((
                self._holds, "hold", person.n, self._events, proof.words, proof.matched, WHY_HELD,
                at, recorded, "",
            ))  # fmt: skip

    def rows_of_all(self) -> dict[str, list[tuple[Any, ...]]]:
        """What the desk has beside its customers."""
        now = _written(self._now)
        body = compact_json([{"type": "BODY", "text": "Our spring sale starts today."}])
        rules = {"groups": [[{"field": "tag", "op": "has", "value": TAG_NAMES[9]}]], "except": []}
        made = (now, "user:1", now, "user:1")
        return {
            "users": [(n, f"{n}@desk.example", name, "manager", now) for n, name in enumerate(USERS, 1)],
            "tags": [
                (at + 1, name, fold(name), self._carriers[at]) for at, name in enumerate(TAG_NAMES)
            ],
            "attribute_keys": [
                (at + 1, name, fold(name), type) for at, (name, type, _) in enumerate(ATTRIBUTES)
            ],
            "templates": [
                (n, f"note_{n}", "en_US", category, "APPROVED", "POSITIONAL", body, "", "", now)
                for n, category in enumerate(("MARKETING", "UTILITY"), 1)
            ],
            "segments": [(1, "Regulars", "regulars", "dynamic", compact_json(rules), 1, *made)],
        }  # fmt: skip


class _Event:
    """What the fold reads."""

    effect, compensates = "changed", None

    def __init__(self, id: int, happening: Happening) -> None:
        self.id, self.kind, self.status = id, happening.kind, happening.status
        self.source, self.occurred_at = happening.source, happening.at


def _columns(told: State) -> tuple[Any, ...]:
    return tuple(_written(getattr(told, field)) for field in STATE_FIELDS)


def _written(value: Any) -> Any:
    """As both databases take it; the state's other values are words and numbers."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return str(value) if isinstance(value, str) else value


NOTHING_TOLD = _columns(State())


if __name__ == "__main__":
    main()
