"""What the log-probabilities of a policy's draws reveal about themselves."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float64

from klimit.core.errors import InsufficientDataError
from klimit.core.lines import shown
from klimit.estimate.divergence.scoring_findings import scoring_findings
from klimit.estimate.divergence.sequences import log_ratio, sequence_kl
from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding
from klimit.estimate.paired import prompt_means

__all__ = ["divergence_findings"]

CERTAIN = 4.0  # standard errors beyond which a mean is taken to differ
DOMINANT = 0.05  # share of a sum at which a single draw decides it
FEWEST = 30  # draws from which a standard error is trusted
END_TOKEN = 0.1  # share of the mean ratio that a missing end token must at least explain


def divergence_findings(draws: Draws, *, prompts: str = "sampled") -> tuple[Finding, ...]:
    """What speaks against the divergence that `sequence_kl` gives.

    Over the policy's own draws the mean of ``p / pi`` is 1, or less where the policy leaves out
    what the reference can say. Draws at one temperature with log-probabilities at another, sums
    without the end token or with padding, and two engines that disagree all break this, and
    show only when they break it by more than the noise. Nothing in sums reveals them otherwise.

    Args:
        draws: Draws of the policy with the columns that `sequence_kl` needs; ``finished``
            (1 or 0) tells which responses ended by themselves. Further columns tell more:
            ``tokens``, ``temperature``, ``top_p``, ``top_k``, ``min_p``, and
            ``log_prob_engine``, what the engine that drew gave the response.
        prompts: ``"sampled"`` or ``"fixed"``.

    Returns:
        Findings with the codes ``kl-infinite``, ``kl-negative``, ``cut-off``,
        ``log-prob-positive``, ``log-probs-identical``, ``ratio-above-one``,
        ``reference-unreached``, ``end-token``, ``temperature``, ``truncated-sampling``,
        ``engine-disagrees``, ``log-prob-too-low`` and ``draws-not-of-policy``.

    Raises:
        InputError: A column is missing, or holds what is no log-probability of a draw.

    Example:
        >>> columns = {"log_prob_policy": [-1.0, -2.0], "log_prob_reference": [-np.inf, -2.0]}
        >>> draws = Draws.from_columns(prompt=["a", "b"], reward=[0.0, 1.0], **columns)
        >>> [finding.code for finding in divergence_findings(draws)]
        ['kl-infinite']
    """
    found = list(_cut_off(draws))
    ratio = None
    if "log_prob_policy" in draws.columns or "kl_exact" not in draws.columns:
        ratio = log_ratio(draws)
        found += [*_impossible(draws, ratio), *_positive(draws), *_identical(ratio)]
        if np.isfinite(ratio).all():
            found += _mean_ratio(draws, ratio)
    return (*_negative(draws, prompts), *found, *scoring_findings(draws, ratio))


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
            f"reference, the first for prompt {shown(draws.prompts[i])}",
            "If the reference was truncated (top-k, top-p, min-p) or tokenises differently, "
            "score it in full; else the KL is infinite.",
        )


def _positive(draws: Draws) -> Iterator[Finding]:
    names = ("log_prob_policy", "log_prob_reference")
    bad = [name for name in names if (draws.columns[name] > 1e-6).any()]
    if bad:
        yield Finding(
            "log-prob-positive",
            f"{' and '.join(bad)} exceed{'s' * (len(bad) == 1)} 0, which no log-probability "
            "of a text does",
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
    above = mean - CERTAIN * error > 1 + 1e-6
    if above:
        yield Finding(
            "ratio-above-one",
            f"the mean of reference over policy probability is {mean:.4g} ± {error:.2g} over "
            "the policy's draws, and cannot exceed 1",
            "The log-probabilities are not those the draws were made with: check temperature, "
            "end token, padding, and that one engine scored both.",
        )
    unreached = mean + CERTAIN * error < 1 - DOMINANT
    if unreached:
        yield Finding(
            "reference-unreached",
            f"the policy's draws reach {mean:.1%} of the reference's probability "
            f"(± {100 * error:.1g} points)",
            "Expected of truncated sampling (top-k, top-p, min-p) and of a collapsed policy; "
            "else check temperature, end token and padding.",
        )
    if above or unreached:
        yield from _end_token(draws, seen)


def _end_token(draws: Draws, seen: Float64[np.ndarray, " n"]) -> Iterator[Finding]:
    """Whether it is the responses that ended by themselves, and they alone, that are off."""
    if "finished" not in draws.columns:
        return
    finished = draws.columns["finished"]
    ended, cut = seen[finished == 1], seen[finished == 0]
    if min(ended.size, cut.size) < FEWEST:
        return
    noise = [part.std(ddof=1) / part.size**0.5 for part in (ended, cut)]
    share = ended.size / (ended.size + cut.size)
    off = abs(ended.mean() - 1) * share > END_TOKEN + CERTAIN * noise[0]
    fine = abs(cut.mean() - 1) < DOMINANT + CERTAIN * noise[1]
    if off and fine:
        yield Finding(
            "end-token",
            f"reference over policy probability is {ended.mean():.3g} on average where "
            f"responses ended by themselves, and {cut.mean():.3g} where they were cut off",
            "The end token is likely in one of the two sums and missing from the other: "
            "include it in both.",
        )
