"""The table: what it shows, how the URL rebuilds it, and how an open page hears of changes."""

import re

import pytest
from bs4 import BeautifulSoup

from tests.factories import a_customer, at
from tests.rows import every
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Status, Turn
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.customers.tags import tags
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT


@pytest.fixture
def people(app):
    """Ana opted in, Mateus stopped, Tariq is unknown; ids by name."""
    with app.app_context():
        attributes.define("city", "text")
        ana, mateus, tariq = (
            a_customer("Ana Souza", IN),
            a_customer("Mateus Oliveira", IN),
            a_customer("Tariq"),
        )
        tags.set_tags(ana, ["vip", "loja"])
        tags.set_tags(mateus, ["vip"])
        attributes.set_attributes(ana, {"city": "São Paulo"})
        said = Statement(OUT, Source.KEYWORD, "customer", at(5), proof=Proof("whatsapp", "Stop!", "STOP"))
        ledger.record(mateus, said)
        db.session.commit()
        return {customer.name.split()[0]: customer.id for customer in (ana, mateus, tariq)}


@pytest.fixture
def agent(desk):
    return desk("agent")


def names(html: str) -> list[str]:
    return [cell.get_text() for cell in BeautifulSoup(html, "html.parser").select("tr.customer .name")]


def test_the_words_that_people_and_programs_rely_on(agent, people):
    soup = agent.soup("/opt-in")
    assert soup.h1.get_text(strip=True) == "Opt-In / Opt-Out"
    heads = [head.get_text(strip=True) for head in soup.select("thead th")]
    assert heads[:5] == ["Name", "Opted Out", "Attributes", "Tags", "Created"]
    text = soup.get_text(" ", strip=True)
    for words in ("Filters", "Search", "No attributes", "No tags", "Opted In", "Opted Out", "No record"):
        assert words in text
    for label in ("Opted Out: Ana Souza", "Record consent: Tariq", "Edit Tariq", "Opt-In / Opt-Out Settings"):
        assert soup.find(attrs={"aria-label": label}), label
    assert soup.find(id="settings").name == "button"


@pytest.mark.parametrize(("number", "words"), [(4, "+1 tag"), (5, "+2 tags")])
def test_tags_that_have_no_room_are_counted(agent, app, number, words):
    with app.app_context():
        tags.set_tags(a_customer("Ana"), list("abcde"[:number]))
        db.session.commit()
    assert agent.soup("/opt-in").select_one(".c-tags .more").get_text() == words


def test_a_row_says_why_and_a_warning_says_what_stops_marketing(agent, people, app):
    with app.app_context():
        ana, tariq = (db.session.get(Customer, people[name]) for name in ("Ana", "Tariq"))
        ledger.record_platform(ana, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(6)))
        holds.hold(tariq, "contains STOP", Signal(Source.KEYWORD, "customer", at(7)))
        db.session.commit()
    text = agent.soup("/opt-in").get_text(" ", strip=True)
    assert "replied STOP" in text
    assert "Stopped in WhatsApp: no marketing" in text
    assert "On hold: message to review" in text


@every(
    ("query", "expected"),
    [
        ("", ["Tariq", "Mateus Oliveira", "Ana Souza"]),
        ("sort=created", ["Ana Souza", "Mateus Oliveira", "Tariq"]),
        ("q=sou", ["Ana Souza"]),
        ("q=SOUZA+ana", ["Ana Souza"]),
        ("tag=vip", ["Mateus Oliveira", "Ana Souza"]),
        ("tag=vip&tag=loja", ["Ana Souza"]),
        ("attr=city:S%C3%A3o+Paulo", ["Ana Souza"]),
        ("attr=city:Rio", []),
        ("status=opted_out", ["Mateus Oliveira"]),
        ("status=unknown", ["Tariq"]),
        ("status=opted_in&tag=vip", ["Ana Souza"]),
        ("status=nonsense&after=x&per_page=7&q=%00", ["Tariq", "Mateus Oliveira", "Ana Souza"]),
        ("tag=nobody", []),
    ],
)
@every("path", ["/opt-in", "/customers"])
def test_the_url_rebuilds_the_page(agent, people, path, query, expected):
    assert names(agent.get(f"{path}?{query}").text) == expected


def test_the_fragment_stands_in_its_page(agent, people):
    """What a changed filter swaps in is what the page would show."""
    page, answer = agent.get("/opt-in?tag=vip"), agent.htmx("/opt-in", tag="vip")
    results = BeautifulSoup(page.text, "html.parser").find(id="results")
    swapped = BeautifulSoup(answer.text, "html.parser").find(id="results")
    assert swapped.get_text(" ", strip=True) == results.get_text(" ", strip=True)


