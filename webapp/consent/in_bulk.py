"""Statements about many customers in one transaction, decided by the same rules and written as rows.

For whoever has locked and read the customers, and writes their state columns with other columns of theirs.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from webapp import many_rows
from webapp.consent import ledger, rules, state, written
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Effect, State


@dataclass
class Ledger:
    """Keeps the events of one transaction until `write`."""

    numbers: Iterator[int]
    """For events."""
    events: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)

    def record(
        self, customer_id: int, before: State, statement: Statement, *, seconds: bool = False
    ) -> tuple[Effect, State] | None:
        """Note the statement as `ledger.record` does: what it did, and the customer's state from now on.

        `seconds`: it has to be on record even if it repeats the state (see `seconding`). None when there is
        nothing to record. Raises rules.ConsentRefused.
        """
        again = rules.repeated(statement.change) if seconds else None
        verdict = rules.decide(before, statement.change) or again
        if verdict is None:
            return None
        event = ledger.stated(customer_id, verdict, statement)
        event |= {"id": next(self.numbers), "evidence_digest": ""}
        if statement.proof != Proof():
            nonce = secrets.token_bytes(16)
            event["evidence_digest"] = ledger.digest(nonce, statement.proof)
            self.evidence.append({"event_id": event["id"], "nonce": nonce, **vars(statement.proof)})
        self.events.append(event)
        return verdict.effect, state.advance(before, SimpleNamespace(**event))

    def write(self) -> None:
        """Append what was noted. The customers are on record by now."""
        _write(ConsentEvent, self.events)
        written.note(SimpleNamespace(**event) for event in self.events)
        _write(Evidence, self.evidence)
        self.events, self.evidence = [], []


def _write(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    if rows:
        columns = list(rows[0])
        many_rows.insert(model.__table__, columns, list(map(itemgetter(*columns), rows)))
