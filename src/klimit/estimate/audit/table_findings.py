"""What two tables of draws reveal about themselves before anything is estimated."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from klimit.core.lines import one_line
from klimit.estimate.draws import Draws
from klimit.estimate.findings import Finding
from klimit.estimate.matched import Matched

__all__ = ["table_findings"]

FEW_LEVELS = 20  # distinct rewards up to which a reward is a scale of marks
APART = 0.5  # share of the policy's rewards that no reward of the reference comes near
LOOKED_AT = 200  # prompts whose texts are compared
SHOWN = 60  # characters of a prompt that a message quotes


def table_findings(
    pair: Matched, *, training_prompts: Sequence[str | int] | None = None
) -> tuple[Finding, ...]:
    """What speaks against comparing the two tables.

    Args:
        pair: Draws of policy and reference, lined up by prompt.
        training_prompts: Prompts that the policy was trained on.

    Returns:
        Findings with the codes ``reward-scales``, ``prompts-unmatched``,
        ``prompts-duplicate``, ``prompts-leaked`` and ``draws-repeated``.

    Example:
        >>> policy = Draws.from_columns(prompt=["a", "A "], reward=[70.0, 90.0])
        >>> reference = Draws.from_columns(prompt=["a", "A "], reward=[0.7, 0.8])
        >>> pair = Matched(policy, reference, 0, 0)
        >>> [finding.code for finding in table_findings(pair)]
        ['reward-scales', 'prompts-duplicate']
    """
    return (
        *_scales(pair.policy, pair.reference),
        *_unmatched(pair),
        *_duplicates(pair.reference),
        *_leaked(pair.reference, training_prompts or ()),
        *_repeated("policy", pair.policy),
        *_repeated("reference", pair.reference),
    )


def _scales(policy: Draws, reference: Draws) -> Iterator[Finding]:
    low, high = float(reference.rewards.min()), float(reference.rewards.max())
    levels = np.unique(reference.rewards)
    span = high - low
    outside = (policy.rewards < low - span) | (policy.rewards > high + span)
    if levels.size <= FEW_LEVELS and span > 0:
        outside |= ~np.isin(policy.rewards, levels)
    share = float(outside.mean())
    if span > 0 and share > APART:
        yield Finding(
            "reward-scales",
            f"{share:.0%} of the policy's rewards ({policy.rewards.min():.4g} to "
            f"{policy.rewards.max():.4g}) are unlike any of the reference's "
            + (
                f"({', '.join(f'{level:g}' for level in levels)})"
                if levels.size <= 6
                else f"({low:.4g} to {high:.4g})"
            ),
            "Score both tables with one reward on one scale, without normalising each by "
            "itself.",
        )


def _unmatched(pair: Matched) -> Iterator[Finding]:
    if pair.policy_only or pair.reference_only:
        yield Finding(
            "prompts-unmatched",
            f"{len(pair.reference.prompts)} prompts are in both tables; {pair.policy_only} "
            f"that only the policy has and {pair.reference_only} that only the reference has "
            "are left out",
            "Draw from both at the same prompts.",
        )


def _duplicates(draws: Draws) -> Iterator[Finding]:
    seen = Counter(map(_plain, draws.prompts))
    again = {prompt: count for prompt, count in seen.items() if count > 1}
    if again:
        yield Finding(
            "prompts-duplicate",
            f"{sum(again.values())} prompts are {len(again)} but for case, spaces and "
            f"punctuation, such as {_quoted(next(iter(again)))}",
            "Keep one of each: intervals take prompts for independent.",
        )


def _leaked(draws: Draws, training: Sequence[str | int]) -> Iterator[Finding]:
    trained = set(map(_plain, training))
    leaked = [prompt for prompt in draws.prompts if _plain(prompt) in trained]
    if leaked:
        yield Finding(
            "prompts-leaked",
            f"{len(leaked)} of {len(draws.prompts)} prompts were trained on, such as "
            f"{_quoted(leaked[0])}",
            "Audit held-out prompts: on these the policy shows what it has learned by heart.",
        )


def _repeated(whose: str, draws: Draws) -> Iterator[Finding]:
    """Draws that recur more often than their own probability says they should."""
    name = f"log_prob_{whose}"
    draws = draws.head(LOOKED_AT)
    if draws.texts is None or name not in draws.columns or draws.counts.max() < 2:
        return
    counts = draws.counts.astype(np.float64)
    owner = np.repeat(np.arange(counts.size), draws.counts)
    again = Counter(zip(owner.tolist(), draws.texts, strict=True))
    seen = sum(count * (count - 1) for count in again.values()) / 2
    each = np.exp(np.minimum(draws.columns[name], 0.0)) * np.repeat(
        (counts - 1) / 2, draws.counts
    )
    due = float(each[np.isfinite(each)].sum())
    if seen > 5 and seen > 3 * due + 5 * due**0.5:
        yield Finding(
            "draws-repeated",
            f"{seen:,.0f} pairs of the {whose}'s draws at one prompt are the same text, where "
            f"their log-probabilities make about {due:,.1f} likely",
            "Check that every draw has a seed of its own and none is copied.",
        )


def _plain(prompt: str | int) -> str:
    kept = "".join(c if c.isalnum() else " " for c in str(prompt).casefold())
    return " ".join(kept.split()) or str(prompt)


def _quoted(prompt: str | int) -> str:
    text = one_line(str(prompt))
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
