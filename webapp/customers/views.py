"""One customer: adding, the page, the Edit Customer dialog. The table and consent have files of their own."""

from flask import Response, request, url_for

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.roles import Role
from webapp.customers import (
    access_views,
    as_of_words,
    consent_views,
    duplicate_views,
    duplicates,
    editing,
    evidence_views,
    export_views,
    history,
    identities,
    table_views,
)
from webapp.customers.addresses import addresses
from webapp.customers.blueprint import bp, customer_or_404, reader
from webapp.customers.editing import NOTICE, Draft, EditedMeanwhile, Unfit
from webapp.customers.editing_context import draft_in, draft_of, edit_dialog_context
from webapp.customers.erasure import suppressions
from webapp.customers.erasure import views as erasure_views
from webapp.customers.erasure.suppressions import PersonErased, WrongKey
from webapp.customers.forms import NewCustomerForm
from webapp.customers.identities import MalformedPhone
from webapp.customers.models import Customer
from webapp.customers.person import person_context
from webapp.customers.proof import views as proof_views
from webapp.customers.rows import row_of
from webapp.customers.saved_views import views as saved_view_views
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done, page_or_fragment, see_other

__all__ = [
    "access_views", "bp", "consent_views", "duplicate_views", "erasure_views", "evidence_views",
    "export_views", "proof_views", "saved_view_views", "table_views",
]  # fmt: skip


@bp.get("/customers/new")
@requires(Role.AGENT)
def new() -> tuple[str, int]:
    return _new_dialog({"phone": "", "name": ""}, {})


@bp.post("/customers/new")
@requires(Role.AGENT)
def create() -> Response | tuple[str, int]:
    form = NewCustomerForm()
    values = {"phone": form.phone.data or "", "name": form.name.data or ""}
    if not form.validate():
        return _new_dialog(values, {name: sentences[0] for name, sentences in form.errors.items()})
    try:
        known = identities.find_by_any_phone(values["phone"])
        if not known:
            suppressions.demand_nobody_erased(addresses(phone=values["phone"]))
            known = identities.find_by_any_phone(values["phone"])  # who came in this moment
        customer = known or identities.create(
            name=values["name"], phone=values["phone"], source="agent", now=clock.now()
        )
    except MalformedPhone as fault:
        return _new_dialog(values, {"phone": str(fault)})
    except (PersonErased, WrongKey) as refusal:
        return _new_dialog(values, {"phone": str(refusal)}, 409)
    if known:
        return _new_dialog(values, {"phone": f"{known.label} has this number already."})
    db.session.commit()
    location = url_for("customers.show", customer_id=customer.id)
    if not htmx:
        return see_other(location)
    return dialog_done(f"{customer.label} is added.", location=location, events={"rows:changed": True})


@bp.get("/customers/<int:customer_id>")
@requires(Role.VIEWER)
def show(customer_id: int) -> str | Response:
    customer = customer_or_404(customer_id)
    if customer.id != customer_id:
        return see_other(url_for("customers.show", customer_id=customer.id))
    return page_or_fragment(
        "customers/show.html",
        "customers/_customer.html",
        row=row_of(customer_id, reader()),
        entries=history.entries(customer_id, reader(), clock.now()),
        duplicates=duplicates.of(customer) if may(Role.AGENT) else [],
        as_of=as_of_words.asked(customer_id, request.args.get("as_of", "")),
        **person_context(customer, reader(), clock.now()),
    )


@bp.get("/customers/<int:customer_id>/edit")
@requires(Role.AGENT)
def edit(customer_id: int) -> tuple[str, int]:
    customer = customer_or_404(customer_id)
    return _edit_dialog(customer, draft_of(customer))


@bp.post("/customers/<int:customer_id>/edit")
@requires(Role.AGENT)
def update(customer_id: int) -> Response | tuple[str, int]:
    customer = customer_or_404(customer_id)
    draft = draft_in(request.form)
    if "add" in request.form:
        return _edit_dialog(customer, draft)
    try:
        editing.apply(customer, draft)
    except Unfit as unfit:
        db.session.rollback()
        notice = unfit.errors.pop(NOTICE, "")
        return _edit_dialog(customer, draft, errors=unfit.errors, notice=notice, status=422)
    except EditedMeanwhile:
        return _edit_dialog(customer, _over(customer, draft), notice=_meanwhile(customer), status=409)
    db.session.commit()
    location = url_for("customers.show", customer_id=customer.id)
    response = dialog_done(
        f"{customer.label} is saved.", location=location, events={"customer:changed": True}
    )
    return consent_views.with_row(response, customer)


def _over(customer: Customer, draft: Draft) -> Draft:
    """The draft, to be saved over what stands now if the agent so decides."""
    return Draft(draft.tags, draft.attributes, customer.version, editing.fingerprint(customer))


def _meanwhile(customer: Customer) -> str:
    tags = ", ".join(customer.tags_json) or "none"
    return (
        f"Somebody else changed this customer meanwhile. Tags now: {tags}. "
        "Yours are below: save again to put them in their place."
    )


def _edit_dialog(
    customer: Customer,
    draft: Draft,
    *,
    errors: dict[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> tuple[str, int]:
    row = row_of(customer.id, reader())
    return dialog(
        "customers/_edit_dialog.html",
        title="Edit Customer",
        status=status,
        customer=row,
        errors={"tags": ""} | (errors or {}),
        notice=notice,
        **edit_dialog_context(draft),
    )


def _new_dialog(values: dict[str, str], errors: dict[str, str], status: int = 422) -> tuple[str, int]:
    return dialog(
        "customers/_new_dialog.html",
        title="Add customer",
        status=status if errors else 200,
        values=values,
        errors={"phone": "", "name": ""} | errors,
    )
