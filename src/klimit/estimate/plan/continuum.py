"""The best of a random number of draws where rewards have no ties."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64
from scipy.interpolate import CubicSpline

from klimit.core.results import Result
from klimit.exact.counts import Count
from klimit.exact.finite import FiniteModel
from klimit.exact.random_best_of import random_best_of_n

__all__ = ["Continuum", "on_a_continuum"]

_DEPTH = 30.0  # nats: the quantiles above 1 - exp(-30) are one
_CELLS = 8000

_Splits = Float64[np.ndarray, " s"]


@dataclass(frozen=True, slots=True, eq=False)
class Continuum(Result):
    """What is kept, and what divergence that takes, up to each quantile of the reward.

    Attributes:
        kl: Divergence from the reference policy, in nats.
        upto: The chance that what is kept lies at or below a quantile, and the part of the
            divergence spent there, as functions of minus the logarithm of what lies above.
    """

    kl: float
    upto: CubicSpline

    def cost(self, below: _Splits, size: _Splits, above: _Splits) -> _Splits:
        r"""What an atom between two quantiles takes from the divergence.

        .. math:: \int_a^b g \log g \, du - (G(b) - G(a)) \log \frac{G(b) - G(a)}{b - a}

        Args:
            below: Draws below the atom, shape ``(s,)``.
            size: Draws at it.
            above: Draws above it.

        Returns:
            The costs in nats; 0 where a number is negative.
        """
        possible = (np.minimum(below, above) >= 0) & (size > 0)
        m = np.maximum(below + size + above, 1.0)
        begin, end = (
            self.upto(_depth(np.clip(part / m, 0.0, 1.0))) for part in (size + above, above)
        )
        kept, spent = (end - begin).T
        possible &= kept > 0
        kept = np.where(possible, kept, 1.0)
        share = np.where(possible, size / m, 1.0)
        return np.where(possible, spent - kept * np.log(kept / share), 0.0)


def on_a_continuum(count: Count) -> Continuum:
    """The best of a random number of draws of a continuous reward.

    It is the exact law on a model of very many levels, finest near the top.

    Args:
        count: The random number.

    Returns:
        The law by quantiles, its divergence right to about 1e-5 nats.

    Example:
        >>> from klimit import geometric
        >>> round(on_a_continuum(geometric(0.5)).kl, 4)
        0.0794
    """
    depth = np.linspace(0.0, _DEPTH, _CELLS + 1)
    mass = -np.diff(np.append(np.exp(-depth[:-1]), 0.0))
    model = FiniteModel.from_probs(mass, np.arange(_CELLS))
    law = random_best_of_n(model, pgf=count)
    kept = np.exp(law.log_probs)
    upto = np.array([np.cumsum(kept), np.cumsum(kept * law.log_ratio)]).T
    return Continuum(law.kl, CubicSpline(depth, np.vstack([np.zeros(2), upto])))


def _depth(above: _Splits) -> _Splits:
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(-np.log(above), _DEPTH))
