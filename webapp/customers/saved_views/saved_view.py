"""Saved views: filters of the table with a name, for oneself or for the team. The caller commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Select,
    String,
    Text,
    UniqueConstraint,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from webapp.accounts.models import User
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import Gone
from webapp.customers.erasure.searches import found_only_them
from webapp.customers.filters import Filter
from webapp.customers.names import LONGEST_KEY, LONGEST_NAME, MalformedName, checked_name
from webapp.customers.saved_views.view_filters import Refused, kept
from webapp.customers.search import fold
from webapp.database import NEVER_AGAIN, BigId, Json, UtcDateTime, json_rows
from webapp.extensions import db

MOST_OWN = 50


class ChangedMeanwhile(Exception):
    """Somebody else changed the view after this person looked at it."""


class SavedView(db.Model):
    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    """The folded name: one person's views differ in more than case and accents."""
    shared: Mapped[bool] = mapped_column(default=False)
    """Everybody sees it. It stays when its owner leaves; managers look after it."""
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    """What `view_filters.kept` makes of the filter."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("owner_id", "key"), NEVER_AGAIN)

    @property
    def version(self) -> str:
        """Moves with each change."""
        return self.changed_at.isoformat()


def for_reader(user_id: int) -> Select[Any]:
    """The views that somebody sees, their own and the shared ones, by name; with their owners' names."""
    owner = func.coalesce(func.nullif(User.name, ""), User.email).label("owner")
    args = cast(SavedView.args, Text).label("args")
    return (
        select(SavedView.id, SavedView.name, SavedView.shared, args, SavedView.owner_id, owner)
        .join(User, User.id == SavedView.owner_id)
        .where(or_(SavedView.owner_id == user_id, SavedView.shared))
        .order_by(SavedView.key, SavedView.id)
    )


def figure(user_id: int) -> dict[str, ColumnElement[Any]]:
    """The same as one column of a larger statement; the arguments of a view are JSON as text."""
    return {"saved_views": json_rows(for_reader(user_id))}


def create(owner_id: int, name: str, filter: Filter, *, shared: bool, now: datetime) -> SavedView:
    """Raises MalformedName and Refused."""
    own = select(func.count()).where(SavedView.owner_id == owner_id)
    if (db.session.scalar(own) or 0) >= MOST_OWN:
        raise Refused(f"You have {MOST_OWN} views already. Delete one that you do not need.")
    view = SavedView(owner_id=owner_id, args=kept(filter), shared=shared, created_at=now)
    _name(view, name, now)
    return view


def change(
    view: SavedView, name: str, filter: Filter | None, *, shared: bool, seen: str, now: datetime
) -> None:
    """Rename, share, and with a filter put that in the place of its own.

    `seen` is the version that the person looked at; the caller holds the view's row.
    Raises ChangedMeanwhile, MalformedName and Refused.
    """
    if view.version != seen:
        raise ChangedMeanwhile
    if filter is not None:
        view.args = kept(filter)
    view.shared = shared
    _name(view, name, now)


def remove(view: SavedView) -> None:
    db.session.delete(view)
    db.session.flush()


@erasing.erased_by
def erase(gone: Gone) -> None:
    """A view that tells who somebody was goes with them."""
    for view in db.session.scalars(select(SavedView).order_by(SavedView.id)):
        if _tells(view, gone):
            db.session.delete(view)
    db.session.flush()


def _tells(view: SavedView, gone: Gone) -> bool:
    """Whether it holds their name or number, or searches for words that found nobody but them."""
    args = view.args
    said = [view.name, args["q"], *(each["name"] for each in args["tags"])]
    said += [each["value"] for each in args["attrs"]]
    return any(map(gone.told_in, said)) or found_only_them(args["q"], gone)


def _name(view: SavedView, raw: str, now: datetime) -> None:
    name = checked_name(raw)
    twin = select(SavedView.id).where(SavedView.owner_id == view.owner_id, SavedView.key == fold(name))
    with db.session.no_autoflush:
        known = db.session.scalar(twin)
    if known is not None and known != view.id:
        raise MalformedName(f"There is a view “{name}” already.")
    view.name, view.key, view.changed_at = name, fold(name), now
    try:
        with db.session.begin_nested():
            db.session.add(view)
    except IntegrityError:  # saved twice in this moment
        raise MalformedName(f"There is a view “{name}” already.") from None
