"""The exact law of best-of-N."""

import itertools

import numpy as np
import pytest

from klimit import FiniteModel, best_of_n


@pytest.mark.parametrize("ties", ["random", "index"])
@pytest.mark.parametrize("n", [1, 2, 3, 5])
def test_it_is_the_law_found_by_enumerating_all_draws(ties: str, n: int) -> None:
    model = FiniteModel.from_probs([0.2, 0.3, 0.1, 0.4], [0.0, 1.0, 1.0, 2.0])
    probs, law = np.exp(model.log_probs), np.zeros(4)
    for draws in itertools.product(range(4), repeat=n):
        top = model.rewards[list(draws)].max()
        best = [i for i in draws if model.rewards[i] == top]
        kept = best if ties == "random" else [min(best)]
        for i in kept:
            law[i] += probs[list(draws)].prod() / len(kept)
    ours = best_of_n(model, n=n, ties=ties)
    np.testing.assert_allclose(np.exp(ours.log_probs), law, rtol=1e-13)
    np.testing.assert_allclose(ours.kl, law @ np.log(law / probs), atol=1e-15, rtol=1e-13)
    np.testing.assert_allclose(ours.mean_reward, law @ model.rewards, rtol=1e-13)
