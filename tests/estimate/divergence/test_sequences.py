"""The divergence from log-probabilities, on policies whose divergence is known."""

from collections.abc import Callable

import numpy as np
import pytest

from klimit import Draws, InputError, InsufficientDataError, sequence_kl

Sampler = Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]]


def scored(policy: np.ndarray, reference: np.ndarray, *, prompts: int) -> Draws:
    return Draws.from_columns(
        prompt=np.repeat(np.arange(prompts), policy.size // prompts),
        reward=np.zeros(policy.size),
        log_prob_policy=policy,
        log_prob_reference=reference,
    )


def shifted_normal(kl: float) -> Sampler:
    shift = (2 * kl) ** 0.5

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.normal(shift, 1.0, count)
        return -((x - shift) ** 2) / 2, -(x**2) / 2

    return sample


def power_law(exponent: float) -> tuple[Sampler, float]:
    """A policy whose ratio ``p / pi`` has no variance to speak of."""
    rank = np.arange(1.0, 2001.0)
    reference, policy = rank**-1.2, rank**-exponent
    reference, policy = reference / reference.sum(), policy / policy.sum()

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        x = rng.choice(rank.size, count, p=policy)
        return np.log(policy[x]), np.log(reference[x])

    return sample, float(policy @ np.log(policy / reference))


def collapsed(rare: float) -> tuple[Sampler, float]:
    """Nearly always one of two equally likely outcomes."""

    def sample(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
        other = rng.random(count) < rare
        return np.where(other, np.log(rare), np.log1p(-rare)), np.full(count, np.log(0.5))

    kl = rare * np.log(2 * rare) + (1 - rare) * np.log(2 * (1 - rare))
    return sample, float(kl)


CASES = {
    **{f"normal {kl}": (shifted_normal(kl), kl) for kl in (0.005, 0.08, 0.5, 1.0, 3.4)},
    **{f"power {s}": power_law(s) for s in (1.3, 1.8, 3.0)},
    **{f"collapsed {rare}": collapsed(rare) for rare in (1e-4, 1e-2, 0.1)},
}


@pytest.mark.parametrize("name", list(CASES))
def test_it_is_the_mean_of_the_log_ratios_and_unbiased(name: str) -> None:
    sample, truth = CASES[name]
    rng = np.random.default_rng(11)
    found = np.empty(200)
    for run in range(found.size):
        policy, reference = sample(rng, 320)
        found[run] = sequence_kl(scored(policy, reference, prompts=20)).value
        assert found[run] == pytest.approx((policy - reference).mean())
    assert abs(found.mean() - truth) < 4 * found.std() / found.size**0.5 + 1e-12


def test_a_mode_that_the_policy_left_does_not_mislead_the_interval() -> None:
    """No draw shows the 3 % that the reference has there: ``p / pi`` averages 0.97 in all."""
    rng = np.random.default_rng(4)
    rest, hits = -np.log(0.97), 0
    for _ in range(400):
        ratio = rest + rng.normal(0.05, 0.1**0.5, size=800)
        kl = sequence_kl(scored(ratio, np.zeros(800), prompts=40))
        hits += kl.low <= rest + 0.05 <= kl.high
    assert hits >= 365  # 380 expected; fewer once in 5,000 seeds


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_the_interval_leans_to_where_rare_prompts_or_draws_would_carry_it(prompts: str) -> None:
    ratio = np.repeat([0.0, 0.1, 0.2, 0.1, 3.0], 4) + np.tile([-1.0, -1.0, -1.0, 3.0], 5)
    kl = sequence_kl(scored(ratio, np.zeros(20), prompts=5), prompts=prompts)
    assert kl.high - kl.value > 1.2 * (kl.value - kl.low)


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize("name", ["normal 0.08", "normal 1.0", "normal 3.4", "power 1.8"])
def test_intervals_cover(name: str, prompts: str) -> None:
    sample, truth = CASES[name]
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(1000):
        kl = sequence_kl(scored(*sample(rng, 640), prompts=40), prompts=prompts)
        hits += kl.low <= truth <= kl.high
    assert hits >= 930


def test_prompts_weigh_equally_whatever_their_number_of_draws() -> None:
    draws = Draws.from_columns(
        prompt=["a", "b", "b", "b"],
        reward=np.zeros(4),
        log_prob_policy=[-1.0, -2.0, -2.0, -2.0],
        log_prob_reference=[-2.0, -5.0, -5.0, -5.0],
    )
    assert sequence_kl(draws).value == 2.0


def test_sums_over_whole_next_token_distributions_are_taken_where_given() -> None:
    """A two-token chain: the summed conditional divergences have the same mean."""
    rng = np.random.default_rng(3)
    reference = np.array([[0.5, 0.5], [0.6, 0.4], [0.3, 0.7]])  # first; after 0; after 1
    policy = np.array([[0.6, 0.4], [0.7, 0.3], [0.5, 0.5]])
    step = (policy * np.log(policy / reference)).sum(axis=1)
    truth = step[0] + policy[0] @ step[1:]
    first = (rng.random(4000) < policy[0, 1]).astype(int)
    second = (rng.random(4000) < policy[1 + first, 1]).astype(int)
    draws = Draws.from_columns(
        prompt=np.arange(4000) % 40,
        reward=np.zeros(4000),
        log_prob_policy=np.log(policy[0, first] * policy[1 + first, second]),
        log_prob_reference=np.log(reference[0, first] * reference[1 + first, second]),
        kl_exact=step[0] + step[1 + first],
    )
    exact = sequence_kl(draws, prompts="fixed")
    assert abs(exact.value - truth) < 4 * exact.standard_error
    ratio = np.log(policy[0, first] / reference[0, first])
    assert exact.standard_error < ratio.std() / 4000**0.5 / 4
    assert exact.method.endswith("full next-token distributions")


def test_a_draw_that_the_reference_cannot_make_is_an_infinite_divergence() -> None:
    draws = scored(np.array([-1.0, -1.0]), np.array([-1.5, -np.inf]), prompts=2)
    kl = sequence_kl(draws)
    assert (kl.value, kl.low, kl.high, kl.standard_error) == (np.inf, np.inf, np.inf, 0.0)
    assert kl.method == "1 of 2 draws have probability 0 under the reference"


@pytest.mark.parametrize(
    ("policy", "reference", "told"),
    [
        (
            [-1.0, -np.inf],
            [-1.0, -1.0],
            "log_prob_policy of the policy's own draws must be fin",
        ),
        ([-1.0, np.nan], [-1.0, -1.0], "got nan for prompt 1, draw 0"),
        ([-1.0, -1.0], [np.nan, -1.0], "log_prob_reference must be a number or -inf, got nan"),
        ([-1.0, -1.0], [np.inf, -1.0], "log_prob_reference must be a number or -inf, got inf"),
    ],
)
def test_what_is_no_log_probability_is_refused(
    policy: list[float], reference: list[float], told: str
) -> None:
    with pytest.raises(InputError, match=told):
        sequence_kl(scored(np.array(policy), np.array(reference), prompts=2))


def test_missing_columns_are_named() -> None:
    draws = Draws.from_columns(prompt=[0, 1], reward=[0.0, 1.0], log_prob_policy=[-1.0, -2.0])
    with pytest.raises(
        InputError, match="log_prob_reference missing, the draws have log_prob_p"
    ):
        sequence_kl(draws)


def test_an_unknown_error_is_refused_not_given_as_zero() -> None:
    lone = scored(np.array([-1.0, -1.0]), np.array([-1.5, -1.0]), prompts=2)
    with pytest.raises(InsufficientDataError, match="needs 2 draws of each, 2 of 2 have one"):
        sequence_kl(lone, prompts="fixed")
    with pytest.raises(InsufficientDataError, match="needs 2 prompts, got 1"):
        sequence_kl(scored(np.zeros(4), np.zeros(4), prompts=1))
