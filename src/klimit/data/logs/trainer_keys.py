"""Which number of a trainer's log is its KL to the reference, and how it was averaged.

TRL (1.16): ``kl`` of GRPO is the mean of k3 over the tokens of a batch, of RLOO that of k1,
averaged over the batches of a row; absent at beta = 0. ``objective/kl`` of the online trainers
is a mean of summed k1.

OpenRLHF (0.11): ``kl`` is the mean over responses of the token mean of k1, k2 or k3 (its
option ``kl.estimator``), terms clamped to +-10; ``logprobs_diff`` the same of k1, not clamped.
All are 0 without a reference model.

verl (0.9): ``actor/kl_loss`` is by default the mean of k3 over tokens (``kl_loss_type``,
``loss_agg_mode``), ``actor/reward_kl_penalty`` the mean over responses of the token mean of k1
(``algorithm.kl_penalty``). ``actor/ppo_kl`` compares the policy with itself before the update.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from klimit.core.errors import InputError
from klimit.data.logs.metrics import Record
from klimit.estimate.divergence.logged import Average, Term

__all__ = ["ABSENT", "ENDS", "KEYS", "LENGTHS", "LoggedKey", "Trainer", "trainer_of"]

Trainer = Literal["trl", "openrlhf", "verl"]


@dataclass(frozen=True, slots=True)
class LoggedKey:
    """A number that trainers log.

    Attributes:
        key: Its name.
        term: The term that it averages, by the trainer's default.
        average: Over what.
    """

    key: str
    term: Term
    average: Average


KEYS: Mapping[Trainer, tuple[LoggedKey, ...]] = {
    "trl": (LoggedKey("kl", "k3", "token"), LoggedKey("objective/kl", "k1", "sum")),
    "openrlhf": (
        LoggedKey("kl", "k1", "sequence"),
        LoggedKey("logprobs_diff", "k1", "sequence"),
    ),
    "verl": (
        LoggedKey("actor/kl_loss", "k3", "token"),
        LoggedKey("kl_loss", "k3", "token"),
        LoggedKey("actor/reward_kl_penalty", "k1", "sequence"),
    ),
}
LENGTHS: Mapping[Trainer, tuple[str, ...]] = {
    "trl": ("completions/mean_length",),
    "openrlhf": ("rollout/response_length_mean", "response_length"),
    "verl": ("response_length/mean",),
}
ENDS: Mapping[Trainer, tuple[str, str]] = {
    "trl": ("completions/min_length", "completions/max_length"),
    "openrlhf": ("rollout/response_length_min", "rollout/response_length_max"),
    "verl": ("response_length/min", "response_length/max"),
}
ABSENT: Mapping[Trainer, str] = {
    "trl": "TRL computes none with beta = 0, GRPO's default",
    "openrlhf": "it is logged where PPO trains with a reference model",
    "verl": "verl computes none unless use_kl_loss or use_kl_in_reward is set (actor/ppo_kl "
    "compares the policy with itself before the update)",
}


def trainer_of(records: Sequence[Record], *, name: str) -> Trainer:
    """The trainer that wrote a log, by the names of its numbers.

    Args:
        records: The numbers of each step.
        name: What messages call the log.

    Returns:
        The trainer.

    Raises:
        InputError: It is none of those known.
    """
    keys = frozenset().union(*records) if records else frozenset()
    if any(key.startswith("actor/") for key in keys) or "response_length/mean" in keys:
        return "verl"
    if keys.intersection({"completions/mean_length", "objective/kl"}):
        return "trl"
    if keys.intersection({"rollout/response_length_mean", "logprobs_diff", "response_length"}):
        return "openrlhf"
    shown = ", ".join(sorted(keys)[:12]) or "no numbers"
    raise InputError(
        f"{name}: needed a log of TRL, OpenRLHF or verl, or a table of draws with "
        f"log_prob_policy and log_prob_reference, got {shown}; name the trainer with --trainer"
    )
