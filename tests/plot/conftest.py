"""Results to draw: Gaussian draws with texts absent, and their frontier past the data."""

import numpy as np
import pytest

from klimit import (
    BestOfEstimate,
    Draws,
    FrontierEstimate,
    estimate_best_of_n,
    estimate_frontier,
)


@pytest.fixture(scope="session")
def draws() -> Draws:
    return Draws.from_matrix(np.random.default_rng(0).normal(size=(40, 64)))


@pytest.fixture(scope="session")
def frontier(draws: Draws) -> FrontierEstimate:
    return estimate_frontier(draws, kl=np.linspace(0.0, 3.0, 13)[::-1])


@pytest.fixture(scope="session")
def best_of(draws: Draws) -> BestOfEstimate:
    return estimate_best_of_n(draws, n=[1, 2, 4, 8])
