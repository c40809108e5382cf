"""Where limits are reached: ceilings, floors, constants, a million outcomes, normal rewards."""

from math import exp, inf, log, sqrt

import numpy as np
import pytest
from mpmath import mp, mpf
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import log_ndtr

from klimit import (
    FiniteModel,
    GaussianReward,
    best_of_n,
    certificate,
    divergence,
    frontier,
    tilt,
)

NORMAL = GaussianReward(1.0, 2.0)


@pytest.mark.parametrize("kl", [0.05, 0.4, 1.0])
def test_the_frontier_is_what_an_optimiser_finds(kl: float) -> None:
    p, r = np.array([0.4, 0.3, 0.2, 0.1]), np.array([-1.0, 0.25, 1.5, 2.0])
    found = minimize(
        lambda q: -q @ r,
        p,
        bounds=[(1e-12, 1.0)] * 4,
        constraints=[
            {"type": "eq", "fun": lambda q: q.sum() - 1.0},
            {"type": "ineq", "fun": lambda q: kl - q @ np.log(q / p)},
        ],
        tol=1e-14,
    )
    best = frontier(FiniteModel.from_probs(p, r)).at_kl(kl)
    assert best.mean_reward == pytest.approx(-found.fun, rel=1e-7)
    np.testing.assert_allclose(np.exp(best.log_probs), found.x, atol=1e-4)


def test_at_and_above_the_ceiling_only_the_best_outcomes_remain() -> None:
    model = FiniteModel.from_probs([0.5, 0.25, 0.125, 0.125], [0.0, 1.0, 2.0, 2.0])
    limits = frontier(model)
    assert limits.ceiling_kl == pytest.approx(log(4.0), rel=1e-15)
    for kl in (limits.ceiling_kl, 5.0, inf):
        best = limits.at_kl(kl)
        assert best.beta == inf
        assert best.mean_reward == 2.0
        assert best.kl == limits.ceiling_kl
        np.testing.assert_allclose(np.exp(best.log_probs), [0, 0, 0.5, 0.5], rtol=1e-15)
    assert limits.at_reward(2.0).beta == inf
    assert limits.at_reward(0.0).beta == -inf
    assert limits.at_reward(0.0).kl == pytest.approx(log(2.0), rel=1e-15)


def test_just_below_the_ceiling_beta_grows_with_the_logarithm_of_what_is_left() -> None:
    model = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
    left = 2.0**-40
    beta = frontier(model).at_kl(frontier(model).ceiling_kl - left).beta
    assert (1 + beta) * exp(-beta) == pytest.approx(left, rel=1e-3)


def test_a_constant_reward_leaves_nothing_to_gain() -> None:
    model = FiniteModel.from_probs([0.25, 0.75], [3.0, 3.0])
    limits = frontier(model)
    assert (limits.ceiling_kl, limits.ceiling_reward) == (0.0, 3.0)
    for found in (limits.at_kl(0.0), limits.at_kl(2.0), limits.at_reward(3.0)):
        assert (found.beta, found.kl, found.mean_reward, found.gain) == (0.0, 0.0, 3.0, 0.0)
        np.testing.assert_array_equal(found.log_probs, model.log_probs)
    law = best_of_n(model, n=1000)
    assert (law.kl, law.shortfall, law.win_rate) == (0.0, 0.0, 0.5)


def test_rewards_of_minus_infinity_force_a_jump() -> None:
    model = FiniteModel.from_probs([0.5, 0.3, 0.2], [-inf, 0.0, 1.0])
    limits = frontier(model)
    assert limits.floor_kl == pytest.approx(log(2.0), rel=1e-15)
    reference = tilt(model, beta=0.0)
    assert (reference.mean_reward, reference.kl, reference.cgf) == (-inf, 0.0, 0.0)
    np.testing.assert_array_equal(reference.log_probs, model.log_probs)
    at_floor, nearly = limits.at_kl(limits.floor_kl), tilt(model, beta=1e-12)
    assert at_floor.mean_reward == pytest.approx(0.4, rel=1e-15)
    np.testing.assert_allclose(at_floor.log_probs, nearly.log_probs, atol=1e-11)
    rest = frontier(FiniteModel.from_probs([0.6, 0.4], [0.0, 1.0]))
    above, plain = limits.at_kl(log(2.0) + 0.1), rest.at_kl(0.1)
    assert above.beta == pytest.approx(plain.beta, rel=1e-12)
    assert above.mean_reward == pytest.approx(plain.mean_reward, rel=1e-12)
    law = best_of_n(model, n=3)
    assert (law.mean_reward, law.shortfall) == (-inf, inf)
    assert law.log_probs[0] == pytest.approx(log(0.125), rel=1e-14)
    known = certificate(model, kl=1.0, mean_reward=0.2)
    assert known.beta_same_reward == 0.0
    assert known.divergence_closest == pytest.approx(1.0 - log(2.0), rel=1e-12)


