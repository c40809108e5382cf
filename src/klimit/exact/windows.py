"""Laws of lattice sums by Fourier inversion under many tilts.

A plain convolution by FFT leaves every probability with an absolute error near ``1e-16``, so
that tails are noise. Under an exponential tilt whose mean is near a level the same inversion
gives that level nearly all digits; a chain of tilts, a few standard deviations apart, covers
the law from end to end.
"""

from dataclasses import dataclass
from math import ceil, floor, inf, isfinite
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from jaxtyping import Complex128, Float64
from scipy.fft import irfft, next_fast_len

__all__ = ["LatticeLaw", "LatticeSum", "TiltedSum", "window_law"]

_REACH = 2.5  # standard deviations from a tilt's mean to the edge of its window
_NEAR = 0.5  # of an end of the law: no tilt has its mean at the very end
_STILL = 1e-3  # of a level: a mean that moves less has come to its end
_HALVINGS = 60
_ALIAS = 45.0  # nats by which what an inversion wraps around is lighter than its window
_CLEAR = 1e-12  # relative error up to which rounding leaves a probability alone
_SLOPES = (2.0, 4.0, 6.0, 9.5, 14.0, 24.0)  # of Chernoff bounds, in standard deviations


@runtime_checkable
class TiltedSum(Protocol):
    """The law of a sum under one tilt."""

    @property
    def theta(self) -> float:
        """The factor on the sum."""

    @property
    def cgf(self) -> np.longdouble:
        """Cumulant generating function of the sum at ``theta``, in nats."""

    @property
    def mean(self) -> float:
        """Mean of the sum."""

    @property
    def std(self) -> float:
        """Standard deviation of the sum."""

    @property
    def noise(self) -> float:
        """Relative rounding error of the spectrum."""

    def spectrum(self, size: int, center: int) -> Complex128[np.ndarray, " f"]:
        """Means of ``exp(-2j pi f (S - center) / size)`` for ``f`` from 0 to ``size // 2``."""


@runtime_checkable
class LatticeSum(Protocol):
    """A random sum of integers."""

    @property
    def top(self) -> int:
        """The largest value less the smallest."""

    def tilted(self, theta: float) -> TiltedSum:
        """The law under a tilt."""

    def cgf(self, theta: float) -> np.longdouble:
        """Cumulant generating function of the sum, in nats."""


@dataclass(frozen=True, slots=True, eq=False)
class LatticeLaw:
    """The law of a sum of integers, or a stretch of it.

    Attributes:
        logs: Log-probabilities of consecutive values, shape ``(m,)``.
        clear: Whether rounding leaves every one of them alone. Where values lie in a valley
            between others far more likely, it does not.
    """

    logs: Float64[np.ndarray, " m"]
    clear: bool


@dataclass(frozen=True, slots=True)
class _Window:
    law: TiltedSum
    first: int
    last: int


def window_law(total: LatticeSum, *, first: int, last: int) -> LatticeLaw:
    """Log-probabilities of consecutive values of a sum.

    Args:
        total: The sum.
        first: Smallest value asked.
        last: Largest value asked.

    Returns:
        ``last - first + 1`` log-probabilities, within about ``1e-12`` of themselves where the
        law is clear; ``-inf`` where a value is impossible or so rare among its neighbours
        (below about ``1e-14`` of them) that rounding hides it.
    """
    result = np.full(last - first + 1, -np.inf)
    clear = True
    for window in _windows(_chain(total, first, last), first, last):
        values = _inverted(total, window)
        result[window.first - first : window.last - first + 1] = values.logs
        clear &= values.clear
    return LatticeLaw(result, clear)


def _chain(total: LatticeSum, first: int, last: int) -> list[TiltedSum]:
    """Tilts in increasing order whose windows meet, the outermost with means at the ends."""
    up = down = total.tilted(0.0)
    chain = [up]
    while up.mean < last - _NEAR and (above := _next(total, up, 1.0)):
        up = above
        chain.append(up)
    while down.mean > first + _NEAR and (below := _next(total, down, -1.0)):
        down = below
        chain.insert(0, down)
    return chain


def _next(total: LatticeSum, law: TiltedSum, sign: float) -> TiltedSum | None:
    """A tilt whose window meets this one's; none where no float reaches further."""
    step = 2 * _REACH / law.std
    for _ in range(_HALVINGS):
        found = total.tilted(law.theta + sign * step)
        moved = sign * (found.mean - law.mean)
        if _STILL < moved <= _REACH * (found.std + law.std):
            return found
        step /= 2
    return None


def _windows(chain: list[TiltedSum], first: int, last: int) -> list[_Window]:
    """The values that each tilt answers for; between two, as many deviations from both."""
    windows, begin = [], first
    for law, above in zip(chain, [*chain[1:], None], strict=True):
        end = last
        if above is not None:
            share = (law.mean * above.std + above.mean * law.std) / (above.std + law.std)
            end = min(floor(share), last)
        if begin <= end:
            windows.append(_Window(law, begin, end))
            begin = end + 1
    return windows


def _inverted(total: LatticeSum, window: _Window) -> LatticeLaw:
    law, center = window.law, round(window.law.mean)
    size = next_fast_len(_period(total, window), real=True)
    spectrum = law.spectrum(size, center)
    values: npt.NDArray[np.float64] = irfft(spectrum, size)
    places = np.arange(window.first, window.last + 1)
    found = values[(places - center) % size]
    noise = law.noise * float(np.abs(spectrum).sum()) * 2 / size
    with np.errstate(divide="ignore"):
        logs = np.log(np.where(found > noise, found, 0.0))
    back = np.asarray(law.cgf - np.longdouble(law.theta) * places, dtype=np.float64)
    clear = bool((found * _CLEAR > noise).all())
    return LatticeLaw(np.asarray(np.minimum(logs + back, 0.0)), clear)


def _period(total: LatticeSum, window: _Window) -> int:
    """A period after which the tilted law has decayed, by Chernoff's bound on both sides."""
    law = window.law
    rarity = _ALIAS + _REACH**2 / 2 + float(np.log1p(law.std))
    steps = [x / law.std for x in _SLOPES]
    above = [float(total.cgf(law.theta + t) - law.cgf + rarity) / t for t in steps]
    below = [float(law.cgf - total.cgf(law.theta - t) - rarity) / t for t in steps]
    # no bound where a tilt is beyond floats; the whole law at once wraps nothing
    high = min((x for x in above if isfinite(x)), default=inf) - window.first
    low = window.last - max((x for x in below if isfinite(x)), default=-inf)
    return max(min(ceil(min(max(high, low), total.top)) + 1, total.top + 1), 2)
