"""Decides what the rows of one portion mean, in the order of the file, and writes it; the caller commits."""

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, lru_cache, partial
from typing import Any

from webapp import many_rows
from webapp.consent import in_bulk, seconding
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Effect, EvidenceMissing, OptedOutStands, Source, Status
from webapp.customers.attributes.values import in_column, same
from webapp.customers.identities import shown_name
from webapp.customers.importing import opt_outs
from webapp.customers.importing.people import People, Person, found_by
from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.rows import RefusedRow, Row
from webapp.customers.search import fold
from webapp.customers.tags import tags

ERASED_REFUSED = "erased: this person was erased, and a list does not bring them back."
MOST_REMEMBERED = 4096
_key = lru_cache(MOST_REMEMBERED)(fold)
"""Of names of tags and attributes."""


@dataclass(frozen=True, eq=False)
class Key:
    """The definition of an attribute, as it was when the portion began."""

    id: int
    name: str
    column: str
    """Which keeps its values."""


@dataclass
class Intake:
    """One portion of an import: who imports, what it counts, and whom it may be about."""

    actor: str
    now: datetime
    batch_id: int
    report: ImportReport
    keys: dict[str, Key]
    """The definitions of the attributes by the names in the file."""
    people: People
    erased_keys: Set[str]
    """The match keys of the rows' addresses that somebody had who was erased."""
    opt_outs: Mapping[int, str]
    """How the people opted out who did, by events; needed where a row opts somebody in."""
    ledger: in_bulk.Ledger = field(init=False)
    tag_names: dict[str, str] = field(default_factory=dict)
    """Of the tags that rows name, by key; on record only those that somebody was given."""
    given_tags: dict[int, list[str]] = field(default_factory=dict)
    """The keys of the tags that a customer did not carry."""

    def __post_init__(self) -> None:
        self.ledger = in_bulk.Ledger(many_rows.numbers(ConsentEvent.id, self.people.rows))

    def take(self, row: Row) -> list[str]:
        """Take the row over; the reasons why a part of it was not.

        Raises RefusedRow, with nothing taken over. An opt-out is never refused.
        """
        known = self.people.alike(row.addresses)
        if self.erased_keys and not self.erased_keys.isdisjoint(place.match_key for place in row.addresses):
            return self._refuse_erased(row, known)
        faults = [*row.faults, *_two_persons(row, known)]
        if faults and row.consent != Status.OPTED_OUT:
            raise RefusedRow(" ".join(faults))
        person = known[0] if known else self.people.create(row.addresses, row.name)
        changed = False if faults else self._profile(person, row, known=bool(known))
        if row.consent:
            changed |= self._consent(person, row, faults)
        self._count(new=not known, changed=changed)
        return faults

    def write(self) -> None:
        """Write what was decided, in as many statements for many rows as for few."""
        tally = self._link()
        self.people.write(self.batch_id, self.now)
        self.ledger.write()
        tags.count(tally)

    def _refuse_erased(self, row: Row, known: list[Person]) -> list[str]:
        """A list brings nobody back; who wrote in again is opted out by it all the same."""
        if not known or row.consent != Status.OPTED_OUT:
            raise RefusedRow(ERASED_REFUSED)
        self._count(new=False, changed=self._opt_out(row))
        return [ERASED_REFUSED]

    def _profile(self, person: Person, row: Row, *, known: bool) -> bool:
        """Addresses, tags and attributes are added, a name is filled, nothing is cleared."""
        changed = known and self._learn(person, row) | self._name(person, row)
        changed |= self._tag(person, row)
        return self._describe(person, row) or changed

    def _learn(self, person: Person, row: Row) -> bool:
        new = [place for place in row.addresses if (place.kind, place.value) not in person.addresses]
        for place in new:
            self.people.give(person, place)
        return bool(new)

    def _name(self, person: Person, row: Row) -> bool:
        if person.name or not row.name:
            return False
        person.name = person.change["named"] = shown_name(row.name)
        person.changed = True
        return True

    def _tag(self, person: Person, row: Row) -> bool:
        if not row.tags:
            return False
        carried = {*map(_key, person.tags), *self.given_tags.get(person.id, ())}
        added = [key for key in row.tags if key not in carried]
        if not added:
            return False
        for key in added:
            if key not in self.tag_names:
                self.tag_names[key] = row.tags[key]
        self.given_tags.setdefault(person.id, []).extend(added)
        person.version += 1
        person.changed = True
        return True

    def _describe(self, person: Person, row: Row) -> bool:
        present, changes = person.attributes, {}
        for name, value in row.attributes.items():
            key = self.keys[name]
            if key.name not in present or not same(present[key.name], value):
                changes[key.name] = value
                self._put(person, key, value)
        if not changes:
            return False
        if present:
            changes = dict(sorted((present | changes).items(), key=lambda item: _key(item[0])))
        person.attributes = changes
        person.version += 1
        person.changed = True
        return True

    def _put(self, person: Person, key: Key, value: Any) -> None:
        place = person.id, key.id
        values = self.people.values[key.column]
        if key.name in person.attributes and place not in values:
            self.people.outdated.add(place)
        values[place] = in_column(key.column, value)
        if person.new:
            return
        before = person.attributes.get(key.name)
        listed = person.change.setdefault("attributes", {})
        first, _ = listed.get(str(key.id), (before, None))
        listed[str(key.id)] = [first, value]

    def _link(self) -> Counter[int]:
        """Tags stand by their own names, whatever the rows call them; how many more carry each."""
        by_key = tags.define_all(self.tag_names) if self.tag_names else {}
        wearers = self.people.wearers
        together = lru_cache(MOST_REMEMBERED)(partial(_worn, by_key))
        for person_id, keys in self.given_tags.items():
            person = self.people.by_id[person_id]
            ids, names = together(*keys)
            for tag_id in ids:
                wearers.setdefault(tag_id, []).append(person_id)
            person.tags = sorted([*person.tags, *names], key=_key) if person.tags else names
            person.change["added"] = ids
        return Counter({tag_id: len(ids) for tag_id, ids in wearers.items()})

    def _consent(self, person: Person, row: Row, faults: list[str]) -> bool:
        if row.consent == Status.OPTED_OUT:
            return self._opt_out(row)
        return self._opt_in(person, row, faults)

    def _opt_out(self, row: Row) -> bool:
        """Everybody who may be this person is opted out."""
        effects = [self._record(person, row) for person in self.people.all_alike(row.addresses)]
        changed = Effect.CHANGED in effects
        self.report.opted_out += changed
        return changed

    def _opt_in(self, person: Person, row: Row, faults: list[str]) -> bool:
        """An opt-out of anybody who may be this person stands against it."""
        others = self.people.all_alike(row.addresses)
        out = next((each for each in others if each.consent.status == Status.OPTED_OUT), person)
        try:
            effect = self._record(out, row)
        except EvidenceMissing:
            faults.append("consent: opted_in needs evidence; no consent was recorded.")
            return False
        except OptedOutStands as stands:
            how = self.opt_outs.get(out.consent.status_event_id or 0, opt_outs.BY_IMPORT)
            when = f"{stands.opt_out_at:%Y-%m-%d %H:%M} UTC"
            faults.append(f"consent: opted out on {when} {how}; an import never lifts an opt-out.")
            return False
        self.report.opted_in += effect is not None
        return effect is not None

    def _record(self, person: Person, row: Row) -> Effect | None:
        seconds = row.consent == Status.OPTED_OUT and person.id in self._seconded
        recorded = self.ledger.record(
            person.id, person.consent, self._statement(person, row), seconds=seconds
        )
        if recorded is None:
            return None
        if seconds:
            self._seconded.discard(person.id)
        effect, person.consent = recorded
        person.version += 1
        person.events_count += 1
        person.changed = True
        return effect

    @cached_property
    def _seconded(self) -> set[int]:
        """Whose opt-out on record could be taken back, so that one in a row is put beside it."""
        standing = {
            person.id: person.consent.status_event_id
            for person in self.people.by_id.values()
            if person.consent.status == Status.OPTED_OUT
        }
        return seconding.wanted(standing, actor=self.actor, batch_id=self.batch_id, now=self.now)

    def _statement(self, person: Person, row: Row) -> Statement:
        return Statement(
            status=row.consent or Status.UNKNOWN,
            source=Source.IMPORT,
            actor=self.actor,
            now=self.now,
            stated_at=row.given_at,
            identity_id=_named_identity(person, row),
            proof=Proof(words=row.evidence),
            batch_id=self.batch_id,
        )

    def _count(self, *, new: bool, changed: bool) -> None:
        if new:
            self.report.created += 1
        elif changed:
            self.report.updated += 1
        else:
            self.report.unchanged += 1


