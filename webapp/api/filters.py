"""The filter in a query string. A page may leave out what it cannot use; a program is told instead."""

from collections.abc import Callable

from flask import request
from sqlalchemy import Select, select
from werkzeug.datastructures import MultiDict

from webapp.api.auth import masked
from webapp.api.pagination import Part
from webapp.api.problems import unfit
from webapp.consent.rules import Status
from webapp.customers import queries
from webapp.customers.addresses import number_keys
from webapp.customers.filters import LONGEST_ATTRIBUTE, LONGEST_SEARCH, LONGEST_TAG, MOST_VALUES, Filter, Page
from webapp.customers.models import Customer, Identity
from webapp.customers.search import is_number
from webapp.customers.text import one_line

PARAMETERS = ("phone", "q", "tag", "attr", "status")
ONCE = ("phone", "q", "status")


def customer_ids(part: Part) -> Select[tuple[int]]:
    """The ids of one part of the filtered list and one more, the newest first. Raises Problem 422."""
    given = MultiDict((name, value) for name, value in request.args.items(multi=True) if value)
    check(given)
    wanted = Filter.from_args(given, whole_numbers=masked())
    ids = queries.page_of(wanted, Page(after=part.after, per_page=part.limit))
    return _with_number(ids, given["phone"]) if "phone" in given else ids


def check(given: MultiDict[str, str], parent: str = "") -> None:
    """Raises Problem 422 for a value that a filter would leave out; `parent` goes before the field's name."""
    for name, (fits, fault) in CHECKS.items():
        values, most = given.getlist(name), 1 if name in ONCE else MOST_VALUES
        if len(values) > most:
            raise unfit(parent + name, f"This may stand here {most} times at most.")
        if not all(map(fits, values)):
            raise unfit(parent + name, fault)


def _with_number(ids: Select[tuple[int]], phone: str) -> Select[tuple[int]]:
    has_number = Identity.match_key.in_(number_keys(phone)), is_number(Identity)
    return ids.where(Customer.id.in_(select(Identity.customer_id).where(*has_number)))


def _is_number(phone: str) -> bool:
    return len(phone) <= LONGEST_SEARCH and bool(number_keys(phone))


def _is_tag(tag: str) -> bool:
    return bool(one_line(tag)) and len(tag) <= LONGEST_TAG


def _is_attribute(pair: str) -> bool:
    key, _, value = pair.partition(":")
    return bool(one_line(key) and one_line(value)) and len(pair) <= LONGEST_ATTRIBUTE


CHECKS: dict[str, tuple[Callable[[str], bool], str]] = {
    "phone": (_is_number, "Write a phone number, like +55 65 99000-0001."),
    "q": (lambda q: len(q) <= LONGEST_SEARCH, f"Write {LONGEST_SEARCH} characters at most."),
    "tag": (_is_tag, f"A tag has 1 to {LONGEST_TAG} characters."),
    "attr": (_is_attribute, "Write KEY:VALUE."),
    "status": (lambda status: status in list(Status), "This must be opted_in, opted_out or unknown."),
}
