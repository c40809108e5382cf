"""The figure of best-of-N shows its numbers."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from klimit import BestOfEstimate, Draws, estimate_best_of_n
from klimit.plot import best_of_figure


def line(figure: Figure, gid: str) -> np.ndarray:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xydata(), dtype=float)


def test_reward_and_kl_are_drawn_against_n(best_of: BestOfEstimate) -> None:
    figure = best_of_figure(best_of)
    for gid, values in {
        "reward": [point.reward.value for point in best_of.points],
        "kl": [point.kl.value for point in best_of.points],
        "kl-bound": [point.kl_bound for point in best_of.points],
    }.items():
        assert_allclose(line(figure, gid), np.column_stack([[1, 2, 4, 8], values]))


def test_the_ticks_are_the_n_that_were_asked_for(best_of: BestOfEstimate) -> None:
    figure = best_of_figure(best_of)
    figure.draw_without_rendering()
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["1", "2", "4", "8"]


def test_many_n_share_few_ticks(draws: Draws) -> None:
    figure = best_of_figure(estimate_best_of_n(draws, n=range(1, 65)))
    figure.draw_without_rendering()
    assert len(figure.axes[0].get_xticks()) <= 8


def test_a_narrow_figure_stacks_its_panels(best_of: BestOfEstimate) -> None:
    wide, narrow = best_of_figure(best_of), best_of_figure(best_of, width=3.5)
    for figure, across in ((wide, True), (narrow, False)):
        figure.draw_without_rendering()
        first, second = (axes.get_position() for axes in figure.axes)
        assert (second.x0 > first.x1) == across
        assert (second.y1 < first.y0) != across
