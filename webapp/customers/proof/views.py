"""The proof pack to download, and the page in it."""

from collections.abc import Iterable

from flask import Response, current_app, send_file

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers.blueprint import bp, customer_or_404
from webapp.customers.proof import making
from webapp.customers.proof.pack import Contents

DOCUMENT = "customers/proof/index.html"
PIECES_AT_ONCE = 100


@bp.post("/customers/<int:customer_id>/proof")
@requires(Role.MANAGER)
def prove(customer_id: int) -> Response:
    customer_id, now = customer_or_404(customer_id).id, clock.now()
    file = making.make(customer_id, page, actor=current_actor(), now=now)
    name = f"proof-{customer_id}-{now:%Y-%m-%d}.zip"
    return send_file(file, mimetype="application/zip", as_attachment=True, download_name=name)


def page(contents: Contents) -> tuple[str, Iterable[str]]:
    """A document that stands alone, for print and for whoever has no Heed."""
    pieces = current_app.jinja_env.get_template(DOCUMENT).stream(**vars(contents))
    pieces.enable_buffering(PIECES_AT_ONCE)
    return DOCUMENT.rpartition("/")[2], pieces
