"""The workspace's consent settings: keywords, the switch, customers without a record."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from webapp.consent import ledger
from webapp.consent.keywords import KeywordSet
from webapp.consent.models import Policy
from webapp.extensions import db


class PolicyChangedMeanwhile(Exception):
    """Somebody else saved the settings since they were read; `policy` is how they stand now."""

    def __init__(self, policy: Policy) -> None:
        super().__init__("Somebody else changed these settings.")
        self.policy = policy


@dataclass(frozen=True)
class Wishes:
    """How the settings shall be."""

    keywords_enabled: bool
    words: KeywordSet
    unknown_may_receive: bool


def current() -> Policy:
    """The settings as they stand; a migration writes the first row."""
    return db.session.scalars(select(Policy)).one()


def words_in_force(policy: Policy) -> KeywordSet | None:
    """The words that act on text now; None while the switch is off."""
    return configured_words(policy) if policy.keywords_enabled else None


def configured_words(policy: Policy) -> KeywordSet:
    return KeywordSet(opt_out=tuple(policy.opt_out_words), opt_in=tuple(policy.opt_in_words))


def change(wishes: Wishes, *, version: int | None, actor: str, now: datetime) -> Policy:
    """Save the settings and log old and new values. The caller commits.

    Raises PolicyChangedMeanwhile when `version` is not the one on record; None overrides (a command).
    """
    policy = current()
    before = _values(policy)
    after = {
        "keywords_enabled": wishes.keywords_enabled,
        "opt_out_words": list(wishes.words.opt_out),
        "opt_in_words": list(wishes.words.opt_in),
        "unknown_may_receive": wishes.unknown_may_receive,
    }
    _claim(policy, version)
    if after != before:
        for name, value in after.items():
            setattr(policy, name, value)
        policy.changed_at, policy.changed_by = now, actor
        ledger.record_policy(before, after, actor=actor, now=now)
    return policy


def _claim(policy: Policy, version: int | None) -> None:
    """One conditional UPDATE decides between two editors."""
    expected = policy.version if version is None else version
    claimed = db.session.execute(
        update(Policy).where(Policy.id == 1, Policy.version == expected).values(version=expected + 1)
    )
    db.session.refresh(policy)
    if claimed.rowcount == 0:
        raise PolicyChangedMeanwhile(policy)


def _values(policy: Policy) -> dict[str, object]:
    return {
        "keywords_enabled": policy.keywords_enabled,
        "opt_out_words": list(policy.opt_out_words),
        "opt_in_words": list(policy.opt_in_words),
        "unknown_may_receive": policy.unknown_may_receive,
    }
