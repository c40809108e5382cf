"""Whole next-token distributions: exact divergences, and how much noise they take away."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit import Draws, InputError, next_token_kl, sequence_kl
from tests.markov_language import Batch, Language, language


def fifty_digits(policy: np.ndarray, reference: np.ndarray) -> float:
    with mpmath.workdps(50):
        q = [mpmath.exp(mpmath.mpf(float(x))) for x in policy]
        p = [mpmath.exp(mpmath.mpf(float(x))) for x in reference]
        sum_q, sum_p = mpmath.fsum(q), mpmath.fsum(p)
        terms = [
            a / sum_q * mpmath.log(a * sum_p / (b * sum_q)) for a, b in zip(q, p, strict=True)
        ]
        return float(mpmath.fsum(terms))


@given(
    st.integers(0, 2**32 - 1),
    st.integers(2, 50),
    st.sampled_from([1e-6, 1e-3, 0.1, 1.0, 10.0, 100.0]),
)
def test_it_has_the_digits_of_fifty_digit_arithmetic(
    seed: int, size: int, distance: float
) -> None:
    rng = np.random.default_rng(seed)
    reference = rng.normal(0.0, 5.0, size)
    policy = reference + distance * rng.normal(0.0, 1.0, size)
    truth = fifty_digits(policy, reference)
    assert next_token_kl(policy, reference) == pytest.approx(truth, rel=1e-8, abs=1e-18)


def test_tokens_left_out_cost_the_policy_nothing_and_are_infinite_in_the_reference() -> None:
    full, cut = np.log([0.5, 0.3, 0.2]), np.array([0.0, 0.0, -np.inf])
    both = next_token_kl(np.array([cut, full, cut]), np.array([full, cut, cut]))
    assert both[0] == pytest.approx(0.5 * np.log(1.0) + 0.5 * np.log(0.5 / 0.3))
    assert both[1] == np.inf
    assert both[2] == 0.0


def test_single_precision_logits_of_a_batch_are_taken() -> None:
    logits = np.random.default_rng(0).normal(size=(2, 3, 7)).astype(np.float32)
    assert next_token_kl(logits, logits * 2).shape == (2, 3)
    assert not next_token_kl(logits, logits + 1).max() > 1e-12


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (np.zeros((2, 3)), r"got \(2, 3\) and \(3,\)"),
        (np.array([0.0, np.nan, 0.0]), "must be numbers or -inf"),
        (np.full(3, -np.inf), "one of each row finite"),
    ],
)
def test_what_is_no_distribution_is_refused(policy: np.ndarray, told: str) -> None:
    with pytest.raises(InputError, match=told):
        next_token_kl(policy, np.zeros(3))


def table(batch: Batch, **columns: np.ndarray) -> Draws:
    count = batch.lengths.size
    return Draws.from_columns(prompt=np.arange(count) % 50, reward=np.zeros(count), **columns)


def both_ways(batch: Batch) -> tuple[Draws, Draws]:
    """The same responses with sums of log-probabilities, and with whole distributions."""
    policy = batch.sums(batch.log_policy)
    reference = policy - batch.sums(batch.ratio)
    return (
        table(batch, log_prob_policy=policy, log_prob_reference=reference),
        table(batch, kl_exact=batch.sums(batch.exact)),
    )


@pytest.mark.parametrize(("distance", "kl", "gain"), [(0.39, 3.4, 1.6), (0.0618, 0.08, 8.0)])
def test_whole_distributions_take_away_the_noise(
    distance: float, kl: float, gain: float
) -> None:
    """Standard errors at equal responses, against the plain mean of the log ratio."""
    truth = language(distance)
    assert truth.kl() == pytest.approx(kl, rel=0.02)
    batch = truth.draw(np.random.default_rng(0), 4000)
    sums, whole = both_ways(batch)
    plain = batch.sums(batch.ratio).std(ddof=1) / 4000**0.5
    exact = sequence_kl(whole, prompts="fixed")
    assert exact.standard_error * gain < plain
    assert exact.standard_error < sequence_kl(sums, prompts="fixed").standard_error
    assert abs(exact.value - truth.kl()) < 4 * exact.standard_error


def test_both_ways_are_unbiased_and_cover_on_a_small_language() -> None:
    """300 tables of 400 responses; at 95 %, fewer than 267 hits happen once in 20,000."""
    truth = language(0.2)
    rng = np.random.default_rng(1)
    hits, errors = np.zeros(2, dtype=int), np.zeros((300, 2))
    for run in range(300):
        for way, draws in enumerate(both_ways(truth.draw(rng, 400))):
            found = sequence_kl(draws, prompts="fixed")
            hits[way] += found.low <= truth.kl() <= found.high
            errors[run, way] = found.value - truth.kl()
    assert (hits >= 267).all()
    assert (np.abs(errors.mean(axis=0)) < 4 * errors.std(axis=0) / 300**0.5).all()


def test_the_language_agrees_with_its_distributions() -> None:
    truth = language(0.3)
    found = next_token_kl(np.log(truth.policy), np.log(truth.reference))
    assert found == pytest.approx(truth.step_kl, rel=1e-12)
    same = Language(truth.reference, truth.reference)
    assert same.kl() == 0.0


def without_the_rarest(truth: Language, *, kept: float) -> Language:
    """Top-p sampling: the likeliest tokens of each state that make up ``kept``."""
    order = np.argsort(-truth.policy, axis=1)
    sorted_mass = np.take_along_axis(truth.policy, order, axis=1)
    drop = sorted_mass.cumsum(axis=1) - sorted_mass > kept
    policy = truth.policy.copy()
    np.put_along_axis(policy, order, np.where(drop, 0.0, sorted_mass), axis=1)
    return Language(policy / policy.sum(axis=1, keepdims=True), truth.reference)


@pytest.mark.parametrize(
    ("distance", "kept", "told"), [(0.063, 0.9995, True), (0.2, 0.98, False)]
)
def test_truncated_sampling_brings_no_bias_in(
    distance: float,
    kept: float,
    told: bool,  # noqa: FBT001
) -> None:
    """Nucleus sampling; the mean of the control is then below 0, told or seen."""
    truth = without_the_rarest(language(distance), kept=kept)
    rng = np.random.default_rng(2)
    errors = np.zeros(100)
    for run in range(100):
        sums, _ = both_ways(truth.draw(rng, 1000))
        columns = dict(sums.columns) | ({"top_p": np.full(1000, kept)} if told else {})
        draws = Draws.from_blocks(sums.prompts, sums.offsets, sums.rewards, columns)
        errors[run] = sequence_kl(draws, prompts="fixed").value - truth.kl()
    assert abs(errors.mean()) < 4 * errors.std() / 100**0.5
