"""The desk that the journeys walk through: the real application behind a real server, with demo data."""

import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from flask import Flask, current_app
from jinja2 import BytecodeCache
from sqlalchemy import update
from werkzeug.serving import make_server

from e2e import campaigns, endpoints, imports, letters
from tests.exhibits import a_png
from webapp import clock, create_app, database
from webapp.accounts import links, sessions, trail, users
from webapp.accounts.account_event import Happened
from webapp.accounts.models import User, UserSession
from webapp.accounts.roles import Role
from webapp.backups.models import Restore
from webapp.bulk.actions import ActionKind
from webapp.bulk.models import BatchRun
from webapp.consent import batches, disclosures, ledger, policy, wordings
from webapp.consent.batches import BatchKind
from webapp.consent.file_kinds import read_upload
from webapp.consent.keywords import KeywordSet
from webapp.consent.ledger import Proof, Statement
from webapp.consent.policy import Wishes
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping, verification
from webapp.consent.wordings import Draft
from webapp.customers import consenting, duplicates
from webapp.customers.filters import Filter
from webapp.customers.journal import log
from webapp.customers.models import Customer
from webapp.customers.saved_views import saved_view
from webapp.customers.tags import tags
from webapp.database import writing
from webapp.demo import desk as demo
from webapp.extensions import db
from webapp.formatting import instant
from webapp.imports import uploads
from webapp.status import alarm_worker

CUSTOMERS = 60
WHATSAPP = {
    "WHATSAPP_ACCESS_TOKEN": "an access token",
    "WHATSAPP_PHONE_NUMBER_ID": "310000000000001",
    "WHATSAPP_BUSINESS_ACCOUNT_ID": "210000000000001",
}
PASSWORD = "nine careful herons"
VIEW = Filter(tags=("newsletter",), attrs=(("plan", "Pro"),), status="opted_out")
NAMES = {"viewer": "Vera Lins", "agent": "Dana Kim", "manager": "Marta Gil", "admin": "Ada Reis"}


@dataclass(frozen=True)
class Desk:
    url: str
    app: Flask

    def sign_in_link(self, role: str) -> str:
        """A fresh link for the one user of this role."""
        with self.app.app_context(), writing():
            token = links.create(colleague(role), clock.now())
            db.session.commit()
        return f"{self.url}/sign-in/{token}"

    def with_password(self, role: str) -> str:
        """The address of the user of this role, who can sign in with PASSWORD from now on."""
        with self.app.app_context(), writing():
            user = colleague(role)
            users.set_password(user, PASSWORD, now=clock.now())
            db.session.commit()
            return user.email

    def set_keywords(self, opt_out: list[str], opt_in: list[str]) -> None:
        """Switch the keywords on, and let them be these."""
        with self.app.app_context(), writing():
            wishes = Wishes(True, KeywordSet(tuple(opt_out), tuple(opt_in)), False)
            policy.change(wishes, version=None, actor="system", now=clock.now())
            db.session.commit()

    def opt_out_words(self) -> list[str]:
        with self.app.app_context(), writing():
            return list(policy.current().opt_out_words)

    def end_sessions(self, role: str) -> None:
        """Every browser of this user is signed out."""
        with self.app.app_context(), writing():
            sessions.revoke_all(colleague(role), clock.now())
            db.session.commit()

    def time_passes(self, role: str, minutes: int) -> None:
        """This user signed in so many minutes earlier than they did."""
        with self.app.app_context(), writing():
            sure_at = clock.now() - timedelta(minutes=minutes)
            own = update(UserSession).where(UserSession.user_id == colleague(role).id)
            db.session.execute(own.values(confirmed_at=sure_at))
            db.session.commit()


def colleague(role: str) -> User:
    """The desk's one user of this role."""
    email = f"{role}@desk.example"
    return users.find(email) or users.create(email, Role(role), now=clock.now(), name=NAMES[role])


def stock(file: Path) -> None:
    """Write a database with demo customers, of whom nobody real is one."""
    database.migrate(f"sqlite:///{file}")
    app = application(file)
    with app.app_context():
        for _ in demo.fill(CUSTOMERS, clock.now()):
            pass
        campaigns.stage(clock.now())
        stage_duplicates()
        stage_proof()
        stage_log(clock.now())
        stage_views(clock.now())
        stage_restore(clock.now())
        stage_accounts()
        letters.stage(clock.now())
        stage_dispute()
        endpoints.stage(clock.now())
        imports.stage(clock.now())
        alarm_worker.look(app, clock.now())
        db.session.remove()
        db.engine.dispose()


def stage_duplicates() -> None:
    """Two customers who may be one person."""
    with writing():
        one, other = (db.session.get_one(Customer, id) for id in (57, 58))
        why = "WhatsApp showed the number of one and the user ID of the other in one message."
        duplicates.note(one, other, why, clock.now())
        db.session.commit()


def stage_dispute() -> None:
    """The ledger is sealed and was verified, and a customer differs from it."""
    with writing():
        db.session.get_one(Customer, 56).held_at = clock.now()
        db.session.commit()
    housekeeping.seal_all(current_app.config["HEED"])
    verification.run(verification.NIGHTLY, housekeeping.anchors(current_app.config["HEED"]), clock.now())


