"""The customers table: the Opt-In/Out page, the Customers page, and the poll of both."""

from flask import Response, make_response, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webapp import budget
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.budget import OverBudget
from webapp.customers import live as poll
from webapp.customers.blueprint import bp, reader, table_behind, table_here
from webapp.customers.filters import Filter, Page
from webapp.customers.table import Table
from webapp.customers.table_context import counts, given_up, panel, results
from webapp.extensions import htmx

COUNTING_SECONDS = 10.0


@bp.get("/opt-in")
@requires(Role.VIEWER)
def opt_in() -> Response:
    return _table("customers/opt_in.html", "customers.opt_in")


@bp.get("/customers")
@requires(Role.VIEWER)
def index() -> Response:
    return _table("customers/index.html", "customers.index")


@bp.get("/opt-in/count")
@requires(Role.VIEWER)
def count() -> Response:
    """The numbers of a filter that takes longer to count than to show."""
    table = Table.of(MultiDict([*request.args.items(multi=True), ("count", "1")]), reader())
    try:
        with budget.within(COUNTING_SECONDS):
            counted = counts(table)
    except OverBudget:
        return make_response(render_template("customers/_not_counted.html"))
    return make_response(render_template("customers/_counts.html", **counted))


@bp.get("/opt-in/live")
@requires(Role.VIEWER)
def live() -> Response:
    """What changed since the last poll; 304 when nothing did."""
    behind = table_behind()
    table = Table.of(behind if behind is not None else request.args, reader())
    asked = poll.Asked.of(request.args, request.headers.get("HX-PTag", ""))
    news = poll.news(table, asked)
    if news.tag == asked.tag:
        return make_response("", 304)
    response = make_response(
        render_template(
            "customers/_live_answer.html",
            **counts(table),
            **vars(news),
            new_url=_first_page(table),
            here=table_here(),
        )
    )
    response.headers["HX-PTag"] = news.tag
    return response


def _table(page: str, endpoint: str) -> Response:
    user_id = current_user.id
    table = Table.of(
        _with_picked_attribute(request.args), reader(), framed=not htmx.partial, views_of=user_id
    )
    try:
        with budget.within(told=True):
            found = results(table, endpoint)
    except OverBudget:
        found = given_up(table, endpoint)
    offered = panel(table, endpoint, request.args.get("attr_key", ""), user_id)
    context = {"endpoint": endpoint, **found, **offered}
    if not htmx.partial:
        return make_response(render_template(page, **context))
    response = make_response(render_template("customers/_results.html", **context))
    response.headers[_history_header(table)] = url_for(
        endpoint, **table.filter.to_args(), **table.page.to_args()
    )
    return response


def _with_picked_attribute(args: MultiDict[str, str]) -> MultiDict[str, str]:
    """The panel picks key and value in two controls; the URL knows them as one `attr`."""
    key, value = args.get("attr_key", ""), args.get("attr_value", "")
    if not (key and value):
        return args
    return MultiDict([*args.items(multi=True), ("attr", f"{key}:{value}")])


def _history_header(now: Table) -> str:
    """Typing on in the search replaces the entry in the browser's history; every other change adds one."""
    behind = table_behind() or MultiDict()
    before, page = Filter.from_args(behind), Page.from_args(behind)
    typed_on = before.q and now.filter.q and before.q != now.filter.q
    same = (before, page) == (now.filter, now.page)
    return "HX-Replace-Url" if typed_on or same else "HX-Push-Url"


def _first_page(table: Table) -> str:
    return url_for("customers.opt_in", **table.filter.to_args(), **table.page.size_args())
