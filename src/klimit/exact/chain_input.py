"""What users give for a chain, checked."""

from numbers import Integral

import numpy as np
from jaxtyping import Bool, Float64
from numpy.typing import ArrayLike
from scipy.sparse.csgraph import connected_components

from klimit.core.errors import InputError
from klimit.exact.finite import normalised, vector

__all__ = ["edge_rewards_on", "initial", "one_class", "reachable", "transitions"]


def transitions(log_transitions: ArrayLike) -> Float64[np.ndarray, "s s"]:
    """The logarithms of a transition matrix, rows normalised.

    Args:
        log_transitions: Log-probabilities of the step from a row's state to a column's.

    Returns:
        The matrix, shape ``(s, s)``.

    Raises:
        InputError: It is not square, or a row is no distribution.

    Example:
        >>> transitions(np.log([[0.5, 0.5], [0.25, 0.75]])).shape
        (2, 2)
    """
    given = _square("log_transitions", log_transitions)
    return np.stack([normalised(f"row {i} of log_transitions", x) for i, x in enumerate(given)])


def edge_rewards_on(
    rewards: ArrayLike, possible: Bool[np.ndarray, "s s"]
) -> Float64[np.ndarray, "s s"]:
    """Rewards of the steps that are possible, 0 elsewhere.

    Args:
        rewards: Reward of the step from a row's state to a column's.
        possible: Which steps have positive probability.

    Returns:
        The matrix, shape ``(s, s)``.

    Raises:
        InputError: The shape differs, or the reward of a possible step is ``nan`` or ``inf``.

    Example:
        >>> edge_rewards_on([[1.0, np.nan], [0.0, 2.0]], np.eye(2, dtype=bool))
        array([[1., 0.],
               [0., 2.]])
    """
    given = _square("edge_rewards", rewards)
    if given.shape != possible.shape:
        raise InputError(
            f"log_transitions and edge_rewards must be of one shape, got {possible.shape} and "
            f"{given.shape}"
        )
    bad = np.argwhere(possible & ~(given < np.inf))
    if bad.size:
        i, j = bad[0]
        raise InputError(
            f"edge_rewards must be finite or -inf, got {given[i, j]} from state {i} to {j}"
        )
    return np.where(possible, given, 0.0)


def initial(start: int | ArrayLike, states: int) -> Float64[np.ndarray, " s"]:
    """Log-probabilities of the first state.

    Args:
        start: A state's index, probabilities, or their logarithms; the sign tells them apart.
        states: Number of states.

    Returns:
        The logarithms, shape ``(s,)``.

    Raises:
        InputError: There is no such state, or this is no distribution on the states.

    Example:
        >>> initial(1, 2)
        array([-inf,   0.])
    """
    result = np.full(states, -np.inf)
    if isinstance(start, Integral) and not isinstance(start, bool):
        if not 0 <= int(start) < states:
            raise InputError(f"start must be a state from 0 to {states - 1}, got {start}")
        result[int(start)] = 0.0
        return result
    given = vector("start", start)
    if given.size != states:
        raise InputError(f"start must have one number a state, {states}, got {given.size}")
    if np.all(given <= 0):
        return normalised("start", given)
    if not np.all(given >= 0):
        raise InputError("start must be a state, probabilities, or their logarithms")
    with np.errstate(divide="ignore"):
        return normalised("start", np.log(given))


def reachable(
    log_start: Float64[np.ndarray, " s"], edges: Bool[np.ndarray, "s s"]
) -> Bool[np.ndarray, " s"]:
    """Which states a path may visit.

    Args:
        log_start: Log-probabilities of the first state.
        edges: Steps that may be taken.

    Returns:
        One truth value a state.

    Example:
        >>> reachable(np.array([0.0, -np.inf]), np.array([[True, False], [True, True]]))
        array([ True, False])
    """
    found = log_start > -np.inf
    while True:
        wider = found | edges[found].any(axis=0)
        if np.array_equal(wider, found):
            return found
        found = wider


def one_class(edges: Bool[np.ndarray, "s s"]) -> bool:
    """Whether every path is drawn into one class of states that reach each other.

    Periods do no harm, and neither do states that are left for good on the way to the class.

    Args:
        edges: Steps among the states that a path may visit.

    Returns:
        A truth value.

    Example:
        >>> one_class(np.array([[False, True], [False, True]]))
        True
        >>> one_class(np.eye(2, dtype=bool))
        False
    """
    count, label = connected_components(edges, directed=True, connection="strong")
    inside = label[:, None] == label[None, :]
    recurrent = [c for c in range(count) if (edges & inside)[label == c].any()]
    if len(recurrent) != 1:
        return False
    backwards = reachable(np.where(label == recurrent[0], 0.0, -np.inf), edges.T)
    return bool(backwards.all())


def _square(name: str, values: ArrayLike) -> Float64[np.ndarray, "s s"]:
    try:
        matrix = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be real numbers: {error}") from error
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or matrix.size == 0:
        raise InputError(f"{name} must be a square matrix, got shape {matrix.shape}")
    return matrix
