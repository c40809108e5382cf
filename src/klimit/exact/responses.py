"""The law of the total reward of responses of random length, cut where nothing is left."""

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, inf

import numpy as np
from jaxtyping import Float64, Int64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.exact.finite import FiniteModel
from klimit.exact.ladders import StoppedWalk
from klimit.exact.lattices import Lattice, find_lattice
from klimit.exact.totals import LARGEST, with_void
from klimit.exact.variable_length import VariableLength

__all__ = ["ResponseReward", "finite_law", "response_reward"]

_CUT = 45.0  # nats by which what is cut is rarer than one draw in all of them
_WORK = 4e9  # products that a law may take


@dataclass(frozen=True, eq=False, init=False)
class ResponseReward(FiniteModel):
    """The law of the total reward of a response, without totals too rare to matter.

    Whatever takes a ``FiniteModel`` takes it. By Lundberg's inequality a total lies beyond
    its ends with at most the stated probability, and one of ``n`` with at most ``n`` times it.

    Attributes:
        log_probs: Log-probabilities of the totals in nats, shape ``(k,)``.
        rewards: The totals, increasing, shape ``(k,)``; the first is ``-inf`` where responses
            that must not be are possible.
        span: Step of the lattice on which the totals lie.
        log_cut: A bound on the log-probability of a total beyond either end, ``-inf`` where
            there is none.
        responses: The reference policy.
    """

    span: float
    log_cut: float
    responses: VariableLength

    def __init__(
        self,
        log_probs: ArrayLike,
        rewards: ArrayLike,
        *,
        span: float,
        log_cut: float,
        responses: VariableLength,
    ) -> None:
        """Check and normalise.

        Args:
            log_probs: Log-probabilities in nats that sum to 1 within ``1e-9``.
            rewards: Totals, increasing.
            span: Step of the lattice.
            log_cut: A bound on the log-probability of a total beyond either end.
            responses: The reference policy.

        Raises:
            InputError: ``log_probs`` is no distribution.
        """
        super().__init__(log_probs, rewards)
        object.__setattr__(self, "span", span)
        object.__setattr__(self, "log_cut", log_cut)
        object.__setattr__(self, "responses", responses)


def response_reward(
    model: VariableLength,
    *,
    log_n: float = 0.0,
    top_beta: float = 0.0,
    bottom_beta: float = 0.0,
) -> ResponseReward:
    """The law of the total reward, wide enough for some draws and some tilts.

    Each log-probability is right to about ``1e-12`` of itself, in the far tails too.

    Args:
        model: The reference policy; its rewards are multiples of one step.
        log_n: Logarithm of the number of draws: the chance that one of them lies beyond either
            end is below ``2 exp(-45)``.
        top_beta: The largest inverse temperature of a tilt that is to lie within likewise.
        bottom_beta: The smallest.

    Returns:
        The law.

    Raises:
        InputError: Rewards have no common step, or the law has too many levels.

    Example:
        >>> coin = VariableLength([np.log(0.5)], [1.0], stop_log_prob=np.log(0.5))
        >>> np.exp(response_reward(coin).log_probs[:3])
        array([0.5  , 0.25 , 0.125])
    """
    steps = model.steps
    lattice = _lattice(steps.rewards)
    places = lattice.index - lattice.index[-1]
    span = float(lattice.span)
    up, down = (
        x * span if x < inf else inf for x in (steps.critical, steps.reflected.critical)
    )
    walk = StoppedWalk(steps.log_probs, places[:-1], steps.log_stop, up, down)
    nats = log_n + _CUT
    high = _reach(nats, up, max(top_beta, 0.0) * span)
    low = _reach(nats, down, max(-bottom_beta, 0.0) * span)
    taps = float(np.abs(places).max(initial=0)) + 1.0
    if not (low + high < LARGEST and (low + high) * taps + walk.work < _WORK):
        raise InputError(
            f"the law of responses has {low + high + 1:.3g} levels of {span:.6g}, too many to "
            "keep; take fewer draws or a smaller beta, or round the rewards to a coarser step"
        )
    high, low = ceil(high), ceil(low)
    logs = walk.law(low=-low, high=high)
    index = np.arange(-low, high + 1)[logs > -inf]
    totals = model.stop_reward + _multiples(lattice.span, index)
    log_probs, rewards = with_void(logs[logs > -inf], totals, -model.floor_kl)
    return ResponseReward(
        log_probs,
        rewards,
        span=span,
        log_cut=float(np.logaddexp(-up * (high + 1), -down * (low + 1))),
        responses=model,
    )


def finite_law(model: FiniteModel | VariableLength, *, log_n: float) -> FiniteModel:
    """A model with finitely many levels that some draws cannot tell from the one given.

    Args:
        model: The reference policy and its rewards.
        log_n: Logarithm of the number of draws.

    Returns:
        The same model, or the law of the total reward of its responses.

    Raises:
        InputError: Rewards of tokens have no common step, or the law has too many levels.
    """
    if isinstance(model, VariableLength):
        return response_reward(model, log_n=log_n)
    return model


def _lattice(rewards: Float64[np.ndarray, " k"]) -> Lattice:
    """The lattice of the rewards and of 0, which comes last."""
    found = find_lattice(np.append(rewards, 0.0), most=LARGEST)
    if found is None:
        raise InputError(
            "the law of responses needs token rewards that are multiples of one step; round "
            "them to one"
        )
    return found


def _reach(nats: float, critical: float, beta: float) -> float:
    """Steps beyond which a tilt, critical that much further, has less than so many nats."""
    if critical == inf:
        return 0.0
    return nats / (critical - beta) if beta < critical else inf


def _multiples(span: Fraction, index: Int64[np.ndarray, " l"]) -> Float64[np.ndarray, " l"]:
    top = int(np.abs(index).max(initial=0))
    if max(span.numerator * top, span.denominator) < 2**53:
        return np.asarray(span.numerator * index / span.denominator, dtype=np.float64)
    return np.asarray(np.longdouble(float(span)) * index, dtype=np.float64)
