"""What the draws predicted, and what came of it on fresh draws."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.draws import Draws
from klimit.estimate.uncertainty import check_level, check_prompts
from klimit.estimate.weights import prompt_tilts, tilt_weights
from klimit.estimate.within_prompts import WithinPrompts

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

    Few winners tell little of their own spread, none where all reach a ceiling: the error of
    the difference is never taken below what the draws foresee for that many winners.

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
    blocks, winners = _shared(draws, kept, least=n)
    pools = sorted_pools(_grouped(blocks))
    found = _compare(
        f"best of {n}",
        pools.best_of(n, errors=True),
        sorted_pools(_grouped(winners)).best_of(1, errors=True),
        prompts,
        level,
    )
    foreseen = pools.best_of_spread(n) / np.array([block.size for block in winners])
    return replace(found, difference=_at_least(found.difference, foreseen))


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
    method: str, predicted: WithinPrompts, realised: WithinPrompts, prompts: str, level: float
) -> Prediction:
    check_prompts(prompts)
    check_level(level)
    return Prediction(
        method=method,
        predicted=predicted.mean(prompts=prompts, level=level),
        realised=realised.mean(prompts=prompts, level=level),
        difference=realised.less(predicted).mean(prompts=prompts, level=level),
    )


def _at_least(difference: Estimate, foreseen: Float64[np.ndarray, " p"]) -> Estimate:
    """The difference with an interval as wide as the foreseen variances ask for."""
    p = foreseen.size
    stderr = float(foreseen.sum()) ** 0.5 / p
    if not difference.standard_error < stderr:
        return difference
    reach = stderr * float(stdtrit(max(p - 1.0, 1.0), 0.5 + difference.level / 2))
    return replace(
        difference,
        standard_error=stderr,
        low=min(difference.low, difference.value - reach),
        high=max(difference.high, difference.value + reach),
    )


def _grouped(blocks: list[Float64[np.ndarray, " _"]]) -> Draws:
    ends = np.concatenate([[0], np.cumsum([block.size for block in blocks])])
    return Draws.from_blocks(tuple(range(len(blocks))), ends, np.concatenate(blocks))


def _tilted(blocks: list[Float64[np.ndarray, " _"]], beta: float) -> WithinPrompts:
    """The reward of each prompt's tilt, jackknifed, and its variance over the draws."""
    grouped = _grouped(blocks)
    starts, counts = grouped.offsets[:-1], grouped.counts
    tilts = prompt_tilts(grouped, beta=beta)
    weights = tilt_weights(grouped, beta=beta)
    gap = grouped.rewards - np.repeat(tilts.plug_in_reward, counts)
    left_out = -weights * gap / np.maximum(1.0 - weights, 1e-15)
    centred = left_out - np.repeat(np.add.reduceat(left_out, starts) / counts, counts)
    rest, single = counts - 1.0, counts == 1

    def mean(power: int) -> Float64[np.ndarray, " p"]:
        moment: Float64[np.ndarray, " p"] = np.add.reduceat(centred**power, starts) / counts
        return moment

    return WithinPrompts(
        tilts.reward,
        np.where(single, np.inf, rest * mean(2)),
        np.where(single, np.inf, rest**2 / counts * (mean(4) - mean(2) ** 2)),
        -(rest**3) / counts**2 * mean(3),
    )


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
