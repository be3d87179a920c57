"""Imports at each of their steps; none of them moves a customer."""

from datetime import datetime, timedelta
from io import BytesIO

from webapp import clock
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.database import writing
from webapp.extensions import db
from webapp.imports import options, running, stages, uploads
from webapp.imports.models import Import, ImportState
from webapp.imports.outcome import Outcome

ACTOR = "user:1"
LIST = """\
Telefone;Nome;Etiquetas;Aceita marketing;Origem;Cidade
+55 11 96123-4567;Íris Prado;vip;sim;Ficha da feira;São Paulo
+55 21 96123-4568;Otto Reis;;não;;Rio
5,51196E+12;Nair Luz;vip;;;Recife
96123-4569;Ugo Dias;;talvez;;Rio
"""


def stage(now: datetime) -> None:
    """One at its columns, one that was checked, one under way and one that is done."""
    with writing():
        uploaded("clientes-marco.csv", now)
        checked = uploaded("clientes-abril.csv", now)
        stages.begin_check(checked, options.Options.of_json(checked.options), now)
        db.session.commit()
        checked_id = checked.id
    running.go_on(checked_id, clock.now)
    with writing():
        at_work = begun("spring.csv", now, ImportState.RUNNING)
        at_work.done, at_work.began_at = 620_000, now - timedelta(seconds=90)
        at_work.runner, at_work.leased_until = "staged", now + timedelta(days=30)
        done = begun("winter.csv", now - timedelta(days=3), ImportState.FINISHED)
        done.done, done.ended_at = done.total, done.created_at
        done.counts = outcome().as_json()
        uploads.refused_path(done.stored).write_text("Telefone,line,reason\n12,2,phone: too short\n")
        db.session.commit()


def uploaded(name: str, now: datetime) -> Import:
    stored = uploads.keep(BytesIO(LIST.encode("cp1252")), name)
    said = options.guessed(uploads.path(stored.stored), "BR")
    return stages.create(stored, said, actor=ACTOR, now=now)


def begun(name: str, now: datetime, state: ImportState) -> Import:
    found = uploaded(name, now)
    batch = batches.open_batch(BatchKind.IMPORT, name, actor=ACTOR, now=now)
    batch.total = found.total = 1_000_000
    found.batch_id, found.state = batch.id, state
    if state == ImportState.FINISHED:
        batch.done, batch.finished_at = batch.total, now
    return found


def outcome() -> Outcome:
    told = Outcome(rows=1_000_000, created=961_204, updated=20_310, unchanged=18_000, refused=486)
    told.opted_in, told.opted_out, told.doubtful = 812_000, 2_411, 37
    for line in range(480):
        told.list(line + 2, "phone: “12” has no country code. Put + and the country code before it.")
    for line in range(6):
        told.list(line + 900, "consent: “talvez” is neither opted_in nor opted_out, and may be an opt-out.")
    return told
