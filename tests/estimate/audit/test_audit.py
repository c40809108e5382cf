"""An audit against policies whose truth is known."""

import numpy as np
import pytest

from klimit import (
    Audit,
    Draws,
    Estimate,
    InputError,
    InsufficientDataError,
    audit,
    certificate,
    sequence_kl,
)
from tests.estimate.audit.models_for_tests import MODEL, changed, drawn, policies, small

NUMBERS = (
    "kl",
    "mean_reward",
    "frontier_reward",
    "reward_gap",
    "excess_kl",
    "divergence",
    "efficiency",
)


def exact(log_q: np.ndarray) -> dict[str, float]:
    q = np.exp(log_q)
    kl, reward = float(q @ (log_q - MODEL.log_probs)), float(q @ MODEL.rewards)
    found = certificate(MODEL, kl=kl, mean_reward=reward)
    return {
        "kl": kl,
        "mean_reward": reward,
        "frontier_reward": found.frontier_reward,
        "reward_gap": found.reward_gap,
        "excess_kl": found.divergence_closest,
        "divergence": found.divergence_same_kl,
        "efficiency": found.efficiency,
    }


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize("policy", sorted(policies()))
def test_a_large_audit_finds_the_certificate(policy: str, prompts: str) -> None:
    rng = np.random.default_rng(5)
    log_q = policies()[policy]
    found = audit(
        drawn(log_q, prompts=400, draws=100, rng=rng),
        reference=drawn(MODEL.log_probs, prompts=400, draws=100, rng=rng),
        prompts=prompts,
    )
    for name, truth in exact(log_q).items():
        estimate: Estimate = getattr(found, name)
        assert abs(estimate.value - truth) < 5 * estimate.standard_error, name
        assert estimate.standard_error < 0.03, name
        assert estimate.low <= estimate.value <= estimate.high


@pytest.mark.parametrize(
    ("prompts", "policy"),
    [("sampled", "tilt"), ("sampled", "mixture"), ("fixed", "tilt"), ("fixed", "best-of-4")],
)
def test_intervals_cover(policy: str, prompts: str) -> None:
    # A count of 60 runs at 95 % falls below 50 with probability 6e-4: of 7 numbers, a false
    # alarm once in 240 seeds for each policy; benchmarks/audit_coverage.py looks closer.
    rng = np.random.default_rng(11)
    log_q = policies()[policy]
    truth = exact(log_q)
    held = dict.fromkeys(NUMBERS, 0)
    for _ in range(60):
        found = audit(
            drawn(log_q, prompts=30, draws=12, rng=rng),
            reference=drawn(MODEL.log_probs, prompts=30, draws=64, rng=rng),
            prompts=prompts,
        )
        assert found.supported, found.reason
        for name in NUMBERS:
            estimate: Estimate = getattr(found, name)
            held[name] += estimate.low - 1e-12 <= truth[name] <= estimate.high + 1e-12
    assert min(held.values()) >= 50, held


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
@pytest.mark.parametrize("column", ["log ratios", "kl_exact"])
def test_its_kl_is_that_of_sequence_kl(column: str, prompts: str) -> None:
    policy, reference = small()
    if column == "kl_exact":
        columns = {"kl_exact": policy.columns["log_prob_policy"] + 30.0}
        policy = Draws.from_blocks(policy.prompts, policy.offsets, policy.rewards, columns)
    found = audit(policy, reference=reference, prompts=prompts)
    assert found.kl == sequence_kl(policy, prompts=prompts)


def test_numbers_agree_with_each_other() -> None:
    policy, reference = small()
    found = audit(policy, reference=reference)
    gain = found.mean_reward.value - found.reference_reward.value
    assert found.gain.value == pytest.approx(gain)
    assert found.reward_gap.value == pytest.approx(
        found.frontier_reward.value - found.mean_reward.value
    )
    assert found.divergence.value == pytest.approx(found.beta * found.reward_gap.value)
    assert found.efficiency.value == pytest.approx(gain / found.possible_gain.value)
    assert found.excess_kl.value <= found.divergence.value + 1e-3


def test_scaling_and_shifting_rewards_changes_no_divergence() -> None:
    policy, reference = small()
    plain = audit(policy, reference=reference)
    other = audit(
        changed(policy, scale=7, reward=-100),
        reference=changed(reference, scale=7, reward=-100),
    )
    for name in ("kl", "excess_kl", "divergence", "efficiency"):
        assert getattr(other, name).value == pytest.approx(getattr(plain, name).value, abs=1e-8)
        assert getattr(other, name).high == pytest.approx(getattr(plain, name).high, abs=1e-8)
    assert other.reward_gap.high == pytest.approx(7 * plain.reward_gap.high)


