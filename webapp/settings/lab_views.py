"""Try your words: other keywords or packs, replayed over the messages that came; nothing is applied by it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flask import Response, render_template, request, stream_with_context
from sqlalchemy import select

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.consent import disclosures, pack_records, policy
from webapp.consent.keywords import Decision, Reading
from webapp.customers.models import Customer
from webapp.customers.table_files import Cells, guarded, written
from webapp.database import reading
from webapp.extensions import db, htmx
from webapp.formatting import iso
from webapp.settings.blueprint import bp
from webapp.settings.wishes import Draft, draft_in, draft_of
from webapp.whatsapp.inbound import rereading
from webapp.whatsapp.inbound.rereading import Change, Progress, Rules

SECONDS = 5.0
"""A page waits so long at most; older messages follow by a button."""
MOST_SHOWN = 200
WORDS = {
    Decision.OPT_OUT: "opts out", Decision.REVIEW: "held for review", Decision.OPT_IN: "opts in",
    Decision.NONE: "nothing",
}  # fmt: skip
KINDS = {
    "": "All changes", "missed": "Missed today", "opt_out": "Would be opted out", "review": "Would be held",
    "opt_in": "Would be opted in", "none": "Would do nothing",
}  # fmt: skip
COLUMNS = ("written", "customer_id", "message", "today", "because", "with_changed_words", "because_of")


@dataclass
class Found:
    """What a replay found: counts of all changes, and the lines that are shown."""

    messages: Counter[str] = field(default_factory=Counter)
    people: dict[str, set[int | None]] = field(default_factory=dict)
    lines: list[Change] = field(default_factory=list)
    left_out: int = 0

    def add(self, change: Change, kind: str) -> None:
        for each in _kinds(change):
            self.messages[each] += 1
            self.people.setdefault(each, set()).add(change.customer_id)
        if kind and kind not in _kinds(change):
            return
        if len(self.lines) < MOST_SHOWN:
            self.lines.append(change)
        else:
            self.left_out += 1


@bp.get("/settings/lab")
@requires(Role.AGENT)
def lab() -> str:
    return render_template("settings/lab.html", **_context(draft_of(policy.current())), **_nothing_yet())


@bp.post("/settings/lab")
@requires(Role.AGENT)
def run_lab() -> tuple[str, int]:
    """Replay the words as they stand in the form over the newest messages, or on from where one ended."""
    db.session.rollback()
    with reading():
        draft = draft_in(request.form)
        shown = _context(draft)
        if draft.errors:
            return _answer(**shown, **_nothing_yet()), 422
        return _answer(**shown, **_replayed(draft)), 200


@bp.post("/settings/lab.csv")
@requires(Role.AGENT)
def lab_file() -> Response:
    """All changes as a file, which leaves as it is found."""
    disclosures.note("lab", filter=KINDS[_kind()], actor=current_actor(), now=clock.now())
    db.session.commit()
    with reading():
        draft, kind = draft_in(request.form), _kind()
        found = rereading.changes(_rules(draft), clock.now(), Progress())
        wanted = (change for change in found if not kind or kind in _kinds(change))
        lines = written(COLUMNS, (guarded([_cells(change)]) for change in wanted))
        response = Response(stream_with_context(_lockless(lines)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="lab.csv"'
    return response


def _lockless(lines: Iterable[str]) -> Iterator[str]:
    """The file is written when the request is over, so it has to be reading then as well."""
    with reading():
        yield from lines


def _replayed(draft: Draft) -> dict[str, object]:
    progress, found, kind = Progress(), Found(), _kind()
    before = request.form.get("before", type=int)
    rules = _rules(draft)
    for change in rereading.changes(rules, clock.now(), progress, before=before, seconds=SECONDS):
        found.add(change, kind)
    return {"progress": progress, "found": found, "people": _people(found.lines), "older": before is not None}


def _nothing_yet() -> dict[str, object]:
    return {"progress": None, "found": Found(), "people": {}, "older": False}


def _answer(**shown: object) -> str:
    return render_template("settings/_lab_result.html" if htmx.partial else "settings/lab.html", **shown)


def _context(draft: Draft) -> dict[str, object]:
    current = policy.current()
    return {
        "values": draft.values,
        "errors": {"opt_out_words": "", "opt_in_words": "", "packs": ""} | draft.errors,
        "version": current.version,
        "policy": current,
        "packs": list(pack_records.available().values()),
        "kind": _kind(),
        "kinds": KINDS,
        "words": WORDS,
    }


def _rules(draft: Draft) -> Rules:
    """While the switch is off texts do nothing today; the changed words are tried as if it were on."""
    return Rules(policy.words_in_force(policy.current()), draft.words)


def _kind() -> str:
    kind = request.form.get("kind", "")
    return kind if kind in KINDS else ""


def _kinds(change: Change) -> list[str]:
    return [change.changed.decision.value, *(["missed"] if change.missed_today else [])]


def _people(changes: list[Change]) -> dict[int, Customer]:
    ids = {change.customer_id for change in changes if change.customer_id}
    return {each.id: each for each in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}


def _cells(change: Change) -> Cells:
    return (
        iso(change.at), change.customer_id or "", change.text, WORDS[change.today.decision],
        _why(change.today), WORDS[change.changed.decision], _why(change.changed),
    )  # fmt: skip


def _why(made: Reading) -> str:
    return made.why and f"the message {made.why}"
