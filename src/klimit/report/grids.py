"""Results as tables of strings, each number with the digits that its error supports."""

from collections.abc import Sequence

from klimit.core.digits import interval, measured
from klimit.estimate.best_of.points import BestOfEstimate, BestOfPoint
from klimit.estimate.frontier.points import FrontierEstimate, FrontierPoint
from klimit.estimate.prediction import Prediction
from klimit.report.blocks import Grid

__all__ = ["best_of_grid", "checks_grid", "frontier_cells", "frontier_grid"]


def frontier_grid(frontier: FrontierEstimate, reward_name: str, *, caption: str = "") -> Grid:
    """A frontier, points that the data do not bear marked.

    Args:
        frontier: The frontier.
        reward_name: What the reward is called.
        caption: What the table shows.

    Returns:
        One row a budget.
    """
    points = frontier.points
    return Grid(
        caption=caption,
        header=("KL", "beta", reward_name, f"{100 * frontier.level:g}% interval", "ESS", ""),
        rows=tuple(
            (*frontier_cells(point), "" if point.supported else "NOT SUPPORTED")
            for point in points
        ),
        marked=frozenset(k for k, point in enumerate(points) if not point.supported),
    )


def frontier_cells(point: FrontierPoint) -> tuple[str, str, str, str, str]:
    """A point of a frontier in words, the same wherever it is shown.

    Args:
        point: The point.

    Returns:
        Budget, beta, reward, its interval, effective sample size.

    Example:
        >>> from klimit import Draws, estimate_frontier
        >>> draws = Draws.from_matrix([[0.0, 1.0, 2.0], [0.0, 1.0, 5.0]])
        >>> frontier_cells(estimate_frontier(draws, kl=0.0).points[0])[:2]
        ('0', '0')
    """
    return (
        f"{point.kl:.4g}",
        f"{point.beta:.4g}",
        measured(point.reward),
        interval(point.reward),
        f"{point.ess:.1f}",
    )


def best_of_grid(best_of: BestOfEstimate, reward_name: str) -> Grid:
    """Best-of-N, points that leave out prompts marked.

    Args:
        best_of: The points.
        reward_name: What the reward is called.

    Returns:
        One row an N.
    """
    points = best_of.points
    level = f"{100 * best_of.level:g}% interval"
    return Grid(
        caption="",
        header=("N", reward_name, level, "KL", level, "without ties", ""),
        rows=tuple(
            (
                str(point.n),
                measured(point.reward),
                interval(point.reward),
                measured(point.kl),
                interval(point.kl),
                f"{point.kl_bound:.4f}",
                _best_of_mark(point, best_of.prompt_count),
            )
            for point in points
        ),
        marked=frozenset(k for k, point in enumerate(points) if point.reason),
    )


def _best_of_mark(point: BestOfPoint, prompt_count: int) -> str:
    if not point.supported:
        return "UNSUPPORTED"
    return f"{point.prompt_count} PROMPTS" if point.prompt_count < prompt_count else ""


def checks_grid(checks: Sequence[Prediction]) -> Grid:
    """Predictions beside what came of them, those that did not hold marked.

    Args:
        checks: The predictions.

    Returns:
        One row a prediction.
    """
    return Grid(
        caption="",
        header=("method", "predicted", "realised", "difference", "its interval"),
        rows=tuple(
            (
                check.method,
                measured(check.predicted),
                measured(check.realised),
                measured(check.difference),
                interval(check.difference),
            )
            for check in checks
        ),
        marked=frozenset(
            k
            for k, check in enumerate(checks)
            if not check.difference.low <= 0 <= check.difference.high
        ),
    )
