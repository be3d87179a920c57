"""The body of PUT customers: checked as a whole before anything is written, then applied by verbs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.api import bodies
from webapp.api.problems import Problem, unfit
from webapp.customers import identities
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.attributes import attributes
from webapp.customers.attributes.attributes import MalformedAttribute
from webapp.customers.attributes.values import MalformedValue, accept_value
from webapp.customers.erasure import suppressions
from webapp.customers.models import AttributeKey, AttributeType, Customer, IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.search import fold
from webapp.customers.tags import tags
from webapp.customers.tags.tags import MalformedTag
from webapp.extensions import db

ADDRESSES = (IdentityKind.PHONE, IdentityKind.WA_ID, IdentityKind.USER_ID)
FIELDS = (*(kind.value for kind in ADDRESSES), "name", "tags", "attributes")
MOST_ENTRIES = 100
"""Tags, and attributes, in one call."""
SOURCE = "api"


@dataclass(frozen=True)
class Profile:
    """What is known of a person elsewhere. None stands for what was not sent and stays as it is."""

    address: Address
    name: str | None
    tags: list[str] | None
    attributes: dict[str, Any]
    """Checked values by name; None removes one."""
    new_types: dict[str, AttributeType]
    """The types of those attributes that are not defined yet."""


def read(body: dict[str, Any]) -> Profile:
    """Raises Problem 422, which names the field."""
    values, new_types = _attributes(bodies.optional(body, "attributes", dict) or {})
    return Profile(_address(body), bodies.optional(body, "name", str), _tags(body), values, new_types)


def put(profile: Profile, now: datetime) -> tuple[Customer, bool]:
    """The customer with this identity, updated, and whether it is new. The caller commits.

    Raises IdentityTaken when the identity was given to another customer in this moment, and PersonErased for
    whoever was erased, also if they wrote in again: what others know of them is not put back.
    """
    place = profile.address
    suppressions.demand_nobody_erased([place])
    customer = next(iter(identities.find_by_addresses([place])), None)
    if customer is None:
        customer = identities.create_with([place], name=profile.name or "", source=SOURCE, now=now)
    else:  # found by a variant: from now on also by this form
        identities.attach(customer, place.kind, place.value, SOURCE, now)
    _apply(customer, profile)
    return customer, customer.created_at == now


def _apply(customer: Customer, profile: Profile) -> None:
    if profile.name and identities.shown_name(profile.name) not in ("", customer.name):
        identities.rename(customer, profile.name)
    if profile.tags is not None:
        tags.set_tags(customer, profile.tags)
    for name, type in profile.new_types.items():
        attributes.define(name, type)
    if profile.attributes:
        attributes.set_attributes(customer, profile.attributes)


def _address(body: dict[str, Any]) -> Address:
    given = {kind: raw for kind in ADDRESSES if (raw := bodies.optional(body, kind.value, str)) is not None}
    if len(given) != 1:
        raise unfit("phone", "Send one of phone, wa_id and user_id.")
    ((kind, raw),) = given.items()
    try:
        return address(kind, raw)
    except (MalformedPhone, MalformedId) as fault:
        raise unfit(kind.value, str(fault)) from None


def _tags(body: dict[str, Any]) -> list[str] | None:
    names = bodies.optional(body, "tags", list)
    if names is None:
        return None
    _check_number("tags", names)
    faults = {f"tags[{n}]": fault for n, name in enumerate(names) if (fault := _fault_of_tag(name))}
    if faults:
        raise Problem(422, faults=faults)
    return names


def _fault_of_tag(name: Any) -> str:
    if not isinstance(name, str):
        return "This must be text."
    try:
        tags.checked(name)
    except MalformedTag as fault:
        return str(fault)
    return ""


def _attributes(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, AttributeType]]:
    """The values, and the types of the names that are new; removing what is not defined is nothing."""
    _check_number("attributes", given)
    types = _known_types(given)
    values: dict[str, Any] = {}
    new: dict[str, AttributeType] = {}
    faults: dict[str, str] = {}
    for name, value in given.items():
        type = types.get(fold(name))
        if value is None:
            values |= {name: None} if type else {}
            continue
        if type is None:
            type = new[name] = _type_of(value)
        try:
            values[name] = accept_value(type, value)
        except MalformedValue as fault:
            faults[f"attributes.{bodies.shown(name)}"] = f"{fault} The attribute is of type {type}."
    if faults:
        raise Problem(422, faults=faults)
    return values, new


def _known_types(names: Iterable[str]) -> dict[str, AttributeType]:
    """The types of the defined attributes among these, by folded name."""
    folded = [fold(_checked_attribute(name)) for name in names]
    keys = db.session.execute(select(AttributeKey.key, AttributeKey.type).where(AttributeKey.key.in_(folded)))
    return {key.key: AttributeType(key.type) for key in keys}


def _checked_attribute(name: str) -> str:
    try:
        return attributes.checked(name)
    except MalformedAttribute as fault:
        raise unfit(f"attributes.{bodies.shown(name)}", str(fault)) from None


def _type_of(value: Any) -> AttributeType:
    """The type that a new attribute gets from its first value."""
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if isinstance(value, (int, float)):
        return AttributeType.NUMBER
    return AttributeType.TEXT if isinstance(value, str) else AttributeType.JSON


def _check_number(field: str, entries: list[Any] | dict[str, Any]) -> None:
    if len(entries) > MOST_ENTRIES:
        raise unfit(field, f"At most {MOST_ENTRIES} at once.")
