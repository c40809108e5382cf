"""Draws far below the best of their prompt: one long power series, which needs no order."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.chebyshev import chebpts1
from scipy.special import factorial

from klimit.estimate.frontier.rows import product
from klimit.estimate.frontier.sums import POWERS

__all__ = ["FarDraws"]

KNOWN = 24  # powers that are summed
_TERMS = 48  # of the series, those above made of these
_LEAST = 1e-30  # in place of a beta of 0, where slopes are divided by it
_MOST = 200.0  # beta times half the range above which these draws weigh nothing: e**-200
_ORDERS = np.arange(float(_TERMS))
_FURTHER = [k**_ORDERS for k in range(2, POWERS + 1)]
_WANTED = np.stack([np.ones(_TERMS), _ORDERS, _ORDERS * (_ORDERS - 1), *_FURTHER])


@dataclass(frozen=True, slots=True, eq=False)
class FarDraws:
    r"""The draws of each prompt that are at least half of their own range below its best.

    With :math:`c` the middle of that range, :math:`h` half of it and
    :math:`x = (r - c) / h`, the best draw weighs at least :math:`e^{2 \beta h}` where these
    weigh :math:`e^{\beta h x}`, of which the Taylor series is cut after 48 terms,

    .. math:: \sum_i e^{\beta h x_i} \approx \sum_{j < 48} \frac{(\beta h)^j}{j!}
        \sum_i \hat x_i^j

    and :math:`\hat x^j` is the power for ``j < 24``, from there on the polynomial of degree 23
    that has its values at the 24 Chebyshev points. In proportion to the best draw's weight each
    draw loses at most :math:`2^{-48}` by the cut, and by the interpolation, twice what the
    Chebyshev series has from degree 24 on, as the modified Bessel function :math:`I_k(y)` is at
    most :math:`(2 + \sqrt 3)^{-k} e^{2 y}`,

    .. math:: \sum_{k \ge 24} 4 I_k(\beta h)\, e^{-2 \beta h} < 1.1 \times 10^{-13}

    whatever beta is.

    Attributes:
        half: Half the range of these draws, 0 where a prompt has none, shape ``(p,)``.
        moments: Sums of the powers of ``x``, the higher ones approximated, by the factorials,
            shape ``(48, p)``.
    """

    half: Float64[np.ndarray, " p"]
    moments: Float64[np.ndarray, "j p"]

    @classmethod
    def from_powers(
        cls, half: Float64[np.ndarray, " p"], powers: Float64[np.ndarray, "p k"]
    ) -> "FarDraws":
        """From the sums of the lower powers.

        Args:
            half: Half the range of these draws, shape ``(p,)``.
            powers: Sums of the powers 0 to 23 of ``x``, shape ``(p, 24)``.

        Returns:
            The draws, ready for sums under many tilts.
        """
        return cls(half, product(_EXTENDING, powers.T))

    def sums(
        self, prompts: slice, beta: Float64[np.ndarray, " q"]
    ) -> Float64[np.ndarray, "6 q"]:
        """Sums, about the middle, of the weights, their slopes, bends and powers 2 to 4.

        Args:
            prompts: Of which prompts.
            beta: An inverse temperature for each, not negative, shape ``(q,)``.

        Returns:
            The sums, shape ``(6, q)``.
        """
        half = self.half[prompts]
        reach = np.clip(beta * half, _LEAST, _MOST)
        terms = np.ones((_TERMS, half.size))
        for lower, power in pairwise(terms):
            np.multiply(lower, reach, out=power)
        terms *= self.moments[:, prompts]
        found = product(_WANTED, terms)
        found[1] *= half / reach
        found[2] = found[2] / reach**2 * half**2
        return found

    def masses(
        self, prompts: slice, beta: Float64[np.ndarray, " g"]
    ) -> Float64[np.ndarray, "q g"]:
        """Sums of the weights about the middle, at each of many common betas.

        Args:
            prompts: Of which prompts.
            beta: Inverse temperatures, not negative, shape ``(g,)``.

        Returns:
            The sums, shape ``(q, g)``.
        """
        half = self.half[prompts]
        if not half.any():
            return np.zeros((half.size, beta.size))
        reach = np.minimum(np.multiply.outer(half, beta), _MOST)
        *lower, last = self.moments[:, prompts, None]
        masses = np.repeat(last, beta.size, axis=1)
        for moment in reversed(lower):
            masses *= reach
            masses += moment
        return masses


def _extending() -> Float64[np.ndarray, "j k"]:
    """The known powers that each power, by its factorial, is made of."""
    raised = chebpts1(KNOWN)[:, None] ** _ORDERS
    extending = np.eye(_TERMS, KNOWN)
    extending[KNOWN:] = np.linalg.solve(raised[:, :KNOWN], raised[:, KNOWN:]).T
    return extending / factorial(_ORDERS)[:, None]


_EXTENDING = _extending()
