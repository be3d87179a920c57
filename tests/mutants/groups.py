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
        ("consent/test_gate", "consent/test_disputes", "campaigns/test_claims"),
    ),
    "rules": Group(
        ("consent/rules", "consent/state"),
        ("consent/test_rules",),
    ),
    "ledger": Group(
        ("consent/ledger",),
        ("consent/test_entries", "consent/test_ledger", "consent/test_batches",
         "whatsapp/test_effects"),
    ),
    "keywords": Group(
        ("consent/keywords",),
        ("consent/test_keyword_steps", "consent/test_keywords"),
    ),
    "inbound": Group(
        ("whatsapp/inbound", "whatsapp/effects", "whatsapp/runs"),
        ("whatsapp/test_effects", "whatsapp/test_inbound", "whatsapp/test_facts", "whatsapp/test_together",
         "whatsapp/test_receipts", "reviews/test_listen", "reviews/test_signups",
         "customers/test_erasing", "whatsapp/test_confirming", "whatsapp/test_delivery_faults",
         "whatsapp/test_notices"),
    ),
    "claim": Group(
        ("campaigns/claims", "campaigns/starting"),
        ("campaigns/test_pumps", "campaigns/test_claims", "campaigns/test_sweep"),
    ),
}  # fmt: skip
