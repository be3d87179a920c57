"""A proof pack tells all of one customer and nothing of anybody else."""

import hashlib
import io
import json
import re
import zipfile

import pytest
from bs4 import BeautifulSoup
from flask import current_app
from sqlalchemy import func, select, text

from tests.consent.sealing.sealed import stop
from tests.customers.proof.packs import (
    HOSTILE,
    MADE_AT,
    NEIGHBOURS,
    a_pack,
    forget_words_of_the_review,
    public_key,
    unpacked,
    verify,
)
from tests.factories import a_customer, at
from webapp.consent.models import ConsentEvent, Disclosure
from webapp.consent.sealing import keys, sealer
from webapp.customers.models import Customer
from webapp.customers.proof import making, pack
from webapp.database import writing
from webapp.extensions import db

ENTRIES = ["checkpoints.txt", "consent.json", "index.html", "key.txt", "proofs.json", "verify.py"]


def read(folder, name):
    return json.loads((folder / name).read_text(encoding="utf-8"))


def test_the_entries_have_fixed_names(story):
    with zipfile.ZipFile(io.BytesIO(a_pack(story.ana))) as archive:
        assert sorted(archive.namelist()) == ENTRIES
        assert archive.testzip() is None


def test_it_holds_every_event_of_the_person_and_of_merged_records(story, folder):
    consent = read(folder, "consent.json")
    ids = [story.ana, story.merged]
    query = select(ConsentEvent.id).where(ConsentEvent.customer_id.in_(ids)).order_by(ConsentEvent.id)
    assert [event["id"] for event in consent["events"]] == list(db.session.scalars(query))
    assert [record["id"] for record in consent["records"]] == ids
    assert consent["customer"]["merged"] == [story.merged]
    assert len(consent["customer"]["identities"]) == 2
    ana = consent["records"][0]
    assert ana["state"] == ana["fold"]
    assert (ana["state"]["status"], ana["merged_into"]) == ("opted_out", None)


def test_every_event_is_proved(folder):
    consent, proofs = read(folder, "consent.json"), read(folder, "proofs.json")
    assert {proof["event_id"] for proof in proofs["proofs"]} == {event["id"] for event in consent["events"]}
    assert proofs["unsealed"] == []


@pytest.mark.parametrize("told", NEIGHBOURS.items(), ids=NEIGHBOURS)
def test_nothing_tells_of_anybody_else(story, folder, told):
    name, phone = told
    digits = re.sub(r"\D", "", phone)
    kept = {name, *name.split(), phone, digits, f"+{digits}", digits[2:], phone[4:]}
    kept |= {hashlib.sha256(one.encode()).hexdigest() for one in kept}
    everything = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())
    assert "Ana" in everything
    assert [one for one in kept if one in everything] == []


def test_no_other_customer_event_or_person_of_the_desk_is_named(story, folder):
    consent, proofs = read(folder, "consent.json"), read(folder, "proofs.json")
    assert {event["customer_id"] for event in consent["events"]} == {story.ana, story.merged}
    assert all(json.loads(proof["canonical"])[1] in (story.ana, story.merged) for proof in proofs["proofs"])
    everything = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())
    assert "Dana Kim" not in everything
    assert "@example.com" not in everything
    assert f"{story.agent} (agent)" in everything


