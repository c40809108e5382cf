"""An audit works through a table part by part."""

import tracemalloc
from dataclasses import fields

import numpy as np
import pytest

from klimit import Audit, Draws, Estimate, audit
from klimit.estimate import parts
from klimit.estimate.best_of import pools
from klimit.estimate.parts import by_parts
from tests.estimate.audit.models_for_tests import small


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_the_memory_of_an_audit_is_at_most_three_times_the_table(prompts: str) -> None:
    counts = np.full(400, 1_000)
    policy = gaussian(counts, mean=0.7)
    reference = gaussian(counts, mean=0.0)
    reference = Draws.from_blocks(reference.prompts, reference.offsets, reference.rewards)
    table = reference.rewards.nbytes + 3 * policy.rewards.nbytes
    tracemalloc.start()
    audit(policy, reference=reference, prompts=prompts)
    added = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert added < 2 * table


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize("size", [1, 100])
def test_an_audit_does_not_depend_on_how_its_tables_are_cut(
    prompts: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = np.random.default_rng(0).integers(2, 60, size=40)
    for policy, reference in (small(), (gaussian(counts, mean=-0.5), gaussian(counts, mean=0))):
        whole = audit(policy, reference=reference, prompts=prompts)
        with monkeypatch.context() as patch:
            patch.setattr(parts, "_DRAWS", size)
            patch.setattr(pools, "_TOGETHER", size)
            cut = audit(policy, reference=reference, prompts=prompts)
        assert numbers(cut) == pytest.approx(numbers(whole), rel=1e-11, abs=1e-11, nan_ok=True)
        assert [found.code for found in cut.findings] == [f.code for f in whole.findings]


def test_parts_hold_whole_prompts_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "_DRAWS", 4)
    draws = gaussian(np.array([1, 2, 9, 1, 1, 1, 4]), mean=0.0)
    cut = parts.parts(draws)
    assert [part.prompts for part in cut] == [
        slice(0, 2),
        slice(2, 3),
        slice(3, 6),
        slice(6, 7),
    ]
    assert np.concatenate([part.draws.rewards for part in cut]).tolist() == list(draws.rewards)
    each = by_parts(draws, lambda part: np.add.reduceat(part.draws.rewards, starts(part))[None])
    np.testing.assert_allclose(each[0], [block.sum() for block in draws.blocks])


def starts(part: parts.Part) -> np.ndarray:
    return part.draws.offsets[:-1]


def gaussian(counts: np.ndarray, *, mean: float) -> Draws:
    """Draws from N(mean, 1), the reward being the response; the reference is N(0, 1)."""
    x = np.random.default_rng(1).normal(mean, 1.0, size=int(counts.sum()))
    columns = {"log_prob_policy": -((x - mean) ** 2) / 2, "log_prob_reference": -(x**2) / 2}
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Draws.from_blocks(tuple(range(counts.size)), offsets, x, columns)


def numbers(found: Audit) -> list[float]:
    named = (getattr(found, field.name) for field in fields(found))
    estimates = [value for value in named if isinstance(value, Estimate)]
    return [end for e in estimates for end in (e.value, e.standard_error, e.low, e.high)]
