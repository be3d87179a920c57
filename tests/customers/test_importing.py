import csv
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.factories import NOON, a_customer
from webapp.consent import holds, ledger, ledger_check
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Batch, ConsentEvent, Evidence
from webapp.consent.rules import Source, Status, Turn
from webapp.customers import identities
from webapp.customers.attributes import attributes
from webapp.customers.importing import ImportReport, UnusableFile, import_file, run
from webapp.customers.models import AttributeKey, Customer, IdentityKind, Tag
from webapp.customers.tags import tags
from webapp.extensions import db

ANA, BEN = "+55 11 98765-4321", "+44 7911 123456"
VARIANT = "551187654321"
"""Of the number of Ana."""
LATER = NOON + timedelta(days=1)


@pytest.fixture(autouse=True)
def in_app(app):
    with app.app_context():
        yield


@pytest.fixture
def take(tmp_path: Path):
    """Import a text (or bytes), and what it did."""

    def take(content: str | bytes, **options) -> ImportReport:
        file = tmp_path / "customers.csv"
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return import_file(file, **{"actor": "user:1", "now": LATER, **options})

    return take


@pytest.fixture
def rejected(tmp_path: Path):
    """The rows of the file of rejects; None when there is none."""

    def rejected(separator: str = ",") -> list[dict[str, str]] | None:
        file = tmp_path / "customers.rejected.csv"
        if not file.exists():
            return None
        with file.open(encoding="utf-8", newline="") as lines:
            return list(csv.DictReader(lines, delimiter=separator))

    return rejected


def person(raw: str = ANA) -> Customer:
    found = identities.find_by_any_phone(raw)
    assert found is not None
    db.session.refresh(found)
    return found


def statement(status: Status, source: Source, **more) -> Statement:
    return Statement(status, source, "user:9", NOON, proof=Proof(words="I agree"), **more)


def events() -> int:
    return db.session.scalar(select(func.count()).select_from(ConsentEvent)) or 0


def test_a_row_becomes_a_customer_with_everything_it_says(take, rejected) -> None:
    report = take(
        "phone,name,tags,consent,evidence,given_at,attr:City\n"
        f"{ANA},São Bento,vip; new ;,opted_in,Web form of May,2026-05-01,Rio\n"
    )
    ana = person()
    assert (ana.name, ana.tags_json, ana.attrs_json) == ("São Bento", ["new", "vip"], {"City": "Rio"})
    assert (ana.status, ana.status_at) == ("opted_in", datetime(2026, 5, 1, tzinfo=UTC))
    event = db.session.get(ConsentEvent, ana.status_event_id)
    assert (event.source, event.actor, event.recorded_at) == ("import", "user:1", LATER)
    assert event.identity_id == ana.identities[0].id
    assert db.session.get(Evidence, event.id).words == "Web form of May"
    batch = db.session.get(Batch, event.batch_id)
    assert (batch.kind, batch.title, batch.actor) == ("import", "customers.csv", "user:1")
    assert attributes.find("city").type == "text"
    assert tags.find("vip").n == 1
    assert rejected() is None
    assert report == ImportReport(rows=1, created=1, opted_in=1)


def test_importing_the_same_file_again_changes_nothing_and_states_each_opt_out_again_once(take) -> None:
    content = (
        f"phone,name,tags,consent,evidence,attr:City\n{ANA},Ana,vip,opted_in,form,Rio\n{BEN},,,opted_out,,\n"
    )
    take(content)
    before = person().version, events()
    for _ in range(2):
        assert take(content) == ImportReport(rows=2, unchanged=2)
        assert (person().version, events()) == (before[0], before[1] + 1)


def test_tags_are_added_attributes_merged_and_a_name_is_filled_but_never_cleared(take) -> None:
    named, nameless = a_customer("Ana", phone=ANA), a_customer("", phone=BEN)
    attributes.define("age", "number")
    attributes.define("City", "text")
    tags.set_tags(named, ["vip"])
    attributes.set_attributes(named, {"age": 30, "City": "Rio"})
    db.session.commit()
    report = take(f"phone,name,tags,attr:city,attr:age\n{ANA},,new,Lima,\n{BEN},Ben,,,40\n")
    assert (person(ANA).name, person(BEN).name) == ("Ana", "Ben")
    assert person(ANA).tags_json == ["new", "vip"]
    assert person(ANA).attrs_json == {"age": 30, "City": "Lima"}
    assert person(BEN).attrs_json == {"age": 40}
    assert report == ImportReport(rows=2, updated=2)
    assert nameless.search.startswith("ben ")


