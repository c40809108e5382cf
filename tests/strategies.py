"""Hypothesis strategies shared by the tests."""

from math import log

import numpy as np
from hypothesis import strategies as st

from klimit import FiniteModel, VariableLength

__all__ = ["models", "responses", "tied_models"]

WEIGHTS = st.floats(1e-6, 1.0)


@st.composite
def models(draw: st.DrawFn, *, least: int = 2, most: int = 8) -> FiniteModel:
    """Models with distinct rewards, none of them far closer than the rest."""
    size = draw(st.integers(least, most))
    weights = np.array(draw(st.lists(WEIGHTS, min_size=size, max_size=size)))
    steps = np.array(draw(st.lists(st.floats(0.01, 3.0), min_size=size, max_size=size)))
    offset = draw(st.floats(-10.0, 10.0))
    order = np.array(draw(st.permutations(range(size))))
    return FiniteModel.from_probs(weights / weights.sum(), (offset + np.cumsum(steps))[order])


@st.composite
def tied_models(draw: st.DrawFn) -> FiniteModel:
    """Models with a handful of small whole rewards, so with ties; at least two levels."""
    size = draw(st.integers(2, 8))
    weights = np.array(draw(st.lists(WEIGHTS, min_size=size, max_size=size)))
    rewards = np.array(draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)), float)
    rewards[:2] = 0.0, 1.0
    return FiniteModel.from_probs(weights / weights.sum(), rewards)


@st.composite
def responses(draw: st.DrawFn) -> VariableLength:
    """Responses of random length with small whole rewards, one of them positive."""
    size = draw(st.integers(1, 4))
    weights = np.array(draw(st.lists(st.floats(0.01, 1.0), min_size=size, max_size=size)))
    rewards = draw(st.lists(st.integers(-3, 3), min_size=size, max_size=size))
    rewards[0] = draw(st.integers(1, 3))
    stop = draw(st.floats(0.03, 0.9))
    extra = draw(st.sampled_from([0.0, -1.5, 7.0]))
    log_probs = np.log(weights / weights.sum() * (1 - stop))
    return VariableLength(log_probs, rewards, stop_log_prob=log(stop), stop_reward=extra)
