"""Links that lead back to a list as it was left, with its filter, search and page.

A page that is opened from a list is told the list's address in `back`. Only known lists are led to: whatever
else stands there, an address elsewhere too, leads to the usual one.
"""

from flask import request

LISTS = {
    "/customers": "Customers",
    "/opt-in": "Opt-In/Out",
    "/simulator": "Simulator",
    "/campaigns": "Campaigns",
    "/imports": "Imports",
    "/events": "Consent log",
    "/events/batches": "Batches",
}


def way_back(usual: str, *others: str) -> tuple[str, str]:
    """The address and the name of the list that this page was opened from, if it is one of these."""
    asked = request.args.get("back", "")
    path, _, query = asked.partition("?")
    if query and path in (usual, *others):
        return asked, LISTS[path]
    known = path if path in others else usual
    return known, LISTS[known]


def list_here() -> str | None:
    """The address of this list for the pages that are opened from it; None while it is as usual."""
    return request.full_path if request.query_string else None
