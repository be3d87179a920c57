"""All pages of accounts; importing them puts them on the blueprint."""

from webapp.accounts import (
    views_access_rules,
    views_own,
    views_second_step,
    views_sign_in,
    views_tokens,
    views_trail,
    views_users,
)
from webapp.accounts.blueprint import bp

__all__ = [
    "bp", "views_access_rules", "views_own", "views_second_step", "views_sign_in", "views_tokens",
    "views_trail", "views_users",
]  # fmt: skip
