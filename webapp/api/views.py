"""All calls of the JSON API; importing them puts them on the blueprint."""

from webapp.api import (
    campaigns,
    consent,
    customers,
    decisions,
    limits,
    openapi,
    problems,
    steps,
    templates,
)
from webapp.api.blueprint import bp

__all__ = [
    "bp", "campaigns", "consent", "customers", "decisions", "limits", "openapi", "problems", "steps",
    "templates",
]  # fmt: skip
