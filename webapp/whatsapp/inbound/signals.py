"""The latest word of WhatsApp's on each subject about our account. Nothing here commits."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from webapp.campaigns import lifecycle
from webapp.extensions import db
from webapp.whatsapp.models import AccountSignalRow
from webapp.whatsapp.webhook.items import AccountSignal

PAYMENT = "account"
"""The code of a pause that such a signal causes."""


def note(item: AccountSignal, now: datetime) -> None:
    """Keep it if it is the latest on its subject; then one that says so pauses what is running."""
    if _keep(item) and item.pauses:
        lifecycle.hold_all(PAYMENT, f"{item.sentence} {item.advice}", now)


def latest() -> list[AccountSignalRow]:
    """One for each subject, the newest first."""
    order = (AccountSignalRow.told_at.desc(), AccountSignalRow.subject)
    return list(db.session.scalars(select(AccountSignalRow).order_by(*order)))


def _keep(item: AccountSignal) -> bool:
    """Whether it is news: notices come in any order, and the latest one counts."""
    said = {"tone": item.tone, "sentence": item.sentence, "advice": item.advice, "told_at": item.occurred_at}
    mine = AccountSignalRow.subject == item.subject
    newer = update(AccountSignalRow).where(mine, AccountSignalRow.told_at <= item.occurred_at).values(**said)
    if db.session.execute(newer).rowcount:
        return True
    if db.session.scalar(select(AccountSignalRow.subject).where(mine)):
        return False
    try:
        with db.session.begin_nested():
            db.session.add(AccountSignalRow(subject=item.subject, **said))
    except IntegrityError:  # another request wrote the first one in this moment
        return bool(db.session.execute(newer).rowcount)
    return True
