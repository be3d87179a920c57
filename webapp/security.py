"""What every answer carries, and how cookies are named and kept."""

import gzip
import hashlib
import tempfile
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, TypeVar, cast

from flask import Flask, Request, Response, abort, current_app, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter, Map
from werkzeug.sansio.utils import host_is_trusted

from webapp.accounts.access import may
from webapp.extensions import db

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
))  # fmt: skip

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
MAX_BODY_BYTES = 4 * 1024 * 1024
"""Meta's deliveries reach 3 MB (Meta, Graph webhooks, getting started)."""
MAX_UPLOAD_BYTES = 8 * 1024 * 1024
"""For views that take a file: more than one may have, so that a large one is refused beside its field."""
MOST_HEARD_OUT_BYTES = 16 * 1024 * 1024
"""Of a body that is too large: so much more is read, and dropped."""
PIECE_BYTES = 64 * 1024
UPLOADS = "uploads"
"""Of the data folder, where large files lie nameless while they come in."""
LARGEST_ID = 2**63 - 1
OWN_NAMES = ("127.0.0.1", "localhost")
"""Of this machine, which asks whether the process is well; nobody elsewhere is led to them."""
WORTH_PACKING_BYTES = 1024
View = TypeVar("View", bound=Callable[..., Any])


def takes_a_file(view: View) -> View:
    """Mark a view whose form brings a file: its request may be larger than others."""
    view.takes_a_file = True  # type: ignore[attr-defined]
    return view


def takes_a_large_file(most_bytes: int) -> Callable[[View], View]:
    """Mark a view whose form brings a file of up to so many bytes from those who may use the view."""

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


class UploadingRequest(Request):
    """A large file comes into the data folder, which has room for it; `/tmp` is memory on some machines."""

    def _get_file_stream(self, *args: Any, **options: Any) -> IO[bytes]:
        if not _most_bytes():
            return super()._get_file_stream(*args, **options)
        folder: Path = current_app.config["HEED"].data_dir / UPLOADS
        folder.mkdir(mode=0o700, exist_ok=True)
        return cast(IO[bytes], tempfile.TemporaryFile(dir=folder))


class StoredId(IntegerConverter):
    """A number in a URL that a row can have. No database takes a larger one, so nothing is there."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST_ID} | options)


class CookieSession(SecureCookieSessionInterface):
    """Behind TLS the cookie is Secure and `__Host-`, so that no other host or plain connection can set it. It
    is signed by HMAC-SHA-256; Flask's own choice is SHA-1 (OWASP ASVS 5.0, 11.4.1)."""

    digest_method = staticmethod(hashlib.sha256)

    def get_cookie_name(self, app: Flask) -> str:
        return "__Host-heed" if request.is_secure else "heed"

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


def init_app(app: Flask) -> None:
    app.session_interface = CookieSession()
    app.request_class = UploadingRequest
    app.url_map.converters["int"] = StoredId
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,  # a tab stays open all day
        WTF_CSRF_SSL_STRICT=False,  # we send no Referer, so none can be checked; the token is
    )
    if proxies := app.config["HEED"].proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.before_request(refuse_other_hosts)
    app.before_request(refuse_packed)
    app.before_request(allow_upload)
    app.after_request(hear_out)
    app.after_request(add_headers)
    app.after_request(pack)


def refuse_other_hosts() -> None:
    """A name that is not ours would stand in the links that we make, and in what proxies keep."""
    hosts = current_app.config["HEED"].hosts
    if hosts and not host_is_trusted(request.host, [*hosts, *OWN_NAMES]):
        abort(400)


def refuse_packed() -> None:
    """Nothing that comes in is unpacked, so that a small body cannot become a large one."""
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        abort(415)


def allow_upload() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, "takes_a_file", False):
        request.max_content_length = MAX_UPLOAD_BYTES
    if most_bytes := _most_bytes():
        if may(view.required_role):  # type: ignore[union-attr]
            request.max_content_length = most_bytes + MAX_BODY_BYTES
        db.session.rollback()  # nobody is kept from writing while the file comes in


def _most_bytes() -> int:
    """What the form of this request may bring in a file, if that is much."""
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "most_bytes", 0) if request.method == "POST" else 0


def hear_out(response: Response) -> Response:
    """Most programs read the answer when all is sent: closed before, they see a broken line instead of 413.

    Only where the server ends the stream with the body; elsewhere one would wait for more.
    """
    if (
        response.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        and "wsgi.input_terminated" in request.environ
    ):
        rest = request.environ["wsgi.input"]
        with suppress(OSError):
            for _ in range(MOST_HEARD_OUT_BYTES // PIECE_BYTES):
                if not rest.read(PIECE_BYTES):
                    break
    return response


def add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    if request.endpoint not in ("static", "assets.show"):
        response.headers.setdefault("Cache-Control", "no-store")
        response.vary.update(("HX-Request", "HX-Request-Type", "Cookie"))
    return response


def pack(response: Response) -> Response:
    """Compress pages: fifty rows are 60 kB as they stand, and 5 kB packed."""
    if (
        response.mimetype != "text/html"
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or "gzip" not in request.headers.get("Accept-Encoding", "")
    ):
        return response
    content = response.get_data()
    response.vary.add("Accept-Encoding")
    if len(content) >= WORTH_PACKING_BYTES:
        response.set_data(gzip.compress(content, 9))
        response.headers["Content-Encoding"] = "gzip"
    return response
