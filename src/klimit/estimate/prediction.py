"""What the draws predicted, and what came of it on fresh draws."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.estimate.draws import Draws
from klimit.estimate.order_statistics import unbiased_best_of_n
from klimit.estimate.uncertainty import check_level, check_prompts, mean_over_prompts
from klimit.estimate.weights import prompt_tilts, tilt_weights

__all__ = ["Prediction", "check_best_of_n", "check_tilt"]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction(Result):
    """A mean reward predicted from one set of draws and measured on another.

    Attributes:
        method: What was predicted, in words: ``"best of 6"``.
        predicted: The mean reward that the first draws predict.
        realised: The mean reward on fresh draws.
        difference: Realised less predicted, paired by prompt; a prediction that holds has an
            interval with 0 in it as often as ``level`` says.
    """

    method: str
    predicted: Estimate
    realised: Estimate
    difference: Estimate


def check_best_of_n(
    draws: Draws, kept: Draws, *, n: int, prompts: str = "sampled", level: float = 0.95
) -> Prediction:
    """Compare the best-of-N that draws predict with one that was run.

    Args:
        draws: Draws of the reference policy, from which the prediction is made.
        kept: What best-of-N kept on fresh draws: the reward of each winner.
        n: Number of draws of which the best was kept.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone (each then needs two winners).
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The comparison over the prompts that have ``n`` draws and a winner.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: The two share no prompt, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(50, 64)))
        >>> kept = Draws.from_matrix(rng.normal(size=(50, 8, 4)).max(axis=2))
        >>> print(check_best_of_n(draws, kept, n=4).difference)
        0.089 ± 0.036
    """
    if n < 1:
        raise InputError(f"n must be at least 1, got {n}")
    pools, winners = _shared(draws, kept, least=n)
    predicted = np.array([unbiased_best_of_n(pool, n=n)[0] for pool in pools])
    realised = np.array([winner.mean() for winner in winners])
    fixed = prompts == "fixed"
    noise = np.array([_best_of_n_variance(pool, n) if fixed else np.nan for pool in pools])
    return _compare(
        f"best of {n}",
        _PerPrompt(predicted, noise),
        _PerPrompt(realised, np.array([_mean_variance(winner) for winner in winners])),
        prompts,
        level,
    )


def check_tilt(
    draws: Draws, fresh: Draws, *, beta: float, prompts: str = "sampled", level: float = 0.95
) -> Prediction:
    """Compare the mean reward of a tilt on two sets of draws, each reweighted by itself.

    Args:
        draws: Draws of the reference policy, from which the prediction is made.
        fresh: Further draws of the same policy.
        beta: Inverse temperature, the factor on the reward; finite.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the intervals, in (0, 1).

    Returns:
        The comparison over the prompts that both have.

    Raises:
        InputError: An argument is outside its range.
        InsufficientDataError: The two share no prompt, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_matrix(rng.normal(size=(50, 64)))
        >>> fresh = Draws.from_matrix(rng.normal(size=(50, 32)))
        >>> found = check_tilt(draws, fresh, beta=1.0).difference
        >>> found.low < 0 < found.high
        True
    """
    if not np.isfinite(beta):
        raise InputError(f"beta must be finite, got {beta}")
    pools, others = _shared(draws, fresh, least=1)
    return _compare(
        f"tilt at beta {beta:.3g}",
        _tilted(pools, beta),
        _tilted(others, beta),
        prompts,
        level,
    )


def _compare(
    method: str, predicted: "_PerPrompt", realised: "_PerPrompt", prompts: str, level: float
) -> Prediction:
    check_prompts(prompts)
    check_level(level)
    return Prediction(
        method=method,
        predicted=predicted.mean(prompts, level),
        realised=realised.mean(prompts, level),
        difference=realised.less(predicted).mean(prompts, level),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _PerPrompt:
    """One number a prompt, with its variance over the draws of that prompt."""

    values: Float64[np.ndarray, " p"]
    variances: Float64[np.ndarray, " p"]

    def less(self, other: "_PerPrompt") -> "_PerPrompt":
        return _PerPrompt(self.values - other.values, self.variances + other.variances)

    def mean(self, prompts: str, level: float) -> Estimate:
        return mean_over_prompts(self.values, self.variances, prompts=prompts, level=level)


def _tilted(blocks: list[Float64[np.ndarray, " _"]], beta: float) -> _PerPrompt:
    """The reward of each prompt's tilt, jackknifed, and its variance over the draws."""
    ends = np.concatenate([[0], np.cumsum([block.size for block in blocks])])
    grouped = Draws.from_blocks(tuple(range(len(blocks))), ends, np.concatenate(blocks))
    starts, counts = grouped.offsets[:-1], grouped.counts
    tilts = prompt_tilts(grouped, beta=beta)
    weights = tilt_weights(grouped, beta=beta)
    gap = grouped.rewards - np.repeat(tilts.plug_in_reward, counts)
    left_out = -weights * gap / np.maximum(1.0 - weights, 1e-15)
    centred = left_out - np.repeat(np.add.reduceat(left_out, starts) / counts, counts)
    variance = (counts - 1) / counts * np.add.reduceat(centred**2, starts)
    return _PerPrompt(tilts.reward, np.where(counts == 1, np.inf, variance))


def _shared(
    first: Draws, second: Draws, *, least: int
) -> tuple[list[Float64[np.ndarray, " _"]], list[Float64[np.ndarray, " _"]]]:
    """The rewards of the prompts that both have, those with ``least`` draws in the first."""
    blocks = np.split(first.rewards, first.offsets[1:-1])
    others = dict(
        zip(second.prompts, np.split(second.rewards, second.offsets[1:-1]), strict=True)
    )
    pairs = [
        (block, others[prompt])
        for prompt, block in zip(first.prompts, blocks, strict=True)
        if prompt in others and block.size >= least
    ]
    if not pairs:
        raise InsufficientDataError(
            f"the two sets of draws must share a prompt with at least {least} draws, "
            f"got {len(first.prompts)} and {len(second.prompts)} prompts, none shared"
        )
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def _mean_variance(values: Float64[np.ndarray, " m"]) -> float:
    return float(values.var(ddof=1)) / values.size if values.size > 1 else np.inf


def _best_of_n_variance(rewards: Float64[np.ndarray, " m"], n: int) -> float:
    """Variance of the U-statistic over the draws of a prompt: the jackknife.

    ``inf`` where no draw can be left out.
    """
    m = rewards.size
    if m <= n:
        return np.inf
    left_out = np.array([unbiased_best_of_n(np.delete(rewards, i), n=n)[0] for i in range(m)])
    return float((m - 1) * left_out.var())
