"""How long the audience of everybody takes to be written, and how many messages a second may be claimed.

    python -m bench.audience --url sqlite:///desk.db --customers 1000000

The desk is one of `bench.generate`. Everybody is written down as the worker does it, in parts, and compared
with counting the same people for the preview. Then deliveries are claimed as a pump does, as many at once,
each claim with the gate and its commit. Nothing is sent, and the campaign is deleted at the end.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from statistics import median, quantiles

from flask import Flask
from sqlalchemy import delete, select

from bench.browser import desk_app
from bench.desks import asked_for
from bench.results import Desk, Measured
from bench.table import table
from webapp import clock
from webapp.campaigns import audience, audience_parts, lifecycle
from webapp.campaigns.audience import Preview
from webapp.campaigns.claims import MOST_AT_ONCE
from webapp.campaigns.lifecycle import Outlook
from webapp.campaigns.models import Campaign, Delivery, Template
from webapp.campaigns.starting import Gate, start
from webapp.consent.gate import Category
from webapp.consent.models import Policy
from webapp.consent.policy import terms
from webapp.extensions import db
from webapp.transactions import committed

ROUNDS, LONGEST_SECONDS = 3, 30
CLAIMS = 100
EVERYBODY = {"include": [{"kind": "everybody"}], "exclude": []}
SLOWEST, FEWEST = 1.5, 10_000


def main() -> None:
    with asked_for(argparse.ArgumentParser()) as (desk, _):
        print(table(measure(desk)))


def measure(desk: Desk) -> list[Measured]:
    app = desk_app(desk.url, desk.folder)
    ratios, rates = list(written(app)), claimed(app)
    with app.app_context():
        db.engine.dispose()
    return [
        Measured("audience of everybody, written", desk.engine, median(ratios), SLOWEST, "× its count"),
        Measured("claims with the gate", desk.engine, median(rates), FEWEST, "rows/s", quartiles(rates),
                 at_least=True),
    ]  # fmt: skip


def written(app: Flask) -> Iterator[float]:
    """Writing in multiples of counting, some times unless it takes long."""
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        with campaign(app) as campaign_id:
            counted = seconds(partial(count, app, campaign_id))
            wrote = seconds(partial(audience_parts.write_down, app, campaign_id, clock.now))
        print(f"  audience counted in {counted:.2f} s, written in {wrote:.2f} s", flush=True)
        yield wrote / counted
        if time.perf_counter() - begun > LONGEST_SECONDS:
            return


def claimed(app: Flask) -> list[float]:
    """Rows a second of each claim."""
    rates = []
    with campaign(app) as campaign_id:
        audience_parts.write_down(app, campaign_id, clock.now)
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
def campaign(app: Flask) -> Iterator[int]:
    """A marketing campaign to everybody that was launched and has no deliveries yet; deleted at the end."""
    campaign_id = committed(app, launched)
    try:
        yield campaign_id
    finally:
        committed(app, partial(forget, campaign_id))


def launched() -> int:
    now = clock.now()
    marketing = select(Template).where(Template.category == Category.MARKETING).limit(1)
    made = lifecycle.create(
        "Bench", actor="system", now=now, template_id=db.session.scalars(marketing).one().id,
        audience=EVERYBODY,
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
