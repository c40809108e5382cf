"""Responses that end by a stop token, against closed forms, enumeration and fifty digits."""

from math import exp, inf, log

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klimit import (
    FiniteModel,
    InputError,
    VariableLength,
    best_of_n,
    certificate,
    cumulants,
    divergence,
    frontier,
    geometric,
    random_best_of_n,
    rate,
    scaled_cgf,
    second_order,
    soft_best_of_n,
    tilt,
)
from tests.strategies import responses

BOTH = VariableLength(
    np.log([0.3, 0.2, 0.25, 0.15]),
    [1.0, 2.0, -1.0, 0.0],
    stop_log_prob=log(0.1),
    stop_reward=0.25,
)
COUNT = VariableLength([log(0.9)], [1.0], stop_log_prob=log(0.1))  # the length less 1
VOID = VariableLength(np.log([0.5, 0.3, 0.1]), [1.0, -inf, -1.0], stop_log_prob=log(0.1))
PENALTY = VariableLength(np.log([0.5, 0.4]), [0.0, -1.0], stop_log_prob=log(0.1))


def enumerated(model: VariableLength, tokens: int) -> FiniteModel:
    """The law of the total, token by token, without responses longer than that."""
    reach = int(np.abs(model.token_rewards[model.token_rewards > -inf]).max())
    one = np.zeros(2 * reach + 1)
    finite = model.token_rewards > -inf
    places = model.token_rewards[finite].astype(int) + reach
    np.add.at(one, places, np.exp(model.token_log_probs[finite]))
    running, total, stop = (
        np.ones(1),
        np.zeros(2 * reach * tokens + 1),
        exp(model.stop_log_prob),
    )
    for m in range(tokens + 1):
        side = reach * (tokens - m)
        total[side : side + running.size] += stop * running
        running = np.convolve(running, one) if m < tokens else running
    rewards = np.arange(-reach * tokens, reach * tokens + 1) + model.stop_reward
    left = 1.0 - total.sum() if model.has_void else 0.0
    probs, values = np.append(total, max(left, 0.0)), np.append(rewards, -inf)
    keep = probs > 1e-300
    return FiniteModel.from_probs(probs[keep] / probs[keep].sum(), values[keep])


@pytest.mark.parametrize("model", [BOTH, COUNT, PENALTY])
@pytest.mark.parametrize("share", [-0.6, -0.2, 0.01, 0.5])
def test_a_tilt_is_that_of_the_enumerated_law(model: VariableLength, share: float) -> None:
    below = min(model.steps.reflected.critical, 1.0)
    beta = share * (min(model.critical_beta, 1.0) if share > 0 else below)
    ours, truth = tilt(model, beta=beta), tilt(enumerated(model, 1500), beta=beta)
    for name in ("cgf", "mean_reward", "gain", "variance", "kl"):
        assert getattr(ours, name) == pytest.approx(getattr(truth, name), rel=1e-8, abs=1e-11)


def test_a_tilt_with_forbidden_tokens_is_that_of_the_enumerated_law() -> None:
    truth = enumerated(VOID, 600)
    for beta in (0.0, 0.1, 0.3):
        ours, exact = tilt(VOID, beta=beta), tilt(truth, beta=beta)
        assert ours.kl == pytest.approx(exact.kl, rel=1e-12)
        assert ours.mean_reward == pytest.approx(exact.mean_reward, rel=1e-12)
        assert ours.cgf == pytest.approx(exact.cgf, rel=1e-12)
    assert frontier(VOID).floor_kl == pytest.approx(-log(0.25), rel=1e-14)
    with pytest.raises(InputError, match=r"^beta must not be negative where a reward is -inf"):
        tilt(VOID, beta=-0.1)


