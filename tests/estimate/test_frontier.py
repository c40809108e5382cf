"""The estimated frontier on laws whose frontier is known."""

import numpy as np
import pytest

from klimit import Draws, InputError, InsufficientDataError, estimate_frontier


@pytest.mark.parametrize("pooling", ["pooled", "per-prompt"])
@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_gaussian_rewards_have_the_frontier_sqrt_two_kl(pooling: str, prompts: str) -> None:
    draws = Draws.from_matrix(np.random.default_rng(5).normal(size=(100, 256)))
    found = estimate_frontier(draws, kl=[0.1, 0.5, 1.0], pooling=pooling, prompts=prompts)
    for point in found.points:
        assert point.supported
        assert abs(point.reward.value - (2 * point.kl) ** 0.5) < 4 * point.reward.standard_error


def test_one_sampled_prompt_is_refused_with_the_remedy() -> None:
    draws = Draws.from_matrix(np.random.default_rng(5).normal(size=(1, 256)))
    with pytest.raises(InsufficientDataError, match="needs 2 prompts, got 1"):
        estimate_frontier(draws, kl=0.5)


def test_a_negative_budget_is_refused() -> None:
    draws = Draws.from_matrix([[0.0, 1.0], [0.0, 2.0]])
    with pytest.raises(InputError, match="kl must be at least 0, got -1"):
        estimate_frontier(draws, kl=-1.0)