@pytest.mark.parametrize(
    ("header", "value", "kind", "kept"),
    [
        ("phone", "0055 11 98765 4321", IdentityKind.PHONE, "5511987654321"),
        ("wa_id", "551187654321", IdentityKind.WA_ID, "551187654321"),
        ("wa_id", "'551187654321.0", IdentityKind.WA_ID, "551187654321"),
        ("name,phone", ",5511987654321.00", IdentityKind.PHONE, "5511987654321"),
        ("user_id", "US.13491208655302741918", IdentityKind.USER_ID, "US.13491208655302741918"),
        ("PHONE", "'+5511987654321", IdentityKind.PHONE, "5511987654321"),
        (" Phone ", "'5511987654321", IdentityKind.PHONE, "5511987654321"),
    ],
)
def test_people_are_named_by_a_number_or_an_id(take, header: str, value: str, kind: str, kept: str) -> None:
    take(f"{header}\n{value}\n")
    customer = identities.find(kind, kept)
    assert customer.identities[0].source == "import"


def test_numbers_without_a_country_code_need_the_country_of_the_file(take, rejected) -> None:
    content = "phone\n(11) 98765-4321\n"
    assert take(content).refused == 1
    assert take(content, default_country="br").created == 1
    assert person().phone_display == "+55 11 98765-4321"
    with pytest.raises(UnusableFile, match="no country"):
        take(content, default_country="Brazil")


def test_who_has_a_phone_and_an_id_is_shown_by_the_phone(take) -> None:
    take("wa_id\n551188124410\n")
    assert person("+55 11 98812-4410").phone_display == "+55 11 8812-4410"
    take("phone,wa_id\n+5511988124410,551188124410\n")
    assert person("+55 11 98812-4410").phone_display == "+55 11 98812-4410"


def test_a_number_in_another_form_is_the_same_customer_who_learns_it(take) -> None:
    identities.create(wa_id="551187654321", source="whatsapp", now=NOON)
    report = take(f"phone,user_id,name\n{ANA},US.1,Ana\n")
    assert report == ImportReport(rows=1, updated=1)
    assert {identity.value for identity in person().identities} == {"551187654321", "5511987654321", "US.1"}


