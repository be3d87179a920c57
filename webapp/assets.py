"""Own stylesheets and scripts, each served as one file whose address carries its hash; vendored ones beside."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

from webapp import paths
from webapp.accounts.access import public

bp = Blueprint("assets", __name__)

FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}


@dataclass(frozen=True)
class Bundle:
    """The files that `static/KIND/order.txt` names, one after the other."""

    kind: str
    content: bytes
    packed: bytes
    tag: str


def asset(name: str) -> str:
    """The address of `css`, `js`, or a file below `static/`."""
    if name in TYPES:
        return url_for("assets.bundle", name=f"heed-{_bundle(name).tag}.{name}")
    return url_for("static", filename=name, v=_file_tag(name))


@bp.get("/assets/<name>")
@public
def bundle(name: str) -> Response:
    kind = name.rpartition(".")[2]
    if kind not in TYPES or name != f"heed-{_bundle(kind).tag}.{kind}":
        abort(404)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(_bundle(kind).packed if packed else _bundle(kind).content, content_type=TYPES[kind])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER
    response.vary.add("Accept-Encoding")
    return response


@cache
def _bundle(kind: str) -> Bundle:
    content = b"\n".join(_wrapped(kind, file) for file in _files(kind))
    tag = hashlib.sha256(content).hexdigest()[:12]
    return Bundle(kind, content, gzip.compress(content, 9, mtime=0), tag)


def _files(kind: str) -> list[Path]:
    folder = paths.STATIC / kind
    names = (folder / "order.txt").read_text(encoding="utf-8").split()
    return [paths.STATIC / name if "/" in name else folder / name for name in names]


def _wrapped(kind: str, file: Path) -> bytes:
    """Own scripts share no names; vendored ones (named with their folder) define what they define."""
    content = file.read_bytes()
    if kind == "js" and "vendor" not in file.parts:
        return b"(() => {\n" + content + b"\n})();"
    return content


@cache
def _file_tag(name: str) -> str:
    return hashlib.sha256((paths.STATIC / name).read_bytes()).hexdigest()[:8]
