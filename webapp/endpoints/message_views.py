"""One message of an endpoint's log, sending it again, and trials."""

from flask import current_app, make_response, url_for

from webapp import tasks
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.clock import now
from webapp.endpoints import listing, messages, reach, trials
from webapp.endpoints.blueprint import bp
from webapp.endpoints.messages import NotNow
from webapp.endpoints.models import Endpoint, EndpointMessage
from webapp.endpoints.views import CHANGED, Answer, settings
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done, see_other, trigger


@bp.get("/<int:endpoint_id>/messages/<int:message_id>")
@requires(Role.ADMIN)
def show_message(endpoint_id: int, message_id: int) -> Answer:
    return _message_dialog(_message_or_404(endpoint_id, message_id))


@bp.post("/<int:endpoint_id>/messages/<int:message_id>/again")
@requires(Role.ADMIN)
def send_again(endpoint_id: int, message_id: int) -> Answer:
    message = _message_or_404(endpoint_id, message_id)
    try:
        messages.send_again(db.get_or_404(Endpoint, endpoint_id), message, now())
    except NotNow as refused:
        return _message_dialog(message, str(refused), 422)
    db.session.commit()
    tasks.enqueue(current_app, "tell endpoint", endpoint_id)
    location = url_for(".show", endpoint_id=endpoint_id)
    return dialog_done("It is sent again in a moment.", location=location, events=CHANGED)


@bp.post("/<int:endpoint_id>/test")
@requires(Role.ADMIN)
def test(endpoint_id: int) -> Answer:
    """Send a trial and show the answer. The database is let go while the other system thinks."""
    parcel, post = trials.parcel(db.get_or_404(Endpoint, endpoint_id), now()), reach.post(settings())
    db.session.rollback()
    with post:
        outcome = post.send(parcel)
    message = trials.keep(db.get_or_404(Endpoint, endpoint_id), parcel, outcome)
    db.session.commit()
    if not htmx:
        return see_other(url_for(".show_message", endpoint_id=endpoint_id, message_id=message.id))
    return trigger(make_response(_message_dialog(message)), CHANGED)


def _message_or_404(endpoint_id: int, message_id: int) -> EndpointMessage:
    wanted = EndpointMessage.id == message_id, EndpointMessage.endpoint_id == endpoint_id
    return db.first_or_404(db.select(EndpointMessage).where(*wanted))


def _message_dialog(message: EndpointMessage, error: str = "", status: int = 200) -> tuple[str, int]:
    return dialog(
        "endpoints/_message_dialog.html", title="Message", status=status, line=listing.line(message),
        message=message, error=error,
    )  # fmt: skip
