"""Errors as problem details (RFC 9457), whatever goes wrong below the API's address."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from webapp import errors
from webapp.api.blueprint import PREFIX, bp
from webapp.customers.erasure.suppressions import PersonErased, WrongKey
from webapp.database import OUT_OF_REACH
from webapp.schema import WrongSchema

log = logging.getLogger(__name__)

DETAILS = {
    404: "There is nothing at this address.",
    405: "This address does not know that method.",
    413: "The body is too large: 4 MiB at most.",
    500: "Something went wrong on our side; nothing was changed. The log has the details.",
    503: "The database is busy or out of reach; nothing was changed. Try again in a moment.",
}


class Problem(Exception):
    """A call that gets a problem as its answer.

    `faults` has a sentence for each field that is wrong; `members` are further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        faults: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        self.faults = dict(faults or {})
        super().__init__(detail or " ".join(f"{field}: {fault}" for field, fault in self.faults.items()))
        self.status, self.headers, self.members = status, dict(headers or {}), members


def unfit(field: str, fault: str) -> Problem:
    """422: the value of one field cannot be used."""
    return Problem(422, faults={field: fault})


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None, **members: Any) -> Response:
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    response = current_app.json.response(body | members)
    response.status_code = status
    response.mimetype = "application/problem+json"
    response.headers.extend(headers or {})
    return response


@bp.errorhandler(Problem)
def on_problem(fault: Problem) -> Response:
    fields = [{"field": field, "detail": sentence} for field, sentence in fault.faults.items()]
    members = {"errors": fields, **fault.members} if fields else fault.members
    return problem(fault.status, str(fault), fault.headers, **members)


@bp.errorhandler(PersonErased)
def on_erased_person(refusal: PersonErased) -> Response:
    return problem(409, str(refusal))


@bp.errorhandler(WrongKey)
def on_wrong_key(refusal: WrongKey) -> Response:
    log.error("nobody can be put on record: the key of the suppressions is another one")
    return problem(503, str(refusal))


@bp.errorhandler(WrongSchema)
def on_wrong_schema(error: WrongSchema) -> Response:
    return problem(503, str(error.description))


@bp.errorhandler(HTTPException)
def on_http_error(error: HTTPException) -> Response:
    status = error.code or 500
    dropped = ("content-type", "content-length")
    headers = {name: value for name, value in error.get_headers() if name.lower() not in dropped}
    return problem(status, DETAILS.get(status, error.description or ""), headers)


@bp.app_errorhandler(404)
@bp.app_errorhandler(405)
def on_unknown_address(error: HTTPException) -> Response:
    """An address that no rule knows belongs to no blueprint; it is ours by its beginning."""
    ours = request.path == PREFIX or request.path.startswith(f"{PREFIX}/")
    return on_http_error(error) if ours else errors.on_http_error(error)


def on_database_error(error: Exception) -> Response:
    log.warning("database out of reach: %s", type(getattr(error, "orig", error)).__name__)
    return problem(503, DETAILS[503], {"Retry-After": "1"})


for out_of_reach in OUT_OF_REACH:
    bp.register_error_handler(out_of_reach, on_database_error)


@bp.errorhandler(500)
def on_crash(_error: HTTPException) -> Response:
    return problem(500, DETAILS[500])
