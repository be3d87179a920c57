"""Whether the webhook holds under load: nothing lost, no error, and how long Meta waits.

    python -m bench.load burst [--deliveries 5000] [--seconds 5] [--connections 100] [--customers 10000]
    python -m bench.load mixed [--rate 170] [--minutes 2] [--browsers 4] [--pace 20] [--customers 100000]

Both take `--url postgresql://…` of an empty database. In a burst each delivery holds one message, every
second one a STOP, half of them from customers. In the mix most are receipts, people browse, filter and switch
customers off, and a campaign is on its way through the fake Graph API, whose receipts come back. Times count
from when a delivery was due. At the end the database is asked for each message and each STOP.
"""

import argparse
import asyncio
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import aiohttp
from flask import Flask
from sqlalchemy import func, select

from bench import stage
from bench.arrivals import OK, Answer, Arrival, arrive, told
from bench.desks import beside
from bench.memory import Memory, watched
from bench.results import Desk, Measured
from bench.webhook import FIRST_NUMBER, ORDINARY, SECRET
from webapp.campaigns.models import Delivery
from webapp.customers.models import Customer, Identity
from webapp.extensions import db
from webapp.simulator import deliveries, statuses
from webapp.simulator.acts import Business, Said, Writer
from webapp.whatsapp.models import InboundMessage

RECEIPTS, STOPS = 0.75, 0.05
"""Shares of the mix; the rest are ordinary messages."""
THINKING_SECONDS = 0.5
AT_ONCE = 500
BAD = 400
LONGEST_MEDIAN, LONGEST = 250, 1000
"""Milliseconds for half of the deliveries, and for 99 of 100."""
MOST_GROWN = 1.0
"""MiB a minute."""
Pages = dict[str, list[float]]
"""Seconds that each page took, by what it is."""
BUSINESS = Business(*deliveries.DEMO_IDS)


@dataclass(frozen=True)
class Loaded:
    """What became of the deliveries of a load."""

    answers: list[Answer]
    lost: int
    """What was not answered with 200, or is not on record as it was said."""
    memory: dict[str, Memory]
    """Of each program."""


def measure(desk: Desk) -> list[Measured]:
    """On desks of their own beside the large one."""
    wishes = parser().parse_args(["mixed", "--customers", str(desk.customers), "--minutes", "10"])
    found = []
    for what, act in (("burst", burst), ("mixed", mixed)):
        with beside(desk, what) as url, tempfile.TemporaryDirectory(dir=desk.folder) as folder:
            loaded = act(stage.environment(url, folder, stage.free_port()), wishes)
        goal = {"burst": "5,000 webhooks in 5 s", "mixed": "170 webhooks/s, 10 minutes"}[what]
        found.append(Measured(f"{goal}: lost or refused", desk.engine, loaded.lost, 0, ""))
        if what == "mixed":
            taken = [answer.seconds * 1000 for answer in loaded.answers]
            found.append(Measured(f"{goal}: median", desk.engine, median(taken), LONGEST_MEDIAN, "ms"))
            late = quantiles(taken, n=100)[98]
            found.append(Measured(f"{goal}: 99 %", desk.engine, late, LONGEST, "ms"))
            for name, memory in loaded.memory.items():
                grown = f"{goal}: memory of {name}, after the first third"
                found.append(Measured(grown, desk.engine, memory.slope, MOST_GROWN, "MiB/min"))
    return found


def main() -> None:
    wishes = parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}"
        settings = stage.environment(url, folder, stage.free_port())
        loaded = burst(settings, wishes) if wishes.what == "burst" else mixed(settings, wishes)
    sys.exit(loaded.lost > 0)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["burst", "mixed"])
    parser.add_argument("--url", default="")
    parser.add_argument("--customers", type=int)
    parser.add_argument("--connections", type=int, default=100)
    parser.add_argument("--deliveries", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=float, default=170)
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--browsers", type=int, default=4)
    parser.add_argument("--pace", type=int, default=20)
    return parser


