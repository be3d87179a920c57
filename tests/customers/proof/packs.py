"""Packs for tests: one customer's story among those of telling neighbours, and the verifier as an auditor
runs it."""

import base64
import io
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

from flask import current_app
from sqlalchemy import select

from tests.consent.sealing.sealed import seal, stop
from tests.factories import a_customer, a_user, at
from webapp.consent import forgetting, holds, ledger, undoing
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import Source, Status, Turn
from webapp.consent.sealing import keys
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.customers.proof import making
from webapp.customers.proof.views import page
from webapp.extensions import db

MADE_AT = at(7200)
HOSTILE = "<script>alert(1)</script> {{ 7 * 7 }} “\\\"'\n=cmd|x \u202e../../etc"
NEIGHBOURS = {"Zacharias Telltale": "+55 11 98765-4321", "Yolanda Giveaway": "+49 1520 7654321"}
ALONE = """
import runpy, sys
sys.path.append(sys.argv.pop(1))
try:
    import webapp
except ImportError:
    pass
else:
    sys.exit("webapp can be imported here")
sys.argv[0] = "verify.py"
runpy.run_path("verify.py", run_name="__main__")
"""
"""Python alone, with one folder of packages."""


@dataclass(frozen=True)
class Story:
    ana: int
    merged: int
    agent: str


@dataclass(frozen=True)
class Made:
    """A pack, with what was published of the desk that made it."""

    pack: bytes
    key: str
    log: Path


def a_story() -> Story:
    """Ana opted in, stopped, is opted in anew by an agent who also takes a change back, stops in WhatsApp,
    writes something to review, and turns out to have a second record. Her neighbours do things in between."""
    ana = a_customer(f"Ana {HOSTILE}", Status.OPTED_IN)
    neighbours = [a_customer(name, Status.OPTED_IN, phone) for name, phone in NEIGHBOURS.items()]
    seal(60)
    stop(ana, 100)
    for customer in neighbours:
        stop(customer, 110)
    seal(120)
    agent = f"user:{a_user('agent').id}"
    _opt_in_again(ana, agent)
    _taken_back(ana, agent)
    seal(400)
    _stopped_and_reviewed(ana, agent)
    second = a_customer("Ana S.", Status.OPTED_OUT)
    merging.merge(ana, second, actor=agent, now=at(600), why="One number for both.")
    db.session.commit()
    seal(7000)
    return Story(ana.id, second.id, agent)


def _opt_in_again(ana: Customer, agent: str) -> None:
    said = Proof("paper_form", HOSTILE)
    ledger.record(ana, Statement(Status.OPTED_IN, Source.AGENT, agent, at(200), proof=said))
    db.session.commit()


def _taken_back(ana: Customer, agent: str) -> None:
    out = ledger.record(ana, Statement(Status.OPTED_OUT, Source.AGENT, agent, at(300)))
    undoing.undo(ana, out.id, actor=agent, now=at(310))
    db.session.commit()


def _stopped_and_reviewed(ana: Customer, agent: str) -> None:
    for turn, seconds in ((Turn.STOPPED, 500), (Turn.RESUMED, 510)):
        signal = Signal(Source.WHATSAPP, "whatsapp", at(seconds), message_id=f"wamid.{turn}")
        ledger.record_platform(ana, turn, signal)
    written = Proof("whatsapp", "please no more", "no more", "wamid.C")
    signal = Signal(Source.KEYWORD, "customer", at(520), message_id="wamid.C", proof=written)
    holds.hold(ana, "It may be a stop.", signal)
    db.session.flush()
    review = db.session.scalars(select(Hold).order_by(Hold.id.desc())).first()
    holds.release(ana, review, actor=agent, now=at(530))
    db.session.commit()


def forget_words_of_the_review(ana: int) -> int:
    """The event whose evidence is gone now."""
    held = select(ConsentEvent.id).where(ConsentEvent.customer_id == ana, ConsentEvent.status == Turn.HELD)
    forgetting.forget(held, forgetting.RETENTION, at(3600))
    db.session.commit()
    return db.session.scalars(held).one()


def a_pack(customer_id: int) -> bytes:
    with making.make(customer_id, page, actor="system", now=MADE_AT) as file:
        return file.read()


def unpacked(pack: bytes, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        archive.extractall(folder)
    return folder


def public_key() -> str:
    return base64.b64encode(keys.public_key(current_app.config["HEED"])).decode()


def link_packages(folder: Path) -> Path:
    """A folder that holds what the verifier needs beside Python, and nothing else."""
    for found in Path(sysconfig.get_path("purelib")).iterdir():
        if found.name in ("cryptography", "cffi") or found.name.startswith("_cffi_backend"):
            (folder / found.name).symlink_to(found)
    return folder


def verify(packages: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The verifier of the pack that lies in this folder, run there without anything of Heed."""
    command = [sys.executable, "-I", "-S", "-c", ALONE, str(packages), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
