"""Tables folded between columns."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit.core.columns import columns_within

GAP = 2
tables = st.integers(1, 6).flatmap(
    lambda columns: st.lists(
        st.lists(st.text("ab", min_size=1, max_size=9), min_size=columns, max_size=columns),
        min_size=1,
        max_size=5,
    )
)


def needed(lines: list[list[str]], columns: list[int]) -> int:
    return sum(max(len(row[c]) for row in lines) + GAP for c in columns) - GAP


@given(tables, st.integers(1, 80))
def test_every_column_is_shown_and_every_group_of_several_fits(
    lines: list[list[str]], width: int
) -> None:
    groups = columns_within(lines, width)
    keys = [column for column in groups[0] if all(column in group for group in groups)]
    assert sorted({column for group in groups for column in group}) == [*range(len(lines[0]))]
    for group in groups:
        assert group[: len(keys)] == keys
        assert needed(lines, group) <= width or len(group) <= len(keys) + 1


@given(tables)
def test_a_table_that_fits_is_left_whole(lines: list[list[str]]) -> None:
    everything = list(range(len(lines[0])))
    width = needed(lines, everything)
    assert columns_within(lines, width) == [everything]
    assert columns_within(lines, width + 1) == [everything]


def test_as_many_columns_are_repeated_as_tell_the_rows_apart() -> None:
    lines = [
        ["gold", "by", "mean", "correlation"],
        ["length", "N=2", "0.1", "0.2"],
        ["length", "N=4", "0.1", "0.2"],
        ["tone", "N=2", "0.1", "0.2"],
    ]
    assert columns_within(lines, 20) == [[0, 1, 2], [0, 1, 3]]


@pytest.mark.parametrize(("text", "width"), [("界界", 4), ("e\u0301e\u0301", 2), ("ab", 2)])
def test_characters_count_as_wide_as_they_look(text: str, width: int) -> None:
    lines = [["n", "x", "y"], ["1", text, "a"]]
    needs = 1 + GAP + width + GAP + 1
    assert columns_within(lines, needs) == [[0, 1, 2]]
    assert columns_within(lines, needs - 1) == [[0, 1], [0, 2]]


def test_a_column_with_nothing_in_it_takes_no_room() -> None:
    lines = [["n", "mean", "", "error"], ["1", "0.5", "", "0.1"]]
    assert columns_within(lines, 80) == [[0, 1, 3]]
    assert columns_within([row[:3] for row in lines], 7) == [[0, 1]]
