"""A number of draws spread over prompts."""

from itertools import product
from time import perf_counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit import Draws, allocate_draws, unbiased_best_of_n
from klimit.core.errors import InputError, InsufficientDataError
from klimit.estimate.best_of.pools import sorted_blocks, sorted_pools
from klimit.estimate.plan.gains import largest_gains, shrunken_gains
from klimit.estimate.plan.ranks import reward_curves


def unequal(rng: np.random.Generator, p: int, m: int) -> Draws:
    """Prompts of spreads 0.2 and 2 in turn."""
    spread = np.where(np.arange(p) % 2, 2.0, 0.2)[:, None]
    return Draws.from_matrix(spread * rng.normal(size=(p, m)))


def test_gains_of_best_of_n_fall_with_n() -> None:
    rewards = np.random.default_rng(0).choice([0.0, 1.0, 1.5, 9.0], size=(20, 30))
    curves = reward_curves(sorted_pools(Draws.from_matrix(rewards)), most=30)
    assert (np.diff(curves, n=2, axis=1) < 1e-9).all()


def test_the_largest_gains_are_the_best_of_all_allocations() -> None:
    gains = np.sort(np.random.default_rng(1).random((3, 4)), axis=1)[:, ::-1]
    caps, total = np.array([5, 2, 4]), 8
    reward = np.concatenate([np.zeros((3, 1)), np.cumsum(gains, axis=1)], axis=1)
    possible = [n for n in product(*(range(1, cap + 1) for cap in caps)) if sum(n) == total]
    best = max(possible, key=lambda n: sum(reward[x, k - 1] for x, k in enumerate(n)))
    assert largest_gains(gains, caps=caps, total=total).tolist() == list(best)


def test_gains_that_are_noise_are_those_of_all_prompts() -> None:
    draws = Draws.from_matrix(np.random.default_rng(2).normal(size=(200, 24)))
    gains = shrunken_gains(sorted_blocks(draws), prompts=200, most=8)
    curves = reward_curves(sorted_pools(draws), most=8)
    assert_allclose(gains.mean(axis=0), np.diff(curves, axis=1).mean(axis=0), rtol=0.02)
    assert gains[:, 0].std() < 0.5 * np.diff(curves, axis=1)[:, 0].std()


def test_gains_that_are_well_known_are_kept() -> None:
    draws = unequal(np.random.default_rng(3), 40, 2000)
    own = np.diff(reward_curves(sorted_pools(draws), most=4), axis=1)
    gains = shrunken_gains(sorted_blocks(draws), prompts=40, most=4)
    assert_allclose(gains, own, atol=0.01)


def test_prompts_that_gain_more_get_more() -> None:
    found = allocate_draws(unequal(np.random.default_rng(4), 40, 64), total=240)
    assert found.n.sum() == 240
    assert found.n[1::2].mean() > 4 * found.n[::2].mean()
    assert found.gain.low > 0
    assert found.gain.value == pytest.approx(found.reward.value - found.uniform.value)


def test_the_promise_holds_on_fresh_draws() -> None:
    """Within 4 standard errors, which fails once in 10^4 such tests."""
    rng = np.random.default_rng(5)
    found = allocate_draws(unequal(rng, 200, 64), total=1200)
    fresh = unequal(rng, 200, 2000).rewards.reshape(200, 2000)
    kept = [unbiased_best_of_n(row, n=int(n))[0] for row, n in zip(fresh, found.n, strict=True)]
    error = np.hypot(found.reward.standard_error, 0.01)
    assert abs(found.reward.value - np.mean(kept)) < 4 * error


def test_prompts_alike_gain_nothing() -> None:
    """Fewer than 50 of 60 cover 0, or their mean is 4 errors off: once in 10^3 tests."""
    rng = np.random.default_rng(6)
    gains = [
        allocate_draws(Draws.from_matrix(rng.exponential(size=(20, 32))), total=80).gain
        for _ in range(60)
    ]
    values = np.array([gain.value for gain in gains])
    assert sum(gain.low <= 0 <= gain.high for gain in gains) >= 50
    assert abs(values.mean()) < 4 * values.std() / 60**0.5


def test_a_uniform_allocation_of_as_many_as_prompts_is_the_reference() -> None:
    draws = unequal(np.random.default_rng(7), 10, 32)
    found = allocate_draws(draws, total=10)
    assert found.n.tolist() == [1] * 10
    assert found.gain.value == 0.0
    assert found.uniform.value == pytest.approx(draws.rewards.mean())


def test_prompts_may_have_different_numbers_of_draws() -> None:
    rng = np.random.default_rng(8)
    draws = Draws.from_matrix([rng.normal(size=m).tolist() for m in (8, 20, 40)])
    found = allocate_draws(draws, total=24)
    assert found.n.sum() == 24
    assert (found.n < draws.counts / 2).all()


@pytest.mark.parametrize("total", [9, 10_000])
def test_a_total_out_of_range_is_refused(total: int) -> None:
    with pytest.raises(InputError, match="total must lie between 10"):
        allocate_draws(unequal(np.random.default_rng(9), 10, 32), total=total)


def test_too_few_draws_tell_no_gains() -> None:
    with pytest.raises(InsufficientDataError, match="1 of 2 have fewer"):
        allocate_draws(Draws.from_matrix([[0.0] * 9, [1.0] * 3]), total=4)


@pytest.mark.slow
def test_ten_thousand_prompts_take_less_than_ten_seconds() -> None:
    draws = unequal(np.random.default_rng(10), 10_000, 64)
    start = perf_counter()
    allocate_draws(draws, total=80_000)
    assert perf_counter() - start < 10
