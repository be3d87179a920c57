"""The file that proves an opt-in, for people who are signed in: to be saved, never to be run by a browser."""

import logging

from flask import Response, abort

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.consent import evidence_files
from webapp.consent.evidence_files import Damaged
from webapp.consent.file_kinds import of_media_type
from webapp.customers.blueprint import bp, customer_or_404
from webapp.customers.exhibits import file_of
from webapp.security import CONTENT_SECURITY_POLICY

log = logging.getLogger(__name__)


@bp.get("/customers/<int:customer_id>/evidence/<int:event_id>")
@requires(Role.VIEWER)
def evidence(customer_id: int, event_id: int) -> Response:
    file = file_of(customer_or_404(customer_id).id, event_id)
    if file is None:
        abort(404)
    try:
        content = evidence_files.read(file)
    except Damaged:
        log.error("the file of event %s is gone or damaged", event_id)
        abort(404)
    response = Response(content, mimetype=file.media_type)
    name = f"evidence-{event_id}.{of_media_type(file.media_type).extension}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = f"sandbox; {CONTENT_SECURITY_POLICY}"
    response.headers["Cache-Control"] = "private, no-store"
    return response
