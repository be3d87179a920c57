"""All tables in one metadata, for migrations and for tests that look at the schema."""

from webapp import tasks
from webapp.accounts import account_event
from webapp.accounts import models as accounts
from webapp.backups import models as backups
from webapp.bulk import models as bulk
from webapp.campaigns import models as campaigns
from webapp.consent import models as consent
from webapp.consent.sealing import models as sealing
from webapp.customers import batch_changes, duplicates
from webapp.customers import models as customers
from webapp.customers.erasure import erasing, suppressions
from webapp.customers.journal import unclaimed
from webapp.customers.saved_views import saved_view
from webapp.endpoints import models as endpoints
from webapp.extensions import db
from webapp.imports import models as imports
from webapp.status import models as status
from webapp.whatsapp import models as whatsapp

METADATA = db.metadata
MODULES = (
    accounts, account_event, consent, sealing, customers, batch_changes, duplicates, suppressions, erasing,
    saved_view, unclaimed, campaigns, bulk, imports, whatsapp, endpoints, backups, tasks, status,
)  # fmt: skip
