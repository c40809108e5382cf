"""Sums of independent symbols on a lattice, their tilts and characteristic functions."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from jaxtyping import Complex128, Int64
from scipy.fft import rfft

from klimit.exact.power_series import LONGEST, lowest_sums
from klimit.exact.windows import LatticeLaw, window_law

__all__ = ["SymbolSum", "TiltedSymbols", "symbol_law"]

Extended = npt.NDArray[np.longdouble]

_END = min(1024, LONGEST)  # values at either end whose law is found term by term
_NEGLIGIBLE = -46.0  # nats: parts of a spectrum below this change no digit
_MANY = 1 << 18  # angles beyond which extended precision costs more than it brings


def symbol_law(log_probs: Extended, index: Int64[np.ndarray, " k"], length: int) -> LatticeLaw:
    """The law of a sum of independent lattice symbols.

    Both ends by polynomials whose terms are nonnegative, everything between by Fourier
    inversion under tilts.

    Args:
        log_probs: Log-probabilities of the symbols, finite and normalised, shape ``(k,)``.
        index: Place of each, distinct, the smallest 0, of greatest common divisor 1.
        length: Number of symbols.

    Returns:
        Log-probabilities of the sums 0 to ``length * max(index)``.
    """
    size = length * int(index.max()) + 1
    end = (size + 1) // 2 if size <= 2 * LONGEST else _END
    below = lowest_sums(log_probs, index, length, size=end)
    other = min(end, size - end)
    above = lowest_sums(log_probs, int(index.max()) - index, length, size=other)[::-1]
    if end + other == size:
        return LatticeLaw(np.concatenate([below, above]), clear=True)
    total = SymbolSum(log_probs, index, length)
    middle = window_law(total, first=end, last=size - other - 1)
    return LatticeLaw(np.concatenate([below, middle.logs, above]), middle.clear)


@dataclass(frozen=True, eq=False)
class SymbolSum:
    """A sum of independent lattice symbols.

    Attributes:
        log_probs: Log-probabilities of the symbols, finite and normalised, shape ``(k,)``.
        index: Place of each, nonnegative.
        length: Number of symbols.
    """

    log_probs: Extended
    index: Int64[np.ndarray, " k"]
    length: int

    @property
    def top(self) -> int:
        """The largest value."""
        return self.length * int(self.index.max())

    @cached_property
    def _mean(self) -> np.longdouble:
        return np.longdouble(np.exp(self.log_probs) @ self.index)

    def cgf(self, theta: float) -> np.longdouble:
        """Cumulant generating function of the sum.

        Args:
            theta: Factor on the sum.

        Returns:
            The function in nats, in extended precision.
        """
        return self.length * self._symbol_cgf(theta)

    def tilted(self, theta: float) -> "TiltedSymbols":
        """The law under a tilt.

        Args:
            theta: Factor on the sum.

        Returns:
            The tilted law.
        """
        exponents = self.log_probs + np.longdouble(theta) * self.index
        cgf = self._symbol_cgf(theta)
        probs = np.exp(exponents - cgf)
        return TiltedSymbols(theta, self.length * cgf, probs, self.index, self.length)

    def _symbol_cgf(self, theta: float) -> np.longdouble:
        # about the mean first-order terms vanish, so that small tilts keep their digits
        a = np.longdouble(theta) * (self.index - self._mean)
        top = np.longdouble(theta) * self._mean
        if float(np.abs(a).max()) < 1.0:
            return np.longdouble(top + np.log1p(np.exp(self.log_probs) @ np.expm1(a)))
        peak = (self.log_probs + a).max()
        return np.longdouble(top + peak + np.log(np.exp(self.log_probs + a - peak).sum()))


@dataclass(frozen=True, eq=False)
class TiltedSymbols:
    """A sum of independent lattice symbols under a tilt.

    Attributes:
        theta: The factor on the sum.
        cgf: Cumulant generating function of the sum at ``theta``, in nats.
        probs: Probabilities of the symbols under the tilt, shape ``(k,)``.
        index: Place of each symbol.
        length: Number of symbols.
    """

    theta: float
    cgf: np.longdouble
    probs: Extended
    index: Int64[np.ndarray, " k"]
    length: int

    @cached_property
    def symbol_mean(self) -> np.longdouble:
        """Mean of one symbol."""
        return np.longdouble(self.probs @ self.index / self.probs.sum())

    @property
    def mean(self) -> float:
        """Mean of the sum."""
        return float(self.length * self.symbol_mean)

    @cached_property
    def std(self) -> float:
        """Standard deviation of the sum."""
        variance = self.probs @ (self.index - self.symbol_mean) ** 2
        return float(np.sqrt(self.length * variance))

    @property
    def noise(self) -> float:
        """Relative rounding error of the spectrum."""
        return 2.0**-48

    def spectrum(self, size: int, center: int) -> Complex128[np.ndarray, " f"]:
        """Means of ``exp(-2j pi f (S - center) / size)``.

        Args:
            size: Period of the values.
            center: Where the phase is 0.

        Returns:
            The means for ``f`` from 0 to ``size // 2``; 0 where they are negligible.
        """
        folded = np.bincount(self.index % size, np.asarray(self.probs, float), size)
        with np.errstate(divide="ignore"):
            heights = self.length * np.log(np.abs(rfft(folded)))
        result = np.zeros(heights.size, dtype=np.complex128)
        some = np.flatnonzero(heights > _NEGLIGIBLE)
        kind = np.longdouble if some.size * self.index.size < _MANY else np.float64
        omega = 2 * np.arctan2(kind(0), kind(-1)) / size * some.astype(kind)
        angle = np.outer(omega, np.asarray(self.index - self.symbol_mean, dtype=kind))
        probs = np.asarray(self.probs, dtype=kind)
        # the characteristic function less 1, so that its power keeps its digits
        real, imag = -2 * (np.sin(angle / 2) ** 2 @ probs), np.sin(angle) @ probs
        log_size = self.length * np.log1p(2 * real + real**2 + imag**2) / 2
        drift = kind(self.length * self.symbol_mean - center)
        phase = self.length * np.arctan2(imag, 1 + real) + omega * drift
        result[some] = np.exp(log_size) * (np.cos(phase) - 1j * np.sin(phase))
        return result
