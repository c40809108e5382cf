"""Several rewards as one proxy."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit import Draws, combine_rewards
from klimit.core.errors import InputError


def table() -> Draws:
    rng = np.random.default_rng(1)
    return Draws.from_columns(
        prompt=["a"] * 20 + ["b"] * 20,
        reward=rng.normal(size=40),
        first=rng.normal(size=40) * 100 + 7,
        flat=np.ones(40),
    )


def test_members_count_alike_whatever_their_scale() -> None:
    draws = table()
    x, y = (v / v.std() for v in (draws.rewards, draws.column("first")))
    found = combine_rewards(draws, columns=["reward", "first"]).rewards
    assert_allclose(found, (x - x.mean() + y - y.mean()) / 2, atol=1e-12)


def test_the_worst_is_below_the_mean_and_a_penalty_lowers_it() -> None:
    draws, names = table(), ["reward", "first"]
    mean = combine_rewards(draws, columns=names).rewards
    assert (combine_rewards(draws, columns=names, how="worst").rewards <= mean).all()
    twice = combine_rewards(draws, columns=names, how="penalised", penalty=2.0).rewards
    once = combine_rewards(draws, columns=names, how="penalised").rewards
    assert_allclose(mean - twice, 2 * (mean - once), atol=1e-12)


def test_the_average_of_noisy_proxies_is_the_better_proxy() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=4000)
    noisy = {f"proxy{i}": truth + rng.normal(size=4000) for i in range(4)}
    draws = Draws.from_columns(prompt=np.repeat(np.arange(40), 100), reward=truth, **noisy)
    found = combine_rewards(draws, columns=[*noisy]).rewards
    alone = np.corrcoef(truth, noisy["proxy0"])[0, 1]
    assert np.corrcoef(truth, found)[0, 1] > alone + 0.1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"columns": ["reward"]}, "at least 2 columns"),
        ({"columns": ["reward", "first"], "how": "median"}, "how must be"),
        ({"columns": ["reward", "first"], "penalty": -1.0}, "penalty must be at least 0"),
        ({"columns": ["reward", "flat"]}, "'flat' is constant"),
        ({"columns": ["reward", "none"]}, "no column 'none'"),
    ],
)
def test_what_makes_no_ensemble_is_refused(asked: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        combine_rewards(table(), **asked)  # type: ignore[arg-type]