def test_back_gets_a_whole_page(agent, people):
    headers = {"HX-Request": "true", "HX-Request-Type": "full", "HX-History-Restore-Request": "true"}
    assert "<html" in agent.get("/opt-in?tag=vip", headers=headers).text


@pytest.mark.parametrize(
    ("sentence", "before", "now", "header"),
    [
        ("the first letter adds an entry", "/opt-in", {"q": "a"}, "HX-Push-Url"),
        ("typing on replaces it", "/opt-in?q=a", {"q": "an"}, "HX-Replace-Url"),
        ("emptying the search adds one", "/opt-in?q=a", {"q": ""}, "HX-Push-Url"),
        ("a tag adds one", "/opt-in", {"tag": "vip"}, "HX-Push-Url"),
        ("the next page adds one", "/opt-in?tag=vip", {"tag": "vip", "after": "2"}, "HX-Push-Url"),
        ("more rows a page add one", "/opt-in", {"per_page": "100"}, "HX-Push-Url"),
        ("the same page again adds none", "/opt-in?after=2", {"after": "2"}, "HX-Replace-Url"),
    ],
)
def test_typing_does_not_flood_the_history(agent, people, sentence, before, now, header):
    assert header in agent.htmx("/opt-in", page=before, **now).headers, sentence


def test_the_address_is_rid_of_defaults_and_of_the_panels_own_fields(agent, people):
    answer = agent.htmx("/opt-in", q="", status="", attr_key="city", attr_value="São Paulo", per_page="50")
    assert answer.headers["HX-Push-Url"] == "/opt-in?attr=city:S%C3%A3o+Paulo"


def test_counts_beside_the_states_hold_for_the_other_filters(agent, people):
    soup = agent.soup("/opt-in?tag=vip")
    counts = [label.get_text(" ", strip=True) for label in soup.select("#state-counts label")]
    assert counts == ["All 2", "Opted In 1", "Opted Out 1", "No record 0"]
    assert soup.find(id="found").get_text(" ", strip=True) == "2 of 3 customers"


def test_active_filters_are_chips_that_lead_to_the_table_without_them(agent, people):
    soup = agent.soup("/opt-in?tag=vip&q=ana&status=opted_in")
    links = {a["aria-label"]: a["href"] for a in soup.select(".found a.x")}
    assert links["Remove Tag: vip"] == "/opt-in?q=ana&status=opted_in"
    assert links["Remove Opted Out: Opted In"] == "/opt-in?q=ana&tag=vip"


def test_pages_go_on_by_key(agent, app):
    with app.app_context():
        for number in range(60):
            a_customer(f"Customer {number:02}")
    first = agent.soup("/opt-in?per_page=25")
    second = agent.soup(first.find(id="next")["href"])
    third = agent.soup(second.find(id="next")["href"])
    seen = [a.get_text() for page in (first, second, third) for a in page.select("tr.customer .name")]
    assert seen == [f"Customer {number:02}" for number in reversed(range(60))]
    assert third.find(id="next").get("href") is None
    assert (
        agent.soup(third.find(id="previous")["href"]).select("tr.customer")[0]["id"]
        == second.select("tr.customer")[0]["id"]
    )


@pytest.mark.parametrize(
    ("role", "words", "links"),
    [
        ("viewer", "Whoever writes to your number appears here", []),
        ("agent", "Add one by hand", ["/customers/new"]),
        ("manager", "Import a file or add one by hand", ["/imports", "/customers/new"]),
    ],
)
def test_an_empty_desk_says_what_one_can_do(desk, role, words, links):
    empty = desk(role).soup("/opt-in").select_one(".empty")
    assert "No customers yet" in empty.get_text()
    assert words in empty.get_text()
    assert [a["href"] for a in empty.select("a")] == links


def test_no_match_names_the_filter_and_one_click_clears_it(agent, people):
    soup = agent.soup("/opt-in?q=nobody")
    assert "Nobody has all of: Search: nobody" in soup.get_text(" ", strip=True)
    assert soup.find(id="drop-all")["href"] == "/opt-in"