def burst(settings: dict[str, str], wishes: argparse.Namespace) -> Loaded:
    customers = wishes.customers or 10_000
    app = stage.seeded(settings, customers, 0)
    who = [n if n // 2 % 2 else customers + n for n in range(wishes.deliveries)]
    stops = {n for n in range(wishes.deliveries) if n % 2}
    arrivals = [
        Arrival(wishes.seconds * n / wishes.deliveries, said(n, who[n], n in stops))
        for n in range(wishes.deliveries)
    ]
    with stage.running(settings, worker=True) as running, remembered(running) as memory:
        start = time.perf_counter()
        answers = asyncio.run(arrive(running.port, arrivals, SECRET, wishes.connections))
        took = time.perf_counter() - start
    print(told("burst", answers), f"; {len(answers) / took:,.0f} a second", sep="")
    return Loaded(
        answers, refused(answers) + lost(app, range(wishes.deliveries), {who[n] for n in stops}), memory
    )


@contextmanager
def remembered(running: stage.Stage) -> Iterator[dict[str, Memory]]:
    """What each program takes of the memory until the end."""
    with ExitStack() as until_end:
        yield {name: until_end.enter_context(watched(pid)) for name, pid in running.programs.items()}


def refused(answers: list[Answer]) -> int:
    return sum(answer.status != OK for answer in answers)


def said(n: int, who: int, stop: bool) -> bytes:
    """Message `n`, from person `who`."""
    number = str(FIRST_NUMBER + who)
    writer = Writer(f"Person {who}", number, deliveries.user_id_of(number))
    words = "STOP" if stop else ORDINARY[n % len(ORDINARY)]
    return deliveries.delivery(BUSINESS, writer, Said(message_id(n), words, datetime.now(UTC)))


def message_id(n: int) -> str:
    return f"wamid.load.{n}"


def receipt(n: int, word: str) -> bytes:
    """What became of the message of the earlier campaign to customer `n`."""
    status = statuses.Status(
        stage.wamid(n), word, datetime.now(UTC), str(FIRST_NUMBER + n), False, None, "MARKETING"
    )
    return statuses.delivery(BUSINESS, [status])


def lost(app: Flask, messages: Iterable[int], stopped: set[int]) -> int:
    """Messages that are not kept, or not once; people who said STOP and are not opted out; dead letters."""
    with app.app_context():
        keys = Counter(db.session.scalars(select(InboundMessage.key).where(InboundMessage.kind != "status")))
        wanted = [f"message:{message_id(n)}" for n in messages]
        missing = [key for key in wanted if keys[key] != 1]
        numbers = {str(FIRST_NUMBER + n) for n in stopped}
        out = select(func.count(Customer.id.distinct())).join(Identity, Identity.customer_id == Customer.id)
        out = out.where(Identity.kind == "wa_id", Customer.status == "opted_out")
        unheard = len(numbers) - sum(
            db.session.scalar(out.where(Identity.value.in_(some))) for some in portions(sorted(numbers))
        )
        dead = db.session.scalar(select(func.count()).where(InboundMessage.failure.is_not(None)))
    stops = f"{len(numbers):,} STOPs, {unheard} not in force"
    print(f"{len(wanted):,} messages, {len(missing)} lost; {stops}; {dead} dead")
    return len(missing) + unheard + (dead or 0)


def portions(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))


def mixed(settings: dict[str, str], wishes: argparse.Namespace) -> Loaded:
    customers = wishes.customers or 100_000
    most = int(wishes.rate * wishes.minutes * 60)
    app = stage.seeded(settings, customers, min(customers, most))
    arrivals, messages, stopped, receipts = mix(most, customers, wishes.rate)
    link = stage.sign_in_link(app)
    with stage.running(settings, worker=True) as running, remembered(running) as memory:
        if wishes.pace:
            stage.launched(app, wishes.pace)
        answers, pages = asyncio.run(live(running, arrivals, link, wishes))
    print(told("mixed", answers))
    told_pages(pages)
    for name, taken in memory.items():
        ends = f"{taken.start:.0f} MiB at first, {taken.end:.0f} at last"
        print(f"memory of {name}: {ends}, {taken.slope:+.2f} MiB a minute after the first third")
    kept = receipts_kept(app)
    print(f"{receipts:,} receipts, {receipts - kept} lost")
    return Loaded(answers, refused(answers) + lost(app, messages, stopped) + abs(receipts - kept), memory)


