"""Reward laws whose frontier is known, for the study of the estimated one.

A law is a base law of ``z`` and a law of the prompts' location and scale: a draw for prompt
``x`` is ``location_x + scale_x * z``. Closed forms of the base law's ``log E exp(b z)`` and of
its derivative give the frontier of any set of prompts.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, stdtr, stdtrit

Array = np.ndarray
Generator = np.random.Generator
_PROMPTS = 200_000  # that stand for the population of prompts


@dataclass(frozen=True)
class Law:
    """One law of rewards.

    Attributes:
        name: What it is.
        draw: Draws ``z`` of a shape.
        cgf: The base law's ``log E exp(b z)`` and its derivative at an array of ``b >= 0``.
        prompt: Location and scale of that many prompts.
        pole: The cgf is finite below it.
        top: The largest ``z``.
        ceiling: KL at which it is reached.
    """

    name: str
    draw: Callable[[Generator, tuple[int, int]], Array]
    cgf: Callable[[Array], tuple[Array, Array]]
    prompt: Callable[[Generator, int], tuple[Array, Array]]
    pole: float = np.inf
    top: float = np.inf
    ceiling: float = np.inf

    def rewards(self, rng: Generator, prompts: tuple[Array, Array], m: int) -> Array:
        """``m`` draws for each prompt, shape ``(p, m)``."""
        location, scale = prompts
        return location[:, None] + scale[:, None] * self.draw(rng, (location.size, m))

    def population(self) -> tuple[Array, Array]:
        """Many prompts, in place of the population."""
        return self.prompt(np.random.default_rng(12345), _PROMPTS)

    def frontier(self, prompts: tuple[Array, Array], *, kl: float, pooled: bool) -> float:
        """The largest mean reward of these prompts within a budget."""
        location, scale = prompts
        if kl >= self.ceiling:
            return float((location + scale * self.top).mean())
        if pooled and np.ptp(scale) > 0:
            return float(location.mean()) + self._best(scale, kl)
        return float(location.mean()) + float(scale.mean()) * self._best(np.ones(1), kl)

    def tilt(self, prompts: tuple[Array, Array], beta: float) -> tuple[Array, Array]:
        """Mean reward and KL of the tilt of every prompt."""
        location, scale = prompts
        slopes, which = np.unique(beta * scale, return_inverse=True)
        cgf, mean = self.cgf(slopes)
        return location + scale * mean[which], (slopes * mean - cgf)[which]

    def _best(self, scale: Array, kl: float) -> float:
        def excess(log_beta: float) -> float:
            tilt = np.exp(log_beta) * scale
            cgf, mean = self.cgf(tilt)
            return float((tilt * mean - cgf).mean()) - kl

        high = np.log(self.pole / scale.max()) - 1e-9 if np.isfinite(self.pole) else 6.4
        beta = np.exp(brentq(excess, -12.0, high, xtol=1e-12))
        return float((scale * self.cgf(beta * scale)[1]).mean())


@dataclass(frozen=True)
class Verifier:
    """Pass or fail, each prompt with its own probability to pass."""

    name: str
    low: float
    high: float

    def prompt(self, rng: Generator, p: int) -> tuple[Array, Array]:
        """The probabilities to fail and to pass."""
        success = rng.uniform(self.low, self.high, p)
        return 1 - success, success

    def rewards(self, rng: Generator, prompts: tuple[Array, Array], m: int) -> Array:
        """``m`` draws for each prompt, shape ``(p, m)``."""
        return (rng.random((prompts[1].size, m)) < prompts[1][:, None]).astype(float)

    def population(self) -> tuple[Array, Array]:
        """Many prompts, in place of the population."""
        return self.prompt(np.random.default_rng(12345), _PROMPTS)

    def frontier(self, prompts: tuple[Array, Array], *, kl: float, pooled: bool) -> float:
        """The largest mean reward of these prompts within a budget."""
        fail, success = prompts
        low, high = np.full(success.size, -12.0), np.full(success.size, 6.4)
        for _ in range(60):
            middle = (low + high) / 2
            tilt = np.exp(middle)
            total = fail + success * np.exp(tilt)
            spent = tilt * success * np.exp(tilt) / total - np.log(total)
            over = (spent.mean() if pooled else spent) > kl
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        lifted = success * np.exp(np.exp(low))
        return float((lifted / (fail + lifted)).mean())

    def tilt(self, prompts: tuple[Array, Array], beta: float) -> tuple[Array, Array]:
        """Mean reward and KL of the tilt of every prompt."""
        fail, success = prompts
        total = fail + success * np.exp(beta)
        passed = success * np.exp(beta) / total
        return passed, beta * passed - np.log(total)


def same(_: Generator, p: int) -> tuple[Array, Array]:
    """Prompts that do not differ."""
    return np.zeros(p), np.ones(p)


def differing(rng: Generator, p: int) -> tuple[Array, Array]:
    """Prompts of very different means and of spreads between 0.5 and 2."""
    return rng.normal(size=p), np.exp(rng.uniform(-np.log(2), np.log(2), p))


def atoms(values: Array, probs: Array) -> Callable[[Array], tuple[Array, Array]]:
    """The cgf of a law on finitely many points."""

    def cgf(b: Array) -> tuple[Array, Array]:
        top = values.max()
        mass = probs * np.exp(np.multiply.outer(b, values - top))
        total = mass.sum(-1)
        return b * top + np.log(total), (mass * values).sum(-1) / total

    return cgf


def finite(name: str, values: list[float], probs: list[float]) -> Law:
    v, p = np.array(values), np.array(probs)
    return Law(
        name,
        lambda rng, shape: rng.choice(v, p=p, size=shape),
        atoms(v, p),
        same,
        top=float(v.max()),
        ceiling=-float(np.log(p[v == v.max()].sum())),
    )


def uniform_cgf(b: Array) -> tuple[Array, Array]:
    b = np.maximum(b, 1e-5)
    return np.log(np.expm1(b) / b), -1 / np.expm1(-b) - 1 / b


def gamma_cgf(b: Array, shape: float, rate: float) -> tuple[Array, Array]:
    return -shape * np.log1p(-b / rate), shape / (rate - b)


def mixture_cgf(b: Array) -> tuple[Array, Array]:
    low, high = np.log(0.7) - b + 0.045 * b**2, np.log(0.3) + 1.5 * b + 0.125 * b**2
    total = np.logaddexp(low, high)
    return total, np.exp(low - total) * (-1 + 0.09 * b) + np.exp(high - total) * (
        1.5 + 0.25 * b
    )


def student_atoms() -> tuple[Array, Array]:
    """A Student law with three degrees of freedom, cut at 8, on a grid of quantiles."""
    u = (np.arange(200_000) + 0.5) / 200_000
    low, high = float(stdtr(3, -8.0)), float(stdtr(3, 8.0))
    z = stdtrit(3, low + u * (high - low))
    return z, np.full(z.size, 1 / z.size)


_STUDENT = student_atoms()


def student_cgf(b: Array) -> tuple[Array, Array]:
    cgf, mean = zip(*(atoms(*_STUDENT)(np.array(x)) for x in np.ravel(b)), strict=True)
    return np.reshape(cgf, b.shape), np.reshape(mean, b.shape)


def gaussian_cgf(b: Array) -> tuple[Array, Array]:
    return b * b / 2, b


def rectified_cgf(b: Array) -> tuple[Array, Array]:
    """Of ``max(0, z)`` for a Gaussian ``z``: half of the draws tied at the bottom."""
    lifted = b * b / 2 + log_ndtr(b)
    total = np.logaddexp(np.log(0.5), lifted)
    density = np.exp(-0.5 * np.log(2 * np.pi) - total)
    return total, np.exp(lifted - total) * b + density


LAWS = (
    Law("gaussian", lambda rng, shape: rng.normal(size=shape), gaussian_cgf, same),
    Law(
        "skewed to the right",
        lambda rng, shape: rng.gamma(4, size=shape) / 2,
        lambda b: gamma_cgf(b, 4.0, 2.0),
        same,
        pole=2.0,
    ),
    Law(
        "skewed to the left",
        lambda rng, shape: -rng.exponential(size=shape),
        lambda b: (-np.log1p(b), -1 / (1 + b)),
        same,
    ),
    Law("bounded", lambda rng, shape: rng.random(shape), uniform_cgf, same),
    Law(
        "bimodal",
        lambda rng, shape: np.where(
            rng.random(shape) < 0.7, rng.normal(-1, 0.3, shape), rng.normal(1.5, 0.5, shape)
        ),
        mixture_cgf,
        same,
    ),
    finite("pass/fail 0.5", [0.0, 1.0], [0.5, 0.5]),
    finite("pass/fail 0.1", [0.0, 1.0], [0.9, 0.1]),
    finite("pass/fail 0.01", [0.0, 1.0], [0.99, 0.01]),
    Verifier("pass/fail, prompts differ", 0.05, 0.95),
    finite("judge of five levels", [1, 2, 3, 4, 5], [0.1, 0.2, 0.4, 0.2, 0.1]),
    Law(
        "prompts differ",
        lambda rng, shape: rng.normal(size=shape),
        gaussian_cgf,
        differing,
    ),
    Law(
        "exponential tail",
        lambda rng, shape: rng.exponential(size=shape),
        lambda b: gamma_cgf(b, 1.0, 1.0),
        same,
        pole=1.0,
    ),
    Law(
        "student, cut at 8",
        lambda rng, shape: stdtrit(3, rng.uniform(stdtr(3, -8.0), stdtr(3, 8.0), size=shape)),
        student_cgf,
        same,
    ),
    Law(
        "half tied",
        lambda rng, shape: np.maximum(0.0, rng.normal(size=shape)),
        rectified_cgf,
        same,
    ),
    Law(
        "near-constant",
        lambda rng, shape: rng.normal(size=shape),
        gaussian_cgf,
        lambda _, p: (np.full(p, 1e3), np.full(p, 1e-6)),
    ),
)
