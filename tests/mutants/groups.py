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
        ("consent/test_rules",),
    ),
    "ledger": Group(
        ("consent/ledger",),
        ("consent/test_entries", "consent/test_ledger", "consent/test_batches", "bulk/test_seconding",
         "whatsapp/inbound/test_effects"),
    ),
    "keywords": Group(
        ("consent/keywords",),
        ("consent/test_keyword_steps", "consent/test_keywords"),
    ),
    "inbound": Group(
        ("whatsapp/inbound/inbound", "whatsapp/inbound/effects", "whatsapp/inbound/runs"),
        ("whatsapp/inbound/test_effects", "whatsapp/inbound/test_inbound", "whatsapp/test_facts",
         "whatsapp/inbound/test_together", "whatsapp/inbound/test_receipts", "reviews/test_listen",
         "reviews/test_signups", "customers/erasure/test_erasing", "whatsapp/test_confirming",
         "whatsapp/inbound/test_delivery_faults", "whatsapp/webhook/test_notices"),
    ),
    "claim": Group(
        ("campaigns/sending/claims", "campaigns/sending/starting"),
        ("campaigns/sending/test_pumps", "campaigns/sending/test_claims", "campaigns/sending/test_sweep"),
    ),
}  # fmt: skip
