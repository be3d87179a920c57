"""Who is erased is no longer waited for by any change."""

from sqlalchemy import delete

from webapp.bulk.models import BulkMember
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import Gone
from webapp.extensions import db


@erasing.erased_by
def erase(gone: Gone) -> None:
    db.session.execute(delete(BulkMember).where(BulkMember.customer_id.in_(gone.ids)))
