"""Files, links and wordings that prove an opt-in come along in the pack, and the verifier checks them."""

import hashlib
import json

import pytest
from flask import current_app

from tests.consent.sealing.sealed import seal
from tests.customers.proof.packs import HOSTILE, a_pack, public_key, unpacked, verify
from tests.exhibits import a_png
from tests.factories import a_customer, at
from webapp.consent import wordings
from webapp.consent.file_kinds import read_upload
from webapp.consent.ledger import Proof
from webapp.consent.wordings import Draft
from webapp.customers import consenting
from webapp.extensions import db

SHA256 = hashlib.sha256(a_png()).hexdigest()


@pytest.fixture
def ana(app) -> int:
    with app.app_context():
        customer = a_customer("Ana Souza")
        box = wordings.add(Draft("Checkout box", "pt_BR", HOSTILE), actor="system", now=at(0))
        proof = Proof("paper_form", HOSTILE, link="https://a.example/form?x=<1>&y=\"2\"", wording_id=box.id,
                      wording_version=1)  # fmt: skip
        consenting.opt_in(
            customer, proof, upload=read_upload(a_png(), "ficha.png"), version=customer.version,
            stated_at=None, actor="user:1", now=at(10),
        )  # fmt: skip
        db.session.commit()
        seal()
        yield customer.id


@pytest.fixture
def folder(ana, tmp_path):
    return unpacked(a_pack(ana), tmp_path / "pack")


def test_they_are_in_the_pack_and_right(folder, packages):
    assert (folder / "files" / SHA256).read_bytes() == a_png()
    (event,) = json.loads((folder / "consent.json").read_text(encoding="utf-8"))["events"]
    assert event["evidence"]["file"] == f"files/{SHA256}"
    assert (event["evidence"]["file_sha256"], event["evidence"]["wording_version"]) == (SHA256, 1)
    assert f'<a href="files/{SHA256}" dir="auto">ficha.png</a>' in (folder / "index.html").read_text("utf-8")
    ended = verify(packages, folder, "--key", public_key())
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "its file is the one that was recorded" in ended.stdout


@pytest.mark.parametrize("field", ["link", "file_sha256", "file_name", "wording_id", "wording_version"])
def test_each_field_is_under_the_seal(folder, packages, field):
    file = folder / "consent.json"
    consent = json.loads(file.read_text(encoding="utf-8"))
    evidence = consent["events"][0]["evidence"]
    evidence[field] = 99 if isinstance(evidence[field], int) else "0" * 64
    file.write_text(json.dumps(consent), encoding="utf-8")
    ended = verify(packages, folder, "--key", public_key())
    assert (ended.returncode, "its evidence is not what was recorded" in ended.stdout) == (1, True)


def test_a_swapped_file_is_found(folder, packages):
    (folder / "files" / SHA256).write_bytes(b"another")
    ended = verify(packages, folder)
    assert (ended.returncode, "its file is not the one that was recorded" in ended.stdout) == (1, True)


def test_a_file_that_is_gone_is_said_to_be_gone(ana, tmp_path, packages):
    (current_app.config["HEED"].data_dir / "evidence" / SHA256[:2] / SHA256).unlink()
    folder = unpacked(a_pack(ana), tmp_path / "pack")
    assert f"It could not be read: files/{SHA256}" in (folder / "index.html").read_text(encoding="utf-8")
    ended = verify(packages, folder)
    assert (ended.returncode, f"files/{SHA256} is missing." in ended.stdout) == (1, True)
