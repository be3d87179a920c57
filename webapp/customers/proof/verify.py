"""Checks a proof pack of Heed: are its events those that were sealed, and do they add up to what it shows?

    python verify.py [PACK] [--key BASE64] [--checkpoint FILE]

PACK is the ZIP or the folder into which it was unpacked; without it, the current folder. It needs Python 3.9
and the package `cryptography`, and nothing of Heed. Each check is a line; it ends with 0 when all are right,
else with 1 and the first fault.

Who does not trust whoever made the pack does not take this file from it either, but from Heed's own source,
and gives the key that the business published with `--key`, or a checkpoint that they kept themselves.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
import zipfile
import zlib
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COLUMNS = (
    "id", "customer_id", "kind", "status", "source", "actor", "identity_id", "external_id", "rule_version",
    "effect", "reason", "compensates", "batch_id", "occurred_at", "recorded_at", "evidence_digest",
)  # fmt: skip
EVIDENCE = ("channel", "words", "matched", "message_id")
LATER_EVIDENCE = ("link", "file_sha256", "file_name", "wording_id", "wording_version")
STATE = (
    "status", "status_at", "status_event_id", "opt_out_at", "own_opt_out_at", "own_opt_in_at",
    "platform_stop_at", "platform_resume_at", "held_at",
)  # fmt: skip
CONSENT = STATE[:6]
OWN_WORDS, OWN_OPT_OUT = ("keyword", "button"), ("keyword", "button", "whatsapp", "review")
NOTE = re.compile("(?:[^\n]+\n)+\n— [^\n]+\n")
HASH = re.compile("[0-9a-f]{64}")
HOUR = 3_600_000_000
MICROSECOND = timedelta(microseconds=1)
CONCLUSION = """All that is here is right. No pack can show that nothing was left out of it: whoever has the
database can (heed ledger verify). Names, numbers, roles, headlines, which records were merged and the page to
read are under no seal, and were not checked."""
UNREADABLE = (
    KeyError, IndexError, TypeError, ValueError, AttributeError, OSError, OverflowError, RuntimeError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 - as old a Python as an auditor has


class Fault(Exception):
    """The first thing that is not right, as a sentence."""


class Pack:
    """The entries of a pack, in a ZIP or in a folder. Nothing is unpacked."""

    def __init__(self, place):
        self.folder = place if place.is_dir() else None
        self.zip = None if self.folder else zipfile.ZipFile(place)
        for name, times in Counter(self.zip.namelist() if self.zip else ()).items():
            if times > 1:
                raise Fault(f"The pack holds {name} {times} times.")

    def open(self, name):
        try:
            return self.zip.open(name) if self.zip else (self.folder / name).open("rb")
        except (KeyError, OSError):
            raise Fault(f"{name} is missing.") from None

    def text(self, name):
        with self.open(name) as file:
            return file.read().decode()

    def json(self, name):
        return json.loads(self.text(name), object_pairs_hook=no_key_twice)

    def sha256(self, name):
        found = hashlib.sha256()
        with self.open(name) as file:
            while part := file.read(1 << 20):
                found.update(part)
        return found.hexdigest()


def no_key_twice(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


class Note:
    """A checkpoint: so many events were sealed at that time and lead to that chain."""

    def __init__(self, note):
        text, _, stamp = note.partition("\n\n— ")
        self.origin, size, chain, time, key = text.split("\n")
        self.size, self.chain, self.key = int(size), decoded(chain), decoded(key.split(" ")[1])
        at = datetime.strptime(time, "time %Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)  # noqa: UP017
        self.at = (at - EPOCH) // MICROSECOND
        self.signed = f"{text}\n".encode()
        self.name, _, signature = stamp.rstrip("\n").partition(" ")
        self.stamp = base64.b64decode(signature, validate=True)

    @property
    def title(self):
        return f"The checkpoint of {self.size:,} events"

    def check_signature(self):
        named = hashlib.sha256(self.origin.encode() + b"\n\x01" + self.key).digest()[:4]
        try:
            if self.name != self.origin or self.stamp[:4] != named:
                raise InvalidSignature
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.stamp[4:], self.signed)
        except InvalidSignature:
            raise Fault(f"{self.title}: the signature is wrong.") from None


def decoded(text):
    found = base64.b64decode(text, validate=True)
    if len(found) != 32:
        raise ValueError("not 32 bytes")
    return found


def encoded(key):
    return base64.b64encode(key).decode()


def notes_in(text, name):
    """The checkpoints of a text, without those that say that a ledger ended. Raises Fault for a bad one."""
    notes = []
    for number, found in enumerate(NOTE.findall(text), 1):
        if found.split("\n")[1] == "ended":
            continue
        try:
            notes.append(Note(found))
        except (ValueError, IndexError):
            raise Fault(f"Number {number} of {name} is no checkpoint.") from None
        notes[-1].check_signature()
    return notes


def kept_in(file):
    """The name of a file with checkpoints, and those; nothing without a file."""
    if file is None:
        return "", []
    return file.name, notes_in(file.read_text(encoding="utf-8", errors="replace"), file.name)


def checks(pack, keys, brought, warnings):
    """A line for each check that went well. Raises Fault."""
    consent, proofs = pack.json("consent.json"), pack.json("proofs.json")
    events, notes = consent["events"], {}
    name, kept = brought
    kept = {note.size: note for note in kept if note.origin == consent["ledger"]}
    for note in notes_in(pack.text("checkpoints.txt"), "checkpoints.txt"):
        if note.origin != consent["ledger"] or note.size in notes:
            raise Fault(f"{note.title} is not one of this ledger, or stands twice.")
        notes[note.size] = note
        yield f"{note.title}, of {moment(note.at)}, is signed by key {encoded(note.key)}."
    yield from check_keys(pack, notes, keys, warnings)
    if name:
        yield from check_brought(notes, proofs["proofs"], name, kept, warnings)
    newest = max((note.at for note in [*notes.values(), *kept.values()]), default=0)
    yield from check_seals(events, proofs, notes, newest, warnings)
    yield from check_evidence(pack, events, warnings)
    yield from check_states(consent["records"], events)


def check_keys(pack, notes, keys, warnings):
    listed = {line for line in pack.text("key.txt").split("\n") if line and not line.startswith("#")}
    for note in notes.values():
        if encoded(note.key) not in listed:
            raise Fault(f"{note.title} is signed by a key that is not in key.txt.")
        if keys and note.key not in keys:
            raise Fault(f"{note.title} is signed by another key than the one given.")
    if keys:
        yield "All checkpoints are signed by a key that was given."
    elif notes:
        warnings.append(
            "No --key was given: whoever can make a key can make such a pack. Compare the key above with the "
            "one that the business published, and give that."
        )


def check_brought(notes, proofs, name, kept, warnings):
    """Those that were kept elsewhere must say the same of the same number of events."""
    for size in sorted(kept.keys() & notes.keys()):
        if kept[size].chain != notes[size].chain:
            raise Fault(f"{notes[size].title} is not the one in {name}: the ledger was built anew.")
    used = {proof["size"] for proof in proofs}
    if not used & kept.keys():
        raise Fault(f"{name} holds none of the checkpoints that this pack builds on.")
    if lacking := len(used - kept.keys()):
        warnings.append(f"{lacking} of the checkpoints that this pack builds on are not in {name}.")
    yield f"{len(used & kept.keys())} checkpoints are those in {name}."


def check_seals(events, proofs, notes, newest, warnings):
    by_event = {proof["event_id"]: proof for proof in proofs["proofs"]}
    ids = [event["id"] for event in events]
    if ids != sorted(set(ids)) or len(by_event) != len(proofs["proofs"]):
        raise Fault("An event, or its proof, stands twice or out of order.")
    for event_id in by_event.keys() - set(ids):
        raise Fault(f"Event {event_id} has a proof and is missing from consent.json.")
    if set(proofs["unsealed"]) != set(ids) - by_event.keys():
        raise Fault("The list of events that are not sealed is not right: a proof or an event is missing.")
    for event in events:
        check_readable(event)
        if event["id"] in by_event:
            proof = by_event[event["id"]]
            note = check_seal(event, proof, notes)
            yield f"{title(event)}: sealed as number {proof['position']:,}, under {note.title.lower()}."
        elif event["recorded_at"] < newest - HOUR:
            raise Fault(
                f"Event {event['id']} is not sealed, though it says that it was recorded long before the "
                "newest checkpoint: it was slipped in or changed."
            )
        else:
            warnings.append(f"Event {event['id']} is not sealed yet: nothing proves it.")


def check_seal(event, proof, notes):
    """From the event as it stands in consent.json to the signed checkpoint."""
    name = f"Event {event['id']}"
    content = json.dumps([event[column] for column in COLUMNS], ensure_ascii=False, separators=(",", ":"))
    if content != proof["canonical"]:
        raise Fault(f"{name} in consent.json is not the one that was sealed.")
    if proof["size"] not in notes:
        raise Fault(f"{name}: the checkpoint of {proof['size']:,} events is missing from checkpoints.txt.")
    leaf = sha256(b"\x00" + bytes.fromhex(proof["salt"]) + content.encode())
    path = [bytes.fromhex(neighbour) for neighbour in proof["path"]]
    root = bytes.fromhex(proof["root"])
    if root_from(leaf, proof["index"], proof["leaves"], path) != root:
        raise Fault(f"{name}: its path does not lead to the root of its seal.")
    if proof["position"] != proof["size"] - proof["leaves"] + 1 + proof["index"]:
        raise Fault(f"{name}: its place is not the one in its seal.")
    note = notes[proof["size"]]
    if sha256(b"\x02" + bytes.fromhex(proof["previous"]) + root + note.size.to_bytes(8, "big")) != note.chain:
        raise Fault(f"{name}: the root of its seal does not lead to the checkpoint of {note.size:,} events.")
    return note


def sha256(content):
    return hashlib.sha256(content).digest()


def root_from(leaf, index, size, path):
    """RFC 9162, 2.1.3.2; None for a path that fits no such tree."""
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf
    for neighbour in path:
        if last == 0 or len(neighbour) != 32:
            return None
        if place & 1 or place == last:
            found = sha256(b"\x01" + neighbour + found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = sha256(b"\x01" + found + neighbour)
        place, last = place >> 1, last >> 1
    return found if last == 0 else None


def check_readable(event):
    for column in ("occurred_at", "recorded_at"):
        if event["readable"][column] != moment(event[column]):
            raise Fault(f"Event {event['id']}: {column} is written in two ways that differ.")


def check_evidence(pack, events, warnings):
    for event in events:
        evidence, name = event["evidence"], f"Event {event['id']}"
        if evidence is None:
            if event["evidence_digest"]:
                raise Fault(f"{name}: its evidence is missing.")
        elif "forgotten_at" in evidence:
            warnings.append(f"{name}: its evidence was forgotten on purpose and cannot be checked.")
        elif digest(evidence) != event["evidence_digest"]:
            raise Fault(f"{name}: its evidence is not what was recorded.")
        else:
            yield f"{name}: its evidence is what was recorded."
            yield from check_file(pack, name, evidence.get("file_sha256"))


def digest(evidence):
    content = [evidence[field] for field in EVIDENCE]
    later = [evidence.get(field) for field in LATER_EVIDENCE]
    content += [later] if any(later) else []
    written = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(bytes.fromhex(evidence["nonce"]) + written.encode()).hexdigest()


def check_file(pack, name, file_sha256):
    if not file_sha256:
        return
    if not HASH.fullmatch(file_sha256):
        raise ValueError("no hash")
    if pack.sha256(f"files/{file_sha256}") != file_sha256:
        raise Fault(f"{name}: its file is not the one that was recorded.")
    yield f"{name}: its file is the one that was recorded."


def check_states(records, events):
    known = {record["id"] for record in records}
    for event in events:
        if event["customer_id"] not in known:
            raise Fault(f"Event {event['id']} belongs to none of the records in this pack.")
    for record in records:
        theirs = [event for event in events if event["customer_id"] == record["id"]]
        if len(theirs) != record["events"]:
            raise Fault(f"Record {record['id']} has {record['events']} events, and {len(theirs)} are here.")
        told = fold(theirs)
        for field in STATE:
            found = moment(told[field]) if field.endswith("_at") else told[field]
            if not found == record["state"][field] == record["fold"][field]:
                raise Fault(f"Record {record['id']}: {field} is not what its events add up to.")
        since = f" since {moment(told['status_at'])}" if told["status_at"] is not None else ""
        yield f"Record {record['id']}: its {len(theirs)} events add up to {told['status']}{since}."


def fold(events):
    """The state that the events of one record, oldest first, add up to."""
    state = dict.fromkeys(STATE)
    state["status"] = "unknown"
    before = {}
    for event in events:
        if event["compensates"] is not None:
            if event["compensates"] not in before:
                raise Fault(f"Event {event['id']} takes back an event that is missing.")
            state = {**state, **{field: before[event["compensates"]][field] for field in CONSENT}}
        else:
            before[event["id"]] = state
            state = {**state, **changed(state, event)}
    return state


def changed(state, event):
    """What one event changes; what it did is written in itself."""
    works, at = event["effect"] == "changed", event["occurred_at"]
    if event["kind"] == "consent":
        return changed_consent(state, event, works, at)
    if event["kind"] == "hold" and works:
        return {"held_at": at if event["status"] == "held" else None}
    if event["kind"] != "platform_stop":
        return {}
    if event["status"] == "resumed":
        ended = {"platform_stop_at": None} if works else {}
        return {"platform_resume_at": latest(state["platform_resume_at"], at), **ended}
    later = state["platform_stop_at"] is not None and at // 10**6 > state["platform_stop_at"] // 10**6
    return {"platform_stop_at": at} if works or later else {}


def changed_consent(state, event, works, at):
    moved = {}
    if event["status"] == "opted_out":
        moved["opt_out_at"] = latest(state["opt_out_at"], at)
        if event["source"] in OWN_OPT_OUT:
            moved["own_opt_out_at"] = latest(state["own_opt_out_at"], at)
    elif event["source"] in OWN_WORDS:
        moved["own_opt_in_at"] = latest(state["own_opt_in_at"], at)
    if works:
        moved.update(status=event["status"], status_at=at, status_event_id=event["id"])
    return moved


def latest(one, other):
    return other if one is None else max(one, other)


def moment(microseconds):
    if microseconds is None:
        return None
    at = EPOCH + timedelta(microseconds=microseconds)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def title(event):
    told = " ".join(filter(None, (event["kind"], event["status"])))
    return f"Event {event['id']} ({told}, {moment(event['occurred_at'])})"


def say(kind, sentence):
    """A line, whatever stood in the pack."""
    print(f"{kind}: {''.join(sign if sign.isprintable() else '?' for sign in sentence)}")


def main():
    asked = argparse.ArgumentParser(description="Check a proof pack of Heed.")
    asked.add_argument("pack", nargs="?", type=Path, default=Path(), help="the ZIP, or the unpacked folder")
    asked.add_argument("--key", action="append", type=decoded, default=[], help="public key, in base64")
    asked.add_argument("--checkpoint", type=Path, help="checkpoints that were kept elsewhere")
    given = asked.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    warnings = []
    try:
        for line in checks(Pack(given.pack), given.key, kept_in(given.checkpoint), warnings):
            say("ok", line)
    except Fault as fault:
        say("FAULT", str(fault))
        return 1
    except UNREADABLE:
        say("FAULT", "This is not a proof pack, or not one that is whole.")
        return 1
    for warning in warnings:
        say("WARNING", warning)
    print(CONCLUSION)
    return 0


if __name__ == "__main__":
    sys.exit(main())
