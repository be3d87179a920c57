"""Customers who may be one person: a list, and a person's decision about each pair."""

from flask import Response, abort, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers import duplicates, merging
from webapp.customers.blueprint import bp, customer_or_404, reader
from webapp.customers.models import Customer
from webapp.customers.person import person_context
from webapp.customers.rows import row_of
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, page_or_fragment

WHY = "A person decided that both are the same person"
Answer = Response | tuple[str, int]


@bp.get("/customers/duplicates")
@requires(Role.AGENT)
def possible_duplicates() -> str:
    pairs = [
        (pair.why, row_of(pair.older.id, reader()), row_of(pair.newer.id, reader()))
        for pair in duplicates.pairs()
    ]
    return page_or_fragment("customers/duplicates.html", "customers/_duplicates.html", pairs=pairs)


@bp.get("/customers/<int:customer_id>/merge/<int:other_id>")
@requires(Role.MANAGER)
def ask_merge(customer_id: int, other_id: int) -> Answer:
    return _merge_dialog(*_pair(customer_id, other_id))


@bp.post("/customers/<int:customer_id>/merge/<int:other_id>")
@requires(Role.MANAGER)
def merge(customer_id: int, other_id: int) -> Answer:
    one, other = _pair(customer_id, other_id)
    if _versions(one, other) != request.form.get("versions"):
        return _merge_dialog(one, other, "One of them changed meanwhile. Look again, then merge.", 409)
    kept = merging.merge(one, other, actor=current_actor(), now=clock.now(), why=WHY)
    db.session.commit()
    return _decided(f"{kept.label} is one customer now.")


@bp.post("/customers/<int:customer_id>/two-people/<int:other_id>")
@requires(Role.MANAGER)
def dismiss_duplicate(customer_id: int, other_id: int) -> Answer:
    one, other = _pair(customer_id, other_id)
    duplicates.dismiss(one, other, actor=current_actor(), now=clock.now())
    db.session.commit()
    return _decided(f"{one.label} and {other.label} are two people.")


def _pair(one_id: int, other_id: int) -> tuple[Customer, Customer]:
    """The older one first; 404 when they are one already."""
    one, other = sorted((customer_or_404(one_id), customer_or_404(other_id)), key=lambda each: each.id)
    return abort(404) if one.id == other.id else (one, other)


def _versions(one: Customer, other: Customer) -> str:
    return f"{one.version}.{other.version}"


def _merge_dialog(one: Customer, other: Customer, notice: str = "", status: int = 200) -> Answer:
    now = clock.now()
    people = [
        {"row": row_of(each.id, reader()), **person_context(each, reader(), now)} for each in (one, other)
    ]
    return dialog(
        "customers/_merge_dialog.html",
        title="Merge customers",
        status=status,
        people=people,
        versions=_versions(one, other),
        notice=notice,
    )


def _decided(message: str) -> Response:
    location = url_for("customers.possible_duplicates")
    return dialog_done(message, location=location, events={"duplicates:changed": True})
