"""What becomes of the words of a search that somebody kept, when the person whom they found is erased."""

from webapp.customers import queries
from webapp.customers.erasure.erasing import Gone
from webapp.customers.filters import Filter
from webapp.extensions import db

NOBODY = "_"
"""Stands in the place of such words: nobody is searched by signs, so it finds nobody, as they do now."""


def found_only_them(words: str, gone: Gone) -> bool:
    """Whether the search found them, and nobody is found who is still there: then it tells who they were."""
    if not words or not gone.found_by(words):
        return False
    return db.session.scalar(queries.matching(Filter(q=words)).limit(1)) is None
