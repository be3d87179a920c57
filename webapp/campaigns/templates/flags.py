"""Which templates promise a way out that does not work, or have none, with the keywords in force now."""

from collections.abc import Iterable

from sqlalchemy import select

from webapp.campaigns.models import Template
from webapp.campaigns.templates import way_out
from webapp.consent import policy
from webapp.consent.gate import Category
from webapp.consent.keywords import KeywordSet
from webapp.extensions import db


def of(template: Template | None) -> list[str]:
    """What is wrong with its way out, in sentences."""
    return _flags(template, policy.words_in_force(policy.current())) if template else []


def by_template(found: Iterable[Template]) -> dict[int, list[str]]:
    """The same of many, by their ids; those that cannot be sent have nothing wrong."""
    words = policy.words_in_force(policy.current())
    return {template.id: _flags(template, words) if template.usable else [] for template in found}


def flagged() -> int:
    """How many templates that can be sent have something wrong."""
    usable = select(Template).where(Template.status == "APPROVED", Template.removed_at.is_(None))
    return sum(map(bool, by_template(db.session.scalars(usable)).values()))


def _flags(template: Template, words: KeywordSet | None) -> list[str]:
    return way_out.flags(template.components, words, marketing=template.counts_as == Category.MARKETING)
