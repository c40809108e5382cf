"""What log-probabilities reveal about themselves, and what they do not."""

import numpy as np
import pytest

from klimit import Draws, divergence_findings
from tests.estimate.test_divergence import scored, shifted_normal


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
