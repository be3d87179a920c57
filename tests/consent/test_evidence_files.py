"""Files that are evidence: stored once and whole, swept when nothing names them, checked with the ledger."""

import hashlib
import os
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from tests.exhibits import a_jpeg, a_pdf, a_png
from tests.factories import NOON, a_customer, at
from webapp import clock
from webapp.consent import evidence_files, housekeeping, ledger, ledger_check
from webapp.consent.commands import verify
from webapp.consent.evidence_files import Damaged
from webapp.consent.file_kinds import read_upload
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence, EvidenceFile
from webapp.consent.rules import EvidenceMissing, Source, Status
from webapp.customers import consenting
from webapp.database import writing
from webapp.extensions import db

PDF = read_upload(a_pdf(), "form.pdf")
OLDER_DIGEST = "45a957241d11442b394b1870048124e3d7c4ae060bf623de3b7815bab6cd325d"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
A_DAY_AGO = clock.now() - timedelta(days=1)


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context(), writing():
        yield


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "evidence"


def path_of(folder: Path, content: bytes) -> Path:
    sha256 = hashlib.sha256(content).hexdigest()
    return folder / sha256[:2] / sha256


def opted_in(upload=PDF, **proof) -> ConsentEvent:
    """A customer's opt-in that a file proves; committed."""
    customer = a_customer()
    event = consenting.opt_in(
        customer, Proof("paper_form", **proof), upload=upload, version=customer.version, stated_at=None,
        actor="user:1", now=at(5),
    )  # fmt: skip
    db.session.commit()
    return event


def kept(upload=PDF, stored_at=NOON) -> None:
    """Stored, and then the process died or the opt-in was refused."""
    evidence_files.keep(upload, stored_at)


def aged(path: Path) -> Path:
    long_ago = (A_DAY_AGO - timedelta(hours=1)).timestamp()
    os.utime(path, (long_ago, long_ago))
    return path


def swept(before=A_DAY_AGO) -> list[str]:
    gone = [sha256 for sha256 in evidence_files.orphans(before) if evidence_files.forget(sha256, before)]
    db.session.commit()
    return gone


def fault(**options) -> str:
    db.session.commit()
    return ledger_check.first_fault(**options) or ""


def until_it_waits(thread: threading.Thread) -> None:
    """On SQLite the write lock is held here, so there is nothing to see."""
    while db.engine.dialect.name == "postgresql" and not db.session.scalar(text(WAITING)):
        assert thread.is_alive()


class TestKeeping:
    def test_the_bytes_lie_under_their_hash_for_the_owner_alone(self, folder):
        opted_in()
        path = path_of(folder, a_pdf())
        assert path.read_bytes() == a_pdf()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_same_file_twice_is_one(self, folder):
        one, other = opted_in(), opted_in()
        assert db.session.query(EvidenceFile).count() == 1
        assert [path.name for path in folder.glob("*/*")] == [path_of(folder, a_pdf()).name]
        assert {db.session.get(Evidence, each.id).file_sha256 for each in (one, other)} == {
            hashlib.sha256(a_pdf()).hexdigest()
        }

    def test_a_write_that_fails_leaves_no_file_and_no_event(self, folder, monkeypatch):
        def full(_handle):
            raise OSError("no space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="no space"):
            opted_in()
        db.session.rollback()
        assert list(folder.glob("*/*")) == []
        assert db.session.query(ConsentEvent).count() == 0

    def test_storing_it_again_heals_a_damaged_one(self, folder):
        event = opted_in()
        path_of(folder, a_pdf()).write_bytes(b"something else")
        opted_in()
        file = db.session.get(EvidenceFile, db.session.get(Evidence, event.id).file_sha256)
        assert evidence_files.read(file) == a_pdf()

    @pytest.mark.parametrize("harm", [lambda path: path.unlink(), lambda path: path.write_bytes(a_png())])
    def test_damaged_bytes_are_never_given_out(self, folder, harm):
        event = opted_in()
        harm(path_of(folder, a_pdf()))
        file = db.session.get(EvidenceFile, db.session.get(Evidence, event.id).file_sha256)
        with pytest.raises(Damaged):
            evidence_files.read(file)

    def test_the_database_knows_each_file_that_evidence_names(self):
        customer = a_customer()
        with pytest.raises(IntegrityError):
            ledger.record(
                customer,
                Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(5), proof=Proof(file_sha256="0" * 64)),
            )
        db.session.rollback()


