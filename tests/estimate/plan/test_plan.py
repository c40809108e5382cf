"""A plan names settings that reach the target, and predicts what they give."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from klimit import (
    Draws,
    FiniteModel,
    Plan,
    PlanOption,
    best_of_n,
    estimate_best_of_n,
    estimate_frontier,
    geometric,
    one_plus_poisson,
    plan,
    random_best_of_n,
    read_draws,
    soft_best_of_n,
    tilt,
    unbiased_best_of_n,
    zero_truncated_poisson,
)
from klimit.core.errors import InputError, InsufficientDataError
from klimit.estimate.plan.best_of import BestOf
from klimit.estimate.plan.outcome import Method
from klimit.estimate.plan.random_best_of import random_families
from klimit.estimate.plan.ranks import reward_curves
from klimit.estimate.plan.rejection import Rejection, rejection
from klimit.estimate.plan.soft_best_of import SoftBestOf
from klimit.estimate.plan.supply import Supply, supply
from klimit.estimate.plan.tilting import Tilting

EXAMPLE = Path(__file__).parents[3] / "examples" / "smollm2_draws.parquet"
RANDOM = {
    "zero-truncated-poisson": zero_truncated_poisson,
    "one-plus-poisson": one_plus_poisson,
    "geometric": geometric,
}


@pytest.fixture(scope="module")
def gaussian() -> Draws:
    return Draws.from_matrix(np.random.default_rng(5).normal(size=(60, 64)))


@pytest.fixture(scope="module")
def within_a_nat(gaussian: Draws) -> Plan:
    return plan(
        gaussian, kl=1.0, tokens=50.0, price_per_million_tokens=2.0, tokens_per_second=300
    )


def setting(option: PlanOption) -> dict[str, float]:
    return {parameter.name: parameter.value for parameter in option.setting}


def named(result: Plan, method: str) -> PlanOption:
    return next(option for option in result.options if option.method == method)


def test_no_method_spends_more_than_the_budget(within_a_nat: Plan) -> None:
    assert len(within_a_nat.options) == 7
    for option in within_a_nat.options:
        assert option.reached
        assert option.kl.value <= 1.0 + 2e-5
        assert option.kl.value > 0.85


def test_every_method_attains_the_reward_asked_for(gaussian: Draws) -> None:
    result = plan(gaussian, reward=1.0)
    for option in result.options:
        assert option.reached
        assert 1.0 - 1e-4 <= option.reward.value <= 1.2


def test_best_of_n_is_the_largest_n_within_the_budget(gaussian: Draws) -> None:
    n = int(setting(plan(gaussian, kl=1.0).options[0])["n"])
    here, beyond = estimate_best_of_n(gaussian, n=[n, n + 1]).points
    assert here.kl.value <= 1.0 < beyond.kl.value


def test_the_trained_policy_is_the_frontier(gaussian: Draws, within_a_nat: Plan) -> None:
    point = estimate_frontier(gaussian, kl=1.0).points[0]
    option = named(within_a_nat, "train-to-beta")
    assert setting(option)["beta"] == pytest.approx(2**0.5, rel=0.02)
    assert setting(option)["kl_coef"] == pytest.approx(1 / setting(option)["beta"])
    assert option.reward.value == pytest.approx(point.reward.value, abs=0.02)
    assert option.draws.value == 1
    assert option.marginal is None


def test_a_tail_too_heavy_for_the_weights_is_named() -> None:
    rewards = np.random.default_rng(7).exponential(size=(60, 64))
    option = named(
        plan(Draws.from_matrix(rewards), kl=0.5), "train-to-beta"
    )  # the tail bears 0.3
    assert option.reached
    assert not option.supported
    assert "the tail of these rewards leaves them no variance" in option.reason


def test_no_method_beats_the_trained_policy_within_one_budget(within_a_nat: Plan) -> None:
    best = named(within_a_nat, "train-to-beta").reward
    for option in within_a_nat.options:
        assert option.reward.value <= best.value + 2 * best.standard_error


def test_soft_best_of_n_takes_the_fewest_draws_that_reach_the_target(
    within_a_nat: Plan,
) -> None:
    hard = setting(named(within_a_nat, "best-of-n"))["n"]
    assert setting(named(within_a_nat, "soft-best-of-n"))["n"] == hard + 1


@pytest.mark.parametrize("penalty", [-100.0, -1e6])
def test_penalties_far_below_change_no_scale(gaussian: Draws, penalty: float) -> None:
    rewards = gaussian.rewards.reshape(60, 64).copy()
    rewards[:, ::80] = penalty
    options = {
        option.method: option for option in plan(Draws.from_matrix(rewards), kl=1).options
    }
    for method in ("soft-best-of-n", "train-to-beta"):
        assert options[method].reached
        assert options[method].kl.value == pytest.approx(1, abs=1e-3)
        assert options[method].reward.value > options["best-of-n"].reward.value


@pytest.mark.parametrize("penalty", [-1e6, -1e9, -3.4e38])
def test_masks_do_not_lift_soft_best_of_n(penalty: float) -> None:
    rng = np.random.default_rng(6)
    rewards = rng.normal(size=(40, 32))
    rewards[:, :5] = penalty  # so that six draws are never masked all
    hard, soft = plan(Draws.from_matrix(rewards), kl=1).options[:2]
    assert (setting(hard)["n"], setting(soft)["n"]) == (6, 7)
    assert soft.supported
    assert 0 < soft.reward.value - hard.reward.value < 0.06  # it spends the whole budget
    assert soft.reward.standard_error == pytest.approx(hard.reward.standard_error, rel=0.2)


def test_a_reward_that_a_few_prompts_decide_is_not_supported() -> None:
    rewards = np.random.default_rng(7).normal(size=(40, 64))
    rewards[0] += 1e3
    options = {
        option.method: option for option in plan(Draws.from_matrix(rewards), kl=1).options
    }
    for method in ("best-of-n", "soft-best-of-n", "geometric"):
        assert not options[method].supported
        assert "a few prompts or draws decide" in options[method].reason


def test_a_search_on_some_of_many_prompts_still_meets_the_budget() -> None:
    rewards = np.random.default_rng(8).normal(size=(600, 16))
    option = plan(Draws.from_matrix(rewards), kl=0.4).options[1]
    assert option.kl.value == pytest.approx(0.4, abs=5e-4)


def test_costs_follow_from_draws_tokens_price_and_speed(within_a_nat: Plan) -> None:
    for option in within_a_nat.options:
        assert option.tokens is not None
        assert option.price is not None
        assert option.seconds is not None
        assert option.tokens.value == pytest.approx(50 * option.draws.value)
        assert option.price.value == pytest.approx(2e-6 * option.tokens.value)
        assert option.seconds.value == pytest.approx(option.tokens.value / 300)


def test_without_lengths_no_cost_in_tokens_is_made_up(gaussian: Draws) -> None:
    option = plan(gaussian, kl=0.5).options[0]
    assert option.tokens is None
    assert option.price is None


def test_the_column_of_tokens_is_found_and_belongs_to_the_prompts() -> None:
    draws = Draws.from_columns(
        prompt=["a"] * 8 + ["b"] * 8,
        reward=np.random.default_rng(0).normal(size=16),
        tokens=[10.0] * 8 + [30.0] * 8,
    )
    option = plan(draws, kl=0.4, prompts="fixed").options[0]
    assert option.tokens is not None
    assert option.tokens.value == pytest.approx(20 * option.draws.value)
    assert option.tokens.standard_error == 0


def test_a_share_is_one_of_the_way_to_the_best_draws_seen(gaussian: Draws) -> None:
    result = plan(gaussian, share=0.5)
    best = gaussian.rewards.reshape(60, 64).max(axis=1).mean()
    assert result.best_seen == pytest.approx(best)
    middle = (gaussian.rewards.mean() + best) / 2
    assert result.reward_needed == pytest.approx(middle)
    assert named(result, "train-to-beta").reward.value == pytest.approx(middle, abs=1e-3)


@pytest.mark.parametrize("target", [{"kl": 9.0}, {"reward": 50.0}])
def test_what_is_out_of_reach_is_said_to_be_with_the_nearest_setting(
    target: dict[str, float], gaussian: Draws
) -> None:
    for option in plan(gaussian, **target).options:
        assert not option.reached
        assert "is out of reach of these draws, the nearest is" in option.reason


def test_a_verifier_reaches_no_further_than_what_passes() -> None:
    rewards = np.random.default_rng(1).random((40, 64)) < 0.5
    result = plan(Draws.from_matrix(rewards.astype(float)), kl=3.0)
    for option in result.options:
        assert not option.reached
        assert option.kl.value <= 0.75  # log 2 for every method, whatever it draws


@pytest.mark.parametrize("constant", [0.0, -3.0])
def test_a_constant_reward_leaves_nothing_to_plan(constant: float) -> None:
    result = plan(Draws.from_matrix(np.full((4, 8), constant)), kl=1.0)
    for option in result.options:
        assert option.reward.value == pytest.approx(constant)
        assert option.kl.value == pytest.approx(0.0, abs=1e-9)
        assert not option.reached


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({}, "give one of kl, reward and share, got none"),
        ({"kl": 1.0, "reward": 1.0}, "got kl, reward"),
        ({"kl": -1.0}, "kl must be at least 0"),
        ({"kl": np.inf}, "kl must be at least 0 and finite"),
        ({"reward": np.inf}, "reward must be finite"),
        ({"share": 1.0}, "share must lie between 0 and 1"),
        ({"kl": 1.0, "price_per_million_tokens": 1.0}, "needs the length of draws"),
        ({"kl": 1.0, "tokens": 0.0}, "tokens must be a positive number"),
        ({"kl": 1.0, "tokens": "length"}, "no column 'length'"),
        ({"kl": 1.0, "tokens": 9.0, "tokens_per_second": 0.0}, "must be positive and finite"),
        ({"kl": 1.0, "prompts": "all"}, "prompts must be"),
        ({"kl": 1.0, "level": 1.0}, "level must lie"),
    ],
)
def test_what_cannot_be_planned_is_refused(arguments: dict, told: str, gaussian: Draws) -> None:
    with pytest.raises(InputError, match=told):
        plan(gaussian, **arguments)


def test_one_prompt_is_no_sample_of_prompts() -> None:
    draws = Draws.from_matrix(np.random.default_rng(0).normal(size=(1, 64)))
    with pytest.raises(InsufficientDataError, match="needs 2 prompts"):
        plan(draws, kl=0.5)
    assert plan(draws, kl=0.5, prompts="fixed").options[0].reached


def methods(ready: Supply) -> list[Method]:
    curves = reward_curves(ready.pools, most=min(ready.typical, 256))
    fixed: list[Method] = [
        BestOf(ready),
        SoftBestOf(ready, 4),
        rejection(ready),
        Tilting(ready),
    ]
    return [*fixed, *random_families(ready, curves)]


def test_predictions_of_real_draws_hold_on_the_other_half() -> None:
    """Of the seven, one would fail in 300 such tests by chance (3.7 standard errors each)."""
    draws = read_draws(EXAMPLE, reward="sentiment")
    rewards = draws.rewards.reshape(24, 256)
    halves = [
        supply(Draws.from_matrix(half), tokens=None, prompts="fixed", level=0.95)
        for half in (rewards[:, ::2], rewards[:, 1::2])
    ]
    result = plan(halves[0].draws, reward=0.75, prompts="fixed")
    for option in result.options:
        value = setting(option)
        assert option.supported
        there = {method.name: method for method in methods(halves[1])}[option.method]
        match there:
            case SoftBestOf():
                there = replace(there, n=int(value["n"]))
                strength = np.log(value["beta"] * there.supply.span)
            case Tilting():
                strength = np.log(value["beta"] * there.supply.span)
            case Rejection():
                strength = float(np.searchsorted(there.thresholds, value["threshold"]))
            case BestOf():
                strength = value["n"]
            case _:
                strength = value["rate"] if "rate" in value else 1 / value["p"] - 1
        found = there.outcome(strength)
        for predicted, realised in ((option.reward, found.reward), (option.kl, found.kl)):
            error = np.hypot(predicted.standard_error, realised.standard_error)
            assert abs(predicted.value - realised.value) <= 3.7 * error + 1e-3, option.method


def test_intervals_cover_the_exact_law_of_the_setting() -> None:
    """20 runs: one of the 14 counts is below 15 of 20 once in 200 such tests."""
    rng = np.random.default_rng(11)
    levels = np.array([0.0, 0.0, 1.0, 1.5, 2.0, 2.0, 2.5, 4.0])
    models = [
        FiniteModel.from_probs(np.full(8, 1 / 8), (1 + 0.2 * k) * levels) for k in range(4)
    ]
    covered: dict[tuple[str, str], int] = {}
    for _ in range(20):
        rows = [rng.choice(models[k % 4].rewards, size=48) for k in range(8)]
        for option in plan(Draws.from_matrix(np.array(rows)), kl=0.5, prompts="fixed").options:
            if not option.supported:
                continue
            reward, kl = exact(option, models)
            for name, estimate, truth in (
                ("reward", option.reward, reward),
                ("kl", option.kl, kl),
            ):
                held = estimate.low - 1e-3 <= truth <= estimate.high + 1e-3
                key = option.method, name
                covered[key] = covered.get(key, 0) + held
    assert len(covered) == 14
    assert min(covered.values()) >= 15, covered


def exact(option: PlanOption, models: list[FiniteModel]) -> tuple[float, float]:
    value = setting(option)
    match option.method:
        case "best-of-n":
            laws = [best_of_n(model, n=int(value["n"])) for model in models]
        case "soft-best-of-n":
            laws = [soft_best_of_n(x, n=int(value["n"]), beta=value["beta"]) for x in models]
        case "train-to-beta":
            laws = [tilt(model, beta=value["beta"]) for model in models]
        case "rejection":
            passed = [model.rewards >= value["threshold"] for model in models]
            rewards = [
                model.rewards[at].mean() for model, at in zip(models, passed, strict=True)
            ]
            return float(np.mean(rewards)), float(
                np.mean([-np.log(at.mean()) for at in passed])
            )
        case name:
            count = RANDOM[name](option.setting[0].value)
            laws = [random_best_of_n(model, pgf=count) for model in models]
    return float(np.mean([x.mean_reward for x in laws])), float(np.mean([x.kl for x in laws]))


def test_what_prompts_have_too_few_draws_for_is_said_and_told_of_the_others() -> None:
    rows = np.random.default_rng(12).normal(size=(9, 8)).tolist()
    draws = Draws.from_matrix([*rows, [0.0, 1.0]])
    option = named(plan(draws, kl=float(np.log(4) - 3 / 4), prompts="fixed"), "best-of-n")
    assert setting(option) == {"n": 4}
    assert option.reason == "1 of 10 prompts have fewer than 4 draws"
    further = [float(np.diff(unbiased_best_of_n(row, n=[4, 5]))[0]) for row in rows]
    assert option.marginal is not None
    assert option.marginal.value == pytest.approx(np.mean(further))


def test_fixed_prompts_need_a_draw_to_spare_for_an_error() -> None:
    draws = Draws.from_matrix(np.random.default_rng(13).normal(size=(10, 8)))
    seven, eight = (
        named(plan(draws, kl=float(np.log(n) - (n - 1) / n), prompts="fixed"), "best-of-n")
        for n in (7, 8)
    )
    assert seven.supported
    assert seven.marginal is not None
    assert seven.marginal.standard_error == np.inf  # of best-of-8
    assert not eight.supported
    assert eight.reason == "there is no draw beyond 8 to tell the error from"
    assert eight.marginal is None
    spread = named(plan(draws, kl=float(np.log(7) - 6 / 7)), "best-of-n")
    assert spread.marginal is not None
    assert spread.marginal.value == pytest.approx(seven.marginal.value)
    assert spread.marginal.standard_error < np.inf  # prompts that are sampled tell theirs
