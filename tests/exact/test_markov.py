"""Paths of a chain: the law of their total reward, their tilts, their growth rates."""

import itertools
import math

import numpy as np
import pytest

from klimit import (
    FiniteModel,
    InputError,
    Markov,
    Memoryless,
    best_of_n,
    divergence,
    frontier,
    rate,
    scaled_cgf,
    tilt,
)
from klimit.exact.chain_input import initial
from klimit.exact.markov import _on_lattice
from klimit.exact.paths import path_sums

PROBS = np.array([[0.5, 0.3, 0.2], [0.1, 0.0, 0.9], [0.25, 0.25, 0.5]])
REWARDS = np.array([[0.0, 0.5, 1.0], [1.5, np.nan, 0.0], [0.5, 2.0, 0.5]])
START = np.array([0.2, 0.0, 0.8])


def logs(probs: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.log(probs)


def random_chain(seed: int, states: int, steps: int) -> Markov:
    rng = np.random.default_rng(seed)
    probs = rng.dirichlet(np.full(states, 0.7), size=states)
    return Markov(np.log(probs), rng.integers(0, steps + 1, (states, states)), start=0)


def enumerated(
    probs: np.ndarray, rewards: np.ndarray, start: np.ndarray, length: int
) -> dict[float, float]:
    found: dict[float, list[float]] = {}
    for path in itertools.product(range(start.size), repeat=length + 1):
        steps = list(itertools.pairwise(path))
        mass = start[path[0]] * math.prod(probs[i, j] for i, j in steps)
        if mass > 0:
            total = round(math.fsum(rewards[i, j] for i, j in steps), 9)
            found.setdefault(total, []).append(mass)
    return {total: math.fsum(masses) for total, masses in sorted(found.items())}


@pytest.mark.parametrize("length", [1, 2, 3, 7])
@pytest.mark.parametrize("shift", [0.0, np.sqrt(2.0), -np.inf])
def test_it_is_the_law_found_by_enumerating_all_paths(length: int, shift: float) -> None:
    rewards = REWARDS.copy()
    rewards[0, 1] += shift
    law = Markov(logs(PROBS), rewards, start=START).total(length)
    exact = enumerated(PROBS, rewards, START, length)
    np.testing.assert_allclose(law.rewards, list(exact), rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(np.exp(law.log_probs), list(exact.values()), rtol=1e-12)


@pytest.mark.parametrize(
    ("seed", "states", "steps", "length"), [(0, 3, 2, 300), (1, 6, 4, 150)]
)
def test_windows_of_tilts_agree_with_adding_up(
    seed: int, states: int, steps: int, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = random_chain(seed, states, steps)
    index = chain.edge_rewards.astype(np.int64)
    sums = path_sums(
        chain.log_start, chain.log_transitions, index, length, blur=0.0, most=np.inf
    )
    assert sums is not None
    monkeypatch.setattr("klimit.exact.markov._QUICK", 0.0)
    found = _on_lattice(chain.log_start, chain.log_transitions, index, length)
    np.testing.assert_array_equal(found[0], sums[0])
    np.testing.assert_allclose(found[1], sums[1], rtol=1e-12)
    assert sums[1].min() < -200


def test_a_chain_of_equal_rows_is_memoryless() -> None:
    probs, rewards = np.array([0.5, 0.3, 0.2]), np.array([0.0, 1.0, 3.0])
    chain = Markov(np.tile(np.log(probs), (3, 1)), np.tile(rewards, (3, 1)), start=1)
    ours = chain.total(5000)
    truth = Memoryless(FiniteModel.from_probs(probs, rewards)).total(5000)
    kept = np.isin(truth.rewards, ours.rewards)
    assert np.count_nonzero(~kept) <= 4
    np.testing.assert_allclose(ours.log_probs, truth.log_probs[kept], rtol=1e-12)
    assert ours.levels.ceiling_kl == pytest.approx(-5000 * math.log(0.2), rel=1e-13)


def test_periods_leave_gaps_in_the_law() -> None:
    probs = np.array([[0.0, 0.4, 0.6], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    rewards = np.array([[0.0, 1.0, 3.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    law = Markov(logs(probs), rewards, start=0).total(20_000)
    truth = Memoryless(FiniteModel.from_probs([0.4, 0.6], [2.0, 4.0])).total(10_000)
    np.testing.assert_array_equal(law.rewards, truth.rewards)
    np.testing.assert_allclose(law.log_probs, truth.log_probs, rtol=1e-11)


@pytest.mark.parametrize("beta", [-1.5, 0.0, 0.8, 20.0])
@pytest.mark.parametrize("length", [1, 6])
def test_the_tilted_chain_is_the_tilt_of_all_paths(beta: float, length: int) -> None:
    chain = Markov(logs(PROBS), REWARDS, start=START)
    found = chain.tilt(length, beta=beta)
    whole = tilt(chain.total(length), beta=beta)
    assert found.kl == pytest.approx(whole.kl, rel=1e-11, abs=1e-13)
    assert found.cgf == pytest.approx(whole.cgf, rel=1e-12, abs=1e-13)
    assert found.mean_reward == pytest.approx(whole.mean_reward, rel=1e-12)
    rewards = np.where(PROBS > 0, REWARDS, 0.0)
    for path in itertools.product(range(3), repeat=length + 1):
        steps = list(itertools.pairwise(path))
        mass = START[path[0]] * math.prod(PROBS[i, j] for i, j in steps)
        if mass == 0:
            continue
        total = sum(rewards[i, j] for i, j in steps)
        ours = found.log_start[path[0]] + sum(
            found.log_transitions(t)[i, j] for t, (i, j) in enumerate(steps)
        )
        assert ours == pytest.approx(math.log(mass) + beta * total - whole.cgf, abs=1e-11)


def test_the_tilted_chain_agrees_with_the_law_at_a_length_of_thousands() -> None:
    chain = random_chain(5, 4, 2)
    optimum = frontier(chain.total(3000)).at_kl(200.0)
    found = chain.tilt(3000, beta=optimum.beta)
    assert found.kl == pytest.approx(200.0, rel=1e-11)
    assert found.mean_reward == pytest.approx(optimum.mean_reward, rel=1e-12)
    for step in (0, 1500, 2999):
        rows = np.exp(found.log_transitions(step)).sum(axis=1)
        np.testing.assert_allclose(rows, 1.0, rtol=1e-13)


def test_simulated_paths_have_the_law_within_four_standard_errors() -> None:
    chain, rng, draws = random_chain(7, 3, 2), np.random.default_rng(11), 20_000
    law = chain.total(12)
    probs, state, total = np.exp(chain.log_transitions), np.zeros(draws, int), np.zeros(draws)
    for _ in range(12):
        after = (rng.random(draws)[:, None] > np.cumsum(probs[state], axis=1)).sum(axis=1)
        total += chain.edge_rewards[state, after]
        state = after
    for reward, log_prob in zip(law.rewards, law.log_probs, strict=True):
        p = math.exp(log_prob)
        error = math.sqrt(p * (1 - p) / draws)
        assert abs(np.mean(total == reward) - p) < 4 * error + 1 / draws  # 25 levels: 0.2 %


def test_best_of_n_nears_the_optimum_per_step() -> None:
    chain, distances = random_chain(2, 3, 2), []
    for length in (100, 400, 1600):
        law = chain.total(length)
        best, optimum = best_of_n(law, log_n=0.1 * length), frontier(law).at_kl(0.1 * length)
        distances.append(divergence(best, optimum) / length)
        assert best.mean_reward < optimum.mean_reward
    assert distances[0] > 2.0 * distances[1] > 4.5 * distances[2] > 0.0


def test_growth_rates_are_the_limits_of_finite_lengths() -> None:
    chain = random_chain(3, 4, 3)
    short, long = (tilt(chain.total(n), beta=0.7) for n in (1000, 2000))
    assert scaled_cgf(chain, t=0.7) == pytest.approx((long.cgf - short.cgf) / 1000, rel=1e-12)
    mean = (long.mean_reward - short.mean_reward) / 1000
    assert rate(chain, mean) == pytest.approx((long.kl - short.kl) / 1000, rel=1e-9)
    assert rate(chain, mean, beta=0.7) == pytest.approx(0.0, abs=1e-13)
    assert scaled_cgf(chain, t=0.4, beta=0.3) == pytest.approx(
        scaled_cgf(chain, t=0.7) - scaled_cgf(chain, t=0.3), rel=1e-12
    )


def test_the_rate_at_the_extremes_is_what_the_best_cycle_costs() -> None:
    probs = np.array([[0.9, 0.1], [0.3, 0.7]])
    chain = Markov(np.log(probs), [[0.0, 1.0], [1.0, 0.5]], start=0)
    assert rate(chain, 1.0) == pytest.approx(-math.log(0.1 * 0.3) / 2, rel=1e-12)
    assert rate(chain, 0.0) == pytest.approx(-math.log(0.9), rel=1e-12)
    assert rate(chain, 1.001) == math.inf
    assert rate(chain, -0.001) == math.inf


def test_a_reducible_chain_is_exact_while_it_is_short() -> None:
    probs = np.array([[0.2, 0.5, 0.3], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    chain = Markov(logs(probs), np.diag([0.0, 1.0, 2.0]), start=0)
    exact = enumerated(probs, chain.edge_rewards, np.array([1.0, 0.0, 0.0]), 6)
    law = chain.total(6)
    np.testing.assert_array_equal(law.rewards, list(exact))
    np.testing.assert_allclose(np.exp(law.log_probs), list(exact.values()), rtol=1e-13)


def test_a_reducible_chain_is_refused_with_the_reason_where_it_is_long() -> None:
    chain = Markov(logs(np.eye(2)), [[1.0, 0.0], [0.0, 2.0]], start=[0.5, 0.5])
    with pytest.raises(InputError, match="growth rates need a chain drawn into one class"):
        scaled_cgf(chain, t=1.0)
    mixed = np.array(
        [[0.5, 0.5, 0.0, 0.0], [0.5, 0.49, 0.01, 0], [0, 0, 0.5, 0.5], [0, 0, 1, 0]]
    )
    rewards = np.arange(16.0).reshape(4, 4)
    with pytest.raises(InputError, match=r"^the chain is reducible: [^\n]*$"):
        Markov(logs(mixed), rewards, start=0).total(20_000)


@pytest.mark.parametrize(
    ("probs", "rewards", "start", "message"),
    [
        ([[0.5, 0.5]], [[0.0, 1.0]], 0, "log_transitions must be a square matrix"),
        ([[0.5, 0.5], [0.5, 0.4]], np.eye(2), 0, "row 1 of log_transitions must be"),
        ([[0.5, 0.5], [0.5, 0.5]], np.eye(3), 0, "must be of one shape"),
        ([[0.5, 0.5], [0.5, 0.5]], [[0, np.nan], [0, 0]], 0, "got nan from state 0 to 1"),
        ([[0.5, 0.5], [0.5, 0.5]], [[0, np.inf], [0, 0]], 0, "got inf from state 0 to 1"),
        ([[0.5, 0.5], [0.5, 0.5]], np.eye(2), 2, "start must be a state from 0 to 1, got 2"),
        ([[0.5, 0.5], [0.5, 0.5]], np.eye(2), [0.5, 0.4], "start must be"),
        ([[0.5, 0.5], [0.5, 0.5]], np.eye(2), [1.0], "start must have one number a state"),
    ],
)
def test_what_is_no_chain_is_refused_in_one_line(
    probs: list[list[float]], rewards: np.ndarray, start: int | list[float], message: str
) -> None:
    with pytest.raises(InputError, match=message) as refused:
        Markov(np.log(probs), rewards, start=start)
    assert "\n" not in str(refused.value)


def test_a_chain_with_no_path_is_refused() -> None:
    chain = Markov(logs(np.array([[0.0, 1.0], [0.5, 0.5]])), [[0, 1], [-np.inf] * 2], start=0)
    assert chain.total(1).rewards.tolist() == [1.0]
    for refused in (chain.total, lambda n: chain.tilt(n, beta=1.0)):
        with pytest.raises(InputError, match="no path of 2 steps has a finite reward"):
            refused(2)


def test_a_start_may_be_given_three_ways() -> None:
    np.testing.assert_array_equal(initial(1, 2), initial([0.0, 1.0], 2))
    np.testing.assert_allclose(initial(np.log([0.25, 0.75]), 2), initial([0.25, 0.75], 2))


@pytest.mark.parametrize("length", [0, -1, True, 10**12, math.nan])
def test_a_length_that_is_no_number_of_steps_is_refused(length: float) -> None:
    chain = random_chain(0, 2, 1)
    for refused in (chain.total, lambda n: chain.tilt(n, beta=1.0)):
        with pytest.raises(InputError, match=r"^length must be [^\n]*$"):
            refused(length)


@pytest.mark.slow
def test_fifty_states_and_ten_thousand_steps_agree_with_the_tilted_chain() -> None:
    chain = random_chain(3, 50, 2)
    optimum = frontier(chain.total(10_000)).at_kl(1000.0)
    found = chain.tilt(10_000, beta=optimum.beta)
    assert found.kl == pytest.approx(1000.0, rel=1e-12)
    assert found.mean_reward == pytest.approx(optimum.mean_reward, rel=1e-12)
    assert found.cgf == pytest.approx(optimum.cgf, rel=1e-11)
