"""GET templates: the message templates that WhatsApp has for this account."""

from flask import Response, jsonify, request
from sqlalchemy import select

from webapp.accounts.roles import Role
from webapp.api import bodies, pagination
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.campaigns.models import Template
from webapp.extensions import db


@bp.get("/templates")
@bearer(Role.VIEWER)
def list_templates() -> Response:
    bodies.only_known(request.args, pagination.PARAMETERS)
    part = pagination.wanted()
    there = select(Template).where(Template.removed_at.is_(None), Template.id > (part.after or 0))
    rows = list(db.session.scalars(there.order_by(Template.id).limit(part.limit + 1)))
    return jsonify(pagination.answer(rows, part, lambda template: template.id, _item))


def _item(template: Template) -> dict[str, str]:
    return {
        "name": template.name,
        "language": template.language,
        "category": template.category,
        "status": template.status,
    }
