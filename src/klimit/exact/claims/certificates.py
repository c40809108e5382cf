"""The certificate: two numbers of a policy tell how far it is from the optimum."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from klimit.core.results import Result
from klimit.exact.certificates import certificate
from klimit.exact.claims.policies import KnownPolicies
from klimit.exact.claims.setting import Setting
from klimit.exact.claims.twins import Twins, twins_of
from klimit.exact.divergences import divergence
from klimit.exact.finite import FiniteModel
from klimit.exact.frontiers import frontier
from klimit.exact.memoryless import Memoryless

__all__ = ["CertificateClaim", "certificate_claim"]

_SHARES = (0.25, 0.5, 1.0)  # of the budget
_DIRECTIONS = 24  # policies at each budget
_BLOCK = 3


@dataclass(frozen=True, slots=True, eq=False)
class CertificateClaim(Result):
    """Certificates beside true divergences from the optimum.

    Attributes:
        setting: Where the claim is put to the test.
        block: Number of symbols that policies choose: 1, or 3 where a symbol has two rewards
            and one number would tell a policy.
        curve_kl: Budgets of the frontier in nats, shape ``(c,)``.
        curve_reward: Largest mean reward at each, shape ``(c,)``.
        policies: KL and mean reward of policies, some near the optimum, some not.
        certificate: The certificate's divergence from the optimum of the same KL, in nats,
            from these two numbers, shape ``(k,)``.
        divergence: The true one, from all probabilities, shape ``(k,)``.
        closest_certificate: The certificate's divergence from the optimum of the same reward,
            shape ``(k,)``.
        closest_divergence: The true one, shape ``(k,)``.
        twins: Pairs of policies that share both numbers.
    """

    setting: Setting
    block: int
    curve_kl: Float64[np.ndarray, " c"]
    curve_reward: Float64[np.ndarray, " c"]
    policies: KnownPolicies
    certificate: Float64[np.ndarray, " k"]
    divergence: Float64[np.ndarray, " k"]
    closest_certificate: Float64[np.ndarray, " k"]
    closest_divergence: Float64[np.ndarray, " k"]
    twins: tuple[Twins, ...]

    @property
    def largest_error(self) -> float:
        """How far certificate and truth are apart at most, in nats."""
        return float(
            max(
                np.max(np.abs(said - true))
                for said, true in (
                    (self.certificate, self.divergence),
                    (self.closest_certificate, self.closest_divergence),
                )
            )
        )


def certificate_claim(
    setting: Setting, *, rng: np.random.Generator | int = 0
) -> CertificateClaim:
    """Compare certificates with true divergences.

    Policies are optima of other rewards, at the same KL: the true reward with more or less of
    another mixed in.

    Args:
        setting: Where.
        rng: Draws the other rewards.

    Returns:
        The numbers.

    Example:
        >>> from klimit.exact.claims import example_settings
        >>> claim = certificate_claim(example_settings()[0])
        >>> claim.largest_error < 1e-12
        True
    """
    rng, block = np.random.default_rng(rng), 1 if setting.probs.size > 2 else _BLOCK
    model, budget = _model(setting, block), block * setting.kl
    rows = [
        row
        for share in _SHARES
        for mixed in np.linspace(0.15, 2.5, _DIRECTIONS)
        if (row := _row(model, share * budget, float(mixed), rng)) is not None
    ]
    kl, reward, *divergences = np.array(rows).T
    twins = twins_of(model, kl=budget, rng=rng)
    furthest = max([budget, *(twin.kl for twin in twins)])
    curve_kl = 1.1 * furthest * np.linspace(0.0, 1.0, 81) ** 2
    return CertificateClaim(
        setting=setting,
        block=block,
        curve_kl=curve_kl,
        curve_reward=frontier(model).curve(curve_kl).mean_reward,
        policies=KnownPolicies(kl, reward),
        certificate=divergences[0],
        divergence=divergences[1],
        closest_certificate=divergences[2],
        closest_divergence=divergences[3],
        twins=twins,
    )


def _model(setting: Setting, block: int) -> FiniteModel:
    """One symbol, or several as one, with every two rewards different."""
    levels = (
        setting.symbols.levels
        if block == 1
        else Memoryless(setting.symbols).total(block).levels
    )
    return FiniteModel(levels.log_masses, levels.rewards)


def _row(
    model: FiniteModel, kl: float, mixed: float, rng: np.random.Generator
) -> tuple[float, ...] | None:
    """KL, reward and the four divergences of one policy; none where it cannot spend the KL."""
    unit = float(model.rewards.std())
    other = model.rewards / unit + mixed * rng.normal(size=model.rewards.size)
    policy = frontier(FiniteModel(model.log_probs, other)).at_kl(kl)
    if policy.log_probs is None or policy.kl < kl * (1 - 1e-9):
        return None
    reward = float(np.exp(policy.log_probs) @ model.rewards)
    said, limits = certificate(model, kl=policy.kl, mean_reward=reward), frontier(model)
    return (
        policy.kl,
        reward,
        said.divergence_same_kl,
        divergence(policy, limits.at_kl(kl)),
        said.divergence_closest,
        divergence(policy, limits.at_reward(reward)),
    )