@given(responses(), st.floats(-3.0, 0.98))
def test_laws_of_tilts_hold(model: VariableLength, share: float) -> None:
    low = max(-model.steps.reflected.critical, -model.critical_beta * 3)
    beta = share * model.critical_beta if share >= 0 else -share / 3.1 * low
    found = tilt(model, beta=beta)
    assert found.kl == pytest.approx(beta * found.mean_reward - found.cgf, rel=1e-9, abs=1e-10)
    both = divergence(found, model) + divergence(model, found)
    assert beta * found.gain == pytest.approx(both, rel=1e-9, abs=1e-12)
    if found.kl > 1e-8 and beta > 0:
        limits = frontier(model)
        assert limits.at_kl(found.kl).beta == pytest.approx(beta, rel=1e-8)
        again = limits.at_reward(found.mean_reward)
        assert again.kl == pytest.approx(found.kl, rel=1e-7, abs=1e-12)
        assert rate(model, found.mean_reward) == pytest.approx(found.kl, rel=1e-7, abs=1e-12)


@given(responses(), st.floats(-5.0, 20.0))
def test_any_mean_reward_that_is_possible_has_its_tilt(model: VariableLength, x: float) -> None:
    low = model.stop_reward if model.token_rewards.min() >= 0 else -inf
    if x < low:
        with pytest.raises(InputError, match=r"^reward must lie between "):
            frontier(model).at_reward(x)
    else:
        assert frontier(model).at_reward(x).mean_reward == pytest.approx(x, rel=1e-9, abs=1e-9)


def test_the_tilted_tokens_make_the_same_divergence_as_whole_responses() -> None:
    one, other = tilt(BOTH, beta=0.1), tilt(BOTH, beta=-0.3)
    told = one.kl - other.beta * one.mean_reward + other.cgf
    assert divergence(one, other) == pytest.approx(told, rel=1e-12)
    assert divergence(one, one) == 0.0
    near = tilt(BOTH, beta=0.1 + 2.0**-30)
    assert divergence(near, one) == pytest.approx(2.0**-61 * one.variance, rel=1e-6)


@pytest.mark.parametrize("stop", [0.5, 1e-3, 1e-12])
def test_the_critical_beta_and_tilts_near_it_keep_their_digits(stop: float) -> None:
    tokens, rewards = np.array([0.5, 0.3, 0.2]), [1.0, -1.0, 0.0]
    model = VariableLength(np.log(tokens * (1 - stop)), rewards, stop_log_prob=log(stop))
    with mp.workdps(60):
        p = [mp.exp(mp.mpf(float(x))) for x in model.token_log_probs]
        s = mp.exp(mp.mpf(model.stop_log_prob))
        p = [x * (1 - s) / mp.fsum(p) for x in p]
        root = mp.findroot(lambda b: _rise(p, rewards, b) - s, model.critical_beta)
        assert abs(model.critical_beta / root - 1) < 1e-14
        for kl in (1e-6, 1.0, 1e3, 1e9):
            ours = frontier(model).at_kl(kl)
            gap = mp.findroot(
                lambda g, kl=kl: mp.log(_kl(p, s, rewards, root - mp.exp(g)) / kl),
                mp.log(root - mp.mpf(ours.beta) + root * mp.mpf(10) ** -20),
            )
            b = root - mp.exp(gap)
            mean = _slope(p, rewards, b) / (s - _rise(p, rewards, b))
            assert abs(ours.mean_reward / mean - 1) < 1e-9
            assert abs(ours.beta / b - 1) < 1e-11
            assert ours.kl == pytest.approx(kl, rel=1e-11)


def _rise(p: list[mp.mpf], rewards: list[float], b: mp.mpf) -> mp.mpf:
    return mp.fsum(x * mp.expm1(b * r) for x, r in zip(p, rewards, strict=True))


def _slope(p: list[mp.mpf], rewards: list[float], b: mp.mpf) -> mp.mpf:
    return mp.fsum(x * r * mp.exp(b * r) for x, r in zip(p, rewards, strict=True))


def _kl(p: list[mp.mpf], s: mp.mpf, rewards: list[float], b: mp.mpf) -> mp.mpf:
    rest = s - _rise(p, rewards, b)
    return b * _slope(p, rewards, b) / rest + mp.log(rest / s)


