"""What a user says about a log or a table of scored draws; imports nothing heavy."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["LogOverrides", "ScoredColumns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOverrides:
    """What a trainer's log does not say itself, or says otherwise.

    Attributes:
        trainer: What wrote the log; told by the names in it if not given.
        term: The term that was averaged: k1 (log ratio), k2 (half its square) or k3
            (exp(-k1) - 1 + k1); the trainer's default if not given.
        average: Over all tokens of a batch (token), over responses of their token means
            (sequence) or of their sums (sum); the trainer's default if not given.
        mean_length: Mean length of the responses in tokens, where the log has none.
        shortest: Length of the shortest response, where the log has none.
        longest: Length of the longest response, where the log has none.
        parts: How many batches a row averages (gradient accumulation times logging steps), or
            how many responses if the average is over them.
    """

    trainer: Literal["trl", "openrlhf", "verl"] | None = None
    term: Literal["k1", "k2", "k3"] | None = None
    average: Literal["token", "sequence", "sum"] | None = None
    mean_length: float | None = None
    shortest: float | None = None
    longest: float | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredColumns:
    """How to read a table of draws that policy and reference scored.

    Attributes:
        prompt: Column with the prompt.
        log_prob_policy: Column with the log-probability under the policy.
        log_prob_reference: Column with the log-probability under the reference.
        policy: Which policy's draws to take, where the table has a column policy.
        missing: What to do about draws without log-probability.
    """

    prompt: str = "prompt"
    log_prob_policy: str = "log_prob_policy"
    log_prob_reference: str = "log_prob_reference"
    policy: str | None = None
    missing: Literal["fail", "drop"] = "fail"
