"""A reference whose policies are known, and draws from them."""

import numpy as np

from klimit import Draws, FiniteModel, best_of_n, frontier

MODEL = FiniteModel.from_probs(
    [0.05, 0.15, 0.2, 0.25, 0.2, 0.1, 0.05], [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.5]
)


def drawn(log_q: np.ndarray, *, prompts: int, draws: int, rng: np.random.Generator) -> Draws:
    """Draws of a policy on ``MODEL``, the same at all prompts."""
    y = rng.choice(len(MODEL), size=prompts * draws, p=np.exp(log_q))
    return Draws.from_columns(
        prompt=np.repeat(np.arange(prompts), draws),
        reward=MODEL.rewards[y],
        log_prob_policy=log_q[y],
        log_prob_reference=MODEL.log_probs[y],
    )


def policies() -> dict[str, np.ndarray]:
    tilted = frontier(MODEL).at_kl(0.8).log_probs
    kept = best_of_n(MODEL, n=4).log_probs
    return {
        "tilt": tilted,
        "best-of-4": kept,
        "mixture": np.logaddexp(np.log(0.5) + kept, np.log(0.5) + MODEL.log_probs),
        "worse": frontier(FiniteModel(MODEL.log_probs, -MODEL.rewards)).at_kl(0.3).log_probs,
    }


def small(prompts: int = 20, draws: int = 20, *, seed: int = 0) -> tuple[Draws, Draws]:
    """Draws of best-of-4 and of the reference."""
    rng = np.random.default_rng(seed)
    policy = drawn(policies()["best-of-4"], prompts=prompts, draws=draws, rng=rng)
    return policy, drawn(MODEL.log_probs, prompts=prompts, draws=64, rng=rng)


def changed(draws: Draws, *, reward: float = 0.0, scale: float = 1.0, kl: float = 0.0) -> Draws:
    """The same draws with rewards scaled and shifted and the KL shifted."""
    columns = dict(draws.columns)
    columns["log_prob_reference"] = columns["log_prob_reference"] - kl
    rewards = scale * draws.rewards + reward
    return Draws.from_blocks(draws.prompts, draws.offsets, rewards, columns, draws.texts)
