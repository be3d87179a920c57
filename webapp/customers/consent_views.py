"""Changing a customer's consent: the switch, the Record consent dialog, undo."""

from typing import Any

from flask import Response, abort, make_response, render_template, request, url_for

from webapp import clock, fault_points
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.consent import wordings
from webapp.consent.file_kinds import LARGEST_FILE
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import ConsentRefused, OlderThanOptOut, Status
from webapp.consent.undoing import NotUndoable
from webapp.customers import consenting, on_the_way, queries, wording
from webapp.customers.blueprint import bp, customer_or_404, reader, table_behind, table_here
from webapp.customers.consent_forms import OptInForm
from webapp.customers.consenting import StaleRow
from webapp.customers.models import Customer
from webapp.customers.rows import Row, row_of
from webapp.customers.table import Table
from webapp.customers.table_context import counts
from webapp.extensions import db, htmx
from webapp.formatting import instant
from webapp.rendering import dialog, see_other, trigger
from webapp.security import takes_a_file


@bp.get("/customers/<int:customer_id>/consent")
@requires(Role.AGENT)
def consent(customer_id: int) -> tuple[str, int]:
    """The Record consent dialog."""
    return _dialog(customer_or_404(customer_id), OptInForm(formdata=None, given_at=clock.now().date()))


@bp.post("/customers/<int:customer_id>/consent")
@requires(Role.AGENT)
@takes_a_file
def change_consent(customer_id: int) -> Response | tuple[str, int]:
    """The wanted status is posted: an opt-out always applies, an opt-in needs proof and a fresh row."""
    customer = customer_or_404(customer_id)
    match request.form.get("status"):
        case Status.OPTED_OUT:
            event = consenting.opt_out(customer, actor=current_actor(), now=clock.now())
            fault_points.reached("toggle.stored")
            db.session.commit()
            fault_points.reached("toggle.committed")
            told = f"{customer.label} is opted out.{on_the_way.words(customer)}"
            return _changed(customer, told, event)
        case Status.OPTED_IN:
            return _opt_in(customer)
        case _:
            abort(422)


@bp.post("/customers/<int:customer_id>/consent/undo")
@requires(Role.AGENT)
def undo(customer_id: int) -> Response:
    customer = customer_or_404(customer_id)
    event_id = request.form.get("event", default=0, type=int)
    try:
        consenting.undo(customer, event_id, actor=current_actor(), now=clock.now())
    except NotUndoable as refusal:
        db.session.rollback()
        return _row_answer(_row(customer, error=f"Not undone. {refusal}"), 409)
    db.session.commit()
    words = wording.STATES[Status(customer.status)].lower()
    return _changed(customer, f"Undone: {customer.label} is back to {words}.", None)


def _opt_in(customer: Customer) -> Response | tuple[str, int]:
    form = OptInForm()
    if not form.validate():
        return _dialog(customer, form, status=422)
    now = clock.now()
    try:
        event = consenting.opt_in(
            customer,
            form.proof,
            upload=form.upload,
            version=form.version.data,
            stated_at=consenting.stated_time(form.given_at.data, now),
            actor=current_actor(),
            now=now,
        )
    except StaleRow:
        return _dialog(customer, form, notice=_meanwhile(customer), status=409)
    except ConsentRefused as refusal:
        return _dialog(customer, form, notice=_refusal(customer, refusal), status=409)
    db.session.commit()
    return _changed(customer, f"{customer.label} is opted in.", event, dialog_done=True)


def _meanwhile(customer: Customer) -> str:
    """What happened to this customer since the agent looked."""
    told = consenting.latest(customer)
    names = actor_names(event.actor for event, _proof in told)
    entries = "; ".join(_told(event, proof, names[event.actor]) for event, proof in told)
    what = entries or "tags or attributes"
    return f"This customer changed meanwhile. Newest first: {what}. Record if your proof is newer."


def _told(event: ConsentEvent, proof: Evidence | None, by: str) -> str:
    words = f" “{proof.words}”" if proof and proof.words else ""
    headline = wording.headline(event, proof.channel if proof else "")
    return f"{headline}{words}, by {by}, {instant(event.recorded_at)}"


def _refusal(customer: Customer, refusal: ConsentRefused) -> str:
    if not isinstance(refusal, OlderThanOptOut):
        return str(refusal)
    row = row_of(customer.id, reader())
    return (
        f"The customer opted out on {instant(refusal.opt_out_at)} ({row.why}). "
        "A statement from before that does not undo it; only one made later does."
    )


def _dialog(customer: Customer, form: OptInForm, *, notice: str = "", status: int = 200) -> tuple[str, int]:
    row = _row(customer)
    answer, code = dialog(
        "customers/_consent_dialog.html",
        title=f"Record consent — {row.label}",
        status=status,
        row=row,
        values={
            "channel": form.channel.data,
            "given_at": form.given_at.data or "",
            "wording": form.wording.data or "",
            "evidence": form.evidence.data or "",
            "link": form.link.data or "",
        },
        errors=_errors(form),
        notice=notice,
        wordings=wordings.offered(),
        most_bytes=LARGEST_FILE,
        channels=list(wording.CHANNELS.items()),
        today=clock.now().date(),
    )
    if status == 409 and table_behind() is not None:
        answer += render_template("customers/_row_partial.html", row=row, here=table_here())
    return answer, code


def _errors(form: OptInForm) -> dict[str, str]:
    """The first fault of each field; a file that nothing is wrong with has to be chosen once more."""
    found = dict.fromkeys(("channel", "given_at", "wording", "evidence", "link", "file"), "")
    if form.file.data:
        found["file"] = "Choose the file again: it was not kept."
    return found | {name: faults[0] for name, faults in form.errors.items()}


def _row(customer: Customer, **marks: Any) -> Row:
    """The customer's row, marked when it no longer matches the filter of the table that it stands in."""
    behind = table_behind()
    if behind is not None:
        marks["unmatched"] = not queries.matches(Table.of(behind, reader()).filter, customer.id)
    return row_of(customer.id, reader(), **marks)


def _changed(
    customer: Customer, message: str, event: ConsentEvent | None, *, dialog_done: bool = False
) -> Response:
    """The new state: the row with its counts in a table, a refetch on the customer's page, else that page."""
    if not htmx:
        return see_other(url_for("customers.show", customer_id=customer.id))
    response = _row_answer(_row(customer), partial=dialog_done)
    toast = {"message": message} | (_undoing(customer, event) if event else {})
    return trigger(
        response,
        {"toast": toast, "customer:changed": True, **({"dialog:done": True} if dialog_done else {})},
    )


def with_row(response: Response, customer: Customer) -> Response:
    """Send the customer's fresh row along when the dialog stood over a table; the dialog is done."""
    if not htmx or table_behind() is None:
        return response
    response.status_code = 200
    response.set_data(render_template("customers/_row_partial.html", row=_row(customer), here=table_here()))
    return response


def _undoing(customer: Customer, event: ConsentEvent) -> dict[str, Any]:
    return {
        "undo_url": url_for("customers.undo", customer_id=customer.id),
        "event": event.id,
        "target": f"#customer-{customer.id}",
    }


def _row_answer(row: Row, status: int = 200, *, partial: bool = False) -> Response:
    behind = table_behind()
    if behind is None:
        return make_response(row.error, status)
    fragment = "customers/_row_partial.html" if partial else "customers/_row.html"
    content = render_template(fragment, row=row, here=table_here())
    content += render_template("customers/_counts.html", **counts(Table.of(behind, reader())))
    return make_response(content, status)
