"""The Opt-In / Opt-Out Settings dialog and the settings page: pages over `consent.policy`."""

from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.consent import policy
from webapp.consent.keywords import US_LAW_WORDS, KeywordSet, check_words, parse_words, read_text
from webapp.consent.models import Policy
from webapp.consent.policy import PolicyChangedMeanwhile, Wishes
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done
from webapp.settings import figures

bp = Blueprint("settings", __name__)


@bp.get("/settings")
@requires(Role.VIEWER)
def index() -> str:
    current = policy.current()
    return render_template(
        "settings/index.html", policy=current, connection=figures.connection(current_app.config["HEED"])
    )


@bp.get("/opt-in/settings")
@requires(Role.VIEWER)
def opt_in() -> tuple[str, int]:
    current = policy.current()
    return _dialog(_wishes_of(current), current.version)


@bp.post("/opt-in/settings")
@requires(Role.MANAGER)
def save_opt_in() -> Response | tuple[str, int]:
    wishes, errors = _wishes_in_form()
    if errors:
        return _dialog(wishes, _version(), errors=errors, status=422)
    try:
        policy.change(wishes, version=_version(), actor=current_actor(), now=clock.now())
    except PolicyChangedMeanwhile as meanwhile:
        return _dialog(wishes, meanwhile.policy.version, other=meanwhile.policy, status=409)
    db.session.commit()
    return dialog_done(
        "Settings saved.", location=url_for("customers.opt_in"), events={"settings:saved": True}
    )


@bp.post("/opt-in/settings/try")
@requires(Role.VIEWER)
def try_message() -> str:
    """What a text would do with the words as they stand in the dialog, before they are saved."""
    text = request.form.get("message", "")
    wishes, errors = _wishes_in_form()
    reading = read_text(text, wishes.words) if text.strip() and not errors else None
    return render_template(
        "settings/_try_result.html",
        message=text,
        reading=reading,
        enabled=wishes.keywords_enabled,
        errors=errors,
    )


def _wishes_in_form() -> tuple[Wishes, list[str]]:
    form = request.form
    enabled = "keywords_enabled" in form
    words, errors = check_words(_words("opt_out_words"), _words("opt_in_words"), enabled)
    return Wishes(enabled, words, form.get("unknown_may_receive") == "1"), errors


def _words(name: str) -> list[str]:
    return [word for raw in request.form.getlist(name) for word in parse_words(raw)]


def _version() -> int:
    return request.form.get("version", default=0, type=int)


def _wishes_of(current: Policy) -> Wishes:
    return Wishes(current.keywords_enabled, policy.configured_words(current), current.unknown_may_receive)


def _dialog(
    wishes: Wishes,
    version: int,
    *,
    errors: list[str] | None = None,
    other: Policy | None = None,
    status: int = 200,
) -> tuple[str, int]:
    return dialog(
        "settings/_opt_in_dialog.html",
        title="Opt-In / Opt-Out Settings",
        status=status,
        wishes=wishes,
        version=version,
        errors=errors or [],
        meanwhile=_meanwhile(other),
        editable=may(Role.MANAGER),
        us_law_words=US_LAW_WORDS,
        **figures.keyword_figures(clock.now()),
    )


def _meanwhile(other: Policy | None) -> dict[str, Any] | None:
    """The settings as somebody else has saved them, for the one who comes second."""
    if other is None:
        return None
    by = other.changed_by or "system"
    words: KeywordSet = policy.configured_words(other)
    return {
        "by": actor_names([by])[by],
        "at": other.changed_at,
        "enabled": other.keywords_enabled,
        "words": words,
        "unknown_may_receive": other.unknown_may_receive,
    }
