"""All pages of accounts; importing them puts them on the blueprint."""

from webapp.accounts import (
    access_rule_views,
    own_views,
    second_step_views,
    sign_in_views,
    token_views,
    trail_views,
    user_views,
)
from webapp.accounts.blueprint import bp

__all__ = [
    "access_rule_views", "bp", "own_views", "second_step_views", "sign_in_views", "token_views",
    "trail_views", "user_views",
]  # fmt: skip
