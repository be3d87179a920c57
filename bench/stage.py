"""A desk under load: seeded, with web and worker as the Procfile starts them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, insert, select

from bench.webhook import FIRST_NUMBER, ROOT, SECRET, wait_for, web_line
from webapp import clock, create_app, database, tasks
from webapp.accounts import links, users
from webapp.accounts.roles import Role
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery, Template
from webapp.customers.models import Customer, CustomerTag, Identity, Tag
from webapp.database import writing
from webapp.extensions import db
from webapp.simulator.deliveries import DEMO_IDS

AT_ONCE = 10_000
TAGS = 50
EARLIER = "wamid.earlier."


@dataclass(frozen=True)
class Stage:
    port: int
    programs: dict[str, int]
    """What runs, by name: its process id."""


def environment(url: str, folder: str, port: int) -> dict[str, str]:
    account, number = DEMO_IDS
    return {
        "DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32, "WHATSAPP_APP_SECRET": SECRET,
        "WHATSAPP_VERIFY_TOKEN": "word", "WHATSAPP_ACCESS_TOKEN": "token", "WHATSAPP_PHONE_NUMBER_ID": number,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": account, "HEED_SIMULATOR": "1", "LOG_LEVEL": "WARNING",
        "GRAPH_API_URL": f"http://127.0.0.1:{port}/simulator/graph/v26.0", "PORT": str(port),
    }  # fmt: skip


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def running(settings: dict[str, str], *, worker: bool) -> Iterator[Stage]:
    """Web, and worker if wanted, until the end."""
    port = int(settings["PORT"])
    surroundings = os.environ | settings | {"GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port}"}
    lines = {"web": [sys.executable, "-m", "gunicorn", *web_line()]}
    lines |= {"worker": [sys.executable, "-m", "webapp", "worker"]} if worker else {}
    started = {name: subprocess.Popen(line, cwd=ROOT, env=surroundings) for name, line in lines.items()}
    try:
        wait_for(port)
        yield Stage(port, {name: program.pid for name, program in started.items()})
    finally:
        for program in started.values():
            program.terminate()
        for program in started.values():
            program.wait()


def seeded(settings: dict[str, str], customers: int, sent: int) -> Flask:
    """`customers` who may receive marketing; the first `sent` of them got a message that has no receipt."""
    database.migrate(settings["DATABASE_URL"])
    app = create_app(settings, web=False)
    now = clock.now() - timedelta(minutes=1)
    with app.app_context(), writing():
        _insert(Tag, [{"id": n + 1, "name": f"tag {n}", "key": f"tag {n}"} for n in range(TAGS)])
        for start in range(0, customers, AT_ONCE):
            _people(range(start, min(start + AT_ONCE, customers)), now)
        _earlier_campaign(sent, now)
        db.session.commit()
        _advance_sequences()
        database.analyze(db.session.connection())
        db.session.commit()
    return app


def _people(numbers: range, now: Any) -> None:
    people = [
        {"id": n + 1, "name": f"Person {n}", "search": f"person {n} {FIRST_NUMBER + n}", "status": "opted_in",
         "phone_display": f"+{FIRST_NUMBER + n}", "tags_json": [f"tag {n % TAGS}"], "created_at": now}
        for n in numbers
    ]  # fmt: skip
    known = [
        {"customer_id": n + 1, "kind": kind, "value": str(FIRST_NUMBER + n), "source": "bench",
         "match_key": str(FIRST_NUMBER + n), "created_at": now}
        for n in numbers
        for kind in ("phone", "wa_id")
    ]  # fmt: skip
    _insert(Customer, people)
    _insert(Identity, known)
    _insert(CustomerTag, [{"tag_id": n % TAGS + 1, "customer_id": n + 1} for n in numbers])


def _earlier_campaign(sent: int, now: Any) -> None:
    template = Template(
        name="spring_sale", language="en_US", category="MARKETING", status="APPROVED", synced_at=now,
        parameter_format="NAMED",
        components=[{"type": "BODY", "text": "Hi {{first_name}}, spring begins with {{discount}} off."}],
    )  # fmt: skip
    campaign = Campaign(
        name="Earlier", template=template, created_at=now, created_by="system", changed_at=now,
        changed_by="system", status="finished",
    )  # fmt: skip
    db.session.add(campaign)
    db.session.flush()
    rows = [
        {"campaign_id": campaign.id, "customer_id": n + 1, "state": "sent", "wamid": wamid(n), "sent_at": now,
         "started_at": now}
        for n in range(sent)
    ]  # fmt: skip
    _insert(Delivery, rows)


def wamid(n: int) -> str:
    return f"{EARLIER}{n}"


def _insert(model: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model), rows)


def _advance_sequences() -> None:
    """Rows that brought their numbers did not move PostgreSQL's sequences."""
    if db.engine.dialect.name == "postgresql":
        for model in (Customer, Tag):
            sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
            db.session.execute(select(func.setval(sequence, select(func.max(model.id)).scalar_subquery())))
        db.session.commit()


def launched(app: Flask, pace: int) -> None:
    """A campaign to everybody runs from now on."""
    now = clock.now()
    with app.app_context(), writing():
        campaign_id = to_everybody(
            max(pace, 80), now, template=db.session.scalars(select(Template)).first(), pace=pace,
            parameters={"body:first_name": {"text": "you"}, "body:discount": {"text": "30%"}},
        )  # fmt: skip
        db.session.commit()
        tasks.enqueue(app, "pump", campaign_id)


def to_everybody(rate: int, now: datetime, **more: Any) -> int:
    """The id of a campaign to everybody that is launched; the number sends so many messages a second."""
    sending = switch.current()
    sending.rate, sending.templates_synced_at = rate, now
    campaign = Campaign(
        name="Running", audience={"include": [{"kind": "everybody"}], "exclude": []},
        created_at=now, created_by="system", changed_at=now, changed_by="system", **more,
    )  # fmt: skip
    db.session.add(campaign)
    db.session.flush()
    lifecycle.launch(campaign, actor="system", now=now)
    return campaign.id


def sign_in_link(app: Flask) -> str:
    with app.app_context(), writing():
        user = users.create("bench@example.com", Role.MANAGER, now=clock.now())
        token = links.create(user, clock.now())
        db.session.commit()
    return f"/sign-in/{token}"
