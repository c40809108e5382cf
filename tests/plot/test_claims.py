"""The figures of the claims show their numbers."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.testing import assert_allclose

from klimit.core.errors import InputError
from klimit.exact.claims import (
    best_of_n_claim,
    certificate_claim,
    cumulant_claim,
    example_settings,
    frontier_claim,
    limits_claim,
    random_n_claim,
    tail_claim,
)
from klimit.plot import (
    best_of_n_claim_figure,
    certificate_claim_figure,
    cumulant_claim_figure,
    frontier_claim_figure,
    limits_claim_figure,
    random_n_claim_figure,
    tail_claim_figure,
)

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


def test_certificates_are_drawn_against_the_truth() -> None:
    claim = certificate_claim(SETTINGS[0])
    figure = certificate_claim_figure([claim])
    points = np.column_stack([claim.divergence, claim.certificate])
    assert_allclose(line(figure, "same-kl"), points)
    assert_allclose(line(figure, "twins")[:, 0], [twin.kl for twin in claim.twins])


def test_every_length_is_drawn_on_the_cross_entropy() -> None:
    claim = cumulant_claim(SETTINGS[1])
    figure = cumulant_claim_figure([claim])
    assert_allclose(line(figure, "renyi"), np.column_stack([claim.curve_order, claim.curve]))
    for length, row in zip(claim.lengths, claim.scaled, strict=True):
        drawn = line(figure, f"length-{length}")
        assert_allclose(drawn, np.column_stack([claim.order, row]))


def test_what_is_infinite_is_hatched_and_not_drawn_as_a_number() -> None:
    claim = limits_claim(SETTINGS[0])
    figure = limits_claim_figure([claim])
    assert line(figure, "divergence")[:, 0].max() < claim.ceiling_kl
    (area,) = figure.findobj(lambda artist: artist.get_gid() == "infinite")
    assert area.get_x() == claim.ceiling_kl
    assert any(text.get_text() == "infinite" for text in figure.axes[0].texts)
    reverse = np.column_stack([claim.lengths, claim.reverse])
    assert_allclose(line(figure, "reverse"), reverse)


def test_fixed_and_random_numbers_are_drawn_with_their_laws() -> None:
    claim = random_n_claim(SETTINGS[0])
    figure = random_n_claim_figure([claim])
    assert_allclose(line(figure, "spread"), np.column_stack([claim.lengths, claim.spread]))
    law = np.column_stack([claim.laws.x, claim.laws.fixed])
    assert_allclose(line(figure, "fixed-law"), law)


@pytest.mark.parametrize(
    ("numbers", "draw"),
    [
        (frontier_claim, frontier_claim_figure),
        (certificate_claim, certificate_claim_figure),
        (cumulant_claim, cumulant_claim_figure),
        (limits_claim, limits_claim_figure),
        (random_n_claim, random_n_claim_figure),
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
