"""Condensed draws give the sums over the draws themselves, at any beta and for any law."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logsumexp

from klimit.estimate.frontier.condensed import CondensedSums
from klimit.estimate.frontier.condensing import condense, sums_over
from klimit.estimate.frontier.jackknife import jackknife
from klimit.estimate.frontier.sums import sum_directly

RNG = np.random.default_rng(7)
ROWS = [
    RNG.normal(size=4096),
    RNG.normal(size=3000) * 1e-9 + 1e3,
    RNG.normal(size=3000) * 1e9,
    RNG.random(2000),
    RNG.exponential(size=2000),
    -RNG.exponential(size=2000),
    RNG.standard_cauchy(size=2000),
    (RNG.random(2000) < 0.3).astype(float),
    (RNG.random(2000) < 0.004).astype(float),
    RNG.integers(0, 5, 999).astype(float),
    np.where(RNG.random(2000) < 0.5, 0.0, 1.0) + 1e-7 * RNG.random(2000),
    RNG.normal(size=33),
    RNG.normal(size=32),
    np.array([2.0, 1.0]),
    np.array([3.0]),
    np.full(100, 4.0),
]
SCALES = np.array([max(float(row.std()), 1e-12) for row in ROWS])


def flat(rows: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(rows), np.array([row.size for row in rows])


@pytest.mark.parametrize("steps", [0.0, 1e-6, 0.1, 1.0, 3.0, 30.0, 1e3])
def test_condensed_sums_are_the_sums_over_draws(steps: float) -> None:
    beta = np.where(SCALES > 1e-12, steps / SCALES, 1.0)
    direct, condensed = sum_directly(*flat(ROWS)), condense(*flat(ROWS))
    exact, found = direct.at(beta), condensed.at(beta)
    # what the rounding of beta * r leaves is not the condensing's
    slack = 1e-11 + 1e-15 * np.abs(beta * direct.best[:, 0])
    assert (np.abs(found.cgf - exact.cgf) <= slack).all()
    assert_allclose(found.heavy, exact.heavy, rtol=1e-9, atol=1e-14)
    assert_allclose(found.powers, exact.powers, rtol=1e-8, atol=1e-12)
    assert (
        np.abs(found.reward - exact.reward) <= 1e-11 * (SCALES + np.abs(exact.reward))
    ).all()
    ranges = direct.best[:, 0] - direct.lowest
    slack = 1e-8 * exact.variance + 1e-14 * ranges**2
    assert (np.abs(found.variance - exact.variance) <= slack).all()
    assert (found.variance >= 0).all()


@pytest.mark.parametrize("ready", [sum_directly, condense])
def test_the_cgf_is_the_logarithm_of_the_mean_exponential(ready: object) -> None:
    assert callable(ready)
    beta = 1.7 / SCALES
    expected = [
        logsumexp(b * (row - row.max())) - np.log(row.size) + b * row.max()
        for row, b in zip(ROWS, beta, strict=True)
    ]
    assert_allclose(ready(*flat(ROWS)).at(beta).cgf, expected, rtol=1e-11, atol=1e-11)


def test_many_betas_at_once_are_each_of_them() -> None:
    sums = condense(*flat(ROWS[:1] * 3 + ROWS[7:]))
    betas = np.array([0.0, 0.3, 2.0, 40.0])
    for row, beta in zip(sums.cgfs(betas), betas, strict=True):
        expected = sums.at(np.full(sums.counts.size, beta)).cgf
        assert_allclose(row, expected, rtol=1e-12, atol=1e-12)


def test_many_betas_at_once_are_the_same_for_few_draws() -> None:
    betas = np.array([0.0, 0.3, 2.0])
    rows = flat(ROWS[3:])
    found, expected = sum_directly(*rows).cgfs(betas), condense(*rows).cgfs(betas)
    assert_allclose(found, expected, rtol=1e-11, atol=1e-11)


def test_blocks_of_prompts_change_nothing() -> None:
    rows = [RNG.normal(size=1000) for _ in range(450)]
    beta = np.ones(450)
    whole, alone = condense(*flat(rows)).at(beta), condense(*flat(rows[407:408])).at(beta[:1])
    assert_allclose(whole.cgf[407], alone.cgf[0], rtol=1e-10)
    assert_allclose(whole.powers[:, 407], alone.powers[:, 0], rtol=1e-9)


def test_many_betas_of_many_prompts_are_those_of_each_prompt() -> None:
    rows, betas = [RNG.normal(size=500) for _ in range(300)], np.linspace(0.0, 3.0, 64)
    whole, alone = condense(*flat(rows)).cgfs(betas), sum_directly(*flat(rows)).cgfs(betas)
    assert_allclose(whole, alone, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("penalty", [-1e3, -1e5, -1e12])
def test_a_few_penalties_far_below_leave_the_other_rewards_told_apart(penalty: float) -> None:
    rng, betas = np.random.default_rng(1), np.array([0.3, 1.0, 4.0])
    rows = [np.where(rng.random(4096) < 0.01, penalty, rng.normal(size=4096)) for _ in range(3)]
    found, expected = condense(*flat(rows)).cgfs(betas), sum_directly(*flat(rows)).cgfs(betas)
    assert_allclose(found, expected, atol=1e-10)


def test_clusters_at_very_different_distances_stay_apart() -> None:
    rng = np.random.default_rng(2)
    spreads = [(0.0, 1e-9, 40), (-1e-5, 1e-6, 200), (-1e-2, 1e-3, 200), (-1.0, 0.1, 200)]
    row = np.concatenate([at - spread * rng.random(n) for at, spread, n in spreads])
    direct, condensed = sum_directly(*flat([row])), condense(*flat([row]))
    for beta in (1.0, 10.0, 30.0, 1e3, 1e5):
        exact, found = direct.at(np.full(1, beta)), condensed.at(np.full(1, beta))
        assert_allclose(found.cgf, exact.cgf, atol=1e-12)
        assert_allclose(found.powers, exact.powers, rtol=1e-10, atol=1e-13)


def test_rewards_may_differ_by_less_than_floats_can_divide_by() -> None:
    row = np.concatenate([np.zeros(100), np.full(100, 1e-310), np.ones(40)])
    found, expected = condense(*flat([row])), sum_directly(*flat([row]))
    assert_allclose(found.cgfs(np.array([0.0, 2.0])), expected.cgfs(np.array([0.0, 2.0])))


def test_few_distinct_rewards_take_few_stretches() -> None:
    sums = condense(*flat([RNG.integers(1, 6, 3000).astype(float)] * 100))
    assert sums.others.half.shape[1] == 3  # that of the far draws, 4 and 5


def test_blocks_may_have_more_stretches_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("klimit.estimate.frontier.condensing._BLOCK", 500_000)
    rows = [RNG.integers(1, 6, 600_000).astype(float), -RNG.exponential(size=3000)]
    found = condense(*flat(rows))
    assert not found.others.moments[0, 0, -1:].any()
    assert found.others.moments[0, 1, -1:].any()
    expected = sum_directly(*flat(rows)).cgfs(np.array([0.5, 4.0]))
    assert_allclose(found.cgfs(np.array([0.5, 4.0])), expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("sizes", [[4096] * 50, [12_345, 900, 4096, 799, 5000], [300_000]])
@pytest.mark.parametrize("law", ["gaussian", "bounded", "heavy", "two clusters"])
def test_parted_prompts_of_any_size_have_the_sums_over_their_draws(
    sizes: list[int], law: str
) -> None:
    rng = np.random.default_rng(3)
    draw = {
        "gaussian": lambda m: rng.normal(size=m),
        "bounded": lambda m: rng.beta(2, 2, m),
        "heavy": lambda m: rng.standard_t(2, m),
        # nearly all close below the edge of the far draws, where series are worst
        "two clusters": lambda m: np.where(
            rng.random(m) < 0.9, rng.normal(-1, 1e-3, m), rng.random(m) / 2
        ),
    }[law]
    rows = [draw(size) for size in sizes]
    direct, condensed = sum_directly(*flat(rows)), condense(*flat(rows))
    assert (condensed.others.half[:, 0] > 0).any() or law == "heavy"
    scale = np.array([row.std() for row in rows])
    for steps in (0.0, 0.3, 2.0, 5.0, 12.0, 40.0):
        exact, found = direct.at(steps / scale), condensed.at(steps / scale)
        assert_allclose(found.cgf, exact.cgf, rtol=1e-10, atol=5e-11)
        assert_allclose(found.kl, exact.kl, rtol=1e-10, atol=1e-10)
        assert_allclose(found.powers, exact.powers, rtol=1e-7, atol=1e-11)
        slack = 1e-8 * exact.variance + 1e-14 * (direct.best[:, 0] - direct.lowest) ** 2
        assert (np.abs(found.variance - exact.variance) <= slack).all()
    betas = np.array([0.0, 0.1, 0.7, 3.0]) / scale.max()
    assert_allclose(condensed.cgfs(betas), direct.cgfs(betas), rtol=1e-10, atol=5e-11)
    assert_allclose(condensed.tails, direct.tails, rtol=1e-12)
    assert_allclose(condensed.best, direct.best)
    assert (condensed.tied == direct.tied).all()
    assert_allclose(condensed.lowest, direct.lowest)


def test_large_tables_are_condensed() -> None:
    assert isinstance(sums_over(*flat([np.zeros(60_000)] * 2)), CondensedSums)
    assert not isinstance(sums_over(*flat(ROWS)), CondensedSums)


@pytest.mark.parametrize("m", [3, 16, 40, 200])
def test_the_jackknife_is_that_of_draws_left_out(m: int) -> None:
    row = np.random.default_rng(m).normal(size=m)
    sums = sum_directly(*flat([row]))
    found = jackknife(sums.at(np.ones(1)), counts=sums.counts)

    def cgf(draws: np.ndarray) -> float:
        return float(logsumexp(draws) - np.log(draws.size))

    def bias(draws: np.ndarray) -> float:
        left = np.array([cgf(np.delete(draws, i)) for i in range(draws.size)])
        return (draws.size - 1) * (cgf(draws) - float(left.mean()))

    assert_allclose(found.bias, bias(row), rtol=1e-6)
    biases = np.array([bias(np.delete(row, i)) for i in range(m)])
    values = np.array([cgf(np.delete(row, i)) for i in range(m)]) + biases
    if m > 3:
        # the bias without a draw is a series in the weights, cut after their fourth powers
        assert_allclose(found.change, (m - 1) * (biases.mean() - bias(row)), rtol=0.05)
        assert_allclose(found.variance, (m - 1) * values.var(), rtol=0.02)


@pytest.mark.parametrize("above", [5.0, 15.0, 25.0])
def test_a_draw_that_outweighs_all_others_is_left_out_without_rounding(above: float) -> None:
    row = np.append(np.random.default_rng(5).normal(scale=0.1, size=300), above)
    sums = sum_directly(*flat([row]))
    found = jackknife(sums.at(np.ones(1)), counts=sums.counts)

    def weights(draws: np.ndarray) -> np.ndarray:
        return np.exp(draws - logsumexp(draws))

    def bias(draws: np.ndarray) -> float:
        m, w = draws.size, weights(draws)
        series = sum((w**k).sum() / k for k in (2, 3, 4))
        return (m - 1) / m * (series + 1) + (m - 1) * np.log1p(-1 / m)

    m, without = row.size, [np.delete(row, i) for i in range(row.size)]
    biases = np.array([bias(draws) for draws in without])
    assert_allclose(found.change, (m - 1) * (biases.mean() - bias(row)), rtol=1e-6)


@pytest.mark.parametrize("beta", [0.05, 0.1, 0.3, 1.0])
@pytest.mark.parametrize(
    "row",
    [RNG.normal(size=600), RNG.lognormal(sigma=0.5, size=600), RNG.integers(1, 6, 256) * 1.0],
    ids=["gaussian", "log-normal", "judge"],
)
def test_influences_have_their_moments_where_all_weights_are_nearly_alike(
    row: np.ndarray, beta: float
) -> None:
    def bias(draws: np.ndarray) -> float:
        m, mass = draws.size, np.exp(beta * draws)
        left = np.log1p(-mass / mass.sum()) - np.log1p(-1 / m)
        return -(m - 1) / m * float(left.sum())

    sums = sum_directly(*flat([row]))
    found = jackknife(sums.at(np.full(1, beta)), counts=sums.counts)
    m, without = row.size, [np.delete(row, i) for i in range(row.size)]
    biases = np.array([bias(draws) for draws in without])
    assert_allclose(found.change, (m - 1) * (biases.mean() - bias(row)), rtol=2e-3)
    values = np.array([logsumexp(beta * draws) for draws in without]) + biases
    away = values - values.mean()
    assert_allclose(found.variance, (m - 1) / m * (away**2).sum(), rtol=1e-3)
    scale = (away**2).sum() ** 1.5
    assert_allclose(found.third, -(away**3).sum(), rtol=0.02, atol=0.01 * scale)
    # only degrees of freedom come from it, of which many alike draws have thousands
    assert_allclose(found.fourth, (away**4).sum(), rtol=0.9)
