"""The reward that best-of-N keeps from a law on a lattice: a Gumbel variable, discretised."""

from dataclasses import dataclass
from math import ceil, expm1, floor, log, pi

import numpy as np
from jaxtyping import Float64
from scipy.optimize import brentq

from klimit.core.errors import InputError

__all__ = ["LatticeGumbel"]

_BELOW, _ABOVE = 5.0, 42.0  # where the Gumbel law ends, in its widths
_FINEST = 0.01  # of a width: steps below it tell no more than this one


@dataclass(frozen=True, slots=True)
class LatticeGumbel:
    r"""The best of N rewards on a lattice, near the frontier reward :math:`r^*` of log N nats.

    .. math:: P(M < s) = e^{-\lambda_s}, \qquad \lambda_s = N e^{-I(s)}
              \frac{h}{\sqrt{2 \pi V} (1 - e^{-\beta h})},
              \qquad I(s) = \log N + \beta (s - r^*) + \frac{(s - r^*)^2}{2 V}

    The parabola stands for the rate function; its far left, where it would turn, is replaced by
    its tangent.

    Attributes:
        beta: Inverse temperature of the tilt that spends log N nats.
        variance: Variance of the reward under it, ``V``.
        span: Step of the lattice, ``h``.
        phase: How far the frontier reward lies above a point of the lattice.
    """

    beta: float
    variance: float
    span: float
    phase: float

    @property
    def _log_width(self) -> float:
        return log(2 * pi * self.beta**2 * self.variance) / 2

    def deficit(self, more: float = 0.0) -> float:
        """How far the mean lies below the frontier reward.

        Args:
            more: Nats by which the number of draws is larger.

        Returns:
            The difference.
        """
        offsets, masses = self._law(more)
        return -float(masses @ offsets)

    def divergence(self) -> float:
        r"""The divergence from the tilt, a normal law on the lattice.

        .. math:: \log \frac{\sqrt{2 \pi V}}{h} - H(M) + \frac{\mathbf{E} (M - r^*)^2}{2 V}

        Returns:
            The divergence in nats.
        """
        offsets, masses = self._law(0.0)
        some = masses[masses > 0.0]
        entropy = -float(some @ np.log(some))
        step = self.span * self._stride
        second = float(masses @ offsets**2)
        return (
            log(2 * pi * self.variance) / 2 - log(step) - entropy + second / 2 / self.variance
        )

    def nats_to_frontier(self) -> float:
        """The nats by which the number of draws must grow for the frontier reward.

        Returns:
            The difference of log N.

        Raises:
            InputError: The tilted law stays on so few points that no number of draws does.
        """
        reach = abs(self._log_width) + self.beta * self.span + 10.0
        if not self.deficit(-reach) > 0.0 > self.deficit(reach):
            raise InputError(
                "the second-order law needs a tilted law that spreads over its lattice, got a "
                f"variance of {self.variance:.3g} at steps of {self.span:.3g}; take a longer "
                "sequence or another budget"
            )
        return float(brentq(self.deficit, -reach, reach, xtol=1e-13))

    @property
    def _stride(self) -> int:
        return max(1, floor(_FINEST / (self.beta * self.span)))

    def _law(self, more: float) -> tuple[Float64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
        """Points of the lattice less the frontier reward, and the probability of each."""
        step = self.span * self._stride
        width = self.beta * step
        bottom = -self._log_width + more - _BELOW
        places = np.arange(
            floor(2 * min(bottom, 0.0) / width) - 1, ceil((_ABOVE + abs(more)) / width) + 2
        )
        offsets = step * places - self.phase
        turn = -self.beta * self.variance / 2
        bent = np.maximum(offsets, turn)
        exponent = self.beta * bent + bent**2 / (2 * self.variance)
        exponent += self.beta / 2 * (offsets - bent)
        factor = log(width / -expm1(-width)) - self._log_width
        log_rates = more + factor - exponent
        with np.errstate(over="ignore"):
            reached = -np.expm1(-np.exp(log_rates))
        return offsets, reached - np.append(reached[1:], 0.0)
