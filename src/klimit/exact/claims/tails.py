"""The product form, and large deviations: exact tails against two formulas for them."""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
from jaxtyping import Float64, Int64

from klimit.core.errors import InputError
from klimit.core.numerics import log_sum_exp
from klimit.core.results import Result
from klimit.exact.claims.setting import Setting
from klimit.exact.claims.sharp_tails import sharp_log_tail
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import frontier
from klimit.exact.memoryless import Memoryless
from klimit.exact.rates import rate
from klimit.exact.tilts import Tilt, tilt
from klimit.exact.totals import TotalReward

__all__ = ["TailClaim", "TailCurve", "log_tail", "tail_claim"]

_SHOWN = 3  # lengths whose whole tail is shown
_POINTS = 16
_SHARE = 0.4  # of the way from the mean to the largest reward, where convergence is shown


@dataclass(frozen=True, slots=True, eq=False)
class TailCurve(Result):
    """The tail of the aligned model's mean reward at one length.

    Attributes:
        length: Number of symbols.
        x: Mean rewards per symbol, attainable ones on a lattice, shape ``(x,)``.
        exact: Exact log-probability of at least that, in nats, shape ``(x,)``.
        sharp: What the sharp form says, shape ``(x,)``.
    """

    length: int
    x: Float64[np.ndarray, " x"]
    exact: Float64[np.ndarray, " x"]
    sharp: Float64[np.ndarray, " x"]


@dataclass(frozen=True, slots=True, eq=False)
class TailClaim(Result):
    """How the optimum on sequences follows from that on one symbol, and how its tail falls.

    Attributes:
        setting: Where the claim is put to the test.
        mean_reward: Mean reward per symbol of the optimum.
        lengths: Numbers of symbols, shape ``(l,)``.
        beta: Inverse temperature of the optimum on sequences of each length, shape ``(l,)``.
        product_error: Largest error of the log-probability that the product of optima on
            symbols gives a total, over that log-probability, shape ``(l,)``; rounding, which is
            large where a total is many times less likely than those beside it.
        rate_x: Mean rewards per symbol, shape ``(r,)``.
        rate: The rate function at each, in nats per symbol, shape ``(r,)``.
        curves: Whole tails at some lengths.
        x: The mean reward at which convergence is shown, for each length, shape ``(l,)``.
        exact: Exact log-probability of at least that, in nats, shape ``(l,)``.
        leading: Minus the length times the rate, shape ``(l,)``.
        sharp: The sharp form, lattice counted, shape ``(l,)``; ``nan`` where ``x`` is the
            largest reward, which it is not made for.
        sharp_without_lattice: The sharp form as if there were no lattice, shape ``(l,)``.
    """

    setting: Setting
    mean_reward: float
    lengths: Int64[np.ndarray, " l"]
    beta: Float64[np.ndarray, " l"]
    product_error: Float64[np.ndarray, " l"]
    rate_x: Float64[np.ndarray, " r"]
    rate: Float64[np.ndarray, " r"]
    curves: tuple[TailCurve, ...]
    x: Float64[np.ndarray, " l"]
    exact: Float64[np.ndarray, " l"]
    leading: Float64[np.ndarray, " l"]
    sharp: Float64[np.ndarray, " l"]
    sharp_without_lattice: Float64[np.ndarray, " l"]


