"""The figure of a gold reward shows its numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from klimit import Draws, OverOptimisation, overoptimisation
from klimit.plot import overoptimisation_figure


@pytest.fixture(scope="module")
def results() -> tuple[OverOptimisation, OverOptimisation]:
    rng = np.random.default_rng(1)
    proxy = rng.normal(size=(60, 64))
    draws = Draws.from_matrix(proxy)
    hump = (proxy - proxy**2 / 2 + rng.normal(size=proxy.shape)).ravel()
    kl = [1.5, 0.0, 0.5, 3.5]
    return overoptimisation(draws, gold=hump, kl=kl), overoptimisation(
        draws, gold=draws.rewards
    )


def line(figure: Figure, gid: str, *, panel: int) -> np.ndarray:
    (found,) = figure.axes[panel].findobj(lambda artist: artist.get_gid() == gid)
    assert isinstance(found, Line2D)
    return np.asarray(found.get_xydata(), dtype=float)


def test_gold_and_proxy_are_drawn_against_the_kl_spent(
    results: tuple[OverOptimisation, OverOptimisation],
) -> None:
    figure = overoptimisation_figure(results)
    for panel, result in enumerate(results, start=1):
        spent = [point.kl.value for point in result.best_of_n]
        expected = np.column_stack([spent, [x.gold.value for x in result.best_of_n]])
        assert_allclose(line(figure, "gold", panel=panel), expected)
        assert figure.axes[panel].get_title(loc="left").replace("\n", " ") == result.verdict
    expected = [point.proxy.value for point in results[0].best_of_n]
    assert_allclose(line(figure, "proxy", panel=0)[:, 1], expected)


def test_what_the_data_do_not_bear_is_dotted(
    results: tuple[OverOptimisation, OverOptimisation],
) -> None:
    figure = overoptimisation_figure(results)
    borne = sorted(point.kl for point in results[0].frontier if point.supported)
    assert_allclose(line(figure, "gold-frontier", panel=1)[:, 0], borne)
    beyond = line(figure, "gold-frontier-unsupported", panel=1)[:, 0]
    assert beyond[0] == borne[-1]
    assert beyond[-1] == 3.5


def test_only_a_peak_that_stands_has_its_range_marked(
    results: tuple[OverOptimisation, OverOptimisation],
) -> None:
    figure = overoptimisation_figure(results)
    marked = [
        bool(axes.findobj(lambda artist: artist.get_gid() == "peak-range"))
        for axes in figure.axes
    ]
    assert marked == [False, True, False]


def test_a_narrow_figure_stacks_its_panels(
    results: tuple[OverOptimisation, OverOptimisation],
) -> None:
    figure = overoptimisation_figure(results, width=3.5)
    figure.draw_without_rendering()
    heights = [axes.get_position().y0 for axes in figure.axes]
    assert heights == sorted(heights, reverse=True)