@pytest.mark.parametrize("penalty", [1e5, 1e20, 3.4e38, 1e160, 1e300])
@pytest.mark.parametrize("kl", [0.1, 0.5, 1.5])
def test_a_penalty_far_below_all_others_leaves_what_they_are_among_themselves(
    penalty: float, kl: float
) -> None:
    rewards = np.random.default_rng(0).normal(size=40)
    left = frontier(FiniteModel.from_probs(np.full(40, 1 / 40), rewards))
    whole = FiniteModel.from_probs(np.full(42, 1 / 42), np.append(rewards, [-penalty] * 2))
    apart = left.at_kl(kl - log(42 / 40))
    for found in (frontier(whole).at_kl(kl), frontier(whole).at_reward(apart.mean_reward)):
        assert found.beta == pytest.approx(apart.beta, rel=1e-12)
        assert found.mean_reward == pytest.approx(apart.mean_reward, rel=1e-12)
        assert found.kl == pytest.approx(kl, rel=1e-12)


def test_certificates_at_the_ceiling_and_below_the_mean() -> None:
    model = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 2.0])
    ceiling = frontier(model).ceiling_kl
    exact = certificate(model, kl=ceiling, mean_reward=2.0)
    assert (exact.beta_same_kl, exact.divergence_same_kl, exact.efficiency) == (inf, 0.0, 1.0)
    blurred = certificate(model, kl=ceiling, mean_reward=np.nextafter(2.0, 0.0))
    assert blurred.divergence_same_kl == 0.0
    short = certificate(model, kl=2.0, mean_reward=1.5)
    assert (short.divergence_same_kl, short.tv_bound) == (inf, 1.0)
    best = frontier(model).at_reward(1.5)
    assert short.divergence_closest == pytest.approx(2.0 - best.kl, rel=1e-12)
    worse = certificate(model, kl=0.2, mean_reward=0.5)
    assert worse.beta_same_reward < 0.0
    assert worse.efficiency < 0.0


def test_a_certificate_of_the_optimum_itself_is_zero() -> None:
    model = FiniteModel.from_probs([0.5, 0.3, 0.2], [0.0, 1.0, 2.0])
    for kl in (0.0, 1e-18, 0.3, 1.0):
        best = frontier(model).at_kl(kl)
        known = certificate(model, kl=kl, mean_reward=best.mean_reward)
        assert known.divergence_same_kl == pytest.approx(0.0, abs=1e-15)
        assert known.divergence_closest == pytest.approx(0.0, abs=1e-15)
        # a mean of 0.7 cannot hold a gain of 1e-9 to more than seven digits
        assert known.efficiency == pytest.approx(1.0, rel=1e-6)


def test_an_integer_of_any_size_is_a_number_of_draws() -> None:
    model = FiniteModel([log(0.5), log(0.5) + log1m(1e-300), log(0.5e-300)], [0.0, 1.0, 2.0])
    law = best_of_n(model, n=2 * 10**300)
    assert law.log_n == pytest.approx(log(2.0) + 300 * log(10.0), rel=1e-15)
    assert law.mean_reward == pytest.approx(2.0 - exp(-1.0), rel=1e-12)
    assert best_of_n(model, n=10**4000).mean_reward == 2.0


def log1m(x: float) -> float:
    return float(np.log1p(-x))


def test_a_million_outcomes_are_one_model_like_any_other() -> None:
    count = 10**6
    model = FiniteModel(np.full(count, -log(count)), np.arange(count) / count)
    law = best_of_n(model, n=1000)
    # N of the uniform law: the mean N / (N + 1), the KL log N - 1 + 1 / N, but for 1e-6
    assert law.mean_reward == pytest.approx(1000 / 1001, abs=1e-6)
    assert law.kl == pytest.approx(law.kl_bound, abs=1e-6)
    best = frontier(model).at_kl(5.0)
    assert best.kl == pytest.approx(5.0, rel=1e-12)
    assert divergence(law, best) > 0.0


