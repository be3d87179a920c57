"""The blueprints of all nouns, in one list."""

from flask import Blueprint

from webapp.accounts.views import bp as accounts
from webapp.customers.views import bp as customers
from webapp.guide.views import bp as guide
from webapp.settings.views import bp as settings

BLUEPRINTS: list[Blueprint] = [accounts, customers, guide, settings]
SPOKEN_TO_BY_PROGRAMS: list[Blueprint] = []
"""Callers that sign or bear a token: they have no cookie that a foreign page could abuse."""
SIMULATOR: Blueprint | None = None