class TestConsent:
    def test_an_opt_out_is_honoured_whoever_opted_in_and_whenever(self, take) -> None:
        ana = a_customer(status=Status.OPTED_IN, phone=ANA)
        ledger.record(ana, statement(Status.OPTED_IN, Source.KEYWORD, message_id="wamid.1"))
        db.session.commit()
        report = take(f"phone,consent,given_at\n{ANA},opted_out,2020-01-01\n")
        assert person().status == "opted_out"
        assert report == ImportReport(rows=1, updated=1, opted_out=1)

    def test_an_opt_out_is_one_of_all_customers_who_may_be_the_person(self, take) -> None:
        a_customer(status=Status.OPTED_IN, phone=ANA)
        twin = identities.create(wa_id="551187654321", source="whatsapp", now=NOON)
        db.session.commit()
        take("wa_id,consent\n551187654321,opted_out\n")
        db.session.refresh(twin)
        assert (person().status, twin.status) == ("opted_out", "opted_out")

    @pytest.mark.parametrize(
        "source", [Source.AGENT, Source.KEYWORD, Source.WHATSAPP, Source.IMPORT, Source.API]
    )
    def test_an_opt_in_never_lifts_an_opt_out_whatever_the_times(
        self, take, rejected, source: Source
    ) -> None:
        ana = a_customer(phone=ANA)
        ledger.record(ana, statement(Status.OPTED_OUT, source))
        db.session.commit()
        report = take(f"phone,consent,evidence,given_at\n{ANA},opted_in,A later form,2026-11-21\n")
        assert person().status == "opted_out"
        assert (report.opted_in, report.refused, report.listed, report.unchanged) == (0, 0, 1, 1)
        (row,) = rejected()
        assert re.fullmatch(
            r"consent: opted out on 2026-11-20 12:00 UTC (by|in) .+; an import never lifts an opt-out\.",
            row["reason"],
        )

    def test_an_opt_in_that_meets_an_opt_out_tells_when_and_how_they_opted_out(self, take) -> None:
        proof = Proof(words="Stop please", matched="STOP")
        opt_out = Statement(Status.OPTED_OUT, Source.KEYWORD, "", NOON, proof=proof)
        ledger.record(a_customer(phone=ANA), opt_out)
        db.session.commit()
        report = take(
            f"phone,consent,evidence\n{ANA},opted_in,form\n{BEN},opted_out,\n{BEN},opted_in,form\n",
            dry_run=True,
        )
        assert report.examples == [
            "line 2: consent: opted out on 2026-11-20 12:00 UTC by keyword “STOP”; "
            "an import never lifts an opt-out.",
            "line 4: consent: opted out on 2026-11-21 12:00 UTC by an import; "
            "an import never lifts an opt-out.",
        ]

    def test_an_opt_in_lifts_neither_a_platform_stop_nor_a_hold(self, take) -> None:
        ana = a_customer(phone=ANA)
        signal = Signal(Source.WHATSAPP, "whatsapp", NOON)
        ledger.record_platform(ana, Turn.STOPPED, signal)
        holds.hold(ana, "why", signal)
        db.session.commit()
        take(f"phone,consent,evidence\n{ANA},opted_in,form\n")
        ana = person()
        assert (ana.status, ana.platform_stop_at, ana.held_at) == ("opted_in", NOON, NOON)

    @pytest.mark.parametrize("evidence", ["", "   "])
    def test_an_opt_in_without_evidence_comes_in_with_no_record_and_is_listed(
        self, take, rejected, evidence: str
    ) -> None:
        report = take(f"phone,name,consent,evidence\n{ANA},Ana,opted_in,{evidence}\n")
        assert (person().status, person().name, events()) == ("unknown", "Ana", 0)
        assert report == ImportReport(rows=1, created=1, listed=1, rejected_file=report.rejected_file,
                                      examples=report.examples)  # fmt: skip
        assert rejected() == [{
            "phone": f"'{ANA}", "name": "Ana", "consent": "opted_in", "evidence": evidence, "line": "2",
            "reason": "consent: opted_in needs evidence; no consent was recorded.",
        }]  # fmt: skip

    def test_evidence_and_consent_of_the_whole_file_hold_where_a_row_states_none(self, take) -> None:
        take(
            f"phone,consent,evidence\n{ANA},,\n{BEN},opted_out,\n+1 212 555 2368,,own words\n",
            consent="opted_in", evidence="Fair 2026, paper form",
        )  # fmt: skip
        words = db.session.scalars(select(Evidence.words).order_by(Evidence.event_id)).all()
        assert words == ["Fair 2026, paper form", "own words"]
        assert [person(raw).status for raw in (ANA, BEN)] == ["opted_in", "opted_out"]

    def test_any_other_word_refuses_the_row_for_it_may_be_an_opt_out(self, take, rejected) -> None:
        words = ["yes", "Opted_In", "opted out", "unsubscribed", "0", "unknown", "STOP"]
        rows = "".join(f"{ANA},{word},form\n" for word in words)
        report = take(f"phone,consent,evidence\n{rows}", consent="opted_in", evidence="form")
        assert report.refused == len(words)
        assert identities.find_by_any_phone(ANA) is None
        for word, row in zip(words, rejected(), strict=True):
            assert f"“{word}”" in row["reason"]

    @pytest.mark.parametrize(
        "rows",
        [
            ["opted_in", "opted_out"],
            ["opted_out", "opted_in"],
            ["opted_out", ""],
            ["", "opted_out", "opted_in"],
        ],
    )
    def test_an_opt_out_anywhere_in_the_file_wins(self, take, rows: list[str]) -> None:
        take("phone,consent,evidence\n" + "".join(f"{ANA},{word},form\n" for word in rows))
        assert person().status == "opted_out"

    def test_a_time_in_the_future_counts_as_now(self, take) -> None:
        take(f"phone,consent,evidence,given_at\n{ANA},opted_in,form,2199-01-01\n")
        assert person().status_at == LATER

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            (f"{ANA},Ana,a\x00b,opted_out,,", "tags: A name may not hold"),
            (f"{ANA},#REF!,,opted_out,,", "name: “#REF!” is an error of a spreadsheet"),
            (f"{ANA},Ana,,opted_out,31/12/2026,", "given_at: Write a date"),
            (f"{ANA},Ana,,opted_out,,forty", "attr:age: Write a number"),
        ],
    )
    def test_an_opt_out_is_honoured_whatever_else_is_wrong_with_its_row(
        self, take, rejected, row: str, reason: str
    ) -> None:
        attributes.define("age", "number")
        db.session.commit()
        report = take(f"phone,name,tags,consent,given_at,attr:age\n{row}\n")
        assert person().status == "opted_out"
        assert (report.opted_out, report.refused, report.listed) == (1, 0, 1)
        assert rejected()[0]["reason"].startswith(reason)

    def test_an_opt_out_of_an_unreadable_number_is_honoured_by_the_id_beside_it(self, take, rejected) -> None:
        take("phone,user_id,consent\n5.5119E+12,US.1,opted_out\n")
        assert identities.find(IdentityKind.USER_ID, "US.1").status == "opted_out"
        assert "shortened by a spreadsheet" in rejected()[0]["reason"]

    def test_after_an_import_the_ledger_adds_up_to_the_states(self, take) -> None:
        take(
            f"phone,consent,evidence\n{ANA},opted_in,form\n{BEN},opted_out,\n{ANA},opted_out,\n{BEN},opted_in,x\n"
        )
        assert ledger_check.first_fault() is None


