"""Error pages: one sentence of what happened and what to do; a fragment for htmx, plain text for machines."""

import logging

from flask import Flask, Response, g, make_response, render_template, request
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from psycopg.errors import NumericValueOutOfRange
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from webapp.accounts.access import sign_in_first
from webapp.database import OUT_OF_REACH
from webapp.extensions import db, htmx
from webapp.schema import WrongSchema

log = logging.getLogger(__name__)

SENTENCES = {
    400: ("That request was not understood", "Go back, reload the page and try again."),
    403: ("Your role does not allow this", "Ask an admin of this desk to do it or to change your role."),
    404: ("There is nothing here", "The address may be mistyped, or what it showed is gone."),
    405: ("That request was not understood", "Go back, reload the page and try again."),
    409: ("Somebody else was faster", "Reload the page to see how it stands now."),
    415: ("That request was not understood", "Send it without compression, as the API describes."),
    413: ("That is too large", "Send less at once."),
    429: ("Too many attempts", "Wait a little, then try again."),
    500: ("Something went wrong on our side", "Nothing was changed. Try again; the log has the details."),
    503: ("The database is busy or out of reach", "Nothing was changed. Try again in a moment."),
}


def init_app(app: Flask) -> None:
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(WrongSchema, on_wrong_schema)
    app.register_error_handler(CSRFError, on_csrf_error)
    for error in OUT_OF_REACH:
        app.register_error_handler(error, on_database_error)
    app.register_error_handler(OverflowError, on_unfit_number)
    app.register_error_handler(DataError, on_unfit_number)
    app.register_error_handler(500, on_crash)


def on_http_error(error: HTTPException) -> Response:
    if error.response is not None or error.code is None or error.code < 400:
        return make_response(error.get_response())
    headers = [(k, v) for k, v in error.get_headers() if k.lower() not in ("content-type", "content-length")]
    response = answer(error.code)
    response.headers.extend(headers)
    return response


def on_csrf_error(_error: CSRFError) -> Response:
    """Who signed out in another tab sends a token of the past; their page needs to hear that first."""
    if htmx and not current_user.is_authenticated:
        return sign_in_first()
    what_to_do = "Nothing was changed. Do it once more; if that does not help, go back and reload the page."
    return answer(400, "This page is out of date", what_to_do)


def on_wrong_schema(error: WrongSchema) -> Response:
    """As plain text: the frame of a page reads the database."""
    return _plain("This desk is being upgraded", str(error.description), 503)


def on_database_error(error: Exception) -> Response:
    """The page is drawn for nobody: who asked cannot be looked up now."""
    db.session.rollback()
    log.warning("database out of reach: %s", type(getattr(error, "orig", error)).__name__)
    g._login_user = AnonymousUserMixin()
    return answer(503)


def on_unfit_number(error: OverflowError | DataError) -> Response:
    """A number in a query or a form that no column can hold: each database says so in its own way."""
    if isinstance(error, DataError) and not isinstance(error.orig, NumericValueOutOfRange):
        raise error
    db.session.rollback()
    return answer(400)


def on_crash(_error: Exception) -> Response:
    db.session.rollback()
    return answer(500)


def answer(code: int, title: str = "", advice: str = "") -> Response:
    """The error as a page, or as one line for htmx and for programs."""
    known_title, known_advice = SENTENCES.get(code, SENTENCES[400 if code < 500 else 500])
    title, advice = title or known_title, advice or known_advice
    if htmx or request.path.startswith("/webhooks/") or not _reads_html():
        return _plain(title, advice, code)
    page = render_template(
        "error.html", code=code, title=title, advice=advice, request_id=g.get("request_id", "")
    )
    return make_response(page, code)


def _plain(title: str, advice: str, code: int) -> Response:
    response = make_response(f"{title}. {advice}", code)
    response.mimetype = "text/plain"
    return response


def _reads_html() -> bool:
    accepted = request.accept_mimetypes
    return not accepted or accepted.accept_html
