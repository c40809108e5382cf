"""The divergence of a policy from the reference, from the log-probabilities of its draws."""

from dataclasses import replace

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.numerics import exp_minus_linear
from klimit.core.results import Estimate
from klimit.estimate.divergence.scoring_findings import truncations
from klimit.estimate.draws import Draws
from klimit.estimate.paired import prompt_means
from klimit.estimate.uncertainty import check_level, check_prompts

__all__ = ["kl_terms", "log_ratio", "sequence_kl"]

FOLDS = 5
LEAST_DRAWS = 500  # fewer do not tell how heavy the tail of the control is
NOISE = 3.0  # standard errors within which a mean ratio below 1 is taken for chance
DOMINANT = 0.2  # share of the control's mean square at which one draw makes it useless
LARGEST = 50.0  # nats by which a draw may favour the reference and still serve as control


def sequence_kl(draws: Draws, *, prompts: str = "sampled", level: float = 0.95) -> Estimate:
    r"""The divergence of a policy from the reference, in nats a response.

    .. math:: \mathrm{KL}(\pi \,\|\, p) = \mathbf{E}_\pi [\log \pi(y) - \log p(y)]

    The mean over prompts, every prompt with equal weight, direction policy from reference, a
    sum over the whole response and never a mean per token. The draws must come from the policy,
    at the temperature and truncation that ``log_prob_policy`` is scored with; both columns must
    treat the end token and padding alike, and come from one engine. Sums cannot reveal the
    opposite in general: `divergence_findings` tells what they do reveal.

    With a column ``kl_exact`` (the divergences of the next-token distributions, each over the
    whole vocabulary, summed along the response that was drawn) its mean is taken instead: the
    same expectation with much less noise. Otherwise the mean of the log ratio is steadied by
    ``p / pi - 1``, whose mean is 0, times a coefficient that is fitted on other draws, so that
    no bias comes in, and held back where rare draws would decide it. That mean is below 0 under
    truncated sampling: columns ``top_p``, ``top_k`` or ``min_p`` that say so switch it off, and
    so does a mean that is seen to be.

    Args:
        draws: Draws of the policy with the columns ``log_prob_policy`` and
            ``log_prob_reference`` (nats, summed over the response), or ``kl_exact``.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the interval, in (0, 1).

    Returns:
        The estimate. It may be negative, by noise alone; it is ``inf`` without doubt where the
        policy drew what the reference cannot, and ``method`` says so.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.
        InsufficientDataError: One prompt where prompts are sampled, or a prompt with one draw
            where they are fixed.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.normal(0.5, 1.0, size=4000)  # the policy; the reference is N(0, 1)
        >>> draws = Draws.from_columns(
        ...     prompt=np.arange(4000) % 100,
        ...     reward=x,
        ...     log_prob_policy=-((x - 0.5) ** 2) / 2,
        ...     log_prob_reference=-(x**2) / 2,
        ... )
        >>> print(sequence_kl(draws))  # the truth is 0.125
        0.1231 ± 0.0029
    """
    check_prompts(prompts)
    check_level(level)
    terms = kl_terms(draws)
    impossible = int(np.isinf(terms).sum())
    if impossible:
        if prompts == "sampled" and len(draws.prompts) < 2:
            prompt_means(draws, draws.rewards).estimate(prompts=prompts, level=level)
        why = f"{impossible} of {len(draws)} draws have probability 0 under the reference"
        return Estimate(np.inf, 0.0, np.inf, np.inf, level, len(draws.prompts), why)
    how = "full next-token distributions" if "kl_exact" in draws.columns else "log ratios"
    estimate = prompt_means(draws, terms).estimate(prompts=prompts, level=level)
    return replace(estimate, method=f"{estimate.method}, {how}")


