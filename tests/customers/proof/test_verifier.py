"""The verifier in the pack runs without Heed, and finds whatever was changed, with the right sentence."""

import ast
import base64
import hashlib
import json
import re
import zipfile
from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import current_app
from hypothesis import given
from hypothesis import strategies as st

from tests.consent.sealing.sealed import rewrite, seal
from tests.customers.proof.packs import a_pack, public_key, unpacked, verify
from tests.factories import at
from webapp.consent import ledger, state
from webapp.consent.ledger import Proof
from webapp.consent.models import STATE_FIELDS, ConsentEvent
from webapp.consent.rules import Effect, Kind, Source, Status, Turn
from webapp.consent.sealing import leaves, notes
from webapp.customers.proof import verify as verifier
from webapp.customers.proof.pack import VERIFIER

FORGER = Ed25519PrivateKey.from_private_bytes(b"f" * 32)
IN_STEP = ("consent.json", "proofs.json")


class Opened:
    """The files of a pack in somebody's hands. The events: 0 opted in, 1 own stop, 2 opted in by an agent,
    3 and 4 taken back, 5 and 6 WhatsApp's stop and its end, 7 and 8 a review, then the merge."""

    def __init__(self, folder):
        self.folder = folder
        self.consent, self.proofs = (json.loads(self.text(name)) for name in IN_STEP)
        self.events = self.consent["events"]

    def text(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def put(self, name, text):
        (self.folder / name).write_text(text, encoding="utf-8")

    def save(self):
        for name, value in zip(IN_STEP, (self.consent, self.proofs), strict=True):
            self.put(name, json.dumps(value, ensure_ascii=False))

    def proof(self, place):
        (found,) = [one for one in self.proofs["proofs"] if one["event_id"] == self.events[place]["id"]]
        return found

    def remove(self, place, *, count=True):
        """An event and its proof, and one from the number of events."""
        self.proofs["proofs"].remove(self.proof(place))
        record = next(
            one for one in self.consent["records"] if one["id"] == self.events[place]["customer_id"]
        )
        record["events"] -= count
        del self.events[place]

    def append(self, **columns):
        """An event that nobody sealed."""
        self.consent["records"][0]["events"] += 1
        event = {**self.events[0], "id": 900, **columns}
        event["readable"] = {
            **event["readable"],
            **{name: verifier.moment(event[name]) for name in ("occurred_at", "recorded_at")},
        }
        self.events.append(event)
        self.proofs["unsealed"].append(900)


def long_after(pack):
    """When nothing had to be sealed yet."""
    return pack.events[-1]["recorded_at"] + 7 * verifier.HOUR


def change_word(pack):
    pack.events[2]["evidence"]["words"] += "!"


def change_matched(pack):
    pack.events[1]["evidence"]["matched"] = "HALT"


def drop_evidence(pack):
    pack.events[0]["evidence"] = None


def add_evidence(pack):
    pack.events[3]["evidence"] = pack.events[2]["evidence"]


def change_event(pack):
    pack.events[1]["status"] = "opted_in"


def change_actor(pack):
    pack.events[2]["actor"] = "user:99"


def change_time_in_one_place(pack):
    pack.events[1]["readable"]["occurred_at"] = "2020-01-01T00:00:00.000000Z"


def change_event_in_both_files(pack):
    change_event(pack)
    content = [pack.events[1][column] for column in leaves.COLUMNS]
    pack.proof(1)["canonical"] = json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def change_event_and_call_it_unsealed(pack):
    change_event(pack)
    pack.proofs["unsealed"].append(pack.events[1]["id"])
    pack.proofs["proofs"].remove(pack.proof(1))


def remove_event(pack):
    del pack.events[1]


def remove_proof(pack):
    pack.proofs["proofs"].remove(pack.proof(1))


def remove_event_and_proof(pack):
    pack.remove(1, count=False)


def remove_stop_and_count_down(pack):
    pack.remove(1)


def remove_what_was_taken_back(pack):
    pack.remove(3)


def repeat_event(pack):
    pack.events.insert(1, pack.events[0])


def give_event_to_a_stranger(pack):
    pack.append(customer_id=99, recorded_at=long_after(pack))


def foreign_path(pack):
    pack.proof(2)["path"] = pack.proof(0)["path"]


def foreign_proof(pack):
    one, other = pack.proof(5), pack.proof(6)
    for name in ("salt", "index", "path", "position"):
        one[name], other[name] = other[name], one[name]


def no_path(pack):
    pack.proof(0)["path"] = []


def another_place(pack):
    pack.proof(1)["position"] += 1


def another_previous(pack):
    pack.proof(2)["previous"] = "00" * 32


def another_checkpoint(pack):
    pack.proof(0)["size"] = pack.proof(1)["size"]


def change_checkpoint(pack):
    pack.put("checkpoints.txt", pack.text("checkpoints.txt").replace("12:02:00", "12:02:01"))


def no_checkpoint(pack):
    found = verifier.NOTE.findall(pack.text("checkpoints.txt"))
    pack.put("checkpoints.txt", "\n".join(found[:1] + found[2:]))


def no_checkpoints(pack):
    pack.put("checkpoints.txt", "")


def checkpoint_of_another_ledger(pack):
    pack.consent["ledger"] = "heed/0000000000000000"


def sign_anew(pack):
    """All checkpoints, with a key of one's own."""
    text = pack.text("checkpoints.txt")
    for note in verifier.NOTE.findall(text):
        told = notes.read(note)
        mine = notes.Checkpoint(told.origin, told.size, told.chain, told.at, notes.public_bytes(FORGER))
        text = text.replace(note, notes.sign(FORGER, mine))
    pack.put("checkpoints.txt", text)


def sign_anew_and_list_the_key(pack):
    sign_anew(pack)
    pack.put("key.txt", base64.b64encode(notes.public_bytes(FORGER)).decode() + "\n")


def change_state(pack):
    pack.consent["records"][0]["state"]["status"] = "opted_in"


def change_state_and_fold(pack):
    for name in ("state", "fold"):
        pack.consent["records"][0][name]["platform_stop_at"] = "2026-11-20T12:08:20.000000Z"


def change_since(pack):
    pack.consent["records"][0]["state"]["status_at"] = None


def change_state_of_the_merged(pack):
    pack.consent["records"][1]["state"]["status"] = "unknown"


EVENT, RECORD = r"Event \d+", r"Record \d+"
TAMPERING = [
    (change_word, f"{EVENT}: its evidence is not what was recorded."),
    (change_matched, f"{EVENT}: its evidence is not what was recorded."),
    (drop_evidence, f"{EVENT}: its evidence is missing."),
    (add_evidence, f"{EVENT}: its evidence is not what was recorded."),
    (change_event, f"{EVENT} in consent.json is not the one that was sealed."),
    (change_actor, f"{EVENT} in consent.json is not the one that was sealed."),
    (change_time_in_one_place, f"{EVENT}: occurred_at is written in two ways that differ."),
    (change_event_in_both_files, f"{EVENT}: its path does not lead to the root of its seal."),
    (change_event_and_call_it_unsealed, f"{EVENT} is not sealed, though it says .* slipped in or changed."),
    (remove_event, f"{EVENT} has a proof and is missing from consent.json."),
    (remove_proof, "The list of events that are not sealed is not right: a proof or an event is missing."),
    (remove_event_and_proof, f"{RECORD} has 11 events, and 10 are here."),
    (remove_stop_and_count_down, f"{RECORD}: own_opt_out_at is not what its events add up to."),
    (remove_what_was_taken_back, f"{EVENT} takes back an event that is missing."),
    (repeat_event, "An event, or its proof, stands twice or out of order."),
    (give_event_to_a_stranger, f"{EVENT} belongs to none of the records in this pack."),
    (foreign_path, f"{EVENT}: its path does not lead to the root of its seal."),
    (foreign_proof, f"{EVENT}: its path does not lead to the root of its seal."),
    (no_path, f"{EVENT}: its path does not lead to the root of its seal."),
    (another_place, f"{EVENT}: its place is not the one in its seal."),
    (another_previous, f"{EVENT}: the root of its seal does not lead to the checkpoint of 9 events."),
    (another_checkpoint, f"{EVENT}: its place is not the one in its seal."),
    (change_checkpoint, "The checkpoint of 6 events: the signature is wrong."),
    (no_checkpoint, f"{EVENT}: the checkpoint of 6 events is missing from checkpoints.txt."),
    (no_checkpoints, f"{EVENT}: the checkpoint of 3 events is missing from checkpoints.txt."),
    (checkpoint_of_another_ledger, "The checkpoint of 3 events is not one of this ledger, or stands twice."),
    (sign_anew, "The checkpoint of 3 events is signed by a key that is not in key.txt."),
    (sign_anew_and_list_the_key, "The checkpoint of 3 events is signed by another key than the one given."),
    (change_state, f"{RECORD}: status is not what its events add up to."),
    (change_state_and_fold, f"{RECORD}: platform_stop_at is not what its events add up to."),
    (change_since, f"{RECORD}: status_at is not what its events add up to."),
    (change_state_of_the_merged, f"{RECORD}: status is not what its events add up to."),
]


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the pack to lay hands on."""
    return unpacked(made.pack, tmp_path / "pack")


def the_fault(ended) -> str:
    assert (ended.returncode, ended.stderr) == (1, ""), ended.stdout + ended.stderr
    (fault,) = [line for line in ended.stdout.splitlines() if line.startswith("FAULT: ")]
    assert ended.stdout.endswith(f"{fault}\n"), "it stops at the first one"
    return fault.removeprefix("FAULT: ")


@pytest.mark.parametrize(("tamper", "sentence"), TAMPERING, ids=[one.__name__ for one, _ in TAMPERING])
def test_whatever_is_changed_is_found(made, folder, packages, tamper, sentence):
    pack = Opened(folder)
    tamper(pack)
    pack.save()
    assert re.fullmatch(sentence, the_fault(verify(packages, folder, "--key", made.key)))


class TestWholePack:
    def test_a_line_for_each_check_and_the_key_was_given(self, made, folder, packages):
        ended = verify(packages, folder, "--key", made.key)
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout + ended.stderr
        lines = ended.stdout.splitlines()
        events = json.loads((folder / "consent.json").read_text(encoding="utf-8"))["events"]
        assert sum(": sealed as number" in line for line in lines) == len(events)
        assert any("add up to opted_out since 2026-11-20T12:10:00.000000Z" in line for line in lines)
        assert "WARNING" not in ended.stdout
        assert "No pack can show that nothing was left out" in ended.stdout

    def test_without_a_key_it_warns(self, folder, packages):
        ended = verify(packages, folder)
        assert ended.returncode == 0
        assert "WARNING: No --key was given: whoever can make a key can make such a pack." in ended.stdout

    def test_the_zip_needs_no_unpacking(self, made, folder, packages):
        (folder / "pack.zip").write_bytes(made.pack)
        (folder / "consent.json").unlink()
        assert verify(packages, folder, "pack.zip", "--key", made.key).returncode == 0

    @pytest.mark.parametrize("arguments", [["--key", "?"], ["--key", "AAAA"], ["--word"], ["a", "b"]])
    def test_unusable_arguments_are_2(self, folder, packages, arguments):
        assert verify(packages, folder, *arguments).returncode == 2


class TestBroughtCheckpoint:
    def test_checkpoints_that_were_kept_elsewhere_vouch(self, made, folder, packages):
        ended = verify(packages, folder, "--checkpoint", str(made.log))
        assert ended.returncode == 0
        assert "ok: 4 checkpoints are those in checkpoints.log." in ended.stdout

    def test_one_of_them_is_better_than_none(self, folder, packages):
        kept = folder.parent / "kept.txt"
        kept.write_text(verifier.NOTE.findall(Opened(folder).text("checkpoints.txt"))[-1], encoding="utf-8")
        ended = verify(packages, folder, "--checkpoint", str(kept))
        assert ended.returncode == 0
        assert "WARNING: 3 of the checkpoints that this pack builds on are not in kept.txt." in ended.stdout

    def test_a_ledger_that_was_built_anew_with_the_same_key_is_found(self, story, tmp_path, packages):
        log = current_app.config["HEED"].data_dir / "checkpoints.log"
        kept = tmp_path / "kept.txt"
        log.rename(kept)
        rewrite("DELETE FROM sealed_events", "DELETE FROM seals", "UPDATE consent_events SET source = 'api'")
        seal(7100)
        seals = verifier.NOTE.findall(log.read_text(encoding="utf-8"))
        assert len(seals) == 1
        folder = unpacked(a_pack(story.ana), tmp_path / "pack")
        fault = the_fault(verify(packages, folder, "--key", public_key(), "--checkpoint", str(kept)))
        assert "the ledger was built anew" in fault

    @pytest.mark.parametrize("content", ["", "nothing\n"])
    def test_a_file_without_any_vouches_for_nothing(self, folder, packages, content):
        (folder.parent / "kept.txt").write_text(content)
        fault = the_fault(verify(packages, folder, "--checkpoint", "../kept.txt"))
        assert fault == "kept.txt holds none of the checkpoints that this pack builds on."

    def test_a_kept_one_that_was_bent_is_named(self, folder, packages):
        bent = Opened(folder).text("checkpoints.txt").replace("12:02:00", "12:02:01")
        (folder.parent / "kept.txt").write_text(bent, encoding="utf-8")
        fault = the_fault(verify(packages, folder, "--checkpoint", "../kept.txt"))
        assert fault == "The checkpoint of 6 events: the signature is wrong."


class TestFiles:
    """An event with a file as evidence; nobody sealed it, so that a test can make it."""

    CONTENT = b"%PDF scan"
    SHA256 = hashlib.sha256(CONTENT).hexdigest()

    @pytest.fixture
    def pack(self, folder):
        pack = Opened(folder)
        later = {"link": "https://a.example/1", "file_sha256": self.SHA256, "file_name": "x.pdf",
                 "wording_id": None, "wording_version": None}  # fmt: skip
        evidence = {"nonce": "00" * 16, "channel": "paper_form", "words": "", "matched": "", "message_id": ""}
        digest = verifier.digest(evidence | later)
        assert digest != verifier.digest(evidence)
        pack.append(kind="identity", status=None, recorded_at=long_after(pack), evidence_digest=digest,
                    evidence=evidence | later)  # fmt: skip
        pack.save()
        (folder / "files").mkdir()
        (folder / "files" / self.SHA256).write_bytes(self.CONTENT)
        return pack

    def test_the_right_one_is_right(self, made, pack, packages):
        ended = verify(packages, pack.folder, "--key", made.key)
        assert (ended.returncode, "its file is the one that was recorded" in ended.stdout) == (0, True)

    def test_a_swapped_one_is_found(self, pack, packages):
        (pack.folder / "files" / self.SHA256).write_bytes(b"another")
        assert (
            the_fault(verify(packages, pack.folder))
            == "Event 900: its file is not the one that was recorded."
        )

    def test_a_missing_one_is_named(self, pack, packages):
        (pack.folder / "files" / self.SHA256).unlink()
        assert the_fault(verify(packages, pack.folder)) == f"files/{self.SHA256} is missing."

    def test_another_hash_does_not_fit_the_event(self, pack, packages):
        pack.events[-1]["evidence"]["file_sha256"] = hashlib.sha256(b"another").hexdigest()
        pack.save()
        assert the_fault(verify(packages, pack.folder)) == "Event 900: its evidence is not what was recorded."

    def test_a_name_that_leads_elsewhere_is_not_followed(self, pack, packages):
        event = pack.events[-1]
        event["evidence"]["file_sha256"] = "../../secret"
        event["evidence_digest"] = verifier.digest(event["evidence"])
        pack.save()
        assert "not a proof pack" in the_fault(verify(packages, pack.folder))


class TestHostilePack:
    @pytest.mark.parametrize(
        "content",
        [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"a":1,"a":2}', b'{"ledger":1,"events":2}'],
        ids=range(8),
    )
    def test_what_is_no_pack_is_said_to_be_none(self, folder, packages, content):
        (folder / "consent.json").write_bytes(content)
        fault = the_fault(verify(packages, folder))
        assert "not a proof pack" in fault or "not one of this ledger" in fault

    def test_a_key_that_stands_twice_is_refused(self, folder, packages):
        pack = Opened(folder)
        pack.put(
            "consent.json", pack.text("consent.json").replace('"format":1,', '"format":1,"format":1,', 1)
        )
        assert "not a proof pack" in the_fault(verify(packages, folder))

    @pytest.mark.parametrize("name", ["consent.json", "proofs.json", "checkpoints.txt", "key.txt"])
    def test_a_missing_file_is_named(self, folder, packages, name):
        (folder / name).unlink()
        assert the_fault(verify(packages, folder)) == f"{name} is missing."

    def test_a_zip_with_two_entries_of_a_name_is_refused(self, made, folder, packages):
        file = folder / "pack.zip"
        file.write_bytes(made.pack)
        with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("consent.json", "{}")
        assert the_fault(verify(packages, folder, "pack.zip")) == "The pack holds consent.json 2 times."

    def test_no_zip_is_no_pack(self, folder, packages):
        (folder / "pack.zip").write_bytes(b"PK nothing")
        assert "not a proof pack" in the_fault(verify(packages, folder, "pack.zip"))

    def test_what_it_prints_moves_no_cursor(self, folder, packages):
        pack = Opened(folder)
        pack.append(id="\x1b[2J", recorded_at=long_after(pack))
        pack.save()
        ended = verify(packages, folder)
        assert (ended.returncode, "\x1b" in ended.stdout) == (1, False)


def test_its_digest_of_evidence_is_that_of_the_ledger():
    proof = Proof("phone_call", "“Sí”\n\u2028", "SÍ", "wamid.1")
    nonce = b"n" * 16
    assert verifier.digest({"nonce": nonce.hex(), **vars(proof)}) == ledger.digest(nonce, proof)


def test_the_python_of_an_auditor_may_be_old():
    ast.parse(VERIFIER.read_text(encoding="utf-8"), feature_version=(3, 9))


def test_its_columns_are_those_that_are_sealed():
    assert verifier.COLUMNS == leaves.COLUMNS
    assert verifier.STATE == STATE_FIELDS


KINDS = [
    *[(Kind.CONSENT, status) for status in Status],
    *[(Kind.PLATFORM_STOP, turn) for turn in (Turn.STOPPED, Turn.RESUMED)],
    *[(Kind.HOLD, turn) for turn in (Turn.HELD, Turn.RELEASED)],
    (Kind.IDENTITY, None),
    (Kind.ERASURE, None),
]
STEPS = st.tuples(
    st.sampled_from(KINDS), st.sampled_from(Source), st.sampled_from(Effect), st.integers(0, 5_000_000),
    st.booleans(),
)  # fmt: skip


@given(st.lists(STEPS, max_size=12))
def test_its_fold_is_that_of_the_ledger(steps):
    events = []
    for number, ((kind, status), source, effect, microseconds, undo) in enumerate(steps, 1):
        undone = events[-1] if events and undo else None
        takes_back = undone is not None and undone.kind == Kind.CONSENT and undone.compensates is None
        events.append(
            ConsentEvent(
                id=number, kind=Kind.CONSENT if takes_back else kind, status=status, source=source,
                effect=effect, occurred_at=at(microseconds / 1e6),
                compensates=undone.id if takes_back else None,
            )
        )  # fmt: skip
    told, found = state.fold(events), verifier.fold([columns(event) for event in events])
    assert found == {name: plain(value) for name, value in vars(told).items()}


def columns(event):
    return {name: plain(getattr(event, name)) for name in leaves.COLUMNS}


def plain(value):
    return (value - leaves.EPOCH) // leaves.MICROSECOND if isinstance(value, datetime) else value
