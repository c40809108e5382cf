"""The frontier, tails and best-of-N against routes that share nothing with them."""

import itertools

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.optimize import minimize
from scipy.stats import binom

from klimit import FiniteModel, InputError, frontier, tilt
from klimit.exact.claims import (
    best_of_n_claim,
    example_settings,
    frontier_claim,
    setting_of,
    tail_claim,
)
from klimit.exact.claims.policies import random_policies
from klimit.exact.claims.sharp_tails import sharp_log_tail
from klimit.exact.claims.tails import log_tail

LATTICE, OTHER = example_settings(lengths=[6, 50, 200])
COIN = FiniteModel.from_probs([0.6, 0.4], [0.0, 1.0])


@pytest.mark.parametrize("setting", [LATTICE, OTHER])
def test_the_closed_form_is_what_an_optimiser_finds(setting) -> None:
    claim = frontier_claim(setting)
    p, r = np.exp(setting.symbols.log_probs), setting.symbols.rewards
    for kl, reward in zip(claim.kl[:4], claim.reward[:4], strict=True):
        found = minimize(
            lambda q: -q @ r,
            p,
            bounds=[(1e-12, 1.0)] * p.size,
            constraints=[
                {"type": "eq", "fun": lambda q: q.sum() - 1.0},
                {"type": "ineq", "fun": lambda q, kl=kl: kl - q @ np.log(q / p)},
            ],
            tol=1e-14,
        )
        assert reward == pytest.approx(-found.fun, rel=1e-6)


@pytest.mark.parametrize("setting", [LATTICE, OTHER])
def test_the_dual_bound_meets_the_closed_form_and_no_policy_passes(setting) -> None:
    claim = frontier_claim(setting, rng=7)
    assert claim.largest_gap < 1e-12
    assert claim.largest_excess < 0
    assert np.all(claim.best_of.reward <= setting.limits.curve(claim.best_of.kl).mean_reward)


def test_other_draws_of_policies_are_other_policies() -> None:
    first, again, other = (
        random_policies(COIN, count=5, rng=rng).kl for rng in (0, 0, np.random.default_rng(1))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_tail_is_that_of_all_sequences() -> None:
    optimum = OTHER.optimum
    strings = np.array(list(itertools.product(range(3), repeat=6)))
    probs = np.exp(optimum.log_probs[strings].sum(axis=1))
    means = OTHER.symbols.rewards[strings].mean(axis=1)
    aligned = tilt(OTHER.totals[0], beta=optimum.beta)
    for x in (1.5, 1.9, 2.3):
        assert log_tail(aligned, x) == pytest.approx(np.log(probs[means >= x].sum()), rel=1e-12)
    assert log_tail(aligned, 2.5) == -np.inf


def test_the_product_form_holds_at_every_length() -> None:
    for claim in (tail_claim(LATTICE), tail_claim(OTHER)):
        assert claim.product_error.max() < 1e-12
        assert np.ptp(claim.beta) < 1e-12


def test_the_sharp_form_is_right_to_the_inverse_of_the_length() -> None:
    setting = setting_of(COIN, name="coin", lengths=[100, 1000, 10000])
    aligned = setting.optimum.mean_reward
    claim = tail_claim(setting)
    exact = binom.logsf(np.rint(claim.x * claim.lengths) - 1, claim.lengths, aligned)
    assert claim.exact == pytest.approx(exact, rel=1e-10)
    scaled = claim.lengths * np.abs(claim.sharp - exact)
    assert np.all((scaled > 5) & (scaled < 12))
    off = claim.sharp_without_lattice - exact
    assert np.all(np.abs(off) > 0.1)
    assert np.all(np.abs(claim.leading - exact) > 1)


def test_the_sharp_form_on_no_lattice_nears_the_exact_tail() -> None:
    claim = tail_claim(OTHER)
    assert np.abs(claim.sharp - claim.exact)[-1] < 0.02
    assert np.array_equal(claim.sharp, claim.sharp_without_lattice)


def test_a_sharp_tail_below_the_mean_is_refused() -> None:
    with pytest.raises(InputError, match="above that of the tilt"):
        sharp_log_tail(COIN, 0.3, length=10, beta=0.0, span=1.0)
    with pytest.raises(InputError, match="tilt of a total"):
        log_tail(tilt(COIN, beta=1.0), 0.5)


def test_the_gaps_of_best_of_n_are_those_of_fifty_digits() -> None:
    setting = setting_of(COIN, name="coin", kl=0.1, lengths=[20, 60])
    claim = best_of_n_claim(setting)
    for k, length in enumerate((20, 60)):
        reward, kl, distance = _coins(length, setting.kl, setting.optimum.beta)
        assert claim.reward_gap[k] == pytest.approx(
            setting.optimum.mean_reward - reward / length, rel=1e-11
        )
        assert claim.kl_gap[k] == pytest.approx(setting.kl - kl / length, rel=1e-11)
        assert claim.divergence[k] == pytest.approx(distance / length, rel=1e-11)


def _coins(length: int, kl: float, beta: float) -> tuple[float, float, float]:
    with mp.workdps(50):
        p, draws = mpf(float(np.exp(COIN.log_probs[1]))), mp.exp(mpf(kl) * length)
        law = [
            mp.binomial(length, s) * p**s * (1 - p) ** (length - s) for s in range(length + 1)
        ]
        upto = [mp.fsum(law[: s + 1]) for s in range(length + 1)]
        best = [
            top**draws - (bottom**draws if s else 0)
            for s, (top, bottom) in enumerate(zip(upto, [mpf(0), *upto], strict=False))
        ]
        weights = [mass * mp.exp(mpf(beta) * s) for s, mass in enumerate(law)]
        tilted = [weight / mp.fsum(weights) for weight in weights]
        reward = mp.fsum(s * mass for s, mass in enumerate(best))
        spent = mp.fsum(b * mp.log(b / q) for b, q in zip(best, law, strict=True))
        distance = mp.fsum(b * mp.log(b / q) for b, q in zip(best, tilted, strict=True))
        return float(reward), float(spent), float(distance)


def test_the_divergence_falls_as_the_law_says() -> None:
    for setting in example_settings(lengths=[100, 400, 800]):
        claim = best_of_n_claim(setting)
        assert claim.divergence_law[-1] == pytest.approx(claim.divergence[-1], rel=0.01)
        assert claim.reward_gap_law[-1] == pytest.approx(claim.reward_gap[-1], rel=0.01)
        assert claim.slope == pytest.approx(0.5, abs=0.02)
        assert np.all(np.diff(claim.divergence) < 0)
        assert frontier(setting.symbols).at_kl(setting.kl).beta == claim.beta
