"""What is refused, and in which words."""

from collections.abc import Callable
from math import inf, nan

import numpy as np
import pytest

from klimit import (
    FiniteModel,
    GaussianReward,
    InputError,
    best_of_n,
    certificate,
    divergence,
    frontier,
    tilt,
)

COIN = FiniteModel.from_probs([0.5, 0.5], [0.0, 1.0])
VOID = FiniteModel.from_probs([0.5, 0.25, 0.25], [-inf, 0.0, 1.0])
NORMAL = GaussianReward(0.0, 1.0)

REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: FiniteModel.from_probs([0.5, 0.25], [0, 1]), "probs must sum to 1, got 0.75"),
    (lambda: FiniteModel.from_probs([1.5, -0.5], [0, 1]), "got -0.5 at outcome 1"),
    (lambda: FiniteModel.from_probs([0.5, nan], [0, 1]), "got nan at outcome 1"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [0, 1, 2]), "of one length, got 2 and 3"),
    (lambda: FiniteModel.from_probs([[0.5, 0.5]], [0, 1]), "got shape (1, 2)"),
    (lambda: FiniteModel.from_probs([], []), "at least one number, got shape (0,)"),
    (lambda: FiniteModel.from_probs(["a", "b"], [0, 1]), "probs must be real numbers"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], ["0", "1"]), "rewards must be real numbers"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [0, 1j]), "rewards must be real numbers"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [0, [1]]), "rewards must be real numbers"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [0, nan]), "got nan at outcome 1"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [0, inf]), "got inf at outcome 1"),
    (lambda: FiniteModel.from_probs([0.5, 0.5], [-inf, -inf]), "all of them are -inf"),
    (lambda: FiniteModel([-1.0, -1.0], [0, 1]), "subtract their logsumexp"),
    (lambda: FiniteModel([nan, 0.0], [0, 1]), "got nan at outcome 0"),
    (lambda: FiniteModel([inf, 0.0], [0, 1]), "got inf at outcome 0"),
    (lambda: GaussianReward(0.0, 0.0), "std must be positive"),
    (lambda: GaussianReward(nan, 1.0), "mean must be a finite number"),
    (lambda: tilt(COIN, beta=nan), "beta must be a number, got nan"),
    (lambda: tilt(VOID, beta=-1.0), "beta must not be negative where a reward is -inf"),
    (lambda: tilt(NORMAL, beta=inf), "beta must be finite for a Gaussian reward"),
    (lambda: frontier(COIN).at_kl(-0.5), "kl must be at least 0 nats, got -0.5"),
    (lambda: frontier(COIN).at_kl(nan), "kl must be a number, got nan"),
    (lambda: frontier(VOID).at_kl(0.5), "the cost of avoiding rewards of -inf, got 0.5"),
    (lambda: frontier(NORMAL).at_kl(inf), "kl must be finite where the reward has no ceiling"),
    (lambda: frontier(COIN).at_reward(1.5), "reward must lie between 0 and 1"),
    (lambda: frontier(VOID).at_reward(0.25), "would need a negative beta"),
    (lambda: frontier(COIN).curve([0.1, -0.1]), "kl must be at least 0 nats, got -0.1"),
    (lambda: best_of_n(COIN, n=0), "n must be at least 1, got 0"),
    (lambda: best_of_n(COIN), "as n or as log_n"),
    (lambda: best_of_n(COIN, n=2, log_n=1.0), "as n or as log_n"),
    (lambda: best_of_n(COIN, log_n=-1.0), "log_n must be nonnegative and finite"),
    (lambda: best_of_n(COIN, log_n=inf), "log_n must be nonnegative and finite"),
    (lambda: best_of_n(COIN, log_n=nan), "log_n must be a number, got nan"),
    (lambda: certificate(COIN, kl=0.1, mean_reward=0.9), "it needs at least 0.368064"),
    (lambda: certificate(COIN, kl=0.1, mean_reward=0.1), "it needs at least 0.368064"),
    (lambda: certificate(COIN, kl=inf, mean_reward=0.9), "needs a finite kl"),
    (lambda: certificate(COIN, kl=-1.0, mean_reward=0.5), "kl must be at least 0"),
    (lambda: divergence(COIN, np.log([0.5, 0.25, 0.25])), "got 2 and 3 of them"),
    (lambda: divergence(COIN, [-1.0, -2.0]), "subtract their logsumexp"),
    (lambda: divergence(COIN, NORMAL), "infinitely many outcomes has no vector"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_refused_input_gets_one_line(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


# the hook that checks annotations in these tests would refuse them first
UNTYPED: list[tuple[Callable[[], object], str]] = [
    (lambda: tilt.__wrapped__(COIN, beta="1"), "beta must be a number, got '1'"),
    (lambda: tilt.__wrapped__(COIN, beta=True), "beta must be a number, got True"),
    (lambda: tilt.__wrapped__(COIN, beta=10**400), "an integer beyond 1e308"),
    (lambda: tilt.__wrapped__([0.5], beta=1.0), "must be a FiniteModel, a GaussianReward or"),
    (lambda: best_of_n.__wrapped__(COIN, n=2.0), "n must be an integer, got 2.0"),
    (lambda: best_of_n.__wrapped__(COIN, n="2"), "n must be an integer, got '2'"),
    (lambda: best_of_n.__wrapped__(COIN, n=True), "n must be an integer, got True"),
    (lambda: best_of_n.__wrapped__(COIN, n=2, ties="any"), "ties must be 'random' or 'index'"),
]


@pytest.mark.parametrize(("call", "message"), UNTYPED, ids=[message for _, message in UNTYPED])
def test_wrong_types_get_one_line_too(call: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError) as error:
        call()
    assert message in str(error.value)


def test_what_cannot_be_drawn_may_have_any_reward() -> None:
    model = FiniteModel.from_probs([0.5, 0.0, 0.5, 0.0], [0.0, nan, 1.0, inf])
    assert frontier(model).ceiling_reward == 1.0
    np.testing.assert_array_equal(tilt(model, beta=2.0).log_probs[[1, 3]], -inf)
    assert best_of_n(model, n=2).mean_reward == 0.75


def test_a_sum_off_by_rounding_is_mended() -> None:
    model = FiniteModel.from_probs([0.5, 0.5 + 5e-10], [0.0, 1.0])
    assert abs(np.exp(model.log_probs).sum() - 1.0) < 1e-15


def test_a_model_keeps_its_own_copy_of_what_it_was_given() -> None:
    rewards = np.array([0.0, 1.0])
    model = FiniteModel.from_probs([0.5, 0.5], rewards)
    rewards[0] = 9.0
    assert model.rewards[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        model.rewards[0] = 9.0
