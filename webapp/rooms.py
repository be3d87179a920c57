"""The blueprints of all nouns, in one list."""

from flask import Blueprint

from webapp.accounts.views import bp as accounts
from webapp.api.views import bp as api
from webapp.customers.attribute_views import bp as attributes
from webapp.customers.tag_views import bp as tags
from webapp.customers.views import bp as customers
from webapp.guide.views import bp as guide
from webapp.reviews.views import bp as reviews
from webapp.settings.views import bp as settings
from webapp.simulator.views import bp as simulator
from webapp.whatsapp.views import bp as whatsapp

BLUEPRINTS: list[Blueprint] = [
    accounts, customers, tags, attributes, guide, reviews, settings, whatsapp, api,
]  # fmt: skip
SPOKEN_TO_BY_PROGRAMS: list[Blueprint] = [whatsapp, api]
"""Callers that sign or bear a token: they have no cookie that a foreign page could abuse."""
SIMULATOR: Blueprint = simulator
