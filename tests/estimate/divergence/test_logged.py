"""What logged averages say about whole responses: the truth of these is known."""

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit import InputError, InsufficientDataError, convert_logged_kl
from tests.markov_language import LONGEST, language

SIZES = st.integers(1, 12)
SEEDS = st.integers(0, 2**32 - 1)


def terms(rng: np.random.Generator, lengths: np.ndarray) -> dict[str, list[np.ndarray]]:
    """Token terms of responses, their log ratios of any size and sign."""
    ratios = [rng.normal(rng.normal(), rng.exponential(), length) for length in lengths]
    return {
        "k1": ratios,
        "k2": [ratio**2 / 2 for ratio in ratios],
        "k3": [np.exp(-ratio) - 1 + ratio for ratio in ratios],
    }


def sums(rows: list[np.ndarray]) -> float:
    return float(np.mean([row.sum() for row in rows]))


@given(SEEDS, SIZES)
def test_a_token_mean_of_one_batch_converts_exactly(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, count)
    for term in ("k1", "k3"):
        rows = terms(rng, lengths)[term]
        logged = float(np.concatenate(rows).mean())
        found = convert_logged_kl(
            logged, term=term, average="token", mean_length=lengths.mean(), parts=1
        )
        assert found.exact
        assert found.kl == pytest.approx(sums(rows), rel=1e-9, abs=1e-9)


@given(SEEDS, SIZES, SIZES)
def test_bounds_of_k3_hold_for_every_batch(seed: int, batches: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, batches * size)
    rows = terms(rng, lengths)["k3"]
    known = {
        "mean_length": float(lengths.mean()),
        "shortest": float(lengths.min()),
        "longest": float(lengths.max()),
    }
    over_responses = float(np.mean([row.mean() for row in rows]))
    over_batches = float(
        np.mean(
            [np.concatenate(rows[i * size : (i + 1) * size]).mean() for i in range(batches)]
        )
    )
    for average, logged, parts in (
        ("sequence", over_responses, len(rows)),
        ("token", over_batches, batches),
    ):
        wide = convert_logged_kl(logged, term="k3", average=average, **known)
        narrow = convert_logged_kl(logged, term="k3", average=average, parts=parts, **known)
        slack = 1e-9 * (1 + sums(rows))
        assert wide.low - slack <= narrow.low <= sums(rows) + slack
        assert sums(rows) - slack <= narrow.high <= wide.high + slack
        assert narrow.low <= narrow.kl <= narrow.high


@given(SEEDS, SIZES)
def test_k2_bounds_the_log_ratio_whatever_the_average(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 40, count)
    both = terms(rng, lengths)
    rows = both["k2"]
    logged = {
        "token": float(np.concatenate(rows).mean()),
        "sequence": float(np.mean([row.mean() for row in rows])),
        "sum": sums(rows),
    }
    for average, value in logged.items():
        found = convert_logged_kl(
            value,
            term="k2",
            average=average,  # type: ignore[arg-type]
            mean_length=lengths.mean(),
            shortest=float(lengths.min()),
            longest=float(lengths.max()),
            parts=1 if average == "token" else None,
        )
        assert found.low == 0
        assert sums(both["k1"]) <= found.high * (1 + 1e-9) + 1e-9


def test_k2_is_the_divergence_to_second_order() -> None:
    truth = language(0.01)
    batch = truth.draw(np.random.default_rng(0), 4000)
    logged = float((batch.ratio[batch.mask] ** 2 / 2).mean())
    found = convert_logged_kl(
        logged, term="k2", average="token", mean_length=batch.lengths.mean(), parts=1
    )
    assert found.kl == pytest.approx(truth.kl(), rel=0.05)


def by_length(
    rng: np.random.Generator, shortest: int, longest: int
) -> tuple[float, float, float]:
    """Of laws of length and divergences within each: E[S / length], E[S], E[length]."""
    size = longest - shortest + 1
    policy, reference = rng.dirichlet(np.full(size, 0.3), 2) + 1e-300
    within = rng.exponential(rng.choice([0.0, 0.05, 1.0]), size)
    length = np.arange(shortest, longest + 1.0)
    given_length = within + np.log(policy / reference)
    return (
        float(policy @ (given_length / length)),
        float(policy @ given_length),
        float(policy @ length),
    )


@given(SEEDS, st.integers(1, 20), st.integers(0, 60))
def test_bounds_of_k1_hold_in_expectation(seed: int, shortest: int, more: int) -> None:
    longest = shortest + more
    logged, truth, mean = by_length(np.random.default_rng(seed), shortest, longest)
    found = convert_logged_kl(
        logged,
        term="k1",
        average="sequence",
        mean_length=min(max(mean, shortest), longest),
        shortest=shortest,
        longest=longest,
    )
    assert found.low - 1e-9 <= truth <= found.high + 1e-9


