"""What an audit says in words."""

import numpy as np
import pytest

from klimit import Audit, Draws, InputError, audit
from klimit.estimate.audit.sources import Sources
from klimit.estimate.audit.verdicts import draws_needed
from tests.estimate.audit.models_for_tests import MODEL, changed, drawn, policies, small


def said(found: Audit) -> dict[str, str]:
    return {finding.code: str(finding) for finding in found.findings}


def test_a_sound_audit_has_nothing_to_say() -> None:
    rng = np.random.default_rng(0)
    policy = drawn(policies()["tilt"], prompts=60, draws=20, rng=rng)
    reference = drawn(MODEL.log_probs, prompts=60, draws=64, rng=rng)
    assert said(audit(policy, reference=reference, budget=1.0)) == {}


@pytest.mark.parametrize(
    ("budget", "code"), [(0.1, "over-budget"), (0.68, "budget-unproven"), (0.8, None)]
)
def test_a_budget_is_held_against_the_interval(budget: float, code: str | None) -> None:
    policy, reference = small(prompts=60, seed=1)
    codes = said(audit(policy, reference=reference, budget=budget))
    assert [code for code in codes if "budget" in code] == ([code] if code else [])


def test_a_negative_budget_is_refused() -> None:
    policy, reference = small()
    with pytest.raises(InputError, match="budget must be at least 0"):
        audit(policy, reference=reference, budget=-1.0)


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_best_of_8_is_named_where_it_gets_more_for_less(prompts: str) -> None:
    policy, reference = small()
    found = audit(changed(policy, kl=0.7), reference=reference, prompts=prompts)
    assert "best-of-8 of the reference" in said(found)["best-of-n-better"]
    # as much KL as best-of-8 has, and less: no longer for less KL
    assert "best-of-n-better" not in said(audit(policy, reference=reference, prompts=prompts))


def test_best_of_8_is_not_named_from_fewer_draws() -> None:
    policy, _ = small()
    rng = np.random.default_rng(1)
    few = drawn(MODEL.log_probs, prompts=20, draws=7, rng=rng)
    codes = said(audit(changed(policy, kl=0.7), reference=few))
    assert "best-of-n-better" not in codes
    assert "too-few-draws" in codes


def test_best_of_8_is_not_named_from_one_prompt_alone() -> None:
    policy, reference = small(prompts=2)
    short = Draws.from_matrix([reference.rewards[:64].tolist(), [0.0, 1.0, 2.0]])
    assert "best-of-n-better" not in said(audit(changed(policy, kl=0.7), reference=short))


@pytest.mark.parametrize(
    ("prompts", "more"), [("sampled", "prompts would tell"), ("fixed", "of the reference a")]
)
def test_a_gain_within_noise_is_no_gain(prompts: str, more: str) -> None:
    rng = np.random.default_rng(3)
    log_q = np.logaddexp(np.log(0.1) + policies()["tilt"], np.log(0.9) + MODEL.log_probs)
    policy = drawn(log_q, prompts=15, draws=8, rng=rng)
    reference = drawn(MODEL.log_probs, prompts=15, draws=64, rng=rng)
    assert more in said(audit(policy, reference=reference, prompts=prompts))["gain-in-noise"]


def test_the_number_of_draws_that_would_do_does() -> None:
    rng = np.random.default_rng(4)

    def normal(draws: int) -> Sources:
        reference = Draws.from_matrix(rng.normal(size=(40, draws)))
        return Sources(reference, reference, "sampled", 0.95)

    # of normal rewards exp(2 kl) draws are worth one
    assert 10 * np.exp(2.0) / 2 < draws_needed(normal(64), 1.0) < 10 * np.exp(2.0) * 2
    assert 10 * np.exp(6.0) / 4 < draws_needed(normal(64), 3.0) < 10 * np.exp(6.0) * 4


def test_too_few_draws_names_a_way_out() -> None:
    policy, reference = small()
    told = said(audit(changed(policy, kl=4.0), reference=reference))["too-few-draws"]
    assert "64 draws of the reference a prompt do not bear" in told
    assert "excess KL" in told


@pytest.mark.parametrize(("prompts", "unclear"), [(5, True), (60, False)])
def test_an_unclear_efficiency_is_said(prompts: int, *, unclear: bool) -> None:
    rng = np.random.default_rng(1)
    policy = drawn(policies()["mixture"], prompts=prompts, draws=4, rng=rng)
    reference = drawn(MODEL.log_probs, prompts=prompts, draws=32, rng=rng)
    found = audit(policy, reference=reference)
    assert found.supported
    assert ("efficiency-unclear" in said(found)) == unclear


@pytest.mark.parametrize("change", [{"kl": -0.5}, {"reward": 0.4}])
def test_no_policy_is_above_the_frontier(change: dict[str, float]) -> None:
    policy, reference = small(prompts=60)
    assert "above-frontier" in said(audit(changed(policy, **change), reference=reference))


@pytest.mark.parametrize("change", [{"scale": 100.0}, {"reward": 50.0}, {"reward": 0.25}])
def test_rewards_on_another_scale_are_seen(change: dict[str, float]) -> None:
    policy, reference = small()
    assert "reward-scales" in said(audit(changed(policy, **change), reference=reference))


