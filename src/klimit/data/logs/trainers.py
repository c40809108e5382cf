"""Generations that verl and OpenRLHF write as JSON lines.

verl (``trainer.rollout_data_dir``, ``validation_data_dir``): a file a step with input, output,
gts, score, step and whatever the reward function adds (verl/trainer/ppo/ray_trainer.py). Its
score is the sum of the token rewards, without any penalty.

OpenRLHF (``batch_inference --eval_task rm``, until March 2026): input, output, reward.
"""

from dataclasses import replace

from klimit.core.errors import InputError
from klimit.data.logs.files import single_file
from klimit.data.logs.names import called
from klimit.data.tables.choose import Wanted
from klimit.data.tables.load import open_table
from klimit.data.tables.table import Table, listed

__all__ = ["open_openrlhf", "open_verl"]


def open_verl(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open the rollouts of one step.

    Args:
        source: The file, a folder with one, or a table in memory.
        wanted: What the user asked for.

    Returns:
        The table and the names in it; draws of different steps count as those of different
        policies.

    Raises:
        InputError: These are no rollouts.
    """
    table = open_table(single_file(source, "*.jsonl", what="step, each of another policy"))
    kinds = table.kinds()
    _require(table, ("input", "output", "score"), "rollouts of verl", "rollout_data_dir")
    names = called(wanted, kinds, prompt="input", reward="score", texts="output")
    return table, replace(names, policy_column="step")


def open_openrlhf(source: object, wanted: Wanted) -> tuple[Table, Wanted]:
    """Open scored generations.

    Args:
        source: The file, a folder with one, or a table in memory.
        wanted: What the user asked for.

    Returns:
        The table and the names in it.

    Raises:
        InputError: These are no generations, they have no rewards, or only the best and worst
            of each prompt were kept.
    """
    table = open_table(single_file(source, "*.jsonl", what="part"))
    kinds = table.kinds()
    if "chosen_reward" in kinds:
        raise InputError(
            f"{table.name}: needed all draws of each prompt, got the best and the worst alone "
            "(--post_processor iter_dpo), which do not tell the rest; run it without"
        )
    _require(table, ("input", "output"), "generations of OpenRLHF", "batch_inference")
    if wanted.reward == "reward" and "reward" not in kinds:
        raise InputError(
            f"{table.name}: needed the reward of each draw, got generations without "
            f"({listed(list(kinds))}); score them with batch_inference --eval_task rm, or name "
            "the reward model's column with reward= (--reward)"
        )
    return table, called(wanted, kinds, prompt="input", reward="reward", texts="output")


def _require(table: Table, names: tuple[str, ...], what: str, writer: str) -> None:
    kinds = table.kinds()
    if not set(names) <= set(kinds):
        raise InputError(
            f"{table.name}: needed {what} ({', '.join(names)}), as {writer} has them, got "
            f"{listed(list(kinds))}"
        )