def test_hostile_words_are_text(folder):
    page = (folder / "index.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    assert soup.find("script") is None
    assert " ".join(f"Ana {HOSTILE}".split()) in soup.h1.text
    assert HOSTILE in soup.text
    said = [
        event["evidence"]["words"] for event in read(folder, "consent.json")["events"] if event["evidence"]
    ]
    assert HOSTILE in said


def test_the_page_says_what_counts_and_how_each_entry_is_sealed(story, folder):
    soup = BeautifulSoup((folder / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert soup.select_one(".state").text == "Opted out of marketing since 2026-11-20 12:10:00 UTC"
    entries = soup.select("ol.events > li")
    assert len(entries) == len(read(folder, "consent.json")["events"])
    assert "As number 1, under the checkpoint of 3 events from 20 Nov 2026, 12:01:00 UTC" in entries[0].text
    assert "Yes, send me offers" in entries[0].text
    assert "Undone: back to Opted In" in soup.text
    assert not soup.select("[src], link, [href]")


def test_the_verifier_finds_it_whole(folder, packages):
    ended = verify(packages, folder, "--key", public_key())
    assert (ended.returncode, ended.stderr, "WARNING" in ended.stdout) == (0, "", False), ended.stdout


def test_what_waits_is_sealed_first(story, tmp_path):
    stop(db.session.get_one(Customer, story.ana), 7100)
    folder = unpacked(a_pack(story.ana), tmp_path / "pack")
    assert read(folder, "proofs.json")["unsealed"] == []
    assert sealer.newest().sealed_at == MADE_AT


def test_a_desk_without_the_key_seals_nothing_and_says_so(story, tmp_path, packages):
    """It may have a data folder of its own, and a second key would look like a forger's."""
    event = stop(db.session.get_one(Customer, story.ana), 7100)
    (tmp_path / keys.FILE).unlink()
    folder = unpacked(a_pack(story.ana), tmp_path / "pack")
    assert read(folder, "proofs.json")["unsealed"] == [event.id]
    assert not (tmp_path / keys.FILE).exists()
    assert "Not yet: nothing proves this entry so far" in (folder / "index.html").read_text(encoding="utf-8")
    ended = verify(packages, folder)
    assert (ended.returncode, f"Event {event.id} is not sealed yet" in ended.stdout) == (0, True)


def test_a_broken_key_keeps_nobody_from_a_pack(story, tmp_path, caplog):
    event = stop(db.session.get_one(Customer, story.ana), 7100)
    (tmp_path / keys.FILE).write_text("short")
    folder = unpacked(a_pack(story.ana), tmp_path / "pack")
    assert read(folder, "proofs.json")["unsealed"] == [event.id]
    assert "the ledger was not sealed for a proof pack: ConfigError" in caplog.text


def test_forgotten_words_are_said_to_be_forgotten(story, tmp_path, packages):
    event_id = forget_words_of_the_review(story.ana)
    folder = unpacked(a_pack(story.ana), tmp_path / "pack")
    (event,) = [event for event in read(folder, "consent.json")["events"] if event["id"] == event_id]
    assert event["evidence"] == {"forgotten_at": "2026-11-20T13:00:00.000000Z", "why": "retention"}
    assert "Deleted on purpose on 2026-11-20 13:00:00 UTC (retention)" in (folder / "index.html").read_text()
    ended = verify(packages, folder)
    assert (ended.returncode, f"Event {event_id}: its evidence was forgotten" in ended.stdout) == (0, True)


def test_nobody_waits_while_it_is_written_and_it_is_of_one_moment(app, story):
    """Somebody else writes while the page is made, though the request had begun to write."""
    wrote = []

    def meanwhile(contents):
        with db.engine.begin() as other:
            other.execute(text("UPDATE customers SET events_count = events_count + 1"))
            wrote.append(other.dialect.name)
        shown = db.session.scalar(
            select(Customer.events_count)
            .where(Customer.id == story.ana)
            .execution_options(populate_existing=True)
        )
        assert shown == contents.records[0]["events"]
        return "page.txt", []

    with writing():
        db.session.execute(text("UPDATE policy SET version = version"))
        db.session.commit()
        db.session.scalar(select(func.count()).select_from(Customer))
        making.make(story.ana, meanwhile, actor="system", now=MADE_AT).close()
    assert wrote


def test_a_pack_that_could_not_be_made_is_on_no_record_and_leaves_no_file(story):
    def broken(_contents):
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        making.make(story.ana, broken, actor="system", now=MADE_AT)
    assert db.session.scalar(select(func.count()).select_from(Disclosure)) == 0


def test_files_of_evidence_come_along_by_their_hash_and_in_parts(app, story, tmp_path):
    content = b"scan" * 100_000
    sha256 = hashlib.sha256(content).hexdigest()
    kept = current_app.config["HEED"].data_dir / "evidence" / sha256[:2] / sha256
    kept.parent.mkdir(parents=True)
    kept.write_bytes(content)
    with zipfile.ZipFile(tmp_path / "pack.zip", "w") as archive:
        assert pack._put_file(archive, f"files/{sha256}", at(0))
        assert not pack._put_file(archive, f"files/{'0' * 64}", at(0))
        assert archive.namelist() == [f"files/{sha256}"]
        assert archive.read(f"files/{sha256}") == content


def test_an_empty_history_makes_a_pack_too(app, tmp_path, packages):
    with app.app_context():
        folder = unpacked(a_pack(a_customer("Nobody").id), tmp_path / "pack")
        assert "Nothing is on record." in (folder / "index.html").read_text(encoding="utf-8")
        ended = verify(packages, folder)
        assert ended.returncode == 0, ended.stdout + ended.stderr