BAD_ROWS = [
    ("5.5119E+12,,", "shortened by a spreadsheet"),
    ("#N/A,,", "an error of a spreadsheet"),
    ("not a number,,", "phone: "),
    (",Ana,", "no phone, wa_id or user_id"),
    (f"{ANA},Ana,,surplus", "4 cells and 3 columns"),
    (f"{ANA},A\x00na,", "name: The cell holds a control character"),
    (f"{ANA},Ana,{'x' * 61}", "tags: A name has 1 to 60"),
    (f'{ANA},"An"a,', "quotation mark in line 9"),
    (f'{ANA},"Ana,', "quotation mark in line 10"),
]


def test_a_row_that_cannot_be_understood_is_refused_with_the_reason(take, rejected) -> None:
    report = take("phone,name,tags\n" + "".join(f"{row}\n" for row, _ in BAD_ROWS))
    assert (report.rows, report.refused, report.listed) == (len(BAD_ROWS),) * 3
    for line, ((_, reason), row) in enumerate(zip(BAD_ROWS, rejected(), strict=True), start=2):
        assert reason in row["reason"]
        assert row["line"] == str(line)
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 0
    assert db.session.scalar(select(func.count()).select_from(Tag)) == 0


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_damage_of_a_whole_column_is_told_in_one_sentence(take, rejected, dry_run: bool) -> None:
    shortened = "".join(f"5.511{n}E+12,\n" for n in range(30))
    national = "".join(f"0170123{n},\n" for n in range(10, 50))
    report = take(f"phone,wa_id\n{shortened}{national}x,\n,5.512E+12\n", dry_run=dry_run)
    assert report.damage_told() == [
        "Numbers shortened by a spreadsheet, so that their last digits are lost: 31 rows. "
        "Format the column as text and export it again.",
        "Numbers without a country code: 40 rows. "
        "Say of which country they are, or put + and the country code before them.",
    ]
    assert [example.partition(":")[0] for example in report.examples] == ["line 2", "line 32", "line 72"]
    assert dry_run or len(rejected()) == 72
    assert ImportReport.of_json(report.as_json()) == report


def test_a_row_that_ends_before_its_consent_is_refused_and_other_short_rows_are_not(take, rejected) -> None:
    assert take(f"phone,name,consent\n{ANA},Ana\n").refused == 1
    assert take(f"phone,consent,name\n{ANA},\n").created == 1


def test_an_open_quotation_mark_swallows_no_opt_out_behind_it(take, rejected) -> None:
    report = take(f'phone,name,consent\n+1 212 555 2368,"Ann,\n{ANA},"Ana",opted_out\n{BEN},Ben,opted_out\n')
    assert report.refused == 1
    assert rejected()[0]["reason"] == "A quotation mark in lines 2 to 3 is out of place."
    assert ANA in rejected()[0]["phone"]
    assert person(BEN).status == "opted_out"


def test_so_do_those_of_one_whose_number_is_known_in_another_variant(take, rejected) -> None:
    ana, ben = a_customer("Ana", Status.OPTED_OUT, ANA), a_customer("Ben", phone=BEN)
    content = f"phone,wa_id,consent,evidence\n{BEN},{VARIANT},{{}},The form\n"
    assert take(content.format("opted_in")).refused == 1
    assert f"different customers: {ana.id}, {ben.id}" in rejected()[0]["reason"]
    assert (ben.status, len(ben.identities)) == ("unknown", 1)
    take(content.format("opted_out"))
    assert ben.status == "opted_out"