def test_what_prompts_share_cancels() -> None:
    policy, reference = small(prompts=40)
    shift = np.random.default_rng(1).normal(0.0, 50.0, size=40)

    def moved(draws: Draws) -> Draws:
        rewards = draws.rewards + np.repeat(shift, draws.counts)
        return Draws.from_blocks(draws.prompts, draws.offsets, rewards, draws.columns)

    plain = audit(policy, reference=reference)
    other = audit(moved(policy), reference=moved(reference))
    assert other.mean_reward.standard_error > 5
    for name in ("reward_gap", "excess_kl", "divergence", "efficiency"):
        assert getattr(other, name).high == pytest.approx(getattr(plain, name).high, rel=1e-4)


def test_the_order_of_prompts_does_not_matter() -> None:
    policy, reference = small()
    order = np.random.default_rng(3).permutation(len(policy))
    shuffled = Draws.from_columns(
        prompt=np.repeat(np.array(policy.prompts), policy.counts)[order],
        reward=policy.rewards[order],
        **{name: column[order] for name, column in policy.columns.items()},
    )
    plain, other = (audit(draws, reference=reference) for draws in (policy, shuffled))
    assert other.reward_gap.high == pytest.approx(plain.reward_gap.high, rel=1e-3)


def test_a_kl_beyond_the_draws_is_said_and_open() -> None:
    policy, reference = small()
    found = audit(changed(policy, kl=6.0), reference=reference)
    assert not found.supported
    assert found.reason
    assert found.frontier_reward.high == np.inf
    assert found.reward_gap.high == np.inf
    assert found.efficiency.low == 0
    assert found.efficiency.high < 1
    assert found.excess_supported
    assert found.excess_kl.low > 5


def test_a_policy_equal_to_its_reference_has_no_efficiency() -> None:
    _, reference = small()
    found = audit(reference, reference=reference)
    assert found.kl.value == 0
    assert np.isnan(found.efficiency.value)
    assert found.reward_gap.value == 0


def test_draws_audited_against_themselves_spend_all_their_kl_in_vain() -> None:
    for seed in range(20):  # the two means differ by rounding, this way or that
        policy, _ = small(prompts=4, seed=seed)
        found = audit(policy, reference=Draws(policy.prompts, policy.offsets, policy.rewards))
        assert found.gain.value == pytest.approx(0.0, abs=1e-12)
        assert found.beta_same_reward == 0
        assert found.excess_kl.value == pytest.approx(max(found.kl.value, 0.0), abs=1e-12)


def test_all_rewards_equal_leave_nothing_to_gain() -> None:
    policy, reference = small()
    flat = [
        Draws.from_blocks(draws.prompts, draws.offsets, 0 * draws.rewards, draws.columns)
        for draws in (policy, reference)
    ]
    found = audit(flat[0], reference=flat[1])
    assert found.reward_gap.value == 0
    assert found.divergence.value == pytest.approx(found.kl.value)


def test_a_pass_rate_beyond_its_ceiling_is_borne_by_many_passes() -> None:
    rng = np.random.default_rng(2)
    passed = rng.uniform(size=(30, 64)) < 0.5
    reference = Draws.from_matrix(passed.astype(float))
    policy = Draws.from_columns(
        prompt=np.repeat(np.arange(30), 16),
        reward=(rng.uniform(size=480) < 0.9).astype(float),
        log_prob_policy=np.full(480, -1.0) + rng.normal(0.0, 0.1, size=480),
        log_prob_reference=np.full(480, -3.0),
    )
    found = audit(policy, reference=reference)
    assert found.supported
    assert found.frontier_reward.value == 1
    assert found.divergence.value == np.inf
    assert found.efficiency.low < 0.8 < found.efficiency.high
    assert isinstance(found, Audit)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("no prompt in common", "prompts in common"),
        ("no log-probabilities", "log_prob_policy"),
        ("impossible draws", "probability 0 under the reference"),
        ("prompts", 'must be "sampled" or "fixed"'),
    ],
)
def test_what_cannot_be_audited_is_refused(change: str, told: str) -> None:
    policy, reference = small()
    prompts = "sampled"
    columns = dict(policy.columns)
    names = policy.prompts
    match change:
        case "no prompt in common":
            names = tuple(f"p{i}" for i in names)
        case "no log-probabilities":
            columns = {}
        case "impossible draws":
            columns["log_prob_reference"] = np.full(len(policy), -np.inf)
        case _:
            prompts = "both"
    bad = Draws.from_blocks(names, policy.offsets, policy.rewards, columns)
    with pytest.raises(InputError, match=told):
        audit(bad, reference=reference, prompts=prompts)


def test_one_prompt_tells_no_population() -> None:
    policy, reference = small(prompts=1)
    with pytest.raises(InsufficientDataError, match="2 prompts"):
        audit(policy, reference=reference)
    assert audit(policy, reference=reference, prompts="fixed").kl.standard_error > 0


def test_one_draw_a_prompt_tells_no_error_for_fixed_prompts() -> None:
    policy, reference = small(draws=1)
    with pytest.raises(InsufficientDataError, match="one draw of the policy"):
        audit(policy, reference=reference, prompts="fixed")