def test_lengths_grow_without_bound_towards_the_critical_beta() -> None:
    assert COUNT.critical_beta == pytest.approx(-log(0.9), rel=1e-15)
    assert COUNT.mean_length(0.0) == pytest.approx(10.0, rel=1e-15)
    assert COUNT.mean_length(log(1.1)) == pytest.approx(100.0, rel=1e-12)
    assert COUNT.mean_length(COUNT.critical_beta * (1 - 1e-9)) == pytest.approx(9.5e9, rel=1e-2)
    assert COUNT.mean_length(-inf) == 1.0
    assert tilt(COUNT, beta=0.05).mean_reward + 1 == pytest.approx(COUNT.mean_length(0.05))
    assert PENALTY.critical_beta == inf
    assert PENALTY.mean_length(inf) == pytest.approx(2.0)
    assert VOID.mean_length(0.0) == pytest.approx(10.0)


def test_without_a_positive_reward_the_frontier_ends() -> None:
    limits = frontier(PENALTY)
    assert limits.ceiling_kl == pytest.approx(log(5.0), rel=1e-14)
    assert limits.ceiling_reward == 0.0
    truth = frontier(enumerated(PENALTY, 1500))
    for kl in (0.01, 1.0, 1.6, 1.6094):
        ours, exact = limits.at_kl(kl), truth.at_kl(kl)
        assert ours.beta == pytest.approx(exact.beta, rel=1e-8)
        assert ours.mean_reward == pytest.approx(exact.mean_reward, rel=1e-8)
    at_top = limits.at_kl(2.0)
    assert (at_top.beta, at_top.mean_reward) == (inf, 0.0)
    assert limits.at_reward(0.0).kl == pytest.approx(log(5.0), rel=1e-14)
    assert divergence(best_of_n(PENALTY, n=4), at_top) == inf


def test_there_is_no_ceiling_and_the_frontier_nears_a_line() -> None:
    limits = frontier(BOTH)
    assert limits.ceiling_kl == limits.ceiling_reward == inf
    low, high = limits.at_kl(1e6), limits.at_kl(2e6)
    slope = (high.mean_reward - low.mean_reward) / 1e6
    assert slope == pytest.approx(1 / BOTH.critical_beta, rel=1e-5)


@pytest.mark.parametrize("model", [BOTH, COUNT, PENALTY, VOID])
@pytest.mark.parametrize("n", [1, 2, 64, 5000])
def test_what_draws_keep_is_as_on_the_enumerated_law(model: VariableLength, n: int) -> None:
    truth = enumerated(model, 700)
    for name, arguments in (
        (best_of_n, {"n": n}),
        (soft_best_of_n, {"n": n, "beta": 0.3}),
        (random_best_of_n, {"pgf": geometric(1 / n)}),
    ):
        ours, exact = name(model, **arguments), name(truth, **arguments)
        assert ours.kl == pytest.approx(exact.kl, rel=1e-9, abs=1e-11)
        assert ours.mean_reward == pytest.approx(exact.mean_reward, rel=1e-8)
        assert ours.win_rate == pytest.approx(exact.win_rate, rel=1e-12)
        assert log(n) + ours.model.log_cut < -44.9


def test_lengths_of_the_longest_of_many_are_right_to_fifty_digits() -> None:
    for log_n in (0.0, 5.0, 100.0):
        ours = best_of_n(COUNT, log_n=log_n)
        with mp.workdps(60):
            p, n = mp.exp(mp.mpf(float(COUNT.token_log_probs[0]))), mp.exp(log_n)
            last = int((log_n + 60) / 0.105)
            tails = [p ** (k + 1) for k in range(last)]
            mean = mp.fsum(-mp.expm1(n * mp.log1p(-t)) for t in tails)
            assert abs(ours.mean_reward / mean - 1) < 1e-13
            kept = [mp.exp(n * mp.log1p(-t)) for t in tails]
            masses = [a - b for a, b in zip(kept, [mp.mpf(0), *kept[:-1]], strict=True)]
            kl = mp.fsum(
                m * mp.log(m / (p**k * (1 - p))) for k, m in enumerate(masses) if m > 0
            )
            assert abs(mp.mpf(ours.kl) - kl) < 1e-13 * (1 + kl)
        assert ours.shortfall == inf


