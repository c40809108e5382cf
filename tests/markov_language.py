"""A small language with a policy and a reference whose divergence is known exactly."""

from dataclasses import dataclass

import numpy as np

STATES, LONGEST, END = 24, 64, 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Responses of the policy; rows are responses, columns tokens, the end token included."""

    tokens: np.ndarray
    ratio: np.ndarray  # log pi - log p of the token drawn
    exact: np.ndarray  # divergence of the two next-token distributions
    mask: np.ndarray  # whether the response reaches there
    log_policy: np.ndarray  # of the token drawn
    finished: np.ndarray  # whether a response ended by itself

    @property
    def lengths(self) -> np.ndarray:
        return self.mask.sum(axis=1)

    def sums(self, terms: np.ndarray) -> np.ndarray:
        return np.where(self.mask, terms, 0.0).sum(axis=1)


@dataclass(frozen=True, slots=True)
class Language:
    policy: np.ndarray
    reference: np.ndarray

    @property
    def step_kl(self) -> np.ndarray:
        log = np.log(np.where(self.policy > 0, self.policy, 1.0) / self.reference)
        return np.einsum("ij,ij->i", self.policy, log)

    def kl(self) -> float:
        """By dynamic programming over the tokens that are left."""
        value = np.zeros(STATES)
        for _ in range(LONGEST):
            going_on = value.copy()
            going_on[END] = 0.0
            value = self.step_kl + self.policy @ going_on
        return float(value[END])  # every response starts in the state of the end token

    def draw(self, rng: np.random.Generator, count: int) -> Batch:
        """Draw responses of the policy and score them."""
        tokens = np.empty((count, LONGEST), dtype=np.int64)
        state, cumulative = np.full(count, END), self.policy.cumsum(axis=1)
        for t in range(LONGEST):
            drawn = (rng.random((count, 1)) > cumulative[state]).sum(axis=1)
            state = tokens[:, t] = np.minimum(drawn, STATES - 1)
        return self.score_tokens(tokens)

    def score(self, batch: Batch) -> Batch:
        """Score the responses of another policy."""
        return self.score_tokens(batch.tokens)

    def score_tokens(self, tokens: np.ndarray) -> Batch:
        before = np.hstack([np.full((len(tokens), 1), END), tokens[:, :-1]])
        ended = (tokens == END).cumsum(axis=1)
        mask = ended - (tokens == END) == 0
        with np.errstate(divide="ignore"):
            log_policy, log_reference = np.log(self.policy), np.log(self.reference)
        return Batch(
            tokens,
            (log_policy - log_reference)[before, tokens],
            self.step_kl[before],
            mask,
            log_policy[before, tokens],
            ended[:, -1] > 0,
        )


def language(distance: float, *, ending: float = 0.0, seed: int = 0) -> Language:
    """Random transitions; the policy's logits are the reference's plus noise.

    Args:
        distance: Size of the noise.
        ending: How much likelier, in logits, the policy ends a response.
        seed: Of the transitions.
    """
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 1.5, (STATES, STATES))
    logits[:, END] -= 1.5
    noise = distance * rng.normal(0.0, 1.0, (STATES, STATES))
    noise[:, END] += ending
    policy, reference = np.exp(logits + noise), np.exp(logits)
    return Language(
        policy / policy.sum(axis=1, keepdims=True),
        reference / reference.sum(axis=1, keepdims=True),
    )
