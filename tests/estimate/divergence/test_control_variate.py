"""The mean of log ratios steadied by ``p / pi - 1``, on policies whose divergence is known."""

import numpy as np
import pytest

from klimit import Draws, InputError, sequence_kl
from klimit.estimate.divergence.control_variate import steadied


def normal_ratios(kl: float, rng: np.random.Generator, count: int) -> np.ndarray:
    """Log ratios of draws of N(s, 1) to N(0, 1), ``s**2 / 2`` being the divergence."""
    return rng.normal(kl, (2 * kl) ** 0.5, count)


def scored(ratio: np.ndarray, *, prompts: int = 20) -> Draws:
    return Draws.from_columns(
        prompt=np.arange(ratio.size) % prompts,
        reward=np.zeros(ratio.size),
        log_prob_policy=ratio,
        log_prob_reference=np.zeros(ratio.size),
    )


@pytest.mark.parametrize("kl", [0.005, 0.08, 0.5])
@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_it_keeps_the_expectation_and_covers(kl: float, prompts: str) -> None:
    """200 runs; each assertion fails by chance once in ten thousand times."""
    rng = np.random.default_rng(1)
    runs = [scored(normal_ratios(kl, rng, 640)) for _ in range(200)]
    found = [sequence_kl(draws, prompts=prompts, control_variate=True) for draws in runs]
    values = np.array([each.value for each in found])
    assert abs(values.mean() - kl) < 4 * values.std() / values.size**0.5
    assert sum(each.low <= kl <= each.high for each in found) > 177  # of a chance of 95 %


@pytest.mark.parametrize(("kl", "gain"), [(0.02, 6.0), (0.08, 3.0), (0.5, 1.2)])
def test_it_takes_noise_away_where_policies_are_close(kl: float, gain: float) -> None:
    draws = scored(normal_ratios(kl, np.random.default_rng(2), 20_000))
    plain, steady = (
        sequence_kl(draws, prompts="fixed", control_variate=asked) for asked in (False, True)
    )
    assert plain.standard_error > gain * steady.standard_error
    assert plain.method + " with control variate" == steady.method


def test_its_coefficient_never_comes_from_the_draw_itself() -> None:
    ratio = normal_ratios(0.1, np.random.default_rng(3), 50)
    other = ratio.copy()
    other[0] += 0.5
    moved = np.flatnonzero(steadied(other) != steadied(ratio))
    assert moved[0] == 0
    assert not (moved[1:] % 5 == 0).any()  # of its own fold only itself


@pytest.mark.parametrize("ratio", [[0.0], [0.3], [0.0] * 7, [0.1, -0.1], [800.0, -800.0] * 5])
def test_few_equal_or_enormous_ratios_stay_finite(ratio: list[float]) -> None:
    assert np.isfinite(steadied(np.array(ratio))).all()


def test_beside_whole_distributions_it_is_refused() -> None:
    draws = Draws.from_columns(prompt=["a", "b"], reward=[0.0, 0.0], kl_exact=[0.1, 0.2])
    with pytest.raises(InputError, match="control_variate is for log ratios"):
        sequence_kl(draws, control_variate=True)
