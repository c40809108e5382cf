r"""A tilt's cgf and averages without each draw in turn, and their bias without it.

Without draw ``i`` the other weights are :math:`w_j / (1 - w_i)`, the cgf changes by
:math:`\log(1 - w_i) + \log(m / (m - 1))` and an average by
:math:`-w_i (v_i - \bar v) / (1 - w_i)`. What is left of the bias then is a series in the sums
of powers of the other weights; an average is the derivative of a cgf, and so is its bias.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.results import Result
from klimit.estimate.draws import Draws
from klimit.estimate.prompt_sums import centred, prompt_sums
from klimit.estimate.weighted_sums import spread_sums, weighted_sums
from klimit.estimate.weights import tilt_weights

__all__ = ["Weights", "WithoutEach"]

_ORDERS = np.arange(2, 7)  # powers of the weights that enter the bias without one draw
_LEAST = 1e-12  # what a weight of 1 leaves to the other draws
_LARGE = 0.5  # weight from which differences from sums over all draws lose digits


@dataclass(frozen=True, slots=True, eq=False)
class WithoutEach(Result):
    """A number of every prompt and what becomes of it without each draw.

    Attributes:
        plug_in: The number, shape ``(p,)``, or several, shape ``(c, p)``.
        bias: What removes its bias of order ``1/m``, shape ``(p,)``.
        without: How the number changes without each draw, shape ``(n,)``.
        bias_without: What ``bias`` is without each draw, shape ``(n,)``.
    """

    plug_in: Float64[np.ndarray, "*c p"]
    bias: Float64[np.ndarray, "*c p"]
    without: Float64[np.ndarray, "*c n"]
    bias_without: Float64[np.ndarray, "*c n"]

    def times(self, factor: float) -> "WithoutEach":
        """The number times a factor.

        Args:
            factor: The factor.

        Returns:
            The product.
        """
        return WithoutEach(
            factor * self.plug_in,
            factor * self.bias,
            factor * self.without,
            factor * self.bias_without,
        )

    def less(self, other: "WithoutEach") -> "WithoutEach":
        """The difference from another number of the same draws.

        Args:
            other: What is subtracted.

        Returns:
            The difference.
        """
        return WithoutEach(
            self.plug_in - other.plug_in,
            self.bias - other.bias,
            self.without - other.without,
            self.bias_without - other.bias_without,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Weights(Result):
    """The weights of a tilt.

    Attributes:
        own: The weight of each draw, shape ``(n,)``; those of a prompt sum to 1.
        counts: Number of draws of each prompt, shape ``(p,)``.
        starts: Where each prompt's draws begin, shape ``(p,)``.
    """

    own: Float64[np.ndarray, " n"]
    counts: Int64[np.ndarray, " p"]
    starts: Int64[np.ndarray, " p"]

    @classmethod
    def of(cls, draws: Draws, *, beta: float) -> "Weights":
        """The weights of the tilt of some draws.

        Args:
            draws: Draws of the reference policy.
            beta: Inverse temperature, the factor on the reward; finite.

        Returns:
            The weights.
        """
        return cls(tilt_weights(draws, beta=beta), draws.counts, draws.offsets[:-1])

    def sums(self, numbers: Float64[np.ndarray, "*c n"]) -> Float64[np.ndarray, "*c p"]:
        """The sum of a number of each draw over every prompt."""
        return prompt_sums(self.counts, numbers)

    def each(self, numbers: Float64[np.ndarray, "*c p"]) -> Float64[np.ndarray, "*c n"]:
        """A number of each prompt for every one of its draws."""
        return np.asarray(np.repeat(numbers, self.counts, axis=-1))

    def away(
        self, numbers: Float64[np.ndarray, "*c n"], centres: Float64[np.ndarray, "*c p"]
    ) -> Float64[np.ndarray, "*c n"]:
        """A number of each draw less one of its prompt."""
        return centred(self.counts, numbers, centres)

    @property
    def squares(self) -> Float64[np.ndarray, " p"]:
        """Sum of the squared weights of each prompt."""
        return self.sums(self.own**2)

    @property
    def others(self) -> Float64[np.ndarray, " n"]:
        """The weight of the other draws of each draw's prompt."""
        return np.asarray(np.maximum(1 - self.own, _LEAST))

    def cgf(self) -> WithoutEach:
        """The cgf of the reward, less ``beta`` times the reward of the largest weight.

        Returns:
            The cgf of every prompt, and without each draw.

        Example:
            >>> draws = Draws.from_matrix([[0.0, 0.0, 1.0]])
            >>> cgf = Weights.of(draws, beta=1.0).cgf()
            >>> (cgf.plug_in + 1.0).round(6), cgf.bias.round(6)
            (array([0.452832]), array([0.078846]))
        """
        m = self.counts
        largest = np.maximum.reduceat(self.own, self.starts)
        without = np.log1p(-np.minimum(self.own, 1 - _LEAST)) - self.each(
            np.log1p(-1 / np.maximum(m, 2))
        )
        series = 1.0 + (1 / _ORDERS) @ self._powers().shares
        fewer = np.where(m > 2, (m - 1) * np.log1p(1 / np.maximum(m - 2, 1)), 0.0)
        bias_without = self.each(self._scale) * (series - self.each(fewer))
        bias = -(m - 1) / m * self.sums(without)
        return WithoutEach(-np.log(largest * m), bias, without, bias_without)

    def mean(self, values: Float64[np.ndarray, "*c n"]) -> WithoutEach:
        """The average of some values under the tilt.

        Args:
            values: A number of each draw, or ``c`` of them, shape ``(n,)`` or ``(c, n)``.

        Returns:
            The average of every prompt, and without each draw; of each of the ``c``.

        Example:
            >>> draws = Draws.from_matrix([[0.0, 0.0, 1.0]])
            >>> mean = Weights.of(draws, beta=1.0).mean(draws.rewards)
            >>> mean.plug_in.round(6), mean.bias.round(6)
            (array([0.576117]), array([0.177489]))
        """
        average = self.sums(self.own * values)
        gap, powers = np.atleast_2d(self.away(values, average)), self._powers()
        odds = self.own / self.others
        without = -odds * gap
        sums = weighted_sums(self.counts, powers.own, gap)
        series = spread_sums(self.counts, sums, powers.inverse)
        of_own = (powers.own * powers.inverse).sum(axis=0)
        series -= (of_own - odds * powers.shares.sum(axis=0)) * gap
        large = np.flatnonzero(self.own > _LARGE)
        if large.size:  # what is left of the others is lost in rounding: held in its bounds
            prompt = np.searchsorted(self.starts, large, side="right") - 1
            reach = np.maximum.reduceat(np.abs(gap), self.starts, axis=1)[:, prompt]
            without[:, large] = np.clip(without[:, large], -2 * reach, 2 * reach)
            shares = powers.shares[:, None, large]
            rest = np.moveaxis(sums[prompt], 0, 2) - powers.own[:, None, large] * gap[:, large]
            rest = np.clip(
                rest * powers.inverse[:, None, large], -shares * reach, shares * reach
            )
            series[:, large] = (rest - shares * without[:, large]).sum(axis=0)
        without = without.reshape(values.shape)
        bias = -(self.counts - 1) / self.counts * self.sums(without)
        bias_without = self.each(self._scale) * series.reshape(values.shape)
        return WithoutEach(average, bias, without, bias_without)

    @property
    def _scale(self) -> Float64[np.ndarray, " p"]:
        return np.asarray((self.counts - 2) / np.maximum(self.counts - 1, 1)).clip(0.0)

    def _powers(self) -> "_Powers":
        own = _raised(self.own)
        inverse = _raised(1 / self.others)
        shares = self.each(self.sums(own)) - own
        shares *= inverse
        return _Powers(own, inverse, np.clip(shares, 0.0, 1.0, out=shares))


@dataclass(frozen=True, slots=True, eq=False)
class _Powers(Result):
    """Powers of the weights that enter the bias without each draw, shape ``(5, n)`` each.

    Attributes:
        own: Of the draw's own weight.
        inverse: Of one over the weight of the others.
        shares: Sums of the powers of the others' weights once these sum to 1.
    """

    own: Float64[np.ndarray, "5 n"]
    inverse: Float64[np.ndarray, "5 n"]
    shares: Float64[np.ndarray, "5 n"]


def _raised(numbers: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, "5 n"]:
    raised = np.empty((len(_ORDERS), numbers.size))
    np.multiply(numbers, numbers, out=raised[0])
    for i in range(1, len(_ORDERS)):
        np.multiply(raised[i - 1], numbers, out=raised[i])
    return raised
