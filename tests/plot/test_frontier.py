"""The figure of a frontier shows the numbers of the frontier, and where they end."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.testing import assert_allclose

from klimit import (
    BestOfEstimate,
    Draws,
    FrontierEstimate,
    InputError,
    estimate_best_of_n,
    estimate_frontier,
)
from klimit.plot import frontier_figure


def part(figure: Figure, gid: str) -> Artist:
    (found,) = figure.findobj(lambda artist: artist.get_gid() == gid)
    return found


def line(figure: Figure, gid: str) -> np.ndarray:
    found = part(figure, gid)
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xydata(), dtype=float)


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_solid_line_is_the_supported_points(frontier: FrontierEstimate) -> None:
    drawn = line(frontier_figure(frontier), "frontier-supported")
    drawn = drawn[~np.isnan(drawn[:, 1])]
    truth = sorted((p.kl, p.reward.value) for p in frontier.points if p.supported)
    assert_allclose(drawn, truth)


def test_the_dashed_line_goes_on_from_the_last_supported_point(
    frontier: FrontierEstimate,
) -> None:
    figure = frontier_figure(frontier)
    drawn = line(figure, "frontier-unsupported")
    drawn = drawn[~np.isnan(drawn[:, 1])]
    points = sorted(frontier.points, key=lambda point: point.kl)
    last = max(i for i, point in enumerate(points) if point.supported)
    assert_allclose(drawn, [(p.kl, p.reward.value) for p in points[last:]])
    dashed = part(figure, "frontier-unsupported")
    assert isinstance(dashed, Line2D)
    assert dashed.get_linestyle() == "--"


def test_the_band_is_the_interval(frontier: FrontierEstimate) -> None:
    band = part(frontier_figure(frontier), "band-supported")
    assert isinstance(band, PolyCollection)
    ((path,),) = [band.get_paths()]
    corners = {(round(float(x), 9), round(float(y), 9)) for x, y in path.vertices}
    for point in frontier.points:
        if point.supported:
            assert (round(point.kl, 9), round(point.reward.low, 9)) in corners
            assert (round(point.kl, 9), round(point.reward.high, 9)) in corners


def test_what_is_beyond_the_data_is_hatched_with_the_reason(frontier: FrontierEstimate) -> None:
    figure = frontier_figure(frontier)
    area = part(figure, "beyond-the-data")
    assert isinstance(area, Rectangle)
    assert area.get_hatch() == "///"
    assert_allclose(area.get_x(), frontier.supported_kl)
    assert area.get_x() + area.get_width() >= 3.0
    farthest = max(frontier.points, key=lambda point: point.kl)
    assert f"beyond the data\nKL 3: {farthest.reason}" in words(figure)


def test_nothing_is_hatched_where_the_data_bear_every_point(draws: Draws) -> None:
    figure = frontier_figure(estimate_frontier(draws, kl=[0.1, 0.5]))
    assert not figure.findobj(lambda artist: artist.get_gid() == "beyond-the-data")
    assert not words(figure)


def test_a_frontier_that_no_point_supports_is_drawn_all_the_same() -> None:
    frontier = estimate_frontier(Draws.from_matrix([[0.0], [1.0]]), kl=[0.5, 1.0])
    figure = frontier_figure(frontier)
    assert part(figure, "beyond-the-data")
    assert "2 of 2 prompts have a single draw" in words(figure)[-1]


def test_best_of_n_stands_on_it_with_its_n(
    frontier: FrontierEstimate, best_of: BestOfEstimate
) -> None:
    figure = frontier_figure(frontier, best_of=best_of)
    truth = [(point.kl.value, point.reward.value) for point in best_of.points]
    assert_allclose(line(figure, "best-of"), truth)
    assert [word for word in words(figure) if word.startswith("N=")] == [
        "N=1",
        "N=2",
        "N=4",
        "N=8",
    ]


def test_labels_of_crowded_points_are_thinned(frontier: FrontierEstimate, draws: Draws) -> None:
    best_of = estimate_best_of_n(draws, n=range(1, 65))
    figure = frontier_figure(frontier, best_of=best_of)
    assert len(line(figure, "best-of")) == 64
    assert 5 < len([word for word in words(figure) if word.startswith("N=")]) < 20


@pytest.mark.parametrize(("offset", "scale"), [(0.0, 1.0), (1e6, 1e-5), (0.0, 1e8)])
def test_the_legend_leaves_room_for_what_ticks_share(
    draws: Draws, offset: float, scale: float
) -> None:
    shifted = Draws.from_matrix(offset + scale * draws.rewards.reshape(40, 64))
    figure = frontier_figure(estimate_frontier(shifted, kl=[0.1, 0.5, 1.0]))
    figure.draw_without_rendering()
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    shared = axes.yaxis.get_offset_text()
    if shared.get_text():
        assert not legend.get_window_extent().overlaps(shared.get_window_extent())
    assert bool(shared.get_text()) == (scale != 1.0)


def test_labels_of_best_of_n_do_not_cover_each_other(draws: Draws) -> None:
    frontier = estimate_frontier(draws, kl=np.linspace(0.0, 3.0, 7))
    best_of = estimate_best_of_n(draws, n=[1, 2, 4, 8, 16, 32, 64])
    for width in (7.0, 3.6):
        figure = frontier_figure(frontier, best_of=best_of, width=width)
        figure.draw_without_rendering()
        labels = [text for text in figure.axes[0].texts if text.get_text().startswith("N=")]
        boxes = [label.get_window_extent() for label in labels]
        assert labels[-1].get_text() == "N=64"
        assert not any(a.overlaps(b) for a, b in pairwise(boxes))


def test_axes_name_their_units(frontier: FrontierEstimate) -> None:
    (axes,) = frontier_figure(frontier).axes
    assert axes.get_xlabel() == "KL(policy || reference), nats"
    assert axes.get_ylabel() == "mean reward"


def test_the_legend_names_the_level_of_the_interval(draws: Draws) -> None:
    frontier = estimate_frontier(draws, kl=[0.1, 0.5], level=0.9)
    legend = frontier_figure(frontier).axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["frontier", "90% interval"]


@pytest.mark.parametrize("kl", [[0.5], [0.0], [0.5, np.inf]])
def test_a_single_finite_budget_is_a_point(draws: Draws, kl: list[float]) -> None:
    drawn = part(frontier_figure(estimate_frontier(draws, kl=kl)), "frontier-supported")
    assert isinstance(drawn, Line2D)
    assert drawn.get_marker() == "s"


def test_a_figure_without_a_finite_budget_is_refused(draws: Draws) -> None:
    with pytest.raises(InputError, match="needs a finite budget, got none"):
        frontier_figure(estimate_frontier(draws, kl=np.inf))
