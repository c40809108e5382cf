"""Draws of checkpoints that TRL trained, scored by policy and reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from klimit import Draws, divergence_findings, sequence_kl
from klimit.data.logs.says import LogOverrides, ScoredColumns
from klimit.data.logs.scored import read_kl_source

SCORED = Path(__file__).parent / "files" / "trl_scored.parquet"


@pytest.mark.parametrize(("policy", "gain"), [("grpo", 1.6), ("grpo_slow", 8.0)])
def test_whole_distributions_of_two_trained_checkpoints_take_away_the_noise(
    policy: str, gain: float
) -> None:
    """At 3.7 and at 0.07 nats, against the log ratios of the same draws of each prompt."""
    draws = read_kl_source(
        str(SCORED), columns=ScoredColumns(policy=policy), says=LogOverrides()
    )
    assert isinstance(draws, Draws)
    ratio = draws.column("log_prob_policy") - draws.column("log_prob_reference")
    exact = draws.column("kl_exact")
    gap = ratio - exact
    assert abs(gap.mean()) < 3 * gap.std() / gap.size**0.5
    assert [finding.code for finding in divergence_findings(draws)] == ["cut-off"]
    whole = sequence_kl(draws, prompts="fixed")
    assert whole.value == pytest.approx(float(np.mean(exact)))
    assert whole.method.endswith("full next-token distributions")
    columns = {name: x for name, x in draws.columns.items() if name != "kl_exact"}
    plain = sequence_kl(replace(draws, columns=columns), prompts="fixed")
    assert plain.standard_error > gain * whole.standard_error
