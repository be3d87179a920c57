"""What the table's filter means, as a file."""

from flask import Response, request

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.customers import exporting
from webapp.customers.blueprint import bp
from webapp.customers.downloads import disclosed
from webapp.customers.filters import Filter


@bp.get("/customers/export")
@requires(Role.AGENT)
def export() -> Response:
    """For whoever sees whole numbers: the file holds them."""
    filter = Filter.from_args(request.args)
    return disclosed(
        "customers",
        f"customers-{clock.now():%Y-%m-%d}",
        exporting.lines(filter),
        filter=_said(filter),
        rows=exporting.count(filter),
    )


def _said(filter: Filter) -> str:
    """What stays on record of the filter: neither words nor values, which may tell a person."""
    said = {"q": "a search", "attr": "attribute {key}", "tag": "tag {value}", "status": "{value}"}
    parts = [said[chip.kind].format(key=chip.key, value=chip.value) for chip in filter.chips()]
    return ", ".join(parts) or "everybody"
