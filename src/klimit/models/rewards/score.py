"""Asking a reward about many responses, so that one bad answer loses no other."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.models.rewards.registry import Reward

__all__ = ["Scores", "score"]


@dataclass(frozen=True, slots=True, eq=False)
class Scores(Result):
    """The rewards of some responses, and why some have none.

    Attributes:
        rewards: One a response, shape ``(n,)``; ``nan`` marks a response without a reward,
            written as null in tables and never filled in.
        problems: Why, in words, and how many responses each reason struck.
    """

    rewards: Float64[np.ndarray, " n"]
    problems: dict[str, int]

    @property
    def missing(self) -> int:
        """Number of responses without a reward."""
        return sum(self.problems.values())

    def __str__(self) -> str:
        """How many were scored, and why the others were not."""
        reasons = "; ".join(f"{count}: {reason}" for reason, count in self.problems.items())
        return f"{len(self.rewards) - self.missing} of {len(self.rewards)} scored" + (
            f" ({reasons})" if reasons else ""
        )


def score(
    reward: Reward,
    *,
    prompts: Sequence[str],
    responses: Sequence[str],
    batch: int = 256,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Scores:
    """Score responses in batches.

    A batch at which the reward raises, or for which it returns another number of values, is
    halved until the responses that it cannot score stand alone; the others keep their reward.

    Args:
        reward: The reward.
        prompts: The prompt of each response.
        responses: The responses, as many.
        batch: Most responses in one call.
        on_progress: Called with the number of responses done after each batch.

    Returns:
        The rewards, and why some are missing.

    Raises:
        InputError: Not as many responses as prompts.

    Example:
        >>> from klimit.models.rewards.registry import load_reward
        >>> score(load_reward("length"), prompts=["a", "b"], responses=["x", "yz"]).rewards
        array([1., 2.])
    """
    if len(prompts) != len(responses):
        raise InputError(
            f"as many prompts as responses, got {len(prompts)} and {len(responses)}"
        )
    rewards = np.full(len(responses), np.nan)
    problems: Counter[str] = Counter()
    for start in range(0, len(responses), batch):
        stop = min(start + batch, len(responses))
        pending = [(start, stop)]
        while pending:
            low, high = pending.pop()
            values, problem = _ask(reward, prompts[low:high], responses[low:high])
            if values is not None:
                rewards[low:high] = np.where(np.isfinite(values), values, np.nan)
                problems.update(f"it returned {v}" for v in values[~np.isfinite(values)])
            elif high - low == 1:
                problems[problem] += 1
            else:
                middle = (low + high) // 2
                pending += [(middle, high), (low, middle)]
        on_progress(stop)
    return Scores(rewards, dict(problems))


def _ask(
    reward: Reward, prompts: Sequence[str], responses: Sequence[str]
) -> tuple[Float64[np.ndarray, " n"] | None, str]:
    """The values, or why there are none."""
    try:
        returned = reward.function(prompts, responses)
        values = np.asarray(returned, dtype=np.float64)
    except Exception as error:  # noqa: BLE001  (somebody else's code may raise anything)
        return None, f"it raised {type(error).__name__}: {error}"
    if values.shape != (len(responses),):
        return None, f"it returned shape {values.shape} for {len(responses)} responses"
    return values, ""
