"""Word packs in the settings: switched on and off with the words, shown with their source, imported."""

import io
import json

import pytest
from bs4 import BeautifulSoup

from webapp.consent import policy

DIALOG, PAGE = "/opt-in/settings", "/settings/packs"
SWAHILI = {"language": "sw", "name": "Kiswahili <b>", "opt_out": ["ACHA"], "opt_in": ["ANZA"]}


@pytest.fixture
def manager(desk):
    return desk("manager")


@pytest.fixture
def on(app):
    """The keys of the packs that are on."""

    def look() -> list[str]:
        with app.app_context():
            return policy.current().packs

    return look


def save(client, **fields):
    usual = {"keywords_enabled": "1", "opt_out_words": ["STOP"], "opt_in_words": ["START"], "version": "1"}
    return client.htmx(DIALOG, method="POST", **{**usual, "packs_asked": "1", **fields})


def bring(client, content=SWAHILI):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return client.send(PAGE, file=(io.BytesIO(raw), "pack.json"))


def text(response) -> str:
    return BeautifulSoup(response.text, "html.parser").get_text(" ", strip=True)


def test_none_is_on_by_default_and_each_is_shown_with_its_source(manager):
    shown = BeautifulSoup(manager.htmx(DIALOG).text, "html.parser").find(id="packs")
    assert not shown.find_all("input", checked=True)
    words = " ".join(shown.get_text(" ", strip=True).split())
    assert "German Opts out: STOPP , ABMELDEN , INFOSTOP ; opts in: INFOSTART (source: ChatWerk" in words


def test_a_pack_is_switched_on_and_off_with_the_words(manager, on):
    assert save(manager, packs=["de", "tr"]).status_code == 204
    assert on() == ["de", "tr"]
    assert save(manager, packs=["tr"], version="2").status_code == 204
    assert on() == ["tr"]


def test_a_form_that_does_not_ask_for_packs_leaves_them(manager, on):
    save(manager, packs=["de"])
    fields = {"keywords_enabled": "1", "opt_out_words": ["STOP", "HALT"], "opt_in_words": [], "version": "2"}
    assert manager.htmx(DIALOG, method="POST", **fields).status_code == 204
    assert on() == ["de"]


def test_a_key_that_nobody_knows_is_left_out(manager, on):
    save(manager, packs=["xx", "de", "<script>"])
    assert on() == ["de"]


def test_a_contradiction_is_refused_in_words_and_keeps_what_was_ticked(manager, on):
    response = save(manager, packs=["es"], opt_in_words=["BAJA"])
    assert response.status_code == 422
    assert "opts out by the Spanish pack" in text(response)
    soup = BeautifulSoup(response.text, "html.parser")
    assert soup.find("input", value="es").has_attr("checked")
    assert on() == []


def test_a_message_is_tried_with_the_packs_that_are_ticked(manager):
    fields = {"keywords_enabled": "1", "opt_out_words": ["STOP"], "packs_asked": "1", "packs": ["de"]}
    tried = manager.htmx(f"{DIALOG}/try", method="POST", message="abmelden", **fields)
    assert "opts the customer out" in tried.text


def test_the_settings_page_says_whose_words_they_are(manager):
    save(manager, packs=["de"])
    shown = " ".join(text(manager.get("/settings")).split())
    assert "From the German pack: STOPP , ABMELDEN , INFOSTOP" in shown
    assert "(source: ChatWerk, unternehmer.de)" in shown
    chips = BeautifulSoup(manager.get("/settings").text, "html.parser").select(".chip.word")
    assert [chip.get_text() for chip in chips] == ["STOP", "START"]


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_agents_and_viewers_look_and_do_not_change(desk, on, role):
    client = desk(role)
    shown = BeautifulSoup(client.htmx(DIALOG).text, "html.parser").find(id="packs")
    assert all(box.has_attr("disabled") for box in shown.find_all("input"))
    assert client.get(PAGE).status_code == 200
    assert save(client, packs=["de"]).status_code == 403
    assert bring(client).status_code == 403
    assert client.send(f"{PAGE}/remove", key="file:sw").status_code == 403
    assert on() == []


def test_an_imported_pack_is_marked_escaped_and_can_be_switched_on_and_removed(manager, on):
    assert bring(manager).status_code == 303
    page = manager.get(PAGE)
    assert "not reviewed by a native reader" in text(page)
    assert "Kiswahili <b>" in text(page)
    assert "Kiswahili <b>" not in page.text
    version = BeautifulSoup(manager.htmx(DIALOG).text, "html.parser").find(attrs={"name": "version"})["value"]
    save(manager, packs=["file:sw"], version=version)
    assert on() == ["file:sw"]
    assert manager.send(f"{PAGE}/remove", key="file:sw").status_code == 303
    assert on() == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"", "not readable JSON"), (b"[]", "another shape"), ({**SWAHILI, "opt_in": ["STOP"]}, "in law")],
)
def test_a_wrong_file_is_refused_with_a_sentence(manager, content, sentence):
    response = bring(manager, content)
    assert response.status_code == 422
    assert sentence in text(response)
    assert "Kiswahili" not in text(manager.get(PAGE))


def test_no_file_is_told(manager):
    assert "Choose a file first." in text(manager.send(PAGE))
