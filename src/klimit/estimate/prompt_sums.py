"""Sums over the draws of every prompt: at once where all prompts have equally many."""

import numpy as np
from jaxtyping import Float64, Int64

__all__ = ["centred", "prompt_dots", "prompt_sums"]


def prompt_sums(
    counts: Int64[np.ndarray, " p"], numbers: Float64[np.ndarray, "*c n"]
) -> Float64[np.ndarray, "*c p"]:
    """The sums of some numbers of the draws over every prompt.

    Args:
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.
        numbers: Numbers of the draws, prompt after prompt, shape ``(..., n)``.

    Returns:
        The sums, shape ``(..., p)``.

    Example:
        >>> prompt_sums(np.array([2, 1]), np.array([1.0, 2.0, 5.0]))
        array([3., 5.])
    """
    if _alike(counts):
        return np.asarray(_rows(counts, numbers).sum(axis=-1))
    return np.asarray(np.add.reduceat(numbers, _starts(counts), axis=-1))


def prompt_dots(
    counts: Int64[np.ndarray, " p"],
    one: Float64[np.ndarray, "*c n"],
    other: Float64[np.ndarray, "*c n"],
) -> Float64[np.ndarray, "*c p"]:
    """The sums of the products of some numbers over every prompt.

    Args:
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.
        one: Numbers of the draws, prompt after prompt, shape ``(..., n)``.
        other: As many.

    Returns:
        The sums, shape ``(..., p)``.

    Example:
        >>> prompt_dots(np.array([2, 1]), np.array([1.0, 2.0, 5.0]), np.ones(3))
        array([3., 5.])
    """
    if _alike(counts):
        rows = _rows(counts, one), _rows(counts, other)
        return np.asarray(np.einsum("...pm,...pm->...p", *rows))
    return np.asarray(np.add.reduceat(one * other, _starts(counts), axis=-1))


def centred(
    counts: Int64[np.ndarray, " p"],
    numbers: Float64[np.ndarray, "*c n"],
    centres: Float64[np.ndarray, "*c p"],
) -> Float64[np.ndarray, "*c n"]:
    """Some numbers of the draws less one of their prompt.

    Args:
        counts: Number of draws of each prompt, at least 1, shape ``(p,)``.
        numbers: Numbers of the draws, prompt after prompt, shape ``(..., n)``.
        centres: Numbers of the prompts, shape ``(..., p)``.

    Returns:
        The differences, shape ``(..., n)``.

    Example:
        >>> centred(np.array([2, 1]), np.array([1.0, 2.0, 5.0]), np.array([1.5, 5.0]))
        array([-0.5,  0.5,  0. ])
    """
    if _alike(counts):
        away = _rows(counts, numbers) - centres[..., None]
        return np.asarray(away.reshape(numbers.shape))
    return np.asarray(numbers - np.repeat(centres, counts, axis=-1))


def _alike(counts: Int64[np.ndarray, " p"]) -> bool:
    return bool((counts == counts[0]).all())


def _rows(
    counts: Int64[np.ndarray, " p"], numbers: Float64[np.ndarray, "*c n"]
) -> Float64[np.ndarray, "*c p m"]:
    return numbers.reshape(*numbers.shape[:-1], counts.size, int(counts[0]))


def _starts(counts: Int64[np.ndarray, " p"]) -> Int64[np.ndarray, " p"]:
    return np.asarray(np.cumsum(counts) - counts)
