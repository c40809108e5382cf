"""Figures as files: whole, repeatable, refused early."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pytest

from klimit import BestOfEstimate, FrontierEstimate, InputError
from klimit.plot import best_of_figure, frontier_figure, save_figure

BEGINNINGS = {"svg": b"<?xml", "png": b"\x89PNG\r\n", "pdf": b"%PDF-"}


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_the_ending_decides_the_format(
    kind: str, tmp_path: Path, best_of: BestOfEstimate
) -> None:
    path = save_figure(best_of_figure(best_of), tmp_path / f"figure.{kind.upper()}")
    assert path.read_bytes().startswith(BEGINNINGS[kind])
    assert [child.name for child in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_the_same_result_gives_the_same_bytes(
    kind: str, tmp_path: Path, frontier: FrontierEstimate, best_of: BestOfEstimate
) -> None:
    written = [
        save_figure(frontier_figure(frontier, best_of=best_of), tmp_path / f"{i}.{kind}")
        for i in range(2)
    ]
    assert written[0].read_bytes() == written[1].read_bytes()


def test_an_svg_is_small_has_text_as_text_and_no_date(
    tmp_path: Path, frontier: FrontierEstimate
) -> None:
    path = save_figure(frontier_figure(frontier), tmp_path / "figure.svg")
    content = path.read_text("utf-8")
    assert len(content) < 60_000
    assert "KL(policy || reference), nats" in "".join(ET.fromstring(content).itertext())
    assert not re.search(r"dc:date|\b20\d\d-\d\d", content)


def test_saving_leaves_the_settings_of_matplotlib_alone(
    tmp_path: Path, frontier: FrontierEstimate
) -> None:
    before = dict(mpl.rcParams)
    save_figure(frontier_figure(frontier), tmp_path / "figure.svg")
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize("name", ["figure.jpg", "figure", "figure.svg.gz"])
def test_another_ending_is_refused(
    name: str, tmp_path: Path, frontier: FrontierEstimate
) -> None:
    with pytest.raises(InputError, match=r"ends in \.svg, \.png or \.pdf, got .*figure"):
        save_figure(frontier_figure(frontier), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_one_line(
    tmp_path: Path, frontier: FrontierEstimate
) -> None:
    with pytest.raises(InputError, match=r"absent.*cannot be written") as refused:
        save_figure(frontier_figure(frontier), tmp_path / "absent" / "figure.svg")
    assert "\n" not in str(refused.value)
