"""A small desk that a test looks into, its people, and what they and the agents do."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_user
from tests.fakes import ScriptedGraph
from tests.faults.client import SECRET, Client
from tests.faults.history import History, Record, Request, Toggle, Word, read
from webapp import clock, create_app, tasks
from webapp.accounts import links
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Template
from webapp.campaigns.sending.addressing import delivery_named
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.database import is_sqlite, writing
from webapp.extensions import db
from webapp.simulator.deliveries import DEMO_IDS

TEMPLATE = {
    "id": "1", "name": "spring_sale", "language": "en_US", "status": "APPROVED", "category": "MARKETING",
    "parameter_format": "NAMED", "components": [{"type": "BODY", "text": "Our spring sale starts today."}],
}  # fmt: skip
_numbers = count(1_000_001)
ORDINARY = ("hello, is this in stock?", "obrigado pela ajuda", "where is my parcel 774")


@dataclass(frozen=True)
class Person:
    id: int
    number: str


@dataclass
class Desk:
    """`app` is the test's own; `moved` is how many seconds the clock of the desk's programs is ahead."""

    url: str
    folder: Path
    graph: ScriptedGraph
    port: int
    seed: int = 1
    queue: str = ""
    """Where tasks wait; "" where they do by default."""
    history: History = field(default_factory=History)
    moved: float = 0.0
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.client = Client(self.port, self.history)
        self.graph.templates = [TEMPLATE]
        self.app = create_app(self.settings, web=False)
        with self.app.app_context(), writing():
            a_template(external_id="1", synced_at=clock.now())
            db.session.remove()

    @property
    def settings(self) -> dict[str, str]:
        account, number = DEMO_IDS
        return {
            "DATABASE_URL": self.url, "HEED_DATA_DIR": str(self.folder / "data"), "SECRET_KEY": "k" * 32,
            "WHATSAPP_APP_SECRET": SECRET, "WHATSAPP_VERIFY_TOKEN": "word", "WEB_CONCURRENCY": "1",
            "WHATSAPP_ACCESS_TOKEN": "token", "WHATSAPP_PHONE_NUMBER_ID": number,
            "WHATSAPP_BUSINESS_ACCOUNT_ID": account, "GRAPH_API_URL": self.graph.url, "HEED_SIMULATOR": "1",
            "PORT": str(self.port), "TASK_QUEUE_URL": self.queue,
        }  # fmt: skip

    @property
    def sqlite(self) -> bool:
        return is_sqlite(self.url)

    def forget_connections(self) -> None:
        """Of the test itself: the database is about to go away."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def now(self) -> datetime:
        return clock.now() + timedelta(seconds=self.moved)

    def people(self, number: int) -> list[Person]:
        """Customers who may receive marketing."""
        with self.app.app_context(), writing():
            made = [self._opted_in(f"Person {n}", f"+55 11 98{next(_numbers)}") for n in range(number)]
            db.session.commit()
            found = [Person(one.id, one.identities[0].value) for one in made]
            db.session.remove()
        return found

    def _opted_in(self, name: str, number: str) -> Customer:
        now = self.now()
        customer = identities.create(name=name, phone=number, source="agent", now=now)
        proof = Proof("web_form", "Yes, send me offers")
        ledger.record(customer, Statement(Status.OPTED_IN, Source.IMPORT, "system", now, proof=proof))
        return customer

    def sign_in(self, role: str) -> None:
        self.client.sign_in(self.link(role))

    def link(self, role: str) -> str:
        with self.app.app_context(), writing():
            token = links.create(a_user(role), self.now())
            db.session.commit()
            db.session.remove()
        return f"/sign-in/{token}"

    def said(self, number: str, text: str = "STOP", person: int = 0) -> Word:
        id = f"wamid.{len(self.history.words)}.{number[-4:]}"
        self.history.words.append(Word(time.time(), id=id, number=number, text=text, person=person))
        return self.history.words[-1]

    def a_crowd(self, stopping: Sequence[Person], others: int = 3) -> list[Word]:
        """STOPs of these people, some of them from a shorter form of their number, and words of strangers."""
        words = [self.said(self._form(one.number), person=one.id) for one in stopping]
        for _ in range(others):
            words.append(self.said(f"4915{self.dice.randrange(10**8):08}", self.dice.choice(ORDINARY)))
        self.dice.shuffle(words)
        return words

    def _form(self, number: str) -> str:
        """Brazilian numbers come with and without their ninth digit."""
        return number[:4] + number[5:] if self.dice.random() < 0.5 else number

    def switch_off(self, person: Person) -> None:
        self.history.toggles.append(Toggle(time.time(), customer_id=person.id))
        self.client.switch_off(self.history.toggles[-1])

    def launch(self, people: Sequence[Person], **columns: Any) -> int:
        """The id of a campaign to these people, which the worker knows of."""
        with self.app.app_context(), writing():
            reached = [db.session.get_one(Customer, one.id) for one in people]
            campaign = a_campaign(db.session.query(Template).one(), *reached, **columns)
            id = lifecycle.launch(campaign, actor="user:1", now=self.now()).id
            db.session.commit()
            db.session.remove()
        tasks.enqueue(self.app, "pump", id)
        return id

    def wire(self) -> list[Request]:
        """What came to WhatsApp."""
        return [
            Request(one.at, one.body["to"].lstrip("+"), *delivery_named(one.body["biz_opaque_callback_data"]))
            for one in self.graph.requests
        ]

    def record(self, *, verified: bool = True, logs: Sequence[Path] = ()) -> Record:
        self.history.requests = self.wire()
        return read(self.app, self.now(), [log.read_text() for log in logs], verified=verified)
