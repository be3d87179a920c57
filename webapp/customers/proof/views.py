"""The proof pack to download, and the page in it."""

from collections.abc import Iterable, Iterator
from io import SEEK_END
from typing import BinaryIO

from flask import Response, current_app

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers.blueprint import bp, customer_or_404
from webapp.customers.proof import making
from webapp.customers.proof.pack import Contents

DOCUMENT = "customers/proof/index.html"
PIECES_AT_ONCE = 100
BYTES_AT_ONCE = 65_536


@bp.post("/customers/<int:customer_id>/proof")
@requires(Role.MANAGER)
def prove(customer_id: int) -> Response:
    customer_id, now = customer_or_404(customer_id).id, clock.now()
    file = making.make(customer_id, page, actor=current_actor(), now=now)
    response = Response(_parts(file), mimetype="application/zip")
    response.content_length = file.seek(0, SEEK_END)
    file.seek(0)
    name = f"proof-{customer_id}-{now:%Y-%m-%d}.zip"
    response.headers["Content-Disposition"] = f"attachment; filename={name}"
    return response


def _parts(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while part := file.read(BYTES_AT_ONCE):
            yield part


def page(contents: Contents) -> tuple[str, Iterable[str]]:
    """A document that stands alone, for print and for whoever has no Heed."""
    pieces = current_app.jinja_env.get_template(DOCUMENT).stream(**vars(contents))
    pieces.enable_buffering(PIECES_AT_ONCE)
    return DOCUMENT.rpartition("/")[2], pieces