def tail_claim(setting: Setting) -> TailClaim:
    """Compare exact tails of the optimum with the rate function and the sharp form.

    Args:
        setting: Where.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = tail_claim(example_settings()[0])
        >>> round(float(claim.exact[-1]), 2), round(float(claim.sharp[-1]), 2)
        (-137.05, -137.05)
    """
    optimum, top = setting.optimum, setting.limits.ceiling_reward
    laws = setting.totals
    aligned = [tilt(law, beta=optimum.beta) for law in laws]
    mean = optimum.mean_reward
    at = [_attainable(law, mean + _SHARE * (top - mean)) for law in laws]
    rate_x = np.linspace(mean, top, 101)
    rates = [rate(setting.symbols, x, beta=optimum.beta) for x in at]
    return TailClaim(
        setting=setting,
        mean_reward=mean,
        lengths=setting.lengths,
        beta=np.array([frontier(law).at_kl(law.length * setting.kl).beta for law in laws]),
        product_error=np.array([_product_error(optimum, found) for found in aligned]),
        rate_x=rate_x,
        rate=np.array([rate(setting.symbols, float(x), beta=optimum.beta) for x in rate_x]),
        curves=tuple(_curve(setting, aligned[k], laws[k]) for k in _spread(len(laws), _SHOWN)),
        x=np.array(at),
        exact=np.array([log_tail(found, x) for found, x in zip(aligned, at, strict=True)]),
        leading=-setting.lengths * np.array(rates),
        sharp=_sharp(setting, setting.lengths, np.array(at), setting.span),
        sharp_without_lattice=_sharp(setting, setting.lengths, np.array(at), None),
    )


def log_tail(aligned: Tilt, x: float) -> float:
    """The exact tail of a total under a tilt.

    Args:
        aligned: A tilt of a total's law.
        x: Mean reward per symbol.

    Returns:
        Log-probability, in nats, that the mean reward is at least ``x``.

    Raises:
        InputError: ``aligned`` is no tilt of a total's law.
    """
    law = _law(aligned)
    blur = law.span / 2 if law.span else 0.0
    first = int(np.searchsorted(law.rewards, law.length * x - blur))
    if aligned.log_probs is None or first == law.rewards.size:
        return -inf
    return log_sum_exp(aligned.log_probs[first:])


def _law(aligned: Tilt) -> TotalReward:
    if not isinstance(aligned.model, TotalReward):
        raise InputError(
            f"log_tail needs a tilt of a total, got one of a {type(aligned.model).__name__}"
        )
    return aligned.model


def _curve(setting: Setting, aligned: Tilt, law: TotalReward) -> TailCurve:
    mean, top = setting.optimum.mean_reward, setting.limits.ceiling_reward
    asked = mean + (top - mean) * np.linspace(0.08, 0.92, _POINTS)
    x = np.unique([_attainable(law, float(value)) for value in asked])
    x = x[x < top]
    return TailCurve(
        length=law.length,
        x=x,
        exact=np.array([log_tail(aligned, float(value)) for value in x]),
        sharp=_sharp(setting, np.full(x.size, law.length), x, setting.span),
    )


def _sharp(
    setting: Setting,
    lengths: Int64[np.ndarray, " l"],
    x: Float64[np.ndarray, " l"],
    span: float | None,
) -> Float64[np.ndarray, " l"]:
    beta = setting.optimum.beta
    mean, top = setting.optimum.mean_reward, setting.limits.ceiling_reward
    return np.array(
        [
            sharp_log_tail(setting.symbols, float(at), length=int(n), beta=beta, span=span)
            if mean < at < top
            else nan
            for n, at in zip(lengths, x, strict=True)
        ]
    )


def _attainable(law: TotalReward, x: float) -> float:
    """The next mean reward that a lattice allows; any where there is none."""
    if law.span is None:
        return x
    first = int(np.searchsorted(law.rewards, law.length * x - 1e-9 * law.span))
    return float(law.rewards[min(first, law.rewards.size - 1)]) / law.length


def _product_error(optimum: Tilt, aligned: Tilt) -> float:
    """The law of the total of independent optimal symbols, against the optimum on totals."""
    law = _law(aligned)
    if (  # pragma: no cover  (never, of totals)
        law.symbols is None or optimum.log_probs is None or aligned.log_probs is None
    ):
        raise InputError("the product form needs independent symbols of finitely many kinds")
    product = Memoryless(FiniteModel(optimum.log_probs, law.symbols.rewards)).total(law.length)
    _, ours, theirs = np.intersect1d(product.rewards, law.rewards, return_indices=True)
    expected = aligned.log_probs[theirs]
    return float(np.max(np.abs(product.log_probs[ours] / expected - 1.0)))


def _spread(count: int, shown: int) -> list[int]:
    """Some of ``count`` places, both ends among them."""
    return sorted({round(k * (count - 1) / (shown - 1)) for k in range(shown)})
