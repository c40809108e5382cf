"""The best of a random number of draws."""

import itertools
from math import exp, expm1, log, log1p

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp, mpf

from klimit import (
    FiniteModel,
    GaussianReward,
    InputError,
    best_of_n,
    geometric,
    one_plus_poisson,
    random_best_of_n,
    zero_truncated_poisson,
)
from tests.strategies import tied_models

FUNCTIONS = {
    "zero-truncated Poisson": (
        zero_truncated_poisson,
        lambda c, s: mp.expm1(c * s) / mp.expm1(c),
    ),
    "one plus Poisson": (one_plus_poisson, lambda c, s: s * mp.exp(c * (s - 1))),
    "geometric": (geometric, lambda p, s: p * s / (1 - (1 - p) * s)),
}
RARE = FiniteModel([log1p(-1e-30), log(0.75e-30), -80.0], [0.0, 1.0, 3.0])


@pytest.mark.parametrize("name", list(FUNCTIONS))
@pytest.mark.parametrize("parameter", [1e-9, 0.25, 0.999999, 30.0, 1e25])
def test_the_law_is_what_sixty_digits_give(name: str, parameter: float) -> None:
    make, function = FUNCTIONS[name]
    if name == "geometric":
        parameter = parameter if parameter < 1 else 1 / parameter
    for model in (FiniteModel.from_probs([0.5, 0.25, 0.25], [0.0, 1.0, 3.0]), RARE):
        with mp.workdps(120):
            masses = [mp.exp(mpf(x)) for x in model.log_probs.tolist()]
            total = mp.fsum(masses)
            cdf = [1 - mp.fsum(masses[j + 1 :]) / total for j in range(3)]
            g = [mpf(0)] + [function(mpf(parameter), s) for s in cdf]
            law = [b - a for a, b in itertools.pairwise(g)]
            base = [m / total for m in masses]
            kl = mp.fsum(q * mp.log(q / p) for q, p in zip(law, base, strict=True))
            expected = [float(mp.log(q)) for q in law]
            shortfall = g[1] + 2 * g[2]
        found = random_best_of_n(model, pgf=make(parameter))
        np.testing.assert_allclose(found.log_probs, expected, rtol=1e-12, atol=5e-14)
        np.testing.assert_allclose(found.kl, float(kl), rtol=1e-10, atol=1e-60)
        np.testing.assert_allclose(found.shortfall, float(shortfall), rtol=1e-12)


@given(tied_models(), st.floats(0.01, 20.0))
def test_a_zero_truncated_poisson_number_tilts_the_quantile(
    model: FiniteModel, rate: float
) -> None:
    law = random_best_of_n(model, pgf=zero_truncated_poisson(rate))
    probs = np.exp(model.log_probs)
    below = np.array([probs[model.rewards < r].sum() for r in model.rewards])
    mass = np.array([probs[model.rewards == r].sum() for r in model.rewards])
    tilted = (np.exp(rate * (below + mass)) - np.exp(rate * below)) / np.expm1(rate)
    np.testing.assert_allclose(np.exp(law.log_probs), probs / mass * tilted, atol=1e-13)


@given(tied_models(), st.integers(1, 20))
def test_any_generating_function_will_do(model: FiniteModel, n: int) -> None:
    law, fixed = random_best_of_n(model, pgf=lambda s: s**n), best_of_n(model, n=n)
    np.testing.assert_allclose(np.exp(law.log_probs), np.exp(fixed.log_probs), atol=1e-14)
    np.testing.assert_allclose(law.mean_reward, fixed.mean_reward, atol=1e-13)
    np.testing.assert_allclose(law.kl, fixed.kl, atol=1e-13)


@pytest.mark.parametrize(
    "pgf", [zero_truncated_poisson(2.5), one_plus_poisson(2.5), geometric(0.3)]
)
def test_the_mean_is_the_slope_at_one_and_the_ready_ones_can_be_called(pgf: object) -> None:
    step = 1e-5
    slope = (3 * pgf(1.0) - 4 * pgf(1.0 - step) + pgf(1.0 - 2 * step)) / (2 * step)
    assert slope == pytest.approx(pgf.mean, rel=1e-6)
    assert pgf(0.0) == 0.0
    assert pgf(1.0) == pytest.approx(1.0, rel=1e-15)


def test_the_quantile_tilt_has_its_known_divergence() -> None:
    count, rate = 20000, 3.0
    fine = FiniteModel.from_probs(np.full(count, 1 / count), np.arange(count))
    law = random_best_of_n(fine, pgf=zero_truncated_poisson(rate))
    known = ((rate - 1) * exp(rate) + 1) / expm1(rate) + log(rate / expm1(rate))
    assert law.kl == pytest.approx(known, rel=1e-7)
    assert law.win_rate == pytest.approx(1 / -expm1(-rate) - 1 / rate, rel=1e-7)


def test_numbers_out_of_range_are_refused() -> None:
    coin = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
    with pytest.raises(InputError, match="rate must lie between 0 and inf, got 0"):
        zero_truncated_poisson(0.0)
    with pytest.raises(InputError, match="rate must lie between 0 and inf, got -1"):
        one_plus_poisson(-1.0)
    with pytest.raises(InputError, match=r"p must lie between 0 and 1, got 1\.5"):
        geometric(1.5)
    with pytest.raises(InputError, match=r"pgf must be 0 at 0.*got 1 and 1"):
        random_best_of_n(coin, pgf=lambda s: s**0)
    with pytest.raises(InputError, match="needs a model with levels"):
        random_best_of_n.__wrapped__(GaussianReward(0.0, 1.0), pgf=geometric(0.5))
    assert random_best_of_n(coin, pgf=one_plus_poisson(0.0)).kl == 0.0
    assert random_best_of_n(coin, pgf=geometric(1.0)).kl == 0.0
