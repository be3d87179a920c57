"""The guide: why consent matters, how opt-out works here, and what good practice is."""

from flask import Blueprint, render_template

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.consent import policy

bp = Blueprint("guide", __name__)


@bp.get("/guide")
@requires(Role.VIEWER)
def show() -> str:
    return render_template("guide/show.html", words=policy.effective_words(policy.current()))
