"""What sequences and responses refuse, and truths at the ends of their ranges."""

from collections.abc import Callable
from math import exp, inf, log, pi, sqrt

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from klimit import (
    FiniteModel,
    InputError,
    Markov,
    Memoryless,
    VariableLength,
    best_of_n,
    certificate,
    cumulants,
    divergence,
    frontier,
    geometric,
    random_best_of_n,
    rate,
    scaled_cgf,
    soft_best_of_n,
    tilt,
)
from klimit.exact.claims.setting import setting_of
from klimit.exact.counts import Fixed
from klimit.exact.paths import path_sums
from klimit.exact.random_best_of import _number
from klimit.exact.response_frontiers import steps_at_mean
from klimit.exact.totals import TotalReward

EVEN = np.log([[0.5, 0.5], [0.5, 0.5]])
NEXT = [[-inf, 0.0], [-inf, 0.0]]
COIN = Markov(EVEN, [[0, 1], [0, 1]], start=0)
LAZY = Markov(np.log([[0.7, 0.3], [0.2, 0.8]]), [[0.0, 1.0], [2.0, 0.5]], start=0)
COUNT = VariableLength([log(0.9)], [1.0], stop_log_prob=log(0.1))
VOID = VariableLength(np.log([0.5, 0.3, 0.1]), [1.0, -inf, -1.0], stop_log_prob=log(0.1))
HOLES = FiniteModel.from_probs([0.5, 0.25, 0.25], [-inf, 0.0, 1.0])

REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: Markov(EVEN, EVEN, start=[0.5, -0.5]), "start must be a state, probabilities, or"),
    (lambda: Markov([["a"]], [[0]], start=0), "log_transitions must be real numbers"),
    (lambda: COIN.tilt(3, beta=1.0).log_transitions(5), "step must be from 0 to 2, got 5"),
    (lambda: COIN.tilt(3, beta=inf), "beta must be finite for a chain, got inf"),
    (
        lambda: Markov(EVEN, [[0, -inf], [0, 1]], start=0).tilt(3, beta=0.0),
        "beta must be positive where a reward is -inf, got 0.0",
    ),
    (
        lambda: Markov(EVEN, [[0, 1000], [0, 999_999]], start=0).total(1_000_000),
        "take a shorter length or round the rewards to a coarser step",
    ),
    (
        lambda: Markov(NEXT, [[0, -inf], [0, sqrt(2)]], start=0).total(3),
        "no path of 3 steps has a finite reward",
    ),
    (
        lambda: VariableLength([log(0.9)], [1.0], stop_log_prob=log(0.1), stop_reward=inf),
        "stop_reward must be finite, got inf",
    ),
    (
        lambda: VariableLength([log(0.9)], [1.0], stop_log_prob=0.5),
        "stop_log_prob must lie between -690 and 0, so that responses end, got 0.5",
    ),
    (
        lambda: setting_of(FiniteModel.from_probs([0.5, 0.5], [0, -inf]), name="coin"),
        "the claims need finite rewards, got -inf; leave that symbol out",
    ),
    *(
        (
            lambda top=top: setting_of(
                FiniteModel.from_probs([0.5, 0.5], [-top, top]), name=""
            ),
            "the claims need rewards whose squares are floats, got a range of",
        )
        for top in (1e-300, 1e300, 1e308)
    ),
    (lambda: cumulants(VOID, beta=0.0, order=2), "cumulants need a finite mean reward"),
    (
        lambda: divergence(tilt(COUNT, beta=0.05), drawn(0.5)),
        "more totals than the law has; ask for the other direction",
    ),
    (
        lambda: divergence(drawn(0.5), drawn(0.1)),
        "these two laws are on different totals; compare each with a tilt",
    ),
]


def drawn(p: float) -> object:
    return random_best_of_n(COUNT, pgf=geometric(p))


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused_input_gets_one_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_sums_without_a_common_step_are_refused_where_they_grow_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("klimit.exact.markov._PATIENT", 10_000)
    with pytest.raises(InputError, match="without a common step have too many sums at length"):
        Markov(EVEN, [[0, 1], [sqrt(2), pi]], start=0).total(10_000)


# the hook that checks annotations in these tests would refuse them first
def test_wrong_types_get_one_line_too() -> None:
    odd = object.__new__(Memoryless)
    object.__setattr__(odd, "symbols", 3)
    with pytest.raises(InputError, match="symbols must be a FiniteModel, got int"):
        odd.__post_init__()
    with pytest.raises(InputError, match="pgf must be a generating function, got int"):
        _number.__wrapped__(3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("model", "shown"),
    [
        (COIN, "Markov(2 states, rewards 0 to 1)"),
        (COUNT, "VariableLength(1 tokens, rewards 1 to 1, stop 0.1)"),
        (HOLES, "FiniteModel(3 outcomes, rewards -inf to 1)"),
    ],
)
def test_a_model_prints_as_one_line(model: object, shown: str) -> None:
    assert str(model) == shown


