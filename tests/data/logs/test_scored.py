"""Draws of checkpoints that TRL trained, scored by policy and reference."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from klimit import Draws, divergence_findings, sequence_kl
from klimit.data.logs.says import LogOverrides, ScoredColumns
from klimit.data.logs.scored import read_kl_source

SCORED = Path(__file__).parent / "files" / "trl_scored.parquet"


@pytest.mark.parametrize(("policy", "gain"), [("grpo", 1.6), ("grpo_slow", 6.5)])
def test_whole_distributions_of_two_trained_checkpoints_take_away_the_noise(
    policy: str, gain: float
) -> None:
    """Per response, and against the log ratio of the same draws."""
    draws = read_kl_source(
        str(SCORED), columns=ScoredColumns(policy=policy), says=LogOverrides()
    )
    assert isinstance(draws, Draws)
    ratio = draws.column("log_prob_policy") - draws.column("log_prob_reference")
    exact = draws.column("kl_exact")
    assert ratio.std() > gain * exact.std()
    gap = ratio - exact
    assert abs(gap.mean()) < 3 * gap.std() / gap.size**0.5
    assert [finding.code for finding in divergence_findings(draws)] == ["cut-off"]
    whole = sequence_kl(draws, prompts="fixed")
    assert whole.value == pytest.approx(float(np.mean(exact)))
    assert whole.method.endswith("full next-token distributions")


@pytest.mark.parametrize(("policy", "gain"), [("grpo", 2.0), ("grpo_slow", 8.0)])
def test_whole_distributions_make_errors_of_these_prompts_smaller(
    policy: str, gain: float
) -> None:
    """At 2.4 nats, and at 0.07."""
    columns = ScoredColumns(policy=policy)
    draws = read_kl_source(str(SCORED), columns=columns, says=LogOverrides())
    assert isinstance(draws, Draws)
    sums = {name: values for name, values in draws.columns.items() if name != "kl_exact"}
    whole, plain = (
        sequence_kl(each, prompts="fixed") for each in (draws, replace(draws, columns=sums))
    )
    assert plain.standard_error > gain * whole.standard_error