@pytest.mark.parametrize("model", [BOTH, COUNT])
@pytest.mark.parametrize("log_n", [0.5, log(8), 30.0, 1e4])
def test_the_certificate_is_the_divergence(model: VariableLength, log_n: float) -> None:
    law = best_of_n(model, log_n=log_n)
    same_kl = frontier(model).at_kl(law.kl)
    known = certificate(model, kl=law.kl, mean_reward=law.mean_reward)
    exact = divergence(law, same_kl)
    assert known.divergence_same_kl == pytest.approx(exact, rel=1e-7, abs=1e-11 * law.kl)
    closest = divergence(law, frontier(model).at_reward(law.mean_reward))
    assert known.divergence_closest == pytest.approx(closest, rel=1e-7, abs=1e-11 * law.kl)
    assert divergence(law, model) == pytest.approx(law.kl, rel=1e-12)


def test_divergences_between_any_two_are_those_of_the_enumerated_law() -> None:
    truth = enumerated(BOTH, 800)

    def policies(model: VariableLength | FiniteModel) -> list[object]:
        return [
            model,
            tilt(model, beta=0.05),
            best_of_n(model, n=4),
            best_of_n(model, n=9),
            soft_best_of_n(model, n=6, beta=0.2),
        ]

    for one, exact_one in zip(policies(BOTH), policies(truth), strict=True):
        for two, exact_two in zip(policies(BOTH), policies(truth), strict=True):
            found, exact = divergence(one, two), divergence(exact_one, exact_two)
            assert found == pytest.approx(exact, rel=1e-7, abs=1e-12)


def test_rare_stops_make_rewards_exponential_for_which_best_of_n_has_a_closed_form() -> None:
    smooth = VariableLength([np.log1p(-1e-4)], [1.0], stop_log_prob=log(1e-4))
    limits = frontier(smooth)
    for n, share in ((8, 0.79), (10**12, 0.91)):
        law = best_of_n(smooth, n=n)
        harmonic = log(n) + np.euler_gamma + 1 / (2 * n) - 1 / (12 * n**2)
        assert law.mean_reward * 1e-4 == pytest.approx(harmonic, rel=2e-4)
        assert law.mean_reward / limits.at_kl(law.kl).mean_reward == pytest.approx(
            share, abs=5e-3
        )
        m = limits.at_kl(law.kl).mean_reward * 1e-4
        exact = (1 - 1 / m) * (m - harmonic)
        assert divergence(law, limits.at_kl(law.kl)) == pytest.approx(exact, rel=1e-3)


def test_cumulants_are_derivatives_of_the_generating_function() -> None:
    found = cumulants(BOTH, beta=0.05, order=4)
    here = tilt(BOTH, beta=0.05)
    assert found[:2] == pytest.approx([here.mean_reward, here.variance], rel=1e-12)
    with mp.workdps(50):
        p = [mp.exp(mp.mpf(float(x))) for x in BOTH.token_log_probs]
        taylor = mp.taylor(
            lambda b: (
                0.25 * b
                - mp.log(
                    1
                    - mp.fsum(
                        x * mp.exp(b * r) for x, r in zip(p, BOTH.token_rewards, strict=True)
                    )
                )
            ),
            mp.mpf(0.05),
            4,
        )
        for j in (3, 4):
            assert found[j - 1] == pytest.approx(float(taylor[j] * mp.factorial(j)), rel=1e-12)
    assert scaled_cgf(BOTH, t=0.1) == pytest.approx(tilt(BOTH, beta=0.1).cgf, rel=1e-15)
    assert scaled_cgf(BOTH, t=BOTH.critical_beta) == inf


def test_the_law_of_a_walk_both_ways_keeps_its_digits_far_out() -> None:
    law = best_of_n(BOTH, log_n=1e4).model
    top, up = law.log_probs[-1], BOTH.critical_beta
    assert top == pytest.approx(-up * (law.rewards[-1] - 0.25) + log(_weight(up)), rel=1e-12)


