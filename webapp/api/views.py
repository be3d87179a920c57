"""All calls of the JSON API; importing them puts them on the blueprint."""

from webapp.api import consent, customers, decisions, openapi, problems
from webapp.api.blueprint import bp

__all__ = ["bp", "consent", "customers", "decisions", "openapi", "problems"]
