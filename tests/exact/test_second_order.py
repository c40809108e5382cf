"""What the second-order law predicts, against exact laws."""

from functools import cache
from math import floor, log

import numpy as np
import pytest
from scipy.optimize import brentq

from klimit import (
    FiniteModel,
    GaussianReward,
    InputError,
    Markov,
    Memoryless,
    TotalReward,
    best_of_n,
    divergence,
    frontier,
    second_order,
)

THEORY = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 1.0 + np.sqrt(2.0)])
COIN = FiniteModel.from_probs([0.7, 0.3], [0.0, 1.0])


@cache
def total(model: FiniteModel, length: int) -> TotalReward:
    return Memoryless(model).total(length)


@pytest.mark.parametrize(
    ("length", "error", "closest"),
    [
        (100, 0.056, -0.0060),
        (400, 0.021, -0.0005),
        (800, 0.0127, -0.00016),
    ],
)
def test_off_a_lattice_the_error_falls_with_length_as_stated(
    length: int, error: float, closest: float
) -> None:
    law, kl = total(THEORY, length), 0.2 * length
    found, best, limits = second_order(law, kl=kl), best_of_n(law, log_n=kl), frontier(law)
    optimum = limits.at_kl(kl)
    assert 0.97 * error < divergence(best, optimum) - found.divergence < error
    nearest = divergence(best, limits.at_reward(best.mean_reward))
    assert closest < nearest - found.divergence_closest < 0.8 * closest
    missed = optimum.mean_reward - best.mean_reward
    assert 0.0 < missed - found.reward_deficit < error / found.beta * 1.1
    assert found.width_ratio == pytest.approx(found.beta * found.variance**0.5)


def test_its_numbers_are_those_of_the_derivation() -> None:
    assert round(second_order(total(THEORY, 1600), kl=320.0).divergence, 4) == 2.5755
    coins = second_order(total(COIN, 12800), kl=1920.0)
    assert round(coins.divergence - log(12800) / 2, 4) == -1.3036


@pytest.mark.parametrize(("length", "error"), [(100, 0.0215), (800, 0.0031), (12800, 0.0003)])
@pytest.mark.parametrize("phase", [0.0, 0.25, 0.5, 0.75])
def test_on_a_lattice_the_phase_of_the_frontier_reward_moves_the_constant(
    length: int, error: float, phase: float
) -> None:
    law = total(COIN, length)
    limits = frontier(law)
    at = floor(limits.at_kl(0.15 * length).mean_reward) + phase
    optimum = limits.at_reward(at)
    found, best = second_order(law, kl=optimum.kl), best_of_n(law, log_n=optimum.kl)
    assert abs(divergence(best, optimum) - found.divergence) < 1.2 * error
    assert abs(optimum.mean_reward - best.mean_reward - found.reward_deficit) < 1.2 * error
    nearest = divergence(best, limits.at_reward(best.mean_reward))
    assert abs(nearest - found.divergence_closest) < 1.2 * error


def test_log_n_reaches_the_frontier_reward() -> None:
    for model, length, error in ((THEORY, 800, 0.006), (COIN, 800, 0.004), (COIN, 12800, 4e-4)):
        law = total(model, length)
        found, kl = second_order(law, kl=0.2 * length), 0.2 * length
        goal = frontier(law).at_kl(kl).mean_reward
        exact = brentq(
            lambda x, law=law, goal=goal: best_of_n(law, log_n=x).mean_reward - goal, kl, kl + 9
        )
        assert abs(found.log_n - exact) < error


def test_a_fine_lattice_is_no_lattice_but_for_what_vanishes() -> None:
    length, kl = 400, 80.0
    fine = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 2.4142])
    on = second_order(total(fine, length), kl=kl)
    off = second_order(total(THEORY, length), kl=kl)
    assert 0.0 < on.span < 0.001
    assert off.span == 0.0
    second = (off.reward_deficit**2 + (np.pi / off.beta) ** 2 / 6) / (2 * off.variance)
    assert on.divergence == pytest.approx(off.divergence, abs=1.2 * second)
    assert on.divergence_closest == pytest.approx(off.divergence_closest, abs=0.02)
    assert on.reward_deficit == pytest.approx(off.reward_deficit, abs=0.06)
    assert on.log_n == pytest.approx(off.log_n, abs=0.03)


