"""Where the parts of a chart lie."""

import pytest

from webapp.campaigns.reports.charts import bars, line_chart, scale_of, share_of_width, spread, stacked_chart


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, (1, 0)),
        (1, (1, 0)),
        (3, (3, 2, 1, 0)),
        (4, (4, 3, 2, 1, 0)),
        (5, (6, 4, 2, 0)),
        (9, (10, 5, 0)),
        (21, (30, 20, 10, 0)),
        (611, (800, 600, 400, 200, 0)),
        (1_000_000, (1_000_000, 500_000, 0)),
    ],
)
def test_ticks_are_round_numbers_that_reach_the_highest_value(highest, ticks) -> None:
    assert scale_of(highest).ticks == ticks


def test_tick_lines_lie_at_equal_distances_from_top_to_bottom() -> None:
    assert scale_of(4).heights == [0, 25, 50, 75, 100]


def test_a_line_runs_over_the_whole_width_and_its_area_ends_on_the_ground() -> None:
    chart = line_chart([0, 1, 4], ["09:00", "09:10"])
    assert chart.line.points == "0,100 500,75 1000,0"
    assert chart.line.area == "0,100 0,100 500,75 1000,0 1000,100"
    assert chart.line.end == (1000, 0)


@pytest.mark.parametrize("values", [[], [0], [0, 0]])
def test_a_line_of_nothing_stays_on_the_ground(values) -> None:
    chart = line_chart(values, [])
    assert chart.scale.top == 1
    assert chart.line.end[1] == 100


def test_a_column_stacks_its_series_without_gaps_and_draws_nothing_for_nothing() -> None:
    chart = stacked_chart([[1, 0], [3, 2]], ["a", "b"])
    first, second, other = chart.blocks
    assert (first.tone, first.y, first.height) == (1, 75, 25)
    assert (second.tone, second.y, second.height) == (2, 0, 75)
    assert first.y == second.y + second.height
    assert other.tone == 2
    assert first.x == second.x < other.x
    assert other.x + other.width < 1000


def test_no_columns_are_an_empty_chart() -> None:
    assert stacked_chart([[], []], []).blocks == []


def test_the_longest_bar_fills_the_width_and_the_smallest_stays_in_sight() -> None:
    assert [bar.width for bar in bars([("opted_out", 10_000), ("no_consent", 5000), ("on_hold", 1)])] == [
        1000, 500, 10,
    ]  # fmt: skip


@pytest.mark.parametrize(("part", "whole", "width"), [(0, 10, 0), (5, 0, 0), (1, 2, 500), (3, 2, 1000)])
def test_a_share_is_never_wider_than_the_whole(part, whole, width) -> None:
    assert share_of_width(part, whole) == width


def test_labels_are_thinned_out_and_keep_the_first_and_the_last() -> None:
    assert spread([str(n) for n in range(25)], 5) == ["0", "6", "12", "18", "24"]
    assert spread(["a", "b"], 5) == ["a", "b"]