def stage_proof() -> None:
    """A wording in two versions, and a customer whose consent a wording, a link and a file prove."""
    box = Draft("Checkout box", "pt_BR", "Sim, quero receber ofertas da Casa Lume pelo WhatsApp.")
    later = replace(box, text="Sim, quero receber ofertas e novidades da Casa Lume pelo WhatsApp.")
    with writing():
        wording = wordings.add(box, actor="system", now=clock.now())
        wordings.change(wording, later, version=1, actor="system", now=clock.now())
        proof = Proof("paper_form", box.text, link="https://casalume.example/form/17", wording_id=wording.id,
                      wording_version=1)  # fmt: skip
        customer = db.session.get_one(Customer, 59)
        consenting.opt_out(customer, actor="system", now=clock.now())
        consenting.opt_in(
            customer, proof, upload=read_upload(a_png(), "ficha.png"), version=customer.version,
            stated_at=None, actor="system", now=clock.now(),
        )  # fmt: skip
        db.session.commit()


def stage_log(now: datetime) -> None:
    """A batch, a setting that somebody changed and a file that somebody took; no customer's state moves."""
    with writing():
        batch = batches.open_batch(BatchKind.IMPORT, "spring list.csv", actor="user:1", now=now)
        opted_out = db.select(Customer).where(Customer.status == Status.OPTED_OUT).order_by(Customer.id)
        for customer in db.session.scalars(opted_out.limit(3)).all():
            proof = Proof(words="From the spring list")
            said = Statement(Status.OPTED_OUT, Source.API, "user:1", now, proof=proof, batch_id=batch.id)
            ledger.record(customer, said)
        stage_bulk_change(now)
        hours = {"window_from": None, "window_until": None}, {"window_from": 540, "window_until": 1080}
        ledger.record_policy(*hours, actor="user:1", now=now)
        disclosures.note("events", filter="source import", rows=3, actor="user:1", now=now)
        db.session.commit()


def stage_views(now: datetime) -> None:
    """Views of the admin, who looks at every page: shared, named in another script, and of a lost tag."""
    with writing():
        owner = colleague("admin").id
        tags.define("spring list")
        for name, filter, shared in [
            ("Opted-out newsletter readers of the Pro plan", VIEW, True),
            ("عملاء جدد", Filter(status="unknown"), False),
            ("Spring", Filter(tags=("spring list",)), False),
        ]:
            saved_view.create(owner, name, filter, shared=shared, now=now)
        tags.delete(tags.find("spring list"))
        db.session.commit()


def stage_restore(now: datetime) -> None:
    """A backup was put back once, and somebody let the desk send again."""
    found = {
        "journal": True,
        "entries": 12,
        "people": 11,
        "unclaimed": 2,
        "newest": instant(now),
        "drafts": 1,
    }
    found |= {"deliveries": 340, "paused": 1, "missed": 1}
    then, since = now - timedelta(hours=9), now - timedelta(hours=2)
    confirmed = {"confirmed_at": since, "confirmed_by": "user:1"}
    with writing():
        db.session.add(Restore(backup_at=then, restored_at=since, journal_mark="", found=found, **confirmed))
        db.session.commit()


def stage_accounts() -> None:
    """What an admin did to colleagues of theirs."""
    with writing():
        agent, manager = colleague("agent"), colleague("manager")
        trail.record(Happened.ADDED, agent, detail=agent.role)
        trail.record(Happened.ROLE, manager, detail="manager, was agent")
        trail.record(Happened.NEW_BROWSER, manager, detail="Samsung Internet on Android")
        trail.record(Happened.SECOND_STEP_ASKED, None, detail="admins")
        db.session.commit()


def stage_bulk_change(now: datetime) -> None:
    """Tags for a hundred customers of a larger desk, of whom some were reached."""
    batch = batches.open_batch(BatchKind.BULK, "Added tag autumn to 100 customers", actor="user:1", now=now)
    batch.total, batch.done = 100, 40
    what = {"what": {"tags": []}, "names": ["autumn"]}
    db.session.add(BatchRun(batch_id=batch.id, action=ActionKind.ADD_TAGS, what=what, changed=38))


def application(file: Path) -> Flask:
    return create_app(
        {
            "DATABASE_URL": f"sqlite:///{file}",
            "HEED_DATA_DIR": str(file.parent),
            "HEED_SIMULATOR": "1",
            "LOG_LEVEL": "WARNING",
            "SECRET_KEY": "a secret key of thirty-two bytes or more",
            "WHATSAPP_APP_SECRET": "an app secret",
            "WHATSAPP_VERIFY_TOKEN": "a verify token",
            **WHATSAPP,
        }
    )


@contextmanager
def opened(stocked: Path, folder: Path, templates: BytecodeCache) -> Iterator[Desk]:
    """Serve a copy of the stocked database, on a free port of this machine."""
    file = folder / "heed.db"
    shutil.copyfile(stocked, file)
    shutil.copyfile(stocked.parent / log.FILE, folder / log.FILE)
    shutil.copytree(stocked.parent / uploads.FOLDER, folder / uploads.FOLDER)
    app = application(file)
    app.jinja_env.bytecode_cache = templates
    with served(app) as url:
        yield Desk(url, app)
    with app.app_context():
        db.engine.dispose()


@contextmanager
def worker(desk: Desk) -> Iterator[None]:
    """The task worker of the desk, which sends to the simulator's Graph API."""
    settings = desk.app.config["HEED"]
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url,
        "HEED_DATA_DIR": str(settings.data_dir),
        "GRAPH_API_URL": f"{desk.url}/simulator/graph/v26.0",
        **WHATSAPP,
    }
    command = [sys.executable, "-m", "webapp", "worker"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def served(app: Flask) -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