def _worn(by_key: Mapping[str, Any], *keys: str) -> tuple[list[int], list[str]]:
    """The ids of these tags, and their names in the order in which they are shown."""
    tags = [by_key[key] for key in keys]
    return [tag.id for tag in tags], sorted((tag.name for tag in tags), key=_key)


def _two_persons(row: Row, known: list[Person]) -> list[str]:
    """A sentence when the addresses of the row belong to different customers."""
    if len(known) < 2:
        return []
    given = [(place.kind, place.value) for place in row.addresses]
    owners = [each.id for each in known if any(place in each.addresses for place in given)]
    if len(owners) < 2:
        owners = _apart(row, known)
    if len(owners) < 2:
        return []
    return [f"The numbers and ids of this row belong to different customers: {', '.join(map(str, owners))}."]


def _apart(row: Row, known: list[Person]) -> list[int]:
    """The ids of those who share none of their keys in this row: by one address it is the one of them, by
    another one another."""
    keys = {found_by(place) for place in row.addresses}
    theirs = [(each, keys & {found_by(place) for place in each.addresses.values()}) for each in known]
    shared = set.intersection(*(found for _, found in theirs))
    return [] if shared else sorted(each.id for each, _ in theirs)


def _named_identity(person: Person, row: Row) -> int | None:
    given = {(place.kind, place.value) for place in row.addresses}
    return next((number for place, number in person.numbers.items() if place in given), None)
