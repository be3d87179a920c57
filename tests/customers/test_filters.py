import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from webapp.customers.filters import LARGEST_ID, LONGEST_SEARCH, Arguments, Filter, Page


def filter_of(*pairs: tuple[str, str]) -> Filter:
    return Filter.from_args(MultiDict(pairs))


def page_of(**args: str) -> Page:
    return Page.from_args(MultiDict(args))


def test_a_url_gives_a_filter_and_the_filter_gives_the_url() -> None:
    wanted = filter_of(
        ("q", "ana"), ("tag", "vip"), ("tag", "new"), ("attr", "city:Rio"), ("attr", "link:https://a"),
        ("status", "opted_out"), ("sort", "created"),
    )  # fmt: skip
    assert wanted == Filter(
        q="ana", tags=("vip", "new"), attrs=(("city", "Rio"), ("link", "https://a")),
        status="opted_out", sort="created",
    )  # fmt: skip
    assert wanted.to_args() == {
        "q": "ana", "tag": ["vip", "new"], "attr": ["city:Rio", "link:https://a"],
        "status": "opted_out", "sort": "created",
    }  # fmt: skip


def test_parameters_equal_to_their_default_vanish() -> None:
    assert filter_of(("q", " "), ("status", ""), ("sort", "-created")).to_args() == {}
    assert page_of(per_page="50").to_args() == {}
    assert page_of(per_page="100", after="7").to_args() == {"after": "7", "per_page": "100"}


@pytest.mark.parametrize(
    ("pairs", "why"),
    [
        ([("status", "maybe")], "an unknown status"),
        ([("sort", "name")], "an unknown order"),
        ([("q", "\x00\x01")], "control characters"),
        ([("tag", ""), ("tag", "\x00")], "empty tags"),
        ([("attr", "city"), ("attr", ":Rio"), ("attr", "city:"), ("attr", ":")], "halves of an attribute"),
        ([("utm_source", "x")], "a parameter that is not ours"),
    ],
)
def test_what_cannot_be_meant_is_left_out(pairs: list[tuple[str, str]], why: str) -> None:
    assert filter_of(*pairs) == Filter(), why


@pytest.mark.parametrize(
    "raw", ["", "x", "-1", "0", "1.5", "²", "９", str(LARGEST_ID + 1), "9" * 5000, "\x00"]
)
def test_a_row_id_that_cannot_be_is_no_border(raw: str) -> None:
    assert page_of(after=raw) == Page()
    assert page_of(before=raw) == Page()


@pytest.mark.parametrize(("raw", "size"), [("25", 25), ("200", 200), ("1000000", 50), ("-1", 50), ("x", 50)])
def test_the_rows_per_page_are_one_of_four(raw: str, size: int) -> None:
    assert page_of(per_page=raw).per_page == size


def test_a_page_has_one_border() -> None:
    assert page_of(after="5", before="9") == Page(after=5)
    assert page_of(after=str(LARGEST_ID)) == Page(after=LARGEST_ID)


def test_what_is_too_long_is_cut() -> None:
    wanted = filter_of(("q", "x" * 10_000), *[("tag", f"tag {n}") for n in range(500)])
    assert len(wanted.q) == LONGEST_SEARCH
    assert len(wanted.tags) == 20


def without(args: Arguments, parameter: str) -> Arguments:
    return {name: value for name, value in args.items() if name != parameter}


def test_each_active_condition_has_a_chip_that_leads_to_the_url_without_it() -> None:
    wanted = Filter(q="ana", tags=("vip", "new"), attrs=(("city", "Rio"),), status="unknown", sort="created")
    chips = {(chip.kind, chip.key, chip.value): chip.args for chip in wanted.chips()}
    rest = wanted.to_args()
    assert chips == {
        ("q", "Search", "ana"): without(rest, "q"),
        ("status", "Opted Out", "No record"): without(rest, "status"),
        ("attr", "city", "Rio"): without(rest, "attr"),
        ("tag", "Tag", "vip"): rest | {"tag": ["new"]},
        ("tag", "Tag", "new"): rest | {"tag": ["vip"]},
    }
    assert Filter(sort="created").chips() == []


@given(st.lists(st.tuples(st.sampled_from(["q", "tag", "attr", "status", "sort"]), st.text())))
def test_whatever_a_url_holds_its_filter_gives_itself_again(pairs: list[tuple[str, str]]) -> None:
    wanted = filter_of(*pairs)
    again = MultiDict(
        (name, value) for name, values in wanted.to_args().items()
        for value in (values if isinstance(values, list) else [values])
    )  # fmt: skip
    assert Filter.from_args(again) == wanted