def kl_terms(draws: Draws) -> Float64[np.ndarray, " n"]:
    """A number a draw whose expectation is the divergence at its prompt.

    Args:
        draws: Draws of the policy with the columns that `sequence_kl` needs.

    Returns:
        Numbers in nats, shape ``(n,)``; ``inf`` for a draw that the reference cannot make.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.

    Example:
        >>> columns = {"log_prob_policy": [-1.0, -2.0], "log_prob_reference": [-2.0, -2.5]}
        >>> draws = Draws.from_columns(prompt=["a", "b"], reward=[0.0, 1.0], **columns)
        >>> kl_terms(draws)
        array([1. , 0.5])
    """
    if "kl_exact" in draws.columns:
        exact = draws.columns["kl_exact"]
        _refuse(draws, "kl_exact", ~(exact >= 0), "needs divergences, at least 0")
        return exact
    ratio = log_ratio(draws)
    if np.isinf(ratio).any() or truncations(draws):
        return (
            ratio  # where the policy leaves out what the reference says, p / pi averages less
        )
    return _steadied(draws, ratio)


def log_ratio(draws: Draws) -> Float64[np.ndarray, " n"]:
    """``log pi - log p`` of every draw of a policy.

    Args:
        draws: Draws of the policy with both log-probabilities.

    Returns:
        Log ratios in nats, shape ``(n,)``; ``inf`` where the reference has no mass.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.

    Example:
        >>> columns = {"log_prob_policy": [-1.0], "log_prob_reference": [-np.inf]}
        >>> log_ratio(Draws.from_columns(prompt=["a"], reward=[0.0], **columns))
        array([inf])
    """
    needed = ("log_prob_policy", "log_prob_reference")
    missing = [name for name in needed if name not in draws.columns]
    if missing:
        lacking = " and ".join(missing)
        known = ", ".join(sorted(draws.columns)) or "no further columns"
        raise InputError(
            "a divergence needs the columns log_prob_policy and log_prob_reference (nats, "
            f"summed over the response) or kl_exact; {lacking} missing, the draws "
            f"have {known}"
        )
    policy, reference = (draws.columns[name] for name in needed)
    _refuse(draws, needed[0], ~np.isfinite(policy), "of the policy's own draws must be finite")
    _refuse(draws, needed[1], ~(reference < np.inf), "must be a number or -inf")
    ratio: Float64[np.ndarray, " n"] = policy - reference
    return ratio


def _refuse(draws: Draws, name: str, bad: np.ndarray, need: str) -> None:
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        i = int(np.searchsorted(draws.offsets, at, side="right")) - 1
        raise InputError(
            f"{name} {need}, got {draws.columns[name][at]} for prompt {draws.prompts[i]!r}, "
            f"draw {at - int(draws.offsets[i])}; score the draw again or drop it"
        )


def _steadied(draws: Draws, ratio: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """The log ratios plus a multiple of ``p / pi - 1``, fitted on the other folds of draws."""
    if ratio.size < LEAST_DRAWS or ratio.min() < -LARGEST:
        return ratio
    # exp(-l) - 1 as the sum of two parts keeps its digits where l is small
    control = exp_minus_linear(-ratio) - ratio
    weights = np.repeat(1.0 / draws.counts, draws.counts)
    fold = np.arange(ratio.size) % FOLDS
    terms = ratio.copy()
    for k in range(FOLDS):
        fitted = _coefficient(ratio[fold != k], control[fold != k], weights[fold != k])
        terms[fold == k] += fitted * control[fold == k]
    return terms


def _coefficient(
    ratio: Float64[np.ndarray, " t"],
    control: Float64[np.ndarray, " t"],
    weights: Float64[np.ndarray, " t"],
) -> float:
    r"""The multiple of the control that least squares asks for, held back.

    The variance of the control is taken to be at least

    * what a normal log ratio of this spread would have, :math:`e^v - 1`;
    * what draws not seen must bring where the control's mean is short of 0 by more than
      chance: mass ``d`` missed by ``t`` draws brings at least ``t d**2``.
    """
    weights = weights / weights.sum()
    centred = ratio - weights @ ratio
    spread = float(weights @ centred**2)
    square = float(weights @ control**2)
    mean = float(weights @ control)
    size = 1.0 / float(weights @ weights)
    missed = max(0.0, -mean - NOISE * (square / size) ** 0.5)
    least = max(square, float(np.expm1(min(spread, 700.0)))) + size * missed**2
    if least == 0:
        return 0.0
    heaviest = float((weights * control**2).max()) / square
    trust = float(np.clip(1.25 - heaviest / DOMINANT, 0.0, 1.0))
    return trust * float(np.clip(-(weights @ (centred * control)) / least, 0.0, 1.0))