@pytest.mark.parametrize(
    ("n", "mean"),
    [(2, 1 / sqrt(np.pi)), (3, 1.5 / sqrt(np.pi)), (10, 1.5387527308351728)],
)
def test_the_largest_of_few_normals_has_its_known_mean(n: int, mean: float) -> None:
    law = best_of_n(NORMAL, n=n)
    assert (law.mean_reward - 1.0) / 2.0 == pytest.approx(mean, rel=1e-14)
    assert law.kl == law.kl_bound == pytest.approx(log(n) - 1 + 1 / n, rel=1e-14)
    assert law.win_rate == pytest.approx(n / (n + 1), rel=1e-15)
    assert law.shortfall == inf


@pytest.mark.parametrize("log_n", [0.5, 20.0, 300.0])
def test_the_largest_of_many_normals_is_what_fifty_digits_give(log_n: float) -> None:
    with mp.workdps(50):

        def quantile_times_density(t: mpf) -> mpf:
            upper = -mp.expm1(-mp.exp(t - mpf(log_n)))  # the chance of more
            z = mp.findroot(
                lambda x: mp.log(mp.erfc(x / mp.sqrt(2)) / 2) - mp.log(upper),
                start(upper),
            )
            return z * mp.exp(t - mp.exp(t))

        def start(upper: mpf) -> mpf:
            if upper > 0.5:
                return -mp.sqrt(-2 * mp.log1p(-upper)) + mpf("0.3")
            return mp.sqrt(mp.fabs(-2 * mp.log(upper) - mp.log(-mp.log(upper) * 4 * mp.pi)))

        step = mpf(1) / 8
        mean = step * mp.fsum(quantile_times_density(step * i) for i in range(-400, 40))
    law = best_of_n(GaussianReward(0.0, 1.0), log_n=log_n)
    assert law.mean_reward == pytest.approx(float(mean), rel=1e-12, abs=1e-15)


def test_a_little_more_than_one_normal_gains_in_proportion() -> None:
    slope, _ = quad(lambda z: z * np.exp(-(z**2) / 2) * log_ndtr(z), -12, 12, epsabs=1e-14)
    law = best_of_n(GaussianReward(0.0, 1.0), log_n=1e-12)
    assert law.mean_reward / 1e-12 == pytest.approx(slope / sqrt(2 * np.pi), rel=1e-10)


def test_an_astronomic_number_of_normals_is_no_trouble() -> None:
    law = best_of_n(GaussianReward(0.0, 1.0), log_n=1e6)
    # the quantile at 1 / N of the upper tail, moved by Euler's constant over itself
    z = sqrt(2e6)
    for _ in range(50):
        z = sqrt(2 * (1e6 - log(z * sqrt(2 * np.pi)) - 1 / z**2))
    assert law.mean_reward == pytest.approx(z + np.euler_gamma / z, rel=1e-10)


def test_policies_on_a_normal_reward_compare_in_closed_form() -> None:
    best, target = best_of_n(NORMAL, n=8), tilt(NORMAL, beta=0.5)
    assert divergence(best, target) == pytest.approx(
        best.kl - 0.5 * best.mean_reward + target.cgf, rel=1e-12
    )
    assert divergence(tilt(NORMAL, beta=0.3), target) == pytest.approx((0.2 * 2) ** 2 / 2)
    assert divergence(best, best_of_n(NORMAL, n=4)) == pytest.approx(log(2.0) - 0.5)
    assert divergence(NORMAL, best) == pytest.approx(7.0 - log(8.0))
    z = np.linspace(-12.0, 14.0, 400001)
    density = np.exp(-((z - 1.0) ** 2) / 2) / sqrt(2 * np.pi)
    from_tilt = density @ (z - 0.5 - log(8.0) - 7 * log_ndtr(z)) * (z[1] - z[0])
    assert divergence(target, best) == pytest.approx(from_tilt, rel=1e-9)


def test_a_fine_grid_agrees_with_the_normal_law() -> None:
    z = np.linspace(-9.0, 9.0, 20001)
    grid = FiniteModel(-(z**2) / 2 - log(np.exp(-(z**2) / 2).sum()), 1.0 + 2.0 * z)
    for kl in (0.1, 2.0):
        ours, theirs = frontier(grid).at_kl(kl), frontier(NORMAL).at_kl(kl)
        assert ours.beta == pytest.approx(theirs.beta, rel=1e-9)
        assert ours.mean_reward == pytest.approx(theirs.mean_reward, rel=1e-9)
    ours, theirs = best_of_n(grid, n=64), best_of_n(NORMAL, n=64)
    assert ours.mean_reward == pytest.approx(theirs.mean_reward, abs=2e-3)
    assert ours.kl == pytest.approx(theirs.kl, abs=1e-3)
