"""What the log-probabilities of a policy's draws reveal about themselves."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.estimate.divergence import log_ratio, sequence_kl
from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding
from klimit.estimate.paired import prompt_means

__all__ = ["divergence_findings"]

CERTAIN = 4.0  # standard errors beyond which a mean is taken to differ
DOMINANT = 0.05  # share of a sum at which a single draw decides it


def divergence_findings(draws: Draws, *, prompts: str = "sampled") -> tuple[Finding, ...]:
    """What speaks against the divergence that `sequence_kl` gives.

    Over the policy's own draws the mean of ``p / pi`` is 1, or less where the policy leaves out
    what the reference can say. Draws at one temperature with log-probabilities at another, sums
    without the end token or with padding, and two engines that disagree all break this, and
    show only when they break it by more than the noise. Nothing in sums reveals them otherwise.

    Args:
        draws: Draws of the policy with the columns that `sequence_kl` needs; ``finished``
            (1 or 0) tells which responses ended by themselves.
        prompts: ``"sampled"`` or ``"fixed"``.

    Returns:
        Findings with the codes ``kl-infinite``, ``kl-negative``, ``cut-off``,
        ``log-prob-positive``, ``log-probs-identical``, ``ratio-above-one`` and
        ``reference-unreached``.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.

    Example:
        >>> columns = {"log_prob_policy": [-1.0, -2.0], "log_prob_reference": [-np.inf, -2.0]}
        >>> draws = Draws.from_columns(prompt=["a", "b"], reward=[0.0, 1.0], **columns)
        >>> [finding.code for finding in divergence_findings(draws)]
        ['kl-infinite']
    """
    found = list(_cut_off(draws))
    if "log_prob_policy" in draws.columns or "kl_exact" not in draws.columns:
        ratio = log_ratio(draws)
        found += [*_impossible(draws, ratio), *_positive(draws), *_identical(ratio)]
        if np.isfinite(ratio).all():
            found += _mean_ratio(draws, ratio)
    return (*_negative(draws, prompts), *found)


def _negative(draws: Draws, prompts: str) -> Iterator[Finding]:
    try:
        kl = sequence_kl(draws, prompts=prompts)
    except InsufficientDataError:
        return
    if kl.value < 0:
        yield Finding(
            "kl-negative",
            f"the estimated KL is {kl}, and no KL is negative: its interval ends at "
            f"{kl.high:.3g} nats",
            "Read it as noise around a KL below the upper end, and draw more."
            if kl.high >= 0
            else "More than noise: check that the draws come from the policy that was scored.",
        )


def _impossible(draws: Draws, ratio: Float64[np.ndarray, " n"]) -> Iterator[Finding]:
    bad = np.flatnonzero(np.isinf(ratio))
    if bad.size:
        i = int(np.searchsorted(draws.offsets, bad[0], side="right")) - 1
        yield Finding(
            "kl-infinite",
            f"{bad.size} of {len(draws)} draws of the policy have probability 0 under the "
            f"reference, the first for prompt {draws.prompts[i]!r}",
            "If the reference was truncated (top-k, top-p, min-p) or tokenises differently, "
            "score it in full; else the KL is infinite.",
        )


def _positive(draws: Draws) -> Iterator[Finding]:
    names = ("log_prob_policy", "log_prob_reference")
    bad = [name for name in names if (draws.columns[name] > 1e-6).any()]
    if bad:
        yield Finding(
            "log-prob-positive",
            f"{' and '.join(bad)} exceed 0, which no log-probability of a text does",
            "Check the sign and that these are sums of token log-probabilities in nats.",
        )


def _identical(ratio: Float64[np.ndarray, " n"]) -> Iterator[Finding]:
    if ratio.size > 1 and not ratio.any():
        yield Finding(
            "log-probs-identical",
            f"policy and reference give all {ratio.size} draws the same log-probability",
            "Check that the policy was scored with its trained weights (its adapter switched "
            "on); else it is the reference.",
        )


def _cut_off(draws: Draws) -> Iterator[Finding]:
    if "finished" not in draws.columns:
        return
    finished = draws.columns["finished"]
    cut = int((finished == 0).sum())
    if cut:
        yield Finding(
            "cut-off",
            f"{cut} of {finished.size} draws ended at the length limit: the KL counts what the "
            "policy does up to there, which is at most that of whole responses",
            "Compare policies at one length limit, or raise it.",
        )


def _mean_ratio(draws: Draws, ratio: Float64[np.ndarray, " n"]) -> Iterator[Finding]:
    seen = np.exp(np.minimum(-ratio, 700.0))
    if seen.size < 2 or seen.max() > DOMINANT * seen.sum():
        return
    means = prompt_means(draws, seen)
    mean = float(means.mean.mean())
    if means.mean.size > 1:
        error = float(means.mean.std(ddof=1)) / means.mean.size**0.5
    else:
        error = float(means.variance[0]) ** 0.5
    if mean - CERTAIN * error > 1 + 1e-6:
        yield Finding(
            "ratio-above-one",
            f"the mean of reference over policy probability is {mean:.4g} ± {error:.2g} over "
            "the policy's draws, and cannot exceed 1",
            "The log-probabilities are not those the draws were made with: check temperature, "
            "end token, padding, and that one engine scored both.",
        )
    if mean + CERTAIN * error < 1 - DOMINANT:
        yield Finding(
            "reference-unreached",
            f"the policy's draws reach {mean:.1%} of the reference's probability "
            f"(± {100 * error:.1g} points)",
            "Expected of truncated sampling (top-k, top-p, min-p) and of a collapsed policy; "
            "else check temperature, end token and padding.",
        )
