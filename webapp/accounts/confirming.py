"""Before what is hard to undo: whoever sits there signed in lately, or says once more who they are.

The question takes the place of the answer, with all that was typed in it; its form goes to the same address,
so that the right proof goes straight on to what the person was doing, with scripts and without.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from flask import Response, request
from flask_login import current_user

from webapp.accounts import second_step, sessions, trail
from webapp.accounts.access import View
from webapp.accounts.proving import is_themselves
from webapp.accounts.throttle import TooManyFailures, in_words
from webapp.clock import now
from webapp.rendering import confirm_first

FRESH = timedelta(minutes=15)
PROOF = "proof_of_person"
NOT_KEPT = (PROOF, "csrf_token")
WRONG = {
    "code": "That is not a code that works now.",
    "password": "That is not your password.",
    "link": "It is not proved who you are.",
}


def confirmed(view: View | None = None, *, when: Callable[[], bool] = lambda: True) -> Any:
    """Mark a view, below `requires`, that asks for a fresh sign-in; with `when` only if that holds."""
    if view is None:
        return lambda view: confirmed(view, when=when)

    @wraps(view)
    def sure(*args: Any, **kwargs: Any) -> Any:
        if when() and not is_fresh():
            problem = _fault_of(request.form[PROOF]) if PROOF in request.form else ""
            if problem or PROOF not in request.form:
                return _ask(problem)
            sessions.confirm(current_user, now())
            trail.note("proved again who they are", current_user)
        return view(*args, **kwargs)

    sure.asks_again = True
    return sure


def is_fresh() -> bool:
    """Whether whoever sits there proved lately who they are, and has not just left a browser open."""
    return now() - current_user.sure_at <= FRESH


def way() -> str:
    """How this person can prove who they are: by `code`, by `password`, or by opening another `link`."""
    if second_step.is_on(current_user):
        return "code"
    return "password" if current_user.password_hash else "link"


def _fault_of(proof: str) -> str:
    """Why this does not prove who sits there; "" when it does."""
    try:
        proved = is_themselves(current_user, proof)
    except TooManyFailures as refused:
        return f"Too many failed attempts. Try again {in_words(refused.wait)}."
    return "" if proved else WRONG[way()]


def _ask(problem: str) -> Response:
    return confirm_first(
        way=way(),
        problem=problem,
        proof=PROOF,
        kept=[(name, value) for name, value in request.form.items(multi=True) if name not in NOT_KEPT],
        with_file=any(file.filename for file in request.files.values()),
    )
