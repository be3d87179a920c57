"""The consent log of the whole workspace: who is meant, what is shown, and the file of it."""

from flask import Response, render_template, request, url_for
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp.accounts.access import may, requires
from webapp.accounts.actors import NAMES, actor_names
from webapp.accounts.models import ApiToken, User
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.campaigns.models import Campaign
from webapp.consent import log_query
from webapp.customers import queries
from webapp.customers.downloads import disclosed
from webapp.customers.filters import Filter as CustomerFilter
from webapp.customers.models import Customer
from webapp.customers.table_files import guarded, written
from webapp.events import as_of_views, batch_views, disclosure_views, lines
from webapp.events.blueprint import bp
from webapp.events.filters import KINDS, SOURCES, Filter, id_in, wanted
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.transactions import only_reads

__all__ = ["as_of_views", "batch_views", "bp", "disclosure_views"]
MOST_FOUND = 20
MOST_CAMPAIGNS = 100


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return _page(Filter.from_args(request.args), id_in(request.args, "after"))


@bp.post("/find")
@requires(Role.VIEWER)
@only_reads
def find() -> Response | str:
    """Whose events: a number is typed here, found and answered by an id, so that no URL holds it."""
    filter, typed = Filter.from_args(request.form), request.form.get("person", "").strip()
    if not typed:
        return see_other(url_for("events.index", **filter.to_args(customer=None)))
    found = _people(typed)
    if len(found) == 1:
        return see_other(url_for("events.index", **filter.to_args(customer=found[0].id)))
    return _page(filter, None, typed, found)


@bp.get("/log.csv")
@requires(Role.VIEWER)
def file() -> Response:
    """What the filter means as a file, which leaves as it is written."""
    filter = Filter.from_args(request.args)
    asked, evidence = wanted(filter, switch.current().zone), may(Role.AGENT)
    parts = (guarded(lines.cells_of(rows, evidence=evidence)) for rows in log_query.chunks(asked))
    return disclosed(
        "events",
        "consent-log",
        written(lines.COLUMNS, parts),
        filter=filter.words,
        rows=log_query.count(asked),
    )


def _page(filter: Filter, after: int | None, typed: str = "", found: list[Customer] | None = None) -> str:
    zone = switch.current().zone
    part = log_query.part(wanted(filter, zone), after)
    person = db.session.get(Customer, filter.customer) if filter.customer else None
    return render_template(
        "events/index.html",
        lines=lines.lines_of(part.rows, evidence=may(Role.AGENT)),
        next=part.next,
        first=after is None,
        filter=filter,
        person=person.label if person else f"Customer {filter.customer}" if filter.customer else "",
        typed=typed,
        found=found,
        zone=zone,
        kinds=KINDS,
        sources=SOURCES,
        actors=_actors(filter.actor),
        campaigns=_campaigns(filter.campaign),
    )


def _people(typed: str) -> list[Customer]:
    """By id where that is one, else by name or number as the tables find them."""
    wanted = CustomerFilter.from_args(MultiDict({"q": typed}), whole_numbers=not may(Role.AGENT))
    found = set(db.session.scalars(queries.matching(wanted).limit(MOST_FOUND)))
    if typed.isascii() and typed.isdigit() and len(typed) < 12:
        found.add(int(typed))
    return list(
        db.session.scalars(select(Customer).where(Customer.id.in_(found)).order_by(Customer.id.desc()))
    )


def _actors(chosen: str) -> dict[str, str]:
    """Everybody who may have done something, by name."""
    people = [f"user:{id}" for id in db.session.scalars(select(User.id))]
    programs = [f"token:{id}" for id in db.session.scalars(select(ApiToken.id))]
    names = actor_names([*people, *programs, *([chosen] if chosen else [])])
    return {**{key: name[:1].upper() + name[1:] for key, name in NAMES.items()}, **names}


def _campaigns(chosen: int | None) -> list[tuple[int, str]]:
    """The newest that were launched, and the chosen one."""
    launched = (
        select(Campaign.id, Campaign.name)
        .where(Campaign.launched_at.is_not(None), Campaign.test_of_id.is_(None))
        .order_by(Campaign.launched_at.desc(), Campaign.id.desc())
        .limit(MOST_CAMPAIGNS)
    )
    rows = [(row.id, row.name) for row in db.session.execute(launched)]
    if chosen and chosen not in dict(rows):
        named = db.session.get(Campaign, chosen)
        rows.append((chosen, named.name if named else f"Campaign {chosen}"))
    return rows
