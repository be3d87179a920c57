"""Wordings: what was shown to a customer stays as it was, whatever its text becomes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.factories import at
from webapp.consent import wordings
from webapp.consent.models import ConsentEvent, Evidence, Wording, WordingVersion
from webapp.consent.wordings import ChangedMeanwhile, Draft, NameTaken
from webapp.extensions import db

BOX = Draft("Checkout box", "pt_BR", "Sim, quero ofertas")


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def added(draft: Draft = BOX) -> Wording:
    wording = wordings.add(draft, actor="user:1", now=at(0))
    db.session.commit()
    return wording


def changed(wording: Wording, name=BOX.name, language=BOX.language, words=BOX.text, version=None) -> None:
    seen = wording.version if version is None else version
    wordings.change(wording, Draft(name, language, words), version=seen, actor="user:2", now=at(9))
    db.session.commit()


def marks() -> list[tuple[str, str]]:
    return [(shown.title, shown.text) for shown in wordings.offered()]


def test_another_text_is_the_next_version_and_the_older_one_stays():
    wording = added()
    changed(wording, words="Sim, quero novidades")
    assert marks() == [
        ("Checkout box, version 2", "Sim, quero novidades"), ("Checkout box, version 1", BOX.text),
    ]  # fmt: skip
    [(_wording, versions)] = wordings.all_versions()
    assert [version.created_by for version in versions] == ["user:2", "user:1"]


def test_another_language_is_a_version_and_another_name_is_not():
    wording = added()
    changed(wording, language="pt")
    changed(wording, name="Box", language="pt")
    assert [(shown.title, shown.language) for shown in wordings.offered()] == [
        ("Box, version 2", "pt"), ("Box, version 1", "pt_BR"),
    ]  # fmt: skip


def test_the_same_again_changes_nothing_whatever_was_seen():
    wording = added()
    changed(wording, version=0)
    assert wordings.add(BOX, actor="user:3", now=at(5)) is wording
    assert (len(marks()), db.session.query(ConsentEvent).count()) == (1, 1)


def test_of_two_editors_the_second_is_told_of_the_first():
    wording = added()
    changed(wording, words="first", version=1)
    with pytest.raises(ChangedMeanwhile) as told:
        changed(wording, words="second", version=1)
    assert (told.value.newest.text, wording.version) == ("first", 2)


@pytest.mark.parametrize("name", ["Checkout box", "CHECKOUT BOX"])
def test_two_wordings_never_have_one_name(name):
    added()
    with pytest.raises(NameTaken):
        added(Draft(name, "en", "Yes"))
    other = added(Draft("Till", "en", "Yes"))
    with pytest.raises(NameTaken):
        changed(other, name=name)
    db.session.rollback()
    assert [wording.name for wording, _versions in wordings.all_versions()] == ["Checkout box", "Till"]


def test_a_retired_one_is_offered_no_more_until_it_is_restored():
    wording = added()
    for retired, expected in ((True, []), (True, []), (False, ["1.1"])):
        wordings.retire(wording, retired, actor="user:1", now=at(3))
        db.session.commit()
        assert [shown.mark.replace(f"{wording.id}.", "1.") for shown in wordings.offered()] == expected
    assert db.session.query(ConsentEvent).count() == 3  # added, retired, restored


def test_every_change_is_logged_with_its_author_and_both_texts(app):
    wording = added()
    changed(wording, words="Sim, quero novidades")
    first, second = db.session.query(ConsentEvent).order_by(ConsentEvent.id)
    assert [(event.kind, event.actor) for event in (first, second)] == [
        ("policy", "user:1"), ("policy", "user:2"),
    ]  # fmt: skip
    words = db.session.get(Evidence, second.id).words
    assert BOX.text in words
    assert "Sim, quero novidades" in words


@pytest.mark.parametrize("statement", [
    "UPDATE wording_versions SET text = 'something else'",
    "DELETE FROM wording_versions",
    "INSERT OR REPLACE INTO wording_versions SELECT * FROM wording_versions",
    "TRUNCATE wording_versions CASCADE",
    "DELETE FROM wordings",
])  # fmt: skip
def test_nobody_rewrites_what_was_shown(statement):
    added()
    with pytest.raises(DatabaseError):
        db.session.execute(text(statement))
    db.session.rollback()
    assert db.session.query(WordingVersion).one().text == BOX.text


@pytest.mark.parametrize("mark", ["", "1", "0.0", "1.2", "x.y", "1.1.1", "9" * 30, "1.1 OR 1=1"])
def test_what_is_not_offered_is_not_found(mark):
    added()
    assert wordings.find_offered(mark) is None
