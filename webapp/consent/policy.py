"""The workspace's consent settings: keywords, packs, the switch, customers without a record, retention."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from webapp.consent import ledger, pack_records, packs
from webapp.consent.gate import Terms
from webapp.consent.keywords import KeywordSet
from webapp.consent.models import Policy
from webapp.extensions import db

FEWEST_MONTHS, MOST_MONTHS = 1, 120


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
    packs: tuple[str, ...] | None = None
    """Keys of the packs to be on; None leaves them as they are."""


def current() -> Policy:
    """The settings as they stand; a migration writes the first row."""
    return db.session.scalars(select(Policy)).one()


def words_in_force(policy: Policy) -> KeywordSet | None:
    """The words that act on text now, those of the packs among them; None while the switch is off."""
    return effective_words(policy) if policy.keywords_enabled else None


def effective_words(policy: Policy) -> KeywordSet:
    """The typed words with those of the packs that are on, whether or not the switch is."""
    return packs.together(configured_words(policy), pack_records.of_keys(policy.packs))


def configured_words(policy: Policy) -> KeywordSet:
    """The words that somebody typed, without those of the packs."""
    return KeywordSet(opt_out=tuple(policy.opt_out_words), opt_in=tuple(policy.opt_in_words))


def change(wishes: Wishes, *, version: int | None, actor: str, now: datetime) -> Policy:
    """Save the settings and log old and new values. The caller commits.

    Raises PolicyChangedMeanwhile when `version` is not the one on record; None overrides (a command).
    """
    policy = current()
    after = {
        "keywords_enabled": wishes.keywords_enabled,
        "opt_out_words": list(wishes.words.opt_out),
        "opt_in_words": list(wishes.words.opt_in),
        "unknown_may_receive": wishes.unknown_may_receive,
        "packs": list(policy.packs if wishes.packs is None else wishes.packs),
    }
    return save(policy, after, version, actor, now)


def keep_inbound(days: int, *, version: int | None, actor: str, now: datetime) -> Policy:
    """Keep the texts that customers write for so many days. As `change` in all else."""
    return save(current(), {"inbound_days": days}, version, actor, now)


def reconfirm_after(months: int | None, *, version: int | None, actor: str, now: datetime) -> Policy:
    """Opt-ins older than so many months need confirming again; None: never. As `change` in all else."""
    return save(current(), {"reconfirm_months": months}, version, actor, now)


def terms(policy: Policy, now: datetime) -> Terms:
    """What these settings mean for the gate at this instant."""
    return Terms(policy.unknown_may_receive, opted_in_since(policy.reconfirm_months, now))


def opted_in_since(months: int | None, now: datetime) -> datetime | None:
    """An opt-in before this instant needs confirming again; None: none does."""
    return None if months is None else months_before(now, months)


def months_before(instant: datetime, months: int) -> datetime:
    """The same day and time so many months earlier; the last day of a month that is shorter."""
    year, month = divmod(instant.year * 12 + instant.month - 1 - months, 12)
    day = min(instant.day, monthrange(year, month + 1)[1])
    return instant.replace(year=year, month=month + 1, day=day)


def touch(policy: Policy, *, actor: str, now: datetime) -> None:
    """Something beside the columns changes, such as the words of a pack: other editors get to know."""
    _claim(policy, None)
    policy.changed_at, policy.changed_by = now, actor


def save(policy: Policy, after: dict[str, object], version: int | None, actor: str, now: datetime) -> Policy:
    """Set these columns and log their old and new values. As `change` in all else."""
    before = {name: getattr(policy, name) for name in after}
    _claim(policy, version)
    if after != before:
        for name, value in after.items():
            setattr(policy, name, value)
        policy.changed_at, policy.changed_by = now, actor
        ledger.record_policy(_told(before), _told(after), actor=actor, now=now)
    return policy


def _told(values: dict[str, object]) -> dict[str, object]:
    """As JSON can say it."""
    return {k: v.isoformat() if isinstance(v, datetime) else v for k, v in values.items()}


def _claim(policy: Policy, version: int | None) -> None:
    """One conditional UPDATE decides between two editors."""
    expected = policy.version if version is None else version
    claimed = db.session.execute(
        update(Policy).where(Policy.id == 1, Policy.version == expected).values(version=expected + 1)
    )
    db.session.refresh(policy)
    if claimed.rowcount == 0:
        raise PolicyChangedMeanwhile(policy)
