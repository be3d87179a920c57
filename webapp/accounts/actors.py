"""Who did it: the keys that the ledger keeps, and the names that people read."""

from collections.abc import Iterable
from typing import Any

from flask import g
from flask_login import current_user
from sqlalchemy import BigInteger, ColumnElement, case, cast, func, literal, select

from webapp.accounts.models import ApiToken, User
from webapp.extensions import db

NAMES = {"customer": "the customer", "whatsapp": "WhatsApp", "system": "Heed"}


def act_as(token: ApiToken) -> None:
    """From here on this request is the work of a program that showed this token."""
    g.api_token = token


def asked_by(kind: str, id: int) -> None:
    """What is logged of this request names them, whether they may do it or not."""
    g.actor = f"{kind}:{id}"


def current_actor() -> str:
    """`token:ID` or `user:ID` of this request; `system` for commands and tasks, where nobody is signed in."""
    if token := g.get("api_token"):
        return f"token:{token.id}"
    return f"user:{current_user.id}" if current_user and current_user.is_authenticated else "system"


def actor_names(keys: Iterable[str]) -> dict[str, str]:
    """A name for each key; two queries, however many keys there are."""
    wanted = set(keys)
    return {**{key: NAMES.get(key, key) for key in wanted}, **_user_names(wanted), **_token_names(wanted)}


def name_column(actor: Any) -> ColumnElement[Any]:
    """The name for the key in a column, of a person or a token; NULL for other keys (see `name_of`)."""
    id = cast(func.substr(actor, func.length(_kind(actor)) + 1), BigInteger)
    person = select(func.coalesce(func.nullif(User.name, ""), User.email)).where(User.id == id)
    token = select(literal("token “") + ApiToken.name + literal("”")).where(ApiToken.id == id)
    return case(
        (actor.like("user:%"), person.scalar_subquery()), (actor.like("token:%"), token.scalar_subquery())
    )


def name_of(key: str, known: str | None) -> str:
    """What people call whoever did it; `known` is what `name_column` gave."""
    return known or NAMES.get(key, key)


def _kind(actor: Any) -> ColumnElement[Any]:
    return case((actor.like("user:%"), "user:"), else_="token:")


def _user_names(keys: set[str]) -> dict[str, str]:
    users = db.session.scalars(select(User).where(User.id.in_(_ids(keys, "user"))))
    return {f"user:{user.id}": user.label for user in users}


def _token_names(keys: set[str]) -> dict[str, str]:
    tokens = db.session.scalars(select(ApiToken).where(ApiToken.id.in_(_ids(keys, "token"))))
    return {f"token:{token.id}": f"token “{token.name}”" for token in tokens}


def _ids(keys: set[str], kind: str) -> list[int]:
    found = (key.partition(":") for key in keys)
    return [int(number) for name, _, number in found if name == kind and number.isdecimal()]
