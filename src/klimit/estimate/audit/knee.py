"""Where a training run leaves the frontier: the bend in what it wastes."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.special import fdtrc

from klimit.core.results import Result

__all__ = ["Knee", "knee"]

LEAST = 6
"""Different KLs that it takes to tell two lines from one."""

TRIED = 200  # places for the bend
MATTERS = 0.1  # of each nat: a smaller rise in waste is no knee


@dataclass(frozen=True, slots=True, eq=False)
class Knee(Result):
    """The KL from which a run wastes more of what it spends.

    Attributes:
        kl: Where the two lines through the excess KL meet, in nats.
        reward: Mean reward of the run there, between its points.
        index: The last point that is not beyond it, counted from 0 by rising KL.
        waste_before: Share of each further nat that bought nothing, before.
        waste_after: The same, after.
    """

    kl: float
    reward: float
    index: int
    waste_before: float
    waste_after: float


def knee(
    kl: Float64[np.ndarray, " k"],
    excess: Float64[np.ndarray, " k"],
    reward: Float64[np.ndarray, " k"],
    *,
    level: float,
) -> Knee | None:
    """The bend in the excess KL of a run as its KL rises.

    Two lines that meet are fitted to the excess by least squares, wherever they meet best. They
    make a knee where they fit better than one line by more than chance (an F test, its level
    divided by the number of points for the choice of the place) and the waste rises.

    Args:
        kl: KL of each point in nats, rising, at least `LEAST` different ones, shape ``(k,)``.
        excess: What each spends beyond the cheapest way to its reward, in nats.
        reward: Mean reward of each.
        level: One less the chance of a knee in a straight run.

    Returns:
        The knee, or ``None`` where there is none.

    Example:
        >>> kl = np.linspace(0.0, 3.0, 13)
        >>> found = knee(kl, np.maximum(kl - 1.0, 0.0), np.minimum(kl, 1.0), level=0.95)
        >>> round(found.kl, 2), found.index, round(found.waste_after, 2)
        (1.0, 4, 1.0)
    """
    straight = _residual(np.column_stack([np.ones(kl.size), kl]), excess)
    inner = np.unique(kl)[1:-1]
    places = np.unique(np.concatenate([inner, np.linspace(inner[0], inner[-1], TRIED)]))
    fits = [_residual(_bent(kl, place), excess) for place in places]
    best = int(np.argmin(fits))
    place, left = float(places[best]), fits[best]
    _, before, rise = np.linalg.lstsq(_bent(kl, place), excess, rcond=None)[0]
    freedom = kl.size - 4
    scale = left / freedom
    better = (straight - left) / 2
    chance = float(fdtrc(2, freedom, better / scale)) if scale > 0 else 0.0
    if rise < MATTERS or better <= 0 or chance * kl.size > 1 - level:
        return None
    return Knee(
        kl=place,
        reward=float(np.interp(place, kl, reward)),
        index=int(np.searchsorted(kl, place, side="right")) - 1,
        waste_before=float(before),
        waste_after=float(before + rise),
    )


def _bent(kl: Float64[np.ndarray, " k"], place: float) -> Float64[np.ndarray, "k 3"]:
    return np.column_stack([np.ones(kl.size), kl, np.maximum(kl - place, 0.0)])


def _residual(design: Float64[np.ndarray, "k c"], values: Float64[np.ndarray, " k"]) -> float:
    fitted = design @ np.linalg.lstsq(design, values, rcond=None)[0]
    return float(((values - fitted) ** 2).sum())