def _weight(up: float) -> float:
    """The factor of the pole at the critical point."""
    slope = np.exp(BOTH.token_log_probs + up * BOTH.token_rewards) @ BOTH.token_rewards
    return 0.1 / float(slope)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([log(0.9)], [1.0], log(0.2)), r"sum to 1, got 0.9 and 0.2; rescale the tokens$"),
        (([log(0.9)], [1.0], -inf), r"^stop_log_prob must lie between -690 and 0, so that "),
        (([log(0.9)], [1.0], 0.1), r"^stop_log_prob must lie between -690 and 0"),
        (
            ([log(0.9)], [inf], log(0.1)),
            r"^token_rewards must be finite or -inf, got inf at token",
        ),
        (([log(0.9)], [np.nan], log(0.1)), r"^token_rewards must be finite or -inf, got nan"),
        (([log(0.9)], [1.0, 2.0], log(0.1)), r"must be of one length, got 1 and 2$"),
        (([np.nan], [1.0], log(0.1)), r"^token_log_probs must be logarithms of probabilities"),
        (([-inf], [1.0], log(1 - 1e-10)), r"^token_log_probs allow no token"),
    ],
)
def test_what_is_no_response_is_refused(
    arguments: tuple[list[float], list[float], float], message: str
) -> None:
    log_probs, rewards, stop = arguments
    with pytest.raises(InputError, match=message):
        VariableLength(log_probs, rewards, stop_log_prob=stop)


def test_what_has_no_answer_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"^beta must lie between -inf and 0.105[^\n]* got 0.2$"
    ):
        tilt(COUNT, beta=0.2)
    with pytest.raises(InputError, match=r"^beta must lie between "):
        COUNT.mean_length(COUNT.critical_beta)
    with pytest.raises(
        InputError, match=r"^kl must be finite where the reward has no ceiling$"
    ):
        frontier(COUNT).at_kl(inf)
    with pytest.raises(InputError, match=r"^the second-order law does not hold for responses"):
        second_order(COUNT, kl=3.0)
    ragged = VariableLength(np.log([0.5, 0.4]), [1.0, np.sqrt(2)], stop_log_prob=log(0.1))
    assert tilt(ragged, beta=0.01).kl > 0
    with pytest.raises(InputError, match=r"^the law of responses needs token rewards that are"):
        best_of_n(ragged, n=4)
    rare = VariableLength([np.log1p(-1e-12)], [1.0], stop_log_prob=log(1e-12))
    with pytest.raises(
        InputError, match=r"^the law of responses has 4.5e\+13 levels of 1, too"
    ):
        best_of_n(rare, n=1)


def test_a_response_that_stops_at_once_is_a_constant() -> None:
    only = VariableLength([-inf], [1.0], stop_log_prob=0.0, stop_reward=2.0)
    assert only.mean_length(0.0) == 1.0
    assert frontier(only).at_kl(1.0).beta == 0.0
    assert best_of_n(only, n=5).mean_reward == 2.0


def test_tokens_without_reward_leave_nothing_to_gain() -> None:
    idle = VariableLength(np.log([0.5, 0.4]), [0.0, 0.0], stop_log_prob=log(0.1))
    assert frontier(idle).ceiling_kl == 0.0
    assert best_of_n(idle, n=5).kl == 0.0
    assert idle.mean_length(3.0) == pytest.approx(10.0)


def test_where_every_token_is_forbidden_only_stopping_at_once_is_left() -> None:
    forbidden = VariableLength([log(0.9)], [-inf], stop_log_prob=log(0.1))
    limits = frontier(forbidden)
    assert limits.floor_kl == limits.ceiling_kl == pytest.approx(log(10.0))
    assert limits.at_kl(3.0).mean_reward == 0.0
    assert forbidden.mean_length(0.5) == 1.0
    truth = best_of_n(FiniteModel.from_probs([0.9, 0.1], [-inf, 0.0]), n=5)
    assert best_of_n(forbidden, n=5).kl == pytest.approx(truth.kl, rel=1e-13)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_rewards_of_responses_are_in_their_own_unit(scale: float) -> None:
    rewards = np.array([0.1, 0.2, -0.3])
    plain, scaled = (
        VariableLength(np.log([0.3, 0.3, 0.3]), unit * rewards, stop_log_prob=log(0.1))
        for unit in (1.0, scale)
    )
    assert scaled.critical_beta * scale == pytest.approx(plain.critical_beta, rel=1e-13)
    for one, other in (
        (frontier(plain).at_kl(2.0), frontier(scaled).at_kl(2.0)),
        (best_of_n(plain, n=100), best_of_n(scaled, n=100)),
    ):
        assert other.mean_reward == pytest.approx(scale * one.mean_reward, rel=1e-12)
        assert other.kl == pytest.approx(one.kl, rel=1e-12)
