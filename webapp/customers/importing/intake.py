"""Takes the rows of one import over into the desk; the caller commits."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import ConsentRefused, EvidenceMissing, OptedOutStands, Source, Status
from webapp.customers import attributes, identities, tags
from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.rows import RefusedRow, Row
from webapp.customers.models import Customer

OPT_OUT_ONLY = "The opt-out was recorded, the rest of the row was not."


@dataclass
class Intake:
    """One transaction of an import: what it counts, and what it adds to the counts of tags at its end."""

    actor: str
    now: datetime
    batch_id: int
    report: ImportReport
    tally: Counter[int] = field(default_factory=Counter)

    def take(self, row: Row) -> list[str]:
        """Take the row over; the reasons why a part of it was not. Raises RefusedRow, with nothing taken over."""
        known = identities.find_by_addresses(row.addresses)
        faults = [*row.faults, *_other_owners(row, known)]
        if row.consent == Status.OPTED_OUT:
            return self._opted_out(row, known, faults)
        if faults:
            raise RefusedRow(" ".join(faults))
        customer = known[0] if known else self._create(row)
        changed = self._profile(customer, row)
        reason = self._opted_in(customer, row) if row.consent else None
        ...

    def close(self) -> None:
        """Write what is written once for all rows."""
        tags.count(self.tally)
