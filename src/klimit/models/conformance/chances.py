"""Laws on log-probabilities: they are those of the draws, end token included."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, isfinite, isnan

import numpy as np
from jaxtyping import Float64
from scipy.stats import binom, chi2

from klimit.models.conformance.probe import Probe, require
from klimit.models.protocols import Completion, LanguageModel
from klimit.models.toy_responses import ToyResponses

__all__ = ["check_frequencies", "check_log_probs", "check_matches", "check_total_probability"]

Outcome = tuple[str, int | None, bool]
_LEAST_EXPECTED = 5.0


def check_log_probs(model: LanguageModel, probe: Probe) -> None:
    """A log-probability is finite and at most 0, or ``nan`` for every draw: not told.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: One is above 0 or infinite, or some are told and some not.
    """
    drawn = [d for i in range(len(probe.prompts)) for d in model.complete(probe.request(i))]
    told = [d.log_prob for d in drawn if not isnan(d.log_prob)]
    require(
        len(told) in {0, len(drawn)},
        f"log-probabilities must be told for all draws or for none, came for {len(told)} of "
        f"{len(drawn)}",
    )
    for log_prob in told:
        require(
            isfinite(log_prob) and log_prob <= probe.tolerance,
            f"a log-probability must be finite and at most 0, is {log_prob}",
        )


def check_total_probability(model: LanguageModel, probe: Probe) -> None:
    """The probabilities of different responses sum to at most 1.

    A sum that leaves out the end token breaks this where responses are short: an empty response
    would have probability 1.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: They sum to more.
    """
    for prompt in range(len(probe.prompts)):
        for most in sorted({1, probe.max_tokens}):
            known = _by_outcome(probe.many(model, prompt, max_tokens=most), probe.tolerance)
            total = sum(map(exp, known.values()))
            require(
                total <= 1 + 2 * probe.tolerance,
                f"probabilities of {len(known)} different responses of at most {most} tokens "
                f"must sum to at most 1, sum to {total:.6g}; is the end token in each sum?",
            )


def check_frequencies(model: LanguageModel, probe: Probe) -> None:
    """Single tokens come as often as their log-probabilities say.

    The first half of the draws says which tokens to look at; the second half, independent of
    it, is counted. Every count is binomial, and so is that of all tokens looked at together. A
    temperature or a truncation that log-probabilities do not know of breaks this.

    Args:
        model: The model.
        probe: What to ask.

    Raises:
        ConformanceError: A count is too high or too low at ``level``.
    """
    for prompt in range(len(probe.prompts)):
        drawn = probe.many(model, prompt, max_tokens=1)
        half = len(drawn) // 2
        known = _by_outcome(drawn[:half], probe.tolerance)
        counts = Counter(
            _outcome(d)
            for d in drawn[half:]
            if abs(d.log_prob - known.get(_outcome(d), np.inf)) <= probe.tolerance
        )
        cases = [(repr(key[0]), counts[key], exp(known[key])) for key in known]
        seen = sum(count for _, count, _ in cases)
        cases += (
            [("any of these", seen, min(1.0, sum(p for _, _, p in cases)))] if cases else []
        )
        level = probe.level / (len(probe.prompts) * max(1, len(cases)))
        for name, count, chance in cases:
            require(
                _two_sided(count, len(drawn) - half, chance) >= level,
                f"{name} must come with probability {chance:.4g} as its log-probability says, "
                f"came {count} of {len(drawn) - half} times",
            )


def check_matches(
    model: LanguageModel, probe: Probe, responses: Iterable[ToyResponses]
) -> None:
    """Draws follow the law of a model that can be listed, by a chi-square test.

    Args:
        model: The model.
        probe: What to ask.
        responses: All responses to each prompt, of at most ``max_tokens`` tokens.

    Raises:
        ConformanceError: A response that cannot come came, one has another log-probability, or
            the counts are off at ``level``, as near as chi-square is to the law of its
            statistic where five of each outcome are expected.
    """
    for prompt, listed in enumerate(responses):
        drawn = probe.many(model, prompt)
        known = _listed(listed)
        for d in drawn:
            require(_outcome(d) in known, f"{d.text!r} cannot come, and came")
            require(
                abs(d.log_prob - known[_outcome(d)]) <= probe.tolerance,
                f"{d.text!r} must have log-probability {known[_outcome(d)]:.9g}, has "
                f"{d.log_prob:.9g}",
            )
        fit = _chi_square(Counter(map(_outcome, drawn)), known, len(drawn))
        require(
            fit.chance >= probe.level / len(probe.prompts),
            f"draws for {probe.prompts[prompt]!r} must follow the law listed: chi-square "
            f"{fit.statistic:.1f} at {fit.degrees} degrees of freedom, probability "
            f"{fit.chance:.2g}",
        )


@dataclass(frozen=True, slots=True)
class _Fit:
    statistic: float
    degrees: int
    chance: float


def _chi_square(counts: Counter[Outcome], known: dict[Outcome, float], total: int) -> _Fit:
    """Pearson's test; the rarest outcomes are counted together until five are expected."""
    expected = total * np.exp(np.array([*known.values()]))
    seen = np.array([counts[key] for key in known], dtype=np.float64)
    order = np.argsort(expected)
    expected, seen = expected[order], seen[order]
    pooled = int(np.searchsorted(np.cumsum(expected), _LEAST_EXPECTED)) + 1
    first = max(pooled, int(np.searchsorted(expected, _LEAST_EXPECTED)))
    cells = np.append(expected[first:], expected[:first].sum())
    found = np.append(seen[first:], seen[:first].sum())
    statistic = float(((found - cells) ** 2 / cells).sum())
    degrees = cells.size - 1
    return _Fit(statistic, degrees, float(chi2.sf(statistic, degrees)) if degrees else 1.0)


def _listed(responses: ToyResponses) -> dict[Outcome, float]:
    rows = zip(
        responses.texts,
        responses.tokens.tolist(),
        responses.finished.tolist(),
        responses.log_probs.tolist(),
        strict=True,
    )
    return {(text, tokens, finished): log_prob for text, tokens, finished, log_prob in rows}


def _by_outcome(drawn: list[Completion], tolerance: float) -> dict[Outcome, float]:
    """Log-probability of each outcome; none for one that several token sequences lead to."""
    found: dict[Outcome, list[float]] = {}
    for d in drawn:
        if not isnan(d.log_prob):
            found.setdefault(_outcome(d), []).append(d.log_prob)
    spread: Float64[np.ndarray, " k"] = np.array([max(v) - min(v) for v in found.values()])
    return {
        key: min(values)
        for (key, values), width in zip(found.items(), spread.tolist(), strict=True)
        if width <= tolerance
    }


def _outcome(drawn: Completion) -> Outcome:
    return drawn.text, drawn.tokens, drawn.finished


def _two_sided(count: int, total: int, chance: float) -> float:
    low = float(binom.cdf(count, total, chance))
    high = float(binom.sf(count - 1, total, chance))
    return min(1.0, 2 * min(low, high))
