"""How a view answers: page or fragment, row or redirect, dialog open, wrong or done, toast."""

import json
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, url_for

from webapp.extensions import htmx


def page_or_fragment(page: str, fragment: str, **context: Any) -> str:
    """The fragment for an htmx request that wants one, else the page that includes it."""
    return render_template(fragment if htmx.partial else page, **context)


def dialog(fragment: str, *, title: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """A dialog's content; without htmx a page around the same fragment."""
    if htmx.partial:
        return render_template(fragment, **context), status
    return render_template("dialog_page.html", fragment=fragment, title=title, **context), status


def dialog_done(message: str, *, location: str, events: dict[str, Any] | None = None) -> Response:
    """The dialog's work is done: it closes and says so; without htmx go on to `location`."""
    if not htmx:
        flash(message)
        return see_other(location)
    response = make_response("", 204)
    return trigger(response, {"dialog:done": True, "toast": {"message": message}, **(events or {})})


def confirm_first(**context: Any) -> Response:
    """Ask who sits there in the place of the answer; scripts show it in the dialog, wherever theirs goes."""
    page, _ = dialog("accounts/_confirm.html", title="Confirm that it is you", **context)
    response = make_response(page, 200 if htmx else 403)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#dialog-body", "innerHTML"
    return response


def row_or_redirect(fragment: str, endpoint: str, **context: Any) -> Response:
    """The changed row for htmx; without it go back to `endpoint`."""
    if htmx:
        return make_response(render_template(fragment, **context))
    return see_other(url_for(endpoint))


def trigger(response: Response, events: dict[str, Any]) -> Response:
    """Add events that the page's scripts hear; several calls add up. ASCII only: headers are latin-1."""
    known = json.loads(response.headers.get("HX-Trigger", "{}"))
    response.headers["HX-Trigger"] = json.dumps({**known, **events})
    return response


def see_other(location: str) -> Response:
    return make_response(redirect(location, 303))
