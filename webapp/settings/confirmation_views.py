"""The texts that confirm an opt-out or opt-in to the customer, and whether they are sent."""

from dataclasses import dataclass, field, replace

from flask import Response, flash, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.consent import confirmations, pack_records, policy
from webapp.consent.confirmations import LANGUAGES, LONGEST_TEXT, OTHERS, Texts, Wishes, fault_of
from webapp.consent.models import Policy
from webapp.consent.policy import PolicyChangedMeanwhile
from webapp.consent.rules import Status
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.settings.blueprint import bp

STATUSES = (Status.OPTED_OUT, Status.OPTED_IN)
SAMPLES = {
    Status.OPTED_OUT: "You will get no more offers from us. Reply START to get them again.",
    Status.OPTED_IN: "You will get our offers again. Reply STOP at any time to end them.",
}
NOTHING_TO_SAY = "Write a text first: without one nothing can be confirmed."


@dataclass(frozen=True)
class Draft:
    """The form as it was filled in; errors by language and status."""

    wishes: Wishes
    version: int
    errors: dict[tuple[str, str], str] = field(default_factory=dict)
    error: str = ""
    add: str = ""
    """A language for which a text is about to be written."""

    def shown(self) -> list[str]:
        """The languages with fields, that for all others first."""
        named = languages()
        return [OTHERS, *(code for code in named if code in self.wishes.texts or code == self.add)]


@bp.get("/settings/confirmations")
@requires(Role.VIEWER)
def confirmation_texts() -> str:
    return _page(_draft_of(policy.current()))


@bp.post("/settings/confirmations")
@requires(Role.MANAGER)
@confirmed
def save_confirmations() -> Response | str | tuple[str, int]:
    draft = _draft_in(request.form)
    if "adding" in request.form:
        return _page(replace(draft, add=request.form.get("add", "")))
    if draft.errors or draft.error:
        return _page(draft), 422
    try:
        confirmations.change(draft.wishes, version=draft.version, actor=current_actor(), now=clock.now())
    except PolicyChangedMeanwhile as meanwhile:
        words = "Somebody else changed the settings meanwhile. Yours are below: save again to keep them."
        return _page(Draft(draft.wishes, meanwhile.policy.version, error=words)), 409
    db.session.commit()
    flash("Settings are saved.")
    return see_other(url_for("settings.confirmation_texts"))


def languages() -> dict[str, str]:
    """Names by code: those that Heed knows, and those of imported packs."""
    imported = {pack.language: pack.name for pack in pack_records.available().values() if not pack.reviewed}
    return imported | LANGUAGES


def _draft_of(now: Policy) -> Draft:
    wishes = Wishes(now.confirm_since is not None, now.confirm_in_agent_chats, now.confirmation_texts)
    return Draft(wishes, now.version)


def _draft_in(form: MultiDict[str, str]) -> Draft:
    texts = _texts(form)
    errors = {
        (language, status): fault
        for language, by_status in texts.items()
        for status, text in by_status.items()
        if (fault := fault_of(text))
    }
    wishes = Wishes("on" in form, "in_agent_chats" in form, texts)
    error = NOTHING_TO_SAY if wishes.on and not texts else ""
    return Draft(wishes, form.get("version", default=0, type=int), errors, error)


def _texts(form: MultiDict[str, str]) -> Texts:
    found: dict[str, dict[str, str]] = {}
    for language in (OTHERS, *languages()):
        for status in STATUSES:
            if text := "\n".join(form.get(f"{status}-{language}", "").split("\r\n")).strip():
                found.setdefault(language, {})[str(status)] = text
    return found


def _page(draft: Draft) -> str:
    named, shown = languages(), draft.shown()
    return render_template(
        "settings/confirmations.html",
        draft=draft,
        names={OTHERS: "All other languages"} | named,
        others=[(code, name) for code, name in named.items() if code not in shown],
        samples=SAMPLES,
        most=LONGEST_TEXT,
    )