def test_the_same_law_holds_for_chains_and_for_laws_given_as_such() -> None:
    chain = Markov(np.log([[0.8, 0.2], [0.4, 0.6]]), [[0, 1], [0, 1]], start=0)
    law = chain.total(2000)
    found, limits = second_order(law, kl=300.0), frontier(law)
    exact = divergence(best_of_n(law, log_n=300.0), limits.at_kl(300.0))
    assert abs(found.divergence - exact) < 0.005
    given = FiniteModel(law.log_probs, law.rewards)
    assert second_order(given, kl=300.0).divergence == pytest.approx(
        found.divergence, abs=1e-12
    )


def test_parity_of_the_totals_doubles_the_span() -> None:
    swap = Markov(np.log([[1e-300, 1.0], [0.3, 0.7]]), [[0, 1], [-1, 2]], start=0)
    assert second_order(swap.total(200), kl=20.0).span == 1.0
    steps = FiniteModel.from_probs([0.4, 0.35, 0.25], [-2.0, 0.0, 2.0])
    assert second_order(Memoryless(steps).total(200), kl=20.0).span == 2.0


def test_rewards_are_in_their_own_unit() -> None:
    plain = second_order(total(COIN, 300), kl=30.0)
    other = FiniteModel(COIN.log_probs, 1024.0 * COIN.rewards - 7.0)
    scaled = second_order(Memoryless(other).total(300), kl=30.0)
    assert scaled.divergence == pytest.approx(plain.divergence, rel=1e-9)
    assert scaled.reward_deficit == pytest.approx(1024.0 * plain.reward_deficit, rel=1e-9)
    assert scaled.log_n == pytest.approx(plain.log_n, rel=1e-12)


def test_a_normal_reward_which_is_no_sum_comes_out_as_stated() -> None:
    one = GaussianReward(0.0, 1.0)
    found, exact = second_order(one, kl=log(64)), best_of_n(one, n=64)
    missing = divergence(exact, frontier(one).at_kl(log(64))) - found.divergence
    assert 0.16 < missing < 0.18


@pytest.mark.parametrize(
    ("model", "kl", "message"),
    [
        (
            COIN,
            0.0,
            r"^kl must be above 0 and below the ceiling of 1.20397 nats, where [^\n]*, got 0$",
        ),
        (
            COIN,
            1.3,
            r"^kl must be above 0 and below the ceiling of 1.20397 [^\n]*, got 1.3$",
        ),
        (FiniteModel.from_probs([0.5, 0.5], [1.0, 1.0]), 0.1, r"below the ceiling of 0 nats"),
        (COIN, float("nan"), r"^kl must be a number, got nan$"),
        (
            COIN,
            0.1,
            r"^the second-order law needs [^\n]* above 3.73, got 0.205 at kl 0.1; [^\n]*$",
        ),
        (FiniteModel.from_probs([0.5, 0.5], [-np.inf, 1.0]), 1.0, r"finite rewards, [^\n]*$"),
        (
            total(FiniteModel.from_probs([1e-300, 1.0], [1.0, 0.0]), 10),
            2.0,
            r"^the second-order law needs a tilted law that spreads over its lattice, [^\n]*$",
        ),
    ],
)
def test_what_it_cannot_predict_is_refused(model: FiniteModel, kl: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        second_order(model, kl=kl)


@pytest.mark.parametrize("scale", [1e155, 1e300, 1e-160])
def test_rewards_whose_squares_are_no_floats_are_refused(scale: float) -> None:
    model = FiniteModel.from_probs([0.5, 0.5], [0.0, scale])
    with pytest.raises(InputError, match="whose squares are floats"):
        second_order(model, kl=0.3)
