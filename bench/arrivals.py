"""Deliveries come to the webhook when they are due, as Meta's do, whether earlier ones are answered or no."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from webapp.simulator.line import WEBHOOK
from webapp.whatsapp.webhook.signature import sign

OK = 200
PATIENCE_SECONDS = 60
MOST_TRIES = 3


@dataclass(frozen=True)
class Arrival:
    """A delivery that is due so many seconds after the start."""

    due: float
    body: bytes


@dataclass(frozen=True)
class Answer:
    """`seconds` count from when the delivery was due, so a wait for a free connection is part of them.
    Status 0: no answer. `tries`: a connection that the server closed while it was idle costs one more."""

    status: int
    seconds: float
    tries: int


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Lines:
    """Keep-alive connections to one port, at most so many at once."""

    def __init__(self, port: int, most: int) -> None:
        self._port, self._free = port, asyncio.Semaphore(most)
        self._idle: list[Line] = []

    async def carry(self, request: bytes) -> tuple[int, int]:
        """(status, tries)"""
        async with self._free:
            for tries in range(1, MOST_TRIES + 1):
                try:
                    return await asyncio.wait_for(self._once(request), PATIENCE_SECONDS), tries
                except (OSError, EOFError, TimeoutError):
                    continue
            return 0, MOST_TRIES

    async def _once(self, request: bytes) -> int:
        reader, writer = line = self._waiting() or await self._open()
        try:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head.lower():
            writer.close()
        else:
            self._idle.append(line)
        return int(head.split(b" ", 2)[1])

    def _waiting(self) -> Line | None:
        """An idle connection that the server has not closed meanwhile."""
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof():
                return reader, writer
            writer.close()
        return None

    async def _open(self) -> Line:
        return await asyncio.open_connection("127.0.0.1", self._port)


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    return 0


async def arrive(port: int, arrivals: Sequence[Arrival], secret: str, connections: int) -> list[Answer]:
    """Bring each at its time; the answers, in the order of the arrivals."""
    lines = Lines(port, connections)
    requests = [_request(arrival.body, secret) for arrival in arrivals]
    start = time.perf_counter()

    async def bring(arrival: Arrival, request: bytes) -> Answer:
        status, tries = await lines.carry(request)
        return Answer(status, time.perf_counter() - start - arrival.due, tries)

    tasks = []
    for arrival, request in zip(arrivals, requests, strict=True):
        if (early := arrival.due - (time.perf_counter() - start)) > 0:
            await asyncio.sleep(early)
        tasks.append(asyncio.ensure_future(bring(arrival, request)))
    return list(await asyncio.gather(*tasks))


def _request(body: bytes, secret: str) -> bytes:
    head = f"POST {WEBHOOK} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(body)}\r\nX-Hub-Signature-256: {sign(body, secret)}\r\n\r\n"
    return head.encode() + body


def told(what: str, answers: Sequence[Answer]) -> str:
    """One line about all of them."""
    taken = [answer.seconds * 1000 for answer in answers]
    ends = f"median {median(taken):,.0f} ms, 99 % within {quantiles(taken, n=100)[98]:,.0f} ms"
    refused = sum(answer.status != OK for answer in answers)
    again = sum(answer.tries > 1 for answer in answers)
    most = f"most {max(taken):,.0f} ms; {refused} without 200, {again} came again on a new connection"
    return f"{what}: {len(answers):,} deliveries, {ends}, {most}"