def test_bounds_of_k1_need_the_term_for_likelier_lengths() -> None:
    """The reference prefers short answers: the mean of token means is negative."""
    length, policy, reference = (
        np.array([1.0, 40.0]),
        np.array([0.3, 0.7]),
        np.array([0.9, 0.1]),
    )
    ratio = np.log(policy / reference)
    logged, truth = float(policy @ (ratio / length)), float(policy @ ratio)
    assert logged < 0 < truth
    assert truth > 40 * logged
    found = convert_logged_kl(
        logged,
        term="k1",
        average="sequence",
        mean_length=float(policy @ length),
        shortest=1,
        longest=40,
    )
    assert found.low <= truth <= found.high


@pytest.mark.parametrize("ending", [0.0, 1.5, -1.5])
@pytest.mark.parametrize("distance", [0.063, 0.2, 0.39])
def test_the_numbers_of_three_trainers_lead_back_to_the_divergence(
    distance: float, ending: float
) -> None:
    truth = language(distance, ending=ending)
    batch = truth.draw(np.random.default_rng(7), 4000)
    k1 = batch.ratio
    k3 = np.exp(-k1) - 1 + k1
    lengths = {
        "mean_length": batch.lengths.mean(),
        "shortest": float(batch.lengths.min()),
        "longest": float(batch.lengths.max()),
    }
    grpo = convert_logged_kl(
        k3[batch.mask].mean(), term="k3", average="token", parts=1, **lengths
    )
    rloo = convert_logged_kl(
        k1[batch.mask].mean(), term="k1", average="token", parts=1, **lengths
    )
    noise = 5 * batch.sums(k1).std() / 4000**0.5
    assert grpo.exact
    assert abs(grpo.kl - truth.kl()) < noise
    assert abs(rloo.kl - truth.kl()) < noise
    token_means = batch.sums(np.clip(k1, -10, 10)) / batch.lengths
    openrlhf = convert_logged_kl(token_means.mean(), term="k1", average="sequence", **lengths)
    verl = convert_logged_kl(
        (batch.sums(np.clip(k3, None, 10)) / batch.lengths).mean(),
        term="k3",
        average="sequence",
        **lengths,
    )
    assert batch.lengths.max() == LONGEST
    for found in (openrlhf, verl):
        assert not found.exact
        assert found.low <= truth.kl() <= found.high


def test_responses_of_one_length_leave_no_doubt() -> None:
    found = convert_logged_kl(
        0.1, term="k1", average="sequence", mean_length=32, shortest=32, longest=32
    )
    assert found.exact
    assert found.kl == pytest.approx(3.2)


def test_without_a_longest_response_there_is_no_upper_bound() -> None:
    found = convert_logged_kl(0.1, term="k3", average="sequence", mean_length=32)
    assert (found.low, found.high) == (0.1, inf)
    zero = convert_logged_kl(0.0, term="k3", average="sequence", mean_length=32)
    assert (zero.low, zero.high) == (0.0, 0.0)
    some = convert_logged_kl(0.1, term="k3", average="sequence", mean_length=32, parts=4)
    assert some.high == pytest.approx(0.1 * (4 * 32 - 3))


def test_a_sum_is_nats_already_and_may_be_negative() -> None:
    assert convert_logged_kl(-0.5, term="k1", average="sum").kl == -0.5


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"logged": 0.1}, InsufficientDataError, "needs the mean length of the responses"),
        ({"logged": -0.1, "mean_length": 9}, InputError, "k3 is never negative, got -0.1; if"),
        ({"logged": np.nan, "mean_length": 9}, InputError, "must be finite, got nan"),
        ({"logged": 0.1, "mean_length": 0}, InputError, "must be positive, got 0"),
        (
            {"logged": 0.1, "mean_length": 9, "longest": 8},
            InputError,
            "shortest <= mean <= longest, got 1, 9, 8",
        ),
        ({"logged": 0.1, "mean_length": 9, "parts": 0}, InputError, "at least 1 part, got 0"),
    ],
)
def test_what_cannot_be_is_refused(
    options: dict[str, float], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        convert_logged_kl(**options, term="k3", average="token")  # type: ignore[arg-type]


def test_the_bound_of_k2_is_nearly_reached_where_long_responses_alone_differ() -> None:
    """Of 1 and of 39 tokens, the log ratio 0.3 on every token of the longer."""
    found = convert_logged_kl(
        0.3**2 / 2 / 2, term="k2", average="sequence", mean_length=20, longest=39
    )
    truth = 39 * 0.3 / 2
    assert truth <= found.high <= 1.02 * truth
