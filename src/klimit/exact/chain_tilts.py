"""Tilts of a chain at finite length: chains again, whose steps change with time."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import log_sum_exp
from klimit.core.results import Result

__all__ = ["TiltedChain", "tilted_chain"]

Matrix = Float64[np.ndarray, "s s"]
Row = Float64[np.ndarray, " s"]


@dataclass(frozen=True, slots=True, eq=False)
class TiltedChain(Result):
    r"""The optimal policy on paths of one length, by the h-transform.

    .. math:: Q_t(i, j) = \frac{P_{ij} e^{\beta r_{ij}} h_{t+1}(j)}{h_t(i)}, \qquad
              h_t(i) = \sum_j P_{ij} e^{\beta r_{ij}} h_{t+1}(j), \quad h_n = 1

    Attributes:
        beta: Inverse temperature, the factor on the reward.
        length: Number of steps.
        cgf: Cumulant generating function of the total reward, in nats.
        mean_reward: Expected total reward.
        kl: Divergence from the reference chain, in nats.
        log_start: Log-probabilities of the first state, shape ``(s,)``.
        log_values: ``log h_t``, the largest of each time 0, shape ``(length + 1, s)``; ``-inf``
            where no path goes on.
        log_weights: ``log P + beta r``, shape ``(s, s)``.
    """

    beta: float
    length: int
    cgf: float
    mean_reward: float
    kl: float
    log_start: Row
    log_values: Float64[np.ndarray, "m s"]
    log_weights: Matrix

    def log_transitions(self, step: int) -> Matrix:
        """The transition matrix of one step.

        Args:
            step: Its number, from 0.

        Returns:
            Log-probabilities, shape ``(s, s)``; rows of states from which no path goes on are
            ``-inf``.

        Raises:
            InputError: There is no such step.
        """
        if not 0 <= step < self.length:
            raise InputError(f"step must be from 0 to {self.length - 1}, got {step}")
        return _step(self.log_weights, self.log_values[step + 1])


def tilted_chain(
    log_start: Row, log_steps: Matrix, rewards: Matrix, length: int, beta: float
) -> TiltedChain:
    """Tilt a chain towards reward.

    Args:
        log_start: Log-probabilities of the first state.
        log_steps: Log-probabilities of steps.
        rewards: Finite rewards of steps.
        length: Number of steps.
        beta: Inverse temperature.

    Returns:
        The tilted chain with its generating function, mean reward and divergence.
    """
    log_weights = log_steps + beta * rewards
    log_h = np.zeros((length + 1, log_start.size))
    scale = 0.0
    for t in range(length, 0, -1):
        sums = _log_sums(log_weights + log_h[t])
        top = float(sums.max())
        if top == -np.inf:
            log_h[:] = -np.inf
            break
        log_h[t - 1], scale = sums - top, scale + top
    log_first = log_start + log_h[0]
    log_mass = log_sum_exp(log_first)
    first = log_first - log_mass if log_mass > -np.inf else log_first
    visits = np.exp(first)
    mean, kl = 0.0, float(visits @ _change(first, log_start))
    for t in range(length):
        log_q = _step(log_weights, log_h[t + 1])
        flow = visits[:, None] * np.exp(log_q)
        mean += float((flow * rewards).sum())
        kl += float((flow * _change(log_q, log_steps)).sum())
        visits = flow.sum(axis=0)
    return TiltedChain(beta, length, scale + log_mass, mean, kl, first, log_h, log_weights)


def _step(log_weights: Matrix, after: Row) -> Matrix:
    terms = log_weights + after
    sums = _log_sums(terms)
    return np.asarray(terms - np.where(sums > -np.inf, sums, 0.0)[:, None])


def _change(
    log_policy: Float64[np.ndarray, "*a"], log_reference: Float64[np.ndarray, "*a"]
) -> Float64[np.ndarray, "*a"]:
    """``log_policy - log_reference``, 0 where the policy has no mass."""
    some = log_policy > -np.inf
    return np.where(some, log_policy, 0.0) - np.where(some, log_reference, 0.0)


def _log_sums(terms: Matrix) -> Row:
    top = terms.max(axis=1)
    safe = np.where(top > -np.inf, top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(safe + np.log(np.exp(terms - safe[:, None]).sum(axis=1)))
