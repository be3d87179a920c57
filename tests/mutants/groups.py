"""What is mutated, and the tests that have to notice, the nearest first."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Group:
    """Modules below webapp, and test files below tests."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]

    @property
    def sources(self) -> dict[str, Path]:
        return {module: ROOT / "webapp" / f"{module}.py" for module in self.modules}

    @property
    def test_files(self) -> list[str]:
        return [str(ROOT / "tests" / f"{test}.py") for test in self.tests]


GROUPS = {
    "gate": Group(
        ("consent/gate", "consent/gate_query"),
        ("consent/test_gate", "consent/test_disputes", "campaigns/sending/test_claims"),
    ),
    "rules": Group(
        ("consent/rules", "consent/state"),
        ("consent/test_rules", "consent/test_ledger"),
    ),
    "ledger": Group(
        ("consent/ledger", "consent/seconding", "consent/undoing", "consent/together", "consent/in_bulk"),
        ("consent/test_entries", "consent/test_ledger", "consent/test_batches", "bulk/test_seconding",
         "whatsapp/inbound/test_effects", "reviews/test_undo", "whatsapp/inbound/test_together",
         "customers/test_importing"),
    ),
    "keywords": Group(
        ("consent/keywords", "consent/whole_messages", "consent/readings", "consent/possible_stops"),
        ("consent/test_keyword_steps", "consent/test_keywords"),
    ),
    "inbound": Group(
        ("whatsapp/inbound/inbound", "whatsapp/inbound/effects", "whatsapp/inbound/runs",
         "whatsapp/inbound/keeping", "whatsapp/inbound/faults", "whatsapp/inbound/stored",
         "whatsapp/inbound/unheard"),
        ("whatsapp/inbound/test_keeping", "whatsapp/inbound/test_faults", "whatsapp/inbound/test_stored",
         "whatsapp/inbound/test_effects", "whatsapp/inbound/test_inbound", "whatsapp/test_facts",
         "whatsapp/inbound/test_together", "whatsapp/inbound/test_receipts", "reviews/test_listen",
         "reviews/test_signups", "customers/erasure/test_erasing", "whatsapp/test_confirming",
         "whatsapp/inbound/test_delivery_faults", "whatsapp/webhook/test_notices",
         "whatsapp/inbound/test_rereading", "whatsapp/webhook/test_account_signals"),
    ),
    "people": Group(
        ("whatsapp/inbound/senders", "whatsapp/inbound/gathering", "whatsapp/inbound/moves",
         "customers/locking", "customers/newcomers", "customers/whereabouts"),
        ("customers/test_whereabouts", "whatsapp/inbound/test_gathering",
         "whatsapp/inbound/test_becoming_one",
         "whatsapp/inbound/test_meeting", "whatsapp/inbound/test_moving_away",
         "whatsapp/inbound/test_inbound", "whatsapp/inbound/test_effects",
         "whatsapp/inbound/test_together", "whatsapp/test_facts",
         "customers/erasure/test_suppressions", "customers/erasure/test_erasing", "customers/test_merging",
         "whatsapp/inbound/test_group_commit", "whatsapp/inbound/test_receipts",
         "whatsapp/inbound/test_newcomers", "whatsapp/inbound/test_merged_meanwhile"),
    ),
    "claim": Group(
        ("campaigns/sending/claims", "campaigns/sending/starting", "campaigns/sending/pacing"),
        ("campaigns/sending/test_pacing", "campaigns/sending/test_pumps", "campaigns/sending/test_claims",
         "campaigns/sending/test_sweep", "campaigns/sending/test_sending"),
    ),
}  # fmt: skip
