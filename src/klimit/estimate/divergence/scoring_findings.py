"""How draws were made and scored, where a table has more than the two sums."""

from collections.abc import Iterator
from math import log

import numpy as np
from jaxtyping import Float64

from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding

__all__ = ["scoring_findings", "truncations"]

CERTAIN = 4.0  # standard errors beyond which a mean is taken to differ
FEWEST = 30  # draws from which a standard error is trusted
VOCABULARY = 2.0**20  # more tokens than any language model has
ENGINE_NOISE = 1e-3  # nats a response that rounding alone explains


def scoring_findings(
    draws: Draws, ratio: Float64[np.ndarray, " n"] | None
) -> tuple[Finding, ...]:
    """What further columns say about the log-probabilities.

    * ``temperature``, ``top_p``, ``top_k``, ``min_p``: how the draws were made; at other values
      than 1, 1, 0 and 0 the policy is another one than the model.
    * ``log_prob_engine``: what the engine that drew gave the response; compared with
      ``log_prob_policy``.
    * ``tokens``: the policy's own draws cost on average at most the logarithm of the vocabulary
      a token; more comes from padding or another text.
    * ``kl_exact``: its mean and that of the log ratio are one if the draws come from the
      distributions that were scored.

    Args:
        draws: Draws of the policy.
        ratio: ``log pi - log p`` of each, shape ``(n,)``, or ``None`` where there are no sums.

    Returns:
        Findings with the codes ``temperature``, ``truncated-sampling``, ``engine-disagrees``,
        ``log-prob-too-low`` and ``draws-not-of-policy``.

    Example:
        >>> draws = Draws.from_columns(prompt=[0, 1], reward=[0, 0], temperature=[0.7, 0.7])
        >>> [finding.code for finding in scoring_findings(draws, None)]
        ['temperature']
    """
    found = [*_temperature(draws), *_truncated(draws), *_engine(draws), *_too_low(draws)]
    if ratio is not None and np.isfinite(ratio).all():
        found += _not_of_policy(draws, ratio)
    return tuple(found)


def _temperature(draws: Draws) -> Iterator[Finding]:
    values = _known(draws, "temperature")
    other = values[values != 1]
    if other.size:
        yield Finding(
            "temperature",
            f"{other.size} of {len(draws)} draws were made at a temperature other than 1 "
            f"({_range(other)})",
            "Score the policy at that temperature, its logits divided by it; the KL is then "
            "that of the policy so sampled.",
        )


def truncations(draws: Draws) -> tuple[str, ...]:
    """How the draws were truncated, by their columns ``top_p``, ``top_k`` and ``min_p``.

    Args:
        draws: The draws.

    Returns:
        Name and value of each that leaves tokens out.

    Example:
        >>> columns = {"top_p": [0.9, 0.9], "top_k": [0, -1]}
        >>> truncations(Draws.from_columns(prompt=[0, 1], reward=[0, 0], **columns))
        ('top_p 0.9',)
    """
    top_p, min_p, top_k = (_known(draws, name) for name in ("top_p", "min_p", "top_k"))
    on = {"top_p": top_p[top_p < 1], "min_p": min_p[min_p > 0], "top_k": top_k[top_k > 0]}
    return tuple(f"{name} {_range(values)}" for name, values in on.items() if values.size)


def _truncated(draws: Draws) -> Iterator[Finding]:
    named = truncations(draws)
    if named:
        yield Finding(
            "truncated-sampling",
            f"draws were made with {', '.join(named)}, which leaves out part of the model",
            "Score the policy with the same truncation, or draw without; a reference that is "
            "truncated is another policy, and a KL to it may be infinite.",
        )


def _engine(draws: Draws) -> Iterator[Finding]:
    if not {"log_prob_engine", "log_prob_policy"} <= set(draws.columns):
        return
    gap = draws.columns["log_prob_policy"] - draws.columns["log_prob_engine"]
    gap = gap[np.isfinite(gap)]
    if gap.size and np.abs(gap).max() > ENGINE_NOISE:
        yield Finding(
            "engine-disagrees",
            f"log_prob_policy is {gap.mean():+.3g} nats from log_prob_engine on average, "
            f"standard deviation {gap.std():.2g}, at most {np.abs(gap).max():.3g}",
            "The error of the KL may be of that size: score policy and reference with one "
            "engine, on the token ids that were drawn.",
        )


def _too_low(draws: Draws) -> Iterator[Finding]:
    if not {"tokens", "log_prob_policy"} <= set(draws.columns):
        return
    tokens, log_prob = draws.columns["tokens"], draws.columns["log_prob_policy"]
    known = np.isfinite(tokens) & np.isfinite(log_prob) & (tokens > 0)
    if not known.any():
        return
    cost = -float(log_prob[known].sum()) / float(tokens[known].sum())
    if cost > log(VOCABULARY):
        yield Finding(
            "log-prob-too-low",
            f"the policy's own draws cost {cost:.3g} nats a token on average, more than "
            "drawing any token alike",
            "Check that padding is not in the sums, and that the text scored is the one drawn.",
        )


def _not_of_policy(draws: Draws, ratio: Float64[np.ndarray, " n"]) -> Iterator[Finding]:
    if "kl_exact" not in draws.columns or ratio.size < FEWEST:
        return
    gap = ratio - draws.columns["kl_exact"]
    mean, error = float(gap.mean()), float(gap.std(ddof=1)) / gap.size**0.5
    if abs(mean) > CERTAIN * error + 1e-9:
        yield Finding(
            "draws-not-of-policy",
            f"the mean log ratio differs from the mean of kl_exact by {mean:+.3g} ± "
            f"{error:.2g} nats, and they are one for draws of the policy that was scored",
            "Score at the temperature and truncation of the draws, on their own tokens, the "
            "end token included and padding not.",
        )


def _known(draws: Draws, name: str) -> Float64[np.ndarray, " k"]:
    values = draws.columns.get(name, np.empty(0))
    known: Float64[np.ndarray, " k"] = values[np.isfinite(values)]
    return known


def _range(values: Float64[np.ndarray, " k"]) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
