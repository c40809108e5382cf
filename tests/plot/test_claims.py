"""The figures of the claims show their numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from klimit.core.errors import InputError
from klimit.exact.claims import (
    best_of_n_claim,
    example_settings,
    frontier_claim,
    tail_claim,
)
from klimit.plot import best_of_n_claim_figure, frontier_claim_figure, tail_claim_figure

SETTINGS = example_settings(lengths=[10, 40])


def line(figure: Figure, gid: str) -> np.ndarray:
    """The first line of that name."""
    found = figure.findobj(lambda artist: artist.get_gid() == gid)[0]
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xydata(), dtype=float)


def test_the_frontier_and_its_bound_are_drawn() -> None:
    claim = frontier_claim(SETTINGS[0])
    figure = frontier_claim_figure([claim])
    curve = np.column_stack([claim.curve_kl, claim.curve_reward])
    assert_allclose(line(figure, "frontier"), curve)
    assert_allclose(line(figure, "bound"), np.column_stack([claim.kl, claim.bound]))


def test_tails_are_drawn_per_symbol_and_errors_as_a_whole() -> None:
    claim = tail_claim(SETTINGS[0])
    figure = tail_claim_figure([claim])
    tail = claim.curves[0]
    exact = np.column_stack([tail.x, -tail.exact / tail.length])
    assert_allclose(line(figure, f"exact-{tail.length}"), exact)
    error = np.abs(claim.sharp - claim.exact)
    assert_allclose(line(figure, "sharp"), np.column_stack([claim.lengths, error]))


def test_the_gaps_of_best_of_n_are_drawn_in_nats() -> None:
    claim = best_of_n_claim(SETTINGS[1])
    figure = best_of_n_claim_figure([claim])
    gap = claim.beta * claim.reward_gap
    assert_allclose(line(figure, "reward"), np.column_stack([claim.lengths, gap]))
    assert_allclose(
        line(figure, "divergence"), np.column_stack([claim.lengths, claim.divergence])
    )


@pytest.mark.parametrize(
    ("numbers", "draw"),
    [
        (frontier_claim, frontier_claim_figure),
        (tail_claim, tail_claim_figure),
        (best_of_n_claim, best_of_n_claim_figure),
    ],
)
def test_settings_stand_side_by_side_and_in_a_narrow_column_below_each_other(
    numbers, draw
) -> None:
    claims = [numbers(setting) for setting in SETTINGS]
    for width, across in ((7.0, True), (3.6, False)):
        figure = draw(claims, width=width)
        figure.draw_without_rendering()
        half = len(figure.axes) // 2
        first, second = (figure.axes[k].get_position() for k in (0, half))
        assert (second.x0 > first.x1) == across
        legend = (
            figure.legends[0].get_window_extent().transformed(figure.transFigure.inverted())
        )
        assert legend.x1 <= 1.01
    with pytest.raises(InputError, match="at least one result"):
        draw([])
