"""One step of a response that may stop, and what its tilts make of the whole response."""

from dataclasses import dataclass
from functools import cached_property
from math import copysign, exp, inf, log, log1p

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import ConvergenceError
from klimit.core.numerics import kl_from_ratio

__all__ = ["Steps", "TiltedSteps"]

_NEWTON = 2000
_NEAR = 0.5  # of the critical factor: beyond it the distance to it keeps more digits
_EPS = 2.0**-52


@dataclass(frozen=True, slots=True, eq=False)
class TiltedSteps:
    """The law of a step under a tilt; totals leave out what stopping itself brings.

    Attributes:
        beta: What multiplies the reward.
        log_ratio: Log-probabilities of the tokens less those of the reference policy, and last
            that of stopping, shape ``(k + 1,)``.
        log_stop: Log-probability of stopping.
        cgf: Cumulant generating function of the total at ``beta``, in nats.
        mean: Mean total.
        variance: Variance of the total.
        kl: Divergence of a response from the reference policy, in nats.
        kl_back: Divergence of the reference policy from it, in nats.
        shortfall: How far the mean lies from an extreme of 0.
    """

    beta: float
    log_ratio: Float64[np.ndarray, " l"]
    log_stop: float
    cgf: float
    mean: float
    variance: float
    kl: float
    kl_back: float
    shortfall: float

    @property
    def mean_length(self) -> float:
        """Mean number of steps, the last one included."""
        return exp(-self.log_stop)

    @property
    def gain(self) -> float:
        """How far the mean lies above the reference policy's."""
        return (self.kl + self.kl_back) / self.beta if self.beta else 0.0


# Not slotted: cached properties live in the instance's dictionary.
@dataclass(frozen=True, eq=False)
class Steps:
    r"""Tokens with finite rewards, or the end.

    With :math:`M(\beta) = \sum_i p_i e^{\beta r_i}` over tokens, the total has the generating
    function :math:`p_\text{stop} / (1 - M(\beta))` as long as :math:`M(\beta) < 1`.

    Attributes:
        log_probs: Log-probabilities of the tokens, finite, shape ``(k,)``, none for ``k = 0``.
        rewards: Their rewards, finite, shape ``(k,)``.
        log_stop: Log-probability of stopping; with the tokens' it sums to 1.
    """

    log_probs: Float64[np.ndarray, " k"]
    rewards: Float64[np.ndarray, " k"]
    log_stop: float

    @cached_property
    def reflected(self) -> "Steps":
        """The same with rewards of the other sign."""
        return Steps(self.log_probs, -self.rewards, self.log_stop)

    @cached_property
    def critical(self) -> float:
        """The factor on the reward where ``M`` reaches 1; ``inf`` where no reward is positive.

        From the right, where ``M`` is convex and each token alone would reach 1, the steps of
        Newton's method fall to it.
        """
        good = self.rewards > 0.0
        if not good.any():
            return inf
        beta = float((-self.log_probs[good] / self.rewards[good]).min())
        for _ in range(_NEWTON):
            weights = np.exp(self.log_probs + beta * self.rewards)
            excess = self._excess(beta) - exp(self.log_stop)
            step = excess / float(weights @ self.rewards)
            if step <= _EPS * beta:
                return beta
            beta -= step
        raise ConvergenceError(  # pragma: no cover  (Newton's steps from above only fall)
            f"no critical beta found: the last try was {beta!r}"
        )

    @cached_property
    def log_extreme(self) -> float:
        """Log-probability of a total of 0 where that is an extreme."""
        others = float(np.exp(self.log_probs[self.rewards != 0.0]).sum())
        return -log1p(others / exp(self.log_stop))

    def tilted(self, beta: float, *, left: float | None = None) -> TiltedSteps:
        """The law under a tilt.

        Args:
            beta: Factor on the reward, between the critical ones; infinite where there is none.
            left: Its distance to the critical factor, where that is known to more digits.

        Returns:
            The tilted law.
        """
        if abs(beta) == inf:
            return self._limit(beta)
        u = beta * self.rewards
        if beta == 0.0:
            u_stop = 0.0
        else:
            bound = self.critical if beta > 0.0 else self.reflected.critical
            if abs(beta) > _NEAR * bound:
                gap = copysign(bound - abs(beta) if left is None else left, beta)
                u_stop = log(self._rise(u, gap)) - self.log_stop
            else:
                u_stop = log1p(-self._excess(beta) / exp(self.log_stop))
        return self._made(beta, np.append(u, u_stop), cgf=-u_stop)

    def _limit(self, beta: float) -> TiltedSteps:
        u_stop = -self.log_extreme
        u = np.append(np.where(self.rewards == 0.0, 0.0, -inf), u_stop)
        return self._made(beta, u, cgf=-u_stop)

    def _made(self, beta: float, u: Float64[np.ndarray, " l"], cgf: float) -> TiltedSteps:
        log_p = np.append(self.log_probs, self.log_stop)
        log_q = log_p + u
        stop, q = exp(log_q[-1]), np.exp(log_q[:-1])
        with np.errstate(over="ignore"):
            mean = float(q @ self.rewards) / stop
            second = float(q @ self.rewards**2) / stop
        back = inf if np.any(u == -inf) else kl_from_ratio(log_q, -u)
        return TiltedSteps(
            beta=beta,
            log_ratio=u,
            log_stop=float(log_q[-1]),
            cgf=cgf,
            mean=mean,
            variance=second + mean**2,
            kl=kl_from_ratio(log_p, u) / stop,
            kl_back=back / exp(self.log_stop),
            shortfall=float(q @ np.abs(self.rewards)) / stop,
        )

    def _excess(self, beta: float) -> float:
        """``M(beta)`` less its value at 0."""
        u = beta * self.rewards
        near = np.exp(self.log_probs) * np.expm1(np.minimum(u, 1.0))
        far = np.exp(self.log_probs + u) - np.exp(self.log_probs)
        return float(np.where(u < 1.0, near, far).sum())

    def _rise(self, u: Float64[np.ndarray, " k"], gap: float) -> float:
        """``1 - M(beta)``, by how much ``M`` rises from there to the critical factor."""
        more = gap * self.rewards
        near = np.exp(self.log_probs + u) * np.expm1(np.minimum(more, 1.0))
        far = np.exp(self.log_probs + u + more) - np.exp(self.log_probs + u)
        return float(np.where(more < 1.0, near, far).sum())
