"""How many messages a second one worker sustains against a Graph API that answers after 150 ms.

    python -m bench.sending [--people 8000] [--url postgresql://…]

The emulated Graph API runs in a process of its own on the same machine, so the number is a lower bound. The
floor of the same run is the sender alone, without database, gate and pacing.
"""

import argparse
import asyncio
import multiprocessing
import tempfile
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from aiohttp import web
from flask import Flask
from sqlalchemy import insert

from bench.desks import beside
from bench.results import Desk, Measured
from bench.stage import to_everybody
from webapp import clock, create_app, database
from webapp.campaigns.models import Template
from webapp.campaigns.reports import counts
from webapp.campaigns.sending.pump import pump
from webapp.campaigns.sending.sender import Message, Recipient
from webapp.config import Settings
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.graph.graph import GraphSender
from webapp.whatsapp.launch import SLOTS

ANSWER_SECONDS = 0.15
PEOPLE = 8000
MOST_A_SECOND = 5000
FEWEST = 1000
"""Messages a second: the most that WhatsApp lets a number send."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--url", default="")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sustained(wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}", folder, wishes.people)


def measure(desk: Desk) -> list[Measured]:
    """On a desk of its own beside the large one."""
    with beside(desk, "sending") as url:
        rate = sustained(url, desk.folder, PEOPLE)
    goal = "sending by one worker, answers after 150 ms"
    return [Measured(goal, desk.engine, rate, FEWEST, "messages/s", at_least=True)]


def sustained(url: str, folder: str, people: int) -> float:
    """Messages a second with gate, pace and results."""
    port = multiprocessing.Queue()
    server = multiprocessing.Process(target=serve, args=(port,), daemon=True)
    server.start()
    try:
        app = desk(url, folder, f"http://127.0.0.1:{port.get()}")
        settings = app.config["HEED"]
        floor = asyncio.run(alone(settings, people))
        campaign_id = launched(app, people)
        rate = asyncio.run(pumped(app, settings, campaign_id, people))
        print(f"sender alone {floor:,.0f}/s; pump with gate, pace and results {rate:,.0f}/s")
        with app.app_context():
            print(counts.of(campaign_id).states)
            db.session.remove()
            db.engine.dispose()
    finally:
        server.kill()
    return rate


def serve(port: "multiprocessing.Queue[int]") -> None:
    """Every message is accepted, 150 ms later."""
    n = 0

    async def accept(request: web.Request) -> web.Response:
        nonlocal n
        body = await request.json()
        await asyncio.sleep(ANSWER_SECONDS)
        n += 1
        to = body.get("to", "").lstrip("+")
        return web.json_response({
            "messaging_product": "whatsapp", "contacts": [{"input": to, "wa_id": to}],
            "messages": [{"id": f"wamid.bench.{n}", "message_status": "accepted"}],
        })  # fmt: skip

    async def run() -> None:
        app = web.Application()
        app.router.add_post("/{number}/{kind}", accept)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port.put(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(run())


def desk(url: str, folder: str, graph: str) -> Flask:
    database.migrate(url)
    return create_app({
        "DATABASE_URL": url, "HEED_DATA_DIR": folder, "GRAPH_API_URL": graph, "SECRET_KEY": "x" * 32,
        "WHATSAPP_APP_SECRET": "secret", "WHATSAPP_VERIFY_TOKEN": "word", "WHATSAPP_ACCESS_TOKEN": "token",
        "WHATSAPP_PHONE_NUMBER_ID": "1", "WHATSAPP_BUSINESS_ACCOUNT_ID": "2",
    }, web=False)  # fmt: skip


def launched(app: Flask, people: int) -> int:
    now = clock.now() - timedelta(seconds=1)
    numbers = [(n + 1, str(5_511_900_000_000 + n)) for n in range(people)]
    with app.app_context(), writing():
        rows = [{"id": n, "name": f"Person {n}", "status": "opted_in", "created_at": now} for n, _ in numbers]
        db.session.execute(insert(Customer), rows)
        known = [
            {"customer_id": n, "kind": kind, "value": number, "match_key": number, "source": "bench",
             "created_at": now}
            for n, number in numbers
            for kind in ("phone", "wa_id")
        ]  # fmt: skip
        db.session.execute(insert(Identity), known)
        template = Template(
            name="spring_sale", language="en_US", category="MARKETING", status="APPROVED", synced_at=now,
            components=[{"type": "BODY", "text": "Our spring sale starts today."}],
        )  # fmt: skip
        campaign_id = to_everybody(MOST_A_SECOND, now, template=template)
        db.session.commit()
        return campaign_id


async def pumped(app: Flask, settings: Settings, campaign_id: int, people: int) -> float:
    sender = GraphSender(settings, marketing_endpoint=False, slots=SLOTS)
    start = time.perf_counter()
    while await pump(app, campaign_id, sender, clock.now) is not None:
        pass
    seconds = time.perf_counter() - start
    await sender.close()
    return people / seconds


async def alone(settings: Settings, people: int) -> float:
    sender = GraphSender(replace(settings), marketing_endpoint=False, slots=SLOTS)
    free = asyncio.Semaphore(SLOTS)
    message = Message(Recipient("+5511900000001"), "spring_sale", "en_US", "bench", marketing=False)

    async def one() -> None:
        async with free:
            await sender.send(message)

    start = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(people)))
    seconds = time.perf_counter() - start
    await sender.close()
    return people / seconds


if __name__ == "__main__":
    main()
