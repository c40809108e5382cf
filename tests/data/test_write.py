"""Tables out."""

import stat
from pathlib import Path

import polars as pl
import pytest

from klimit import InputError
from klimit.data.write import Cell, write_table, write_whole

ROWS: list[dict[str, Cell]] = [
    {"kl": 0.1, "reward": 1 / 3, "supported": True, "reason": ""},
    {"kl": 4, "reward": float("inf"), "supported": False, "reason": "a | b\nc"},
]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_numbers_come_back_to_the_last_digit(suffix: str, tmp_path: Path) -> None:
    path = write_table(ROWS, tmp_path / f"table.{suffix}")
    table = (pl.read_parquet if suffix == "parquet" else pl.read_csv)(path)
    assert table["reward"].to_list() == [1 / 3, float("inf")]
    assert table["kl"].to_list() == [0.1, 4.0]
    assert table["supported"].to_list() == [True, False]


def test_markdown_keeps_one_line_a_row(tmp_path: Path) -> None:
    path = write_table(ROWS, tmp_path / "table.md")
    assert path.read_text(encoding="utf-8").splitlines()[2:] == [
        "| 0.1 | 0.333333 | True |  |",
        "| 4 | inf | False | a \\| b c |",
    ]


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("before", encoding="utf-8")

    def fail(_: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match="cannot be written: No space left"):
        write_whole(path, fail)
    assert path.read_text(encoding="utf-8") == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["table.csv"]


def test_a_link_stays_a_link_and_permissions_are_ordinary(tmp_path: Path) -> None:
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.touch()
    link.symlink_to(target)
    write_table(ROWS, link)
    assert link.is_symlink()
    assert target.stat().st_size
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(
        (tmp_path / "plain").stat().st_mode
    )


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ends in \.parquet, \.csv, \.md, got 'table\.xlsx'"):
        write_table(ROWS, "table.xlsx")
    with pytest.raises(InputError, match="same columns"):
        write_table([ROWS[0], {"kl": 1}], tmp_path / "t.csv")
    with pytest.raises(InputError, match="got 0 rows"):
        write_table([], tmp_path / "t.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_table(ROWS, tmp_path / "folder.csv")
