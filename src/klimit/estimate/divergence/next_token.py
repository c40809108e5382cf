"""The divergence of two next-token distributions, from their logits."""

import numpy as np
from jaxtyping import Float64, Shaped
from scipy.special import log_softmax

from klimit.core.errors import InputError
from klimit.core.numerics import exp_minus_linear

__all__ = ["next_token_kl"]


def next_token_kl(
    policy: Shaped[np.ndarray, "*t v"], reference: Shaped[np.ndarray, "..."]
) -> Float64[np.ndarray, "*t"]:
    r"""The divergence of the policy's next token from the reference's, in nats.

    .. math:: \sum_v \pi_v \log \frac{\pi_v}{p_v}
              = \sum_v \pi_v \left(\frac{p_v}{\pi_v} - 1 - \log\frac{p_v}{\pi_v}\right)

    Summed over the tokens of a response that the policy drew, the one that ends it included and
    padding not, this is ``kl_exact`` of `sequence_kl`: its expectation is the divergence of
    whole responses, and its noise much less than that of the log ratio of the tokens drawn
    (Rao-Blackwell). Every term is nonnegative, so close distributions keep their digits.

    Args:
        policy: Logits or log-probabilities at the temperature that draws were made with, the
            vocabulary along the last axis, shape ``(..., v)``; ``-inf`` for tokens left out.
        reference: Those of the reference, of the same shape.

    Returns:
        Divergences, shape ``(...)``; ``inf`` where the policy can say what the reference
        cannot.

    Raises:
        InputError: Shapes differ, a value is ``nan`` or ``inf``, or a row leaves out all
            tokens.

    Example:
        >>> next_token_kl(np.log([[0.5, 0.5], [0.9, 0.1]]), np.log([[0.5, 0.5], [0.5, 0.5]]))
        array([0.        , 0.36806421])
    """
    if policy.shape != reference.shape or policy.ndim < 1:
        raise InputError(
            "policy and reference need one shape, the vocabulary last, got "
            f"{policy.shape} and {reference.shape}"
        )
    log_q, log_p = (_normalised(logits) for logits in (policy, reference))
    with np.errstate(invalid="ignore"):
        ratio = np.where(np.isneginf(log_q), -np.inf, log_q - log_p)
    q, p = np.exp(log_q), np.exp(log_p)
    # pi (p / pi - 1 - log(p / pi)), by its parts where p / pi may be too large for a float
    rare = ratio < -1
    terms = np.where(
        rare,
        p - q + q * np.where(rare & (q > 0), ratio, 0.0),
        q * exp_minus_linear(-np.where(rare, 0.0, ratio)),
    )
    return np.asarray(np.where(q > 0, terms, p).sum(axis=-1))


def _normalised(logits: Shaped[np.ndarray, "*t v"]) -> Float64[np.ndarray, "*t v"]:
    values = np.asarray(logits, dtype=np.float64)
    if not (values < np.inf).all() or not np.isfinite(values.max(axis=-1)).all():
        raise InputError(
            "logits must be numbers or -inf, one of each row finite; score the response again"
        )
    found: Float64[np.ndarray, "*t v"] = log_softmax(values, axis=-1)
    return found