def test_a_large_gain_is_no_other_scale() -> None:
    rng = np.random.default_rng(5)
    reference = Draws.from_matrix(rng.normal(size=(20, 64)))
    x = rng.normal(3.0, 1.0, size=400)
    policy = Draws.from_columns(
        prompt=np.repeat(np.arange(20), 20),
        reward=x,
        log_prob_policy=-((x - 3) ** 2) / 2,
        log_prob_reference=-(x**2) / 2,
    )
    assert "reward-scales" not in said(audit(policy, reference=reference))


def named(draws: Draws, names: list[str]) -> Draws:
    return Draws.from_blocks(
        tuple(names), draws.offsets, draws.rewards, draws.columns, draws.texts
    )


def test_prompts_of_one_table_only_are_left_out_and_said() -> None:
    policy, reference = small()
    names = [f"prompt {i}" for i in range(20)]
    found = audit(named(policy, [*names[:15], *"abcde"]), reference=named(reference, names))
    assert found.prompt_count == 15
    assert found.draw_count == 15 * 20
    told = said(found)["prompts-unmatched"]
    assert "15 prompts are in both tables; 5 that only the policy has and 5" in told


def test_prompts_that_differ_in_spaces_alone_are_duplicates() -> None:
    policy, reference = small()
    names = [f"prompt {i}" for i in range(18)] + ["Prompt  1!", "prompt 2 "]
    told = said(audit(named(policy, names), reference=named(reference, names)))
    assert "4 prompts are 2 but for case, spaces" in told["prompts-duplicate"]


def test_prompts_trained_on_are_leaked() -> None:
    policy, reference = small()
    names = [f"prompt {i}" for i in range(20)]
    found = audit(
        named(policy, names),
        reference=named(reference, names),
        training_prompts=["PROMPT 3", "prompt 7", "another"],
    )
    assert (
        "2 of 20 prompts were trained on, such as 'prompt 3'" in said(found)["prompts-leaked"]
    )


@pytest.mark.parametrize("copied", [False, True])
def test_draws_that_recur_too_often_are_copies(*, copied: bool) -> None:
    policy, reference = small()
    texts = [f"text {i // 2 if copied else i}" for i in range(len(policy))]
    columns = {name: column - 20.0 for name, column in policy.columns.items()}
    told = Draws.from_blocks(policy.prompts, policy.offsets, policy.rewards, columns, texts)
    assert ("draws-repeated" in said(audit(told, reference=reference))) == copied


def test_texts_that_recur_as_their_probability_says_are_none() -> None:
    policy, reference = small()
    texts = [f"{reward}" for reward in policy.rewards]
    told = Draws.from_blocks(
        policy.prompts, policy.offsets, policy.rewards, policy.columns, texts
    )
    assert "draws-repeated" not in said(audit(told, reference=reference))


def test_log_probabilities_have_their_own_findings() -> None:
    _, reference = small()
    assert "log-probs-identical" in said(audit(reference, reference=reference))


@pytest.mark.parametrize("prompts", ["sampled", "fixed"])
def test_a_policy_that_hardly_ever_fails_is_not_judged(prompts: str) -> None:
    passes, at = np.ones(320), np.arange(17) * 18  # 20 prompts of 16 draws
    passes[[5, 200, 201]] = 0.0
    policy, reference = verdicts_of(passes), verdicts_of(np.arange(320) % 2.0)
    found = audit(policy, reference=reference, prompts=prompts)
    told = "3 of 320 draws of the policy differ from the common reward: too rare for an error"
    assert found.policy_reason == found.reason == found.excess_reason == told
    assert not any([found.policy_supported, found.supported, found.excess_supported])
    assert f"{told}. Draw more from the policy, about 80 a prompt" in str(said(found))

    passes[at] = 0.0
    found = audit(verdicts_of(passes), reference=reference, prompts=prompts)
    assert "policy-too-alike" not in said(found)
    assert found.policy_supported
    assert found.excess_supported


def test_prompts_that_differ_are_no_policy_that_is_too_alike() -> None:
    always = np.repeat(np.arange(20) % 2.0, 16)
    policy, reference = verdicts_of(always), verdicts_of(np.arange(320) % 2.0)
    assert audit(policy, reference=reference, prompts="sampled").policy_supported
    assert not audit(policy, reference=reference, prompts="fixed").policy_supported


def test_a_log_ratio_that_nearly_all_draws_share_is_not_judged() -> None:
    policy, reference = small()
    columns = dict(policy.columns) | {"log_prob_reference": policy.columns["log_prob_policy"]}
    alike = Draws.from_blocks(policy.prompts, policy.offsets, policy.rewards, columns)
    told = audit(alike, reference=reference).policy_reason
    assert told.startswith("0 of 400 draws of the policy differ from the common log ratio")


def verdicts_of(passes: np.ndarray) -> Draws:
    """Pass or fail at 20 prompts, of a policy that likes what passes."""
    log_prob = np.where(passes > 0, -0.1, -2.4)
    offsets = np.arange(21) * (passes.size // 20)
    columns = {"log_prob_policy": log_prob, "log_prob_reference": np.full(passes.size, -0.7)}
    return Draws.from_blocks(tuple(range(20)), offsets, passes, columns)