class TestLive:
    """The poll of an open page."""

    @pytest.fixture
    def poll(self, agent):
        def ask(page: str = "/opt-in", tag: str | None = None):
            live = agent.soup(page).find(id="live")
            assert live["hx-trigger"] == "every 2s"
            url, ptag = live["hx-get"], live["hx-ptag"]
            headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-PTag": tag or ptag,
                       "HX-Current-URL": f"http://localhost{page}"}  # fmt: skip
            return lambda: agent.get(url, headers=headers)

        return ask

    def test_nothing_new_is_304(self, poll, people):
        assert poll()().status_code == 304

    def test_a_stop_brings_the_changed_row_alone_pulsing_with_its_reason(self, poll, people, app):
        ask = poll()
        with app.app_context():
            ana = db.session.get(Customer, people["Ana"])
            said = Statement(OUT, Source.KEYWORD, "customer", at(9), proof=Proof("whatsapp", "STOP", "STOP"))
            ledger.record(ana, said)
            db.session.commit()
        answer = ask()
        soup = BeautifulSoup(answer.text, "html.parser")
        rows = [row["id"] for row in soup.select("tr.customer")]
        assert rows == [f"customer-{people['Ana']}"]
        assert re.search(r"changed-[01]", " ".join(soup.select_one("tr.customer")["class"]))
        assert "replied STOP" in soup.get_text()
        assert "Opted Out 2" in soup.find(id="state-counts").get_text(" ", strip=True)
        assert answer.headers["HX-PTag"]

    @pytest.mark.parametrize(
        ("who", "said"),
        [
            (["Ana"], "Ana Souza: Opted Out"),
            (["Ana", "Tariq"], "Tariq: Opted Out, Ana Souza: Opted Out"),
            (["Ana", "Tariq", "Carla", "Davi"], "4 customers changed"),
        ],
    )
    def test_what_changed_is_said_and_not_only_shown(self, poll, people, app, who, said):
        with app.app_context():
            ids = people | {name: a_customer(name).id for name in ("Carla", "Davi")}
        ask = poll()
        with app.app_context():
            for name in who:
                stop = Statement(OUT, Source.KEYWORD, "customer", at(9))
                ledger.record(db.session.get(Customer, ids[name]), stop)
            db.session.commit()
        spoken = BeautifulSoup(ask().text, "html.parser").find("hx-partial", {"hx-target": "#changes"})
        assert spoken.get_text(" ", strip=True) == said

    def test_a_changed_row_that_no_longer_matches_stays_marked(self, poll, people, app):
        ask = poll("/opt-in?status=opted_in")
        with app.app_context():
            ledger.record(
                db.session.get(Customer, people["Ana"]), Statement(OUT, Source.API, "token:1", at(9))
            )
            db.session.commit()
        assert "no longer matches" in ask().text

    def test_new_customers_are_counted_and_not_pushed_in(self, poll, people, app):
        ask = poll()
        with app.app_context():
            a_customer("Newcomer")
            a_customer("Another")
        soup = BeautifulSoup(ask().text, "html.parser")
        assert soup.find(id="new-show").get_text(" ", strip=True) == "2 new: show"
        assert not soup.select("tr.customer")

    def test_new_customers_that_the_filter_does_not_mean_are_not_announced(self, poll, people, app):
        ask = poll("/opt-in?tag=vip")
        with app.app_context():
            a_customer("Newcomer")
        assert ask().status_code == 304

    @pytest.mark.parametrize("query", ["", "ids=", "ids=x,-1,%00", "ids=1&newest=no", "ids=" + "1," * 5000])
    def test_whatever_is_asked_is_answered(self, agent, people, query):
        assert agent.get(f"/opt-in/live?{query}").status_code in (200, 304)

    def test_an_expired_session_is_told_where_to_go(self, app):
        answer = app.test_client().get("/opt-in/live", headers={"HX-Request": "true"})
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_dates_and_times_read_as_on_the_rest_of_the_desk_and_keep_the_exact_value(app, agent):
    with app.app_context():
        for name, type in (("born", "date"), ("due", "datetime"), ("said", "text")):
            attributes.define(name, type)
        ana = a_customer("Ana Souza")
        due = "2026-11-03T14:05:00Z"
        attributes.set_attributes(ana, {"born": "1991-05-04", "due": due, "said": due})
        db.session.commit()
        id = ana.id
    shown = {"born": ("4 May 1991", None), "due": ("3 Nov 2026, 14:05", due), "said": (due, None)}
    row = agent.soup("/opt-in").find(id=f"customer-{id}")
    cells = dict(zip(row.select(".c-attributes i") + row.select("dt"), row.select("bdi, dd"), strict=True))
    assert {key.text: (value.text, value.get("title")) for key, value in cells.items()} == shown
    again = agent.htmx(f"/customers/{id}/consent", method="POST", status="opted_out").text
    assert str(row.select_one(".c-attributes")) in str(BeautifulSoup(again, "html.parser"))
    page = agent.soup(f"/customers/{id}").find(id="person")
    assert page.find("dd", title=due).text == "3 Nov 2026, 14:05"
    field = agent.soup(f"/customers/{id}/edit").find("input", type="datetime-local")
    assert field["value"].startswith("2026-11-03T14:05")