def test_an_opt_out_of_whoever_has_the_number_in_a_variant_is_not_lifted(take, rejected) -> None:
    ana = a_customer("Ana", phone=ANA)
    twin = identities.create(wa_id=VARIANT, source="whatsapp", now=NOON)
    ledger.record(twin, Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", NOON))
    db.session.commit()
    take(f"phone,consent,evidence\n{ANA},opted_in,The form\n")
    assert (ana.status, twin.status) == ("unknown", "opted_out")
    assert "by keyword; an import never lifts an opt-out." in rejected()[0]["reason"]


def test_addresses_of_two_customers_refuse_a_row_but_not_its_opt_out(take, rejected) -> None:
    ana, ben = a_customer("Ana", phone=ANA), a_customer("Ben", phone=BEN)
    assert take(f"phone,wa_id\n{ANA},551198765432\n").refused == 0
    identities.attach(ben, IdentityKind.USER_ID, "US.2", "agent", NOON)
    db.session.commit()
    assert take(f"phone,user_id,tags\n{ANA},US.2,vip\n").refused == 1
    assert f"different customers: {ana.id}, {ben.id}" in rejected()[0]["reason"]
    assert take(f"phone,user_id,tags,consent\n{ANA},US.2,vip,opted_out\n").opted_out == 1
    assert {person(ANA).status, person(BEN).status} == {"opted_out"}
    assert person(ANA).tags_json == []


class TestFiles:
    def test_a_file_of_another_encoding_and_separator_comes_in_with_a_note(self, take, rejected) -> None:
        content = f"phone;name;other\r\n{ANA};José;x\r\nx;;\r\n"
        report = take(content.encode("cp1252"))
        assert person().name == "José"
        assert report.notes == [
            "The file is not UTF-8 and was read as Windows-1252: check the accents.",
            "Columns that mean nothing here: other.",
        ]
        assert rejected(";")[0]["line"] == "3"

    def test_a_file_that_cannot_be_used_leaves_no_trace(self, take, tmp_path: Path) -> None:
        with pytest.raises(UnusableFile):
            take("name,consent\nAna,opted_out\n")
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 0
        assert [file.name for file in tmp_path.glob("*.csv*")] == ["customers.csv"]

    def test_the_rejects_are_safe_in_a_spreadsheet_and_can_be_imported_again(
        self, take, rejected, tmp_path
    ) -> None:
        take(f"phone,name,tags\n{ANA},=1+1,{'x' * 61}\n")
        (row,) = rejected()
        assert (row["phone"], row["name"]) == (f"'{ANA}", "'=1+1")
        mended = (tmp_path / "customers.rejected.csv").read_text().replace("x" * 61, "vip")
        report = take(mended)
        assert (report.created, person().name, person().tags_json) == (1, "=1+1", ["vip"])
        assert rejected() is None, "the file of an earlier import is gone when nothing is listed"

    def test_an_import_that_fails_leaves_the_rejects_of_an_earlier_one(
        self, take, rejected, tmp_path
    ) -> None:
        take("phone\nx\n")

        def fail(rows: int) -> None:
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            take("phone\nother\n", progress=fail)
        assert rejected()[0]["phone"] == "x"
        assert list(tmp_path.glob("*.part")) == []


def test_a_dry_run_tells_everything_and_writes_nothing(take, rejected) -> None:
    a_customer(phone=BEN)
    report = take(
        f"phone,tags,consent,evidence,attr:City\n{ANA},vip,opted_in,form,Rio\n{BEN},vip,,,\nx,,,,\n",
        dry_run=True,
    )
    assert (report.rows, report.created, report.updated, report.opted_in, report.refused) == (3, 1, 1, 1, 1)
    assert report.examples[0].startswith("line 4: phone: ")
    assert report.summary().startswith("Dry run, nothing was written.")
    assert rejected() is None
    for model in (Tag, AttributeKey, Batch, ConsentEvent):
        assert db.session.scalar(select(func.count()).select_from(model)) == 0
    assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


def test_rows_are_taken_over_in_transactions_of_bounded_size(take, monkeypatch) -> None:
    monkeypatch.setattr(run, "MOST_ROWS", 100)
    seen = []

    def look(rows: int) -> None:
        with db.engine.connect() as other:
            seen.append((rows, other.scalar(select(func.count()).select_from(Customer)),
                         other.scalar(select(Tag.n))))  # fmt: skip

    report = take("phone,tags\n" + "".join(f"+551191{n:07},vip\n" for n in range(220)), progress=look)
    assert seen == [(100, 100, 100), (200, 200, 200), (220, 220, 220)]
    assert report.created == 220


def test_the_summary_is_one_line_of_counts(take) -> None:
    report = take(f"phone,consent\n{ANA},opted_out\nx,\n")
    assert report.summary() == (
        "2 rows: 1 created, 0 updated, 0 unchanged, 1 refused; 0 opted in, 1 opted out, "
        "1 listed in customers.rejected.csv."
    )
