"""What a gold reward does as a proxy is optimised, by best-of-N and along the frontier."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError
from klimit.estimate.best_of.points import estimate_best_of_n
from klimit.estimate.draws import Draws
from klimit.estimate.frontier.points import estimate_frontier
from klimit.estimate.gold.answers import gold_answer
from klimit.estimate.gold.correlation import correlation_at
from klimit.estimate.gold.curves import gold_curves
from klimit.estimate.gold.fixed_prompts import fixed_levels
from klimit.estimate.gold.levels import gold_column, levels_for
from klimit.estimate.gold.points import OverOptimisation
from klimit.estimate.gold.sampled_prompts import GoldLevels, sampled_levels

__all__ = ["overoptimisation", "overoptimisation_of_each"]

Levels = int | Sequence[int] | Int64[np.ndarray, " k"] | None
Budgets = float | Sequence[float] | Float64[np.ndarray, " b"] | None


def overoptimisation(  # noqa: PLR0913  (what, how far, for whom, how sure)
    draws: Draws,
    *,
    gold: str | Float64[np.ndarray, " n"],
    n: Levels = None,
    kl: Budgets = None,
    prompts: str = "sampled",
    level: float = 0.95,
) -> OverOptimisation:
    """The gold reward as the proxy is optimised, and where it stops being worth it.

    The reward of the draws is the proxy. Under best-of-N gold is a U-statistic, free of bias,
    ties included; under the tilts of the frontier it is reweighted, its bias removed by the
    jackknife. A peak is reported only where the fall behind it is established, all comparisons
    between levels together at the given level.

    Args:
        draws: Draws of the reference policy.
        gold: A further column of theirs, or a number a draw, shape ``(n,)``.
        n: Numbers of draws of which the best is kept; half octaves up to half the draws of a
            prompt where not given. Prompts that have fewer draws than the largest are left out
            at every level, so that all are about the same prompts.
        kl: Budgets in nats; those of best-of-N at the octaves where not given.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage, in (0, 1), of the intervals, of each band, and of all
            comparisons together.

    Returns:
        Both curves, the peak if there is one, and the verdict in words.

    Raises:
        InputError: An argument is outside its range, there is no such column, or gold is not
            finite.
        InsufficientDataError: No prompt has enough draws, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> proxy = rng.normal(size=(200, 64))
        >>> gold = (proxy - proxy**2 / 2 + rng.normal(size=proxy.shape)).ravel()
        >>> found = overoptimisation(Draws.from_matrix(proxy), gold=gold)
        >>> found.verdict
        'gold peaks near N = 6 (between N = 3 and 8), KL 0.96 nats (0.43 to 1.20)'

    References:
        Gao, Schulman and Hilton (2022), Scaling laws for reward model overoptimization.
    """
    name = gold if isinstance(gold, str) else "gold"
    return _answers(draws, {name: gold_column(draws, gold)}, _Asked(n, kl, prompts, level))[0]


def overoptimisation_of_each(  # noqa: PLR0913  (as above)
    draws: Draws,
    *,
    golds: Sequence[str],
    n: Levels = None,
    kl: Budgets = None,
    prompts: str = "sampled",
    level: float = 0.95,
) -> tuple[OverOptimisation, ...]:
    """The same for several gold rewards, the work on the proxy done once.

    Args:
        draws: Draws of the reference policy; their reward is the proxy.
        golds: Names of further columns of theirs.
        n: Numbers of draws of which the best is kept.
        kl: Budgets in nats.
        prompts: ``"sampled"`` or ``"fixed"``.
        level: Nominal coverage, in (0, 1), for each gold reward.

    Returns:
        One result a gold reward, in the order asked.

    Raises:
        InputError: An argument is outside its range, there is no such column, or gold is not
            finite.
        InsufficientDataError: No prompt has enough draws, or one prompt where they are sampled.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> draws = Draws.from_columns(
        ...     prompt=np.repeat(np.arange(50), 32),
        ...     reward=rng.normal(size=1600),
        ...     length=rng.normal(size=1600),
        ... )
        >>> overoptimisation_of_each(draws, golds=["length"])[0].verdict
        'no change of length is established up to N = 16'
    """
    if not golds:
        raise InputError("golds must name at least one column, got none")
    columns = {name: gold_column(draws, name) for name in golds}
    return _answers(draws, columns, _Asked(n, kl, prompts, level))


@dataclass(frozen=True, slots=True)
class _Asked:
    n: Levels
    kl: Budgets
    prompts: str
    level: float


def _answers(
    draws: Draws, golds: dict[str, Float64[np.ndarray, " n"]], asked: _Asked
) -> tuple[OverOptimisation, ...]:
    levels = levels_for(draws, n=asked.n, kl=asked.kl)
    kept, worth = levels.draws, list(golds.values())
    if levels.reason:
        worth = [each[levels.rows] for each in worth]
    best_of = estimate_best_of_n(kept, n=levels.n, prompts=asked.prompts, level=asked.level)
    frontier = estimate_frontier(kept, kl=levels.kl, prompts=asked.prompts, level=asked.level)
    betas = np.array([point.beta for point in frontier.points])
    curves = gold_curves(kept, worth, n=levels.n, betas=betas)
    along: Iterable[GoldLevels]
    if asked.prompts == "sampled":
        along = (sampled_levels(curves, gold=index) for index in range(len(golds)))
    else:
        along = fixed_levels(kept, worth, curves, n=levels.n)
    found = []
    for index, (name, gold) in enumerate(zip(golds, along, strict=True)):
        correlations = correlation_at(curves, gold=index, level=asked.level)
        found.append(
            gold_answer(name, best_of, frontier, gold, correlations, reason=levels.reason)
        )
    return tuple(found)
