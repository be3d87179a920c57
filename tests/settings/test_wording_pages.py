"""The wordings in the settings: everybody reads them, managers write them."""

import pytest
from bs4 import BeautifulSoup

from tests.rows import every
from webapp.consent import wordings
from webapp.extensions import db

PAGE = "/settings/wordings"
BOX = {"name": "Checkout box", "language": "pt_BR", "text": "Sim, quero ofertas\r\nda Casa Lume"}


@pytest.fixture
def manager(desk):
    return desk("manager")


@pytest.fixture
def offered(app):
    """Title and text of what may be chosen."""

    def look() -> list[tuple[str, str]]:
        with app.app_context():
            return [(shown.title, shown.text) for shown in wordings.offered()]

    return look


@pytest.fixture
def box(manager, app) -> str:
    """The address of a wording."""
    assert manager.htmx(f"{PAGE}/new", method="POST", **BOX).status_code == 204
    with app.app_context():
        return f"{PAGE}/{wordings.offered()[0].id}"


def text(response) -> str:
    return " ".join(BeautifulSoup(response.text, "html.parser").get_text(" ", strip=True).split())


def test_without_any_the_page_says_what_to_do(manager, desk):
    assert "Add the sentence" in text(manager.get(PAGE))
    assert "A manager adds" in text(desk("viewer").get(PAGE))
    assert manager.soup("/settings").find(id="settings-wordings")["href"] == PAGE


def test_one_is_added_with_its_lines(manager, box, offered):
    assert offered() == [("Checkout box, version 1", "Sim, quero ofertas\nda Casa Lume")]
    shown = manager.soup(PAGE).find(class_="wording-text").span
    assert (shown["lang"], shown.get_text()) == ("pt-BR", "Sim, quero ofertas\nda Casa Lume")


def test_saving_it_unchanged_makes_no_version_and_another_text_does(manager, box, offered):
    form = BeautifulSoup(manager.htmx(f"{box}/edit").text, "html.parser")
    fields = {field["name"]: field.get("value") for field in form.find_all("input")}
    fields["text"] = (
        form.textarea.get_text()[1:] if form.textarea.get_text()[0] == "\n" else form.textarea.text
    )
    assert manager.htmx(f"{box}/edit", method="POST", **fields).status_code == 204
    assert len(offered()) == 1
    manager.htmx(f"{box}/edit", method="POST", **fields | {"text": "Sim!"})
    assert [title for title, _text in offered()] == ["Checkout box, version 2", "Checkout box, version 1"]
    assert "Earlier versions (1)" in text(manager.get(PAGE))


def test_a_double_click_adds_one(manager, box, offered):
    assert manager.htmx(f"{PAGE}/new", method="POST", **BOX).status_code == 204
    assert len(offered()) == 1


def test_two_managers_the_second_sees_the_text_of_the_first(manager, desk, box, offered):
    manager.htmx(f"{box}/edit", method="POST", **BOX | {"text": "Hers", "version": 1})
    answer = desk("manager").htmx(f"{box}/edit", method="POST", **BOX | {"text": "His", "version": 1})
    assert answer.status_code == 409
    soup = BeautifulSoup(answer.text, "html.parser")
    assert "Hers" in soup.find(role="alert").get_text()
    assert soup.textarea.get_text().strip() == "His"
    again = {"version": soup.find(attrs={"name": "version"})["value"]}
    assert (
        desk("manager").htmx(f"{box}/edit", method="POST", **BOX | {"text": "His"} | again).status_code == 204
    )
    assert [text for _title, text in offered()] == ["His", "Hers", "Sim, quero ofertas\nda Casa Lume"]


@every(("field", "value"), [
    ("name", ""), ("name", "   "), ("name", "x" * 61), ("language", ""), ("language", "Portuguese"),
    ("language", "<b>"), ("text", ""), ("text", "\n "), ("text", "x" * 2001), ("text", "bell \x07"),
])  # fmt: skip
def test_what_is_unfit_is_told_beside_its_field_and_nothing_is_lost(manager, offered, field, value):
    answer = manager.htmx(f"{PAGE}/new", method="POST", **BOX | {field: value})
    assert answer.status_code == 422
    soup = BeautifulSoup(answer.text, "html.parser")
    assert [error["id"] for error in soup.find_all(class_="error")] == [f"wording-{field}-error"]
    other = next(name for name in ("name", "language") if name != field)
    assert soup.find(attrs={"name": other})["value"] == BOX[other]
    assert offered() == []


def test_a_name_that_is_taken_is_told(manager, box, offered):
    answer = manager.htmx(f"{PAGE}/new", method="POST", **BOX | {"name": "CHECKOUT BOX"})
    assert (answer.status_code, "has this name" in answer.text) == (422, True)
    manager.htmx(f"{PAGE}/new", method="POST", **BOX | {"name": "Till"})
    answer = manager.htmx(f"{box}/edit", method="POST", **BOX | {"name": "till", "version": 1})
    assert (answer.status_code, "has this name" in answer.text) == (422, True)
    assert {title for title, _text in offered()} == {"Checkout box, version 1", "Till, version 1"}


def test_one_is_retired_and_restored(manager, box, offered):
    for wanted, expected in (("1", 0), ("1", 0), ("0", 1), ("0", 1)):
        assert manager.htmx(f"{box}/retired", method="POST", retired=wanted).status_code == 204
        assert len(offered()) == expected
    manager.htmx(f"{box}/retired", method="POST", retired="1")
    assert manager.soup(PAGE).find(class_="pill").get_text() == "Retired"


def test_without_scripts_everything_leads_back_to_the_page(manager, offered):
    answers = [manager.send(f"{PAGE}/new", **BOX)]
    with manager.application.app_context():
        box = f"{PAGE}/{wordings.offered()[0].id}"
    answers.append(manager.send(f"{box}/edit", **BOX | {"text": "Sim!", "version": 1}))
    answers.append(manager.send(f"{box}/retired", retired="1"))
    assert [(answer.status_code, answer.location) for answer in answers] == [(303, PAGE)] * 3
    assert "<html" in manager.get(f"{box}/edit").text


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_others_read_and_do_not_write(desk, box, offered, role):
    person = desk(role)
    assert "Sim, quero ofertas" in text(person.get(PAGE))
    assert not person.soup(PAGE).find(id="wording-new")
    for path in ("new", box.removeprefix(PAGE + "/") + "/edit", box.removeprefix(PAGE + "/") + "/retired"):
        assert person.send(f"{PAGE}/{path}", **BOX | {"text": "Mine", "retired": "1"}).status_code == 403
    assert offered() == [("Checkout box, version 1", "Sim, quero ofertas\nda Casa Lume")]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "\u202eevil", "{{7*7}}", "'\"><img src=x>"])
def test_hostile_text_is_text(manager, hostile):
    manager.htmx(f"{PAGE}/new", method="POST", **BOX | {"name": hostile, "text": hostile})
    page = manager.get(PAGE)
    assert text(page).count(hostile) >= 2
    assert "<script>alert" not in page.text
    assert "<img src=x>" not in page.text


def test_what_is_not_there_is_404(manager):
    assert manager.get(f"{PAGE}/999/edit").status_code == 404
    assert manager.send(f"{PAGE}/999/retired", retired="1").status_code == 404


def test_a_policy_event_tells_of_each_change(app, manager, box):
    with app.app_context():
        found = db.session.execute(db.text("SELECT kind, actor FROM consent_events")).all()
    assert [(kind, actor.split(":")[0]) for kind, actor in found] == [("policy", "user")]
