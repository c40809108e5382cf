"""Curves over several levels: bands that hold at all of them, and differences that stand."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.special import ndtr, stdtrit

from klimit.core.results import Result
from klimit.estimate.uncertainty import student_quantile
from klimit.estimate.within_prompts import WithinPrompts, skewed_interval

__all__ = ["Curve", "Differences", "band", "differences"]

_REPLICATES = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Curve(Result):
    """A mean over prompts at several levels, with how its errors hang together.

    Attributes:
        points: The numbers behind each level, in order.
        covariance: Covariance of the means, shape ``(k, k)``; ``inf`` on the diagonal where the
            draws do not tell a level's error.
        freedom: Degrees of freedom behind it.
        prompts: ``"sampled"`` or ``"fixed"``.
    """

    points: tuple[WithinPrompts, ...]
    covariance: Float64[np.ndarray, "k k"]
    freedom: float
    prompts: str

    @property
    def values(self) -> Float64[np.ndarray, " k"]:
        """The means, shape ``(k,)``."""
        return np.array([point.values.mean() for point in self.points])

    def take(self, levels: Int64[np.ndarray, " j"]) -> "Curve":
        """Some of the levels, in the order given.

        Args:
            levels: Their indices.

        Returns:
            The curve over these.
        """
        return Curve(
            tuple(self.points[i] for i in levels),
            self.covariance[np.ix_(levels, levels)],
            self.freedom,
            self.prompts,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Differences(Result):
    """Which levels differ, all comparisons together right as often as the level says.

    Attributes:
        rises: Whether the second level is above the first, for the first before the second,
            shape ``(k, k)``.
        falls: Whether it is below.
    """

    rises: Bool[np.ndarray, "k k"]
    falls: Bool[np.ndarray, "k k"]


def band(
    curve: Curve, *, level: float, rng: np.random.Generator
) -> tuple[Float64[np.ndarray, " k"], Float64[np.ndarray, " k"]]:
    """A band that holds the whole curve as often as the level says.

    Args:
        curve: The curve.
        level: Nominal coverage, in (0, 1).
        rng: Draws the law of the largest of the errors.

    Returns:
        Its lower and its upper end at each level.
    """
    stderr = np.sqrt(np.diagonal(curve.covariance))
    known = np.isfinite(stderr)
    noise = _noise(curve, rng)[:, known]
    critical = _critical(noise, stderr[known], level, curve.freedom)
    reach = [
        skewed_interval(critical, point.skewness(prompts=curve.prompts))
        for point in curve.points
    ]
    low, high = np.array(reach).T
    left = np.array([point.left_bias for point in curve.points])
    return curve.values - low * stderr - left, curve.values + high * stderr + left


def differences(curve: Curve, *, level: float, rng: np.random.Generator) -> Differences:
    """Compare every two levels, prompt by prompt.

    Args:
        curve: The curve.
        level: Probability that no comparison is wrong, in (0, 1).
        rng: Draws the law of the largest of the errors.

    Returns:
        What is established.
    """
    k = len(curve.points)
    rises, falls = np.zeros((2, k, k), dtype=bool)
    known = np.isfinite(np.diagonal(curve.covariance))
    first, second = np.triu_indices(k, 1)
    both = known[first] & known[second]
    first, second = first[both], second[both]
    variance = np.diagonal(curve.covariance)
    spread = variance[first] + variance[second] - 2 * curve.covariance[first, second]
    rounding = 1e-14 * (variance[first] + variance[second])
    stderr = np.sqrt(np.where(spread > rounding, spread, 0.0))
    noise = _noise(curve, rng)
    critical = _critical(noise[:, second] - noise[:, first], stderr, level, curve.freedom)
    gaps = curve.values[second] - curve.values[first]
    for i, j, gap, error in zip(first, second, gaps, stderr, strict=True):
        if error > 0 and abs(gap) > critical * error:
            pair = curve.points[j].values - curve.points[i].values
            low, high = skewed_interval(critical, _skewness(pair, curve.prompts))
            rises[i, j], falls[i, j] = gap > low * error, -gap > high * error
    return Differences(rises, falls)


def _skewness(pair: Float64[np.ndarray, " p"], prompts: str) -> float:
    numbers = WithinPrompts(pair, np.zeros_like(pair), np.zeros_like(pair))
    return numbers.skewness(prompts=prompts)


def _noise(curve: Curve, rng: np.random.Generator) -> Float64[np.ndarray, "r k"]:
    """Errors with the curve's covariance."""
    known = np.isfinite(np.diagonal(curve.covariance))
    inner = np.where(known[:, None] & known, curve.covariance, 0.0)
    spectrum, vectors = np.linalg.eigh(inner)
    # the symmetric root: unlike one factor of it, no rounding changes its sign
    root = (vectors * np.sqrt(np.maximum(spectrum, 0.0))) @ vectors.T
    noise: Float64[np.ndarray, "r k"] = rng.normal(size=(_REPLICATES, known.size)) @ root
    return noise


def _critical(
    noise: Float64[np.ndarray, "r c"],
    stderr: Float64[np.ndarray, " c"],
    level: float,
    freedom: float,
) -> float:
    """Quantile of the largest studentised error, at least that of a single one."""
    single = student_quantile(freedom, level)
    kept = stderr > 1e-12 * stderr.max(initial=0.0)
    if not kept.any():
        return single
    largest = np.quantile(np.abs(noise[:, kept] / stderr[kept]).max(axis=1), level)
    return max(single, float(_student(float(largest), freedom)))


def _student(normal: float, freedom: float) -> float:
    """The quantile of Student's law where the normal one is given."""
    return float(stdtrit(min(freedom, 1e9), float(ndtr(normal))))
