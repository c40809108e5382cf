"""Checkpoints of which only KL and reward are known."""

import numpy as np
import pytest

from klimit import Draws, Estimate, InputError, PointsAudit, audit_points, certificate, frontier
from klimit.estimate.audit.knee import knee
from tests.estimate.audit.models_for_tests import MODEL, drawn

RNG = np.random.default_rng(0)
REFERENCE = drawn(MODEL.log_probs, prompts=200, draws=200, rng=RNG)


def run(*, leaves_at: float, waste: float, points: int = 15) -> tuple[np.ndarray, np.ndarray]:
    """A run along the frontier that wastes a share of each nat beyond one KL."""
    kl = np.linspace(0.05, 1.6, points)
    useful = np.where(kl < leaves_at, kl, leaves_at + (1 - waste) * (kl - leaves_at))
    return kl, np.array([frontier(MODEL).at_kl(x).mean_reward for x in useful])


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize(("kl", "reward"), [(0.5, 1.9), (1.0, 2.5), (0.4, 1.0), (1.2, 1.4)])
def test_points_find_their_certificate(kl: float, reward: float, prompts: str) -> None:
    point = audit_points(kl=[kl], reward=[reward], reference=REFERENCE, prompts=prompts)
    truth = certificate(MODEL, kl=kl, mean_reward=reward)
    for name, exact in (
        ("frontier_reward", truth.frontier_reward),
        ("reward_gap", truth.reward_gap),
        ("excess_kl", truth.divergence_closest),
        ("divergence", truth.divergence_same_kl),
        ("efficiency", truth.efficiency),
    ):
        estimate: Estimate = getattr(point.points[0], name)
        assert abs(estimate.value - exact) < 4 * estimate.standard_error, name
        assert 0 < estimate.standard_error < 0.02, name


def test_points_keep_their_order_and_steps() -> None:
    found = audit_points(kl=[0.9, 0.1], reward=[2.0, 1.6], step=[200, 100], reference=REFERENCE)
    assert [(point.step, point.kl) for point in found.points] == [(200, 0.9), (100, 0.1)]
    assert found.points[0].beta > found.points[1].beta


def test_a_run_that_leaves_the_frontier_has_its_knee_there() -> None:
    kl, reward = run(leaves_at=0.7, waste=0.8)
    found = audit_points(kl=kl, reward=reward, step=10 * np.arange(15), reference=REFERENCE)
    assert found.knee is not None
    assert found.knee.kl == pytest.approx(0.7, abs=0.05)
    assert found.knee.waste_before == pytest.approx(0.0, abs=0.05)
    assert found.knee.waste_after == pytest.approx(0.8, abs=0.05)
    assert found.knee_step == 10 * np.searchsorted(kl, found.knee.kl, side="right") - 10
    assert found.knee_reason == ""


@pytest.mark.parametrize("waste", [0.0, 0.5])
def test_a_run_of_steady_waste_has_none(waste: float) -> None:
    kl, reward = run(leaves_at=0.0, waste=waste)
    found = audit_points(kl=kl, reward=reward, reference=REFERENCE)
    assert found.knee is None
    assert found.knee_step is None
    assert "same share" in found.knee_reason


def test_straight_runs_with_noise_seldom_have_a_knee() -> None:
    # At a level of 95 %, 200 straight runs have more than 22 knees with probability 1e-4.
    rng = np.random.default_rng(8)
    kl = np.linspace(0.1, 3.0, 20)
    found = [
        knee(kl, 0.3 * kl + rng.normal(0.0, 0.3, size=20), kl, level=0.95) for _ in range(200)
    ]
    assert sum(one is not None for one in found) <= 22


def test_a_bend_beyond_noise_is_found() -> None:
    rng = np.random.default_rng(9)
    kl = np.linspace(0.1, 3.0, 20)
    bent = 0.1 * kl + 0.8 * np.maximum(kl - 1.5, 0.0)
    found = [knee(kl, bent + rng.normal(0.0, 0.05, size=20), kl, level=0.95) for _ in range(50)]
    assert all(one is not None and abs(one.kl - 1.5) < 0.4 for one in found)


def test_few_points_tell_no_knee() -> None:
    found = audit_points(kl=[0.1, 0.2], reward=[1.5, 1.6], reference=REFERENCE)
    assert found.knee_reason == "a knee needs 6 points whose reward the draws bear, got 2"
    assert isinstance(found, PointsAudit)


def test_points_beyond_the_draws_are_marked_and_open() -> None:
    few = Draws.from_matrix(np.random.default_rng(1).normal(size=(50, 16)))
    point = audit_points(kl=[3.0], reward=[1.0], reference=few).points[0]
    assert not point.supported
    assert point.reward_gap.high == np.inf
    assert not audit_points(kl=[3.0], reward=[9.0], reference=few).points[0].excess_supported


@pytest.mark.parametrize(
    ("kl", "reward", "told"),
    [
        ([0.1, 0.2], [1.0], "of one length"),
        ([], [], "at least 1"),
        ([np.nan], [1.0], "kl must be a list of finite numbers .*, got nan at point 0"),
        ([0.1], [np.inf], "reward must be a list"),
        ([0.1], [1e300], r"reward must .* of at most 1e\+70 in size, got 1e\+300 at point 0"),
        ([0.1], ["a"], "reward must be numbers"),
    ],
)
def test_points_that_are_none_are_refused(kl: list, reward: list, told: str) -> None:
    with pytest.raises(InputError, match=told):
        audit_points(kl=kl, reward=reward, reference=REFERENCE)
