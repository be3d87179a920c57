"""A bulk change is decided: who is meant is written down as rows, so that nobody joins or leaves meanwhile.

Only managers decide it: a manager makes segments and takes batches back, and an agent changes the one
customer whom they talk to. The caller commits, and rolls back when it was refused.
"""

from datetime import datetime

from sqlalchemy import insert, literal, select
from sqlalchemy.exc import IntegrityError

from webapp.bulk.actions import Action, ActionKind, customers
from webapp.bulk.models import BatchRun, BulkMember
from webapp.bulk.selection import Chosen
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.consent.models import Batch
from webapp.customers.models import Customer
from webapp.extensions import db


class Moved(Exception):
    """Other customers are meant by now than somebody agreed to."""

    def __init__(self, expected: int, matching: int) -> None:
        verb = "are" if matching != 1 else "is"
        super().__init__(f"Nothing was changed: {customers(matching)} {verb} meant now, not {expected:,}.")


def begin(
    action: Action, chosen: Chosen, *, expected: int, key: str, actor: str, now: datetime
) -> tuple[Batch, bool]:
    """The batch of this change, and whether it is new: the same `key` again is a second click.

    `expected` is the number that was agreed to. Raises Moved.
    """
    try:
        with db.session.begin_nested():
            batch = batches.open_batch(BatchKind.BULK, "", actor=actor, now=now)
            db.session.add(BatchRun(batch_id=batch.id, key=key, action=action.kind, what=_kept(action)))
    except IntegrityError:
        return _of_key(key), False
    batch.total = _freeze(batch.id, chosen)
    if batch.total != expected or not batch.total:
        raise Moved(expected, batch.total)
    batch.title = action.title(batch.total)
    db.session.flush()
    return batch, True


def known(key: str) -> Batch | None:
    """The batch that this dialog has begun."""
    return db.session.scalar(select(Batch).join(BatchRun).where(BatchRun.key == key))


def action_of(run: BatchRun) -> Action:
    """What was decided."""
    return Action(ActionKind(run.action), run.what["what"], tuple(run.what["names"]))


def _kept(action: Action) -> dict[str, object]:
    return {"what": action.what, "names": list(action.names)}


def _of_key(key: str) -> Batch:
    return db.session.scalars(select(Batch).join(BatchRun).where(BatchRun.key == key)).one()


def _freeze(batch_id: int, chosen: Chosen) -> int:
    rows = chosen.people().with_only_columns(literal(batch_id), Customer.id, maintain_column_froms=True)
    frozen = insert(BulkMember).from_select(["batch_id", "customer_id"], rows)
    return db.session.execute(frozen, execution_options={"preserve_rowcount": True}).rowcount
