"""The pump: it claims deliveries as fast as they may start, hands them over, and writes what came back.

A slice lasts a few seconds and ends when all its requests were answered, so that campaigns share the workers.
All state lives in the rows: whatever dies here leaves nothing but rows in `sending`, whose lease runs out.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from flask import Flask

from webapp import fault_points
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.sending import claims, outcomes
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.claims import LONGEST_NAP, MOST_AT_ONCE, Claims
from webapp.campaigns.sending.outcomes import Result
from webapp.campaigns.sending.sender import SECONDS_TO_THE_WIRE, Sender
from webapp.database import OUT_OF_REACH
from webapp.extensions import db
from webapp.transactions import committed

log = logging.getLogger(__name__)

SLICE = 5.0
"""Seconds for which a slice starts messages."""
SOON = 1.0
"""Seconds. A slice waits so long for what is due; for what comes later the next slice is planned."""
LONGEST_REST = 60.0
"""Seconds. So often somebody looks, for a send window or a pace may have been changed."""
BREATH = 0.1
"""Seconds from one commit to the next: what came back is written together, as many are claimed together."""
SHORTEST_BREATH = 0.02
"""The event loop gets so long at least, however long the last step took."""
AFTER_A_FAULT = 0.5
PATIENCE = 60.0
"""Seconds for which results are held, and a slice is not given up, while the database is out of reach."""
Done = TypeVar("Done")
Clock = Callable[[], datetime]


async def pump(app: Flask, campaign_id: int, sender: Sender, clock: Clock) -> float | None:
    """Send a slice of a campaign. Seconds after which another slice may go on; None when there is none."""
    slice_ = _Slice(app, campaign_id, sender, clock)
    if not await slice_.begin():
        return None
    await slice_.work()
    return await slice_.end()


class _Slice:
    """One run of the pump: what is on the wire, and what came back and is not written yet."""

    def __init__(self, app: Flask, campaign_id: int, sender: Sender, clock: Clock) -> None:
        self.app, self.campaign_id, self.sender, self.clock = app, campaign_id, sender, clock
        self.token = secrets.token_hex(8)
        self.on_the_wire: set[asyncio.Task[None]] = set()
        self.results: list[Result] = []
        self.stepped_at = 0.0

    async def begin(self) -> bool:
        return await self._transaction(lambda: claims.take_pump(self.campaign_id, self.token, self.clock()))

    async def work(self) -> None:
        end = time.monotonic() + SLICE
        stopped = False
        while not stopped and time.monotonic() < end:
            step = await self._step(MOST_AT_ONCE)
            idle = not (step.rows or self.on_the_wire or self.results)
            stopped = step.stop or (idle and await self._drained())
            await self._wait(step.nap)
        while self.on_the_wire or self.results:
            await self._wait(LONGEST_NAP)
            await self._step(0)

    async def end(self) -> float | None:
        """Whoever leaves the pump must have said so, else nobody takes it before its lease is over."""
        patience = time.monotonic() + PATIENCE
        while True:
            try:
                return await self._transaction(self._finish)
            except OUT_OF_REACH:
                if time.monotonic() > patience:
                    raise
                await asyncio.sleep(AFTER_A_FAULT)

    def _finish(self) -> float | None:
        now = self.clock()
        due = claims.rest_of(self.campaign_id, now)
        later = now + timedelta(seconds=min(due, LONGEST_REST)) if due and due > SOON else None
        claims.leave_pump(self.campaign_id, self.token, later)
        lifecycle.finish_if_done(self.campaign_id, now)
        return due

    async def _drained(self) -> bool:
        """Whether nothing is queued that may start soon; the next slice is planned for when it may."""
        try:
            due = await self._transaction(lambda: claims.waiting_for(self.campaign_id, self.clock()))
        except OUT_OF_REACH:
            return False
        return due is None or due > SOON

    async def _step(self, wanted: int) -> Claims:
        """Write the results and claim the next rows, in one commit; then these go on the wire at once."""
        self.stepped_at = time.monotonic()
        slots = self.sender.slots.take(wanted)
        claimed = Claims()
        try:
            claimed = await self._recorded_and_claimed(slots)
        finally:
            self.sender.slots.give_back(slots - len(claimed.rows))
        for row in claimed.rows:
            fault_points.reached("claim.committed")
            task = asyncio.create_task(self._send(row, claimed.at + SECONDS_TO_THE_WIRE))
            self.on_the_wire.add(task)
            task.add_done_callback(self._answered)
        return claimed

    def _answered(self, task: asyncio.Task[None]) -> None:
        self.on_the_wire.discard(task)
        self.sender.slots.give_back()

    async def _recorded_and_claimed(self, free: int) -> Claims:
        taken = list(self.results)
        try:
            claimed = await self._transaction(lambda: self._record_and_claim(taken, free))
        except OUT_OF_REACH as fault:
            log.warning("campaign %s waits for the database: %s", self.campaign_id, type(fault).__name__)
            self._forget_what_is_too_old()
            return Claims(nap=AFTER_A_FAULT)
        except Exception as fault:  # whatever one answer provokes, the others must be written
            log.error(
                "campaign %s: an answer could not be written: %s", self.campaign_id, type(fault).__name__
            )
            await self._record_each(taken)
            claimed = Claims(nap=AFTER_A_FAULT)
        if taken:
            fault_points.reached("result.committed")
        del self.results[: len(taken)]
        return claimed

    def _record_and_claim(self, results: list[Result], free: int) -> Claims:
        now = self.clock()
        outcomes.record(self.campaign_id, self.token, results, now)
        if results:
            fault_points.reached("result.stored")
        if free <= 0:
            return Claims()
        if switch.outside(self.app.config["HEED"]):
            return Claims(stop=True)
        db.session.flush()
        claimed = claims.claim(self.campaign_id, self.token, free, now)
        if claimed.rows:
            fault_points.reached("claim.stored")
        return claimed

    async def _record_each(self, results: list[Result]) -> None:
        """Each in a transaction of its own; the lease of one that cannot be written runs out."""
        for result in results:
            try:
                await self._transaction(
                    partial(outcomes.record, self.campaign_id, self.token, [result], self.clock())
                )
            except Exception as fault:  # logged, and unknown in a minute
                log.error("delivery %s: %s", result.claimed.delivery_id, type(fault).__name__)

    def _forget_what_is_too_old(self) -> None:
        """Results that could not be written for a minute: their leases are over, the rows become unknown."""
        oldest = self.clock().timestamp() - PATIENCE
        self.results = [result for result in self.results if result.answered_at.timestamp() > oldest]

    async def _send(self, row: Claimed, latest_start: float) -> None:
        fault_points.reached("wire.ready")
        answer = await self.sender.send(replace(row.message, latest_start=latest_start))
        fault_points.reached("wire.answered")
        self.results.append(Result(row, answer, self.clock()))

    async def _wait(self, seconds: float) -> None:
        """A breath, and then until something comes back, but no longer than so many seconds in all."""
        breath = max(SHORTEST_BREATH, BREATH - (time.monotonic() - self.stepped_at))
        await asyncio.sleep(breath)
        more = min(seconds, LONGEST_NAP) - breath
        if more <= 0 or self.results:
            return
        if self.on_the_wire:
            await asyncio.wait(self.on_the_wire, timeout=more, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(more)

    async def _transaction(self, verb: Callable[[], Done]) -> Done:
        """Run `verb` and commit, in a thread: the loop goes on reading answers meanwhile."""
        return await asyncio.to_thread(committed, self.app, verb)
