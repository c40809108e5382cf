"""Responses that end by drawing a stop token: no ceiling, but a critical beta."""

from dataclasses import dataclass
from functools import cached_property
from math import exp, inf, log

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.numerics import log1mexp
from klimit.core.results import Result
from klimit.core.scalars import real
from klimit.exact.finite import vector
from klimit.exact.steps import Steps, TiltedSteps

__all__ = ["VariableLength"]

_TOLERANCE = 1e-9
_RAREST = -690.0  # nats: a response would take about 1e300 steps


# Not slotted: what tilts need is cached in the instance's dictionary.
@dataclass(frozen=True, eq=False, init=False)
class VariableLength(Result):
    r"""A reference policy whose responses are independent tokens up to a stop token.

    .. math:: p(y_1 \dots y_m) = p_\text{stop} \prod_i p(y_i), \qquad
              r(y) = r_\text{stop} + \sum_i r(y_i)

    A tilt exists up to a critical inverse temperature, where its responses become endless:
    where a token's reward is positive, the KL has no ceiling and the frontier approaches a line
    of slope ``1 / critical_beta``.

    Attributes:
        token_log_probs: Log-probabilities of the tokens in nats, shape ``(k,)``; with that of
            stopping they sum to 1.
        token_rewards: Reward of each token, 0 where it is impossible, shape ``(k,)``; ``-inf``
            marks a token that must not be.
        stop_log_prob: Log-probability of stopping at each step, in nats.
        stop_reward: Reward of stopping, once a response.
    """

    token_log_probs: Float64[np.ndarray, " k"]
    token_rewards: Float64[np.ndarray, " k"]
    stop_log_prob: float
    stop_reward: float

    def __init__(
        self,
        token_log_probs: ArrayLike,
        token_rewards: ArrayLike,
        *,
        stop_log_prob: float,
        stop_reward: float = 0.0,
    ) -> None:
        """Check and normalise.

        Args:
            token_log_probs: Log-probabilities in nats that with ``stop_log_prob`` sum to 1
                within ``1e-9``; what is missing is shared by the tokens, so that a rare stop
                keeps its digits.
            token_rewards: Rewards, as many; ignored where the probability is zero.
            stop_log_prob: Log-probability of stopping, between -690 and 0.
            stop_reward: Reward of stopping, finite.

        Raises:
            InputError: Lengths differ, the probabilities do not sum to 1, responses may not
                end, or the reward of a possible token is ``nan`` or ``inf``.

        Example:
            >>> model = VariableLength([np.log(0.75)], [1.0], stop_log_prob=np.log(0.25))
            >>> round(model.critical_beta, 12), round(model.mean_length(0.0), 12)
            (0.287682072452, 4.0)
        """
        log_stop = real("stop_log_prob", stop_log_prob)
        if not _RAREST <= log_stop <= 0.0:
            raise InputError(
                f"stop_log_prob must lie between {_RAREST:g} and 0, so that responses end, got "
                f"{log_stop:g}"
            )
        extra = real("stop_reward", stop_reward)
        if abs(extra) == inf:
            raise InputError(f"stop_reward must be finite, got {extra}")
        log_p = _tokens(vector("token_log_probs", token_log_probs), log_stop)
        rewards = _rewards(vector("token_rewards", token_rewards), log_p)
        for name, array in (("token_log_probs", log_p), ("token_rewards", rewards)):
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        object.__setattr__(self, "stop_log_prob", log_stop)
        object.__setattr__(self, "stop_reward", extra)

    @property
    def critical_beta(self) -> float:
        r"""The inverse temperature from which no tilt exists, in nats per unit of reward.

        There :math:`\sum_i p_i e^{\beta r_i} = 1`; ``inf`` where no token's reward is positive.
        """
        return self.steps.critical

    def mean_length(self, beta: float) -> float:
        r"""The mean number of tokens under a tilt, the stop token included.

        .. math:: \frac{1}{1 - \sum_i p_i e^{\beta r_i}}

        Args:
            beta: Inverse temperature, below the critical one; ``inf`` where there is none.

        Returns:
            The mean number.

        Raises:
            InputError: ``beta`` is ``nan`` or there is no such tilt.

        Example:
            >>> model = VariableLength([np.log(0.75)], [1.0], stop_log_prob=np.log(0.25))
            >>> round(model.mean_length(np.log(1.2)), 12)
            10.0
        """
        beta = real("beta", beta)
        if beta == 0.0:
            return exp(-self.stop_log_prob)
        return self.tilted(beta).mean_length

    @property
    def has_void(self) -> bool:
        """Whether a token of reward ``-inf`` is possible."""
        return bool(np.any(self.token_rewards == -inf))

    @property
    def floor_kl(self) -> float:
        """The KL that a finite mean reward costs at least, in nats."""
        return self.steps.log_stop - self.stop_log_prob

    @cached_property
    def steps(self) -> Steps:
        """One step of the responses of finite reward."""
        finite = (self.token_log_probs > -inf) & (self.token_rewards > -inf)
        void = self.token_log_probs[self.token_rewards == -inf]
        log_stop = self.stop_log_prob
        if void.size:
            log_stop = float(np.logaddexp(log_stop, np.logaddexp.reduce(void)))
        return Steps(self.token_log_probs[finite], self.token_rewards[finite], log_stop)

    def tilted(self, beta: float) -> TiltedSteps:
        """One step of the tilt among responses of finite reward.

        Args:
            beta: Inverse temperature.

        Returns:
            The tilted step.

        Raises:
            InputError: There is no such tilt.
        """
        if self.has_void and beta < 0.0:
            raise InputError(f"beta must not be negative where a reward is -inf, got {beta}")
        steps = self.steps
        high, low = steps.critical, -steps.reflected.critical
        if (beta >= high and high < inf) or (beta <= low and low > -inf):
            raise InputError(
                f"beta must lie between {low:.12g} and {high:.12g}, where responses become "
                f"endless, got {beta:.12g}"
            )
        return steps.tilted(beta)

    def __str__(self) -> str:
        """How many tokens, and where their rewards lie."""
        used = self.token_rewards[self.token_log_probs > -inf]
        span = f"rewards {used.min():.6g} to {used.max():.6g}, " if used.size else ""
        return (
            f"VariableLength({self.token_log_probs.size} tokens, {span}"
            f"stop {exp(self.stop_log_prob):.6g})"
        )


