"""Laws of sums to fifty digits, by routes that share nothing with the package."""

import mpmath as mp
import numpy as np

DIGITS = 60


def probabilities(log_probs: np.ndarray) -> list[mp.mpf]:
    """What stored log-probabilities stand for, normalised."""
    weights = [mp.exp(mp.mpf(float(x))) for x in log_probs]
    return [x / mp.fsum(weights) for x in weights]


def lowest_sums(probs: list[mp.mpf], index: list[int], length: int, size: int) -> list[mp.mpf]:
    """Euler's recurrence for the first coefficients of a power, up to the mean stable."""
    terms: dict[int, mp.mpf] = {}
    for place, prob in zip(index, probs, strict=True):
        terms[place] = terms.get(place, mp.mpf(0)) + prob
    result = [terms[0] ** length]
    steps = [(j, p) for j, p in terms.items() if j > 0]
    for s in range(1, size):
        parts = [((length + 1) * j - s) * p * result[s - j] for j, p in steps if j <= s]
        result.append(mp.fsum(parts) / (s * terms[0]))
    return result


def direct_sums(probs: list[mp.mpf], index: list[int], length: int) -> list[mp.mpf]:
    """Repeated convolution."""
    result = [mp.mpf(1)]
    for _ in range(length):
        longer = [mp.mpf(0)] * (len(result) + max(index))
        for place, prob in zip(index, probs, strict=True):
            for s, mass in enumerate(result):
                longer[s + place] += mass * prob
        result = longer
    return result


def relative_error(found: np.ndarray, exact: list[mp.mpf]) -> float:
    """Largest relative error of log-probabilities, impossible values compared as such."""
    worst = mp.mpf(0)
    for ours, truth in zip(found, exact, strict=True):
        if truth == 0 or ours == -np.inf:
            assert truth == 0
            assert ours == -np.inf
            continue
        log_truth = mp.log(truth)
        worst = max(worst, abs((mp.mpf(float(ours)) - log_truth) / log_truth))
    return float(worst)
