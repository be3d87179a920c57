"""What proves an event, as people read it: words, the wording that was shown, a link, a file."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select

from webapp.consent import wordings
from webapp.consent.file_kinds import of_media_type
from webapp.consent.models import ConsentEvent, Evidence, EvidenceFile
from webapp.customers import merging
from webapp.extensions import db
from webapp.formatting import file_size


@dataclass(frozen=True)
class Exhibit:
    channel: str = ""
    words: str = ""
    wording: str = ""
    """Name and version of the wording that was shown."""
    link: str = ""
    file: str = ""
    """Kind and size of a file, and its name where that is known."""


NOTHING = Exhibit()


def exhibits_of(evidence: Mapping[int, Evidence]) -> dict[int, Exhibit]:
    """By event, what its evidence is."""
    files = _files({proof.file_sha256 for proof in evidence.values() if proof.file_sha256})
    names = wordings.names({proof.wording_id for proof in evidence.values() if proof.wording_id})
    return {
        seq: Exhibit(
            proof.channel,
            proof.words,
            wordings.title(names[proof.wording_id], proof.wording_version) if proof.wording_id else "",
            proof.link,
            ", ".join(filter(None, [files.get(proof.file_sha256, ""), proof.file_name])),
        )
        for seq, proof in evidence.items()
    }


def file_of(customer_id: int, event_id: int) -> EvidenceFile | None:
    """The file that proves an event of this customer, or of one who was merged into it."""
    return db.session.scalar(
        select(EvidenceFile)
        .join(Evidence, Evidence.file_sha256 == EvidenceFile.sha256)
        .join(ConsentEvent, ConsentEvent.id == Evidence.event_id)
        .where(ConsentEvent.id == event_id, ConsentEvent.customer_id.in_(merging.merged_ids(customer_id)))
    )


def _files(hashes: set[str]) -> dict[str | None, str]:
    if not hashes:
        return {}
    found = db.session.scalars(select(EvidenceFile).where(EvidenceFile.sha256.in_(hashes)))
    return {file.sha256: f"{of_media_type(file.media_type).name}, {file_size(file.size)}" for file in found}
