"""Takes the rows of one import over into the desk; the caller commits."""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Effect, EvidenceMissing, OptedOutStands, Source, Status
from webapp.customers import attributes, identities, tags
from webapp.customers.identities import IdentityTaken
from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.rows import RefusedRow, Row
from webapp.customers.models import AttributeKey, Customer, Tag

ERASED_REFUSED = "erased: this person was erased, and a list does not bring them back."


@dataclass
class Intake:
    """One transaction of an import: who imports, what it counts, and what it adds to the counts of tags."""

    actor: str
    now: datetime
    batch_id: int
    report: ImportReport
    keys: dict[str, AttributeKey]
    """The definitions of the attributes by the names in the file."""
    known_keys: set[str]
    """The match keys of the rows' addresses that somebody has."""
    erased_keys: Set[str]
    """Those that somebody had who was erased."""
    tags: dict[str, Tag] = field(default_factory=dict)
    """Those that were looked up or created, by name."""
    tally: Counter[int] = field(default_factory=Counter)

    def take(self, row: Row) -> list[str]:
        """Take the row over; the reasons why a part of it was not.

        Raises RefusedRow, with nothing taken over. An opt-out is never refused.
        """
        known = self._known(row)
        if not self.erased_keys.isdisjoint(place.match_key for place in row.addresses):
            return self._refuse_erased(row, known)
        faults = [*row.faults, *_two_persons(row, known)]
        if faults and row.consent != Status.OPTED_OUT:
            raise RefusedRow(" ".join(faults))
        customer = self._locked(known[0]) if known else self._created(row)
        changed = False if faults else self._profile(customer, row, faults)
        changed |= self._consent(customer, row, faults)
        self._count(new=not known, changed=changed)
        return faults

    def close(self) -> None:
        """Write what is written once for all rows."""
        tags.count(self.tally)

    def _refuse_erased(self, row: Row, known: list[Customer]) -> list[str]:
        """A list brings nobody back; who wrote in again is opted out by it all the same."""
        if not known or row.consent != Status.OPTED_OUT:
            raise RefusedRow(ERASED_REFUSED)
        self._count(new=False, changed=self._opt_out(row))
        return [ERASED_REFUSED]

    def _known(self, row: Row) -> list[Customer]:
        keys = {place.match_key for place in row.addresses}
        somebody = not keys.isdisjoint(self.known_keys)
        self.known_keys |= keys
        return identities.find_by_addresses(row.addresses) if somebody else []

    def _locked(self, customer: Customer) -> Customer:
        ledger.lock(customer)
        return customer

    def _created(self, row: Row) -> Customer:
        return identities.create_with(row.addresses, name=row.name, source=Source.IMPORT, now=self.now)

    def _profile(self, customer: Customer, row: Row, faults: list[str]) -> bool:
        """Addresses, tags and attributes are added, a name is filled, nothing is cleared."""
        changed = self._learn(customer, row, faults)
        if row.name and not customer.name:
            identities.rename(customer, row.name)
            changed = True
        changed |= tags.add_tags(customer, map(self._tag, row.tags), self.tally)
        changed |= attributes.put(
            customer, {self.keys[name]: value for name, value in row.attributes.items()}
        )
        return changed

    def _tag(self, name: str) -> Tag:
        if name not in self.tags:
            self.tags[name] = tags.define(name)
        return self.tags[name]

    def _learn(self, customer: Customer, row: Row, faults: list[str]) -> bool:
        known = {(identity.kind, identity.value) for identity in customer.identities}
        new = [place for place in row.addresses if (place.kind, place.value) not in known]
        for place in new:
            try:
                identities.attach_address(customer, place, Source.IMPORT, self.now)
            except IdentityTaken as taken:
                faults.append(f"{place.kind}: it belongs to customer {taken.customer_id}.")
        return bool(new)

    def _consent(self, customer: Customer, row: Row, faults: list[str]) -> bool:
        if row.consent == Status.OPTED_OUT:
            return self._opt_out(row)
        return bool(row.consent) and self._opt_in(customer, row, faults)

    def _opt_out(self, row: Row) -> bool:
        """Everybody who may be this person is opted out."""
        persons = identities.customers_like(row.addresses)
        events = [ledger.record(person, self._statement(person, row)) for person in persons]
        changed = any(event and event.effect == Effect.CHANGED for event in events)
        self.report.opted_out += changed
        return changed

    def _opt_in(self, customer: Customer, row: Row, faults: list[str]) -> bool:
        try:
            event = ledger.record(customer, self._statement(customer, row))
        except EvidenceMissing:
            faults.append("consent: opted_in needs evidence; no consent was recorded.")
            return False
        except OptedOutStands as stands:
            when = f"{stands.opt_out_at:%Y-%m-%d %H:%M} UTC"
            faults.append(f"consent: opted out on {when}; an import never lifts an opt-out.")
            return False
        self.report.opted_in += event is not None
        return event is not None

    def _statement(self, customer: Customer, row: Row) -> Statement:
        return Statement(
            status=row.consent or Status.UNKNOWN,
            source=Source.IMPORT,
            actor=self.actor,
            now=self.now,
            stated_at=row.given_at,
            identity_id=_named_identity(customer, row),
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


def _two_persons(row: Row, known: list[Customer]) -> list[str]:
    """A sentence when the addresses of the row belong to different customers."""
    given = {(place.kind, place.value) for place in row.addresses}
    owners = [c.id for c in known if any((i.kind, i.value) in given for i in c.identities)]
    if len(owners) < 2:
        return []
    return [f"The numbers and ids of this row belong to different customers: {', '.join(map(str, owners))}."]


def _named_identity(customer: Customer, row: Row) -> int | None:
    given = {(place.kind, place.value) for place in row.addresses}
    return next((i.id for i in customer.identities if (i.kind, i.value) in given), None)
