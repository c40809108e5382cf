"""Generations that OpenRLHF scored: ``batch_inference --eval_task rm``, which ran until 0.6.4.

A JSON object a line: input (with its chat template), output (with its end token), reward
(openrlhf/cli/batch_inference.py). Later versions' own script failed, and there is none now.
"""

from klimit.core.errors import InputError
from klimit.data.logs.files import single_file
from klimit.data.logs.names import called, require
from klimit.data.tables.choose import Wanted
from klimit.data.tables.load import open_table
from klimit.data.tables.table import Table, listed

__all__ = ["open_openrlhf"]


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
    require(table, ("input", "output"), "generations of OpenRLHF", "batch_inference")
    if wanted.reward == "reward" and "reward" not in kinds:
        raise InputError(
            f"{table.name}: needed the reward of each draw, got generations without "
            f"({listed(list(kinds))}); score them, with batch_inference --eval_task rm of "
            "0.6.4 say, or name the reward model's column with reward= (--reward)"
        )
    return table, called(wanted, kinds, prompt="input", reward="reward", texts="output")