def receipts_kept(app: Flask) -> int:
    """Of the earlier campaign; says what became of the messages of each."""
    with app.app_context():
        each = Delivery.campaign_id, Delivery.state
        for campaign, state, n in db.session.execute(select(*each, func.count()).group_by(*each)):
            print(f"campaign {campaign}: {n:,} {state}")
        ours = InboundMessage.kind == "status", InboundMessage.key.contains(stage.EARLIER)
        return db.session.scalar(select(func.count()).where(*ours)) or 0


def mix(most: int, customers: int, rate: float) -> tuple[list[Arrival], list[int], set[int], int]:
    """At random times, as people are: (arrivals, the messages, who said STOP, how many receipts)."""
    dice = random.Random("load")
    arrivals, messages, stopped, receipts, due = [], [], set(), 0, 0.0
    for n in range(most):
        due += dice.expovariate(rate)
        drawn = dice.random()
        if drawn < RECEIPTS:
            body = receipt(receipts // 2 % customers, ("delivered", "read")[receipts % 2])
            receipts += 1
        else:
            who, stop = dice.randrange(customers * 2), drawn < RECEIPTS + STOPS
            if who in stopped:
                stop = True
            body = said(n, who, stop)
            messages.append(n)
            stopped |= {who} if stop else set()
        arrivals.append(Arrival(due, body))
    return arrivals, messages, stopped, receipts


async def live(
    running: stage.Stage, arrivals: list[Arrival], link: str, wishes: argparse.Namespace
) -> tuple[list[Answer], Pages]:
    """Everything at once."""
    pages: Pages = {}
    base = f"http://127.0.0.1:{running.port}"
    async with aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get(link) as page:
            page.raise_for_status()
        people = [asyncio.ensure_future(browse(session, n, pages)) for n in range(wishes.browsers)]
        answers = await arrive(running.port, arrivals, SECRET, wishes.connections)
        for each in people:
            each.cancel()
        for each in people:
            with suppress(asyncio.CancelledError):
                await each
    return answers, pages


async def browse(session: aiohttp.ClientSession, n: int, pages: Pages) -> None:
    """The table, a filter, a search, and somebody on it switched off, again and again."""
    dice = random.Random(f"browser {n}")
    while True:
        words = f"person {dice.randrange(1000)}"
        for what, path in (
            ("table", "/opt-in"),
            ("tag", f"/opt-in?tag=tag+{dice.randrange(stage.TAGS)}"),
            ("search", f"/opt-in?q={words.replace(' ', '+')}"),
        ):
            page = await timed(session.get(path), what, pages)
            await asyncio.sleep(THINKING_SECONDS * dice.random() * 2)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        ids = re.findall(r'id="customer-(\d+)"', page)
        if token and ids:
            posted = {"csrf_token": token[1], "status": "opted_out"}
            await timed(session.post(f"/customers/{dice.choice(ids)}/consent", data=posted), "switch", pages)


async def timed(asked: Any, what: str, pages: Pages) -> str:
    start = time.perf_counter()
    async with asked as answer:
        text = await answer.text()
    name = what if answer.status < BAD else f"{what} answered {answer.status}"
    pages.setdefault(name, []).append(time.perf_counter() - start)
    return text


def told_pages(pages: Pages) -> None:
    for what, taken in pages.items():
        ends = f"99 % within {quantiles(taken, n=100)[98] * 1000:,.0f} ms" if len(taken) > 1 else ""
        print(f"page {what}: {len(taken):,} times, median {median(taken) * 1000:,.0f} ms, {ends}")


if __name__ == "__main__":
    main()
