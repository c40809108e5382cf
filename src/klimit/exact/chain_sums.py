"""Sums of rewards along a chain on a lattice, their tilts and characteristic functions."""

from dataclasses import dataclass
from functools import cached_property
from math import nan, sqrt

import numpy as np
from jaxtyping import Complex128, Float64, Int64

from klimit.exact.chain_powers import chain_power

__all__ = ["ChainSum", "TiltedChainSum", "balanced"]

_NEGLIGIBLE = -46.0  # nats: parts of a spectrum below this change no digit
_STRIDE = 16  # frequencies between those that are tried for more than negligible parts
_ROUNDS = 60  # of the iteration that balances a matrix; nothing rests on its end

_BEYOND_FLOATS = np.errstate(divide="ignore", invalid="ignore", over="ignore")


@dataclass(frozen=True, eq=False)
class ChainSum:
    """The sum of lattice rewards along a path of a chain.

    Attributes:
        log_start: Log-probabilities of the first state, shape ``(s,)``.
        log_steps: Log-probabilities of steps, ``-inf`` where there is none; rows may sum to
            less than 1.
        index: What each step adds.
        length: Number of steps.
        top: The largest sum less the smallest.
    """

    log_start: Float64[np.ndarray, " s"]
    log_steps: Float64[np.ndarray, "s s"]
    index: Int64[np.ndarray, "s s"]
    length: int
    top: int

    def cgf(self, theta: float) -> np.longdouble:
        """Cumulant generating function of the sum.

        Args:
            theta: Factor on the sum.

        Returns:
            The function in nats, of the law that has no more mass than its paths.
        """
        return self.tilted(theta).cgf

    @_BEYOND_FLOATS
    def tilted(self, theta: float) -> "TiltedChainSum":
        """The law under a tilt.

        Args:
            theta: Factor on the sum.

        Returns:
            The tilted law; its numbers are ``nan`` where the tilt is beyond floats.
        """
        log_steps = self.log_steps + theta * self.index
        log_root, log_v = balanced(log_steps)
        steps = np.exp(log_steps + log_v[None, :] - log_v[:, None] - log_root)
        log_first = self.log_start + log_v
        first = np.exp(log_first - log_first.max())
        last = np.exp(-log_v - np.max(-log_v))
        shift = float(log_first.max() + np.max(-log_v))
        offset = self.length * np.longdouble(log_root) + shift
        return TiltedChainSum(theta, offset, first, steps, last, self.index, self.length)


