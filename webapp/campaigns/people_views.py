"""The people behind each number of a review: as a page, and as a CSV file."""

import csv
import io
from collections.abc import Iterator

from flask import Response, request
from sqlalchemy import Select, select

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns import review
from webapp.campaigns.blueprint import bp
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages import campaign_or_404, found, frame
from webapp.customers.blueprint import reader
from webapp.customers.cells import safe
from webapp.customers.downloads import disclosed
from webapp.customers.models import Customer
from webapp.customers.rows import Reader, rows_of
from webapp.extensions import db
from webapp.rendering import page_or_fragment

PER_PAGE = 50
CHUNK = 500
OTHERS = {
    review.ELIGIBLE: ("Will send", "who get it", "Opted in, can be reached"),
    review.US: ("US numbers", "with US numbers", "WhatsApp delivers no marketing to numbers of the USA"),
    review.UNFILLED: ("A value is missing", "without a value", "A variable has no value for them"),
}
GROUPS = {**OTHERS, **review.WORDS}


@bp.get("/<int:campaign_id>/audience")
@requires(Role.VIEWER)
def people(campaign_id: int) -> str:
    campaign = campaign_or_404(campaign_id)
    group, after = _group(), request.args.get("after", default=0, type=int)
    page = _ids(campaign, group).where(Customer.id > after).limit(PER_PAGE + 1)
    rows = rows_of(list(db.session.scalars(page)), reader())
    return page_or_fragment(
        "campaigns/people.html",
        "campaigns/_people.html",
        step="review",
        group=group,
        group_words=GROUPS[group],
        rows=rows[:PER_PAGE],
        next_after=rows[PER_PAGE - 1].id if len(rows) > PER_PAGE else None,
        found=found(campaign),
        **frame(campaign),
    )


@bp.get("/<int:campaign_id>/audience.csv")
@requires(Role.VIEWER)
def people_csv(campaign_id: int) -> Response:
    """The same list whole; numbers are masked for viewers here, too."""
    group = _group()
    ids = list(db.session.scalars(_ids(campaign_or_404(campaign_id), group)))
    return disclosed(
        "campaign_people",
        f"campaign-{campaign_id}-{group}",
        _lines(ids, group, reader()),
        filter=f"campaign {campaign_id}, {group}",
        rows=len(ids),
    )


def _group() -> str:
    wanted = request.args.get("reason", review.ELIGIBLE)
    return wanted if wanted in GROUPS else review.ELIGIBLE


def _ids(campaign: Campaign, group: str) -> Select[tuple[int]]:
    ids = review.people(campaign, group, clock.now())
    return select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id)


def _lines(ids: list[int], group: str, who: Reader) -> Iterator[str]:
    yield _line("id", "name", "phone", "state", "reason")
    for start in range(0, len(ids), CHUNK):
        for row in rows_of(ids[start : start + CHUNK], who):
            yield _line(row.id, safe(row.label), safe(row.phone), row.state_words, group)


def _line(*cells: object) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()
