"""Progress: a bar for people, lines now and then for a log."""

import itertools
import time

import pytest

from klimit.cli.progress import progress_of


def test_a_log_gets_a_line_when_ten_seconds_are_over_and_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = itertools.chain([0.0, 4.0, 9.0, 12.0, 16.0], itertools.repeat(20.0))
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with progress_of("drawing", total=1600, unit="draws") as advance:
        for more in (400, 200, 600, 200, 200):
            advance(more)
    assert capsys.readouterr().err == (
        "drawing: 1,200 of 1,600 draws, 100.0 draws/s, 4 s left\n"
        "drawing: 1,600 of 1,600 draws, 80.0 draws/s, 0 s left\n"
    )


def test_no_time_left_is_told_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 11.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    with progress_of("drawing", total=10, unit="draws") as advance:
        advance(0)
    assert capsys.readouterr().err == "drawing: 0 of 10 draws, 0.0 draws/s, inf s left\n"


@pytest.mark.usefixtures("_on_a_terminal")
def test_a_person_sees_a_bar_with_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_of("scoring", total=4, unit="draws") as advance:
        advance(1)
        advance(3)
    said = capsys.readouterr().err
    assert "scoring" in said
    assert "4/4" in said
    assert "draws/s" in said
