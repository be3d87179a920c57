"""The lines of a list of numbers that were not taken into a segment: as a page, and as a file.

Nothing of them is kept. The form that was saved is sent on to this page (status 307), which writes nothing:
so the page can be loaded again while the browser still has the form.
"""

from flask import Response, flash, render_template, request, url_for

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns import audience_forms
from webapp.campaigns.models import Segment
from webapp.campaigns.named_people import Left, Line
from webapp.campaigns.segments import numbers as segment_numbers
from webapp.campaigns.segments.blueprint import Answer, bp
from webapp.customers.table_files import guarded, written
from webapp.customers.text import one_line
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.transactions import only_reads

MOST_SHOWN = 200
MOST_FILED = 5_000
HEAD = ("line", "content", "reason")


@bp.get("/<int:segment_id>/lines")
@requires(Role.VIEWER)
def lines_gone(segment_id: int) -> Answer:
    return see_other(url_for("segments.show", segment_id=segment_id))


@bp.post("/<int:segment_id>/lines")
@requires(Role.MANAGER)
@only_reads
def lines(segment_id: int) -> Answer:
    segment = db.get_or_404(Segment, segment_id)
    try:
        left = segment_numbers.left_of(lines_sent(), add_unknown="add_unknown" in request.form)
    except ValueError as fault:
        flash(str(fault))
        return lines_gone(segment_id)
    added, created = (request.args.get(name, 0, type=int) for name in ("added", "created"))
    page = render_template(
        "segments/lines.html",
        segment=segment,
        sentence=segment_numbers.sentence(added, created, len(left)),
        left=left,
        shown=left[:MOST_SHOWN],
        rows=_rows(left[:MOST_FILED]),
        filed=min(len(left), MOST_FILED),
    )
    return page, 200


@bp.post("/<int:segment_id>/lines.csv")
@requires(Role.MANAGER)
@only_reads
def lines_file(segment_id: int) -> Response:
    """The page's own list as a file. It comes with the form, for nothing of it is kept."""
    db.get_or_404(Segment, segment_id)
    rows = [line.split("\t")[: len(HEAD)] for line in request.form.get("rows", "").splitlines()]
    answer = Response(written(HEAD, [guarded(rows)]), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="segment-{segment_id}-not-taken.csv"'
    return answer


def _rows(left: list[Left]) -> str:
    """Tabs between the cells; one field, for forms may not have many, and short of a megabyte."""
    cells = ((each.line.number, one_line(each.line.text)[:60], one_line(each.why)) for each in left)
    return "\n".join("\t".join(map(str, row)) for row in cells)


def lines_sent() -> list[Line]:
    """The numbers that were typed or uploaded. Raises ValueError for a file that is no CSV or too much."""
    side = audience_forms.Side(numbers=request.form.get("numbers", ""))
    return audience_forms.lines_in(side, request.files.get("file"))
