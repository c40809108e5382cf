"""Draws in stretches below the best of their prompt: a long power series for each."""

from dataclasses import dataclass
from itertools import accumulate, pairwise

import numpy as np
from jaxtyping import Float64
from numpy.polynomial.chebyshev import chebpts1
from scipy.special import factorial

from klimit.estimate.frontier.raising import KNOWN
from klimit.estimate.frontier.rows import product
from klimit.estimate.frontier.sums import POWERS

__all__ = ["Stretches"]

RATIO = 3.0  # of the largest distance from the best in a stretch to the smallest
_TERMS = 48  # of the series, those above the known powers made of these
_LEAST = 1e-30  # in place of a beta of 0, where slopes are divided by it
_MOST = 200.0  # beta times half a stretch above which it weighs nothing: e**-200
_APART = 1e4  # of betas taken together: the powers of all are floats where those of one are
_REACH = 1e6  # above it powers would not be
_ORDERS = np.arange(float(_TERMS))
_FURTHER = [k**_ORDERS for k in range(2, POWERS + 1)]
_WANTED = np.stack([np.ones(_TERMS), _ORDERS, _ORDERS * (_ORDERS - 1), *_FURTHER])


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    r"""The draws of each prompt in stretches that are no longer than twice their distance.

    With :math:`c` the middle of a stretch, less the best reward, :math:`h` half its length and
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
        centres: The middle of each, less the best reward, shape ``(p, l)``.
        half: Half its length, 0 where it has no draws or draws alike, shape ``(p, l)``.
        moments: Sums of the powers of ``x``, the higher ones approximated, by the factorials,
            shape ``(48, p, l)``.
    """

    centres: Float64[np.ndarray, "p l"]
    half: Float64[np.ndarray, "p l"]
    moments: Float64[np.ndarray, "j p l"]

    @classmethod
    def from_powers(
        cls,
        centres: Float64[np.ndarray, "p l"],
        half: Float64[np.ndarray, "p l"],
        powers: Float64[np.ndarray, "p l k"],
    ) -> "Stretches":
        """From the sums of the lower powers.

        Args:
            centres: The middle of each, less the best reward, shape ``(p, l)``.
            half: Half its length, shape ``(p, l)``.
            powers: Sums of the powers 0 to 23 of ``x``, shape ``(p, l, 24)``.

        Returns:
            The draws, ready for sums under many tilts.
        """
        moments = product(_EXTENDING, powers.reshape(-1, KNOWN).T)
        return cls(centres, half, moments.reshape(_TERMS, *half.shape))

    @classmethod
    def joined(cls, parts: "list[Stretches]") -> "Stretches":
        """Those of all prompts from those of some; where these have fewer the last are empty.

        Args:
            parts: The stretches of some prompts each, in order.

        Returns:
            The stretches of all prompts.
        """
        starts = [0, *accumulate(part.half.shape[0] for part in parts)]
        shape = starts[-1], max(part.half.shape[1] for part in parts)
        whole = cls(np.zeros(shape), np.zeros(shape), np.zeros((_TERMS, *shape)))
        for part, start in zip(parts, starts[:-1], strict=True):
            stop, width = start + part.half.shape[0], part.half.shape[1]
            whole.centres[start:stop, :width] = part.centres
            whole.half[start:stop, :width] = part.half
            whole.moments[:, start:stop, :width] = part.moments
        return whole

    def sums(
        self, prompts: slice, beta: Float64[np.ndarray, " q"]
    ) -> Float64[np.ndarray, "6 q l"]:
        """Sums, about each middle, of the weights, their slopes, bends and powers 2 to 4.

        Args:
            prompts: Of which prompts.
            beta: An inverse temperature for each, not negative, shape ``(q,)``.

        Returns:
            The sums, shape ``(6, q, l)``.
        """
        half = self.half[prompts]
        reach = np.clip(beta[:, None] * half, _LEAST, _MOST)
        found = self._summed(prompts, reach, _WANTED)
        found[1] *= half / reach
        found[2] *= (half / reach) ** 2
        return found

    def masses(
        self, prompts: slice, beta: Float64[np.ndarray, " g"]
    ) -> Float64[np.ndarray, "g q l"]:
        """Sums of the weights about each middle, at each of many common betas.

        Args:
            prompts: Of which prompts.
            beta: Inverse temperatures, not negative, shape ``(g,)``.

        Returns:
            The sums, shape ``(g, q, l)``; where half a stretch times beta is above 100 these
            are bounded, and no more.
        """
        half, order = self.half[prompts], np.argsort(beta)
        masses = np.empty((beta.size, *half.shape))
        while order.size:
            largest = beta[order[-1]]
            first = beta[order].searchsorted(largest / _APART)
            some, order = order[first:], order[:first]
            most = float(largest) or 1.0
            shares = (beta[some] / most)[:, None] ** _ORDERS
            masses[some] = self._summed(prompts, np.minimum(half * most, _REACH), shares)
        return masses

    def _summed(
        self,
        prompts: slice,
        reach: Float64[np.ndarray, "q l"],
        factors: Float64[np.ndarray, "n j"],
    ) -> Float64[np.ndarray, "n q l"]:
        """Sums of the series at a reach, beta times half, each with other factors."""
        terms = np.ones((_TERMS, *reach.shape))
        for lower, power in pairwise(terms):
            np.multiply(lower, reach, out=power)
        terms *= self.moments[:, prompts]
        return product(factors, terms.reshape(_TERMS, -1)).reshape(-1, *reach.shape)


def _extending() -> Float64[np.ndarray, "j k"]:
    """The known powers that each power, by its factorial, is made of."""
    raised = chebpts1(KNOWN)[:, None] ** _ORDERS
    extending = np.eye(_TERMS, KNOWN)
    extending[KNOWN:] = np.linalg.solve(raised[:, :KNOWN], raised[:, KNOWN:]).T
    return extending / factorial(_ORDERS)[:, None]


_EXTENDING = _extending()