class TestSweep:
    def test_what_is_evidence_stays_however_old(self, folder):
        opted_in()
        aged(path_of(folder, a_pdf()))
        assert swept(datetime.now(UTC) + timedelta(days=9999)) == []
        assert fault(read_files=True) == ""

    @pytest.mark.parametrize("ends", ["rollback", "commit"])
    def test_a_file_that_nothing_names_goes_after_a_day(self, folder, ends):
        kept()
        getattr(db.session, ends)()
        path = aged(path_of(folder, a_pdf()))
        assert swept() == [path.name]
        assert (path.exists(), db.session.query(EvidenceFile).count()) == (False, 0)

    def test_a_fresh_one_stays_for_whoever_is_about_to_name_it(self, folder):
        kept(stored_at=clock.now())
        db.session.rollback()
        assert swept() == []
        assert path_of(folder, a_pdf()).exists()

    def test_a_row_without_its_file_goes_too(self, folder):
        kept()
        db.session.commit()
        path_of(folder, a_pdf()).unlink()
        assert len(swept()) == 1
        assert db.session.query(EvidenceFile).count() == 0

    def test_unfinished_ones_go_after_a_day(self, folder):
        opted_in()
        shard = path_of(folder, a_pdf()).parent
        old, new = shard / "abc.part", shard / "def.part"
        old.touch()
        new.touch()
        aged(old)
        swept()
        assert (old.exists(), new.exists()) == (False, True)

    def test_of_evidence_that_was_deleted_the_file_goes(self, folder):
        event = opted_in()
        db.session.delete(db.session.get(Evidence, event.id))
        db.session.commit()
        swept()
        assert not path_of(folder, a_pdf()).exists()

    def test_the_worker_sweeps_every_night(self, app, folder):
        kept()
        kept(read_upload(a_png(), ""))
        db.session.commit()
        opted_in(read_upload(a_jpeg(), ""))
        housekeeping.sweep_evidence(app)
        assert [path.name for path in folder.glob("*/*")] == [path_of(folder, a_jpeg()).name]

    def test_what_became_evidence_since_it_was_found_stays(self, folder):
        kept()
        db.session.commit()
        [found] = evidence_files.orphans(A_DAY_AGO)
        opted_in()
        db.session.query(EvidenceFile).update({"stored_at": NOON})
        assert not evidence_files.forget(found, A_DAY_AGO)
        assert path_of(folder, a_pdf()).exists()

    def test_whoever_stores_it_while_it_is_swept_has_it_afterwards(self, app, folder):
        """The sweep holds the row until its commit, and the writer waits for it."""
        kept()
        db.session.commit()

        def store():
            with app.app_context(), writing():
                opted_in()

        assert evidence_files.forget(path_of(folder, a_pdf()).name, A_DAY_AGO)
        writer = threading.Thread(target=store)
        writer.start()
        until_it_waits(writer)
        db.session.commit()
        writer.join()
        assert db.session.query(Evidence).count() == 1
        assert fault(read_files=True) == ""


class TestLedgerCheck:
    def test_a_file_in_its_place_is_no_fault(self):
        opted_in()
        assert fault(read_files=True) == ""

    @pytest.mark.parametrize(("harm", "told"), [
        (lambda path: path.unlink(), "is gone"),
        (lambda path: path.write_bytes(a_pdf() + b"\n"), "another size"),
    ])  # fmt: skip
    def test_one_that_is_gone_or_has_another_size_is_named(self, folder, harm, told):
        event = opted_in()
        harm(path_of(folder, a_pdf()))
        assert f"event {event.id}" in fault()
        assert told in fault()

    def test_other_bytes_of_the_same_size_are_found_by_reading(self, folder):
        opted_in()
        path_of(folder, a_pdf()).write_bytes(a_pdf().replace(b"obj", b"OBJ"))
        assert fault() == ""
        assert "not what was recorded" in fault(read_files=True)

    def test_the_command_looks_for_files_and_reads_them_when_asked(self, app, folder):
        opted_in()
        db.session.commit()
        run = app.test_cli_runner().invoke
        assert "1 events, 0 seals, 1 file of evidence" in run(verify).stderr
        path_of(folder, a_pdf()).write_bytes(a_pdf().replace(b"obj", b"OBJ"))
        assert [run(verify, options).exit_code for options in ([], ["--read-files"])] == [0, 1]

    @pytest.mark.parametrize("change", [
        {"link": "https://other.example"}, {"file_sha256": None}, {"file_name": "other.pdf"},
        {"channel": "x"},
    ])  # fmt: skip
    def test_whoever_changes_the_evidence_is_found(self, change):
        event = opted_in(link="https://shop.example/form")
        evidence = db.session.get(Evidence, event.id)
        for name, value in change.items():
            setattr(evidence, name, value)
        assert fault() == f"The evidence of event {event.id} is not what was recorded."


class TestProof:
    def test_the_digest_of_older_evidence_is_what_it_was(self):
        """Computed before there were links and files."""
        proof = Proof("web_form", "Sim, quero ofertas", "START", "wamid.A")
        assert ledger.digest(b"0" * 16, proof) == OLDER_DIGEST

    @pytest.mark.parametrize("grown", [
        {"link": "a"}, {"file_sha256": "a"}, {"file_name": "a"}, {"wording_id": 1}, {"wording_version": 1},
    ])  # fmt: skip
    def test_each_later_field_is_under_the_digest(self, grown):
        digests = {ledger.digest(b"0" * 16, replace(Proof("x", "y"), **grown)) for grown in ({}, grown)}
        assert len(digests) == 2

    def test_no_field_can_pose_as_another(self):
        proofs = [Proof(link="a"), Proof(file_name="a"), Proof(file_sha256="a"), Proof("", "", "", "a"),
                  Proof(wording_id=1), Proof(wording_version=1)]  # fmt: skip
        assert len({ledger.digest(b"0" * 16, proof) for proof in proofs}) == len(proofs)

    @pytest.mark.parametrize("proof", [Proof(link="https://a.example"), Proof(words="Yes")])
    def test_words_or_a_link_show_consent(self, proof):
        customer = a_customer()
        statement = Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(5), proof=proof)
        assert ledger.record(customer, statement).status == Status.OPTED_IN

    @pytest.mark.parametrize(
        "proof", [Proof(), Proof("paper_form"), Proof(words="  "), Proof(file_name="a.pdf")]
    )
    def test_a_channel_or_a_name_alone_does_not(self, proof):
        customer = a_customer()
        with pytest.raises(EvidenceMissing):
            ledger.record(customer, Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(5), proof=proof))
