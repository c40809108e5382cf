"""Two checkpoints of SmolLM2-135M-Instruct, really tuned: `examples/smollm2_tuned.parquet`."""

import re
from pathlib import Path

import pytest

from klimit import Draws, audit, read_draws, sequence_kl

EXAMPLES = Path(__file__).parents[2] / "examples"


def tuned(policy: str) -> Draws:
    return read_draws(EXAMPLES / "smollm2_tuned.parquet", reward="sentiment", policy=policy)


def without(draws: Draws, *names: str) -> Draws:
    columns = {name: values for name, values in draws.columns.items() if name not in names}
    return Draws.from_blocks(draws.prompts, draws.offsets, draws.rewards, columns, draws.texts)


@pytest.mark.parametrize("policy", ["step_4", "step_20"])
def test_whole_next_token_distributions_take_noise_away_at_equal_draws(policy: str) -> None:
    draws = tuned(policy)
    exact = sequence_kl(draws, prompts="fixed")
    ratio = sequence_kl(without(draws, "kl_exact"), prompts="fixed")
    assert ratio.standard_error > 1.6 * exact.standard_error
    assert abs(ratio.value - exact.value) < 4 * ratio.standard_error


def test_tuning_goes_on_away_from_the_reference_for_little_reward() -> None:
    reference = read_draws(EXAMPLES / "smollm2_draws.parquet", reward="sentiment")
    early, late = (
        audit(tuned(policy), reference=reference) for policy in ("step_4", "step_20")
    )
    assert early.kl.value < late.kl.value
    assert early.mean_reward.value < late.mean_reward.value
    assert late.efficiency.value < 0.5
    found = {finding.code: finding.message for finding in late.findings}
    assert "best-of-n-better" in found
    need = re.search(r"about ([\d,]+) prompts would narrow it", found["efficiency-unclear"])
    assert need is not None
    assert int(need[1].replace(",", "")) > len(reference.prompts)  # which leave it unclear
