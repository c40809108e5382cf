"""What estimators refuse, and what they say of data that tell little."""

from collections.abc import Callable

import numpy as np
import pytest

from klimit import (
    Draws,
    InputError,
    audit_points,
    combine_rewards,
    divergence_findings,
    estimate_best_of_n,
    estimate_frontier,
    estimate_tilt,
    overoptimisation,
    overoptimisation_of_each,
    plan,
    unbiased_best_of_n,
)
from klimit.estimate.best_of.points import best_of_n_within
from klimit.estimate.weights import tilt_weights

RNG = np.random.default_rng(0)
SOME = Draws.from_columns(
    prompt=np.repeat([*"abcd"], 16),
    reward=RNG.normal(size=64),
    gold=RNG.normal(size=64),
    holes=np.where(np.arange(64) == 7, np.nan, 1.0),
    tokens=np.where(np.arange(64) == 7, -1.0, 20.0),
)

REFUSED: list[tuple[Callable[[], object], str]] = [
    (
        lambda: unbiased_best_of_n(np.zeros(4), n=2, values=[0.0, 1.0, 2.0]),
        "values must be one a reward, 4, got 3",
    ),
    (
        lambda: unbiased_best_of_n(np.array([0.0, np.nan]), n=1),
        "rewards and values must be finite; drop the draw or mend the reward",
    ),
    (
        lambda: unbiased_best_of_n(np.zeros(4), n=5),
        "n must be a whole number between 1 and the 4 draws, got 5",
    ),
    (
        lambda: estimate_frontier(SOME, kl=1.0, prompts="all"),
        'prompts must be "sampled" or "fixed", got \'all\'',
    ),
    (lambda: estimate_frontier(SOME, kl=1.0, level=1.0), "level must lie between 0 and 1"),
    (lambda: best_of_n_within(SOME, kl=-1.0), "kl must be at least 0, got -1.0"),
    (
        lambda: estimate_frontier(SOME, kl=1.0, pooling="each"),
        'pooling must be "pooled" or "per-prompt", got \'each\'',
    ),
    (
        lambda: combine_rewards(SOME, columns=["reward", "holes"], how="mean"),
        "column 'holes' must be finite to join an ensemble",
    ),
    (
        lambda: overoptimisation(SOME, gold="gold", n=[0]),
        "n must be whole numbers, at least 1, got [0]",
    ),
    (
        lambda: overoptimisation_of_each(SOME, golds=[]),
        "golds must name at least one column, got none",
    ),
    (lambda: estimate_tilt(SOME, beta=np.nan), "beta must be finite, got nan"),
    (
        lambda: plan(SOME, kl=0.1, tokens="tokens"),
        "column 'tokens' must hold the number of tokens of every draw",
    ),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused_input_gets_one_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_run_that_stays_at_one_kl_has_no_knee() -> None:
    run = audit_points(kl=[0.2] * 8, reward=np.linspace(0.0, 0.3, 8), reference=SOME)
    assert run.knee is None
    assert run.knee_reason


def scored(**columns: object) -> Draws:
    log_prob = np.linspace(-20, -10, 12)
    return Draws.from_columns(
        prompt=np.repeat(["a", "b"], 6),
        reward=np.zeros(12),
        log_prob_policy=log_prob,
        log_prob_reference=log_prob - 0.1,
        **columns,  # type: ignore[arg-type]
    )


def test_draws_that_all_ended_are_not_called_cut_off() -> None:
    codes = [found.code for found in divergence_findings(scored(finished=np.ones(12)))]
    assert "cut-off" not in codes
    half = scored(finished=np.repeat([0.0, 1.0], 6))
    assert "cut-off" in [found.code for found in divergence_findings(half)]


def test_lengths_that_nobody_knows_tell_nothing() -> None:
    nothing = divergence_findings(scored(tokens=np.full(12, np.nan)))
    assert [found.code for found in nothing] == [
        found.code for found in divergence_findings(scored())
    ]


def test_one_prompt_has_findings_without_an_interval() -> None:
    columns = {"log_prob_policy": np.full(12, -20.0), "log_prob_reference": np.full(12, -19.0)}
    one = Draws.from_columns(prompt=["a"] * 12, reward=np.zeros(12), **columns)
    assert "negative" not in [found.code for found in divergence_findings(one)]


def test_prompts_of_unequal_draws_may_stand_in_any_order() -> None:
    rows = [RNG.normal(size=m).tolist() for m in (9, 5, 9, 5, 9)]
    mixed = estimate_best_of_n(Draws.from_matrix(rows), n=[2, 4])
    grouped = estimate_best_of_n(Draws.from_matrix(sorted(rows, key=len)), n=[2, 4])
    for one, other in zip(mixed.points, grouped.points, strict=True):
        assert one.reward.value == pytest.approx(other.reward.value, rel=1e-12)
        assert one.kl.value == pytest.approx(other.kl.value, rel=1e-12)


def test_a_budget_next_to_nothing_buys_next_to_nothing() -> None:
    point = estimate_frontier(SOME, kl=1e-10).points[0]
    spread = float(np.mean([block.std() for block in SOME.blocks]))
    assert point.reward.value == pytest.approx(SOME.rewards.mean(), abs=1e-4 * spread)


def test_few_draws_a_prompt_do_not_bear_a_budget_for_each() -> None:
    few = Draws.from_matrix(RNG.normal(size=(30, 4)))
    point = estimate_frontier(few, kl=0.01, pooling="per-prompt").points[0]
    assert not point.supported
    assert "30 of 30 prompts have fewer than" in point.reason


def test_the_best_of_all_draws_of_fixed_prompts_has_no_known_error() -> None:
    found = overoptimisation(SOME, gold="gold", n=[2, 16], prompts="fixed")
    last = found.best_of_n[-1].gold
    best = [block.argmax() + 16 * i for i, block in enumerate(SOME.blocks)]
    assert last.value == pytest.approx(SOME.column("gold")[best].mean())
    assert last.standard_error == np.inf


def test_a_weight_needs_a_number() -> None:
    with pytest.raises(InputError, match="beta must be a number, got nan"):
        tilt_weights(SOME, beta=np.nan)
