"""Sums over the draws of every prompt, where all have equally many and where not."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from klimit.estimate.prompt_sums import centred, prompt_dots, prompt_sums


@pytest.mark.parametrize("counts", [[3, 3, 3], [1, 4, 4], [9]])
@pytest.mark.parametrize("shape", [(9,), (2, 9), (0, 9)])
def test_they_are_those_of_each_prompt_alone(counts: list[int], shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, *shape))
    parts = np.split(np.arange(9), np.cumsum(counts)[:-1])
    sums = np.stack([one[..., part].sum(axis=-1) for part in parts], axis=-1)
    dots = np.stack([(one * other)[..., part].sum(axis=-1) for part in parts], axis=-1)
    away = np.concatenate([one[..., part] - sums[..., [i]] for i, part in enumerate(parts)], -1)
    told = np.array(counts)
    assert_allclose(prompt_sums(told, one), sums, rtol=1e-13)
    assert_allclose(prompt_dots(told, one, other), dots, rtol=1e-13)
    assert_allclose(centred(told, one, sums), away, rtol=1e-13)
