"""The KL of best-of-N from its winner."""

from math import log

import numpy as np
import pytest
from mpmath import mp, mpf

from klimit import FiniteModel, InputError, best_of_n, winner_kl


@pytest.mark.parametrize("log_prob", [-1e-12, -0.01, -1.0, -30.0, -700.0])
@pytest.mark.parametrize("n", [2, 50, 10**6, 10**300])
def test_it_is_its_formula_in_fifty_digits(log_prob: float, n: int) -> None:
    with mp.workdps(700):
        e = mp.exp(mpf(log_prob))
        missed = (1 - e) ** n
        common = mp.log(n) + (n - 1) * mp.log1p(-e) - mpf(n - 1) / n
        expected = float(missed * common + (1 - missed) * mp.log((1 - missed) / e))
    assert winner_kl(log_prob, n=n) == pytest.approx(expected, rel=1e-11, abs=1e-300)


def test_its_mean_over_winners_is_above_the_divergence() -> None:
    rng = np.random.default_rng(5)
    for n in (2, 8, 64):
        probs = rng.dirichlet(np.full(20, 0.3))
        model = FiniteModel.from_probs(probs, rng.normal(size=20))
        law = best_of_n(model, n=n)
        told = [winner_kl(float(x), n=n) for x in model.log_probs]
        assert law.kl <= np.exp(law.log_probs) @ told <= law.kl_bound


def test_one_draw_and_a_sure_winner_spend_nothing() -> None:
    assert winner_kl(-3.0, n=1) == 0.0
    assert winner_kl(0.0, n=100) == 0.0
    assert winner_kl(-np.inf, n=2) == pytest.approx(log(2.0) - 0.5)


def test_impossible_winners_are_refused() -> None:
    with pytest.raises(InputError, match=r"log_prob must not be positive, got 0\.5"):
        winner_kl(0.5, n=2)
    with pytest.raises(InputError, match="n must be at least 1"):
        winner_kl(-1.0, n=0)
