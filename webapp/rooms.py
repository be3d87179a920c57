"""The blueprints of all nouns, in one list."""

from flask import Blueprint

from webapp import schema
from webapp.accounts.views import bp as accounts
from webapp.api import housekeeping
from webapp.api.views import bp as api
from webapp.backups.views import bp as backups
from webapp.bulk import worker as bulk_worker
from webapp.bulk.views import bp as bulk
from webapp.campaigns.reports.views import bp as reports
from webapp.campaigns.segments.views import bp as segments
from webapp.campaigns.templates.views import bp as templates
from webapp.campaigns.views import bp as campaigns
from webapp.checks import setup
from webapp.consent import housekeeping as consent_housekeeping
from webapp.consent.sealing import housekeeping as sealing
from webapp.customers import housekeeping as customers_housekeeping
from webapp.customers.attributes.views import bp as attributes
from webapp.customers.journal import writing as journal
from webapp.customers.tags.views import bp as tags
from webapp.customers.views import bp as customers
from webapp.endpoints import worker as endpoints_worker
from webapp.endpoints.all_views import bp as endpoints
from webapp.events.views import bp as events
from webapp.guide.views import bp as guide
from webapp.imports import worker as imports_worker
from webapp.imports.views import bp as imports
from webapp.reviews import expiry
from webapp.reviews.views import bp as reviews
from webapp.settings import housekeeping as settings_housekeeping
from webapp.settings.all_views import bp as settings
from webapp.simulator.views import bp as simulator
from webapp.status import alarm_worker
from webapp.status.all_views import bp as status
from webapp.whatsapp import confirming, launch, watch
from webapp.whatsapp.views import bp as whatsapp

BLUEPRINTS: list[Blueprint] = [
    accounts, customers, tags, attributes, guide, reviews, settings, whatsapp, api,
    campaigns, reports, templates, segments, status, endpoints, events, bulk, imports,
    backups,
]  # fmt: skip
SPOKEN_TO_BY_PROGRAMS: list[Blueprint] = [whatsapp, api]
"""Callers that sign or bear a token: they have no cookie that a foreign page could abuse."""
SIMULATOR: Blueprint = simulator
WITH_TASKS = (
    launch, confirming, watch, housekeeping, consent_housekeeping, customers_housekeeping,
    settings_housekeeping, expiry, sealing, endpoints_worker, bulk_worker, imports_worker,
    setup, schema, alarm_worker,
)  # fmt: skip
"""Modules whose tasks the queue knows once they are imported."""
AT_EACH_COMMIT = (journal,)
"""Modules that the database session tells of its commits once they are imported."""
