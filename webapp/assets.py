"""Own stylesheets and scripts without comments and blanks, packed, under addresses that carry their hash."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import rjsmin
from flask import Blueprint, Response, abort, request, url_for

from webapp import paths
from webapp.accounts.access import public

bp = Blueprint("assets", __name__)

FOR_EVER = "public, max-age=31536000, immutable"
TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}
COMMENTS, BLANKS = re.compile(rb"/\*.*?\*/", re.DOTALL), re.compile(rb"\s+")
NEEDLESS = re.compile(rb" ?([{};,]) ?")
BUNDLES = {"css": "heed.css", "js": "heed.js"}
"""What every page needs, in one file each: the files that `static/KIND/order.txt` names."""


@dataclass(frozen=True)
class Asset:
    content: bytes
    packed: bytes
    tag: str


def asset(name: str) -> str:
    """The address of `css` or `js` (the bundles), of an own file (`css/dialog.css`), or a vendored one."""
    name = BUNDLES.get(name, name)
    if _is_own(name):
        return url_for("assets.show", tag=_asset(name).tag, name=name)
    return url_for("static", filename=name, v=_file_tag(name))


@bp.get("/assets/<tag>/<path:name>")
@public
def show(tag: str, name: str) -> Response:
    """A page of an older version asks by an older hash, and gets what there is now."""
    if not _is_own(name):
        abort(404)
    found = _asset(name)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(found.packed if packed else found.content, content_type=TYPES[_kind(name)])
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = FOR_EVER if tag == found.tag else "no-cache"
    response.vary.add("Accept-Encoding")
    return response


def _kind(name: str) -> str:
    return name.rpartition(".")[2]


@cache
def _is_own(name: str) -> bool:
    """A bundle, or a file that lies directly in `static/css` or `static/js`."""
    kind = _kind(name)
    own = (
        {f"{kind}/{file.name}" for file in (paths.STATIC / kind).glob(f"*.{kind}")}
        if kind in TYPES
        else set()
    )
    return name in BUNDLES.values() or name in own


@cache
def _asset(name: str) -> Asset:
    between = b"" if _kind(name) == "css" else b"\n"
    content = between.join(_parts(name))
    tag = hashlib.sha256(content).hexdigest()[:12]
    return Asset(content, gzip.compress(content, 9, mtime=0), tag)


def _parts(name: str) -> list[bytes]:
    kind = _kind(name)
    if name not in BUNDLES.values():
        return [_slim(paths.STATIC / name)]
    folder = paths.STATIC / kind
    names = (folder / "order.txt").read_text(encoding="utf-8").split()
    return [_bundled(paths.STATIC / file if "/" in file else folder / file) for file in names]


def _bundled(file: Path) -> bytes:
    """Own scripts share no names with each other; vendored files come slim and define what they define."""
    if "vendor" in file.parts:
        return file.read_bytes()
    return b"(()=>{" + _slim(file) + b"})();" if file.suffix == ".js" else _slim(file)


def _slim(file: Path) -> bytes:
    """Without comments and needless blanks. CSS minifiers break nested selectors: other blanks shrink."""
    content = file.read_bytes()
    if file.suffix == ".js":
        return rjsmin.jsmin(content)
    return NEEDLESS.sub(rb"\1", BLANKS.sub(b" ", COMMENTS.sub(b"", content))).strip().replace(b";}", b"}")


@cache
def _file_tag(name: str) -> str:
    return hashlib.sha256((paths.STATIC / name).read_bytes()).hexdigest()[:8]
