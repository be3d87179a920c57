"""The pack itself: a ZIP whose entries have fixed names. Nothing in it is about anybody else."""

import base64
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import current_app
from sqlalchemy import select

from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import sealer
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.customers.proof import records
from webapp.customers.proof.seals import Seals
from webapp.database import compact_json
from webapp.extensions import db

FORMAT = 1
VERIFIER = Path(__file__).with_name("verify.py")
KEY_FILE = """\
# The public keys that signed the checkpoints of this pack, in base64.
# A key in here proves nothing by itself, for whoever makes up a pack puts a key of theirs into it. Compare it
# with the one that the business published (heed ledger key prints it), and give that to the verifier:
# python verify.py --key BASE64
"""


@dataclass(frozen=True)
class Contents:
    """What the page for people is made of."""

    person: records.Told
    records: list[records.Told]
    events: Iterator[records.Told]
    seals: Seals
    files: set[str]
    """Names of the files that lie in the pack."""
    made_at: datetime


Page = Callable[[Contents], tuple[str, Iterable[str]]]
"""Makes the page: the name of its entry, and its text in pieces."""


def write(target: BinaryIO, customer: Customer, page: Page, now: datetime) -> int:
    """Write the pack of this customer; how many events it holds. Wants a transaction that sees one moment."""
    ids, seals, named = merging.merged_ids(customer.id), Seals(), set[str]()
    person, told = records.person(customer, ids), records.records(ids)
    event_ids = _event_ids(ids)
    with ZipFile(target, "w", ZIP_DEFLATED) as archive:
        put = _Entries(archive, now).put
        put("proofs.json", _proofs(event_ids, seals))
        put("checkpoints.txt", (f"{seals.checkpoints[size]}\n" for size in sorted(seals.checkpoints)))
        put("key.txt", [KEY_FILE, *(f"{base64.b64encode(key).decode()}\n" for key in sorted(seals.keys))])
        head = {"format": FORMAT, "made_at": records.moment(now), "ledger": sealer.origin()}
        with closing(records.events(ids)) as events:
            put("consent.json", _consent(head | {"customer": person, "records": told}, events, named))
        files = {name for name in sorted(named) if _put_file(archive, name, now)}
        with closing(records.events(ids)) as events:
            put(*page(Contents(person, told, events, seals, files, now)))
        put("verify.py", [VERIFIER.read_text(encoding="utf-8")])
    return len(event_ids)


def _event_ids(ids: list[int]) -> list[int]:
    query = select(ConsentEvent.id).where(ConsentEvent.customer_id.in_(ids)).order_by(ConsentEvent.id)
    return list(db.session.scalars(query))


@dataclass(frozen=True)
class _Entries:
    archive: ZipFile
    at: datetime

    def put(self, name: str, pieces: Iterable[str]) -> None:
        with self.archive.open(_entry(name, self.at), "w") as entry:
            for piece in pieces:
                entry.write(piece.encode())


def _entry(name: str, at: datetime) -> ZipInfo:
    entry = ZipInfo(name, at.timetuple()[:6])
    entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o644 << 16
    return entry


def _proofs(event_ids: list[int], seals: Seals) -> Iterator[str]:
    yield f'{{"format":{FORMAT},"proofs":['
    yield from _lines(seals.proofs(event_ids))
    unsealed = [event_id for event_id in event_ids if event_id not in seals.places]
    yield f'\n],"unsealed":{compact_json(unsealed)}}}\n'


def _consent(head: dict[str, Any], events: Iterable[records.Told], named: set[str]) -> Iterator[str]:
    """Fills `named` with the names of the files that are evidence."""
    yield f'{compact_json(head)[:-1]},"events":['
    yield from _lines(_naming(events, named))
    yield "\n]}\n"


def _naming(events: Iterable[records.Told], named: set[str]) -> Iterator[records.Told]:
    for event in events:
        if file := (event["evidence"] or {}).get("file"):
            named.add(file)
        yield event


def _lines(values: Iterable[Any]) -> Iterator[str]:
    """The elements of a JSON array, one a line."""
    for place, value in enumerate(values):
        yield f"{',' if place else ''}\n{compact_json(value)}"


def _put_file(archive: ZipFile, name: str, at: datetime) -> bool:
    """Whether it was there; the verifier names one that is missing or is not what was recorded."""
    sha256 = name.removeprefix("files/")
    try:
        file = (current_app.config["HEED"].data_dir / "evidence" / sha256[:2] / sha256).open("rb")
    except OSError:
        return False
    with file, archive.open(_entry(name, at), "w") as entry:
        shutil.copyfileobj(file, entry)
    return True
