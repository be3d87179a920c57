"""How instants, numbers, names and tags read."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from webapp import formatting
from webapp.formatting import HUES, ago, day, grouped, initials, instant, iso, stamp, tag_hue

NOW = datetime(2026, 11, 22, 9, 12, 4, tzinfo=UTC)
CHIPS = Path(__file__).resolve().parent.parent / "static/css/chip.css"


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-30), "just now"),  # the other clock is ahead of ours
        (timedelta(seconds=59), "just now"),
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=23, minutes=59), "23 h ago"),
        (timedelta(days=1), "21 Nov"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_an_instant_is_told_by_its_age_and_from_a_day_on_by_its_date(age, words):
    assert ago(NOW - age, NOW) == words


def test_a_date_names_its_year_only_when_it_is_another_one():
    assert day(datetime(2026, 3, 9, tzinfo=UTC), NOW) == "9 Mar"
    assert day(datetime(2024, 11, 14, tzinfo=UTC), NOW) == "14 Nov 2024"


def test_exact_times_are_utc_whatever_zone_they_come_in():
    tokyo = datetime(2026, 11, 23, 3, 5, 6, tzinfo=timezone(timedelta(hours=9)))
    assert instant(tokyo) == "22 Nov 2026, 18:05:06 UTC"
    assert stamp(tokyo) == "22 Nov 2026, 18:05:06"
    assert iso(tokyo) == "2026-11-22T18:05:06Z"
    assert day(tokyo, NOW) == "22 Nov"


def test_numbers_are_grouped():
    assert (grouped(0), grouped(999), grouped(1048576)) == ("0", "999", "1,048,576")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("João Gonçalves", "JG"),
        ("Luís Ferreira de Albuquerque", "LA"),
        ("陈伟", "陈"),
        ("ليلى حدّاد", "لح"),
        ("  «Ana»  ", "A"),
        ("dana@example.com", "DE"),
        ("<b>", "B"),
        ("🌱", "?"),
        ("", "?"),
    ],
)
def test_initials_are_the_first_signs_of_the_first_and_the_last_word(name, expected):
    assert initials(name) == expected


def test_a_tag_has_the_same_hue_in_any_case_and_only_hues_that_the_stylesheet_has():
    names = [f"tag {number}" for number in range(200)]
    assert {tag_hue(name) for name in names} == {f"hue-{number}" for number in range(HUES)}
    assert all(tag_hue(name) == tag_hue(name.upper()) for name in names)
    styles = CHIPS.read_text(encoding="utf-8")
    assert all(f".hue-{number} {{" in styles for number in range(HUES))
    assert f".hue-{HUES} " not in styles


def test_every_filter_that_templates_use_is_registered():
    assert set(formatting.FILTERS) == {
        "ago", "day", "file_size", "grouped", "initials", "instant", "iso", "stamp", "tag_hue",
    }  # fmt: skip


@pytest.mark.parametrize(("size", "words"), [
    (1, "1 kB"), (1500, "1 kB"), (1024**2 - 1024, "1023 kB"), (1024**2, "1 MB"), (1.44 * 1024**2, "1.4 MB"),
    (5 * 1024**2, "5 MB"),
])  # fmt: skip
def test_sizes_of_files_are_short(size, words):
    assert formatting.file_size(size) == words
