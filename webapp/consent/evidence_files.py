"""Files that are evidence: their bytes lie below the data folder under their SHA-256. The caller commits.

A file is written before the commit that names it. Whoever dies in between leaves one that nothing names,
which the sweep forgets after a day. Writers and the sweep meet at the row of the file, which both lock.
"""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app
from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.exc import IntegrityError

from webapp.consent.file_kinds import Upload
from webapp.consent.models import Evidence, EvidenceFile
from webapp.extensions import db

UNFINISHED = ".part"
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
ROWS_AT_ONCE = 1_000


class Damaged(Exception):
    """The bytes on disk are not those that were recorded, or are gone."""


def keep(upload: Upload, now: datetime) -> str:
    """Store the bytes for good; the SHA-256 under which they are. The same file twice is one."""
    sha256 = hashlib.sha256(upload.content).hexdigest()
    row = _claim(sha256)
    row.media_type, row.size, row.stored_at = upload.kind.media_type, len(upload.content), now
    db.session.flush()
    _write(_path(sha256), upload.content)
    return sha256


def read(file: EvidenceFile) -> bytes:
    """The bytes as they were recorded. Raises Damaged."""
    try:
        content = _path(file.sha256).read_bytes()
    except OSError:
        raise Damaged from None
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Damaged
    return content


def count() -> int:
    """How many files are evidence of something."""
    return db.session.scalar(select(func.count(Evidence.file_sha256.distinct()))) or 0


def first_fault(*, read: bool) -> str | None:
    """The first file that is gone or has another size; with `read` also one that holds something else."""
    named = (
        select(EvidenceFile.sha256, EvidenceFile.size, func.min(Evidence.event_id).label("event_id"))
        .join(Evidence, Evidence.file_sha256 == EvidenceFile.sha256)
        .group_by(EvidenceFile.sha256, EvidenceFile.size)
        .order_by(EvidenceFile.sha256)
    )
    for file in db.session.execute(named.execution_options(yield_per=ROWS_AT_ONCE)):
        if fault := _fault(_path(file.sha256), file.sha256, file.size, read=read):
            return f"The file of event {file.event_id} {fault}: {_path(file.sha256).name}"
    return None


def orphans(before: datetime) -> Iterator[str]:
    """What lies there since then and is evidence of nothing; `forget` looks again. Drops unfinished files."""
    named = select(Evidence.file_sha256).where(Evidence.file_sha256 == EvidenceFile.sha256).exists()
    unnamed = select(EvidenceFile.sha256).where(EvidenceFile.stored_at < before, ~named)
    yield from db.session.scalars(unnamed).all()
    for folder in _folder().glob("??"):
        old = [path for path in folder.iterdir() if _changed_at(path) < before]
        for path in old:
            if path.suffix == UNFINISHED:
                path.unlink(missing_ok=True)
        names = {path.name for path in old if not path.suffix}
        yield from names - set(
            db.session.scalars(select(EvidenceFile.sha256).where(EvidenceFile.sha256.in_(names)))
        )


def release(event_ids: Select[tuple[int]]) -> None:
    """The evidence of these events is about to go: files that prove nothing else then are forgotten at once
    after the commit (see `released`), and not only when they are a day old."""
    theirs = select(Evidence.file_sha256).where(
        Evidence.event_id.in_(event_ids), Evidence.file_sha256.is_not(None)
    )
    db.session.execute(
        update(EvidenceFile)
        .where(EvidenceFile.sha256.in_(theirs))
        .values(stored_at=LONG_AGO)
        .execution_options(synchronize_session=False)
    )


def released() -> list[str]:
    """Files that an erasure has released and that are evidence of nothing."""
    named = select(Evidence.file_sha256).where(Evidence.file_sha256 == EvidenceFile.sha256).exists()
    return list(
        db.session.scalars(select(EvidenceFile.sha256).where(EvidenceFile.stored_at <= LONG_AGO, ~named))
    )


def forget(sha256: str, before: datetime) -> bool:
    """Remove a file for good unless it is evidence, or was stored after `before`; whether it is gone."""
    row = _claim(sha256)
    needed = db.session.scalar(select(exists().where(Evidence.file_sha256 == sha256)))
    if needed or row.stored_at >= before:
        return False
    _path(sha256).unlink(missing_ok=True)
    db.session.delete(row)
    db.session.flush()
    return True


def _claim(sha256: str) -> EvidenceFile:
    """The file's row, locked until the commit; made where there is none."""
    if known := _locked(sha256):
        return known
    row = EvidenceFile(sha256=sha256, media_type="", size=0, stored_at=LONG_AGO)
    try:
        with db.session.begin_nested():
            db.session.add(row)
        return row
    except IntegrityError:  # somebody else stored the same file in this moment
        return _locked(sha256) or _claim(sha256)


def _locked(sha256: str) -> EvidenceFile | None:
    wanted = select(EvidenceFile).where(EvidenceFile.sha256 == sha256).with_for_update()
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _folder() -> Path:
    return current_app.config["HEED"].data_dir / "evidence"


def _path(sha256: str) -> Path:
    return _folder() / sha256[:2] / sha256


def _write(path: Path, content: bytes) -> None:
    """All of it or nothing, after any crash: under a temporary name first, renamed once it is on disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(suffix=UNFINISHED, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)
        raise
    for folder in (path.parent, path.parent.parent):
        _sync(folder)


def _sync(folder: Path) -> None:
    """Put the names in a folder on disk, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fault(path: Path, sha256: str, size: int, *, read: bool) -> str | None:
    try:
        if path.stat().st_size != size:
            return "has another size than was recorded"
        if read and _sha256_of(path) != sha256:
            return "is not what was recorded"
    except OSError:
        return "is gone or cannot be read"
    return None


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _changed_at(path: Path) -> datetime:
    """When it was written; one that is gone meanwhile counts as new."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.max.replace(tzinfo=UTC)
