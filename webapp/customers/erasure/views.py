"""Erasing a person: for admins who have signed in lately, with a reason and the customer's id typed."""

from flask import Response, flash, make_response, request, url_for

from webapp import clock, fault_points
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.consent.housekeeping import forget_released
from webapp.customers import merging, on_the_way
from webapp.customers.blueprint import bp, customer_or_404, reader
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import AlreadyErased, OthersChanged, TellingReason, Wish
from webapp.customers.erasure.forms import ErasureForm
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.models import Customer
from webapp.customers.rows import row_of
from webapp.database import fold_journal
from webapp.extensions import db, htmx
from webapp.rendering import dialog, see_other

Answer = Response | tuple[str, int]
CHANGED = "Who may be the same person changed meanwhile. Look again, then erase."
NOT_WRITTEN = "The list of erasures in the data folder cannot be written, so nothing was erased."


@bp.get("/customers/<int:customer_id>/erase")
@requires(Role.ADMIN)
def ask_erasure(customer_id: int) -> Answer:
    return _dialog(customer_or_404(customer_id), ErasureForm(formdata=None))


@bp.post("/customers/<int:customer_id>/erase")
@requires(Role.ADMIN)
@confirmed
def erase(customer_id: int) -> Answer:
    customer, form = customer_or_404(customer_id), ErasureForm()
    errors = _errors(customer, form)
    if errors:
        return _dialog(customer, form, errors=errors, status=422)
    wish = Wish(form.reason.data, form.why.data, current_actor(), clock.now())
    sent = on_the_way.words(customer)
    try:
        erasing.erase(customer, wish, also=_also())
    except TellingReason as fault:
        db.session.rollback()
        return _dialog(customer, form, errors={"why": str(fault)}, status=422)
    except (AlreadyErased, OthersChanged, WrongKey, OSError) as refusal:
        db.session.rollback()
        return _refused(customer_id, form, refusal)
    fault_points.reached("erasure.stored")
    db.session.commit()
    fault_points.reached("erasure.committed")
    forget_released()
    fold_journal(db.engine)
    return _gone(f"Customer {customer_id} is erased.{sent}")


def _gone(message: str) -> Response:
    """The page of the customer is gone, so go on to the table."""
    flash(message)
    location = url_for("customers.index")
    if not htmx:
        return see_other(location)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response


def _refused(customer_id: int, form: ErasureForm, refusal: Exception) -> Answer:
    customer = customer_or_404(customer_id)  # 404 for a second click: nobody is there any more
    said = {OthersChanged: CHANGED, WrongKey: str(refusal)}.get(type(refusal), NOT_WRITTEN)
    return _dialog(customer, form, notice=said, status=409)


def _errors(customer: Customer, form: ErasureForm) -> dict[str, str]:
    """A sentence for each field."""
    form.validate()
    errors = {name: sentences[0] for name, sentences in form.errors.items()}
    if (form.confirm.data or "").strip() != str(customer.id):
        errors["confirm"] = f"Type {customer.id} to confirm."
    return errors


def _also() -> list[int]:
    return [int(each) for each in request.form.getlist("also") if each.isdecimal() and len(each) < 19]


def _dialog(
    customer: Customer,
    form: ErasureForm,
    *,
    errors: dict[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> Answer:
    return dialog(
        "customers/_erase_dialog.html",
        title="Erase customer",
        status=status,
        row=row_of(customer.id, reader()),
        merged=[id for id in merging.merged_ids(customer.id) if id != customer.id],
        others=[row_of(one.id, reader()) for one in erasing.others(customer)],
        reasons=list(erasing.REASONS.items()),
        values={"reason": form.reason.data, "why": form.why.data or "", "confirm": form.confirm.data or ""},
        chosen=_also(),
        errors={"reason": "", "why": "", "confirm": ""} | (errors or {}),
        notice=notice,
    )
