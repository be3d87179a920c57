"""What happened to accounts, for admins: they answer for who may do what."""

from flask import current_app, render_template, request

from webapp.accounts import trail, users
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names
from webapp.accounts.blueprint import bp
from webapp.accounts.roles import Role


@bp.get("/users/events")
@requires(Role.ADMIN)
def account_events() -> str:
    people = {trail.key_of(user): user.label for user in users.every()}
    person = request.args.get("person", "")
    person = person if person in people else ""
    found, following = trail.page(person, request.args.get("after", type=int))
    return render_template(
        "accounts/events.html",
        events=found,
        names=actor_names({key for each in found for key in (each.subject, each.actor) if key}),
        people=people,
        person=person,
        first="after" not in request.args,
        next=following,
        days=current_app.config["HEED"].account_events_kept.days,
    )
