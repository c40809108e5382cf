"""Parting the draws of a prompt: which are near its best, and the powers of the others."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit.estimate.frontier.raising import KNOWN
from klimit.estimate.frontier.splitting import Scratch, Split, split

RNG = np.random.default_rng(5)
LAWS = {
    "gaussian": lambda m: RNG.normal(size=m) * 3 - 100,
    "uniform": lambda m: RNG.random(m) * 1e-9,
    "long above": lambda m: RNG.exponential(size=m),
    "long below": lambda m: -RNG.exponential(size=m),
    "judge": lambda m: RNG.integers(1, 6, m).astype(float),
    "rarely passed": lambda m: (RNG.random(m) < 0.01).astype(float),
    "penalties": lambda m: np.where(RNG.random(m) < 0.01, -1e12, RNG.normal(size=m)),
    "huge": lambda m: RNG.normal(size=m) * 1e100,
    "tiny": lambda m: RNG.normal(size=m) * 1e-100,
    "alike": lambda m: np.full(m, 2.0),
}


def parted(rows: list[np.ndarray], *, least: int) -> Split:
    counts = np.array([row.size for row in rows])
    wanted = np.minimum(least, counts)
    scratch = Scratch(int(counts.sum()))
    return split(np.concatenate(rows), counts, least=wanted, scratch=scratch)


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("sizes", [[4096] * 40, [900, 4000, 3, 700, 12_345], [150_000]])
def test_powers_are_those_of_the_draws_that_are_not_kept(law: str, sizes: list[int]) -> None:
    rows = [LAWS[law](size) for size in sizes]
    found, start = parted(rows, least=100), 0
    assert_allclose(found.lowest, [row.min() for row in rows])
    for i, row in enumerate(rows):
        kept = int(found.kept[i])
        near, far = np.split(row[np.argsort(-row, kind="stable")], [kept])
        assert_allclose(np.sort(found.near[start : start + kept]), np.sort(near))
        start += kept
        assert kept >= min(100, row.size)
        half = found.half[i]
        if not far.size:
            assert half == 0
            assert not found.powers[i].any()
            continue
        assert row.size >= 800
        assert near.min() > far.max()
        x = (far - found.middle[i]) / half
        assert np.abs(x).max() < 1 + 1e-9
        assert row.max() >= found.middle[i] + (2 - 1e-9) * half
        powers = (x[:, None] ** np.arange(KNOWN)).sum(axis=0)
        assert_allclose(found.powers[i], powers, rtol=1e-9, atol=1e-10 * far.size)


def test_near_draws_keep_their_order() -> None:
    row = RNG.normal(size=4096)
    found = parted([row], least=33)
    assert found.near.size < row.size / 2
    assert_allclose(found.near, row[row >= found.near.min()])


def test_prompts_with_few_draws_are_not_parted() -> None:
    rows = [RNG.normal(size=500) for _ in range(3)]
    found = parted(rows, least=33)
    assert_allclose(found.near, np.concatenate(rows))
    assert not found.half.any()
