"""What became of claimed deliveries: WhatsApp's answers to our requests. The caller commits.

Every write names the pump's token and the state `sending`, for a status from the webhook may have come first.
Only an accepted message also settles a delivery whose lease ran out meanwhile.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update

from webapp import many_rows
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Delivery, DeliveryState, Sending
from webapp.campaigns.sending import learning
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.codes import Action, Rule, rule_of
from webapp.campaigns.sending.sender import Accepted, Answer, NotStarted, Refused, Unclear
from webapp.extensions import db

log = logging.getLogger(__name__)

FEW = 3
"""Attempts after the first when the cause passes; each waits four times as long (Meta, error 131056)."""
LONGEST_WAIT = 60
"""Seconds that the whole number waits at most, unless the code says more."""
LONGEST_ASKED = 3600
"""Seconds that WhatsApp may ask for."""
LATE = "late"
NO_CONNECTION = 1
"""Seconds that the number waits first when there was no connection."""
ONE_WAVE = timedelta(minutes=1)
"""So far apart are the answers at most that tell of one and the same cause."""
ALL_FAIL = 10
"""So many deliveries of a campaign, all refused for their content, and it is the campaign's fault."""
REFUSED = "refused"
HTTP_REFUSED = 400
ANSWERED = (
    DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.READ, DeliveryState.FAILED,
    DeliveryState.UNKNOWN,
)  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One answer, and which request got it."""

    claimed: Claimed
    answer: Answer
    answered_at: datetime


def record(campaign_id: int, token: str, results: Sequence[Result], now: datetime) -> None:
    """Write the results of one pump."""
    accepted = [(r, r.answer) for r in results if isinstance(r.answer, Accepted)]
    _accept(accepted, token)
    learning.learn([(r.claimed, answer) for r, answer in accepted], now)
    _queue_again([(r, r.answer.why) for r in results if isinstance(r.answer, NotStarted)], token, now)
    forbidden: set[str] = set()
    for result in results:
        match result.answer:
            case Unclear(why=why):
                _change([result], token, state=DeliveryState.UNKNOWN, reason=why)
            case Refused():
                _refuse(campaign_id, token, result, result.answer, now, forbidden)


def _accept(accepted: list[tuple[Result, Accepted]], token: str) -> None:
    if not accepted:
        return
    told = many_rows.listed(
        delivery_id=(Delivery.id.type, [result.claimed.delivery_id for result, _ in accepted]),
        wamid=(Delivery.wamid.type, [answer.wamid for _, answer in accepted]),
        at=(Delivery.sent_at.type, [result.answered_at for result, _ in accepted]),
    )
    of_ours = update(Delivery).where(Delivery.id == told.c.delivery_id)
    of_ours = of_ours.execution_options(synchronize_session=False)
    sent = of_ours.where(
        Delivery.token == token,
        or_(Delivery.state == DeliveryState.SENDING, Delivery.state == DeliveryState.UNKNOWN),
    ).values(state=DeliveryState.SENT, wamid=told.c.wamid, sent_at=told.c.at, reason=None, error_code=None)
    overtaken = of_ours.where(Delivery.wamid.is_(None)).values(  # the status came before our answer
        wamid=told.c.wamid, sent_at=func.coalesce(Delivery.sent_at, told.c.at)
    )
    if db.session.execute(sent).rowcount != len(accepted):
        db.session.execute(overtaken)
    db.session.execute(
        update(Sending).where(Sending.id == 1, Sending.wait_seconds > 0).values(wait_seconds=0)
    )


def _queue_again(not_started: list[tuple[Result, str]], token: str, now: datetime) -> None:
    """Without a network these are all of a wave."""
    without_connection = [result for result, why in not_started if why != LATE]
    if without_connection:  # whoever comes next finds none either
        _number_waits(without_connection, NO_CONNECTION, now)
    if not_started:
        _change(
            [r for r, _ in not_started], token, state=DeliveryState.QUEUED, started_at=None, not_before=None
        )


def _change(results: Sequence[Result], token: str, **values: Any) -> None:
    db.session.execute(
        update(Delivery)
        .where(
            many_rows.among(Delivery.id, _ids(results)), Delivery.token == token,
            Delivery.state == DeliveryState.SENDING,
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _ids(results: Sequence[Result]) -> list[int]:
    return [result.claimed.delivery_id for result in results]


def _refuse(
    campaign_id: int, token: str, result: Result, answer: Refused, now: datetime, forbidden: set[str]
) -> None:
    rule = rule_of(answer.code, answer.http)
    refusal = Refusal(campaign_id, token, result, answer, rule, now, forbidden)
    _ACTIONS[rule.action](refusal)


@dataclass(frozen=True)
class Refusal:
    """One refused request, and the rule of its code."""

    campaign_id: int
    token: str
    result: Result
    answer: Refused
    rule: Rule
    now: datetime
    forbidden: set[str]
    """Country codes whose people the answers before this one left out already."""

    @property
    def attempts(self) -> int:
        found = db.session.scalar(
            select(Delivery.attempts).where(Delivery.id == self.result.claimed.delivery_id)
        )
        return found or 0

    @property
    def first_wait(self) -> int:
        """Seconds."""
        return self.rule.seconds or 1

    def change(self, **values: Any) -> None:
        _change([self.result], self.token, error_code=self.answer.code, **values)

    def fail(self) -> None:
        self.change(state=DeliveryState.FAILED, reason=REFUSED, failed_at=self.now)

    def again_in(self, seconds: float, *, counted: bool = True) -> None:
        """Back to the queue; it passes the gate again."""
        values: dict[str, Any] = {"not_before": self.now + timedelta(seconds=seconds)}
        if counted:
            values["attempts"] = self.attempts + 1
        self.change(state=DeliveryState.QUEUED, started_at=None, **values)

    def pause(self) -> None:
        lifecycle.hold_one(self.campaign_id, code_word(self.rule), f"{self.rule.what}.", self.now)


def code_word(rule: Rule) -> str:
    return f"whatsapp_{rule.code}" if rule.code is not None else "whatsapp"


def _again(refusal: Refusal) -> None:
    attempts = refusal.attempts
    refusal.fail() if attempts >= FEW else refusal.again_in(refusal.first_wait * 4**attempts)


def _wait_number(refusal: Refusal) -> None:
    asked = min(refusal.answer.retry_after or 0, LONGEST_ASKED)
    _number_waits([refusal.result], refusal.first_wait, refusal.now, asked)
    refusal.again_in(0, counted=False)


def _number_waits(results: Sequence[Result], first_wait: int, now: datetime, asked: float = 0) -> None:
    """Everybody on this number waits, twice as long as the last time; answers of one wave count once."""
    sending = db.session.scalars(
        select(Sending).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    last = func.max(Delivery.started_at, type_=Delivery.started_at.type)
    started = db.session.scalar(select(last).where(many_rows.among(Delivery.id, _ids(results))))
    seconds = first_wait
    if not (sending.wait_set_at and started and started <= sending.wait_set_at):
        seconds = max(seconds, min(sending.wait_seconds * 2, max(LONGEST_WAIT, seconds)))
        sending.wait_seconds, sending.wait_set_at = int(seconds), now
    until = now + timedelta(seconds=max(seconds, asked))
    sending.wait_until = max(until, sending.wait_until or until)


def _wait_campaign(refusal: Refusal) -> None:
    later = refusal.now + timedelta(seconds=refusal.first_wait)
    queued = Delivery.campaign_id == refusal.campaign_id, Delivery.state == DeliveryState.QUEUED
    last = db.session.scalar(select(Delivery.not_before).where(*queued).order_by(Delivery.id.desc()).limit(1))
    if last is None or last < later - ONE_WAVE:  # a million rows, and each answer of a wave says the same
        db.session.execute(update(Delivery).where(*queued).values(not_before=later))
    refusal.again_in(refusal.first_wait, counted=False)


def _retry_once_then_pause(refusal: Refusal) -> None:
    _pause_then_skip(refusal, 1) if refusal.attempts else refusal.again_in(refusal.first_wait)


def _pause_then_skip(refusal: Refusal, tries: int = 0) -> None:
    """The values of one customer may be the cause: they must not hold it each time that somebody resumes."""
    if refusal.attempts > tries:
        refusal.fail()
        return
    refusal.again_in(0)
    refusal.pause()


def _pause(refusal: Refusal) -> None:
    refusal.again_in(0, counted=False)
    refusal.pause()


def _pause_all(refusal: Refusal) -> None:
    refusal.again_in(0, counted=False)
    lifecycle.hold_all(code_word(refusal.rule), f"{refusal.rule.what}.", refusal.now)


def _skip(refusal: Refusal) -> None:
    refusal.fail()
    learning.undeliverable(refusal.result.claimed.customer_id, refusal.answer.code, refusal.now)


def _skip_row(refusal: Refusal) -> None:
    """The row's fault, unless the first ones all fail: then it is the campaign's."""
    refusal.fail()
    answered = select(Delivery.reason, Delivery.error_code).where(
        Delivery.campaign_id == refusal.campaign_id, Delivery.state.in_(ANSWERED)
    )
    first = db.session.execute(answered.order_by(Delivery.id).limit(ALL_FAIL)).all()
    if len(first) == ALL_FAIL and all(map(_for_its_content, first)):
        refusal.pause()


def _for_its_content(row: Any) -> bool:
    return row.reason == REFUSED and rule_of(row.error_code, HTTP_REFUSED).action == Action.SKIP_ROW


def _skip_country(refusal: Refusal) -> None:
    refusal.fail()
    log.warning("campaign %s: WhatsApp forbids a whole country to this number", refusal.campaign_id)
    country = learning.country_of(refusal.result.claimed.customer_id)
    if not country or country in refusal.forbidden:
        return
    refusal.forbidden.add(country)
    queued = Delivery.campaign_id == refusal.campaign_id, Delivery.state == DeliveryState.QUEUED
    db.session.execute(
        update(Delivery)
        .where(*queued, learning.of_country(country))
        .values(state=DeliveryState.FAILED, reason=REFUSED, error_code=refusal.answer.code,
                failed_at=refusal.now)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _platform_stop(refusal: Refusal) -> None:
    refusal.fail()
    claimed = refusal.result.claimed
    learning.stopped(claimed.customer_id, f"delivery:{claimed.delivery_id}", refusal.now)


_ACTIONS: dict[Action, Callable[[Refusal], None]] = {
    Action.RETRY: _again,
    Action.WAIT_PERSON: _again,
    Action.WAIT_NUMBER: _wait_number,
    Action.WAIT_CAMPAIGN: _wait_campaign,
    Action.RETRY_ONCE_THEN_PAUSE: _retry_once_then_pause,
    Action.PAUSE_THEN_SKIP: _pause_then_skip,
    Action.PAUSE: _pause,
    Action.PAUSE_ALL: _pause_all,
    Action.SKIP: _skip,
    Action.SKIP_ROW: _skip_row,
    Action.SKIP_COUNTRY: _skip_country,
    Action.PLATFORM_STOP: _platform_stop,
    Action.NOTHING: lambda refusal: refusal.fail(),
}
