"""What log-probabilities reveal about themselves, and what they do not."""

import numpy as np
import pytest

from klimit import Draws, divergence_findings
from tests.estimate.divergence.test_sequences import scored, shifted_normal
from tests.markov_language import Batch, Language, language


def codes(draws: Draws) -> list[str]:
    return [finding.code for finding in divergence_findings(draws)]


@pytest.mark.parametrize("kl", [0.01, 0.1, 1.0, 4.0])
def test_a_sound_table_raises_nothing(kl: float) -> None:
    for seed in range(20):
        policy, reference = shifted_normal(kl)(np.random.default_rng(seed), 2000)
        found = set(codes(scored(policy, reference, prompts=20)))
        assert found <= {"kl-negative", "reference-unreached"}
        assert kl > 0.5 or "reference-unreached" not in found


def test_a_negative_estimate_is_called_noise_with_its_size() -> None:
    draws = scored(np.array([-1.0, -1.2, -1.0]), np.array([-1.1, -1.0, -0.9]), prompts=3)
    (finding,) = divergence_findings(draws)
    assert finding.code == "kl-negative"
    assert "-0.067 ± 0.088" in finding.message
    assert "noise" in finding.advice


def test_a_draw_impossible_for_the_reference_is_named() -> None:
    draws = scored(np.array([-1.0, -1.0]), np.array([-1.0, -np.inf]), prompts=2)
    (finding,) = divergence_findings(draws)
    assert finding.code == "kl-infinite"
    assert "the first for prompt 1" in finding.message


def test_log_probabilities_of_another_temperature_show_where_noise_allows() -> None:
    rng = np.random.default_rng(2)
    x = rng.choice(3, 6000, p=[0.2, 0.2, 0.6])
    claimed = np.log(np.array([0.1, 0.1, 0.8]))[x]  # sharper than what was sampled
    reference = np.log(np.array([0.4, 0.3, 0.3]))[x]
    assert codes(scored(claimed, reference, prompts=60)) == ["ratio-above-one"]


def test_truncated_sampling_shows_as_reference_not_reached() -> None:
    rng = np.random.default_rng(2)
    x = rng.choice(2, 6000, p=[0.5, 0.5])
    policy = np.log(np.array([0.5, 0.5]))[x]
    reference = np.log(np.array([0.4, 0.4]))[x]  # and 0.2 on what top-k removed
    (finding,) = divergence_findings(scored(policy, reference, prompts=60))
    assert finding.code == "reference-unreached"
    assert "80.0%" in finding.message


def test_one_prompt_shows_truncation_by_the_spread_of_its_draws() -> None:
    policy, reached = np.full(80, np.log(0.5)), np.log(np.tile([0.4, 0.6], 40))
    (finding,) = divergence_findings(scored(policy, policy + reached, prompts=1))
    assert finding.code == "reference-unreached"
    assert "reach 50.0% of the reference's probability (± 1 points)" in finding.message


def test_few_responses_that_ended_by_themselves_do_not_accuse_the_end_token() -> None:
    policy, ended = np.log(np.tile([0.6, 0.4], 40)), np.zeros(80)
    ended[:20] = 1.0
    columns = {"log_prob_policy": policy, "log_prob_reference": policy - np.log(2.0)}
    draws = Draws.from_columns(
        prompt=np.repeat([0, 1], 40), reward=np.zeros(80), finished=ended, **columns
    )
    assert codes(draws) == ["cut-off", "reference-unreached"]


def test_policy_scored_as_reference_is_noticed() -> None:
    same = -np.arange(1.0, 9.0)
    assert codes(scored(same, same, prompts=4)) == ["log-probs-identical"]


def test_positive_log_probabilities_are_noticed() -> None:
    policy, reference = np.array([12.0, 11.0, 13.0]), np.array([11.0, 11.5, 11.0])
    assert "log-prob-positive" in codes(scored(policy, reference, prompts=3))


def test_responses_cut_off_are_counted() -> None:
    draws = Draws.from_columns(
        prompt=[0, 0, 1, 1],
        reward=np.zeros(4),
        kl_exact=[0.1, 0.2, 0.1, 0.3],
        finished=[1, 0, 1, 0],
    )
    (finding,) = divergence_findings(draws)
    assert finding.code == "cut-off"
    assert finding.message.startswith("2 of 4 draws ended at the length limit")


