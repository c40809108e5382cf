"""The divergence of a policy from the reference, from the log-probabilities of its draws."""

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InputError
from klimit.core.lines import shown
from klimit.core.results import Estimate
from klimit.estimate.divergence.control_variate import steadied
from klimit.estimate.draws import Draws
from klimit.estimate.interval import interval
from klimit.estimate.moves import moves_of_draws, moves_of_prompts, spread_of_moves
from klimit.estimate.paired import prompt_means
from klimit.estimate.uncertainty import check_level, check_prompts, units_of

__all__ = ["kl_terms", "log_ratio", "sequence_kl"]


def sequence_kl(
    draws: Draws,
    *,
    prompts: str = "sampled",
    level: float = 0.95,
    control_variate: bool = False,
) -> Estimate:
    r"""The divergence of a policy from the reference, in nats a response.

    .. math:: \mathrm{KL}(\pi \,\|\, p) = \mathbf{E}_\pi [\log \pi(y) - \log p(y)]

    The mean over prompts, every prompt with equal weight, direction policy from reference, a
    sum over the whole response and never a mean per token. The draws must come from the policy,
    at the temperature and truncation that ``log_prob_policy`` is scored with; both columns must
    treat the end token and padding alike, and come from one engine. Sums cannot reveal the
    opposite in general: `divergence_findings` tells what they do reveal.

    With a column ``kl_exact`` (the divergences of the next-token distributions, each over the
    whole vocabulary, summed along the response that was drawn) its mean is taken instead: the
    same expectation with much less noise. Without it, ``control_variate`` adds a multiple of
    ``p / pi - 1``, whose mean is 0, to the log ratios (`steadied`), which takes most of the
    noise of close policies away. It is not the default, for draws do not show where it fails:
    of what the policy hardly ever says (a mode that it left, the worst outcomes under
    best-of-N) they have nothing, and intervals made with it may all miss (docs/coverage.md).

    Args:
        draws: Draws of the policy with the columns ``log_prob_policy`` and
            ``log_prob_reference`` (nats, summed over the response), or ``kl_exact``.
        prompts: ``"sampled"`` for the population that the prompts come from, ``"fixed"`` for
            these prompts alone.
        level: Nominal coverage of the interval, in (0, 1).
        control_variate: Whether to use it, for a policy known to be close to the reference in
            all that the reference says, a few nats at most; not with ``kl_exact``.

    Returns:
        The estimate. It may be negative, by noise alone; it is ``inf`` without doubt where the
        policy drew what the reference cannot, and ``method`` says so.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.
        InsufficientDataError: One prompt where prompts are sampled, or a prompt with one draw
            where they are fixed, unless the divergence is infinite.

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
        0.1174 ± 0.0074
        >>> print(sequence_kl(draws, control_variate=True))
        0.1233 ± 0.0029
    """
    check_prompts(prompts)
    check_level(level)
    terms = kl_terms(draws)
    impossible, p = int(np.isinf(terms).sum()), len(draws.prompts)
    if impossible:
        why = f"{impossible} of {len(draws)} draws have probability 0 under the reference"
        return Estimate(np.inf, 0.0, np.inf, np.inf, level, p, why)
    how = "full next-token distributions" if "kl_exact" in draws.columns else "log ratios"
    if control_variate:
        if "kl_exact" in draws.columns:
            raise InputError(
                "control_variate is for log ratios, and kl_exact has less noise than they; "
                "leave out one of the two"
            )
        terms, how = steadied(terms), f"{how} with control variate"
    means = prompt_means(draws, terms).mean
    if prompts == "sampled":
        spread = spread_of_moves([moves_of_prompts(means)], units=p, most=p - 1.0)
    else:
        moves = moves_of_draws(draws, lambda part: terms[part.rows])
        spread = spread_of_moves(moves, units=len(draws))
    value = float(means.mean())
    return interval(value, spread, level=level, n=p, method=f"t, {units_of(prompts)}, {how}")


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
    return log_ratio(draws)


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
            f"{name} {need}, got {draws.columns[name][at]} for prompt "
            f"{shown(draws.prompts[i])}, draw {at - int(draws.offsets[i])}; score the draw "
            "again or drop it"
        )
