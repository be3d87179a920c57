"""How long the audience of everybody takes to be written, and how many messages a second may be claimed.

    python -m bench.audience --url sqlite:///desk.db --customers 1000000

The desk is one of `bench.generate`. Everybody is written down as the worker does it, in parts, and compared
with counting the same people for the preview, and with the floor, what nobody can save: to find out whom it
means, which is what the count does, and then the same rows, ready beforehand, put into the same table in
parts of the same size. So is who has one of two tags and lives in one of two cities, few enough to be
written at the launch, in one statement. Then deliveries are claimed as a pump does, as many at once,
each claim with the gate and its commit. Nothing is sent, and the campaign is deleted at the end.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles
from typing import Any

from flask import Flask
from sqlalchemy import column, delete, insert, literal, select, table, text

from bench import table as results
from bench.browser import desk_app
from bench.desks import asked_for
from bench.filters import MIDDLE, RARE
from bench.results import Desk, Measured
from webapp import clock
from webapp.campaigns import audience, lifecycle
from webapp.campaigns.audience import Preview
from webapp.campaigns.lifecycle import Outlook
from webapp.campaigns.models import Campaign, Delivery, Template
from webapp.campaigns.sending import audience_parts
from webapp.campaigns.sending.claims import MOST_AT_ONCE
from webapp.campaigns.sending.starting import Gate, start
from webapp.consent.gate import Category
from webapp.consent.models import Policy
from webapp.consent.policy import terms
from webapp.extensions import db
from webapp.transactions import committed

ROUNDS, LONGEST_SECONDS = 3, 30
CLAIMS = 100
EVERYBODY = {"include": [{"kind": "everybody"}], "exclude": []}
SOME = {
    "include": [
        {"kind": "filter", "args": {"tag": tag, "attr": city}}
        for tag in (MIDDLE, RARE) for city in ("City:Accra", "City:Berlin")
    ],
    "exclude": [],
}  # fmt: skip
SLOWEST, FEWEST = 1.5, 10_000
Write = Callable[[Flask, int], None]
READY = "bench_ready_rows"
COLUMNS = (
    Delivery.customer_id, Delivery.state, Delivery.reason, Delivery.attempts, Delivery.settled_why,
    Delivery.after_opt_out,
)  # fmt: skip


def main() -> None:
    with asked_for(argparse.ArgumentParser()) as (desk, _):
        print(results.table(measure(desk)))


def measure(desk: Desk) -> list[Measured]:
    app = desk_app(desk.url, desk.folder)
    measured = [
        *ratios(desk, app, "audience of everybody", EVERYBODY, by_worker),
        *ratios(desk, app, "audience of two tags in two cities", SOME, at_once),
    ]
    rates = claimed(app)
    with app.app_context():
        db.engine.dispose()
    return [
        *measured,
        Measured("claims with the gate", desk.engine, median(rates), FEWEST, "rows/s", quartiles(rates),
                 at_least=True),
    ]  # fmt: skip


def ratios(desk: Desk, app: Flask, what: str, whom: dict[str, Any], write: Write) -> list[Measured]:
    of_count, of_floor = zip(*written(app, whom, write), strict=True)
    return [
        Measured(f"{what}, written", desk.engine, median(of_count), SLOWEST, "× its count"),
        Measured(f"{what}, of its count and ready rows", desk.engine, median(of_floor), SLOWEST, "×"),
    ]


def by_worker(app: Flask, campaign_id: int) -> None:
    audience_parts.write_down(app, campaign_id, clock.now)


def at_once(app: Flask, campaign_id: int) -> None:
    def write() -> None:
        found = db.session.get_one(Campaign, campaign_id)
        audience.write_all(found, Category.MARKETING, clock.now())

    committed(app, write)


def written(app: Flask, whom: dict[str, Any], write: Write) -> Iterator[tuple[float, float]]:
    """Writing in multiples of counting and of the floor, some times unless it takes long."""
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        with campaign(app, whom) as campaign_id:
            counted = seconds(partial(count, app, campaign_id))
            wrote = seconds(partial(write, app, campaign_id))
            with ready(app, campaign_id), campaign(app, whom) as again:
                floor = seconds(partial(put, app, again))
        told = f"counted in {counted:.2f} s, written in {wrote:.2f} s, ready rows in {floor:.2f} s"
        print(f"  audience {told}", flush=True)
        yield wrote / counted, wrote / (counted + floor)
        if time.perf_counter() - begun > LONGEST_SECONDS:
            return


@contextmanager
def ready(app: Flask, campaign_id: int) -> Iterator[None]:
    """The deliveries of a campaign in a table of their own, by the customer."""
    made = select(*COLUMNS).where(Delivery.campaign_id == campaign_id).order_by(Delivery.customer_id)
    with app.app_context():
        rows = made.compile(db.engine, compile_kwargs={"literal_binds": True})
    committed(app, lambda: db.session.execute(text(f"CREATE TABLE {READY} AS {rows}")))
    committed(app, lambda: db.session.execute(text(f"CREATE INDEX {READY}_id ON {READY} (customer_id)")))
    try:
        yield
    finally:
        committed(app, lambda: db.session.execute(text(f"DROP TABLE {READY}")))


def put(app: Flask, campaign_id: int) -> None:
    """The ready rows as deliveries of another campaign, in parts as they are written."""
    source = table(READY, *map(column, (each.key for each in COLUMNS)))
    with app.app_context():
        ids = list(db.session.scalars(select(source.c.customer_id).order_by(source.c.customer_id)))
    for first in range(0, len(ids), audience.AT_ONCE):
        part = ids[first : first + audience.AT_ONCE]
        rows = select(literal(campaign_id), *source.c).order_by(source.c.customer_id)
        rows = rows.where(source.c.customer_id.between(part[0], part[-1]))
        filled = insert(Delivery).from_select(["campaign_id", *source.c.keys()], rows)
        committed(app, partial(db.session.execute, filled))


def claimed(app: Flask) -> list[float]:
    """Rows a second of each claim."""
    rates = []
    with campaign(app, EVERYBODY) as campaign_id:
        by_worker(app, campaign_id)
        for _ in range(CLAIMS):
            begun = time.perf_counter()
            rows = committed(app, partial(claim, campaign_id))
            if rows < MOST_AT_ONCE:
                break
            rates.append(rows / (time.perf_counter() - begun))
    return rates


def claim(campaign_id: int) -> int:
    """As many rows as a pump takes at once."""
    now = clock.now()
    gate = Gate(Category.MARKETING, terms(db.session.scalars(select(Policy)).one(), now))
    return len(start(campaign_id, gate, MOST_AT_ONCE, "bench", now))


def count(app: Flask, campaign_id: int) -> Preview:
    with app.app_context():
        found = db.session.get_one(Campaign, campaign_id)
        return audience.preview(found, Category.MARKETING, clock.now())


@contextmanager
def campaign(app: Flask, whom: dict[str, Any]) -> Iterator[int]:
    """A marketing campaign that was launched and has no deliveries yet; deleted at the end."""
    campaign_id = committed(app, partial(launched, whom))
    try:
        yield campaign_id
    finally:
        committed(app, partial(forget, campaign_id))


def launched(whom: dict[str, Any]) -> int:
    now = clock.now()
    marketing = select(Template).where(Template.category == Category.MARKETING).limit(1)
    made = lifecycle.create(
        "Bench", actor="system", now=now, template_id=db.session.scalars(marketing).one().id,
        audience=whom,
    )  # fmt: skip
    by_worker = Outlook(Preview(audience.AT_ONCE + 1, {}), lacking="")
    lifecycle.launch(made, actor="system", now=now, seen=by_worker)
    return made.id


def forget(campaign_id: int) -> None:
    db.session.execute(delete(Delivery).where(Delivery.campaign_id == campaign_id))
    db.session.execute(delete(Campaign).where(Campaign.id == campaign_id))


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def quartiles(values: list[float]) -> tuple[float, float]:
    lower, _, upper = quantiles(values)
    return lower, upper


if __name__ == "__main__":
    main()
