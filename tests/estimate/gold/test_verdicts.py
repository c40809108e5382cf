"""What is said of a gold reward where best-of-N and the frontier say different things."""

from klimit import overoptimisation
from tests.estimate.gold.test_overoptimisation import hump


def test_a_peak_along_the_frontier_alone_is_told_beside_best_of_n() -> None:
    draws, gold = hump(3, p=200, m=128)
    found = overoptimisation(draws, gold=gold, n=1, kl=[0.0, 0.125, 0.5, 1.125, 1.5])
    told = "no change of gold is established up to N = 1; along the frontier it peaks"
    assert found.verdict == told
    assert found.peak in found.frontier


def test_budgets_beyond_the_draws_show_no_trend_along_the_frontier() -> None:
    draws, gold = hump(3, p=20, m=8)
    found = overoptimisation(draws, gold=gold, n=[1, 2], kl=[6.0])
    assert not found.frontier[0].supported
    assert found.frontier_trend.shape == "unknown"
    assert "along the frontier" not in found.verdict
