import numpy as np
import pytest

from klimit import Draws, FiniteModel, best_of_n
from klimit.core.errors import InputError, InsufficientDataError
from klimit.sample.best_of import keep_best


def test_winners_follow_the_exact_law_of_best_of_n() -> None:
    """Chi-square against the exact law, false alarm 1 in 1,000."""
    model = FiniteModel.from_probs([0.5, 0.3, 0.15, 0.05], [0.0, 1.0, 1.0, 2.0])
    rng = np.random.default_rng(5)
    outcome = rng.choice(4, p=[0.5, 0.3, 0.15, 0.05], size=(10, 9_000))
    rewards = np.array([0.0, 1.0, 1.0, 2.0])[outcome]
    draws = Draws.from_matrix(rewards)
    labelled = Draws.from_blocks(
        draws.prompts, draws.offsets, draws.rewards, {"outcome": outcome.ravel().astype(float)}
    )
    kept = keep_best(labelled, n=3)
    seen = np.bincount(kept.column("outcome").astype(int), minlength=4)
    expected = np.exp(best_of_n(model, n=3).log_probs) * 30_000
    assert ((seen - expected) ** 2 / expected).sum() < 16.27


def test_left_over_draws_are_not_used_and_short_prompts_left_out() -> None:
    draws = Draws.from_columns(
        prompt=["a", "a", "a", "b"], reward=[1.0, 2.0, 9.0, 5.0], response=["w", "x", "y", "z"]
    )
    kept = keep_best(draws, n=2)
    assert (kept.prompts, kept.rewards.tolist(), kept.texts) == (("a",), [2.0], ["x"])


def test_the_first_of_tied_draws_is_kept() -> None:
    draws = Draws.from_columns(prompt=["a"] * 2, reward=[1.0, 1.0], response=["first", "last"])
    assert keep_best(draws, n=2).texts == ["first"]


def test_too_few_draws_are_refused() -> None:
    draws = Draws.from_matrix([[1.0, 2.0]])
    with pytest.raises(InsufficientDataError, match="best-of-3 needs a prompt with 3 draws"):
        keep_best(draws, n=3)
    with pytest.raises(InputError, match="n must be at least 1, got 0"):
        keep_best(draws, n=0)
