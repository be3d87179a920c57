"""The form in which somebody says what the columns of a file are."""

from dataclasses import replace

from werkzeug.datastructures import MultiDict

from webapp.consent.rules import Status
from webapp.customers.editing_context import tags_in
from webapp.customers.importing.table_file import ATTRIBUTE, COLUMNS, TableFile
from webapp.customers.models import AttributeType
from webapp.customers.names import MalformedName
from webapp.customers.search import fold
from webapp.customers.tags import tags
from webapp.customers.text import has_controls
from webapp.imports import looking, options
from webapp.imports.options import NOTHING, Options

NEW = "new"
LONGEST_NAME = 200
LONGEST_EVIDENCE = 2000
MOST_TAGS = 20
STATUSES = ("", Status.OPTED_IN.value, Status.OPTED_OUT.value)
MEANINGS = ("", Status.OPTED_IN.value, Status.OPTED_OUT.value, NOTHING)

Form = MultiDict[str, str]


def read(form: Form, before: Options, table: TableFile) -> tuple[Options, dict[str, str]]:
    """What the form says, with a sentence by field for what does not fit, which stays as before."""
    errors: dict[str, str] = {}
    said = replace(
        before,
        country=form.get("country", ""),
        consent=_one_of(form.get("consent", ""), STATUSES, before.consent),
        evidence=_evidence(form, before, errors),
        tags=_tags(form, before, errors),
        words=_words(form),
        **_reading(form, before),
    )
    if not said.reads_as(before):
        return said, errors
    columns, types = _columns(form, table.header)
    said = replace(said, columns=columns, types=types)
    return said, options.faults(table.path, said) | errors


def _reading(form: Form, before: Options) -> dict[str, str | bool]:
    return {
        "encoding": _one_of(form.get("encoding", ""), tuple(looking.ENCODINGS), before.encoding),
        "separator": _one_of(form.get("separator", ""), tuple(looking.SEPARATORS), before.separator),
        "titled": "titled" in form,
    }


def _columns(form: Form, header: list[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """What each column is, and the types of the attributes that are new."""
    known = options.attribute_names()
    columns: list[str] = []
    types: dict[str, str] = {}
    for place in range(len(header)):
        chosen = form.get(f"column-{place}", "")
        if chosen == NEW:
            name = form.get(f"name-{place}", "").strip() or header[place]
            chosen = ATTRIBUTE + name[:LONGEST_NAME]
            types[chosen] = _one_of(form.get(f"type-{place}", ""), tuple(AttributeType), AttributeType.TEXT)
        elif chosen not in COLUMNS and fold(chosen.removeprefix(ATTRIBUTE)) not in known:
            chosen = ""
        columns.append(chosen)
    return tuple(columns), types


def _evidence(form: Form, before: Options, errors: dict[str, str]) -> str:
    evidence = form.get("evidence", "").strip()
    if len(evidence) > LONGEST_EVIDENCE or has_controls(evidence, allowed="\r\n\t"):
        errors["evidence"] = f"Keep it to {LONGEST_EVIDENCE:,} characters of plain text."
        return before.evidence
    return evidence


def _tags(form: Form, before: Options, errors: dict[str, str]) -> tuple[str, ...]:
    try:
        found = tuple(map(tags.checked, tags_in(form.getlist("tags"))))
    except MalformedName as fault:
        errors["tags"] = str(fault)
        return before.tags
    if len(found) > MOST_TAGS:
        errors["tags"] = f"At most {MOST_TAGS} tags at once."
        return before.tags
    return found


def _words(form: Form) -> dict[str, str]:
    """What somebody said of the words that the page showed."""
    shown = ((form.get(f"word-{n}"), form.get(f"meaning-{n}", "")) for n in range(looking.MOST_WORDS))
    return {word.casefold(): said for word, said in shown if word and said in MEANINGS}


def _one_of(value: str, allowed: tuple[str, ...], otherwise: str) -> str:
    return value if value in allowed else otherwise
