"""Wordings: the texts that customers agree to, in versions of which none ever changes. The caller commits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from webapp.consent import ledger
from webapp.consent.models import Wording, WordingVersion
from webapp.extensions import db

MOST_OFFERED = 200


@dataclass(frozen=True)
class Draft:
    """How a wording shall be."""

    name: str
    language: str
    text: str


@dataclass(frozen=True)
class Shown:
    """A version of a wording, as what was shown to somebody."""

    name: str
    id: int
    version: int
    language: str
    text: str
    is_newest: bool

    @property
    def mark(self) -> str:
        """How a form names it."""
        return f"{self.id}.{self.version}"

    @property
    def title(self) -> str:
        return title(self.name, self.version)


class NameTaken(ValueError):
    """Another wording has this name."""


class ChangedMeanwhile(Exception):
    """Somebody else made a newer version; `newest` is theirs."""

    def __init__(self, newest: WordingVersion) -> None:
        super().__init__("Somebody else changed this wording.")
        self.newest = newest


def title(name: str, version: int) -> str:
    return f"{name}, version {version}"


def offered() -> list[Shown]:
    """What may be said to have been shown: all versions of what is not retired, the newest of each first."""
    query = _versions().where(Wording.retired_at.is_(None)).limit(MOST_OFFERED)
    found = [_shown(wording, version) for wording, version in db.session.execute(query)]
    return sorted(found, key=lambda shown: not shown.is_newest)


def find_offered(mark: str) -> Shown | None:
    """The one that a form names so."""
    return next((shown for shown in offered() if shown.mark == mark), None)


def all_versions() -> list[tuple[Wording, list[WordingVersion]]]:
    """Every wording with its versions, newest first; the retired ones at the end."""
    found: dict[Wording, list[WordingVersion]] = {}
    for wording, version in db.session.execute(_versions()):
        found.setdefault(wording, []).append(version)
    return sorted(found.items(), key=lambda pair: pair[0].retired_at is not None)


def names(ids: set[int]) -> dict[int, str]:
    """What these wordings are called today."""
    wanted = select(Wording.id, Wording.name).where(Wording.id.in_(ids))
    return dict(db.session.execute(wanted).all()) if ids else {}


def newest(wording: Wording) -> WordingVersion:
    return db.session.get_one(WordingVersion, (wording.id, wording.version))


def add(draft: Draft, *, actor: str, now: datetime) -> Wording:
    """A new wording with its first version; where the same one is there already, that. Raises NameTaken."""
    if known := db.session.scalar(select(Wording).where(Wording.key == _key(draft.name))):
        if _values(known) != {**vars(draft), "retired": False}:
            raise NameTaken
        return known
    wording = Wording()
    _call(wording, draft.name)
    _add_version(wording, draft, actor, now)
    _log(wording, None, actor, now)
    return wording


def change(wording: Wording, draft: Draft, *, version: int, actor: str, now: datetime) -> None:
    """Another text or language is a new version; another name is just a name.

    `version` is the one that the editor saw. Raises ChangedMeanwhile and NameTaken.
    """
    db.session.refresh(wording, with_for_update=True)
    last, before = newest(wording), _values(wording)
    if before == {**before, **vars(draft)}:
        return
    if version != wording.version:
        raise ChangedMeanwhile(last)
    _call(wording, draft.name)
    if (draft.language, draft.text) != (last.language, last.text):
        wording.version += 1
        _add_version(wording, draft, actor, now)
    _log(wording, before, actor, now)


def retire(wording: Wording, retired: bool, *, actor: str, now: datetime) -> None:
    """Offer it no more, or again."""
    db.session.refresh(wording, with_for_update=True)
    before = _values(wording)
    if before["retired"] == retired:
        return
    wording.retired_at = now if retired else None
    db.session.flush()
    _log(wording, before, actor, now)


def _versions() -> Select[Any]:
    return (
        select(Wording, WordingVersion)
        .join(WordingVersion, WordingVersion.wording_id == Wording.id)
        .order_by(func.lower(Wording.name), Wording.id, WordingVersion.version.desc())
    )


def _shown(wording: Wording, version: WordingVersion) -> Shown:
    newest = version.version == wording.version
    return Shown(wording.name, wording.id, version.version, version.language, version.text, newest)


def _key(name: str) -> str:
    return name.casefold()


def _call(wording: Wording, name: str) -> None:
    try:
        with db.session.begin_nested():
            wording.name, wording.key = name, _key(name)
            db.session.add(wording)
    except IntegrityError:
        raise NameTaken from None


def _add_version(wording: Wording, draft: Draft, actor: str, now: datetime) -> None:
    db.session.add(
        WordingVersion(
            wording_id=wording.id, version=wording.version, language=draft.language, text=draft.text,
            created_at=now, created_by=actor,
        )
    )  # fmt: skip
    db.session.flush()


def _values(wording: Wording) -> dict[str, Any]:
    last = newest(wording)
    return {
        "name": wording.name, "language": last.language, "text": last.text,
        "retired": wording.retired_at is not None,
    }  # fmt: skip


def _log(wording: Wording, before: dict[str, Any] | None, actor: str, now: datetime) -> None:
    after = _values(wording)
    ledger.record_policy(
        {"wordings": {wording.id: before}}, {"wordings": {wording.id: after}}, actor=actor, now=now
    )
