"""The whole frontier, where a few of its points were asked for."""

import numpy as np

from klimit.estimate.draws import Draws
from klimit.estimate.frontier.points import FrontierEstimate, estimate_frontier

__all__ = ["frontier_curve"]

_BEYOND = 1.25  # how far past the supported budgets a curve goes on, to show that they end
_KEPT = 60  # budgets asked for beyond this many are represented by the grid


def frontier_curve(
    draws: Draws, frontier: FrontierEstimate, *, size: int = 33
) -> FrontierEstimate:
    """The same frontier at many budgets: what a figure or a slider needs.

    The grid runs from 0 past the budgets asked for and past the largest supported one, which
    both are points of it.

    Args:
        draws: The draws that ``frontier`` was estimated from.
        frontier: The frontier at the budgets asked for.
        size: Number of points of the grid, at least 2; it is finest near 0.

    Returns:
        The frontier at rising budgets.

    Example:
        >>> draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(50, 64)))
        >>> asked = estimate_frontier(draws, kl=[0.5, 1.0])
        >>> len(frontier_curve(draws, asked, size=9).points)
        12
    """
    asked = [point.kl for point in frontier.points if np.isfinite(point.kl)]
    supported = min(frontier.supported_kl, frontier.ceiling_kl)
    top = max(*asked, _BEYOND * supported, 0.0) or 1.0
    kept = asked if len(asked) <= _KEPT else []
    grid = top * np.linspace(0.0, 1.0, size) ** 2  # the curve is steepest at 0
    return estimate_frontier(
        draws,
        kl=np.unique(np.concatenate([grid, kept, [supported]])),
        pooling=frontier.pooling,
        prompts=frontier.prompts,
        level=frontier.level,
    )