@dataclass(frozen=True, eq=False)
class TiltedChainSum:
    """The sum along a path under a tilt: ``first @ steps**length @ last``, scaled.

    Attributes:
        theta: The factor on the sum.
        offset: Logarithm of the scale.
        first: Weights of the first state.
        steps: Weights of steps, rows near 1.
        last: Weights of the last state.
        index: What each step adds.
        length: Number of steps.
    """

    theta: float
    offset: np.longdouble
    first: Float64[np.ndarray, " s"]
    steps: Float64[np.ndarray, "s s"]
    last: Float64[np.ndarray, " s"]
    index: Int64[np.ndarray, "s s"]
    length: int

    @cached_property
    @_BEYOND_FLOATS
    def _log_mass(self) -> float:
        mass, log_scale = chain_power(self.first, self.steps[None], self.last, self.length)
        return float(np.log(mass[0]) + log_scale[0]) if mass[0] > 0 else nan

    @cached_property
    def cgf(self) -> np.longdouble:
        """Cumulant generating function of the sum at ``theta``, in nats."""
        return np.longdouble(self.offset + self._log_mass)

    @cached_property
    @_BEYOND_FLOATS
    def _step_mean(self) -> float:
        """Mean of one step in the long run, about which phases turn slowly."""
        size = self.steps.shape[0]
        weights = _squared((np.eye(size) + self.steps) / 2, 12)
        visits = self.first @ weights
        flow = visits[:, None] * self.steps
        return float((flow * self.index).sum() / flow.sum())

    @cached_property
    @_BEYOND_FLOATS
    def _moments(self) -> tuple[float, float]:
        """Mean and variance of the sum about ``length * _step_mean``."""
        a = self.index - self._step_mean
        jets = np.stack([self.steps, self.steps * a, self.steps * a**2 / 2])
        row = np.stack([self.first, np.zeros_like(self.first), np.zeros_like(self.first)])
        for bit in bin(self.length)[:1:-1]:
            if bit == "1":
                row = _product(row[:, None, :], jets)[:, 0, :]
                row /= row[0].max()
            jets = _product(jets, jets)
            jets /= jets[0].max()
        mass, one, two = row @ self.last
        if not mass > 0:
            return nan, nan
        mean = float(one / mass)
        return mean, float(2 * two / mass) - mean**2

    @property
    def mean(self) -> float:
        """Mean of the sum."""
        return self.length * self._step_mean + self._moments[0]

    @property
    def std(self) -> float:
        """Standard deviation of the sum."""
        variance = self._moments[1]
        return sqrt(variance) if variance > 0 else nan

    @property
    def noise(self) -> float:
        """Relative rounding error of the spectrum: squaring doubles what it finds."""
        return 2.0**-48 + self.length * 2.0**-50

    def spectrum(self, size: int, center: int) -> Complex128[np.ndarray, " f"]:
        """Means of ``exp(-2j pi f (S - center) / size)``.

        Args:
            size: Period of the values.
            center: Where the phase is 0.

        Returns:
            The means for ``f`` from 0 to ``size // 2``; 0 where they are negligible.
        """
        count = size // 2 + 1
        stride = _STRIDE if count > 8 * _STRIDE else 1
        tried = np.arange(0, count + stride - 1, stride)
        heights, values = self._characteristic(tried, size, center)
        if stride > 1:
            near = tried[heights > _NEGLIGIBLE]
            tried = np.unique(near[:, None] + np.arange(-stride + 1, stride)[None, :])
            tried = tried[(tried >= 0) & (tried < count)]
            values = self._characteristic(tried, size, center)[1]
        result = np.zeros(count, dtype=np.complex128)
        inside = tried < count
        result[tried[inside]] = values[inside]
        return result

    def _characteristic(
        self, frequencies: Int64[np.ndarray, " f"], size: int, center: int
    ) -> tuple[Float64[np.ndarray, " f"], Complex128[np.ndarray, " f"]]:
        omega = 2 * np.pi / size * frequencies
        turn = np.exp(-1j * omega[:, None, None] * (self.index - self._step_mean))
        values, log_scale = chain_power(self.first, self.steps * turn, self.last, self.length)
        with np.errstate(divide="ignore"):
            heights = np.log(np.abs(values)) + log_scale - self._log_mass
        drift = self.length * self._step_mean - center
        phase = np.exp(1j * (np.angle(values) - omega * drift))
        return heights, np.asarray(np.exp(np.minimum(heights, 0.0)) * phase)


def balanced(log_steps: Float64[np.ndarray, "s s"]) -> tuple[float, Float64[np.ndarray, " s"]]:
    """A scale and a vector that give a nonnegative matrix rows of about 1.

    The root and the right vector of Perron, by squaring a lazy version of the matrix so that
    periods do no harm; components keep their relative accuracy however small.

    Args:
        log_steps: Logarithms of the matrix; from each row there must be a way to the class that
            has a root.

    Returns:
        Logarithm of the root, and of the vector, shape ``(s,)``.
    """
    size = log_steps.shape[0]
    log_v, log_root = np.zeros(size), float(log_steps.max())
    for _ in range(_ROUNDS):
        steps = np.exp(np.minimum(log_steps + log_v - log_v[:, None] - log_root, 300.0))
        rows = steps.sum(axis=1)
        if rows.min() > 0 and rows.max() < rows.min() * (1 + 1e-13):
            break
        lazy = (np.eye(size) + steps / max(rows.max(), 1e-300)) / 2
        with np.errstate(divide="ignore"):
            log_v = log_v + np.log(_squared(lazy, 10).sum(axis=1))
        log_v -= log_v.max()
        log_root += float(np.log(rows.max()))
    return log_root + float(np.log(rows.mean())), log_v


def _squared(matrix: Float64[np.ndarray, "s s"], times: int) -> Float64[np.ndarray, "s s"]:
    for _ in range(times):
        matrix = matrix @ matrix
        matrix = matrix / matrix.max()
    return matrix


def _product(
    a: Float64[np.ndarray, "3 r s"], b: Float64[np.ndarray, "3 s c"]
) -> Float64[np.ndarray, "3 r c"]:
    """The product of two matrices with their first two Taylor coefficients."""
    return np.stack(
        [a[0] @ b[0], a[0] @ b[1] + a[1] @ b[0], a[0] @ b[2] + a[1] @ b[1] + a[2] @ b[0]]
    )