def spoken(batch: Batch, **changes: np.ndarray) -> Draws:
    """A batch of a small language as a table of scored draws."""
    policy = batch.sums(batch.log_policy)
    columns = {
        "log_prob_policy": policy,
        "log_prob_reference": policy - batch.sums(batch.ratio),
        "finished": batch.finished.astype(float),
        "tokens": batch.lengths.astype(float),
    }
    return Draws.from_columns(
        prompt=np.arange(policy.size) % 50, reward=np.zeros(policy.size), **columns | changes
    )


@pytest.mark.parametrize("distance", [0.02, 0.063, 0.2])
def test_a_language_scored_as_drawn_raises_nothing_but_its_length_limit(
    distance: float,
) -> None:
    for seed in range(10):
        batch = language(distance).draw(np.random.default_rng(seed), 2000)
        found = codes(spoken(batch, kl_exact=batch.sums(batch.exact)))
        assert set(found) <= {"cut-off", "kl-negative"}


def hotter(truth: Language, temperature: float) -> Language:
    policy = truth.policy ** (1 / temperature)
    return Language(policy / policy.sum(axis=1, keepdims=True), truth.reference)


@pytest.mark.parametrize("temperature", [0.7, 0.9, 1.3])
def test_draws_at_another_temperature_disagree_with_whole_distributions(
    temperature: float,
) -> None:
    truth = language(0.2)
    batch = hotter(truth, temperature).draw(np.random.default_rng(1), 2000)
    scored_at_1 = truth.score(batch)
    draws = spoken(scored_at_1, kl_exact=scored_at_1.sums(scored_at_1.exact))
    assert "draws-not-of-policy" in codes(draws)


@pytest.mark.parametrize("missing_from", ["log_prob_policy", "log_prob_reference"])
def test_an_end_token_in_one_sum_alone_is_named(missing_from: str) -> None:
    batch = language(0.1).draw(np.random.default_rng(1), 4000)
    last = batch.lengths - 1
    rows = np.arange(last.size)
    ends = np.where(batch.finished, batch.log_policy[rows, last], 0.0)
    if missing_from == "log_prob_reference":
        ends = ends - np.where(batch.finished, batch.ratio[rows, last], 0.0)
    draws = spoken(batch)
    without = draws.column(missing_from).copy()
    order = np.argsort(np.arange(last.size) % 50, kind="stable")
    without -= ends[order]
    draws = Draws.from_blocks(
        draws.prompts,
        draws.offsets,
        draws.rewards,
        dict(draws.columns) | {missing_from: without},
    )
    assert "end-token" in codes(draws)


def test_settings_of_the_draws_are_read_where_a_table_has_them() -> None:
    draws = Draws.from_columns(
        prompt=[0, 0, 1, 1],
        reward=np.zeros(4),
        kl_exact=[0.1, 0.2, 0.1, 0.3],
        temperature=[0.7, 0.7, 0.8, 1.0],
        top_p=[0.9] * 4,
        top_k=[-1, 0, 0, 0],
        min_p=[0.0] * 4,
    )
    temperature, truncated = divergence_findings(draws)
    assert (temperature.code, truncated.code) == ("temperature", "truncated-sampling")
    assert "3 of 4 draws were made at a temperature other than 1 (0.7 to 0.8)" in str(
        temperature
    )
    assert "top_p 0.9, which leaves out" in truncated.message


def test_an_engine_that_disagrees_is_measured() -> None:
    batch = language(0.1).draw(np.random.default_rng(1), 500)
    noise = np.random.default_rng(2).normal(-0.7, 2.4, 500)
    engine = batch.sums(batch.log_policy) + noise
    findings = {
        finding.code: finding
        for finding in divergence_findings(spoken(batch, log_prob_engine=engine))
    }
    assert f"{-noise.mean():+.3g} nats from log_prob_engine" in str(
        findings["engine-disagrees"]
    )
    same = batch.sums(batch.log_policy)
    assert "engine-disagrees" not in codes(spoken(batch, log_prob_engine=same))


def test_padding_in_the_sums_shows_as_more_nats_a_token_than_there_are_tokens() -> None:
    batch = language(0.1).draw(np.random.default_rng(1), 500)
    padding = -30.0 * (64 - batch.lengths)
    policy = batch.sums(batch.log_policy) + padding
    draws = spoken(batch, log_prob_policy=policy, log_prob_reference=policy)
    assert "log-prob-too-low" in codes(draws)