def _tokens(log_probs: Float64[np.ndarray, " k"], log_stop: float) -> Float64[np.ndarray, " k"]:
    """Log-probabilities of the tokens such that they and stopping sum to 1."""
    bad = np.flatnonzero(~(log_probs < inf))
    if bad.size:
        raise InputError(
            f"token_log_probs must be logarithms of probabilities, got {log_probs[bad[0]]} at "
            f"token {bad[0]}"
        )
    tokens = float(np.exp(np.minimum(log_probs, 700.0)).sum())
    if abs(tokens + exp(log_stop) - 1.0) > _TOLERANCE:
        raise InputError(
            "token_log_probs and stop_log_prob must be logarithms of probabilities that sum to "
            f"1, got {tokens:.12g} and {exp(log_stop):.12g}; rescale the tokens"
        )
    rest = float(log1mexp(log_stop))
    if rest == -inf:
        return np.full_like(log_probs, -inf)
    if tokens == 0.0:
        raise InputError("token_log_probs allow no token where stopping is not certain")
    return np.asarray(np.minimum(log_probs - log(tokens) + rest, 0.0))


def _rewards(
    rewards: Float64[np.ndarray, " r"], log_probs: Float64[np.ndarray, " k"]
) -> Float64[np.ndarray, " k"]:
    if rewards.shape != log_probs.shape:
        raise InputError(
            "token_log_probs and token_rewards must be of one length, got "
            f"{log_probs.size} and {rewards.size}"
        )
    possible = log_probs > -inf
    bad = np.flatnonzero(possible & ~(rewards < inf))
    if bad.size:
        raise InputError(
            f"token_rewards must be finite or -inf, got {rewards[bad[0]]} at token {bad[0]}"
        )
    return np.where(possible, rewards, 0.0)