def test_a_fixed_number_of_draws_has_a_mean_until_it_overflows() -> None:
    assert Fixed(log(7.0)).mean == pytest.approx(7.0)
    assert Fixed(800.0).mean == inf


def test_where_only_the_best_avoid_minus_infinity_the_closest_policy_has_that_reward() -> None:
    found = certificate(HOLES, kl=1.5, mean_reward=0.9)
    assert found.divergence_closest == pytest.approx(1.5 - frontier(HOLES).at_reward(0.9).kl)


@pytest.mark.parametrize("x", [0.3, 0.9, 1.2])
def test_the_rate_of_a_chain_is_the_legendre_transform_of_its_cgf(x: float) -> None:
    best = minimize_scalar(lambda t: scaled_cgf(LAZY, t=t) - t * x, bounds=(-30, 30))
    assert rate(LAZY, x) == pytest.approx(-best.fun, abs=1e-9)


def test_a_chain_costs_nothing_at_its_own_mean() -> None:
    assert rate(COIN, 0.5) == 0.0
    assert rate(Markov(EVEN, np.ones((2, 2)), start=0), 1.0) == 0.0


def test_from_a_policy_that_avoids_minus_infinity_the_reference_is_as_far_as_it_costs() -> None:
    kept = tilt(VOID, beta=0.1)
    free = tilt(VOID, beta=0.0)
    assert divergence(kept, free) == pytest.approx(kept.kl, rel=1e-14)
    assert divergence(free, kept) == inf
    assert divergence(free, free) == 0.0


def test_a_law_on_its_own_totals_is_compared_with_best_of_n_on_others() -> None:
    law = drawn(0.5)
    assert 0 < divergence(law, best_of_n(COUNT, n=2)) < 1  # type: ignore[call-overload]
    soft = soft_best_of_n(COUNT, n=2, beta=0.1)
    assert 0 < divergence(law, soft) < 1  # type: ignore[call-overload]


def test_the_policy_itself_is_compared_with_laws_on_totals() -> None:
    assert divergence(best_of_n(COUNT, n=2), COUNT) == pytest.approx(
        best_of_n(COUNT, n=2).kl, rel=1e-12
    )
    assert divergence(COUNT, tilt(COUNT, beta=0.05)) > 0


def test_rates_and_functions_of_responses_have_their_limits() -> None:
    assert rate(VOID, -inf) == 0.0
    assert rate(VOID, -inf, beta=0.1) == inf
    assert rate(COUNT, -1.0) == inf
    assert scaled_cgf(COUNT, t=0.0, beta=0.05) == 0.0
    assert scaled_cgf(COUNT, t=1.0) == inf
    assert scaled_cgf(VOID, t=-1.0, beta=0.1) == inf
    assert scaled_cgf(COUNT, t=0.05) == pytest.approx(log(0.1 / (1 - 0.9 * exp(0.05))))


def test_the_law_of_one_draw_more_or_less_is_compared_with_the_reference() -> None:
    best = best_of_n(COUNT, n=2)
    assert divergence(best, tilt(COUNT, beta=0.0)) == pytest.approx(best.kl, rel=1e-12)


def test_the_tilt_of_the_reference_mean_is_the_reference() -> None:
    start = COUNT.steps.tilted(0.0)
    assert steps_at_mean(COUNT.steps, start.mean).beta == 0.0


@pytest.mark.parametrize("length", [3, 1_000_000])
def test_a_total_that_is_certain_is_one_total(length: int) -> None:
    law = Markov(EVEN, np.ones((2, 2)), start=0).total(length)
    assert (law.rewards.tolist(), law.log_probs.tolist()) == ([length], [0.0])


def test_a_long_chain_keeps_mean_and_variance_of_its_total() -> None:
    law = COIN.total(40_000)
    probs = np.exp(law.log_probs)
    mean = float(probs @ law.rewards)
    assert mean == pytest.approx(20_000, rel=1e-9)
    assert float(probs @ (law.rewards - mean) ** 2) == pytest.approx(10_000, rel=1e-6)


def test_no_path_has_no_sums() -> None:
    nowhere = np.array([[-inf]])
    sums = path_sums(np.zeros(1), nowhere, np.zeros((1, 1)), 2, blur=0.0, most=10)
    assert [part.size for part in sums or ()] == [0, 0]


def test_totals_without_mass_are_no_levels() -> None:
    law = TotalReward(np.array([-inf, 0.0]), np.array([0.0, 1.0]), length=1, span=1.0)
    assert law.levels.rewards.tolist() == [1.0]
