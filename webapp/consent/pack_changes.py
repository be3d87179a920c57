"""Packs come and go: each import and removal is a policy event with the words before and after.

The caller commits.
"""

from datetime import datetime
from typing import Any

from webapp.consent import ledger, pack_records, packs, policy
from webapp.consent.pack_files import IMPORTED, UnusablePack
from webapp.consent.packs import Pack


def bring(pack: Pack, *, actor: str, now: datetime) -> None:
    """Keep an imported pack, off at first; one that is on keeps counting with its new words.

    Raises UnusablePack when its words contradict others that count now, or there are too many packs.
    """
    settings, known = policy.current(), pack_records.available()
    before = known.get(pack.key)
    _demand_room(pack, known)
    if pack.key in settings.packs:
        others = [known[key] for key in settings.packs if key in known and key != pack.key]
        if errors := packs.conflicts(policy.configured_words(settings), [*others, pack]):
            raise UnusablePack(" ".join(errors))
    if before == pack:
        return
    policy.touch(settings, actor=actor, now=now)
    pack_records.store(pack, actor=actor, now=now)
    _log(pack.key, before, pack, actor, now)


def remove(key: str, *, actor: str, now: datetime) -> None:
    """Forget an imported pack, which switches it off; a shipped one stays."""
    settings, before = policy.current(), pack_records.available().get(key)
    if before is None or before.reviewed:
        return
    policy.touch(settings, actor=actor, now=now)
    settings.packs = [other for other in settings.packs if other != key]
    pack_records.drop(key)
    _log(key, before, None, actor, now)


def _demand_room(pack: Pack, known: dict[str, Pack]) -> None:
    imported = [key for key in known if key.startswith(IMPORTED)]
    if pack.key not in known and len(imported) >= pack_records.MOST_IMPORTED:
        raise UnusablePack(f"There are {len(imported)} imported packs. Remove one first.")


def _log(key: str, before: Pack | None, after: Pack | None, actor: str, now: datetime) -> None:
    ledger.record_policy(
        {"imported_packs": {key: _values(before)}}, {"imported_packs": {key: _values(after)}},
        actor=actor, now=now,
    )  # fmt: skip


def _values(pack: Pack | None) -> dict[str, Any] | None:
    return pack and {"name": pack.name, "opt_out": list(pack.opt_out), "opt_in": list(pack.opt_in)}
