"""What the draws predicted, and what came of it on fresh draws."""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.special import stdtrit

from klimit.core.errors import InputError, InsufficientDataError
from klimit.core.results import Estimate, Result
from klimit.estimate.best_of.pools import sorted_pools
from klimit.estimate.draws import Draws
from klimit.estimate.matched import of_prompts
from klimit.estimate.parts import Part, by_parts
from klimit.estimate.tilted import tilted
from klimit.estimate.uncertainty import check_level, check_prompts
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
    check_prompts(prompts)
    check_level(level)
    if n < 1:
        raise InputError(f"n must be at least 1, got {n}")
    pool, winners = _shared(draws, kept, least=n)
    predicted, spread = _best_of(pool, n)
    realised, _ = _best_of(winners, 1)
    difference = realised.less(predicted).mean(prompts=prompts, level=level)
    return Prediction(
        f"best of {n}",
        predicted.mean(prompts=prompts, level=level),
        realised.mean(prompts=prompts, level=level),
        _at_least(difference, spread / winners.counts),
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
    check_prompts(prompts)
    check_level(level)
    if not np.isfinite(beta):
        raise InputError(f"beta must be finite, got {beta}")
    pool, others = _shared(draws, fresh, least=1)
    predicted, realised = tilted(pool, beta=beta).mean, tilted(others, beta=beta).mean
    difference = realised.less(predicted)
    three = (x.mean(prompts=prompts, level=level) for x in (predicted, realised, difference))
    return Prediction(f"tilt at beta {beta:.3g}", *three)


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


def _shared(first: Draws, second: Draws, *, least: int) -> tuple[Draws, Draws]:
    """The rewards of the prompts that both have, those with ``least`` draws in the first."""
    place = {prompt: i for i, prompt in enumerate(second.prompts)}
    pairs = zip(first.prompts, first.counts.tolist(), strict=True)
    which = [i for i, (p, count) in enumerate(pairs) if p in place and count >= least]
    if not which:
        raise InsufficientDataError(
            f"the two sets of draws must share a prompt with at least {least} draws, "
            f"got {len(first.prompts)} and {len(second.prompts)} prompts, none shared"
        )
    others = [place[first.prompts[i]] for i in which]
    return of_prompts(_rewards(first), which), of_prompts(_rewards(second), others)


def _rewards(draws: Draws) -> Draws:
    return Draws.from_blocks(draws.prompts, draws.offsets, draws.rewards)


def _best_of(draws: Draws, n: int) -> tuple[WithinPrompts, Float64[np.ndarray, " p"]]:
    """Mean reward of best-of-N at every prompt, and the variance of one reward it keeps."""

    def of(part: Part) -> Float64[np.ndarray, "5 q"]:
        pools = sorted_pools(part.draws)
        found = pools.best_of(n, errors=True)
        moments = (found.values, found.variances, found.doubts, found.thirds)
        return np.array([*moments, pools.best_of_spread(n)])

    *moments, spread = by_parts(draws, of)
    return WithinPrompts(*moments), spread
