"""Policies on one model, in whatever form they come."""

from dataclasses import dataclass
from math import inf

import numpy as np
from jaxtyping import Float64
from numpy.typing import ArrayLike

from klimit.core.errors import InputError
from klimit.core.results import Result
from klimit.exact.finite import FiniteModel, normalised, vector
from klimit.exact.gaussian import GaussianReward
from klimit.exact.variable_length import VariableLength

__all__ = ["Law", "Model", "Pair", "Policy", "model_of", "pair", "require_model"]


Model = FiniteModel | GaussianReward | VariableLength


class Law(Result):
    """A policy made from a reference policy: what tilts and best-of-N have in common.

    ``log_ratio``, the log-probabilities less those of the reference policy, is kept apart since
    it keeps digits that ``log_probs`` cannot. Both are ``None`` where outcomes are
    infinitely many.
    """

    __slots__ = ()

    log_probs: Float64[np.ndarray, " k"] | None
    log_ratio: Float64[np.ndarray, " k"] | None
    model: Model


Policy = Law | FiniteModel | GaussianReward | VariableLength | ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two policies on the same outcomes.

    Attributes:
        log_p: Log-probabilities of the first, shape ``(k,)``.
        log_q: Log-probabilities of the second, shape ``(k,)``.
        log_ratio: ``log p - log q``, shape ``(k,)``: ``inf`` where only the first is possible,
            ``-inf`` where only the second is, 0 where neither.
    """

    log_p: Float64[np.ndarray, " k"]
    log_q: Float64[np.ndarray, " k"]
    log_ratio: Float64[np.ndarray, " k"]

    def swapped(self) -> "Pair":
        """The same two, the other first."""
        return Pair(self.log_q, self.log_p, -self.log_ratio)


def pair(p: Policy, q: Policy) -> Pair:
    """Line two policies up.

    Args:
        p: A law, a model (its reference policy), or a vector of probabilities or of
            log-probabilities: its signs tell, since no vector is both.
        q: Another on the same outcomes.

    Returns:
        Their log-probabilities and the ratio, from what they share where they are laws of one
        reference policy.

    Raises:
        InputError: A vector is no distribution, or outcomes differ or are infinitely many.
    """
    log_p, log_q = _log_probs(p), _log_probs(q)
    if log_p.shape != log_q.shape:
        raise InputError(
            f"policies must be on the same outcomes, got {log_p.size} and {log_q.size} of them"
        )
    first, second = (log_p, log_q) if not _share_reference(p, q) else (_ratio(p), _ratio(q))
    with np.errstate(invalid="ignore"):
        ratio = np.where(log_p > -inf, first, -inf) - np.where(log_q > -inf, second, -inf)
    return Pair(log_p, log_q, np.where(np.isnan(ratio), 0.0, ratio))


def model_of(policy: Policy) -> Model | None:
    """The model that a policy is made from.

    Args:
        policy: A policy in any form.

    Returns:
        The model; ``None`` for a vector.
    """
    if isinstance(policy, Law):
        return policy.model
    return policy if isinstance(policy, Model) else None


def require_model(model: object) -> Model:
    """Refuse what is no model.

    Args:
        model: What a user passed as one.

    Returns:
        The same.

    Raises:
        InputError: It is something else.
    """
    if isinstance(model, Model):
        return model
    raise InputError(
        "model must be a FiniteModel, a GaussianReward or a VariableLength, got "
        f"{type(model).__name__}"
    )


def _log_probs(policy: Policy) -> Float64[np.ndarray, " k"]:
    if isinstance(policy, Law | FiniteModel) and policy.log_probs is not None:
        return policy.log_probs
    if isinstance(policy, Law | Model):
        raise InputError("a policy on infinitely many outcomes has no vector to compare")
    values = vector("a policy", policy)
    if np.all(values >= 0.0) and np.any(values > 0.0):
        return FiniteModel.from_probs(values, np.zeros_like(values)).log_probs
    return normalised("a policy", values)


def _ratio(policy: Policy) -> Float64[np.ndarray, " k"]:
    if isinstance(policy, Law) and policy.log_ratio is not None:
        return policy.log_ratio
    return np.zeros_like(_log_probs(policy))


def _share_reference(a: Policy, b: Policy) -> bool:
    one, other = model_of(a), model_of(b)
    if not (isinstance(one, FiniteModel) and isinstance(other, FiniteModel)):
        return False
    return one is other or np.array_equal(one.log_probs, other.log_probs)
