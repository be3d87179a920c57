"""The proof of an opt-in on the pages: wording, words, link and file go in, are shown, and come out again."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.exhibits import BAD, GOOD, HOSTILE_NAMES, HTML, SVG, a_pdf, a_png
from tests.factories import a_customer, at
from tests.headers import lacks
from tests.html import PARTIAL
from tests.rows import every
from webapp import clock
from webapp.consent import ledger_check, wordings
from webapp.consent.file_kinds import LARGEST_FILE
from webapp.consent.ledger import Proof
from webapp.consent.models import Evidence
from webapp.consent.rules import Status
from webapp.consent.wordings import Draft
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.security import MAX_BODY_BYTES

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
SENDABLE_NAMES = [name for name in HOSTILE_NAMES if name and not set(name) & set('"\r\n\ud800')]
"""The others do not come through the head of a part."""
LINK = "https://shop.example/form/17?a=1&b=2"


@pytest.fixture
def agent(desk):
    return desk("agent")


@pytest.fixture
def nobody(app):
    """The id of a customer without a record."""
    with app.app_context():
        return a_customer("Tariq Al-Hassan").id


@pytest.fixture
def box(app):
    """The newest version of a wording, and the one before it."""
    with app.app_context(), writing():
        box = wordings.add(Draft("Checkout box", "pt_BR", "Sim, quero ofertas"), actor="system", now=at(0))
        wordings.change(
            box, Draft("Checkout box", "pt_BR", "Sim, quero novidades"), version=1, actor="system", now=at(1)
        )
        db.session.commit()
        return wordings.offered()


@pytest.fixture(autouse=True)
def whole_ledger(app):
    """Each test ends with a whole ledger and whole files."""
    yield
    with app.app_context():
        db.session.remove()
        assert ledger_check.first_fault(read_files=True) is None


def file(content: bytes | None = None, name: str = "form.pdf") -> FileStorage:
    return FileStorage(io.BytesIO(a_pdf() if content is None else content), name)


def record(client, customer, *, version=1, htmx=True, **fields):
    usual = {"status": IN, "channel": "paper_form", "version": version}
    return post(client, f"/customers/{customer}/consent", htmx=htmx, **usual | fields)


def post(client, path, *, htmx=True, **fields):
    """As a browser sends a form with a file."""
    boundary, body = encode_multipart(fields | {"csrf_token": client.csrf_token()})
    headers = {**PARTIAL, "HX-Current-URL": "http://localhost/opt-in"} if htmx else {}
    kind = f"multipart/form-data; boundary={boundary}"
    return client.post(path, data=body, content_type=kind, headers=headers)


def errors(response) -> dict[str, str]:
    soup = BeautifulSoup(response.text, "html.parser")
    return {each["id"].split("-")[1]: each.get_text() for each in soup.select("p.error[id]")}


def stand(app, customer: int) -> tuple[str, int]:
    with app.app_context():
        found = db.session.get(Customer, customer)
        return found.status, found.events_count


def proof_of(app, customer: int) -> Proof:
    with app.app_context():
        found = db.session.get(Customer, customer)
        return Proof.of(db.session.get(Evidence, found.status_event_id))


def event_of(app, customer: int) -> int:
    with app.app_context():
        return db.session.get(Customer, customer).status_event_id


def files(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "evidence").glob("*/*"))


class TestRecording:
    @pytest.mark.parametrize("field", ["wording", "evidence", "link", "file"])
    def test_any_one_of_them_is_enough(self, agent, app, nobody, box, field):
        fields = {"wording": box[0].mark, "evidence": "Sim", "link": LINK, "file": file()}
        response = record(agent, nobody, **{field: fields[field]})
        assert response.status_code == 200
        assert stand(app, nobody) == (IN, 1)

    def test_none_of_them_is_asked_for_and_nothing_is_recorded(self, agent, app, nobody, box):
        fields = {"wording": "", "evidence": "  ", "link": " ", "file": file(b"", "")}
        response = record(agent, nobody, **fields)
        assert (response.status_code, list(errors(response))) == (422, ["evidence"])
        assert "Choose the wording" in errors(response)["evidence"]
        assert stand(app, nobody) == (UNKNOWN, 0)

    def test_the_text_of_the_version_that_was_chosen_is_the_words(self, agent, app, nobody, box):
        newest, older = box
        record(agent, nobody, wording=older.mark)
        assert proof_of(app, nobody) == Proof(
            "paper_form", "Sim, quero ofertas", wording_id=older.id, wording_version=1
        )
        assert newest.version == 2

    def test_what_was_shown_and_what_was_said_stand_together(self, agent, app, nobody, box):
        record(agent, nobody, wording=box[0].mark, evidence=" pode mandar ")
        assert proof_of(app, nobody).words == "“Sim, quero novidades”\n\nThe customer: “pode mandar”"

    def test_all_of_them_are_kept_and_shown(self, agent, app, nobody, box):
        record(agent, nobody, wording=box[0].mark, evidence="Sim", link=LINK, file=file())
        sha256 = hashlib.sha256(a_pdf()).hexdigest()
        proof = proof_of(app, nobody)
        assert (proof.link, proof.file_sha256, proof.file_name) == (LINK, sha256, "form.pdf")
        entry = agent.soup(f"/customers/{nobody}").select_one(".timeline li")
        shown = " ".join(entry.get_text(" ", strip=True).split())
        for words in (
            "Opted In: paper form",
            "Checkout box, version 2",
            LINK,
            "PDF, 1 kB, form.pdf",
            "By Dana Kim",
        ):
            assert words in shown
        link = entry.find("a", string=LINK)
        assert (link["href"], link["rel"], link["target"]) == (LINK, ["noopener", "noreferrer"], "_blank")

    def test_the_dialog_offers_the_newest_first_and_shows_their_texts(self, agent, nobody, box):
        soup = BeautifulSoup(agent.htmx(f"/customers/{nobody}/consent").text, "html.parser")
        assert [option["value"] for option in soup.select("#consent-wording option")] == [
            "", box[0].mark, box[1].mark,
        ]  # fmt: skip
        assert soup.select_one("#consent-wording optgroup option")["value"] == box[1].mark
        assert {text["data-wording"] for text in soup.select(".wording-text")} == {box[0].mark, box[1].mark}
        assert soup.form["enctype"] == "multipart/form-data"

    def test_without_wordings_the_dialog_does_not_ask_for_one(self, agent, nobody):
        soup = BeautifulSoup(agent.htmx(f"/customers/{nobody}/consent").text, "html.parser")
        assert not soup.find(id="consent-wording")

    def test_a_wording_that_was_retired_meanwhile_is_refused(self, agent, app, nobody, box):
        with app.app_context(), writing():
            wording = db.session.get(wordings.Wording, box[0].id)
            wordings.retire(wording, True, actor="system", now=at(2))
            db.session.commit()
        response = record(agent, nobody, wording=box[0].mark, evidence="Sim")
        assert (response.status_code, list(errors(response))) == (422, ["wording"])
        assert stand(app, nobody) == (UNKNOWN, 0)

    @pytest.mark.parametrize("mark", ["999.1", "<script>", "1.1 OR 1=1", "x" * 5000])
    def test_a_wording_that_nobody_offers_is_refused(self, agent, app, nobody, box, mark):
        assert record(agent, nobody, wording=mark, evidence="Sim").status_code == 422
        assert stand(app, nobody) == (UNKNOWN, 0)

    @pytest.mark.parametrize(
        "link", ["javascript:alert(1)", "data:text/html,x", "shop.example", "https://a b"]
    )
    def test_a_link_that_is_none_is_told_beside_its_field(self, agent, app, nobody, link):
        response = record(agent, nobody, link=link, evidence="Sim")
        assert (response.status_code, list(errors(response))) == (422, ["link"])
        soup = BeautifulSoup(response.text, "html.parser")
        assert soup.find(id="consent-link")["value"] == link
        assert soup.find(id="consent-evidence")["value"] == "Sim"
        assert soup.find("details", attrs={"data-more": True}).has_attr("open")
        assert stand(app, nobody) == (UNKNOWN, 0)

    def test_the_opt_out_asks_for_nothing(self, agent, app, nobody):
        path = f"/customers/{nobody}/consent"
        agent.htmx(path, method="POST", status=OUT, link="javascript:x", wording="none", file=file(SVG))
        assert stand(app, nobody) == (OUT, 1)


class TestUpload:
    @pytest.mark.parametrize("kind", GOOD)
    def test_each_kind_is_taken_by_its_bytes_and_given_back_as_it_is(self, agent, app, nobody, kind):
        assert record(agent, nobody, file=file(GOOD[kind], "called.exe")).status_code == 200
        answer = agent.get(f"/customers/{nobody}/evidence/{event_of(app, nobody)}")
        assert answer.data == GOOD[kind]

    @every("what", [name for name in BAD if name != "nothing"])
    def test_what_is_not_of_its_kind_is_told_and_leaves_nothing(self, agent, app, nobody, tmp_path, what):
        content, word = BAD[what]
        response = record(agent, nobody, evidence="Sim", file=file(content))
        assert response.status_code == 422
        assert word in errors(response)["file"]
        assert stand(app, nobody) == (UNKNOWN, 0)
        assert files(tmp_path) == []

    def test_an_empty_file_is_told(self, agent, app, nobody):
        response = record(agent, nobody, evidence="Sim", file=file(b""))
        assert (response.status_code, "empty" in errors(response)["file"]) == (422, True)

    def test_five_megabytes_pass_here_and_one_byte_more_is_told(self, agent, app, nobody):
        largest = a_pdf(b" " * (LARGEST_FILE - len(a_pdf(b""))))
        response = record(agent, nobody, evidence="Sim", file=file(largest + b"\n"))
        assert (response.status_code, "5 MB" in errors(response)["file"]) == (422, True)
        assert record(agent, nobody, file=file(largest)).status_code == 200

    def test_a_flood_is_refused_here_and_the_largest_file_is_elsewhere(self, agent, app, nobody):
        assert record(agent, nobody, file=file(b"x" * 2 * LARGEST_FILE)).status_code == 413
        assert stand(app, nobody) == (UNKNOWN, 0)
        for path in (f"/customers/{nobody}/edit", f"/customers/{nobody}/consent/undo", "/customers/new"):
            assert post(agent, path, file=file(b"x" * MAX_BODY_BYTES)).status_code == 413

    def test_a_double_click_is_one_event_and_one_file(self, agent, app, nobody, tmp_path):
        codes = [record(agent, nobody, file=file()).status_code for _ in range(3)]
        assert codes == [200, 409, 409]
        assert stand(app, nobody) == (IN, 1)
        assert len(files(tmp_path)) == 1

    def test_two_agents_in_one_moment_make_one_event(self, desk, app, nobody, tmp_path):
        agents = [desk("agent"), desk("agent")]
        with ThreadPoolExecutor(2) as both:
            answers = list(both.map(lambda each: record(each, nobody, file=file()), agents))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert stand(app, nobody) == (IN, 1)

    def test_whoever_comes_second_keeps_what_they_typed_and_chooses_the_file_again(
        self, agent, desk, app, nobody, box, tmp_path
    ):
        record(desk("agent"), nobody, evidence="first")
        fields = {"wording": box[0].mark, "evidence": "second", "link": LINK}
        response = record(agent, nobody, **fields, file=file(a_png(), "scan.png"))
        assert response.status_code == 409
        assert errors(response) == {"file": "Choose the file again: it was not kept."}
        soup = BeautifulSoup(response.text, "html.parser")
        assert soup.find(id="consent-evidence")["value"] == "second"
        assert soup.find(id="consent-link")["value"] == LINK
        assert soup.select_one("#consent-wording option[selected]")["value"] == box[0].mark
        assert files(tmp_path) == []

    def test_without_scripts_the_file_comes_along_too(self, agent, app, nobody):
        answer = record(agent, nobody, htmx=False, file=file())
        assert (answer.status_code, answer.location) == (303, f"/customers/{nobody}")
        refused = record(agent, nobody, htmx=False, file=file(SVG))
        assert (refused.status_code, "<html" in refused.text) == (422, True)

    @pytest.mark.parametrize("name", SENDABLE_NAMES)
    def test_a_hostile_name_is_dropped_and_leads_nowhere(self, agent, app, nobody, tmp_path, name):
        before = {path for path in tmp_path.rglob("*") if path.is_file()}
        assert record(agent, nobody, file=file(a_pdf(), name)).status_code == 200
        proof = proof_of(app, nobody)
        assert proof.file_name == ""
        new = {path for path in tmp_path.rglob("*") if path.is_file()} - before
        assert {path.name for path in new if "heed.db" not in path.name} == {proof.file_sha256}
        page = agent.get(f"/customers/{nobody}").text
        assert "alert(1)" not in page
        answer = agent.get(f"/customers/{nobody}/evidence/{event_of(app, nobody)}")
        assert answer.headers["Content-Disposition"] == (
            f'attachment; filename="evidence-{event_of(app, nobody)}.pdf"'
        )


class TestServing:
    @pytest.fixture
    def address(self, agent, app, nobody):
        record(agent, nobody, file=file(a_pdf(HTML)))
        return f"/customers/{nobody}/evidence/{event_of(app, nobody)}"

    def test_a_pdf_with_a_page_inside_is_saved_and_never_run(self, agent, address):
        answer = agent.get(address)
        headers = answer.headers
        assert lacks(answer, address) == []
        assert headers["Content-Type"] == "application/pdf"
        assert headers["Content-Disposition"].startswith("attachment;")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("sandbox; ")
        assert headers["Cache-Control"] == "private, no-store"

    def test_an_image_that_is_called_pdf_is_served_as_an_image(self, agent, app, nobody):
        record(agent, nobody, file=file(a_png(), "form.pdf"))
        answer = agent.get(f"/customers/{nobody}/evidence/{event_of(app, nobody)}")
        assert answer.mimetype == "image/png"
        assert answer.headers["Content-Disposition"].endswith('.png"')

    def test_a_viewer_may_read_it(self, desk, address):
        viewer = desk("viewer")
        assert viewer.get(address).data == a_pdf(HTML)
        page = viewer.soup(address.split("/evidence")[0])
        assert page.find("a", href=address).get_text() == "PDF, 1 kB, form.pdf"

    def test_a_stranger_signs_in_first(self, client, address):
        answer = client.get(address)
        assert (answer.status_code, answer.location) == (303, f"/sign-in?next={address}")
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 401

    def test_the_file_of_another_customers_event_is_404(self, agent, app, address):
        with app.app_context():
            other = a_customer("Somebody else", IN)
            other_id, bare = other.id, other.status_event_id
        event = address.rsplit("/", 1)[1]
        assert agent.get(f"/customers/{other_id}/evidence/{event}").status_code == 404
        assert agent.get(f"/customers/{other_id}/evidence/{bare}").status_code == 404

    @every("event", ["0", "-1", "999999", "..%2F..%2Fheed.db", "../../heed.db", "x", "1.pdf"])
    def test_there_is_no_way_to_anything_else(self, agent, address, event):
        assert agent.get(f"{address.rsplit('/', 1)[0]}/{event}").status_code == 404

    def test_a_file_that_is_gone_is_404_and_the_page_still_shows_the_rest(self, agent, address, tmp_path):
        [path] = (tmp_path / "evidence").glob("*/*")
        content = path.read_bytes()
        path.unlink()
        assert agent.get(address).status_code == 404
        assert agent.get(address.split("/evidence")[0]).status_code == 200
        path.write_bytes(content)

    def test_damaged_bytes_are_not_given_out_as_evidence(self, agent, address, tmp_path):
        [path] = (tmp_path / "evidence").glob("*/*")
        content = path.read_bytes()
        path.write_bytes(a_pdf(SVG))
        assert agent.get(address).status_code == 404
        path.write_bytes(content)

    def test_after_a_merge_the_whole_proof_is_under_who_stays(self, agent, app, nobody, box):
        with app.app_context():
            newer = a_customer("Tariq").id
        record(agent, newer, wording=box[0].mark, link=LINK, file=file(a_png(), "scan.png"))
        proof, event = proof_of(app, newer), event_of(app, newer)
        with app.app_context(), writing():
            pair = (db.session.get(Customer, each) for each in (nobody, newer))
            merging.merge(*pair, actor="user:1", now=clock.now(), why="Same person")
            db.session.commit()
        assert (stand(app, nobody)[0], proof_of(app, nobody)) == (IN, proof)
        for event_id in (event, event_of(app, nobody)):
            assert agent.get(f"/customers/{nobody}/evidence/{event_id}").data == a_png()

    def test_undo_brings_back_the_opt_in_with_its_file(self, agent, app, nobody):
        record(agent, nobody, file=file())
        before = event_of(app, nobody)
        done = agent.htmx(f"/customers/{nobody}/consent", method="POST", status=OUT)
        toast = json.loads(done.headers["HX-Trigger"])["toast"]
        agent.htmx(f"/customers/{nobody}/consent/undo", method="POST", event=toast["event"])
        assert (stand(app, nobody)[0], event_of(app, nobody)) == (IN, before)
        assert agent.get(f"/customers/{nobody}/evidence/{before}").data == a_pdf()
