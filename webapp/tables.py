"""All tables in one metadata, for migrations and for tests that look at the schema."""

from webapp import tasks
from webapp.accounts import models as accounts
from webapp.campaigns import models as campaigns
from webapp.consent import disclosures
from webapp.consent import models as consent
from webapp.customers import duplicates, erasing, suppressions
from webapp.customers import models as customers
from webapp.extensions import db
from webapp.whatsapp import models as whatsapp

METADATA = db.metadata
MODULES = (
    accounts, consent, disclosures, customers, duplicates, suppressions, erasing, campaigns, whatsapp, tasks,
)  # fmt: skip
